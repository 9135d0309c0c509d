"""Questions that follow no run: the morning and the week (RULES 9, 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from rules.desk import Desk, told_by, worst_first
from rules.facts import PromptKind
from rules.limits import QUESTIONS, question_free_at
from rules.messages import question_text
from rules.outcome import Level, Message, MessageKind, PainState, PromptWanted
from rules.phrases import allowed_distance, capital, day, local_date
from rules.prompts import MORNING_LASTS

UNANSWERED_FOR = timedelta(days=3)
KNEE = "Knee?"
NAMES = {PromptKind.MORNING: "morning", PromptKind.WEEKLY: "weekly"}


def question_messages(desk: Desk) -> Iterator[Message]:
    """Accepts and yields the morning and weekly questions that are due now."""
    for prompt in desk.assessment.prompts:
        if prompt.kind in NAMES and prompt.due_at <= desk.now < prompt.due_at + MORNING_LASTS:
            message = _question(desk, prompt)
            if message is not None:
                yield desk.accept(message)


def under_knee(question: str) -> str:
    """The question below the title "Knee?", which has said the first word already."""
    return capital(question.removeprefix("Knee "))


def asked_on(desk: Desk, prompt: PromptWanted) -> bool:
    """Whether the question of this kind and date was queued, alone or on a warning."""
    weekly = prompt.kind is PromptKind.WEEKLY
    on = local_date(prompt.due_at, desk.runner)
    return any(
        message.kind is MessageKind.MORNING
        and message.key.startswith("ask:weekly:") == weekly
        and local_date(message.due_at, desk.runner) == on
        for message in desk.sent
    )


def opening(desk: Desk) -> str:
    """What a question begins with: the end of a bad spell, else what an unanswered question means for growth."""
    if desk.resolved:
        return " ".join(sentence for _, sentence in desk.resolved)
    return _unanswered(desk)


def take_resolved(desk: Desk) -> tuple[str, ...]:
    """Keys of the ends of bad spells that a question tells; they are told by it."""
    keys = tuple(key for key, _ in desk.resolved)
    desk.resolved.clear()
    return keys


def _unanswered(desk: Desk) -> str:
    """ "Tuesday unanswered, so no growth: up to 10.0 km." """
    figure = desk.assessment.budget.longest_run_km.flat
    if desk.assessment.pain.overall is not PainState.UNKNOWN or not figure:
        return ""
    last_reply = max((reply.at for reply in desk.history.replies), default=None)
    silent = [
        prompt.sent_at
        for prompt in desk.history.prompts
        if prompt.activity_id is not None
        and prompt.kind is not PromptKind.SETTLED
        and prompt.expires_at <= desk.now
        and desk.now - prompt.expires_at < UNANSWERED_FOR
        and not prompt.skipped
        and (last_reply is None or prompt.sent_at > last_reply)
        and not any(
            message.kind in QUESTIONS and message.due_at >= prompt.expires_at for message in desk.sent
        )
    ]
    if not silent:
        return ""
    when = capital(day(local_date(max(silent), desk.runner), local_date(desk.now, desk.runner)))
    return f"{when} unanswered, so no growth: up to {allowed_distance(figure, desk.runner)}."


def _question(desk: Desk, prompt: PromptWanted) -> Message | None:
    if asked_on(desk, prompt):
        return None
    due = question_free_at(desk.now, desk.sent, desk.policy, desk.runner)
    if due >= prompt.due_at + MORNING_LASTS:
        return None
    notes = [
        finding
        for finding in worst_first(desk.untold())
        if finding.level is Level.NOTE
        and finding.activity_id is not None
        and finding.activity_id == prompt.activity_id
        and finding.rule.startswith("R")
    ]
    text, shown = question_text(opening(desk), notes, desk.runner, under_knee(prompt.text))
    return Message(
        key=f"ask:{NAMES[prompt.kind]}:{local_date(prompt.due_at, desk.runner).isoformat()}",
        kind=MessageKind.MORNING,
        level=Level.ASK,
        title=KNEE,
        text=text,
        decided_at=desk.now,
        due_at=due,
        expires_at=prompt.due_at + MORNING_LASTS,
        findings=(*told_by(shown, notes), *take_resolved(desk)),
        question=replace(prompt, due_at=due),
    )
