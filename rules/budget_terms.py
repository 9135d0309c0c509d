"""The single terms of the longest next run (RULES 8, steps 5 to 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from statistics import median

from rules.base import SORE, Base
from rules.core import Core
from rules.facts import Grade, TerrainClass
from rules.knee import KneeLoad, grade_factor
from rules.pain_state import SideState, calm_run, verdict_of
from rules.policy import Policy
from rules.records import EPS, Record


def _route(*grades_pct: float) -> KneeLoad:
    """Units per km at the easy speed over equal parts of these grades."""
    factors = [grade_factor(grade) for grade in grades_pct]
    return KneeLoad(sum(factors) / len(factors), sum(factor**2 for factor in factors) / len(factors))


FLAT = KneeLoad(1.0, 1.0)
ROLLING = _route(-5.0, 5.0)
DOWNHILL = _route(-10.0)


@dataclass(frozen=True, slots=True)
class Term:
    """One limit of the longest run, as kilometres and as units of knee load that the route may use up; `name` is what it is
    called in `binding`."""

    name: str
    km: float = inf
    k1: float = inf
    k3: float = inf

    def on(self, route: KneeLoad) -> float:
        """Kilometres on a route with these units per km."""
        return min(self.km, self.k1 / route.k1, self.k3 / route.k3)


def growth(cap: float, base: float, old: float) -> float:
    """The growth clock: only what was reached a week ago may grow."""
    return max(cap * old, min(cap, 1.0) * base)


def knee_terms(base: Base, cap: float, easy_mps: float, today: int, policy: Policy) -> Iterator[Term]:
    """K1 and K3 of the K set."""
    runs = base.knee_runs
    if base.episode is not None or len(runs) < policy.terrain.min_runs:
        return
    loads = [run.knee_load(easy_mps) for run in runs]
    old = [load for run, load in zip(runs, loads, strict=True) if run.date <= today - policy.grow.days]
    old.append(KneeLoad(0.0, 0.0))
    k1 = growth(cap, max(load.k1 for load in loads), max(load.k1 for load in old))
    k3 = growth(cap, max(load.k3 for load in loads), max(load.k3 for load in old))
    yield Term("knee_load", k1=k1)
    yield Term("knee_load_peak", k3=k3)


def comfort_terms(
    records: Sequence[Record],
    verdicts: Mapping[str, Grade],
    cap: float,
    easy_mps: float,
    today: int,
    policy: Policy,
) -> Iterator[Term]:
    """T1 and T3: between the sizes that were fine and the size that hurt."""
    runs = [
        run for run in records if not run.walk and run.date >= today - policy.t.days and run.id in verdicts
    ]
    sore = [run.knee_load(easy_mps) for run in runs if verdicts[run.id] in SORE]
    if not sore:
        return
    fine = [run.knee_load(easy_mps) for run in runs if verdicts[run.id] is Grade.GREEN]
    if len(fine) < policy.t.green_runs:
        return
    reach = max(cap, 1.0)
    yield Term("comfort", k1=_comfort([load.k1 for load in sore], [load.k1 for load in fine], reach, policy))
    yield Term(
        "comfort_peak", k3=_comfort([load.k3 for load in sore], [load.k3 for load in fine], reach, policy)
    )


def _comfort(sore: Sequence[float], fine: Sequence[float], reach: float, policy: Policy) -> float:
    most, least = max(fine), min(sore)
    if least > most + EPS:
        return min(reach * most, policy.t.below * least)
    return reach * median(sorted(fine)[-3:])


def is_hard(core: Core, run: Record, today: int, policy: Policy) -> bool:
    """A long race or a large spike of the last days."""
    if today - run.date > policy.race.days:
        return False
    if run.race and run.km >= policy.race.km - EPS:
        return True
    return any(
        one.finding.activity_id == run.id
        and one.rule in ("R1", "R9")
        and float(one.finding.numbers["ratio"]) > policy.race.ratio + EPS
        for one in core.noted
    )


def returning_km(core: Core, side: SideState, base: Base, policy: Policy) -> float | None:
    """The one term of RETURNING (step 8), flat; None where nothing is known to return to."""
    calm = max(
        (
            run.km
            for run in core.records
            if not run.walk
            and side.entered is not None
            and run.end > side.entered
            and calm_run(core.pain.answers, run.id)
        ),
        default=0.0,
    )
    first, before = side.first_cap(policy), side.base_pre_km
    reached = max(base.return_km or 0.0, policy.ret.grow * calm, first * (before or 0.0))
    if before is None:
        return reached or None
    return min(side.stage_cap(policy) * before, reached)


@dataclass(frozen=True, slots=True)
class Hurt:
    """A run that hurt, as the ceiling of the next: `least_km` is what it never cuts below."""

    term: Term
    least_km: float

    def on(self, route: KneeLoad) -> float:
        return max(self.term.on(route), self.least_km)


def hurt_runs(
    core: Core, verdicts: Mapping[str, Grade], easy_mps: float, today: int, red_factor: float, policy: Policy
) -> tuple[Hurt, ...]:
    """Step 9: the sore runs of two weeks since the newest calm one."""
    if not verdicts:
        return ()
    recent = [run for run in core.records if not run.walk and run.date > today - policy.hurt.days]
    calm_from = max((run.start for run in recent if calm_run(core.pain.answers, run.id)), default=None)
    found = []
    for run in recent:
        verdict = verdicts.get(run.id)
        if verdict not in SORE or (calm_from is not None and run.start <= calm_from):
            continue
        factor = red_factor if verdict is Grade.RED else policy.hurt.amber
        term = Term("hurt", km=factor * run.km)
        if run.load.terrain_class is not TerrainClass.NONE:
            load = run.knee_load(easy_mps)
            term = replace(term, k1=factor * load.k1, k3=factor * load.k3)
        floored = verdict is Grade.AMBER and run.km >= policy.budget.floor_km - EPS
        found.append(Hurt(term, policy.budget.floor_km if floored else 0.0))
    return tuple(found)


def rest_over(core: Core, end: datetime, hours: float) -> int:
    """The local date on which so many hours have passed since an end."""
    return core.date(end + timedelta(hours=hours))


def green_runs_since(core: Core, instant: datetime, runs: Sequence[Record]) -> int:
    """Runs with verdict green that ended after an instant."""
    return sum(
        1
        for run in runs
        if not run.walk and run.end > instant and verdict_of(core.pain.answers, run.id) is Grade.GREEN
    )
