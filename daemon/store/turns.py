"""One row an athlete: writers take turns on it, and it says when the next assessment is due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.tables import ATHLETES
from daemon.store.upsert import insert_new

ASSESSED_AT_LEAST_EVERY = timedelta(minutes=30)
"""Nobody is put off for longer, whatever the moment that was foreseen."""


def lock(session: Session, athlete: str) -> None:
    """Wait until nobody else saves or assesses this athlete; ours until the transaction ends.

    What a merge or an assessment sees must not change under it. On PostgreSQL writers of one athlete run side by side; an
    SQLite file has one writer anyway.
    """
    own_row = sa.select(ATHLETES.c.athlete).where(ATHLETES.c.athlete == athlete).with_for_update()
    if session.execute(own_row).first() is None:
        insert_new(session, ATHLETES, [{"athlete": athlete, "next_activity_id": 1}])
        session.execute(own_row)


def want_assessment(session: Session, athletes: Collection[str]) -> None:
    """Something that assessments depend on has changed: the next one is due at once, whoever makes it."""
    _set_assess_at(session, athletes, None)


def note_assessed(session: Session, athlete: str, now: datetime, again_at: datetime) -> None:
    """Everything stored until now is assessed, and the clock may change that `again_at`. The caller holds `lock`."""
    _set_assess_at(session, [athlete], min(again_at, now + ASSESSED_AT_LEAST_EVERY))


def to_be_assessed(session: Session, athletes: Collection[str], now: datetime) -> list[str]:
    """Whose assessment is due, in the order given. Whoever was never assessed is; and so is one that was put off further
    than anybody ever is, by a clock that has been put back since."""
    put_off = sa.select(ATHLETES.c.athlete).where(
        ATHLETES.c.athlete.in_(athletes),
        ATHLETES.c.assess_at > now,
        ATHLETES.c.assess_at <= now + ASSESSED_AT_LEAST_EVERY,
    )
    waiting = set(session.scalars(put_off))
    return [athlete for athlete in athletes if athlete not in waiting]


def _set_assess_at(session: Session, athletes: Collection[str], at: datetime | None) -> None:
    session.execute(sa.update(ATHLETES).where(ATHLETES.c.athlete.in_(athletes)).values(assess_at=at))
