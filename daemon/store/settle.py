"""After records changed: which activities they make now (DESIGN 4).

Everything an activity says follows from its records, so this may run at any time and again; only ids have a memory: a
merge keeps the older one, and none is ever given twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store.checkpoints import drop_checkpoints
from daemon.store.engine import Session
from daemon.store.fields import activity_from, columns_of, values_of
from daemon.store.merging import LONGEST, Merged, Recording, Span, group, merge, span_seconds
from daemon.store.tables import (
    ACTIVITIES,
    ATHLETES,
    LOADS,
    PROMPTS,
    REPLIES,
    SOURCE_RECORDS,
)
from rules.facts import Family, TerrainClass

CHUNK = 500
"""Values in one IN list; SQLite and PostgreSQL take many more."""

_QUIET = timedelta(days=30)  # records further apart are looked up separately


@dataclass(frozen=True, slots=True)
class Touched:
    """A record that was stored, changed or removed: its row, the activity it belonged to, and when it took place."""

    record_id: int
    activity_id: int | None
    start: datetime
    seconds: float

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Settled:
    """Record id -> activity id for every record looked at, and the activities that did not exist before."""

    activity_of: dict[int, int]
    created: frozenset[int]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it stands in the store."""

    record_id: int
    activity_id: int | None
    gives_samples: bool
    split: bool
    content_hash: str
    origin: str
    warning: str | None
    recording: Recording

    @property
    def span(self) -> Span:
        told = self.recording.activity
        seconds = span_seconds(told.elapsed_s, told.moving_s)
        return Span(self.recording.identity, told.start, seconds, told.family, self.split)


_RECORD_COLUMNS = [
    *columns_of(SOURCE_RECORDS),
    *(
        SOURCE_RECORDS.c[name]
        for name in (
            *(
                "id",
                "external_id",
                "activity_id",
                "gives_samples",
                "split",
                "content_hash",
                "origin",
                "warning",
            ),
            *("terrain", "family_set", "sport_set", "excluded_set", "race_set", "planned_set"),
        )
    ),
]


def settle(session: Session, athlete: str, touched: Sequence[Touched], overlap: float) -> Settled:
    """Bring the activities around the touched records up to date.

    The caller holds `lock` and has written the records.
    """
    records = _neighbourhood(session, athlete, touched)
    by_identity = {record.recording.identity: record for record in records}
    groups = [
        [by_identity[span.identity] for span in spans]
        for spans in group([record.span for record in records], overlap)
    ]
    before: dict[int, set[int]] = {}
    for record in records:
        if record.activity_id is not None:
            before.setdefault(record.activity_id, set()).add(record.record_id)
    ids = _ids_for(session, athlete, groups)
    touched_ids = {one.record_id for one in touched}
    touched_activities = {one.activity_id for one in touched if one.activity_id is not None}
    changed = [
        (activity_id, members)
        for activity_id, members in zip(ids, groups, strict=True)
        if (now := {member.record_id for member in members}) != before.get(activity_id)
        or now & touched_ids
        or activity_id in touched_activities
    ]
    _write(session, athlete, changed, known=frozenset(before))
    activity_of = {
        member.record_id: activity_id
        for activity_id, members in zip(ids, groups, strict=True)
        for member in members
    }
    candidates = before.keys() | touched_activities
    gone = candidates - set(ids)
    heirs = {old: activity_of[min(before[old])] for old in gone if old in before}
    _remove(session, athlete, gone, heirs)
    _forget_derived(session, athlete, [activity_id for activity_id, _ in changed])
    starts = [one.start for one in touched]
    starts += [member.span.start for _, members in changed for member in members]
    drop_checkpoints(session, athlete, since=min(starts))
    return Settled(activity_of, frozenset(ids) - candidates)


def records_of(session: Session, athlete: str, where: sa.ColumnElement[bool]) -> list[StoredRecord]:
    """Stored records that fit `where`, in order of start."""
    rows = session.execute(
        sa.select(*_RECORD_COLUMNS)
        .where(SOURCE_RECORDS.c.athlete == athlete, where)
        .order_by(SOURCE_RECORDS.c.start, SOURCE_RECORDS.c.source, SOURCE_RECORDS.c.external_id)
    )
    return [_stored_record(row) for row in rows]


def _stored_record(row: Sequence[Any]) -> StoredRecord:
    record_id, external_id, activity_id, gives_samples, split, content_hash, origin, warning = row[-14:-6]
    terrain, family_set, sport_set, excluded, race, planned = row[-6:]
    told = activity_from("", row)
    if family_set or excluded or race or planned:
        told = replace(
            told,
            family=Family(family_set) if family_set else told.family,
            excluded=told.excluded or excluded,
            race=told.race or race,
            planned=told.planned or planned,
        )
    recording = Recording(
        (told.source, external_id),
        told,
        None if terrain is None else TerrainClass(terrain),
        sport_set,
        doubtful=warning is not None,
    )
    return StoredRecord(
        record_id, activity_id, gives_samples, split, content_hash, origin, warning, recording
    )


