"""The watched folder: files that appear in it are imported once, and stay where they are."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

log = logging.getLogger(__name__)

# Whoever still writes a file touches it more often than this.
SETTLED_AFTER = timedelta(seconds=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# They become arguments of a command, and a look must end while the watchdog is patient.
FILES_A_BATCH, BATCHES_A_LOOK = 500, 4
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Files to hand on together, not before `due_at`; `breakdowns` counts the imports of exactly these that broke."""

    paths: tuple[Path, ...]
    due_at: datetime
    breakdowns: int = 0

    def after_breakdown(self, now: datetime) -> tuple[Batch, ...]:
        """Two halves soon, so that the culprit is found in few steps; a single file after growing waits."""
        if len(self.paths) == 1:
            wait = min(FIRST_WAIT * 2**self.breakdowns, LONGEST_WAIT)
            return (Batch(self.paths, now + wait, self.breakdowns + 1),)
        middle = len(self.paths) // 2
        return tuple(Batch(half, now + FIRST_WAIT) for half in (self.paths[:middle], self.paths[middle:]))


class Inbox:
    """Remembers what it has handed on, so that a file, good or bad, is read once and not at every look.

    `take_in` imports complete files and says whether anything changed. Where it raises, the files are tried again
    later, in ever smaller batches: one that brings the importer down does not hold up the rest.
    """

    def __init__(self, folder: Path, take_in: Callable[[Sequence[Path], datetime], bool]) -> None:
        self._folder = folder
        self._take_in = take_in
        self._seen: dict[Path, Stamp] = {}
        self._done: dict[Path, Stamp] = {}
        self._put_off: list[Batch] = []

    def look(self, now: datetime) -> bool:
        """Import what is new and complete; whether anything changed. Raises OSError where there is no folder to see."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        present = dict(_files(self._folder))
        complete = {
            path: stamp
            for path, stamp in present.items()
            if self._done.get(path) != stamp and (self._seen.get(path) == stamp or _settled(stamp, now))
        }
        self._seen = present
        self._done = {path: stamp for path, stamp in self._done.items() if path in present}
        changed = False
        for batch in self._due(complete, now):
            log.info("%d new in the inbox", len(batch.paths))
            try:
                changed = self._take_in(batch.paths, now) or changed
            except Exception as error:
                later = batch.after_breakdown(now)
                self._put_off += later
                log.warning(
                    "The import of %d files broke down, next try %s: %s",
                    len(batch.paths),
                    later[0].due_at,
                    error,
                )
            else:
                self._done |= {path: complete[path] for path in batch.paths}
        return changed

    def _due(self, complete: Mapping[Path, Stamp], now: datetime) -> list[Batch]:
        """Everything complete that is not put off, and what was put off until now."""
        kept = [
            replace(batch, paths=tuple(path for path in batch.paths if path in complete))
            for batch in self._put_off
        ]
        known = {path for batch in kept for path in batch.paths}
        fresh = sorted(path for path in complete if path not in known)
        batches = [Batch(tuple(some), now) for some in batched(fresh, FILES_A_BATCH)] + kept
        ready = [batch for batch in batches if batch.paths and batch.due_at <= now][:BATCHES_A_LOOK]
        self._put_off = [batch for batch in kept if batch.paths and batch not in ready]
        return ready


def _settled(stamp: Stamp, now: datetime) -> bool:
    return now - datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC) >= SETTLED_AFTER


def _files(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    """Every regular file at any depth, without hidden and half-downloaded ones. Raises OSError for `folder` itself."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(Path(entry.path))
                elif entry.is_file():
                    status = entry.stat()
                    yield Path(entry.path), Stamp(status.st_size, status.st_mtime_ns)
            except OSError as error:
                # Taken away between the two looks, or a folder that is closed to us.
                log.debug("Not looked at in the inbox: %s", error.strerror)
