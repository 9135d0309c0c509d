"""Files and folders as a source: FIT, GPX, TCX (also gzipped or zipped), Strava and Garmin exports."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from pathlib import Path, PurePosixPath

from connectors.formats.archive import LARGEST_FILE_BYTES, Archive, FolderArchive, nested_zip, opened_zip
from connectors.formats.garmin_export import summary_files
from connectors.formats.leg import Unreadable
from connectors.formats.reading import is_activity_file, is_zip, legs_of, unpacked
from connectors.sources.contract import SourceItem
from connectors.sources.exports import ACTIVITIES_CSV, Import, garmin_items, strava_items, strava_table
from connectors.sources.file_records import FILES, Desk, set_aside
from rules.policy import Policy

GARMIN_FOLDER = "DI_CONNECT"
DEEPEST_ZIP = 3


class FilesSource:
    """Reads `paths` once. `already_known` counts what was skipped because it is stored, or is there twice.

    `now` tells dates in the future, `zone` is the runner's (for watches that only know local time), `progress` is
    called with (done, total) after each file or row; the total grows as archives are opened.
    """

    name = FILES

    def __init__(
        self,
        paths: Sequence[Path],
        policy: Policy,
        now: datetime,
        *,
        zone: tzinfo = UTC,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._paths = paths
        self._desk = Desk(policy, now)
        self._zone = zone
        self._progress = progress
        self._done = 0
        self._total = 0
        self._seen: set[str] = set()
        self.already_known = 0

    def fetch(
        self, since: datetime | None, known: Container[str], until: datetime | None = None
    ) -> Iterator[SourceItem]:
        """Every activity in the files that is not `known`; what cannot be read is a SetAside. The window does not matter:
        a file may bring a run of any date."""
        units = [unit for path in self._paths for unit in _units(path)]
        self._expect(len(units))
        task = Import(self._desk, self._zone, known, self._expect, self._step, self._known_one)
        for unit in units:
            try:
                yield from self._unit(unit, task)
            except Unreadable as problem:
                yield set_aside(unit.name, problem)
            except OSError as error:
                reason = f"it cannot be opened ({error.strerror or type(error).__name__})"
                yield set_aside(str(unit), Unreadable(reason, "Check the path and who may read it."))
            self._step()

    def _unit(self, path: Path, task: Import) -> Iterator[SourceItem]:
        if path.name == GARMIN_FOLDER and path.is_dir():
            yield from garmin_items(FolderArchive(path), path.parent.name, task)
        elif path.suffix.lower() == ".csv":
            yield from strava_items(FolderArchive(path.parent), path.name, path.name, task)
        else:
            if path.is_dir():
                # Folders are walked, so this one cannot be looked into.
                os.scandir(path).close()
                return
            with path.open("rb") as stream:
                head = stream.read(4)
                data = b"" if is_zip(head) else head + stream.read(LARGEST_FILE_BYTES)
            if is_zip(head):
                with opened_zip(path) as archive:
                    yield from self._archive(archive, path.name, task, depth=1)
            elif len(data) > LARGEST_FILE_BYTES:
                raise Unreadable(
                    f"larger than {LARGEST_FILE_BYTES // 1_000_000} MB", "Import the FIT original."
                )
            else:
                yield from self._file(path.name, data, path.name, task)

    def _archive(self, archive: Archive, origin: str, task: Import, depth: int) -> Iterator[SourceItem]:
        if depth > DEEPEST_ZIP:
            raise Unreadable("zips within zips within zips", "Unpack it and import the folder.")
        for name in archive.unsafe():
            problem = Unreadable("its name points outside the zip", "Do not trust this zip.")
            yield set_aside(f"{origin}:{name}", problem)
        names = archive.names()
        table = strava_table(names)
        if table is not None:
            yield from strava_items(archive, table, origin, task)
            return
        if summary_files(names):
            yield from garmin_items(archive, origin, task)
            return
        members = [name for name in names if is_activity_file(name) or name.lower().endswith(".zip")]
        if not members and not archive.unsafe():
            raise Unreadable(
                "no FIT, GPX or TCX file in it", "Import the zip that the watch or the service gave you."
            )
        self._expect(len(members))
        for name in members:
            yield from self._member(archive, name, f"{origin}:{name}", task, depth)
            self._step()

    def _member(
        self, archive: Archive, name: str, origin: str, task: Import, depth: int
    ) -> Iterator[SourceItem]:
        try:
            if name.lower().endswith(".zip"):
                with nested_zip(archive, name) as inner:
                    yield from self._archive(inner, origin, task, depth + 1)
            else:
                yield from self._file(PurePosixPath(name).name, archive.read(name), origin, task)
        except Unreadable as problem:
            yield set_aside(origin, problem)

    def _file(self, name: str, data: bytes, origin: str, task: Import) -> Iterator[SourceItem]:
        content = unpacked(data)
        digest = sha256(content).hexdigest()[:16]
        if digest in self._seen or f"{digest}:1" in task.known:
            self.already_known += 1
            return
        self._seen.add(digest)
        legs = legs_of(name, content, self._zone)
        # Last leg first: where the first one is stored, all of them are.
        for number in range(len(legs), 0, -1):
            yield self._desk.record(legs[number - 1], FILES, f"{digest}:{number}", origin)

    def _expect(self, more: int) -> None:
        self._total += more

    def _step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _known_one(self) -> None:
        self.already_known += 1


def _units(path: Path) -> Iterator[Path]:
    """What is read on its own: a file, the table of a Strava export, the folder of a Garmin export; and folders that are
    closed, for they have to be told."""
    if not path.is_dir():
        yield path
        return
    closed: list[Path] = []
    for parent, folders, files in os.walk(path, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        here = Path(parent)
        table = next((file for file in files if file.lower() == ACTIVITIES_CSV), None)
        if here.name == GARMIN_FOLDER:
            folders.clear()
            yield here
        elif table is not None:
            folders.clear()
            yield here / table
        else:
            for file in sorted(files):
                if not file.startswith(".") and (is_activity_file(file) or file.lower().endswith(".zip")):
                    yield here / file
    yield from closed
