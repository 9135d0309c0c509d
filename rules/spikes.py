"""The load rules of one run: R1, R9, R2, R3, R6, R7, R8 (RULES 5.1); the hills are in `rules.hills`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.facts import TerrainClass
from rules.noted import Noted, repeated, within
from rules.outcome import Finding, Level, Number, PainState
from rules.policy import Policy
from rules.records import EPS, Around, Record, known, total

PAINFUL_STATES = frozenset({PainState.AMBER, PainState.RETURNING, PainState.RED, PainState.REFERRED})
WEEK_DAYS = 7
DRIFT_REPEAT_DAYS = 14
DRIFT_LEAST_S = 20 * 60
VOLUME, INTENSITY, TERRAIN = "volume", "intensity", "terrain"
DIMENSIONS = {
    "R1": VOLUME,
    "R3": VOLUME,
    "R9": VOLUME,
    "R6": INTENSITY,
    "R4": TERRAIN,
    "R5": TERRAIN,
    "R10up": TERRAIN,
    "R10down": TERRAIN,
}


@dataclass(slots=True)
class Case:
    """One run or walk under judgement with everything the rules may look at.

    `return_km` is L_ret where a return episode covers the run, else None, and `gap_days` the break before
    that episode. `hurt_at` is when the runner said that this run hurt. `earlier` are the findings before it,
    `found` its own so far.
    """

    record: Record
    windows: Around
    earlier: Sequence[Noted]
    policy: Policy
    pain_before: PainState
    hurt_at: datetime | None
    learning: bool
    weeks_known: bool
    terrain_weeks_known: bool
    return_km: float | None
    gap_days: int | None
    found: list[Noted] = field(default_factory=list)

    @property
    def painful(self) -> bool:
        return self.pain_before in PAINFUL_STATES or self.hurt_at is not None

    @property
    def all_noted(self) -> list[Noted]:
        return [*self.earlier, *self.found]

    def add(self, rule: str, level: Level, numbers: Mapping[str, Number], *, by_pain: bool = False) -> None:
        """Record a finding; `by_pain` if only the pain of this run made it so."""
        at = self.record.end
        if by_pain and self.hurt_at is not None and self.pain_before not in PAINFUL_STATES:
            at = max(at, self.hurt_at)
        finding = Finding(rule, level, self.record.subject, at, numbers, activity_id=self.record.id)
        self.found.append(Noted(finding, self.record.date))

    def own(self, *rules: str) -> bool:
        return any(one.rule in rules for one in self.found)

    def own_warn(self, *rules: str) -> bool:
        return any(one.rule in rules and one.warns for one in self.found)

    def add_unless_repeated(
        self,
        rule: str,
        level: Level,
        numbers: Mapping[str, Number],
        *,
        days: int = WEEK_DAYS,
        by_pain: bool = False,
    ) -> None:
        """Like `add`, unless the rule spoke within `days` dates at this level or above."""
        if not repeated(self.all_noted, rule, level, self.record.date, days):
            self.add(rule, level, numbers, by_pain=by_pain)


def same_terrain(case: Case, *, walks: bool = False) -> list[Record]:
    """Earlier runs (and walks) of 30 days that the hills of this one compare with."""
    source = case.record.terrain_source
    pool = (*case.windows.month, *case.windows.month_walks) if walks else case.windows.month
    return [record for record in pool if record.terrain_source == source]


def single_run(case: Case) -> None:
    """R1: one run against the longest of the 30 days before (Frandsen 2025, 10.1136/bjsports-2024-109380)."""
    policy, km, longest = case.policy.r1, case.record.km, case.windows.longest_km
    if len(case.windows.month) < policy.min_runs or km < policy.min_km - EPS:
        return
    if km - longest < policy.min_extra_km - EPS or km / longest <= policy.ratio + EPS:
        return
    ratio = km / longest
    numbers: dict[str, Number] = {
        "km": km,
        "longest_30d_km": longest,
        "ratio": ratio,
        "band": band(ratio, policy.bands),
    }
    case.add("R1", Level.WARN, numbers)


def band(ratio: float, bands: Sequence[float]) -> str:
    """The wording band of R1."""
    if ratio <= bands[0] + EPS:
        return "10-30"
    return "30-100" if ratio <= bands[1] + EPS else ">100"


def return_run(case: Case) -> None:
    """R9: a run of a return episode against the return size."""
    km, base = case.record.km, case.return_km
    if base is None or case.pain_before is PainState.RETURNING or km < case.policy.r1.min_km - EPS:
        return
    if km - base < case.policy.r1.min_extra_km - EPS or km / base <= case.policy.r9.ratio + EPS:
        return
    numbers: dict[str, Number] = {
        "km": km,
        "return_km": base,
        "ratio": km / base,
        "gap_days": case.gap_days or 0,
    }
    case.add("R9", Level.WARN, numbers)


def knee_run(case: Case) -> None:
    """R2: knee load of one run against the month's most."""
    record, policy = case.record, case.policy.r2
    peers = same_terrain(case)
    if (
        record.load.terrain_class is TerrainClass.NONE
        or len(peers) < case.policy.terrain.min_runs
        or record.km < case.policy.r1.min_km - EPS
    ):
        return
    easy = record.load.basis.easy_speed_mps if record.load.basis else None
    own = record.knee_load(easy)
    loads = [peer.knee_load(easy) for peer in peers]
    most_k1, most_k3 = max(load.k1 for load in loads), max(load.k3 for load in loads)
    if most_k1 <= 0 or most_k3 <= 0:
        return
    volume, peak = own.k1 / most_k1, own.k3 / most_k3
    if peak <= policy.note + EPS:
        return
    warns = (
        peak > policy.warn_k3 + EPS
        and volume > policy.warn_k1 + EPS
        and record.load.terrain_class is TerrainClass.MEASURED
    )
    numbers: dict[str, Number] = {
        "ratio": peak,
        "volume_ratio": volume,
        "knee_load": own.k1,
        "knee_load_peak": own.k3,
        "most_knee_load_30d": most_k1,
        "most_knee_load_peak_30d": most_k3,
        "terrain_class": record.load.terrain_class.value,
    }
    case.add("R2", Level.WARN if warns else Level.NOTE, numbers)


