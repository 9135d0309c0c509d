"""What a database file holds, and whether it is whole: asked of a backup after writing and before use."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from errno import ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path
from urllib.parse import quote

from daemon.store.errors import StoreError
from daemon.store.migrate import HEAD, REVISIONS

_OURS = frozenset({"alembic_version", "athletes", "activities", "source_records"})
_OLDER = "Take an older backup."
_NAME = "Name a file made by `niggled backup`."
_RIGHTS = "Check its rights and the disk, or copy it to where the user that runs niggled may read it."


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole database of niggled's: its shape, how many activities each athlete has, and its size."""

    revision: str
    activities: dict[str, int]
    size_bytes: int

    @property
    def older(self) -> bool:
        """Whether it was made by an older niggled, so that restoring it changes its shape."""
        return self.revision != HEAD


def contents_of(path: Path) -> Contents:
    """Read the whole file. Raises StoreError where it is damaged, not a database of niggled's, or from a newer niggled."""
    _demand_file(path)
    with _read_only(path) as database:
        verdict = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if verdict != "ok":
            raise StoreError(f"{path} cannot be used.", "The file is damaged.", _OLDER)
        if not _tables(database) >= _OURS:
            raise StoreError(
                f"{path} cannot be used.",
                "It is a database, but not one of niggled's.",
                _NAME,
            )
        revision = str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        if revision not in REVISIONS:
            raise StoreError(
                f"{path} cannot be used.",
                f"It was made by a newer niggled (its shape is {revision}, this program knows up to {HEAD}).",
                "Install that version again, or take an older backup.",
            )
        counted = database.execute(
            "SELECT athlete, count(*) FROM activities GROUP BY athlete ORDER BY athlete"
        )
        return Contents(revision, dict(counted.fetchall()), path.stat().st_size)


def is_of_another_program(path: Path) -> bool:
    """Whether it is a database that can be read and holds tables other than niggled's."""
    try:
        with _read_only(path) as database:
            tables = _tables(database)
    except StoreError:
        return False
    return bool(tables) and not tables >= _OURS


def _demand_file(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        missing = error.errno in (ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG)
        why, cure = ("There is no such file.", _NAME) if missing else (f"{error.strerror}.", _RIGHTS)
        raise StoreError(f"{path} cannot be used.", why, cure) from error
    if stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{path} cannot be used.", "It is a folder.", _NAME)
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path} cannot be used.", "It is no file.", _NAME)
    if found.st_size == 0:
        raise StoreError(f"{path} cannot be used.", "The file is empty.", _OLDER)


def _tables(database: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    # A database without a log beside it is read as it stands: that also works on a disk that cannot be written.
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro{still}", uri=True)
        ) as database:
            yield database
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            why, cure = "The file is not a SQLite database.", _NAME
        elif code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
            why, cure = "The file cannot be read.", _RIGHTS
        else:
            why, cure = "The file is damaged.", _OLDER
        raise StoreError(f"{path} cannot be used.", why, cure) from error
