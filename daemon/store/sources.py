"""How each source is doing, when it is to be asked next, and the records that could not be read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from connectors.sources.contract import SetAside
from daemon.store import leases
from daemon.store.engine import Session
from daemon.store.tables import SET_ASIDE, SOURCE_RECORDS, SOURCE_STATES
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


LONGEST_WAIT = timedelta(hours=48)
LONGEST_LEASE = timedelta(hours=1)
"""Nobody waits or claims for longer; see `claim_source`."""

_COLUMNS = [SOURCE_STATES.c[name] for name in SourceState.__slots__]


def register_source(session: Session, athlete: str, source: str, now: datetime) -> None:
    """Make the source known and due at once; one that is known stays as it is."""
    fresh = SourceState(source, SourceCondition.OK, due_at=now)
    insert_new(session, SOURCE_STATES, [{"athlete": athlete} | asdict(fresh)])


def source_state(session: Session, athlete: str, source: str) -> SourceState | None:
    """The state of one source; None if it was never asked."""
    states = [one for one in source_states(session, athlete) if one.source == source]
    return states[0] if states else None


def source_states(session: Session, athlete: str) -> list[SourceState]:
    """All sources of one athlete, by name."""
    rows = session.execute(
        sa.select(*_COLUMNS).where(SOURCE_STATES.c.athlete == athlete).order_by(SOURCE_STATES.c.source)
    )
    return [
        SourceState(**row | {"state": SourceCondition(row["state"])}) for row in map(dict, rows.mappings())
    ]


def forget_source(session: Session, athlete: str, source: str) -> None:
    """The source is no longer connected: its state goes, its records stay."""
    session.execute(sa.delete(SOURCE_STATES).where(_own(athlete, source)))


def make_due(session: Session, athlete: str, source: str, now: datetime) -> None:
    """Ask the source at the next opportunity, whatever it waits for."""
    session.execute(sa.update(SOURCE_STATES).where(_own(athlete, source)).values(due_at=now))


def due_at_once(session: Session, athlete: str, source: str, now: datetime) -> None:
    """Have a source that has just been connected asked at the next opportunity."""
    register_source(session, athlete, source, now)
    make_due(session, athlete, source, now)


def claim_source(
    session: Session,
    worker: str,
    now: datetime,
    lease: timedelta,
    among: Collection[tuple[str, str]] | None = None,
) -> tuple[str, SourceState] | None:
    """Claim the source that has been due longest; (athlete, state), or None if none is due.

    `among` are the (athlete, source) that may be asked, None for all of them.
    """
    free = SOURCE_STATES.c.claimed_until.is_(None) | (SOURCE_STATES.c.claimed_until < now)
    free |= SOURCE_STATES.c.claimed_until > now + LONGEST_LEASE
    due = session.execute(
        sa.select(SOURCE_STATES.c.athlete, SOURCE_STATES.c.source)
        .where(_due(now), free)
        .order_by(SOURCE_STATES.c.due_at, SOURCE_STATES.c.athlete, SOURCE_STATES.c.source)
    ).all()
    for athlete, source in due:
        if among is not None and (athlete, source) not in among:
            continue
        row = _own(athlete, source) & _due(now)
        if leases.claim(session, SOURCE_STATES, row, worker, now, lease, LONGEST_LEASE):
            state = source_state(session, athlete, source)
            return None if state is None else (athlete, state)
    return None


def claim_this(
    session: Session, athlete: str, source: str, worker: str, now: datetime, lease: timedelta
) -> bool:
    """Claim one source whether it is due or not; False while another worker is at it."""
    row = _own(athlete, source)
    return leases.claim(session, SOURCE_STATES, row, worker, now, lease, LONGEST_LEASE)


def keep_claim(session: Session, athlete: str, source: str, worker: str, until: datetime) -> None:
    """Work goes on: what this worker has claimed stays its own until then."""
    mine = _own(athlete, source) & (SOURCE_STATES.c.claimed_by == worker)
    _change(session, mine, claimed_until=until)


def holds_claim(session: Session, athlete: str, source: str, worker: str) -> bool:
    """Whether what this worker claimed was neither given back nor recorded since."""
    query = sa.select(SOURCE_STATES.c.claimed_by).where(_own(athlete, source))
    return bool(session.execute(query).scalar_one_or_none() == worker)


def release_source(session: Session, athlete: str, source: str, worker: str) -> None:
    """Give back what this worker has claimed."""
    mine = _own(athlete, source) & (SOURCE_STATES.c.claimed_by == worker)
    _change(session, mine, claimed_by=None, claimed_until=None)


def save_cursor(session: Session, athlete: str, source: str, cursor: str) -> None:
    """Keep how far the source was read, together with what was read."""
    _change(session, _own(athlete, source), cursor=cursor)


def _change(session: Session, where: sa.ColumnElement[bool], **values: object) -> None:
    session.execute(sa.update(SOURCE_STATES).where(where).values(**values))


def _own(athlete: str, source: str) -> sa.ColumnElement[bool]:
    return (SOURCE_STATES.c.athlete == athlete) & (SOURCE_STATES.c.source == source)


def _due(now: datetime) -> sa.ColumnElement[bool]:
    """Due, or due so far ahead that the clock must have been put back since."""
    return (SOURCE_STATES.c.due_at <= now) | (SOURCE_STATES.c.due_at > now + LONGEST_WAIT)


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
    new_activities: int = 0,
) -> SourceState:
    """The source did not answer, or only in part. Returns the state before, so that an outage is told once."""
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
            last_new_activity_at=now if new_activities else before.last_new_activity_at,
            failing_since=outage_began(before, now),
        ),
    )
    return before


def record_pacing(
    session: Session,
    athlete: str,
    source: str,
    now: datetime,
    *,
    due_at: datetime,
    reason: str,
    retry_at: datetime | None,
    answered: bool,
    new_activities: int = 0,
) -> SourceState:
    """Nothing is wrong, the requests for now are used up; an outage lasts until something was `answered`. Returns the state
    before."""
    before = _before(session, athlete, source, now)
    _store(
        session,
        athlete,
        replace(
            before,
            state=SourceCondition.WAITING,
            due_at=due_at,
            reason=reason,
            cure=None,
            retry_at=retry_at,
            last_success_at=now if answered else before.last_success_at,
            last_new_activity_at=now if new_activities else before.last_new_activity_at,
            failing_since=None if answered else before.failing_since,
        ),
    )
    return before


def outage_began(before: SourceState, now: datetime) -> datetime:
    """Since when a source that fails now has failed: since `now`, or since the outage it was in before.

    One that began before the last success was noted by a clock that has been put right since.
    """
    since, success = before.failing_since, before.last_success_at
    if since is None or (success is not None and since < success <= now):
        return now
    return since


def _before(session: Session, athlete: str, source: str, now: datetime) -> SourceState:
    return source_state(session, athlete, source) or SourceState(source, SourceCondition.OK, due_at=now)


def _store(session: Session, athlete: str, state: SourceState) -> None:
    released = {"athlete": athlete, "claimed_by": None, "claimed_until": None}
    upsert(session, SOURCE_STATES, [released | asdict(state)])


def set_aside(session: Session, athlete: str, item: SetAside, now: datetime) -> None:
    """Remember a record that could not be read, or that it was met again. It goes once it can be read."""
    key = (
        (SET_ASIDE.c.athlete == athlete)
        & (SET_ASIDE.c.source == item.source)
        & (SET_ASIDE.c.origin == item.origin)
    )
    known = session.execute(sa.select(SET_ASIDE.c.first_seen_at, SET_ASIDE.c.count).where(key)).first()
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
    upsert(session, SET_ASIDE, [row])


def forget_set_aside(
    session: Session,
    athlete: str,
    source: str,
    since: datetime,
    until: datetime | None,
    *,
    met_before: datetime,
) -> None:
    """Forget known records that could not be read for a while: those that started in this window and were last met so
    `met_before`, where all of the window has been listed since. (A known record that makes sense again is no news.)"""
    records, aside = SOURCE_RECORDS, SET_ASIDE
    here = (records.c.athlete == athlete) & (records.c.source == source) & (records.c.start >= since)
    if until is not None:
        here &= records.c.start < until
    session.execute(
        aside.delete().where(
            aside.c.athlete == athlete,
            aside.c.source == source,
            aside.c.last_seen_at < met_before,
            aside.c.origin.in_(sa.select(records.c.origin).where(here)),
        )
    )


def list_set_aside(session: Session, athlete: str) -> list[AsideRecord]:
    """What could not be read so far, newest first."""
    columns = [SET_ASIDE.c[name] for name in AsideRecord.__slots__]
    rows = session.execute(
        sa.select(*columns)
        .where(SET_ASIDE.c.athlete == athlete)
        .order_by(SET_ASIDE.c.last_seen_at.desc(), SET_ASIDE.c.source, SET_ASIDE.c.origin)
    )
    return [AsideRecord(*row) for row in rows]
