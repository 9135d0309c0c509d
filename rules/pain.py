"""The pain machine: how a side's state moves (the second table of RULES 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.facts import Grade, ReplyKind
from rules.grading import Graded
from rules.outcome import PainState
from rules.pain_state import EPS, Answers, Flare, Morning, SideState
from rules.policy import Policy

LADDER_SESSIONS = (1, 2, 2, 2, 2, 3)
"""Calm sessions that finish each step L0 to L5; L0 counts green mornings."""

MORNINGS_KEPT_DAYS = 60
USUAL_KEPT = 32
FLARE_ENTRY = frozenset({PainState.UNKNOWN, PainState.GREEN, PainState.AMBER})
AMBER_CLEARS_AFTER = timedelta(days=7)
MORNING_KINDS = frozenset({ReplyKind.MORNING, ReplyKind.SPOT})


@dataclass(frozen=True, slots=True)
class Event:
    """A graded answer of one side. `run_id`, `run_end` and `answers` tell of the run it belongs to, if any;
    `onset` is when an episode that it opens began; `base_km` gives base_pre should a flare begin here."""

    at: datetime
    date: int
    kind: ReplyKind
    score: int | None
    graded: Graded
    onset: datetime
    base_km: Callable[[], float | None]
    run_id: str | None = None
    run_end: datetime | None = None
    answers: Answers | None = None


def stale_at(side: SideState, policy: Policy) -> datetime | None:
    """When silence makes this side UNKNOWN; None if it never does."""
    days = {
        PainState.GREEN: policy.pain.green_stale_days,
        PainState.AMBER: policy.pain.amber_stale_days,
        PainState.RED: policy.pain.red_stale_days,
        PainState.RETURNING: policy.pain.red_stale_days,
    }.get(side.state)
    if days is None or side.last_reply is None:
        return None
    return side.last_reply + timedelta(days=days)


def to_unknown(side: SideState, at: datetime) -> SideState:
    """Silence: nothing is claimed any more, and a flare's frozen base is let go."""
    return replace(
        side, state=PainState.UNKNOWN, entered=at, base_pre_km=None, ladder_step=None, ladder_calm=0
    )


def to_referred(side: SideState, at: datetime, base_km: Callable[[], float | None]) -> SideState:
    """A checklist item that stops everything until `cleared`."""
    side = replace(side, last_reply=at)
    if side.state is PainState.REFERRED:
        return side
    if side.state in FLARE_ENTRY:
        side = replace(side, base_pre_km=base_km(), flare_from=at)
    return replace(side, state=PainState.REFERRED, entered=at, ladder_step=None, ladder_calm=0)


def cleared(side: SideState, at: datetime) -> SideState:
    """`cleared` ends REFERRED and counts as a red grade for every later clock; elsewhere it is only an
    answer."""
    side = replace(side, last_reply=at)
    if side.state is not PainState.REFERRED:
        return side
    return replace(
        side,
        state=PainState.RETURNING,
        entered=at,
        last_red=at,
        severe=False,
        settled=None,
        from_referral=True,
        calm_runs=0,
        counted=frozenset(),
        ladder_step=None,
    )


def advanced(side: SideState, event: Event, policy: Policy) -> SideState:
    """The side after a graded answer."""
    before = side
    side = replace(side, last_reply=event.at)
    if event.kind in MORNING_KINDS:
        side = _with_morning(side, event, policy)
    match event.graded.grade:
        case Grade.RED:
            side = _red(side, event, policy)
        case Grade.AMBER:
            side = replace(_amber(side, event, policy), last_amber=event.at)
        case Grade.GREEN:
            side = _green(side, event)
    if (
        event.kind is ReplyKind.MORNING
        and event.graded.above is not None
        and event.graded.grade is not Grade.RED
    ):
        if side.settled is None and event.graded.above <= policy.pain.back:
            side = replace(side, settled=event.at)
        if before.state is PainState.RED:
            side = _leave_red(side, event, policy)
        elif before.state is PainState.RETURNING:
            side = _count_calm(side, event, policy)
    return side


def is_second_red(side: SideState, policy: Policy) -> bool:
    """Whether the last entry into RED was the second or later within `p6.second_red_days`."""
    if len(side.red_entries) < 2:
        return False
    return side.red_entries[-1] - side.red_entries[-2] <= timedelta(days=policy.p6.second_red_days)


