"""The outbox: decided, stored, claimed, sent (DESIGN 5). One delivery a message and channel.

`queued → claimed → sent | retry | failed | expired`. A crash anywhere loses nothing: a claim runs out by itself. Only
one inside the channel call can repeat a message, and `Claim.may_have_been_sent` tells the next worker so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from daemon.store import leases
from daemon.store.engine import Session
from daemon.store.messages import insert_message, load_messages
from daemon.store.tables import DELIVERIES, MESSAGES
from daemon.store.upsert import insert_new
from rules.outcome import Message

REASONS_KEPT = 20
"""Failed attempts that are remembered of one delivery, newest last."""
_RIVALS = 16
"""So many of the first in line may be taken by other daemons between our look and our claim."""


class DeliveryState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"


WAITING = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.RETRY)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until `until`. `attempts` is how often the channel was called before.

    `may_have_been_sent`: an earlier attempt began and nobody knows how it ended.
    """

    delivery_id: int
    athlete: str
    channel: str
    message: Message
    worker: str
    until: datetime
    attempts: int
    may_have_been_sent: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an attempt did not succeed."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message on one channel, for `status` and `explain`."""

    athlete: str
    channel: str
    message: Message
    state: DeliveryState
    due_at: datetime
    attempts: int
    reasons: tuple[Reason, ...]
    sent_at: datetime | None
    service: str | None


def enqueue(session: Session, athlete: str, message: Message, channels: Iterable[str], now: datetime) -> bool:
    """Put a message into the outbox, one row a channel; False if it was there already, on all of them.

    A message is what its key says: queued again it changes nothing, on a further channel it gains a row.
    """
    insert_message(session, athlete, message)
    rows = [
        {
            "athlete": athlete,
            "message_key": message.key,
            "channel": channel,
            "state": DeliveryState.QUEUED.value,
            "due_at": max(message.due_at, now),
            "expires_at": message.expires_at,
            "attempts": 0,
            "reasons": [],
        }
        for channel in dict.fromkeys(channels)
    ]
    there = sa.select(sa.func.count()).where(
        DELIVERIES.c.athlete == athlete, DELIVERIES.c.message_key == message.key
    )
    before = session.execute(there).scalar_one()
    insert_new(session, DELIVERIES, rows)
    return session.execute(there).scalar_one() > before


def claim_due(
    session: Session,
    worker: str,
    now: datetime,
    lease: timedelta,
    *,
    limit: int = 20,
    athletes: Collection[str] | None = None,
) -> list[Claim]:
    """Claim up to `limit` deliveries that are due and not expired, the longest waiting first. `athletes` are those whose
    channels the caller knows, None for everybody.

    End the transaction before calling a channel, so that the claim is seen by others.
    """
    candidates = session.execute(
        sa.select(DELIVERIES.c.id)
        .where(_due(now, athletes))
        .order_by(DELIVERIES.c.due_at, DELIVERIES.c.id)
        .limit(limit + _RIVALS)
    ).scalars()
    ours: list[int] = []
    for delivery_id in candidates.all():
        row = (DELIVERIES.c.id == delivery_id) & DELIVERIES.c.done_at.is_(None)
        state = DeliveryState.CLAIMED.value
        if leases.claim(session, DELIVERIES, row, worker, now, lease, state=state):
            ours.append(delivery_id)
        if len(ours) == limit:
            break
    if not ours:
        return []
    rows = session.execute(
        sa.select(DELIVERIES).where(DELIVERIES.c.id.in_(ours)).order_by(DELIVERIES.c.due_at, DELIVERIES.c.id)
    )
    return _claims(session, worker, rows.all())


def start_attempt(session: Session, claim: Claim, now: datetime) -> bool:
    """Note that the channel is about to be called; False if the claim is no longer ours: then do not call.

    End the transaction before the call: this note is what tells a repeat from a first try after a kill.
    """
    result = _update(
        session,
        _held(claim) & (DELIVERIES.c.claimed_until > now),
        attempt_started_at=now,
        attempts=DELIVERIES.c.attempts + 1,
    )
    return result == 1


