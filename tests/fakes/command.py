"""The installed command as a child process, in a home of its own."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from fakes import loaded_command
from fakes.clock import TOLD

GUARD = Path(__file__).resolve().parents[1] / "guard"
INSTALLED = Path(sys.executable).with_name("niggled")
NIGGLED = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "daemon.cli.main"]

PASSED_ON = "PATH|LANG|LC_ALL|LD_PRELOAD|FAKE.*"

type Environment = dict[str, str]


def environment_in(folder: Path) -> Environment:
    """An environment for a child: its own home, UTC, a Wednesday's noon, the internet guard, and nothing of the tester's but
    a preloaded library (`faketime`)."""
    home = folder / "home"
    home.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if re.fullmatch(PASSED_ON, name)}
    return (
        kept
        | TOLD.environment
        | {
            "HOME": str(home),
            "NIGGLED_HOME": str(folder / "niggled"),
            "TZ": "UTC",
            "PYTHONPATH": str(GUARD),
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1,localhost",
        }
    )


def niggled(
    environment: Environment, *arguments: str | Path, said: str = "", within_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end; `said` is what it reads."""
    words = list(map(str, arguments))
    if loaded_command.can_be_forked(environment):
        return loaded_command.run(words, environment, said, within_s)
    return subprocess.run(
        [*NIGGLED, *words],
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )


def json_lines(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """What a verb printed with `--json`: one object a line, nothing else."""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(isinstance(one, dict) for one in found), result.stdout
    return found


def database_of(environment: Environment) -> Path:
    return Path(environment["NIGGLED_HOME"]) / "niggled.db"


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query reads from a store that may be in use; the store is not changed."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def everything(database: Path, without: tuple[str, ...] = ()) -> list[tuple[str, tuple[Any, ...]]]:
    """Every row of every table, but for the tables named."""
    found = []
    for (name,) in rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        if name not in without:
            found += [(name, row) for row in rows(database, f"SELECT * FROM {name}")]  # noqa: S608  the file's own
    return sorted(found, key=repr)
