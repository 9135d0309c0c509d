"""Runs and walks as a person leafs through them, and what was measured of those around one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.fields import activity_from, columns_of
from daemon.store.packing import unpack_load
from daemon.store.tables import ACTIVITIES, LOADS
from rules.facts import Activity, Estimates, Family, RunLoad

_ON_FOOT = (Family.RUN.value, Family.WALK.value)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Some runs and walks without samples, newest first, and whether there are later and earlier ones."""

    activities: tuple[Activity, ...]
    newer: bool = False
    older: bool = False


def leaf(
    session: Session,
    athlete: str,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
    until: datetime | None = None,
) -> Leaf:
    """The newest ones; with `before` or `after` those next to the activity of that number, with `until` the newest that
    started earlier. An unknown number is as if none was given."""
    own = _on_foot(athlete)
    place = _place(session, athlete, before if before is not None else after)
    at = sa.tuple_(ACTIVITIES.c.start, ACTIVITIES.c.id)
    query = sa.select(*columns_of(ACTIVITIES), ACTIVITIES.c.id).where(own)
    forward = place is not None and before is None
    if place is not None:
        here = sa.tuple_(sa.literal(place[0], ACTIVITIES.c.start.type), sa.literal(place[1]))
        query = query.where(at > here if forward else at < here)
    elif until is not None:
        query = query.where(ACTIVITIES.c.start < until)
    order = (ACTIVITIES.c.start, ACTIVITIES.c.id)
    query = query.order_by(*(order if forward else [column.desc() for column in order])).limit(limit + 1)
    found = [activity_from(str(row[-1]), row) for row in session.execute(query)]
    more, found = len(found) > limit, found[:limit]
    if forward:
        found.reverse()
        return Leaf(tuple(found), newer=more, older=True)
    newer = place is not None
    if not newer and until is not None:
        newer = _exists(session, own & (ACTIVITIES.c.start >= until))
    return Leaf(tuple(found), newer=newer, older=more)


def first_and_last(session: Session, athlete: str) -> tuple[datetime, datetime] | None:
    """When the first and the newest run or walk began."""
    start = ACTIVITIES.c.start
    query = sa.select(sa.func.min(start, type_=start.type), sa.func.max(start, type_=start.type))
    first, last = session.execute(query.where(_on_foot(athlete))).one()
    return None if first is None else (first, last)


def first_activities(session: Session, athlete: str, limit: int) -> list[Activity]:
    """The first runs of all, in order of time."""
    query = sa.select(*columns_of(ACTIVITIES), ACTIVITIES.c.id).where(
        ACTIVITIES.c.athlete == athlete, ACTIVITIES.c.family == Family.RUN.value
    )
    query = query.order_by(ACTIVITIES.c.start, ACTIVITIES.c.id).limit(limit)
    return [activity_from(str(row[-1]), row) for row in session.execute(query)]


def measured_between(
    session: Session, athlete: str, policy_hash: str, since: datetime, until: datetime
) -> list[tuple[Activity, RunLoad]]:
    """Runs and walks that began from `since` to `until`, both included, with their loads measured under that policy, in order
    of start; those without one are left out."""
    same = (LOADS.c.athlete == ACTIVITIES.c.athlete) & (LOADS.c.activity_id == ACTIVITIES.c.id)
    query = (
        sa.select(*columns_of(ACTIVITIES), ACTIVITIES.c.id, LOADS.c.load)
        .join(LOADS, same)
        .where(_on_foot(athlete), LOADS.c.policy_hash == policy_hash)
        .where(ACTIVITIES.c.start >= since, ACTIVITIES.c.start <= until)
        .order_by(ACTIVITIES.c.start, ACTIVITIES.c.id)
    )
    found = []
    for row in session.execute(query):
        load = _load(row[-1])
        if load is not None:
            found.append((activity_from(str(row[-2]), row), load))
    return found


def estimates_before(session: Session, athlete: str, policy_hash: str, instant: datetime) -> Estimates | None:
    """The personal figures that the last run before an instant was measured with."""
    same = (LOADS.c.athlete == ACTIVITIES.c.athlete) & (LOADS.c.activity_id == ACTIVITIES.c.id)
    query = (
        sa.select(LOADS.c.load)
        .join(ACTIVITIES, same)
        .where(_on_foot(athlete), LOADS.c.policy_hash == policy_hash, ACTIVITIES.c.start <= instant)
        .order_by(ACTIVITIES.c.start.desc())
        .limit(1)
    )
    packed = session.execute(query).scalar_one_or_none()
    load = None if packed is None else _load(packed)
    return None if load is None else load.basis


def _load(packed: bytes) -> RunLoad | None:
    """A load that cannot be read counts as absent."""
    try:
        return unpack_load(packed)
    except (ValueError, TypeError, KeyError):
        return None


def _on_foot(athlete: str) -> sa.ColumnElement[bool]:
    return (ACTIVITIES.c.athlete == athlete) & ACTIVITIES.c.family.in_(_ON_FOOT)


def _place(session: Session, athlete: str, number: int | None) -> tuple[datetime, int] | None:
    if number is None:
        return None
    query = sa.select(ACTIVITIES.c.start, ACTIVITIES.c.id).where(
        ACTIVITIES.c.athlete == athlete, ACTIVITIES.c.id == number
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def _exists(session: Session, where: sa.ColumnElement[bool]) -> bool:
    return session.execute(sa.select(ACTIVITIES.c.id).where(where).limit(1)).first() is not None
