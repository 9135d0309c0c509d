"""The grade of one answer (the first table of RULES 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.facts import Grade, PainReply, ReplyKind
from rules.pain_state import Answers, Morning, SideState
from rules.policy import Policy

BUTTON_ABOVE = {Grade.GREEN: 0, Grade.AMBER: 2, Grade.RED: 3}
"""A graded morning counts as this x for P4 and the clearing of states (RULES 9)."""

REPEAT_DAYS = 3
SEVERE_MORNING = 4


@dataclass(frozen=True, slots=True)
class Graded:
    """`above` is x of a morning or spot, delta of A60; `reason` says why where the number does not ("limp",
    "rising", "painkillers", "repeated", "lasting"); `severe` ends the hope for a short flare."""

    grade: Grade
    above: int | None = None
    reason: str = ""
    severe: bool = False


def grade_during(reply: PainReply, before: Answers | None, policy: Policy) -> Graded:
    """D and the weekly question; `before` are the answers about the previous run that has any."""
    if reply.limp:
        return Graded(Grade.RED, reason="limp", severe=True)
    if reply.score is None:
        grade = reply.grade or Grade.UNKNOWN
        return _masked(reply, Graded(grade, severe=grade is Grade.RED))
    if reply.score > policy.p1.amber:
        return Graded(Grade.RED, severe=True)
    if reply.score <= policy.p1.green:
        return _masked(reply, Graded(Grade.GREEN))
    rising = (
        before is not None
        and before.verdict is Grade.AMBER
        and before.during is not None
        and before.during < reply.score
    )
    return Graded(Grade.RED, reason="rising") if rising else Graded(Grade.AMBER)


def grade_after(reply: PainReply, before_level: int, policy: Policy) -> Graded:
    """A60: back to the level before the run within the hour, or how much above it."""
    if reply.score is None and reply.settled is None and reply.grade is not None:
        return _masked(reply, Graded(reply.grade))
    above = 1 if reply.score is None else max(1, reply.score - before_level)
    if reply.settled is None and reply.score is not None:
        # A number alone is the level now: it may be the one before the run.
        above = max(0, reply.score - before_level)
    delta = 0 if reply.settled else above
    if delta >= policy.p2.stop:
        return Graded(Grade.RED, delta)
    return _masked(reply, Graded(Grade.AMBER if delta >= policy.p2.warn else Grade.GREEN, delta))


def grade_morning(reply: PainReply, side: SideState, date: int, policy: Policy) -> Graded:
    """M, and a spot answer, which has no repetition rule."""
    if reply.score is None:
        grade = reply.grade or Grade.UNKNOWN
        above = BUTTON_ABOVE.get(grade, 0)
        if above >= policy.p3.warn and lasting(side, reply.at, policy):
            return Graded(Grade.RED, above, "lasting")
        return _masked(reply, Graded(grade, above))
    above = reply.score - side.baseline(date, policy)
    severe = reply.score > SEVERE_MORNING
    if above >= policy.p3.stop or reply.score >= policy.p3.stop_abs:
        return Graded(Grade.RED, above, severe=severe)
    if above >= policy.p3.warn and lasting(side, reply.at, policy):
        return Graded(Grade.RED, above, "lasting", severe)
    if above >= policy.p3.warn or reply.score >= policy.p3.amber_abs:
        return Graded(Grade.AMBER, above)
    previous = _previous(side, reply.at)
    if (
        reply.kind is ReplyKind.MORNING
        and above == 1
        and previous is not None
        and previous.above == 1
        and date - previous.date <= REPEAT_DAYS
    ):
        return Graded(Grade.AMBER, above, "repeated")
    return _masked(reply, Graded(Grade.GREEN, above))


def lasting(side: SideState, at: datetime, policy: Policy) -> bool:
    """Whether the open episode is as old as P4 warns about."""
    return side.flare is not None and at - side.flare.onset >= timedelta(hours=policy.p4.warn_h)


def _previous(side: SideState, at: datetime) -> Morning | None:
    return next((morning for morning in reversed(side.mornings) if morning.at < at), None)


def _masked(reply: PainReply, graded: Graded) -> Graded:
    """Painkillers mask pain: green becomes amber (RULES 1, claim 14)."""
    if reply.painkillers and graded.grade is Grade.GREEN:
        return Graded(Grade.AMBER, graded.above, "painkillers", graded.severe)
    return graded