def mark_sent(session: Session, claim: Claim, now: datetime, service: str, reference: str = "") -> None:
    """It is out: true whoever holds the row by now. `reference` is the channel's own name of it."""
    _update(
        session,
        (DELIVERIES.c.id == claim.delivery_id) & DELIVERIES.c.sent_at.is_(None),
        state=DeliveryState.SENT.value,
        sent_at=now,
        done_at=now,
        service=service,
        reference=reference or None,
        claimed_by=None,
        claimed_until=None,
    )


def mark_retry(session: Session, claim: Claim, now: datetime, at: datetime, reason: str) -> None:
    """The channel could not; it is due again `at`. Does nothing if the claim is no longer ours."""
    _end_attempt(session, claim, now, reason, state=DeliveryState.RETRY.value, due_at=at)


def mark_failed(session: Session, claim: Claim, now: datetime, reason: str) -> None:
    """Trying again will not help. Does nothing if the claim is no longer ours."""
    _end_attempt(session, claim, now, reason, state=DeliveryState.FAILED.value, done_at=now)


def withdraw(session: Session, claim: Claim, now: datetime, reason: str) -> None:
    """It need not go out any more. Does nothing if the claim is no longer ours."""
    _end_attempt(session, claim, now, reason, state=DeliveryState.EXPIRED.value, done_at=now)


def expire_overdue(session: Session, now: datetime) -> int:
    """Give up what is worth nothing any more and nobody is sending just now; returns how many."""
    return _update(
        session,
        _free(now) & (DELIVERIES.c.expires_at <= now),
        state=DeliveryState.EXPIRED.value,
        done_at=now,
        claimed_by=None,
        claimed_until=None,
    )


def withdraw_unsent(session: Session, athlete: str, message_key: str, now: datetime) -> bool:
    """Take a message back of which nothing has gone out yet, because its time has not come; whether that was so."""
    deliveries = deliveries_of(session, athlete, message_key)
    if not deliveries or any(
        one.due_at <= now or one.state is not DeliveryState.QUEUED for one in deliveries
    ):
        return False
    key = (DELIVERIES.c.athlete == athlete) & (DELIVERIES.c.message_key == message_key)
    _update(session, key, state=DeliveryState.EXPIRED.value, done_at=now)
    return True


def count_due(session: Session, now: datetime, athletes: Collection[str] | None = None) -> int:
    """How many deliveries `claim_due` would find."""
    return session.execute(sa.select(sa.func.count()).where(_due(now, athletes))).scalar_one()


def next_due_at(session: Session) -> datetime | None:
    """When the next delivery is due, of any athlete, even if somebody holds it; None if the outbox is empty."""
    earliest = sa.func.min(DELIVERIES.c.due_at, type_=DELIVERIES.c.due_at.type)
    return session.execute(sa.select(earliest).where(DELIVERIES.c.done_at.is_(None))).scalar_one()


def list_deliveries(
    session: Session, athlete: str, states: Iterable[DeliveryState], *, since: datetime | None = None
) -> list[Delivery]:
    """Deliveries in these states, in order of their due time; `since` bounds when their message was due."""
    query = sa.select(DELIVERIES).where(
        DELIVERIES.c.athlete == athlete, DELIVERIES.c.state.in_([state.value for state in states])
    )
    if since is not None:
        query = query.join(
            MESSAGES,
            (MESSAGES.c.athlete == DELIVERIES.c.athlete) & (MESSAGES.c.key == DELIVERIES.c.message_key),
        ).where(MESSAGES.c.due_at >= since)
    return _deliveries(session, athlete, query)


