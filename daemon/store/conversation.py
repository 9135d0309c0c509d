"""What runners send back: to which message, heard once for ever, and how far each channel has been read (DESIGN 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from connectors.channels.contract import Incoming
from daemon.store import leases
from daemon.store.engine import Session
from daemon.store.messages import load_messages
from daemon.store.tables import DELIVERIES, HEARING, INCOMING, MESSAGES
from daemon.store.upsert import insert_new
from rules.outcome import Message


class Outcome(StrEnum):
    """What became of something that came in."""

    TAKEN = "taken"
    UNCLEAR = "unclear"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Hearing:
    """How far a channel was read. `strangers` counts what others sent to it; `failing_since` is set while it cannot be
    read, `failure` says why."""

    channel: str
    position: str | None = None
    strangers: int = 0
    last_stranger_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An answer that was taken and whose direct answer has not got through. `confirmation` is empty where a kill came
    before it was found."""

    incoming: Incoming
    confirmation: str
    quiet: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to a message, as it was given, and what was said to it."""

    at: datetime
    text: str
    confirmation: str
    outcome: Outcome


def message_of_token(session: Session, athlete: str, token: str) -> Message | None:
    """The message that an answer with this token is to; None for a token that was never given to this athlete."""
    key = session.execute(
        sa.select(MESSAGES.c.key).where(MESSAGES.c.athlete == athlete, MESSAGES.c.token == token.upper())
    ).scalar_one_or_none()
    return _message(session, athlete, key)


def owner_of_token(session: Session, token: str) -> str | None:
    """The athlete to whose message an answer with this token would be; None for one that was never given out."""
    return session.execute(
        sa.select(MESSAGES.c.athlete).where(MESSAGES.c.token == token)
    ).scalar_one_or_none()


def message_of_reference(session: Session, athlete: str, channel: str, reference: str) -> Message | None:
    """The message that the channel itself calls so."""
    key = session.execute(
        sa.select(DELIVERIES.c.message_key).where(
            DELIVERIES.c.athlete == athlete,
            DELIVERIES.c.channel == channel,
            DELIVERIES.c.reference == reference,
        )
    ).scalars()
    return _message(session, athlete, key.first())


def hearing(session: Session, athlete: str, channel: str) -> Hearing:
    """How far the channel was read."""
    row = session.execute(sa.select(HEARING).where(_channel(athlete, channel))).first()
    return Hearing(channel) if row is None else _hearing(row)


def hearings(session: Session, athlete: str) -> list[Hearing]:
    """Every channel that was ever listened to, by name."""
    query = sa.select(HEARING).where(HEARING.c.athlete == athlete).order_by(HEARING.c.channel)
    return [_hearing(row) for row in session.execute(query)]


def claim_hearing(
    session: Session, athlete: str, channel: str, worker: str, now: datetime, lease: timedelta
) -> bool:
    """Become, or stay, the one who reads the channel; False while somebody else is."""
    _ensure(session, athlete, channel)
    row = _channel(athlete, channel)
    mine = session.execute(
        sa.update(HEARING).where(row, HEARING.c.claimed_by == worker).values(claimed_until=now + lease)
    )
    if mine.rowcount == 1:
        return True
    return leases.claim(session, HEARING, row, worker, now, lease)


def release_hearing(session: Session, athlete: str, channel: str, worker: str) -> None:
    """Let others read the channel."""
    session.execute(
        sa.update(HEARING)
        .where(HEARING.c.athlete == athlete, HEARING.c.channel == channel, HEARING.c.claimed_by == worker)
        .values(claimed_by=None, claimed_until=None)
    )


def release_hearings(session: Session) -> None:
    """Let every channel of everybody be read anew. Only for whoever knows that nobody else reads."""
    session.execute(sa.update(HEARING).values(claimed_by=None, claimed_until=None))


def note_heard(
    session: Session,
    athlete: str,
    channel: str,
    incoming: Incoming,
    now: datetime,
    outcome: Outcome,
    message_key: str | None,
) -> bool:
    """Keep what came in and how far the channel is read; False if this very thing was heard before.

    To be called in the transaction that stores what the answer means, and that must then be given up.
    """
    before = was_heard(session, athlete, channel, incoming.id)
    _move(session, athlete, channel, incoming.position)
    if before:
        return False
    session.execute(
        INCOMING.insert().values(
            athlete=athlete,
            channel=channel,
            id=incoming.id,
            at=incoming.at,
            heard_at=now,
            text=incoming.text,
            message_key=message_key,
            reference=incoming.reference,
            outcome=outcome.value,
            confirmation="",
            quiet=True,
        )
    )
    return True


def was_heard(session: Session, athlete: str, channel: str, incoming_id: str) -> bool:
    """Whether this very thing came in before."""
    query = sa.select(INCOMING.c.id).where(_incoming(athlete, channel, incoming_id))
    return session.execute(query).first() is not None


def note_stranger(session: Session, athlete: str, channel: str, incoming: Incoming, now: datetime) -> None:
    """Somebody else wrote: counted, and nothing of it is kept."""
    _move(session, athlete, channel, incoming.position)
    session.execute(
        sa.update(HEARING)
        .where(_channel(athlete, channel))
        .values(strangers=HEARING.c.strangers + 1, last_stranger_at=now)
    )


def note_reading(session: Session, athlete: str, channel: str, now: datetime, failure: str | None) -> Hearing:
    """The channel can be read, or (`failure`) cannot. Returns how it was before."""
    _ensure(session, athlete, channel)
    before = hearing(session, athlete, channel)
    since = None if failure is None else before.failing_since or now
    session.execute(
        HEARING.update().where(_channel(athlete, channel)).values(failure=failure, failing_since=since)
    )
    return before


def note_confirmation(
    session: Session,
    athlete: str,
    channel: str,
    incoming_id: str,
    text: str,
    *,
    quiet: bool,
    outcome: Outcome,
) -> None:
    """What the runner is to read in answer, and what became of what they sent."""
    session.execute(
        INCOMING.update()
        .where(_incoming(athlete, channel, incoming_id))
        .values(confirmation=text, quiet=quiet, outcome=outcome.value)
    )


def mark_confirmed(session: Session, athlete: str, channel: str, incoming_id: str, now: datetime) -> None:
    """The direct answer has got through, or needs not."""
    session.execute(
        INCOMING.update().where(_incoming(athlete, channel, incoming_id)).values(confirmed_at=now)
    )


def unconfirmed(session: Session, athlete: str, channel: str, since: datetime) -> list[Unconfirmed]:
    """Answers heard at or after `since` whose direct answer has not got through, the oldest first."""
    query = (
        sa.select(INCOMING)
        .where(
            INCOMING.c.athlete == athlete,
            INCOMING.c.channel == channel,
            INCOMING.c.confirmed_at.is_(None),
            INCOMING.c.heard_at >= since,
        )
        .order_by(INCOMING.c.heard_at, INCOMING.c.id)
    )
    return [
        Unconfirmed(
            Incoming(row.id, row.at, row.text, position="", reference=row.reference),
            row.confirmation,
            row.quiet,
            Outcome(row.outcome),
        )
        for row in session.execute(query)
    ]


def said_to(session: Session, athlete: str, message_key: str) -> list[Said]:
    """Every answer to a message, on whichever channel, in order of time."""
    query = (
        sa.select(INCOMING)
        .where(INCOMING.c.athlete == athlete, INCOMING.c.message_key == message_key)
        .order_by(INCOMING.c.at, INCOMING.c.heard_at, INCOMING.c.id)
    )
    return [Said(row.at, row.text, row.confirmation, Outcome(row.outcome)) for row in session.execute(query)]


def outcomes_since(session: Session, athlete: str, channel: str, since: datetime) -> list[Outcome]:
    """What became of everything heard at or after `since`, the newest first."""
    query = (
        sa.select(INCOMING.c.outcome)
        .where(INCOMING.c.athlete == athlete, INCOMING.c.channel == channel, INCOMING.c.heard_at >= since)
        .order_by(INCOMING.c.heard_at.desc(), INCOMING.c.id.desc())
    )
    return [Outcome(word) for word in session.scalars(query)]


def _message(session: Session, athlete: str, key: str | None) -> Message | None:
    return None if key is None else load_messages(session, [(athlete, key)]).get((athlete, key))


def _hearing(row: Any) -> Hearing:
    return Hearing(
        row.channel, row.position, row.strangers, row.last_stranger_at, row.failing_since, row.failure
    )


def _channel(athlete: str, channel: str) -> sa.ColumnElement[bool]:
    return (HEARING.c.athlete == athlete) & (HEARING.c.channel == channel)


def _incoming(athlete: str, channel: str, incoming_id: str) -> sa.ColumnElement[bool]:
    own = (INCOMING.c.athlete == athlete) & (INCOMING.c.channel == channel)
    return own & (INCOMING.c.id == incoming_id)


def _ensure(session: Session, athlete: str, channel: str) -> None:
    insert_new(session, HEARING, [{"athlete": athlete, "channel": channel, "strangers": 0}])


def _move(session: Session, athlete: str, channel: str, position: str) -> None:
    _ensure(session, athlete, channel)
    session.execute(sa.update(HEARING).where(_channel(athlete, channel)).values(position=position))
