"""What can go wrong with the store, said so that a person knows what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """`what` happened, `why`, and the `cure`: three short sentences."""

    def __init__(self, what: str, why: str, cure: str) -> None:
        super().__init__(f"{what} {why} {cure}")
        self.what = what
        self.why = why
        self.cure = cure


_SQLITE = {
    sqlite3.SQLITE_FULL: (
        "Nothing was saved.",
        "The disk that holds the database is full.",
        "Free some space there and try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "Nothing was saved.",
        "The database file or its folder may not be written.",
        "Give the file and its folder to the user that runs niggled (chown), and check that the disk is not mounted read-only.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The database cannot be read.",
        "The file is damaged.",
        "Stop the daemon and put your last backup in its place: `niggled restore FILE` (the damaged file is kept).",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The database cannot be read.",
        "The file is not a SQLite database.",
        "Name another file in [store] url, or move this one away and import again.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Nothing was saved.",
        "Another program held the database for more than five seconds.",
        "Try again; if it stays so, look for a second niggled or a backup program that keeps the file open.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database cannot be opened.",
        "The file or its folder is missing or closed to this user.",
        "Check [store] url and the rights of the folder.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The database cannot be read or written.",
        "The disk is full, or answered with an error.",
        "Check the disk; a network share cannot hold the database.",
    ),
}

_POSTGRESQL = {
    "53100": (
        "Nothing was saved.",
        "The disk of the PostgreSQL server is full.",
        "Free some space there and try again.",
    ),
    "25006": (
        "Nothing was saved.",
        "The PostgreSQL server takes no changes (read-only).",
        "Point [store] url at the primary server.",
    ),
    "42501": (
        "The database cannot be used.",
        "The PostgreSQL role has too few rights.",
        "Make the role the owner of the database.",
    ),
}

_CURE_UNREACHABLE = "Check that it runs, and the host, user, password and database in [store] url."


def _unreachable(cause: BaseException | None) -> tuple[str, str, str]:
    # The driver names the server and the reason, never the password.
    detail = (str(cause).strip().splitlines() or ["no answer"])[0]
    return "The database cannot be reached.", f"PostgreSQL: {detail}.", _CURE_UNREACHABLE


def _explanation(error: DBAPIError | sqlite3.Error) -> tuple[str, str, str] | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _POSTGRESQL.get(state) or (_unreachable(cause) if state[:2] in {"08", "57"} else None)
    return _unreachable(cause) if type(cause).__name__ == "OperationalError" else None


@contextmanager
def database_errors_explained() -> Iterator[None]:
    """Turn the database's own complaint into a StoreError; anything unexpected passes unchanged."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        explanation = _explanation(error)
        if explanation is None:
            raise
        raise StoreError(*explanation) from error
