"""The program itself: Python, and the parts that not everybody needs."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

from daemon.config import Config
from daemon.config_channels import EMAIL
from daemon.doctor.verdict import Verdict, bad, good, warning

OLDEST_PYTHON = (3, 12)


def program_verdicts(python: tuple[int, int] = sys.version_info[:2]) -> Iterator[Verdict]:
    """The versions at work."""
    shown = ".".join(map(str, python))
    if python < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        yield bad("program", f"Python {shown} is too old.", f"Install niggled with Python {needed} or newer.")
    else:
        yield good(
            "program", f"niggled {version('niggled')}, Python {shown}, SQLite {sqlite3.sqlite_version}."
        )


def part_verdicts(config: Config, store_url: str) -> Iterator[Verdict]:
    """Parts that this configuration wants: the PostgreSQL driver, the maker of the digest's picture."""
    if store_url.startswith("postgresql") and find_spec("psycopg") is None:
        yield bad(
            "parts", "The PostgreSQL driver is not installed.", "Install niggled with it: niggled[postgres]."
        )
    mails = any(channel.kind == EMAIL for athlete in config.athletes.values() for channel in athlete.channels)
    if mails and find_spec("resvg_py") is None:
        yield warning(
            "parts",
            "resvg-py is not installed, so the digest has no picture.",
            "Install niggled again, in full.",
        )
