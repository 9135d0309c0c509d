"""Putting a backup in the place of the store; what was there is kept beside it.

Everything slow happens in a file of its own: copied, brought to this program's shape and verified there. Then it takes the
place in one step, so that a power cut leaves the old database or the new one.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from daemon.store.backup import copy_file, embedded_file, write_backup
from daemon.store.contents import Contents, contents_of
from daemon.store.copying import copy_rows, emptied
from daemon.store.engine import make_engine, open_store
from daemon.store.errors import StoreError, database_errors_explained
from daemon.store.unfinished import demand_room, placed_when_whole, through_to_disk

NOT_RESTORED = "Nothing was restored."
IN_USE = "Another program has the database open."
KEPT = "replaced-*.db"
"""Databases that a restore has put aside."""
_LOGS = ("-wal", "-shm")


def restore(url: str, source: Path, home: Path, now: datetime) -> tuple[Contents, Path | None]:
    """Replace the store at `url` by the backup `source`: what it now holds, and where the old one is kept.

    Nobody else may use the store meanwhile (`demand_alone`). Raises StoreError, and then nothing has changed.
    """
    contents_of(source)
    kept = f"replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    target = embedded_file(url)
    if target is None:
        return _into_server(url, source, home / kept)
    return _into_file(target.absolute(), source, target.absolute().with_name(kept))


def demand_alone(url: str, what: str) -> None:
    """Raises StoreError where anybody else has the store open. An SQLite file holds everything by itself afterwards."""
    target = embedded_file(url)
    if target is None:
        engine = make_engine(url)
        with database_errors_explained(), engine.connect() as connection:
            others = connection.execute(_OTHERS).scalar_one()
        engine.dispose()
        if others:
            raise StoreError(what, IN_USE, "Stop every niggled that uses it and try again.")
    elif target.is_file():
        _fold_log(target, what)


_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND coalesce(backend_type, 'client backend') = 'client backend'"
)


def _fold_log(path: Path, what: str) -> None:
    """Leaving WAL mode works only for whoever is alone, and puts the log into the file."""
    try:
        with closing(sqlite3.connect(path, timeout=2)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(what, IN_USE, "Wait until it has ended, or stop it, and try again.") from error
        # A damaged database is what a restore is for: it goes aside as it is, log and all.
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            with database_errors_explained():
                raise


def _into_file(target: Path, source: Path, kept: Path) -> tuple[Contents, Path | None]:
    if target.exists() and source.samefile(target):
        raise StoreError(NOT_RESTORED, f"{source} is the database itself.", "Name a backup.")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(NOT_RESTORED, f"{target.parent}: {error.strerror}.", "Check [store] url.") from error
    before = target.exists()
    for earlier in target.parent.glob(KEPT) if before else ():
        # A restore that was killed between its last two steps.
        if earlier.samefile(target):
            earlier.unlink()
    with placed_when_whole(target, NOT_RESTORED) as part:
        demand_room(target.parent, source.stat().st_size, NOT_RESTORED)
        _prepare(source, part)
        held = contents_of(part)
        through_to_disk(part)
        if before:
            _keep(target, kept)
    return held, kept if before else None


def _prepare(source: Path, part: Path) -> None:
    """A copy in the shape that this program knows."""
    copy_file(source, part)
    open_store(f"sqlite:///{part}").close()
    with closing(sqlite3.connect(part)) as database:
        database.execute("PRAGMA journal_mode=DELETE")


def _keep(target: Path, kept: Path) -> None:
    """Give the old database a second name; its first is taken away by the new one. A log that could not be folded in goes
    with it: beside the new database it would be taken for the new one's."""
    _second_name(target, kept)
    for log in _LOGS:
        with suppress(FileNotFoundError):
            target.with_name(f"{target.name}{log}").replace(kept.with_name(f"{kept.name}{log}"))
    through_to_disk(target.parent)


def _second_name(target: Path, kept: Path) -> None:
    try:
        os.link(target, kept)
    except OSError:
        # Not every file system has second names.
        with placed_when_whole(kept, NOT_RESTORED) as part:
            shutil.copyfile(target, part)


def _into_server(url: str, source: Path, kept: Path) -> tuple[Contents, Path | None]:
    """In one transaction, under locks that make whoever comes now wait for its end."""
    write_backup(url, kept)
    with TemporaryDirectory(prefix="niggled-restore-") as folder:
        copy = Path(folder) / "backup.db"
        try:
            _prepare(source, copy)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                NOT_RESTORED, f"{folder}: {error}.", "Free some space there and try again."
            ) from error
        held = contents_of(copy)
        read, written = open_store(f"sqlite:///{copy}"), open_store(url)
        try:
            with read.reading() as rows, written.session() as session:
                copy_rows(rows, emptied(session))
        finally:
            read.close()
            written.close()
    return held, kept
