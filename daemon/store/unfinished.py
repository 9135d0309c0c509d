"""Files that appear whole or not at all: written beside their place, through to the disk, then moved there in one step."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

from daemon.store.errors import StoreError

SPARE_BYTES = 16 * 1024 * 1024
"""What stays free beside a copy, so that the daemon can go on writing."""
_LOGS = ("-wal", "-shm", "-journal")


@contextmanager
def placed_when_whole(target: Path, what: str) -> Iterator[Path]:
    """A new, empty file (0600) to write into; at the end of the block it is `target`.

    What an exception or an earlier kill left half-written is removed. `what` begins the sentence of a StoreError, which
    is raised for trouble with the disk: "The backup was not made."
    """
    part = unfinished(target)
    try:
        writer = _take(part, what)
    except OSError as error:
        raise StoreError(what, *_reason(error, target)) from error
    try:
        yield part
        through_to_disk(part)
        part.replace(target)
        through_to_disk(target.parent)
    except (OSError, sqlite3.Error) as error:
        _remove(part)
        raise StoreError(what, *_reason(error, target)) from error
    except BaseException:
        _remove(part)
        raise
    finally:
        os.close(writer)


def _take(part: Path, what: str) -> int:
    """An empty file that nobody else writes, for as long as the descriptor is open."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        taken = _is_ours(part, descriptor)
        if taken:
            _remove_logs(part)
            os.truncate(descriptor, 0)
            os.fchmod(descriptor, 0o600)
            give_to_owner_of(part.parent, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if not taken:
        os.close(descriptor)
        raise StoreError(what, f"Another niggled is writing {part} just now.", "Wait until it has ended.")
    return descriptor


def _is_ours(part: Path, descriptor: int) -> bool:
    """Whether nobody else holds the file, and it has not been moved to its place meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return part.exists() and os.path.samestat(part.stat(), os.fstat(descriptor))


def unfinished(target: Path) -> Path:
    """Where `target` is written; what lies there has no worth."""
    return target.with_name(f".{target.name}.part")


def demand_room(folder: Path, size_bytes: int, what: str) -> None:
    """Raises StoreError where a file of that size would fill the disk."""
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes < size_bytes + SPARE_BYTES:
        raise StoreError(
            what,
            f"The disk that holds {folder} is full: {megabytes(size_bytes + SPARE_BYTES)} are needed, "
            f"{megabytes(free_bytes)} are free.",
            "Free some space there and try again.",
        )


def megabytes(size_bytes: int) -> str:
    """ "12.3 MB"."""
    return f"{size_bytes / 1_000_000:.1f} MB"


def give_to_owner_of(folder: Path, descriptor: int) -> None:
    """What root makes in the folder of the daemon's user belongs to that user, or the daemon could not open it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def through_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    _remove_logs(part)


def _remove_logs(part: Path) -> None:
    for log in _LOGS:
        part.with_name(f"{part.name}{log}").unlink(missing_ok=True)


def _reason(error: OSError | sqlite3.Error, target: Path) -> tuple[str, str]:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return (
                "The database is damaged.",
                "Stop the daemon and restore your last backup: `niggled restore FILE`.",
            )
        if code == sqlite3.SQLITE_BUSY:
            return "Another program holds the database.", "Try again in a minute."
        full = code == sqlite3.SQLITE_FULL
    else:
        full = error.errno == ENOSPC
    if full:
        return f"The disk that holds {target.parent} is full.", "Free some space there and try again."
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{target}: {told}.", "Name a place that you may write to."
