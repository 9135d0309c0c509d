"""Where the knee load of one run came from: along the way, and by slope, pace and steps (RULES 3, 4).

Every second carries the load per metre of its own cell of the histogram, so that any parts of a run add up to exactly what the
rules compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.facts import Activity, Bin, Estimates, Family, HistogramKey, RunLoad, TerrainClass
from rules.knee import (
    WALKING_K1_PER_KM,
    WALKING_K3_PER_KM,
    KneeLoad,
    load_per_km,
    running_cell_per_km,
    usual_cadence_spm,
)
from rules.load import summary_slopes
from rules.policy import Policy
from rules.profile import CADENCE_KNOWN_SPM, COUNTED_SPEED_MMPS
from rules.series import Columns

LEVEL_PCT = 1.0
"""Up to so much either way is flat (RULES 3.1 step 7)."""
EASY_WITHIN = 0.07
"""So near the easy speed is easy; the threshold speed lies at least 15 % above it."""
NO_LOAD = KneeLoad(0.0, 0.0)
WALKING_PER_KM = KneeLoad(WALKING_K1_PER_KM, WALKING_K3_PER_KM)


class Slope(StrEnum):
    CLIMBING = "climbing"
    FLAT = "flat"
    GENTLE = "gentle downhill"
    STEEP = "steep downhill"
    WALKING = "walking"


class Pace(StrEnum):
    FAST = "fast"
    QUICK = "quicker"
    EASY = "easy"
    SLOW = "slower"
    WALKING = "walking"


class Steps(StrEnum):
    LONG = "longer"
    USUAL = "usual"
    SHORT = "shorter"
    UNKNOWN = "unknown"
    WALKING = "walking"


type Kind = Slope | Pace | Steps


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of running added: metres, seconds, and units of knee load, by volume and peak-weighted."""

    kind: Kind
    metres: float
    seconds: float
    k1: float
    k3: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the way. `metres` and `seconds` are those that count, `rise_m` is how much higher its end lies than its
    beginning."""

    from_m: float
    to_m: float
    metres: float
    seconds: float
    rise_m: float
    k1: float
    k3: float


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the load of a run came from. Every list of parts adds up to `k1` and `k3`; what holds nothing is left out.

    Without samples there are only `slopes`; `steps` also needs the usual cadence. `terrain` says how well hills are known:
    ESTIMATED is from the summary, with NONE flat was assumed.
    """

    k1: float
    k3: float
    terrain: TerrainClass
    slopes: tuple[Part, ...]
    paces: tuple[Part, ...] = ()
    steps: tuple[Part, ...] = ()
    stretches: tuple[Stretch, ...] = ()


def shape_of(
    activity: Activity, load: RunLoad, estimates: Estimates, policy: Policy, pieces: int = 60
) -> Shape:
    """A run in parts, and in `pieces` of equal length where it has samples. `load` is what was measured of it against
    `estimates`. Raises ValueError where its series is damaged."""
    profile, series = activity.profile, activity.series
    sampled = profile is not None and bool(profile.histogram) and series is not None
    if (
        profile is None
        or series is None
        or not sampled
        or activity.manual
        or activity.family is not Family.RUN
        or load.terrain_class is TerrainClass.ESTIMATED
    ):
        return _of_summary(activity, load, estimates, policy)
    hilly = load.terrain_class is TerrainClass.MEASURED
    per_m = _load_per_m(profile.histogram, estimates, policy, hilly=hilly)
    cells, stretches = _along(series.columns(), per_m, policy, max(1, pieces), hilly=hilly)
    slopes, paces, steps = _parts(cells, estimates, policy)
    return Shape(
        k1=sum(part.k1 for part in slopes),
        k3=sum(part.k3 for part in slopes),
        terrain=load.terrain_class,
        slopes=slopes,
        paces=paces,
        steps=steps,
        stretches=stretches,
    )


def _of_summary(activity: Activity, load: RunLoad, estimates: Estimates, policy: Policy) -> Shape:
    k1, k3, metres, seconds = load.k1 or 0.0, load.k3 or 0.0, load.distance_m, load.seconds
    if activity.family is Family.WALK or metres <= 0 or seconds <= 0:
        walked = (Part(Slope.WALKING, metres, seconds, k1, k3),) if metres > 0 else ()
        return Shape(k1, k3, load.terrain_class, walked)
    sums: _Sums = {}
    for length, grade in summary_slopes(metres, load.ascent_m, load.descent_m, policy):
        per_km = load_per_km(metres / seconds, grade, 1.0, estimates.easy_speed_mps)
        km = length / 1000
        amounts = (length, seconds * length / metres, km * per_km.k1, km * per_km.k3)
        _add(sums, _slope(round(grade * 100), policy), amounts)
    return Shape(k1, k3, load.terrain_class, _in_order(sums, Slope))


def _load_per_m(
    histogram: Mapping[HistogramKey, Bin], estimates: Estimates, policy: Policy, *, hilly: bool
) -> dict[HistogramKey, KneeLoad]:
    loads = {}
    for key, cell in histogram.items():
        per_km = NO_LOAD
        if key[3]:
            per_km = WALKING_PER_KM
        elif cell.seconds > 0 and cell.metres > 0:
            known = cell if hilly else replace(cell, rise_m=0.0)
            per_km = running_cell_per_km(key[2], known, estimates, policy.klu.lambda_)
        loads[key] = KneeLoad(per_km.k1 / 1000, per_km.k3 / 1000)
    return loads


@dataclass(slots=True)
class _Cell:
    """The seconds of nearly the same speed (in 50 mm/s), grade (in half percents), cadence (0 unknown) and gait."""

    k1_per_cm: float
    k3_per_cm: float
    cm: int = 0
    seconds: int = 0