def _neighbourhood(session: Session, athlete: str, touched: Sequence[Touched]) -> list[StoredRecord]:
    """All records that overlap the touched ones, or overlap one that does, and so on."""
    found: dict[int, StoredRecord] = {}
    for low, high in _windows(touched):
        while True:
            inside = records_of(session, athlete, SOURCE_RECORDS.c.start.between(low - LONGEST, high))
            inside = [record for record in inside if record.span.end >= low]
            spans = [record.span for record in inside]
            wider = (
                min([low, *(span.start for span in spans)]),
                max([high, *(span.end for span in spans)]),
            )
            if wider == (low, high):
                break
            low, high = wider
        found |= {record.record_id: record for record in inside}
    return list(found.values())


def _windows(touched: Iterable[Touched]) -> list[tuple[datetime, datetime]]:
    windows: list[tuple[datetime, datetime]] = []
    for one in sorted(touched, key=lambda one: one.start):
        if windows and one.start - windows[-1][1] < _QUIET:
            windows[-1] = (windows[-1][0], max(windows[-1][1], one.end))
        else:
            windows.append((one.start, one.end))
    return windows


def _ids_for(session: Session, athlete: str, groups: Sequence[Sequence[StoredRecord]]) -> list[int]:
    """An id for each group: the oldest that its records had, where no group before it has taken that one."""

    def seniority(index: int) -> tuple[float, int]:
        known = [
            (record.activity_id, record.record_id)
            for record in groups[index]
            if record.activity_id is not None
        ]
        return min(known, default=(float("inf"), index))

    ids: dict[int, int] = {}
    taken: set[int] = set()
    for index in sorted(range(len(groups)), key=seniority):
        had = sorted(
            {record.activity_id for record in groups[index] if record.activity_id is not None} - taken
        )
        if had:
            ids[index] = had[0]
            taken.add(had[0])
    missing = [index for index in range(len(groups)) if index not in ids]
    if missing:
        counter = sa.update(ATHLETES).where(ATHLETES.c.athlete == athlete)
        after = session.execute(
            counter.values(next_activity_id=ATHLETES.c.next_activity_id + len(missing)).returning(
                ATHLETES.c.next_activity_id
            )
        ).scalar_one()
        ids |= dict(zip(missing, range(after - len(missing), after), strict=True))
    return [ids[index] for index in range(len(groups))]


def _write(
    session: Session,
    athlete: str,
    changed: Sequence[tuple[int, Sequence[StoredRecord]]],
    known: frozenset[int],
) -> None:
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for activity_id, members in changed:
        merged = merge([member.recording for member in members])
        values = {"athlete": athlete, "id": activity_id} | values_of(merged.activity)
        (old if activity_id in known else new).append(values)
        moved += _moves(activity_id, members, merged)
    if new:
        session.execute(ACTIVITIES.insert(), new)
    for values in old:
        key = (ACTIVITIES.c.athlete == athlete) & (ACTIVITIES.c.id == values["id"])
        session.execute(ACTIVITIES.update().where(key).values(values))
    if moved:
        session.execute(
            SOURCE_RECORDS.update()
            .where(SOURCE_RECORDS.c.id == sa.bindparam("record_id"))
            .values(activity_id=sa.bindparam("to_activity"), gives_samples=sa.bindparam("gives")),
            moved,
        )


def _moves(activity_id: int, members: Sequence[StoredRecord], merged: Merged) -> list[dict[str, Any]]:
    wanted = [(member, activity_id, member.recording.identity == merged.samples) for member in members]
    return [
        {"record_id": member.record_id, "to_activity": to, "gives": gives}
        for member, to, gives in wanted
        if (member.activity_id, member.gives_samples) != (to, gives)
    ]


def _remove(session: Session, athlete: str, gone: Iterable[int], heirs: dict[int, int]) -> None:
    """Activities without records go; answers about a merged one are now about the one it went into."""
    for activity_id in gone:
        if heir := heirs.get(activity_id):
            for table in (REPLIES, PROMPTS):
                key = (table.c.athlete == athlete) & (table.c.activity_id == str(activity_id))
                session.execute(table.update().where(key).values(activity_id=str(heir)))
        key = (ACTIVITIES.c.athlete == athlete) & (ACTIVITIES.c.id == activity_id)
        session.execute(ACTIVITIES.delete().where(key))


def _forget_derived(session: Session, athlete: str, activity_ids: Sequence[int]) -> None:
    for index in range(0, len(activity_ids), CHUNK):
        some = activity_ids[index : index + CHUNK]
        session.execute(sa.delete(LOADS).where(LOADS.c.athlete == athlete, LOADS.c.activity_id.in_(some)))
