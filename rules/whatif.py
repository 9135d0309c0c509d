"""What a run would mean if it were the next one: `check` (DESIGN 7).

The run is put into the fold as if it had just been run, on terrain known as well as the runner's last run, so that every rule
compares it as it would compare the real one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rules.assess import advance, judge
from rules.budget import longest_on, terms_on
from rules.estimates import estimates_for
from rules.facts import Activity, Estimates, Family, TerrainClass
from rules.fold import ticked_core
from rules.knee import KneeLoad
from rules.load import measure
from rules.outcome import Assessment, Finding, LoadState
from rules.policy import Policy
from rules.records import Record
from rules.state import State

WHAT_IF = "what-if"
EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Planned:
    """The run that is asked about; `None` hills count as flat."""

    km: float
    descent_m: float = 0.0
    climb_m: float = 0.0
    fast_min: float = 0.0


class Verdict(StrEnum):
    """What is to be said of a planned run, in one word."""

    UNKNOWN = "unknown"
    FITS = "fits"
    OVER = "over"
    TOO_SOON = "too_soon"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`findings` are what the run would raise, `longest_km` what is fine on such a route, `over` which figures it passes:
    "distance", "descent", "fast", "week", "too_soon". `terms` is everything that limits the distance on such a route, by its
    name in `binding`, shortest first."""

    planned: Planned
    before: Assessment
    longest_km: float | None
    binding: str
    findings: tuple[Finding, ...]
    load_after: LoadState
    over: tuple[str, ...]
    terms: tuple[tuple[str, float], ...] = ()

    @property
    def verdict(self) -> Verdict:
        """STOPPED where no distance at all is fine, TOO_SOON where only the day is wrong."""
        if self.longest_km is None:
            return Verdict.UNKNOWN
        if self.longest_km <= 0:
            return Verdict.STOPPED
        if not self.over:
            return Verdict.FITS
        return Verdict.TOO_SOON if self.over == ("too_soon",) else Verdict.OVER


def what_if(
    state: State, policy: Policy, now: datetime, planned: Planned, before: Assessment | None = None
) -> WhatIf:
    """What the rules would say about this run, run now; `before` is how they judge the state now, where that is known
    already. Raises OutOfOrder as `advance` does."""
    now = now.astimezone(UTC)
    before = before or judge(state, policy, now)
    activity = _activity(state, policy, now, planned)
    load = measure(activity, _estimates(state, policy, now), policy)
    per_km = KneeLoad((load.k1 or 0.0) / planned.km, (load.k3 or 0.0) / planned.km)
    core = ticked_core(state.core, now, policy)
    # H1 is among the findings exactly while poor nights hold the budget.
    held = any(finding.rule == "H1" for finding in before.findings)
    longest, binding = longest_on(core, now, before.load, policy, per_km, recovery_holds=held)
    newest = _newest_run(state)
    known = newest is not None and newest.load.terrain_class is TerrainClass.MEASURED
    given = replace(
        load,
        terrain_class=TerrainClass.MEASURED if known else load.terrain_class,
        steep_min=0.0 if known else load.steep_min,
        fast_min=planned.fast_min,
        basis=None,
    )
    end = now + timedelta(seconds=load.seconds)
    after = advance(state, activity, policy, given)
    found = judge(after, policy, end, asks=False, trains=False)
    return WhatIf(
        planned=planned,
        before=before,
        longest_km=longest,
        binding=binding,
        findings=tuple(finding for finding in found.findings if finding.activity_id == WHAT_IF),
        load_after=found.load,
        over=tuple(_over(planned, before, longest, now, state)),
        terms=terms_on(core, now, before.load, policy, per_km, recovery_holds=held),
    )


def _over(
    planned: Planned, before: Assessment, longest_km: float | None, now: datetime, state: State
) -> list[str]:
    budget = before.budget
    today = now.astimezone(state.core.zone).date()
    figures = (
        ("distance", planned.km, longest_km),
        ("descent", planned.descent_m, budget.descent_m),
        ("fast", planned.fast_min, budget.fast_min),
        ("week", planned.km, budget.week_km),
    )
    over = [name for name, wanted, left in figures if left is not None and wanted > left + EPS]
    if budget.not_before is not None and budget.not_before > today:
        over.append("too_soon")
    return over


def _activity(state: State, policy: Policy, now: datetime, planned: Planned) -> Activity:
    """The run at the runner's easy speed, with the device of the last one, so that hills are compared."""
    newest = _newest_run(state)
    metres = planned.km * 1000
    seconds = metres / _estimates(state, policy, now).easy_speed_mps
    return Activity(
        id=WHAT_IF,
        family=Family.RUN,
        sport="run",
        start=now,
        distance_m=metres,
        moving_s=seconds,
        elapsed_s=seconds,
        ascent_m=planned.climb_m,
        descent_m=planned.descent_m,
        source=newest.source if newest else "",
        device=newest.device if newest else None,
    )


def _newest_run(state: State) -> Record | None:
    return next((record for record in reversed(state.core.records) if not record.walk), None)


def _estimates(state: State, policy: Policy, now: datetime) -> Estimates:
    core = state.core
    return estimates_for(core.records, core.hearts, core.runner, core.date(now), policy)
