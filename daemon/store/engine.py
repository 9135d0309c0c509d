"""Opening the store: an embedded SQLite file, or PostgreSQL by URL.

The SQLite file runs in WAL mode, which needs a local disk: not NFS, SMB or a desktop container's shared folder.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as open_file
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from daemon.store.errors import StoreError, database_errors_explained

_PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL")
_READING = "niggled_reading"

type Session = sa.Connection
"""A connection inside the one transaction of its `with` block."""


class Store:
    """An open database. Every `with` block is one transaction: all of it is kept, or nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        reading: dict[str, Any] = {_READING: True}
        if engine.dialect.name == "postgresql":
            reading |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        self._reading_engine = engine.execution_options(**reading)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction that may write; kept at the end of the block, undone by an exception. Raises StoreError."""
        with database_errors_explained(), self.engine.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One unchanging view of the database that holds up nobody. Raises StoreError."""
        with database_errors_explained(), self._reading_engine.connect() as session:
            yield session

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database of a SQLAlchemy URL, made or brought up to date where needed.

    `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`. Raises StoreError.
    """
    from daemon.store.migrate import migrate

    engine = make_engine(url)
    try:
        with database_errors_explained():
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def make_engine(url: str) -> sa.Engine:
    """An engine with the settings the store relies on; a SQLite file is made here, 0600 in a 0700 folder."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql_engine(parsed)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise StoreError(
            "The database cannot be opened.",
            "[store] url names no file.",
            "Write for example sqlite:////var/lib/niggled/niggled.db.",
        )
    _make_private_file(Path(parsed.database))
    return _sqlite_engine(parsed)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(
            "The database cannot be opened.",
            "[store] url is not an address of SQLite or PostgreSQL.",
            "Write for example sqlite:////var/lib/niggled/niggled.db or postgresql://niggled@localhost/niggled.",
        )
    return parsed


def _postgresql_engine(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True, pool_size=2)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "The database cannot be opened.",
            "The PostgreSQL driver is not installed.",
            "Install niggled with it: niggled[postgres].",
        ) from None


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=2)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver would begin transactions late and by its own rules; `_begin` does it instead.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # IMMEDIATE waits for its turn at the start; a transaction that upgrades later cannot wait and fails.
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _make_private_file(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the database file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            close(open_file(path, O_RDWR | O_CREAT | O_EXCL, 0o600))
        except FileExistsError:
            if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            "The database cannot be opened.",
            f"{path}: {error.strerror}.",
            "Check [store] url and the rights of the folder.",
        ) from error
