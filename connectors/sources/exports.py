"""The account exports of Strava and Garmin, zipped or unpacked, as records."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import PurePosixPath

from connectors.formats import garmin_export, strava_export
from connectors.formats.archive import Archive, nested_zip
from connectors.formats.leg import Leg, Unreadable
from connectors.formats.reading import legs_of, unpacked
from connectors.sources.contract import SourceItem
from connectors.sources.file_records import GARMIN, STRAVA, Desk, set_aside
from rules.facts import Family
from rules.sports import family_of

ACTIVITIES_CSV = "activities.csv"


@dataclass(frozen=True, slots=True)
class Import:
    """What both exports need to know. `expect(n)` announces n more steps, `step()` is one of them done, `known_one()`
    an activity that is stored already."""

    desk: Desk
    zone: tzinfo
    known: Container[str]
    expect: Callable[[int], None]
    step: Callable[[], None]
    known_one: Callable[[], None]


def strava_table(names: list[str]) -> str | None:
    """The `activities.csv` of a Strava export, wherever in the archive it stands."""
    tables = [name for name in names if PurePosixPath(name).name.lower() == ACTIVITIES_CSV]
    return min(tables, key=len, default=None)


def strava_items(archive: Archive, table: str, origin: str, task: Import) -> Iterator[SourceItem]:
    """The rows of a Strava export. A row without a file costs nothing and is always told again, so that an edit is
    seen; one with a file only while it is not known. Raises Unreadable where there is no table to read."""
    with archive.open(table) as stream:
        rows = list(strava_export.rows(stream, task.desk.policy.sport))
    folder = PurePosixPath(table).parent
    task.expect(len(rows))
    for row in rows:
        if isinstance(row, strava_export.BadRow):
            problem = Unreadable(row.reason, "Mend the line, or leave it out.")
            yield set_aside(f"{origin} line {row.line}", problem, STRAVA)
        elif row.file_name and row.activity_id in task.known:
            task.known_one()
        else:
            leg = _with_file(row, archive, folder, task) if row.file_name else row.leg
            yield task.desk.record(leg, STRAVA, row.activity_id, f"{origin} {row.activity_id}")
        task.step()


def _with_file(row: strava_export.Row, archive: Archive, folder: PurePosixPath, task: Import) -> Leg:
    if family_of(row.leg.sport, task.desk.policy.sport) not in (Family.RUN, Family.WALK):
        return row.leg
    try:
        data = unpacked(archive.read((folder / row.file_name).as_posix()))
        return strava_export.with_recording(row.leg, legs_of(row.file_name, data, task.zone))
    except Unreadable as problem:
        return replace(row.leg, warning=f"{row.file_name}: {problem.reason}; kept the summary")


def garmin_items(archive: Archive, origin: str, task: Import) -> Iterator[SourceItem]:
    """The activities of a Garmin export: summaries, with samples where a FIT file began at the same time. FIT files
    without a summary are days of wellness data or activities that were deleted: left out."""
    names = archive.names()
    waiting: list[garmin_export.Summary] = []
    for name in garmin_export.summary_files(names):
        try:
            with archive.open(name) as stream:
                for item in garmin_export.summaries(stream):
                    if isinstance(item, garmin_export.BadSummary):
                        problem = Unreadable(item.reason, "Ask for the export again.")
                        yield set_aside(f"{origin} {item.activity_id}".rstrip(), problem, GARMIN)
                    elif item.activity_id in task.known:
                        task.known_one()
                    else:
                        waiting.append(item)
        except Unreadable as problem:
            yield set_aside(f"{origin}:{name}", problem, GARMIN)
    task.expect(len(waiting))
    pool = garmin_export.Waiting(waiting)
    uploads = garmin_export.uploaded_zips(names) if waiting else []
    for name in uploads:
        try:
            with nested_zip(archive, name) as inner:
                for summary in _recorded(inner, pool, task):
                    yield _garmin_record(summary, origin, task)
        except Unreadable as problem:
            yield set_aside(f"{origin}:{name}", problem, GARMIN)
    for summary in pool.rest():
        yield _garmin_record(summary, origin, task)


def _garmin_record(summary: garmin_export.Summary, origin: str, task: Import) -> SourceItem:
    task.step()
    return task.desk.record(summary.leg, GARMIN, summary.activity_id, f"{origin} {summary.activity_id}")


def _recorded(inner: Archive, pool: garmin_export.Waiting, task: Import) -> Iterator[garmin_export.Summary]:
    for member in inner.names():
        if not member.lower().endswith(".fit"):
            continue
        try:
            legs = legs_of(member, inner.read(member), task.zone)
        except Unreadable:
            # The summary of that activity stays; the many files of wellness data are no news.
            continue
        for leg in legs:
            summary = pool.take(leg)
            if summary is not None:
                yield summary
