"""The installed command as a child process, in a home of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

GUARD = Path(__file__).resolve().parents[1] / "guard"
INSTALLED = Path(sys.executable).with_name("niggled")
NIGGLED = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "daemon.cli.main"]

type Environment = dict[str, str]


def environment_in(folder: Path) -> Environment:
    """An environment for a child: its own home, UTC, the internet guard, and nothing of the tester's."""
    home = folder / "home"
    home.mkdir(parents=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "NIGGLED_HOME": str(folder / "niggled"),
        "TZ": "UTC",
        "PYTHONPATH": str(GUARD),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def niggled(environment: Environment, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    return subprocess.run(
        [*NIGGLED, *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
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
