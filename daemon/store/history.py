"""Reading back: the history that the rules are asked about, and activities as a person looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from daemon.store.answers import load_answers
from daemon.store.fields import activity_from, columns_of
from daemon.store.loads import load_loads
from daemon.store.marks import unknown_activity
from daemon.store.merging import Identity, merge
from daemon.store.packing import unpack_profile
from daemon.store.settle import StoredRecord, records_of
from daemon.store.tables import ActivityRow, LoadRow, SourceRecordRow, table_of
from rules.facts import Activity, History, Runner
from rules.series import Series

_ACTIVITIES = table_of(ActivityRow)
_RECORDS = table_of(SourceRecordRow)

type SeriesWanted = Literal["all", "unmeasured", "none"]


def load_history(
    session: Session,
    athlete: str,
    runner: Runner,
    *,
    since: datetime | None = None,
    policy_hash: str | None = None,
    series: SeriesWanted = "all",
) -> History:
    """Everything known of one athlete, or what started at or after `since`.

    `policy_hash` asks for the cached loads measured under that policy. `series`: of which activities the 1 Hz series
    comes along; "unmeasured" leaves it out where there is a cached load, and "none" suits listings only, because a
    load that has to be measured needs its series.
    """
    loads = {} if policy_hash is None else load_loads(session, athlete, policy_hash, since=since)
    samples = _samples(session, athlete, since, series, policy_hash)
    query = sa.select(*columns_of(ActivityRow), _ACTIVITIES.c.id).where(_ACTIVITIES.c.athlete == athlete)
    if since is not None:
        query = query.where(_ACTIVITIES.c.start >= since)
    activities = []
    for row in session.execute(query.order_by(_ACTIVITIES.c.start, _ACTIVITIES.c.id)):
        activity = activity_from(str(row[-1]), row)
        if sampled := samples.get(row[-1]):
            activity = _with_samples(activity, sampled)
        activities.append(activity)
    return replace(
        load_answers(session, athlete, since), runner=runner, activities=tuple(activities), loads=loads
    )


_SAMPLES = ("profile", "series_seconds", "series_has_altitude", "series")


def _samples(
    session: Session, athlete: str, since: datetime | None, wanted: SeriesWanted, policy_hash: str | None
) -> dict[int, tuple[Any, ...]]:
    """Activity id -> the values of `_SAMPLES` of the record that gives them; no series where none is wanted."""
    series: sa.ColumnElement[bytes | None] = _RECORDS.c.series
    if wanted == "none":
        series = sa.literal(None)
    elif wanted == "unmeasured":
        measured = sa.exists().where(
            LoadRow.athlete == athlete,
            LoadRow.activity_id == _RECORDS.c.activity_id,
            LoadRow.policy_hash == policy_hash,
        )
        series = sa.case((measured, None), else_=series)
    query = sa.select(_RECORDS.c.activity_id, *(_RECORDS.c[name] for name in _SAMPLES[:-1]), series)
    query = query.where(_RECORDS.c.athlete == athlete, _RECORDS.c.gives_samples)
    if since is not None:
        query = query.where(_RECORDS.c.start >= since)
    return {row[0]: tuple(row[1:]) for row in session.execute(query)}


def _with_samples(activity: Activity, sampled: Sequence[Any]) -> Activity:
    profile, seconds, has_altitude, packed = sampled
    return replace(
        activity,
        profile=None if profile is None else unpack_profile(profile),
        series=None if packed is None else Series(seconds, has_altitude, packed),
    )


def list_activities(
    session: Session,
    athlete: str,
    *,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Activity]:
    """Activities without samples, newest first."""
    query = sa.select(*columns_of(ActivityRow), _ACTIVITIES.c.id).where(_ACTIVITIES.c.athlete == athlete)
    if since is not None:
        query = query.where(_ACTIVITIES.c.start >= since)
    query = query.order_by(_ACTIVITIES.c.start.desc(), _ACTIVITIES.c.id.desc()).limit(limit)
    return [activity_from(str(row[-1]), row) for row in session.execute(query)]


def first_import_until(session: Session, athlete: str) -> datetime | None:
    """When the athlete's first records were read; all records of one pass share its instant."""
    first = sa.select(sa.func.min(_RECORDS.c.first_seen_at, type_=_RECORDS.c.first_seen_at.type))
    found: datetime | None = session.execute(first.where(_RECORDS.c.athlete == athlete)).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class ActivityDetail:
    """One activity, the records it was merged from, and which record gave which field."""

    activity: Activity
    records: tuple[StoredRecord, ...]
    provenance: Mapping[str, Identity]


def show_activity(session: Session, athlete: str, activity_id: str) -> ActivityDetail:
    """One activity with its samples and where each field comes from. Raises StoreError for an unknown id."""
    number = int(activity_id) if activity_id.isascii() and activity_id.isdigit() else 0
    key = (_ACTIVITIES.c.athlete == athlete) & (_ACTIVITIES.c.id == number)
    row = session.execute(sa.select(*columns_of(ActivityRow)).where(key)).first()
    if row is None:
        raise unknown_activity(activity_id)
    activity = activity_from(str(number), row)
    sampled = session.execute(
        sa.select(*(_RECORDS.c[name] for name in _SAMPLES)).where(
            _RECORDS.c.athlete == athlete, _RECORDS.c.activity_id == number, _RECORDS.c.gives_samples
        )
    ).first()
    if sampled is not None:
        activity = _with_samples(activity, sampled)
    records = records_of(session, athlete, _RECORDS.c.activity_id == number)
    return ActivityDetail(
        activity, tuple(records), merge([record.recording for record in records]).provenance
    )
