"""Reading back: the history that the rules are asked about, and activities as a person looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from daemon.store.answers import load_answers
from daemon.store.engine import Session
from daemon.store.fields import activity_from, columns_of
from daemon.store.loads import load_loads
from daemon.store.marks import unknown_activity
from daemon.store.merging import Identity, merge
from daemon.store.packing import unpack_profile
from daemon.store.settle import StoredRecord, records_of
from daemon.store.tables import ACTIVITIES, LOADS, SOURCE_RECORDS
from rules.facts import Activity, History, Runner
from rules.series import Series

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
    query = sa.select(*columns_of(ACTIVITIES), ACTIVITIES.c.id).where(ACTIVITIES.c.athlete == athlete)
    if since is not None:
        query = query.where(ACTIVITIES.c.start >= since)
    activities = []
    for row in session.execute(query.order_by(ACTIVITIES.c.start, ACTIVITIES.c.id)):
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
    series: sa.ColumnElement[bytes | None] = SOURCE_RECORDS.c.series
    if wanted == "none":
        series = sa.literal(None)
    elif wanted == "unmeasured":
        measured = sa.exists().where(
            LOADS.c.athlete == athlete,
            LOADS.c.activity_id == SOURCE_RECORDS.c.activity_id,
            LOADS.c.policy_hash == policy_hash,
        )
        series = sa.case((measured, None), else_=series)
    query = sa.select(
        SOURCE_RECORDS.c.activity_id, *(SOURCE_RECORDS.c[name] for name in _SAMPLES[:-1]), series
    )
    query = query.where(SOURCE_RECORDS.c.athlete == athlete, SOURCE_RECORDS.c.gives_samples)
    if since is not None:
        query = query.where(SOURCE_RECORDS.c.start >= since)
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
    query = sa.select(*columns_of(ACTIVITIES), ACTIVITIES.c.id).where(ACTIVITIES.c.athlete == athlete)
    if since is not None:
        query = query.where(ACTIVITIES.c.start >= since)
    query = query.order_by(ACTIVITIES.c.start.desc(), ACTIVITIES.c.id.desc()).limit(limit)
    return [activity_from(str(row[-1]), row) for row in session.execute(query)]


def first_import_until(session: Session, athlete: str) -> datetime | None:
    """When the athlete's first records were read; all records of one pass share its instant."""
    first = sa.select(sa.func.min(SOURCE_RECORDS.c.first_seen_at, type_=SOURCE_RECORDS.c.first_seen_at.type))
    found: datetime | None = session.execute(first.where(SOURCE_RECORDS.c.athlete == athlete)).scalar_one()
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
    key = (ACTIVITIES.c.athlete == athlete) & (ACTIVITIES.c.id == number)
    row = session.execute(sa.select(*columns_of(ACTIVITIES)).where(key)).first()
    if row is None:
        raise unknown_activity(activity_id)
    activity = activity_from(str(number), row)
    sampled = session.execute(
        sa.select(*(SOURCE_RECORDS.c[name] for name in _SAMPLES)).where(
            SOURCE_RECORDS.c.athlete == athlete,
            SOURCE_RECORDS.c.activity_id == number,
            SOURCE_RECORDS.c.gives_samples,
        )
    ).first()
    if sampled is not None:
        activity = _with_samples(activity, sampled)
    records = records_of(session, athlete, SOURCE_RECORDS.c.activity_id == number)
    return ActivityDetail(
        activity, tuple(records), merge([record.recording for record in records]).provenance
    )
