"""The database: does it open, is it whole, is it of this program. Nothing is made, mended or brought up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from daemon.doctor.verdict import Verdict, bad, good, size, warning
from daemon.store.engine import Store, make_engine
from daemon.store.errors import StoreError, database_errors_explained
from daemon.store.migrate import HEAD, REVISIONS, stored_revision

INTEGRITY_WITHIN_S = 1.0
_STEPS_BETWEEN_GLANCES = 20_000


def database_file(url: str) -> Path | None:
    """The file of an embedded database; None for a server, or an address that is none."""
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


@contextmanager
def opened_to_look(url: str) -> Iterator[Store]:
    """The database as it is. A file is opened for reading only. Raises StoreError."""
    path = database_file(url)
    engine = make_engine(url) if path is None else _reading_engine(path)
    try:
        with database_errors_explained():
            yield Store(engine)
    finally:
        engine.dispose()


def database_verdicts(url: str, within_s: float = INTEGRITY_WITHIN_S) -> Iterator[Verdict]:
    """Opens, is whole, has the shape that this program knows; ends with the first that is bad."""
    path = database_file(url)
    if path is not None and not path.exists():
        yield good("database", f"There is no database yet; `niggled run` makes {path}.")
        return
    try:
        with opened_to_look(url) as store, store.engine.connect() as connection:
            revision = stored_revision(connection)
            whole = _whole(connection, within_s) if path is not None else True
    except StoreError as error:
        yield bad("database", f"{error.what} {error.why}", error.cure)
        return
    yield _shape(revision)
    name = "PostgreSQL answers" if path is None else f"{path}, {size(path.stat().st_size)}"
    if whole is None:
        yield warning(
            "integrity",
            f"{name}: too large to be examined in {within_s:g} s.",
            f'Run `sqlite3 {path} "PRAGMA quick_check"` at leisure.',
        )
    elif whole:
        yield good("integrity", f"{name}{'' if path is None else ', whole'}.")
    else:
        yield bad(
            "integrity",
            f"{path} is damaged.",
            "Stop the daemon, then `niggled restore FILE` with the newest file of the backups folder.",
        )


def usable(url: str) -> bool:
    """Whether there is a database of this program's shape, so that one can look into it."""
    path = database_file(url)
    if path is not None and not path.exists():
        return False
    try:
        with opened_to_look(url) as store, store.engine.connect() as connection:
            return stored_revision(connection) == HEAD
    except StoreError:
        return False


def _shape(revision: str | None) -> Verdict:
    if revision == HEAD:
        return good("schema", f"The database has this program's shape ({HEAD}).")
    if revision is None:
        return good("schema", "The database is empty; `niggled run` fills it.")
    if revision in REVISIONS:
        return good(
            "schema", f"The database has an older shape ({revision}); `niggled run` brings it to {HEAD}."
        )
    return bad(
        "schema",
        f"The database was made by a newer niggled (its shape is {revision}, this program knows up to {HEAD}).",
        "Install the newer version again, or restore a backup made by this one.",
    )


def _whole(connection: sa.Connection, within_s: float) -> bool | None:
    """SQLite's own quick check; None where it takes longer than `within_s`."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  an embedded database
    until = time.monotonic() + within_s
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_GLANCES)
    try:
        return bool(driver.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        driver.set_progress_handler(None, 0)


def _reading_engine(path: Path) -> sa.Engine:
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=5), poolclass=sa.pool.NullPool
    )
