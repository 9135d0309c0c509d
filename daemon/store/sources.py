"""How each source is doing, when it is to be asked next, and the records that could not be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from connectors.sources.contract import SetAside
from daemon.store import leases
from daemon.store.tables import SetAsideRow, SourceStateRow, table_of
from daemon.store.upsert import insert_new, upsert


class SourceCondition(StrEnum):
    OK = "ok"
    WAITING = "waiting"
    NEEDS_LOGIN = "needs_login"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source of one athlete. `failing_since` is when the present outage began, None while all is well.

    `cursor` is the source's own note of how far back it has come; `due_at` is when to ask next.
    """

    source: str
    state: SourceCondition
    due_at: datetime
    reason: str | None = None
    cure: str | None = None
    retry_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_activity_at: datetime | None = None
    failing_since: datetime | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """A record that could not be read, when it was met first and last, and how often."""

    source: str
    origin: str
    reason: str
    cure: str
    first_seen_at: datetime
    last_seen_at: datetime
    count: int


_COLUMNS = [table_of(SourceStateRow).c[name] for name in SourceState.__slots__]


def register_source(session: Session, athlete: str, source: str, now: datetime) -> None:
    """Make the source known and due at once; one that is known stays as it is."""
    fresh = SourceState(source, SourceCondition.OK, due_at=now)
    insert_new(session, SourceStateRow, [{"athlete": athlete} | asdict(fresh)])


def source_state(session: Session, athlete: str, source: str) -> SourceState | None:
    """The state of one source; None if it was never asked."""
    states = [one for one in source_states(session, athlete) if one.source == source]
    return states[0] if states else None


def source_states(session: Session, athlete: str) -> list[SourceState]:
    """All sources of one athlete, by name."""
    rows = session.execute(
        sa.select(*_COLUMNS).where(SourceStateRow.athlete == athlete).order_by(SourceStateRow.source)
    )
    return [
        SourceState(**row | {"state": SourceCondition(row["state"])}) for row in map(dict, rows.mappings())
    ]


def claim_source(
    session: Session, worker: str, now: datetime, lease: timedelta
) -> tuple[str, SourceState] | None:
    """Claim the source that has been due longest, of any athlete; (athlete, state), or None if none is due."""
    free = SourceStateRow.claimed_until.is_(None) | (SourceStateRow.claimed_until < now)
    due = session.execute(
        sa.select(SourceStateRow.athlete, SourceStateRow.source)
        .where(SourceStateRow.due_at <= now, free)
        .order_by(SourceStateRow.due_at, SourceStateRow.athlete, SourceStateRow.source)
    ).all()
    for athlete, source in due:
        row = (
            (SourceStateRow.athlete == athlete)
            & (SourceStateRow.source == source)
            & (SourceStateRow.due_at <= now)
        )
        if leases.claim(session, SourceStateRow, row, worker, now, lease):
            state = source_state(session, athlete, source)
            return None if state is None else (athlete, state)
    return None


def record_success(
    session: Session,
    athlete: str,
    source: str,
    now: datetime,
    *,
    due_at: datetime,
    new_activities: int,
    cursor: str | None,
) -> SourceState:
    """The source answered: any outage is over. Returns the state before, so that an end can be told."""
    before = _before(session, athlete, source, now)
    _store(
        session,
        athlete,
        replace(
            before,
            state=SourceCondition.OK,
            due_at=due_at,
            reason=None,
            cure=None,
            retry_at=None,
            last_success_at=now,
            last_new_activity_at=now if new_activities else before.last_new_activity_at,
            failing_since=None,
            cursor=cursor,
        ),
    )
    return before


def record_failure(
    session: Session,
    athlete: str,
    source: str,
    now: datetime,
    condition: SourceCondition,
    *,
    due_at: datetime,
    reason: str,
    cure: str | None = None,
    retry_at: datetime | None = None,
) -> SourceState:
    """The source did not answer. Returns the state before, so that an outage is told once."""
    before = _before(session, athlete, source, now)
    _store(
        session,
        athlete,
        replace(
            before,
            state=condition,
            due_at=due_at,
            reason=reason,
            cure=cure,
            retry_at=retry_at,
            failing_since=before.failing_since or now,
        ),
    )
    return before


def _before(session: Session, athlete: str, source: str, now: datetime) -> SourceState:
    return source_state(session, athlete, source) or SourceState(source, SourceCondition.OK, due_at=now)


def _store(session: Session, athlete: str, state: SourceState) -> None:
    released = {"athlete": athlete, "claimed_by": None, "claimed_until": None}
    upsert(session, SourceStateRow, [released | asdict(state)])


def set_aside(session: Session, athlete: str, item: SetAside, now: datetime) -> None:
    """Remember a record that could not be read, or that it was met again. It goes once it can be read."""
    key = (
        (SetAsideRow.athlete == athlete)
        & (SetAsideRow.source == item.source)
        & (SetAsideRow.origin == item.origin)
    )
    known = session.execute(sa.select(SetAsideRow.first_seen_at, SetAsideRow.count).where(key)).first()
    first_seen_at, count = known or (now, 0)
    row = {
        "athlete": athlete,
        "source": item.source,
        "origin": item.origin,
        "reason": item.reason,
        "cure": item.cure,
        "first_seen_at": first_seen_at,
        "last_seen_at": now,
        "count": count + 1,
    }
    upsert(session, SetAsideRow, [row])


def list_set_aside(session: Session, athlete: str) -> list[AsideRecord]:
    """What could not be read so far, newest first."""
    columns = [table_of(SetAsideRow).c[name] for name in AsideRecord.__slots__]
    rows = session.execute(
        sa.select(*columns)
        .where(SetAsideRow.athlete == athlete)
        .order_by(SetAsideRow.last_seen_at.desc(), SetAsideRow.source, SetAsideRow.origin)
    )
    return [AsideRecord(*row) for row in rows]
