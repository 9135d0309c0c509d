"""One thing that came in on a channel: whose it is, which message it answers, what became of it (DESIGN 6).

What it means and how far the channel is read are stored in one transaction, so that a kill at any moment neither loses an
answer nor hears it twice. The direct answer follows; one that a kill has swallowed is made up for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.channels.contract import Incoming
from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.replies import Taken, take_answer
from daemon.store.conversation import (
    Outcome,
    Unconfirmed,
    message_of_reference,
    message_of_token,
    note_confirmation,
    note_heard,
    note_stranger,
    outcomes_since,
    was_heard,
)
from daemon.store.engine import Session, Store
from rules.confirmations import HELP, status_confirmation
from rules.facts import Prompt, ReplyKind, Side
from rules.outcome import Message

MANY, MANY_WITHIN = 30, timedelta(hours=1)
"""More answers of one channel than a person gives: the rest is kept, and not acted on."""
ASKED_BACK_WITHIN = timedelta(hours=12)
CONFIRMED_WITHIN = timedelta(hours=2)
"""A direct answer that comes later than this explains nothing any more."""


@dataclass(frozen=True, slots=True)
class DirectAnswer:
    """What the runner is to read at once; an empty text: nothing."""

    text: str
    quiet: bool


class HeardBeforeError(Exception):
    """The very same thing came in before; raised inside a transaction so that nothing of it is stored again."""


def take_incoming(
    store: Store,
    athlete: AthleteConfig,
    channel: str,
    incoming: Incoming,
    now: datetime,
    *,
    when: ReplyKind | None = None,
    side: Side | None = None,
    note: str = "",
    prompt: Prompt | None = None,
) -> DirectAnswer | None:
    """Take in one thing that came in. None where nobody waits for an answer: a stranger's, or one heard before.

    `when`, `side` and `note` are what a form asks for apart from the text, as in `take_answer`; `prompt` is the question that
    it showed, where that is another than the one of the message whose token came along.

    Raises StoreError; it is then not taken and comes again.
    """
    name = athlete.name
    with store.session() as session:
        about = _about(session, name, channel, incoming)
        if not incoming.allowed or (incoming.token is not None and about is None):
            note_stranger(session, name, channel, incoming, now)
            return None
        if was_heard(session, name, channel, incoming.id):
            note_heard(session, name, channel, incoming, now, Outcome.TAKEN, None)
            return None
        recent = outcomes_since(session, name, channel, now - MANY_WITHIN)
        if len(recent) >= MANY:
            note_heard(session, name, channel, incoming, now, Outcome.TOO_MANY, None)
            return DirectAnswer("", quiet=True)
        unclear = _unclear_in_a_row(outcomes_since(session, name, channel, now - ASKED_BACK_WITHIN))
    at = min(incoming.at, now)
    taken: Taken
    try:
        taken = take_answer(
            store,
            athlete,
            incoming.text,
            at,
            now,
            when=when,
            side=side,
            prompt=prompt or prompt_of(about),
            about=about,
            note=note,
            arrived=lambda session: _arrived(session, name, channel, incoming, now, about),
        )
    except HeardBeforeError:
        return None
    answer = DirectAnswer(taken.text, taken.quiet)
    if not taken.understood:
        answer = DirectAnswer((taken.text, HELP, "")[min(unclear, 2)], quiet=unclear > 0)
    with store.session() as session:
        _note_outcome(session, name, channel, incoming, answer, understood=taken.understood)
    return answer


def made_up_for(store: Store, athlete: AthleteConfig, waiting: Unconfirmed, now: datetime) -> DirectAnswer:
    """The direct answer of something whose own was never found: what was heard, and what is fine next."""
    if waiting.confirmation or waiting.outcome is not Outcome.TAKEN:
        return DirectAnswer(waiting.confirmation, waiting.quiet)
    assessment = look(store, athlete, now).assessment
    words = " ".join(waiting.incoming.text.split())
    return DirectAnswer(
        f'"{words[:40]}" noted. {status_confirmation(assessment, athlete.runner)}', quiet=True
    )


def _about(session: Session, athlete: str, channel: str, incoming: Incoming) -> Message | None:
    if incoming.token is not None:
        return message_of_token(session, athlete, incoming.token)
    if incoming.reference:
        return message_of_reference(session, athlete, channel, incoming.reference)
    return None


def prompt_of(about: Message | None) -> Prompt | None:
    """The question of a message, as it was stored when it went out."""
    question = about.question if about is not None else None
    if about is None or question is None:
        return None
    return Prompt(about.key, question.kind, about.due_at, question.expires_at, question.activity_id)


def _arrived(
    session: Session, athlete: str, channel: str, incoming: Incoming, now: datetime, about: Message | None
) -> None:
    key = None if about is None else about.key
    if not note_heard(session, athlete, channel, incoming, now, Outcome.TAKEN, key):
        raise HeardBeforeError


def _note_outcome(
    session: Session,
    athlete: str,
    channel: str,
    incoming: Incoming,
    answer: DirectAnswer,
    *,
    understood: bool,
) -> None:
    outcome = Outcome.TAKEN if understood else Outcome.UNCLEAR
    note_confirmation(
        session, athlete, channel, incoming.id, answer.text, quiet=answer.quiet, outcome=outcome
    )


def _unclear_in_a_row(outcomes: list[Outcome]) -> int:
    """How many of the newest were not understood: asked back once, helped once, then left alone."""
    count = 0
    for outcome in outcomes:
        if outcome is not Outcome.UNCLEAR:
            break
        count += 1
    return count
