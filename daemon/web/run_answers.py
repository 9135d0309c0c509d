"""What the runner said about runs: answers by the run they are about, and questions that stayed open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from daemon.store.answers import prompts_about, replies_between
from daemon.store.engine import Session
from rules.core import zone_named
from rules.facts import (
    Activity,
    PainReply,
    Prompt,
    PromptKind,
    ReplyKind,
    RunLoad,
    Runner,
    TerrainClass,
)
from rules.gates import end_of, gate_reason
from rules.pain_fold import attributed
from rules.policy import Policy
from rules.records import record_of

REACH = timedelta(days=4)
"""How long after a run something is said about it."""
ABOUT_A_RUN = frozenset({ReplyKind.DURING, ReplyKind.AFTER, ReplyKind.MORNING, ReplyKind.SPOT})
_UNMEASURED = RunLoad(0.0, 0.0, None, None, None, None, None, None, TerrainClass.NONE)
_ANSWERS = {
    PromptKind.AFTER_RUN: ReplyKind.DURING,
    PromptKind.SETTLED: ReplyKind.AFTER,
    PromptKind.MORNING: ReplyKind.MORNING,
}
"""Questions about a run, and the answer that each wants."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said about a run in order of time, and the questions about it that nobody answered."""

    replies: tuple[PainReply, ...] = ()
    open: tuple[Prompt, ...] = ()


def answers_about(
    session: Session,
    athlete: str,
    activities: Sequence[Activity],
    later: Sequence[Activity],
    runner: Runner,
    policy: Policy,
) -> dict[str, list[PainReply]]:
    """Answers by the activity they are about (RULES 6), in order of time; of two to one question the last.

    `activities` lie next to each other and `later` follow them, all in order of start.
    """
    if not activities:
        return {}
    last = end_of(activities[-1])
    until = last + REACH
    replies = replies_between(session, athlete, activities[0].start, until)
    zone = zone_named(runner.timezone)
    records = [
        record_of(activity, _UNMEASURED, zone)
        for activity in (*activities, *later)
        if gate_reason(activity, policy) is None
    ]
    found: dict[str, dict[tuple[object, ...], PainReply]] = {activity.id: {} for activity in activities}
    for reply in replies:
        if reply.kind not in ABOUT_A_RUN:
            continue
        record = attributed(reply, records, policy)
        about = reply.activity_id if record is None else record.id
        if about is None or about not in found:
            continue
        day = reply.at.astimezone(zone).date() if reply.kind is ReplyKind.MORNING else None
        question = (reply.kind, reply.side, day, reply.id if reply.kind is ReplyKind.SPOT else "")
        found[about].pop(question, None)
        found[about][question] = reply
    return {run: list(kept.values()) for run, kept in found.items()}


def told_about(
    session: Session,
    athlete: str,
    activity: Activity,
    later: Sequence[Activity],
    runner: Runner,
    policy: Policy,
) -> Told:
    """What was said about one run, and what was asked in vain."""
    replies = answers_about(session, athlete, [activity], later, runner, policy)[activity.id]
    asked = prompts_about(session, athlete, activity.id, activity.start)
    kinds = {reply.kind for reply in replies}
    answered = {reply.prompt_id for reply in replies}
    unanswered = [
        prompt
        for prompt in asked
        if prompt.id not in answered and prompt.kind in _ANSWERS and _ANSWERS[prompt.kind] not in kinds
    ]
    return Told(tuple(replies), tuple(unanswered))