def deliveries_of(session: Session, athlete: str, message_key: str) -> list[Delivery]:
    """What became of one message, a row a channel."""
    query = sa.select(DELIVERIES).where(
        DELIVERIES.c.athlete == athlete, DELIVERIES.c.message_key == message_key
    )
    return _deliveries(session, athlete, query)


def last_sent(session: Session, athlete: str) -> dict[str, datetime]:
    """When each channel last took a message; channels that never did are left out."""
    latest = sa.func.max(DELIVERIES.c.sent_at, type_=DELIVERIES.c.sent_at.type)
    query = (
        sa.select(DELIVERIES.c.channel, latest)
        .where(DELIVERIES.c.athlete == athlete, DELIVERIES.c.state == DeliveryState.SENT.value)
        .group_by(DELIVERIES.c.channel)
    )
    return {str(channel): at for channel, at in session.execute(query) if at is not None}


def _free(now: datetime) -> sa.ColumnElement[bool]:
    nobody = DELIVERIES.c.claimed_until.is_(None) | (DELIVERIES.c.claimed_until < now)
    return DELIVERIES.c.done_at.is_(None) & nobody


def _due(now: datetime, athletes: Collection[str] | None) -> sa.ColumnElement[bool]:
    due = _free(now) & (DELIVERIES.c.due_at <= now) & (DELIVERIES.c.expires_at > now)
    return due if athletes is None else due & DELIVERIES.c.athlete.in_(athletes)


def _held(claim: Claim) -> sa.ColumnElement[bool]:
    return (
        (DELIVERIES.c.id == claim.delivery_id)
        & DELIVERIES.c.done_at.is_(None)
        & (DELIVERIES.c.claimed_by == claim.worker)
        & (DELIVERIES.c.claimed_until == claim.until)
    )


def _update(session: Session, where: sa.ColumnElement[bool], **values: object) -> int:
    result = session.execute(sa.update(DELIVERIES).where(where).values(**values))
    return int(result.rowcount)


def _end_attempt(session: Session, claim: Claim, now: datetime, reason: str, **values: object) -> None:
    # Nothing is unknown about an attempt that reported its end, so it no longer counts as begun.
    changed = _update(
        session, _held(claim), claimed_by=None, claimed_until=None, attempt_started_at=None, **values
    )
    if changed:
        told = session.execute(
            sa.select(DELIVERIES.c.reasons).where(DELIVERIES.c.id == claim.delivery_id)
        ).scalar_one()
        reasons = [*told, {"at": now.isoformat(), "reason": reason}][-REASONS_KEPT:]
        _update(session, DELIVERIES.c.id == claim.delivery_id, reasons=reasons)


def _claims(session: Session, worker: str, rows: Iterable[Any]) -> list[Claim]:
    rows = list(rows)
    messages = load_messages(session, {(row.athlete, row.message_key) for row in rows})
    return [
        Claim(
            delivery_id=row.id,
            athlete=row.athlete,
            channel=row.channel,
            message=messages[row.athlete, row.message_key],
            worker=worker,
            until=_certain(row.claimed_until),
            attempts=row.attempts,
            may_have_been_sent=row.attempt_started_at is not None,
        )
        for row in rows
    ]


def _deliveries(session: Session, athlete: str, query: Any) -> list[Delivery]:
    rows = session.execute(query.order_by(DELIVERIES.c.due_at, DELIVERIES.c.id)).all()
    messages = load_messages(session, {(athlete, row.message_key) for row in rows})
    return [
        Delivery(
            athlete=athlete,
            channel=row.channel,
            message=messages[athlete, row.message_key],
            state=DeliveryState(row.state),
            due_at=row.due_at,
            attempts=row.attempts,
            reasons=tuple(Reason(datetime.fromisoformat(one["at"]), one["reason"]) for one in row.reasons),
            sent_at=row.sent_at,
            service=row.service,
        )
        for row in rows
    ]


def _certain(instant: datetime | None) -> datetime:
    if instant is None:
        raise ValueError("a claimed delivery without an end of its lease")
    return instant
