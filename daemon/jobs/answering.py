"""One thing that came in on a channel: whose it is, which message it answers, what became of it (DESIGN 6).

What it means and how far the channel is read are stored in one transaction, so that a kill at any moment neither loses an
answer nor hears it twice. The direct answer follows; one that a kill has swallowed is made up for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.channels.contract import Incoming
from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.jobs.incoming import DirectAnswer, answered_message, turned_away
from daemon.replies import Taken, take_answer
from daemon.store.conversation import (
    Outcome,
    note_confirmation,
    note_heard,
    outcomes_since,
)
from daemon.store.engine import Session, Store
from rules.confirmations import HELP, status_confirmation
from rules.facts import Prompt, ReplyKind, Side
from rules.outcome import Message

ASKED_BACK_WITHIN = timedelta(hours=12)


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
    if turned := turned_away(store, name, channel, incoming, now):
        return turned.answer
    with store.reading() as session:
        message = answered_message(session, name, channel, incoming)
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
            prompt=prompt or prompt_of(message),
            about=message,
            note=note,
            arrived=lambda session: _arrived(session, name, channel, incoming, now, message),
        )
    except HeardBeforeError:
        return None
    answer = DirectAnswer(taken.text, taken.quiet)
    if not taken.understood:
        answer = DirectAnswer((taken.text, HELP, "")[min(unclear, 2)], quiet=unclear > 0)
    with store.session() as session:
        _note_outcome(session, name, channel, incoming, answer, understood=taken.understood)
    return answer


def made_up_for(store: Store, athlete: AthleteConfig, incoming: Incoming, now: datetime) -> DirectAnswer:
    """The direct answer of something whose own was never found: what was heard, and what is fine next."""
    assessment = look(store, athlete, now).assessment
    words = " ".join(incoming.text.split())
    return DirectAnswer(
        f'"{words[:40]}" noted. {status_confirmation(assessment, athlete.runner)}', quiet=True
    )


def prompt_of(message: Message | None) -> Prompt | None:
    """The question of a message, as it was stored when it went out."""
    question = message.question if message is not None else None
    if message is None or question is None:
        return None
    return Prompt(message.key, question.kind, message.due_at, question.expires_at, question.activity_id)


def _arrived(
    session: Session, athlete: str, channel: str, incoming: Incoming, now: datetime, message: Message | None
) -> None:
    key = None if message is None else message.key
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
