"""Which findings become messages, when, and which stay silent (RULES 11).

`triage` is a pure function of what is known and what was already queued: calling it again with its answer among `sent`
says nothing new. What it leaves out is told by the weekly digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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


def triage(
    assessment: Assessment,
    history: History,
    sent: Sequence[Sent],
    policy: Policy,
    now: datetime,
    *,
    offer: bool = False,
) -> tuple[Message, ...]:
    """The messages that should be queued now and are not among `sent`, most important first.

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
