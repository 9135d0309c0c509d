"""Taking activities in: records are saved and merged, bad ones set aside, and none stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.sources.contract import Deleted, SetAside, SourceItem, SourceRecord
from daemon.config import AthleteConfig
from daemon.store.engine import Store
from daemon.store.records import Outcome, Saved, delete_record, known_ids, save_records
from daemon.store.sources import set_aside

FILE_SOURCES = ("files", "strava", "garmin")
"""Whose records files can hold: exports carry the ids of the service they come from."""

BATCH = 100
"""Records a transaction: a kill loses at most the reading of these, and nobody waits long for the writer."""


@dataclass(slots=True)
class Report:
    """What a pass brought. `aside` are the records that could not be read, `warnings` those read with a doubt."""

    saved: list[Saved] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    deleted: int = 0
    skipped: int = 0

    def count(self, outcome: Outcome) -> int:
        return sum(1 for one in self.saved if one.outcome is outcome)

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
    return report


def take_in(store: Store, athlete: AthleteConfig, items: Iterable[SourceItem], now: datetime) -> Report:
    """Save what a source yields, a batch a transaction."""
    report = Report()
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        records = [item for item in batch if isinstance(item, SourceRecord)]
        with store.session() as session:
            overlap = athlete.policy.merge.overlap
            saved = save_records(session, athlete.name, records, now, overlap=overlap)
            report.saved += saved
            for item in batch:
                if isinstance(item, SetAside):
                    set_aside(session, athlete.name, item, now)
                elif isinstance(item, Deleted):
                    report.deleted += delete_record(session, athlete.name, item, overlap=overlap) is not None
        report.aside += [item for item in batch if isinstance(item, SetAside)]
        report.warnings += [
            f"{record.origin}: {record.warning.replace(' ID ', f' {one.activity_id} ')}"
            for record, one in zip(records, saved, strict=True)
            if record.warning and one.outcome is not Outcome.UNCHANGED
        ]
    return report
