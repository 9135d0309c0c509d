"""A backup: one SQLite file with everything the store holds, whatever the store itself runs on.

Of an SQLite store it is a copy page by page (SQLite's online backup), which the running daemon does not notice; of
PostgreSQL it is every row of one unchanging view.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from daemon.store.contents import Contents, contents_of, is_of_another_program
from daemon.store.copying import copy_rows, emptied
from daemon.store.engine import open_store
from daemon.store.errors import StoreError
from daemon.store.unfinished import demand_room, placed_when_whole

NOT_MADE = "The backup was not made."


def embedded_file(url: str) -> Path | None:
    """The file of an SQLite store; None for PostgreSQL."""
    parsed = sa.make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def write_backup(url: str, target: Path) -> Contents:
    """Write a verified backup of the store at `url` to `target` (0600), replacing an earlier backup there.

    Killed at any moment, `target` is what it was or whole. Raises StoreError.
    """
    target = target.absolute()
    source = embedded_file(url)
    if source is not None:
        _refuse_own_file(source, target)
        _demand_database(source)
    _refuse_other_file(target)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = " is no folder" if isinstance(error, FileExistsError) else f": {error.strerror}"
        raise StoreError(NOT_MADE, f"{target.parent}{why}.", "Name another folder.") from error
    with placed_when_whole(target, NOT_MADE) as part:
        if source is None:
            _copy_rows_into(url, part)
        else:
            demand_room(target.parent, _size_with_log(source), NOT_MADE)
            with _source_explained(source):
                copy_file(source, part)
        return _verified(part, target)


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite database, in use or not, into a file that needs no log beside it. Raises sqlite3.Error."""
    # An existing database only: opening a missing one would make it.
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _source_explained(source: Path) -> Iterator[None]:
    """The copy can be written by now, so rights that are missing are those to the database: reading one takes writing."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            raise
        if os.statvfs(source.parent).f_flag & os.ST_RDONLY:
            why = f"The disk of {source.parent} is mounted read-only."
            cure = f"Mount it writable, or copy {source.name} and the files beside it by hand (cp)."
        else:
            why, cure = f"{source} may not be written here.", "Run this as the user that runs niggled."
        raise StoreError(NOT_MADE, why, cure) from error


def _copy_rows_into(url: str, part: Path) -> None:
    store, copy = open_store(url), open_store(f"sqlite:///{part}")
    try:
        with store.reading() as source, copy.session() as session:
            copy_rows(source, emptied(session))
    finally:
        store.close()
        copy.close()
    with closing(sqlite3.connect(part)) as written:
        written.execute("PRAGMA journal_mode=DELETE")


def _verified(part: Path, target: Path) -> Contents:
    try:
        return contents_of(part)
    except StoreError as error:
        why = error.why.replace(str(part), str(target)).replace("The file is", "The database is")
        cure = "Stop the daemon and restore your last backup: `niggled restore FILE`."
        raise StoreError(NOT_MADE, why, cure) from error


def _demand_database(source: Path) -> None:
    try:
        there = stat.S_ISREG(source.stat().st_mode)
        if there:
            source.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        there = False
    except OSError as error:
        raise StoreError(
            NOT_MADE, f"{source}: {error.strerror}.", "Run this as the user that runs niggled."
        ) from error
    if not there:
        raise StoreError(
            NOT_MADE, "There is no database yet.", "Import something first: `niggled import PATH`."
        )


def _refuse_own_file(source: Path, target: Path) -> None:
    own = source.absolute()
    if target.resolve().name in {f"{own.name}{log}" for log in ("", "-wal", "-shm", "-journal")} and (
        target.resolve().parent == own.resolve().parent
    ):
        raise StoreError(NOT_MADE, f"{target} is the database itself.", "Name another file.")


def _refuse_other_file(target: Path) -> None:
    """Only an earlier backup is written over, whole or not."""
    try:
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            cure = f"Name a file in it: {target / 'niggled.db'}."
            raise StoreError(NOT_MADE, f"{target} is a folder.", cure)
        if not stat.S_ISREG(mode):
            raise StoreError(NOT_MADE, f"{target} is no file.", "Name a file.")
        with target.open("rb") as stream:
            head = stream.read(16)
    except (FileNotFoundError, NotADirectoryError):
        return  # what stands where its folder should be is told when that is made
    except OSError as error:
        raise StoreError(NOT_MADE, f"{target}: {error.strerror}.", "Name another file.") from error
    if head not in (b"", b"SQLite format 3\0") or is_of_another_program(target):
        raise StoreError(NOT_MADE, f"{target} is there already and is no backup.", "Name another file.")


def _size_with_log(source: Path) -> int:
    log = source.with_name(f"{source.name}-wal")
    return source.stat().st_size + (log.stat().st_size if log.exists() else 0)
