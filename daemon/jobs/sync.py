"""Taking activities in: records are saved and merged, bad ones set aside, and none stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError
from connectors.sources.contract import Deleted, Reached, SetAside, SourceItem, SourceRecord
from daemon.config import AthleteConfig
from daemon.store.engine import Session, Store
from daemon.store.records import Outcome, Saved, delete_record, known_ids, save_records
from daemon.store.sources import set_aside

FILE_SOURCES = ("files", "strava", "garmin")
"""Whose records files can hold: exports carry the ids of the service they come from."""

BATCH = 100
"""Records a transaction: a kill loses at most the reading of these, and nobody waits long for the writer."""


_NEW = (Outcome.ADDED, Outcome.MERGED)


@dataclass(slots=True)
class Report:
    """What a pass brought. `aside` are the records that could not be read, `warnings` those read with a doubt; `failure` is
    why it ended early, after what it brought."""

    saved: list[Saved] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    deleted: int = 0
    skipped: int = 0
    failure: ConnectorError | None = None

    def count(self, outcome: Outcome) -> int:
        """Records with this outcome; one that was new in this pass and then got its samples is no changed one."""
        if outcome is not Outcome.CHANGED:
            return sum(1 for one in self.saved if one.outcome is outcome)
        new = {(one.source, one.external_id) for one in self.saved if one.outcome in _NEW}
        changed = {(one.source, one.external_id) for one in self.saved if one.outcome is outcome}
        return len(changed - new)

    @property
    def changed(self) -> bool:
        return bool(self.deleted) or any(one.outcome is not Outcome.UNCHANGED for one in self.saved)


def import_paths(
    store: Store,
    athlete: AthleteConfig,
    paths: Sequence[Path],
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Read files, folders and exports into the store. `progress` hears how many of how many files are done."""
    from connectors.sources.files import FilesSource

    with store.reading() as session:
        known = frozenset().union(*(known_ids(session, athlete.name, source) for source in FILE_SOURCES))
    zone = ZoneInfo(athlete.runner.timezone)
    source = FilesSource(paths, athlete.policy, now, zone=zone, progress=progress)
    report = take_in(store, athlete, source.fetch(None, known), now)
    report.skipped += source.already_known
    if report.failure is not None:
        raise report.failure
    return report


def take_in(
    store: Store,
    athlete: AthleteConfig,
    items: Iterable[SourceItem],
    now: datetime,
    *,
    batch: int = BATCH,
    reached: Callable[[Session, Reached], None] = lambda session, item: None,
    first_seen_at: datetime | None = None,
) -> Report:
    """Save what a source yields, `batch` items a transaction; a Reached ends one, and `reached` belongs to it.

    What came before a failure of the source is kept, the failure is in the report. For `first_seen_at` see `save_records`.
    """
    report = Report()
    waiting: list[SourceItem] = []
    try:
        for item in items:
            waiting.append(item)
            if len(waiting) >= batch or isinstance(item, Reached):
                _save(store, athlete, waiting, now, report, reached, first_seen_at)
                waiting = []
    except ConnectorError as failure:
        report.failure = failure
    if waiting:
        _save(store, athlete, waiting, now, report, reached, first_seen_at)
    return report


def _save(
    store: Store,
    athlete: AthleteConfig,
    items: Sequence[SourceItem],
    now: datetime,
    report: Report,
    reached: Callable[[Session, Reached], None],
    first_seen_at: datetime | None,
) -> None:
    records = [item for item in items if isinstance(item, SourceRecord)]
    with store.session() as session:
        overlap = athlete.policy.merge.overlap
        saved = (
            save_records(session, athlete.name, records, now, overlap=overlap, first_seen_at=first_seen_at)
            if records
            else []
        )
        deleted = 0
        for item in items:
            if isinstance(item, SetAside):
                set_aside(session, athlete.name, item, now)
            elif isinstance(item, Deleted):
                deleted += delete_record(session, athlete.name, item, overlap=overlap) is not None
            elif isinstance(item, Reached):
                reached(session, item)
    report.saved += saved
    report.deleted += deleted
    report.aside += [item for item in items if isinstance(item, SetAside)]
    report.warnings += [
        f"{record.origin}: {record.warning.replace(' ID ', f' {one.activity_id} ')}"
        for record, one in zip(records, saved, strict=True)
        if record.warning and one.outcome is not Outcome.UNCHANGED
    ]
