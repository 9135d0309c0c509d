"""Which findings become messages, when, and which stay silent (RULES 11).

`triage` is a pure function of what is known and what was already queued: calling it again with its answer among `sent`
says nothing new. What it leaves out is told by the weekly digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rules.desk import open_desk
from rules.digest import digest
from rules.facts import History
from rules.outcome import Assessment, Message, Sent
from rules.policy import Policy
from rules.questions import question_messages
from rules.reminders import strength_messages, time_off_messages
from rules.resolves import find_resolved, resolve_messages
from rules.run_messages import run_messages
from rules.timing import paused_at
from rules.urgent_messages import urgent_messages

AHEAD = timedelta(minutes=10)
"""A message is handed over so shortly before its time; until then the runner's next answer may make it untrue."""


def in_time(messages: Sequence[Message], now: datetime) -> tuple[tuple[Message, ...], datetime | None]:
    """(what is to be queued now, when the first of the others will be decided again): a warning that waits for its question
    or for the morning is decided when it goes, not before."""
    now = now.astimezone(UTC)
    later = [message.due_at for message in messages if message.due_at > now + AHEAD]
    return tuple(message for message in messages if message.due_at <= now + AHEAD), min(later, default=None)


def triage(
    assessment: Assessment,
    history: History,
    sent: Sequence[Sent],
    policy: Policy,
    now: datetime,
    *,
    offer: bool = False,
) -> tuple[Message, ...]:
    """The messages that should go next and are not among `sent`, most important first; `in_time` tells which of them now.

    `sent` are all messages queued so far, sent or not; other than alerts those older than 100 days may be left out.
    `offer` if the digest should offer to warn later (`rules.adaptation`).
    """
    desk = open_desk(assessment, history, sent, policy, now)
    paused = paused_at(desk.now, history.pauses)
    messages = list(urgent_messages(desk, paused=paused))
    if not paused:
        find_resolved(desk)
        for part in (run_messages, question_messages, time_off_messages, strength_messages, resolve_messages):
            messages += part(desk)
    weekly = digest(desk, offer=offer)
    if weekly is not None:
        messages.append(desk.accept(weekly))
    return tuple(messages)
