"""Homes with something to keep, a daemon that works on one, and what tests of backup, export and forget do to them."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fakes.command import NIGGLED, Environment, database_of
from fakes.kept_home import fill
from fakes.ports import own_page

from daemon.store.engine import open_store


@pytest.fixture
def home(clean_environment: Environment) -> Environment:
    """Two athletes with something of everything."""
    database = database_of(clean_environment)
    store = open_store(f"sqlite:///{database}")
    fill(store, "anna", runs=3)
    fill(store, "ben")
    store.close()
    return clean_environment


@pytest.fixture
def configured(home: Environment, tmp_path: Path) -> Environment:
    config = tmp_path / "config.toml"
    config.write_text(f'{own_page()}[athletes.anna]\ntimezone = "UTC"\n[athletes.ben]\ntimezone = "UTC"\n')
    return home | {"NIGGLED_CONFIG": str(config)}


@contextmanager
def daemon(environment: Environment) -> Iterator[subprocess.Popen[bytes]]:
    """`niggled run`, once it holds the home, until the end of the block."""
    process = subprocess.Popen([*NIGGLED, "run"], env=environment, stderr=subprocess.DEVNULL)
    lock = Path(environment["NIGGLED_HOME"]) / "daemon.lock"
    try:
        wait_until(lambda: lock.exists() and lock.read_text() == f"{process.pid}\n")
        yield process
    finally:
        process.terminate()
        process.wait(90)


def wait_until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + 90
    while not true():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()
