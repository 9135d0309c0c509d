"""The one front door of the rules: what is true of a runner at one instant (DESIGN 5).

`assess` folds a whole history; a caller that keeps a `State` calls `start`, `advance` and `judge` itself.
The same history gives the same answer in any order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as calendar_date

from rules.advice import advice, colour_of
from rules.budget import budget
from rules.core import Core
from rules.facts import Activity, History, PlannedRun, RunLoad, Runner
from rules.fold import Fact, OutOfOrder, order_key, ticked_core
from rules.gates import FUTURE_TOLERANCE
from rules.load_state import load_state
from rules.outcome import Assessment, Finding, Level, LoadState, PainState, StrengthPlan
from rules.policy import Policy
from rules.prompts import wanted
from rules.records import around
from rules.recovery import poor_recovery, recovery_days
from rules.state import State, with_fact
from rules.strength import plan
from rules.strength_findings import strength_findings
from rules.timeoff_findings import time_off
from rules.views import pain_view, talk_of, training_of

__all__ = ["OutOfOrder", "State", "advance", "assess", "facts_until", "fold", "judge", "start"]

SHOWN_DAYS = 60


def start(runner: Runner, policy: Policy) -> State:
    """The state of a runner of whom nothing is known yet."""
    del policy
    return State(Core(runner=runner, recent=History(runner=runner)))


def advance(state: State, fact: Fact | PlannedRun, policy: Policy, load: RunLoad | None = None) -> State:
    """The state with one more fact; `load` is an earlier `measure` of an activity, used only if it still
    fits.

    Facts of the last days may come in any order. Raises OutOfOrder where a fold from scratch is needed.
    """
    return with_fact(state, fact, policy, load)


def facts_until(history: History, now: datetime) -> Iterator[Fact]:
    """The facts of a history that count at `now`, in the order of the fold."""
    core = Core(runner=history.runner)
    facts: list[Fact] = [
        activity for activity in history.activities if activity.start <= now + FUTURE_TOLERANCE
    ]
    others: Iterable[Fact] = (
        *history.replies,
        *history.prompts,
        *history.strength,
        *history.nights,
        *history.pauses,
    )
    facts.extend(fact for fact in others if order_key(fact, core)[0] <= now)
    return iter(sorted(facts, key=lambda fact: order_key(fact, core)))


def fold(history: History, policy: Policy, now: datetime) -> State:
    """The state after every fact of a history up to `now`."""
    state = start(history.runner, policy)
    for fact in facts_until(history, now):
        load = history.loads.get(fact.id) if isinstance(fact, Activity) else None
        state = with_fact(state, fact, policy, load)
    return replace(state, planned=history.planned)


def assess(history: History, policy: Policy, now: datetime) -> Assessment:
    """Everything the rules say at `now` (an aware instant); facts after it are ignored.

    Findings cover the last two months, referrals until they are `seen`.
    """
    now = now.astimezone(UTC)
    assessment = judge(fold(history, policy, now), policy, now)
    ahead = {
        activity.id: "gate.date" for activity in history.activities if activity.start > now + FUTURE_TOLERANCE
    }
    return replace(assessment, excluded={**assessment.excluded, **ahead}) if ahead else assessment


def judge(
    state: State, policy: Policy, now: datetime, *, asks: bool = True, trains: bool = True
) -> Assessment:
    """What a state means at `now`, which is not before its last fact; without `asks` no questions are wanted
    and without `trains` no strength work is planned."""
    now = now.astimezone(UTC)
    core = ticked_core(state.core, now, policy)
    today = core.date(now)
    windows = around(core.records, today)
    load = load_state(core, windows, policy)
    held = today in recovery_days(
        core.recent.nights, core.recovery_days, core.recovery_checked, today, policy
    )
    fine = budget(core, now, load, policy, recovery_holds=held)
    view = pain_view(core, today, policy)
    training = training_of(core, state.planned, view, now, policy) if trains else None
    learning = core.experience.learning(today, policy)
    usual = sum(windows.block_km) / 3
    return Assessment(
        now=now,
        findings=tuple(_findings(core, now, today, load, policy, held=held))
        + (strength_findings(training, policy, now) if training else ()),
        pain=view,
        load=load,
        colour=colour_of(core.pain.overall, load),
        learning=learning,
        advice=advice(core, load, fine, today, policy),
        budget=fine,
        prompts=wanted(talk_of(core, view, load, now, policy), policy, now) if asks else (),
        strength=plan(training, policy, now) if training else StrengthPlan(),
        excluded={activity_id: reason for activity_id, _, reason in core.excluded},
        week_km=windows.week_km,
        usual_week_km=usual if core.experience.weeks_known(today) else None,
        counted=core.records,
    )


def _findings(
    core: Core, now: datetime, today: int, load: LoadState, policy: Policy, *, held: bool
) -> Iterator[Finding]:
    """Remembered findings in order of time, then those that only hold now."""
    seen = core.pain.seen
    shown = [
        one.finding
        for one in core.noted
        if one.date > today - SHOWN_DAYS or (one.rule == "P6" and (seen is None or seen < one.finding.at))
    ]
    yield from sorted(shown, key=lambda finding: finding.at)
    off = time_off(core, now, policy)
    if off is not None:
        yield off
    if held and core.pain.overall is PainState.GREEN and load is LoadState.GREEN:
        yield _recovery(core, today, policy)


def _recovery(core: Core, today: int, policy: Policy) -> Finding:
    """H1 as a note of its week: it holds growth and triggers nothing."""
    year, week, weekday = calendar_date.fromordinal(today).isocalendar()
    monday = calendar_date.fromordinal(today) - timedelta(days=weekday - 1)
    reason = poor_recovery(core.recent.nights, today, policy) or "sleep"
    return Finding(
        "H1",
        Level.NOTE,
        f"week:{year}-W{week:02d}",
        datetime.combine(monday, time(), core.zone).astimezone(UTC),
        {"reason": reason},
    )