type _Cells = dict[tuple[int, int, int, bool], _Cell]


def _along(
    columns: Columns, per_m: Mapping[HistogramKey, KneeLoad], policy: Policy, pieces: int, *, hilly: bool
) -> tuple[_Cells, tuple[Stretch, ...]]:
    """Every counted second in its cell, and the way in pieces; a second counts and walks as `profile_of` says."""
    slowest, fastest = COUNTED_SPEED_MMPS[0], COUNTED_SPEED_MMPS[-1]
    walk_spm, walk_mmps = policy.profile.walk_spm, policy.profile.walk_speed * 1000
    whole_cm = max(1, sum(columns.step_cm))
    sums = [[0.0] * 5 for _ in range(pieces)]
    cells: _Cells = {}
    at_cm = 0
    for step_cm, speed, grade, cadence in zip(
        columns.step_cm, columns.speed_mmps, columns.grade_cpct, columns.cadence_spm, strict=True
    ):
        here = sums[min(pieces - 1, at_cm * pieces // whole_cm)]
        at_cm += step_cm
        if hilly:
            here[2] += grade * step_cm
        if speed < slowest or speed > fastest:
            continue
        if cadence < CADENCE_KNOWN_SPM:
            cadence, walking = 0, speed < walk_mmps
        else:
            walking = cadence < walk_spm
        key = (speed // 50, grade // 50, cadence, walking)
        cell = cells.get(key)
        if cell is None:
            load = _load_of_cell(speed, grade, cadence, per_m, walking=walking)
            cell = cells[key] = _Cell(load.k1 / 100, load.k3 / 100)
        cell.cm += step_cm
        cell.seconds += 1
        here[0] += step_cm
        here[1] += 1
        here[3] += step_cm * cell.k1_per_cm
        here[4] += step_cm * cell.k3_per_cm
    length_m = whole_cm / 100 / pieces
    stretches = tuple(
        Stretch(index * length_m, (index + 1) * length_m, cm / 100, s, rise / 1e6, k1, k3)
        for index, (cm, s, rise, k1, k3) in enumerate(sums)
    )
    return cells, stretches


def _load_of_cell(
    speed: int, grade: int, cadence: int, per_m: Mapping[HistogramKey, KneeLoad], *, walking: bool
) -> KneeLoad:
    """Per metre. A profile may be older than the settings that say what walking is, so the other gait is looked up too."""
    bins = (min(27, speed // 250), (grade + 100) // 200, cadence // 5 if cadence else -1)
    return per_m.get((*bins, walking)) or per_m.get((*bins, not walking)) or NO_LOAD


def _parts(
    cells: _Cells, estimates: Estimates, policy: Policy
) -> tuple[tuple[Part, ...], tuple[Part, ...], tuple[Part, ...]]:
    by_slope: _Sums = {}
    by_pace: _Sums = {}
    by_steps: _Sums = {}
    for (speed, grade, cadence, walking), cell in cells.items():
        mps = (speed + 0.5) * 0.05
        amounts = (cell.cm / 100, cell.seconds, cell.cm * cell.k1_per_cm, cell.cm * cell.k3_per_cm)
        _add(by_slope, Slope.WALKING if walking else _slope(grade * 50 + 25, policy), amounts)
        _add(by_pace, Pace.WALKING if walking else _pace(mps, estimates), amounts)
        _add(by_steps, Steps.WALKING if walking else _steps(cadence, mps, estimates, policy), amounts)
    steps = _in_order(by_steps, Steps)
    known = any(part.kind not in (Steps.UNKNOWN, Steps.WALKING) for part in steps)
    return _in_order(by_slope, Slope), _in_order(by_pace, Pace), steps if known else ()


def _slope(grade_cpct: int, policy: Policy) -> Slope:
    grade = grade_cpct / 100
    if grade >= LEVEL_PCT:
        return Slope.CLIMBING
    if grade > -LEVEL_PCT:
        return Slope.FLAT
    return Slope.STEEP if grade <= policy.profile.steep_grade else Slope.GENTLE


def _pace(speed_mps: float, estimates: Estimates) -> Pace:
    easy = estimates.easy_speed_mps
    if speed_mps >= estimates.threshold_speed_mps:
        return Pace.FAST
    if speed_mps > easy * (1 + EASY_WITHIN):
        return Pace.QUICK
    return Pace.SLOW if speed_mps < easy * (1 - EASY_WITHIN) else Pace.EASY


def _steps(cadence_spm: int, speed_mps: float, estimates: Estimates, policy: Policy) -> Steps:
    """Against the usual cadence at this speed, with the limit of R8 either way."""
    intercept = estimates.cadence_intercept_spm
    if intercept is None or not cadence_spm:
        return Steps.UNKNOWN
    drift = cadence_spm / usual_cadence_spm(speed_mps, intercept, estimates.cadence_slope) - 1
    if drift <= policy.r8.drift:
        return Steps.LONG
    return Steps.SHORT if drift >= -policy.r8.drift else Steps.USUAL


type _Sums = dict[Kind, list[float]]
"""Metres, seconds, k1 and k3 by kind."""


def _add(sums: _Sums, kind: Kind, amounts: tuple[float, float, float, float]) -> None:
    known = sums.get(kind)
    if known is None:
        sums[kind] = list(amounts)
        return
    for index, amount in enumerate(amounts):
        known[index] += amount


def _in_order(sums: _Sums, named: type[Kind]) -> tuple[Part, ...]:
    """The parts in the order in which their kinds are named; those without a metre are left out."""
    return tuple(Part(kind, *sums[kind]) for kind in named if kind in sums and sums[kind][0] > 0)
