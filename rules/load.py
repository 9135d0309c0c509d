"""One activity in the units the rules compare: `measure` (RULES 3, 12)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules.facts import Activity, Bin, Estimates, Family, Profile, RunLoad, TerrainClass
from rules.gates import moving_seconds, terrain_plausible
from rules.knee import KneeLoad, histogram_load, load_per_km, walking_load
from rules.policy import Policy
from rules.profile import CADENCE_KNOWN_SPM, COUNTED_SPEED_MMPS
from rules.series import Series

EPS = 1e-9
FAST_LOWEST_GRADE_CPCT = -200
NO_LOAD = KneeLoad(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Terrain:
    """Hills of one activity; None where not known."""

    known: TerrainClass
    ascent_m: float | None = None
    descent_m: float | None = None
    steep_min: float | None = None


NO_TERRAIN = Terrain(TerrainClass.NONE)


def measure(activity: Activity, estimates: Estimates, policy: Policy) -> RunLoad:
    """Activity -> RunLoad, against the estimates of its own date.

    Raises ValueError where its series is damaged. An activity without distance or time measures 0.
    """
    metres, seconds = activity.distance_m or 0.0, moving_seconds(activity)
    terrain = _terrain(activity, policy)
    profile = None if activity.manual else activity.profile
    running, walking = _knee_load(activity, profile, terrain, estimates, policy)
    cadence = _cadence(profile)
    return RunLoad(
        distance_m=metres,
        seconds=seconds,
        ascent_m=terrain.ascent_m,
        descent_m=terrain.descent_m,
        steep_min=terrain.steep_min,
        k1=running.k1 + walking.k1,
        k3=running.k3 + walking.k3,
        fast_min=_fast_minutes(activity, estimates, policy),
        terrain_class=terrain.known,
        k1_walking=walking.k1,
        k3_walking=walking.k3,
        running_cadence_spm=cadence.whole_spm,
        running_speed_mps=cadence.whole_mps,
        last_third_cadence_spm=cadence.last_third_spm,
        last_third_speed_mps=cadence.last_third_mps,
        running_s=profile.running.seconds if profile else None,
        basis=estimates,
    )


def _terrain(activity: Activity, policy: Policy) -> Terrain:
    if activity.indoor or activity.manual:
        return NO_TERRAIN
    profile = activity.profile
    ascent, descent = activity.ascent_m, activity.descent_m
    if profile is not None and profile.terrain is TerrainClass.MEASURED:
        ascent = profile.ascent_m if ascent is None else ascent
        descent = profile.descent_m if descent is None else descent
        terrain = Terrain(TerrainClass.MEASURED, ascent, profile.dh_m, profile.steep_min)
    elif ascent is not None or descent is not None:
        # A loop is assumed where one way is missing (RULES 3.2).
        descent = ascent if descent is None else descent
        terrain = Terrain(TerrainClass.ESTIMATED, ascent, descent, None)
    else:
        return NO_TERRAIN
    return terrain if terrain_plausible(activity.distance_m or 0.0, ascent, descent, policy) else NO_TERRAIN


def _knee_load(
    activity: Activity, profile: Profile | None, terrain: Terrain, estimates: Estimates, policy: Policy
) -> tuple[KneeLoad, KneeLoad]:
    """(running, walking)."""
    metres = activity.distance_m or 0.0
    if activity.family is Family.WALK:
        return NO_LOAD, walking_load(metres)
    if profile is not None and terrain.known is not TerrainClass.ESTIMATED and profile.histogram:
        histogram = profile.histogram
        if terrain.known is TerrainClass.NONE:
            histogram = {
                key: cell if cell.rise_m == 0 else _levelled(cell) for key, cell in histogram.items()
            }
        return histogram_load(histogram, estimates, policy.klu.lambda_)
    return _summary_load(metres, moving_seconds(activity), terrain, estimates, policy), NO_LOAD


def _levelled(cell: Bin) -> Bin:
    return replace(cell, rise_m=0.0)


def _summary_load(
    metres: float, seconds: float, terrain: Terrain, estimates: Estimates, policy: Policy
) -> KneeLoad:
    """RULES 3.2: climb and descent on a fixed grade, the rest flat; all of it on a mean grade where it does
    not fit."""
    if metres <= 0 or seconds <= 0:
        return NO_LOAD
    k1 = k3 = 0.0
    for length, slope in summary_slopes(metres, terrain.ascent_m, terrain.descent_m, policy):
        load = load_per_km(metres / seconds, slope, 1.0, estimates.easy_speed_mps)
        k1 += length / 1000 * load.k1
        k3 += length / 1000 * load.k3
    return KneeLoad(k1, k3)


def summary_slopes(
    metres: float, ascent_m: float | None, descent_m: float | None, policy: Policy
) -> tuple[tuple[float, float], ...]:
    """(metres, grade in percent) of the climbing, the descending and the flat part of a run that is only a summary."""
    gain, loss, grade = ascent_m or 0.0, descent_m or 0.0, policy.summary.grade
    up, down = gain / (grade / 100), loss / (grade / 100)
    if up + down > metres + EPS:
        grade = 100 * (gain + loss) / metres
        up, down = gain / (grade / 100), loss / (grade / 100)
    return (up, grade), (down, -grade), (metres - up - down, 0.0)


def _fast_minutes(activity: Activity, estimates: Estimates, policy: Policy) -> float | None:
    if activity.manual or activity.family is not Family.RUN:
        return None
    if activity.series is not None:
        return _fast_of_series(activity.series, estimates, policy)
    metres, seconds = activity.distance_m or 0.0, moving_seconds(activity)
    if metres <= 0 or seconds <= 0:
        return None
    limit, rate = estimates.fast_heart_rate_bpm, activity.mean_heart_rate_bpm
    by_heart_rate = limit is not None and rate is not None and rate >= limit - EPS
    if metres / seconds >= estimates.threshold_speed_mps - EPS or by_heart_rate:
        return seconds / 60
    return None


def _fast_of_series(series: Series, estimates: Estimates, policy: Policy) -> float:
    """Minutes of running at threshold or above, in stretches of at least `fast.min_bout_s` (RULES 3.1 step
    9)."""
    columns = series.columns()
    fast_mmps = estimates.threshold_speed_mps * 1000 - EPS
    fast_bpm = 256.0 if estimates.fast_heart_rate_bpm is None else estimates.fast_heart_rate_bpm - EPS
    if max(columns.speed_mmps, default=0) < fast_mmps and max(columns.heart_rate_bpm, default=0) < fast_bpm:
        return 0.0
    slowest, fastest = COUNTED_SPEED_MMPS[0], COUNTED_SPEED_MMPS[-1]
    walk_spm, walk_mmps = policy.profile.walk_spm, policy.profile.walk_speed * 1000
    shortest = policy.fast.min_bout_s
    total = bout = 0
    for speed, grade, rate, cadence in zip(
        columns.speed_mmps, columns.grade_cpct, columns.heart_rate_bpm, columns.cadence_spm, strict=True
    ):
        if (
            (rate >= fast_bpm or (speed >= fast_mmps and grade >= FAST_LOWEST_GRADE_CPCT))
            and slowest <= speed <= fastest
            and (cadence >= walk_spm if cadence >= CADENCE_KNOWN_SPM else speed >= walk_mmps)
        ):
            bout += 1
        elif bout:
            total += bout if bout >= shortest else 0
            bout = 0
    total += bout if bout >= shortest else 0
    return total / 60


@dataclass(frozen=True, slots=True)
class _Cadence:
    whole_spm: float | None = None
    whole_mps: float | None = None
    last_third_spm: float | None = None
    last_third_mps: float | None = None


def _cadence(profile: Profile | None) -> _Cadence:
    """Mean cadence and speed of the running seconds; None where cadence was not recorded."""
    if profile is None or profile.running.seconds <= 0 or profile.running.steps <= 0:
        return _Cadence()
    whole, last = profile.running, profile.last_third
    known = last.seconds > 0 and last.steps > 0
    return _Cadence(
        60 * whole.steps / whole.seconds,
        whole.metres / whole.seconds,
        60 * last.steps / last.seconds if known else None,
        last.metres / last.seconds if known else None,
    )
