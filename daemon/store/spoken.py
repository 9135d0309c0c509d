"""What was said to a runner, newest first: each message with what became of it on every channel."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.messages import load_messages
from daemon.store.outbox import DeliveryState
from daemon.store.tables import DELIVERIES, INCOMING, MESSAGES
from rules.outcome import Message


@dataclass(frozen=True, slots=True)
class Passage:
    """A message's way over one channel. `reason` is why the last attempt failed, empty where none did."""

    channel: str
    state: DeliveryState
    due_at: datetime
    sent_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message, and its passages by the name of the channel; none where it was muted or no channel takes its kind.
    `token` is what an answer to it carries."""

    message: Message
    token: str | None
    passages: tuple[Passage, ...]

    @property
    def sent_at(self) -> datetime | None:
        """When it first got through."""
        return min((one.sent_at for one in self.passages if one.sent_at is not None), default=None)


def newest_spoken(session: Session, athlete: str, limit: int, offset: int = 0) -> list[Spoken]:
    """Messages by the time they were due, the newest first."""
    query = (
        sa.select(MESSAGES.c.key, MESSAGES.c.token)
        .where(MESSAGES.c.athlete == athlete)
        .order_by(MESSAGES.c.due_at.desc(), MESSAGES.c.decided_at.desc(), MESSAGES.c.key)
        .limit(limit)
        .offset(offset)
    )
    return _spoken(session, athlete, dict(session.execute(query).all()))


def find_spoken(session: Session, athlete: str, key: str) -> Spoken | None:
    """The message of that key; None for one that was never said to this athlete."""
    query = sa.select(MESSAGES.c.key, MESSAGES.c.token).where(
        MESSAGES.c.athlete == athlete, MESSAGES.c.key == key
    )
    found = dict(session.execute(query).all())
    return next(iter(_spoken(session, athlete, found)), None)


def words_by_message(session: Session, athlete: str, keys: Collection[str]) -> dict[str, str]:
    """The last thing that was sent in answer to each of these messages and was understood."""
    query = (
        sa.select(INCOMING.c.message_key, INCOMING.c.text)
        .where(INCOMING.c.athlete == athlete, INCOMING.c.message_key.in_(keys), INCOMING.c.outcome == "taken")
        .order_by(INCOMING.c.at, INCOMING.c.heard_at, INCOMING.c.id)
    )
    return {key: text for key, text in session.execute(query) if key is not None}


def _spoken(session: Session, athlete: str, tokens: dict[str, str | None]) -> list[Spoken]:
    messages = load_messages(session, ((athlete, key) for key in tokens))
    passages = _passages(session, athlete, tokens)
    return [
        Spoken(messages[athlete, key], token, tuple(passages.get(key, ()))) for key, token in tokens.items()
    ]


def _passages(session: Session, athlete: str, keys: Iterable[str]) -> dict[str, list[Passage]]:
    query = (
        sa.select(
            DELIVERIES.c.message_key,
            DELIVERIES.c.channel,
            DELIVERIES.c.state,
            DELIVERIES.c.due_at,
            DELIVERIES.c.sent_at,
            DELIVERIES.c.reasons,
        )
        .where(DELIVERIES.c.athlete == athlete, DELIVERIES.c.message_key.in_(list(keys)))
        .order_by(DELIVERIES.c.channel)
    )
    found: dict[str, list[Passage]] = {}
    for key, channel, state, due_at, sent_at, reasons in session.execute(query):
        reason = str(reasons[-1]["reason"]) if reasons else ""
        found.setdefault(key, []).append(Passage(channel, DeliveryState(state), due_at, sent_at, reason))
    return found
