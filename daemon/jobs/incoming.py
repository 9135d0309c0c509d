"""Something that came in on a channel, before anybody asks what it means: strangers, repeats and floods end here.

The daemon does this much itself, so that nobody can have it start one process after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.channels.contract import Incoming
from daemon.store.conversation import (
    Outcome,
    message_of_reference,
    message_of_token,
    note_heard,
    note_stranger,
    outcomes_since,
    was_heard,
)
from daemon.store.engine import Session, Store
from rules.outcome import Message

MANY, MANY_WITHIN = 30, timedelta(hours=1)
"""More answers of one channel than a person gives: the rest is kept, and not acted on."""


@dataclass(frozen=True, slots=True)
class DirectAnswer:
    """What the runner is to read at once; an empty text: nothing."""

    text: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """It is noted, and means nothing. `answer` None: nobody waits for one."""

    answer: DirectAnswer | None = None


def turned_away(
    store: Store, athlete: str, channel: str, incoming: Incoming, now: datetime
) -> TurnedAway | None:
    """Note what is a stranger's, was heard before, or is one of far too many; None for what is to be understood.

    Raises StoreError; it is then not noted and comes again.
    """
    with store.session() as session:
        unknown = incoming.token is not None and answered_message(session, athlete, channel, incoming) is None
        if not incoming.allowed or unknown:
            note_stranger(session, athlete, channel, incoming, now)
            return TurnedAway()
        if was_heard(session, athlete, channel, incoming.id):
            note_heard(session, athlete, channel, incoming, now, Outcome.TAKEN, None)
            return TurnedAway()
        if len(outcomes_since(session, athlete, channel, now - MANY_WITHIN)) >= MANY:
            note_heard(session, athlete, channel, incoming, now, Outcome.TOO_MANY, None)
            return TurnedAway(DirectAnswer("", quiet=True))
    return None


def answered_message(session: Session, athlete: str, channel: str, incoming: Incoming) -> Message | None:
    """The message that it answers, as its token or the channel's own reference tells."""
    if incoming.token is not None:
        return message_of_token(session, athlete, incoming.token)
    if incoming.reference:
        return message_of_reference(session, athlete, channel, incoming.reference)
    return None
