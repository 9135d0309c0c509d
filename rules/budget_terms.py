"""The single terms of the longest next run (RULES 8, steps 5 to 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from rules.base import SORE, Base
from rules.core import Core
from rules.facts import Grade, TerrainClass
from rules.knee import KneeLoad, grade_factor
from rules.pain_state import SideState, calm_run, verdict_of
from rules.policy import Policy
from rules.records import EPS, Around, Record

TERRAIN_RUNS = 4


def _route(*grades_pct: float) -> KneeLoad:
    """Units per km at the easy speed over equal parts of these grades."""
    factors = [grade_factor(grade) for grade in grades_pct]
    return KneeLoad(sum(factors) / len(factors), sum(factor**2 for factor in factors) / len(factors))


FLAT = KneeLoad(1.0, 1.0)
ROLLING = _route(-5.0, 5.0)
DOWNHILL = _route(-10.0)


@dataclass(frozen=True, slots=True)
class Term:
    """One limit of the longest run: kilometres on the intended route, and what it is called in `binding`."""

    name: str
    km: float


def growth(cap: float, base: float, old: float) -> float:
    """The growth clock: only what was reached a week ago may grow."""
    return max(cap * old, min(cap, 1.0) * base)


def knee_terms(
    base: Base, cap: float, easy_mps: float, today: int, route: KneeLoad, policy: Policy
) -> Iterator[Term]:
    """K1 and K3 of the K set, as kilometres of the route."""
    runs = base.knee_runs
    if base.episode is not None or len(runs) < policy.terrain.min_runs:
        return
    loads = [run.knee_load(easy_mps) for run in runs]
    old = [load for run, load in zip(runs, loads, strict=True) if run.date <= today - policy.grow.days]
    for name, own, every, before in (
        ("knee_load", route.k1, [load.k1 for load in loads], [load.k1 for load in old]),
        ("knee_load_peak", route.k3, [load.k3 for load in loads], [load.k3 for load in old]),
    ):
        yield Term(name, growth(cap, max(every), max(before, default=0.0)) / own)


def comfort_terms(
    core: Core, cap: float, easy_mps: float, today: int, route: KneeLoad, policy: Policy
) -> Iterator[Term]:
    """T1 and T3: between the sizes that were fine and the size that hurt."""
    if not core.pain.answers:
        return
    runs = [run for run in core.records if not run.walk and run.date >= today - policy.t.days]
    verdicts = [(run, verdict_of(core.pain.answers, run.id)) for run in runs]
    sore = [run.knee_load(easy_mps) for run, verdict in verdicts if verdict in SORE]
    fine = [run.knee_load(easy_mps) for run, verdict in verdicts if verdict is Grade.GREEN]
    if not sore or len(fine) < policy.t.green_runs:
        return
    reach = max(cap, 1.0)
    for name, own, hurt, green in (
        ("comfort", route.k1, [load.k1 for load in sore], [load.k1 for load in fine]),
        ("comfort_peak", route.k3, [load.k3 for load in sore], [load.k3 for load in fine]),
    ):
        most, least = max(green), min(hurt)
        if least > most + EPS:
            yield Term(name, min(reach * most, policy.t.below * least) / own)
        else:
            yield Term(name, reach * median(sorted(green)[-3:]) / own)


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


def hurt_km(
    core: Core, windows: Around, easy_mps: float, route: KneeLoad, red_factor: float, policy: Policy
) -> float | None:
    """Step 9: the run that hurt is the ceiling; None if none did lately."""
    answers = core.pain.answers
    if not answers:
        return None
    recent = [run for run in core.records if not run.walk and run.date > windows.date - policy.hurt.days]
    calm_from = max((run.start for run in recent if calm_run(answers, run.id)), default=None)
    terms = []
    for run in recent:
        verdict = verdict_of(answers, run.id)
        if verdict not in SORE or (calm_from is not None and run.start <= calm_from):
            continue
        factor = red_factor if verdict is Grade.RED else policy.hurt.amber
        term = factor * run.km
        if run.load.terrain_class is not TerrainClass.NONE:
            load = run.knee_load(easy_mps)
            term = min(term, factor * load.k1 / route.k1, factor * load.k3 / route.k3)
        if verdict is Grade.AMBER and run.km >= policy.budget.floor_km - EPS:
            term = max(term, policy.budget.floor_km)
        terms.append(term)
    return min(terms, default=None)


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
