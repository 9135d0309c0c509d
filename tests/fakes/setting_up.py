"""What `niggled setup` is told and what it leaves behind, and a service with a year of runs to connect."""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, rows
from fakes.garmin_server import GarminServer
from fakes.logging_in import at, configure

KEY = "example-garmin-key"
ABOUT = ("--timezone", "Europe/Berlin", "--units", "km", "--birth-year", "1984", "--knee", "left")
KNEE = (
    "--pain",
    "1",
    "--usual",
    "no",
    "--recent",
    "none",
    "--red-flags",
    "none",
    "--strength-days",
    "Tue,Fri",
    "--page",
    "no",
)
SILENT = ("--channel", "none")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_in(tmp_path)


def year_of_runs() -> Account:
    """Monday, Wednesday and Saturday (the long one) for a year, with one run far beyond the others."""
    account = Account()
    noon = time_now().replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for back in range(360):
        when = noon - timedelta(days=back)
        if (km := {0: 6.0, 2: 7.0, 5: 11.0}.get(when.weekday())) is not None:
            account.run(when, 16.0 if 150 <= back < 157 and km == 11.0 else km)
    return account


@pytest.fixture
def garmin(environment: Environment) -> Iterator[GarminServer]:
    with GarminServer(time_now, year_of_runs()) as server:
        configure(environment, f"# mine\n{at('garmin', server.base_url, 'every_min = 30  # kept')}")
        yield server


def config_of(environment: Environment) -> Path:
    return Path(environment["HOME"]) / ".config/niggled/config.toml"


def key_file(folder: Path) -> tuple[str, ...]:
    (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
    return ("--source", "garmin", "--key-file", str(folder / "key"), "--ends", "90")


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Somebody with a phone in the hand, while the command works."""
    failures: list[BaseException] = []

    def acted() -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=acted, daemon=True)
    thread.start()
    yield
    thread.join(60)
    assert failures == []


def until[T](found: Callable[[], T]) -> T:
    for _ in range(1200):
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("it never came")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settled(environment: Environment) -> dict[str, bytes]:
    """Every file that setup may write, but for the database."""
    folders = (config_of(environment).parent, Path(environment["NIGGLED_HOME"]) / "keys")
    return {
        str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()
    }


def answers(environment: Environment) -> list[tuple[object, ...]]:
    return rows(database_of(environment), "SELECT kind, score, side, flag FROM replies ORDER BY id")


def files_only(folder: Path, name: str = "me") -> tuple[str, ...]:
    """A whole set of answers for somebody without an account."""
    inbox = folder / f"inbox-{name}"
    inbox.mkdir(exist_ok=True)
    return ("--source", "files", "--inbox", str(inbox), "--export", str(inbox), *ABOUT, *KNEE)
