"""The core as the strength planner and the prompts see it (RULES 9, 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as calendar_date
from datetime import datetime, timedelta

from rules.core import Core
from rules.facts import Grade, PlannedRun
from rules.load_state import is_load_red
from rules.outcome import LoadState, PainState, PainView
from rules.pain_state import SideState, deciding_side, verdict_of
from rules.policy import Policy
from rules.prompts import AskedRun, Talk
from rules.strength import KneeDay, TrainedRun, Training
from rules.strength_log import doses_of, sessions_of
from rules.timing import first_seen_at

TALK_DAYS = 28
TRAINING_DAYS = 60
KNEE_DAYS = 8


def pain_view(core: Core, today: int, policy: Policy) -> PainView:
    side = deciding_side(core.pain.sides, policy)
    overall = core.pain.overall
    caps = side is not None and side.ladder_step is None and overall is PainState.RETURNING
    return PainView(
        overall=overall,
        sides={which: state.state for which, state in core.pain.sides.items()},
        baseline={which: state.baseline(today, policy) for which, state in core.pain.sides.items()},
        calm_runs=side.calm_runs if side else 0,
        stage_cap=side.stage_cap(policy) if caps and side else None,
    )


def talk_of(core: Core, view: PainView, load: LoadState, now: datetime, policy: Policy) -> Talk:
    """What the prompts look at; runs of four weeks in order of their ends."""
    since = now - timedelta(days=TALK_DAYS)
    today = core.date(now)
    seen = {activity.id: activity for activity in core.recent.activities if activity.start >= since}
    runs = [
        AskedRun(
            id=record.id,
            end=record.end,
            seen_at=first_seen_at(seen[record.id]),
            date=calendar_date.fromordinal(record.date),
            minutes=record.load.seconds / 60,
            km=record.km,
            walk=record.walk,
        )
        for record in core.records
        if record.id in seen
    ]
    side = deciding_side(core.pain.sides, policy)
    return Talk(
        runner=core.runner,
        runs=tuple(sorted(runs, key=lambda run: (run.end, run.id))),
        prompts=tuple(prompt for prompt in core.recent.prompts if prompt.sent_at >= since),
        replies=tuple(reply for reply in core.recent.replies if reply.at >= since),
        pauses=core.recent.pauses,
        findings=tuple(one.finding for one in core.noted if one.date > today - TALK_DAYS),
        pain=view,
        load=load,
        verdicts={
            run.id: verdict
            for run in runs
            if (verdict := verdict_of(core.pain.answers, run.id)) is not Grade.UNKNOWN
        },
        episode_open=any(state.flare is not None for state in core.pain.sides.values()),
        load_red_since=_load_red_since(core, today, policy) if load is LoadState.RED else None,
        ladder_step=side.ladder_step if side else None,
    )


def _load_red_since(core: Core, today: int, policy: Policy) -> calendar_date:
    """The first date of the red load that lasts until today."""
    date = today
    while is_load_red(core.noted, date - 1, today, policy):
        date -= 1
    return calendar_date.fromordinal(date)


def training_of(
    core: Core, planned: tuple[PlannedRun, ...], view: PainView, now: datetime, policy: Policy
) -> Training:
    """What the strength planner looks at."""
    since = now - timedelta(days=TRAINING_DAYS)
    noticed = {one.finding.activity_id for one in core.noted}
    runs = [
        TrainedRun(
            start=record.start,
            end=record.end,
            date=calendar_date.fromordinal(record.date),
            km=record.km,
            fast_min=record.load.fast_min,
            descent_m=record.load.descent_m,
            noticed=record.id in noticed,
        )
        for record in core.records
        if not record.walk and record.start >= since
    ]
    today = core.date(now)
    sides = tuple(core.pain.sides.values())
    green = view.overall is PainState.GREEN
    reds = [morning.date for side in sides for morning in side.mornings if morning.grade is Grade.RED]
    training = Training(
        runner=core.runner,
        sessions=tuple(sessions_of(core.recent, since, policy)),
        runs=tuple(runs),
        planned=planned,
        pauses=core.recent.pauses,
        pain=view,
        days=_knee_days(core, sides, view, today),
        green_since=_green_since(core, sides) if green else None,
        red_morning=calendar_date.fromordinal(max(reds)) if reds else None,
    )
    return replace(training, doses=doses_of(core, training, policy)) if core.recent.strength else training


def _green_since(core: Core, sides: tuple[SideState, ...]) -> calendar_date | None:
    entered = [side.entered for side in sides if side.entered is not None]
    return calendar_date.fromordinal(core.date(max(entered))) if entered else None


def _knee_days(core: Core, sides: tuple[SideState, ...], view: PainView, today: int) -> tuple[KneeDay, ...]:
    states = {day: (state, calm) for day, state, calm in core.pain.days}
    states[today] = (view.overall, view.calm_runs)
    mornings = sorted(
        (morning.at, morning.date, morning.score)
        for side in sides
        for morning in side.mornings
        if morning.score is not None
    )
    return tuple(
        KneeDay(
            date=calendar_date.fromordinal(day),
            state=states[day][0],
            last_morning=next((score for _, date, score in reversed(mornings) if date <= day), None),
            calm_runs=states[day][1],
        )
        for day in range(today - KNEE_DAYS + 1, today + 1)
        if day in states
    )
