"""The end of a bad spell, told once and only if its start was (RULES 11.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from rules.desk import Desk
from rules.facts import PromptKind
from rules.limits import push_free_at
from rules.load_state import is_load_red
from rules.messages import next_sentence, sentences
from rules.noted import LOAD_RULES, Noted
from rules.outcome import Finding, Level, LoadState, Message, MessageKind, PainState
from rules.phrases import local_date

REMEMBERED = timedelta(days=90)
NEXT_QUESTION = timedelta(hours=6)
RESOLVE_LASTS = timedelta(days=1)
RED_ENDED_DAYS = 3
STARTS = ("stop:", "halt:", "emergency:")
STOPPED = frozenset({PainState.RED, PainState.REFERRED})
SETTLED = "The knee has settled: running is open again."
SETTLED_TO_STEPS = "The knee has settled: the way back begins step by step."
CLEARED = "You told us you are cleared: running is open again."
NORMAL = "Your answers are back to normal."
LOAD_OVER = "The high load is behind you."


def find_resolved(desk: Desk) -> None:
    """Puts the ends of bad spells that nobody was told of on the desk."""
    for key, sentence in (*_pain(desk), *_load(desk)):
        if key not in desk.told and not desk.was_sent(key):
            desk.resolved.append((key, sentence))


def resolve_messages(desk: Desk) -> Iterator[Message]:
    """Accepts and yields them, unless a question within six hours can carry them."""
    if not desk.resolved or _question_soon(desk):
        return
    due = push_free_at(desk.now, desk.sent, desk.policy, desk.runner)
    if due is None:
        return
    first, *others = [key for key, _ in desk.resolved]
    spoken = [sentence for _, sentence in desk.resolved]
    desk.resolved.clear()
    yield desk.accept(
        Message(
            key=first,
            kind=MessageKind.RESOLVE,
            level=Level.NOTE,
            title="Calm again",
            text=sentences(*spoken, next_sentence(desk.assessment, desk.runner)),
            decided_at=desk.now,
            due_at=due,
            expires_at=due + RESOLVE_LASTS,
            findings=tuple(others),
        )
    )


def _question_soon(desk: Desk) -> bool:
    return any(
        prompt.kind in (PromptKind.AFTER_RUN, PromptKind.MORNING)
        and timedelta() <= prompt.due_at - desk.now <= NEXT_QUESTION
        for prompt in desk.assessment.prompts
    )


def _pain(desk: Desk) -> Iterator[tuple[str, str]]:
    """RED or REFERRED became RETURNING; RETURNING became GREEN."""
    starts = [
        message
        for message in desk.sent
        if message.key.startswith(STARTS) and desk.now - message.due_at <= REMEMBERED
    ]
    if not starts:
        return
    start = max(starts, key=lambda message: (message.due_at, message.key))
    name = start.key.split("#")[0]
    returning = f"resolve:returning:{name}"
    state = desk.assessment.pain.overall
    if state is PainState.RETURNING:
        settled = SETTLED if desk.assessment.budget.ladder_step is None else SETTLED_TO_STEPS
        yield returning, settled if start.key.startswith("stop:") else CLEARED
    elif state is PainState.GREEN and (returning in desk.told or desk.was_sent(returning)):
        yield f"resolve:green:{name}", NORMAL


def _load(desk: Desk) -> Iterator[tuple[str, str]]:
    """A red load state ended in the last days, and one of the warnings that made it red had been pushed."""
    # A load that is over cancels no pain: nothing is calm while running is stopped.
    if desk.assessment.load is LoadState.RED or desk.assessment.pain.overall in STOPPED:
        return
    if not any(message.alert for message in desk.sent):
        return
    today = desk.now.astimezone(desk.zone).toordinal()
    noted = tuple(_noted(one) for one in desk.assessment.findings if one.rule in LOAD_RULES)
    last_red = next(
        (
            day
            for day in range(today - 1, today - 1 - RED_ENDED_DAYS, -1)
            if is_load_red(noted, day, today, desk.policy)
        ),
        None,
    )
    if last_red is None:
        return
    causes = {one.finding.key for one in noted if last_red - desk.policy.load.red_days < one.date <= last_red}
    if any(
        message.alert
        and causes.intersection(message.findings)
        and local_date(message.due_at, desk.runner).toordinal() <= last_red
        for message in desk.sent
    ):
        yield f"resolve:load:{date.fromordinal(last_red).isoformat()}", LOAD_OVER


def _noted(finding: Finding) -> Noted:
    """With the local date that its subject names: "run:2026-06-07T09:00:00+02:00"."""
    day = finding.subject.split(":", 1)[1][:10]
    return Noted(finding, date.fromisoformat(day).toordinal())