@dataclass(frozen=True, slots=True)
class WeekJump:
    """W7 against the usual week; `alone` if it is far above every recent one."""

    week_km: float
    usual_km: float
    highest_km: float
    ratio: float
    alone: bool


def week_jump(windows: Around, policy: Policy) -> WeekJump | None:
    """R3's note condition, of a run or of now; None where it does not hold."""
    blocks, week = windows.block_km, windows.week_km
    if min(blocks) <= EPS:
        return None
    usual, highest = sum(blocks) / 3, max(blocks)
    if week - usual < policy.r3.min_extra_km - EPS or week / usual <= policy.r3.note + EPS:
        return None
    alone = week > policy.r3.alone * highest + EPS and week - highest >= policy.r3.alone_extra_km - EPS
    return WeekJump(week, usual, highest, week / usual, alone)


def week(case: Case) -> None:
    """R3: the week, as context (principle 2)."""
    if not case.weeks_known or case.pain_before is PainState.RETURNING:
        return
    jump = week_jump(case.windows, case.policy)
    if jump is None:
        return
    date = case.record.date
    spiked = any(
        one.rule in ("R1", "R9") or (one.rule == "R2" and one.warns)
        for one in within(case.all_noted, date - WEEK_DAYS + 1, date)
    )
    steep = jump.ratio > case.policy.r3.warn + EPS
    warns = jump.alone or (steep and (spiked or case.painful))
    by_pain = warns and not jump.alone and not spiked
    numbers: dict[str, Number] = {
        "week_km": jump.week_km,
        "usual_week_km": jump.usual_km,
        "highest_week_km": jump.highest_km,
        "ratio": jump.ratio,
    }
    if jump.alone and not (steep and (spiked or case.painful)):
        numbers["alone"] = 1
    level = Level.WARN if warns else Level.NOTE
    case.add_unless_repeated("R3", level, numbers, by_pain=by_pain)


def intensity(case: Case) -> None:
    """R6: fast minutes of the week, or the first fast session of a month."""
    policy, own = case.policy.r6, case.record.load.fast_min
    if (
        own is None
        or len(known(run.load.fast_min for run in case.windows.month)) < case.policy.terrain.min_runs
    ):
        return
    recent = total(record.load.fast_min for record in case.windows.week)
    usual = sum(total(record.load.fast_min for record in block) for block in case.windows.blocks) / 3
    grown = recent > policy.ratio * usual + EPS and recent - usual >= policy.min_extra - EPS
    first = own >= policy.session_min - EPS and not any(
        run.load.fast_min is not None
        and run.load.fast_min >= policy.session_min - EPS
        and run.date >= case.record.date - policy.fresh_days
        for run in case.windows.month
    )
    if not grown and not first:
        return
    stacked = case.own("R1", "R9") or case.own_warn("R2", "R4")
    level = Level.WARN if stacked or case.painful else Level.NOTE
    numbers: dict[str, Number] = {"fast_7d_min": recent, "usual_fast_week_min": usual, "fast_min": own}
    if first:
        numbers["first"] = 1
    case.add_unless_repeated("R6", level, numbers, by_pain=level is Level.WARN and not stacked)


def stacked_change(case: Case) -> None:
    """R7: two dimensions rose within a week."""
    date = case.record.date
    recent = within(case.all_noted, date - WEEK_DAYS + 1, date)
    rose = {DIMENSIONS[one.rule] for one in recent if one.rule in DIMENSIONS}
    own = any(one.rule in DIMENSIONS for one in case.found)
    if own and len(rose) >= case.policy.r7.dims:
        case.add_unless_repeated("R7", Level.WARN, {"dimensions": "+".join(sorted(rose))})


def cadence_drift(case: Case) -> None:
    """R8: longer steps than usual, over the run or late in it (Willson 2014; Hagen 2023)."""
    running_s = case.record.load.running_s
    if running_s is None or running_s < DRIFT_LEAST_S - EPS:
        return
    drifts = known(case.record.drift)
    if not drifts or min(drifts) > case.policy.r8.drift + EPS:
        return
    whole = case.record.drift[0]
    numbers: dict[str, Number] = {"drift": min(drifts)}
    if whole is None or whole > case.policy.r8.drift + EPS:
        numbers["late"] = 1
    level = Level.WARN if case.painful else Level.NOTE
    case.add_unless_repeated("R8", level, numbers, days=DRIFT_REPEAT_DAYS, by_pain=level is Level.WARN)
