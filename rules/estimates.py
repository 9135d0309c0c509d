"""Personal figures as of a date, from earlier runs only (RULES 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as calendar_date
from statistics import median

from rules.facts import Activity, Estimates, RunLoad, Runner
from rules.gates import moving_seconds
from rules.policy import Policy
from rules.profile import FORMULA_VERSION
from rules.records import Record

SPEED_DAYS = 60
THRESHOLD_DAYS = 90
HEART_DAYS = 365
MIN_RUNS = 8
STANDARD_EASY_SPEED_MPS = 2.78
EASY_SPEED_RANGE_MPS = (2.0, 4.0)
FAST_SHARE = 0.20
SLOPE_RANGE = (0.0, 30.0)
LEAST_SPEED_DIFFERENCE_MPS = 0.05
EPS = 1e-9

type HeartMark = tuple[int, float]
"""(local date ordinal, best 30-second mean heart rate of a run)."""


def estimates_for(
    records: Sequence[Record], hearts: Sequence[HeartMark], runner: Runner, date: int, policy: Policy
) -> Estimates:
    """The estimates of local date `date` (an ordinal) from the records and heart rates before it."""
    runs = [record for record in records if not record.walk and date - THRESHOLD_DAYS <= record.date < date]
    recent = [run for run in runs if run.date >= date - SPEED_DAYS]
    easy = easy_speed_at(recent, date, policy)
    intercept, slope = _usual_cadence(recent, policy)
    return Estimates(
        easy_speed_mps=easy,
        threshold_speed_mps=policy.estimate.v_thr or _threshold(runs, easy),
        fast_heart_rate_bpm=_fast_heart_rate(hearts, runner, date, policy),
        cadence_intercept_spm=intercept,
        cadence_slope=slope,
        formula_version=FORMULA_VERSION,
    )


def easy_speed_at(records: Sequence[Record], date: int, policy: Policy) -> float:
    """v0 of a date alone, m/s."""
    if policy.estimate.v0 is not None:
        return policy.estimate.v0
    return _easy_speed(
        [record for record in records if not record.walk and date - SPEED_DAYS <= record.date < date]
    )


def easy_speed_of(activity: Activity, load: RunLoad) -> float | None:
    """What one run says about the easy level speed, m/s; None for manual and for mostly fast runs."""
    seconds = moving_seconds(activity)
    if activity.manual or seconds <= 0:
        return None
    if load.fast_min is not None and load.fast_min * 60 > FAST_SHARE * seconds + EPS:
        return None
    if activity.profile is not None:
        level = activity.profile.level
        return level.metres / level.seconds if level.seconds > 0 else None
    return (activity.distance_m or 0.0) / seconds or None


def drift_of(load: RunLoad, estimates: Estimates) -> tuple[float | None, float | None]:
    """e of R8: cadence against the usual for (whole run, last third)."""
    return (
        _drift(load.running_cadence_spm, load.running_speed_mps, estimates),
        _drift(load.last_third_cadence_spm, load.last_third_speed_mps, estimates),
    )


def _drift(cadence_spm: float | None, speed_mps: float | None, estimates: Estimates) -> float | None:
    if cadence_spm is None or speed_mps is None or estimates.cadence_intercept_spm is None:
        return None
    return cadence_spm / (estimates.cadence_intercept_spm + estimates.cadence_slope * speed_mps) - 1


def _easy_speed(runs: Sequence[Record]) -> float:
    speeds = [run.easy_mps for run in runs if run.easy_mps is not None]
    if len(speeds) < MIN_RUNS:
        return STANDARD_EASY_SPEED_MPS
    return min(max(median(speeds), EASY_SPEED_RANGE_MPS[0]), EASY_SPEED_RANGE_MPS[1])


def _threshold(runs: Sequence[Record], easy_mps: float) -> float:
    best = sorted(run.best_20min_mps for run in runs if run.best_20min_mps is not None)
    return max(1.15 * easy_mps, 0.95 * best[-2] if len(best) >= 2 else 0.0)


def _fast_heart_rate(hearts: Sequence[HeartMark], runner: Runner, date: int, policy: Policy) -> float | None:
    highest = policy.estimate.hr_max
    if highest is None:
        if runner.birth_year is None:
            return None
        seen = sorted(rate for day, rate in hearts if date - HEART_DAYS <= day < date)
        age = calendar_date.fromordinal(date).year - runner.birth_year
        highest = max(seen[-2] if len(seen) >= 2 else 0.0, 0.95 * (208 - 0.7 * age))
    return policy.fast.hr * highest


def _usual_cadence(runs: Sequence[Record], policy: Policy) -> tuple[float | None, float]:
    """(intercept, slope) of c0: the median of all pair slopes, then of what is left (Theil and Sen)."""
    if policy.estimate.c0 is not None:
        return policy.estimate.c0, 0.0
    points = [
        (run.load.running_speed_mps, run.load.running_cadence_spm)
        for run in runs
        if run.load.running_speed_mps is not None and run.load.running_cadence_spm is not None
    ]
    if len(points) < MIN_RUNS:
        return None, 0.0
    slopes = [
        (cadence - other) / (speed - slower)
        for index, (speed, cadence) in enumerate(points)
        for slower, other in points[:index]
        if abs(speed - slower) >= LEAST_SPEED_DIFFERENCE_MPS
    ]
    slope = min(max(median(slopes), SLOPE_RANGE[0]), SLOPE_RANGE[1]) if slopes else 0.0
    return median(cadence - slope * speed for speed, cadence in points), slope