def _with_morning(side: SideState, event: Event, policy: Policy) -> SideState:
    above, grade = event.graded.above, event.graded.grade
    if above is None:
        return side
    if event.kind is ReplyKind.MORNING:
        morning = Morning(event.at, event.date, event.score, above, grade)
        kept = tuple(one for one in side.mornings if one.date > event.date - MORNINGS_KEPT_DAYS)
        side = replace(side, mornings=(*kept, morning))
        if event.score is not None and above <= policy.pain.back:
            side = replace(side, usual=(*side.usual, (event.date, event.score))[-USUAL_KEPT:])
    sore = above >= policy.p3.warn or grade is Grade.RED
    if sore and side.flare is None:
        return replace(side, flare=Flare(event.onset))
    if above <= policy.pain.back and not sore:
        return replace(side, flare=None)
    return side


def _red(side: SideState, event: Event, policy: Policy) -> SideState:
    severe = side.severe or event.graded.severe
    side = replace(side, last_red=event.at, settled=None, severe=severe)
    if side.state in (PainState.RED, PainState.REFERRED):
        return side
    entries = (*side.red_entries[-3:], event.at)
    if side.state in FLARE_ENTRY:
        side = replace(side, base_pre_km=event.base_km(), flare_from=event.at)
    step = side.ladder_step
    if step is not None:
        step = max(0, step - 2)
    return replace(
        side,
        state=PainState.RED,
        entered=event.at,
        red_entries=entries,
        severe=event.graded.severe,
        from_referral=False,
        ladder_step=step,
        ladder_calm=0,
    )


def _amber(side: SideState, event: Event, policy: Policy) -> SideState:
    severe = side.severe or event.graded.severe
    side = replace(side, severe=severe)
    if side.state in (PainState.UNKNOWN, PainState.GREEN):
        return replace(side, state=PainState.AMBER, entered=event.at)
    if side.state is PainState.RETURNING:
        if side.ladder_step is not None:
            return replace(side, ladder_step=max(0, side.ladder_step - 1), ladder_calm=0)
        return replace(side, calm_runs=max(0, side.calm_runs - 1))
    return side


def _green(side: SideState, event: Event) -> SideState:
    if side.state is PainState.UNKNOWN:
        return replace(side, state=PainState.GREEN, entered=event.at)
    if side.state is PainState.AMBER and event.kind is ReplyKind.MORNING and side.last_amber is not None:
        calm = (
            event.answers is not None
            and event.answers.calm
            and event.run_end is not None
            and event.run_end > side.last_amber
        )
        if calm or event.at - side.last_amber >= AMBER_CLEARS_AFTER:
            return replace(side, state=PainState.GREEN, entered=event.at)
    return side


def _leave_red(side: SideState, event: Event, policy: Policy) -> SideState:
    """RED ends with a calm enough morning, long enough after the last red grade."""
    above = event.graded.above
    if above is None or above > policy.pain.back or side.last_red is None:
        return side
    if event.score is not None and event.score > policy.pain.return_max:
        return side
    if event.at - side.last_red < timedelta(hours=policy.pain.rest_h):
        return side
    step = side.ladder_step
    if step is None and is_second_red(side, policy):
        step = 0
    return replace(
        side,
        state=PainState.RETURNING,
        entered=event.at,
        calm_runs=0,
        counted=frozenset(),
        ladder_step=step,
        ladder_calm=0,
    )


def _count_calm(side: SideState, event: Event, policy: Policy) -> SideState:
    """One more calm run, or green morning on the first step of the ladder."""
    if side.state is not PainState.RETURNING:
        return side
    if side.ladder_step == 0:
        return _climbed(side) if event.graded.grade is Grade.GREEN else side
    if event.run_id is None or event.run_end is None or event.answers is None or not event.answers.calm:
        return side
    marks = (side.entered, side.last_amber, side.last_red)
    if event.run_id in side.counted or any(mark is not None and event.run_end <= mark for mark in marks):
        return side
    side = replace(side, counted=side.counted | {event.run_id})
    if side.ladder_step is not None:
        return _climbed(side)
    side = replace(side, calm_runs=side.calm_runs + 1)
    if side.stage_cap(policy) >= 1.0 - EPS:
        return replace(side, state=PainState.GREEN, entered=event.at, base_pre_km=None)
    return side


def _climbed(side: SideState) -> SideState:
    """One session done on the ladder; after its last step the caps begin with n = 0."""
    step = side.ladder_step or 0
    if side.ladder_calm + 1 < LADDER_SESSIONS[step]:
        return replace(side, ladder_calm=side.ladder_calm + 1)
    if step + 1 < len(LADDER_SESSIONS):
        return replace(side, ladder_step=step + 1, ladder_calm=0)
    return replace(side, ladder_step=None, ladder_calm=0, calm_runs=0)
