"""From recorded samples to the 1 Hz series and the profile of an activity (RULES 3.1).

Everything here is free of personal estimates, so a profile only changes when `FORMULA_VERSION` or the settings do.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Protocol

from rules.facts import Bin, HistogramKey, Profile, TerrainClass
from rules.resample import Samples, Stretch, stretches_of
from rules.series import Columns, Series

FORMULA_VERSION = 1

SPEED_HALF_WIDTH_S = 5
GRADE_HALF_WIDTH_S = 60
STEEPEST_PCT = 45

COUNTED_SPEED_MMPS = range(500, 7001)
"""A second counts if its speed lies here (step 6)."""

CADENCE_KNOWN_SPM = 60
BEST_SPEED_WINDOW_S = 1200
BEST_HEART_RATE_WINDOW_S = 30


class SeriesSettings(Protocol):
    """The settings `profile.*` that shape a series."""

    @property
    def smooth_s(self) -> int: ...
    @property
    def grade_min_m(self) -> float: ...


def series_of(samples: Samples, settings: SeriesSettings, *, indoor: bool = False) -> Series | None:
    """Samples -> Series; `indoor` leaves the altitude out. None where neither distance nor speed was recorded, or for
    less than a second. A second in which nothing was covered because the recording begins there has speed 0."""
    stretches = stretches_of(replace(samples, altitude_m=()) if indoor else samples)
    if not stretches:
        return None
    columns = Columns(array("H"), array("H"), array("h"), array("B"), array("B"))
    for stretch in stretches:
        _append(columns, stretch, settings)
    return Series.pack(columns, has_altitude=any(stretch.altitude_m for stretch in stretches))


class ProfileSettings(Protocol):
    """The settings `profile.*` that the scalars need."""

    @property
    def walk_spm(self) -> float: ...
    @property
    def walk_speed(self) -> float: ...
    @property
    def dh_grade(self) -> float: ...
    @property
    def steep_grade(self) -> float: ...


def profile_of(series: Series, settings: ProfileSettings) -> Profile:
    """Series -> Profile.

    The steps of `running` and `last_third` are those of the seconds with cadence scaled to all their seconds, so that
    60 x steps / seconds is the mean cadence; they are 0 where fewer than half of the seconds have one.
    """
    columns = series.columns()
    walk_spm = settings.walk_spm
    walk_mmps = settings.walk_speed * 1000
    slowest, fastest = COUNTED_SPEED_MMPS[0], COUNTED_SPEED_MMPS[-1]
    bins: dict[HistogramKey, list[int]] = {}
    running_seconds: list[tuple[int, int, int]] = []
    running_steps_cm: list[int] = []
    for step_cm, speed, grade, cadence in zip(
        columns.step_cm, columns.speed_mmps, columns.grade_cpct, columns.cadence_spm, strict=True
    ):
        if speed < slowest or speed > fastest:
            running_steps_cm.append(0)
            continue
        if cadence < CADENCE_KNOWN_SPM:
            cadence = 0
            cadence_bin = -1
            walking = speed < walk_mmps
        else:
            cadence_bin = cadence // 5
            walking = cadence < walk_spm
        speed_bin = speed // 250
        # Hundredths of a percent: (g + 1 %) // 2 % is floor(g/2 + 0.5) without rounding errors.
        key = (speed_bin if speed_bin < 27 else 27, (grade + 100) // 200, cadence_bin, walking)
        cell = bins.get(key)
        if cell is None:
            bins[key] = [step_cm, 1, cadence, grade * step_cm]
        else:
            cell[0] += step_cm
            cell[1] += 1
            cell[2] += cadence
            cell[3] += grade * step_cm
        if walking:
            running_steps_cm.append(0)
        else:
            running_seconds.append((step_cm, grade, cadence))
            running_steps_cm.append(step_cm)
    histogram = {
        key: Bin(cell[0] / 100, float(cell[1]), cell[2] / 60, cell[3] / 1e6) for key, cell in bins.items()
    }
    terrain = _terrain(columns, settings, measured=series.has_altitude)
    return Profile(
        formula_version=FORMULA_VERSION,
        terrain=TerrainClass.MEASURED if series.has_altitude else TerrainClass.NONE,
        histogram=histogram,
        dh_m=terrain.dh_m,
        steep_min=terrain.steep_min,
        ascent_m=terrain.ascent_m,
        descent_m=terrain.descent_m,
        running=_total(running_seconds),
        level=_level(histogram),
        last_third=_total(running_seconds[len(running_seconds) - len(running_seconds) // 3 :]),
        best_20min_mps=_best_20min_mps(running_steps_cm),
        best_30s_heart_rate_bpm=_best_30s_heart_rate_bpm(columns.heart_rate_bpm),
    )


@dataclass(frozen=True, slots=True)
class _Terrain:
    dh_m: float
    steep_min: float
    ascent_m: float | None
    descent_m: float | None


def _terrain(columns: Columns, settings: ProfileSettings, *, measured: bool) -> _Terrain:
    if not measured:
        return _Terrain(0.0, 0.0, None, None)
    dh_limit, steep_limit = round(settings.dh_grade * 100), round(settings.steep_grade * 100)
    slowest, fastest = COUNTED_SPEED_MMPS[0], COUNTED_SPEED_MMPS[-1]
    dh = ascent = descent = steep = 0
    for step_cm, speed, grade in zip(columns.step_cm, columns.speed_mmps, columns.grade_cpct, strict=True):
        if speed < slowest or speed > fastest:
            continue
        if grade >= 100:
            ascent += grade * step_cm
        elif grade <= -100:
            descent -= grade * step_cm
        if grade <= dh_limit:
            dh -= grade * step_cm
        if grade <= steep_limit:
            steep += 1
    return _Terrain(dh / 1e6, steep / 60, ascent / 1e6, descent / 1e6)


def _total(seconds: Sequence[tuple[int, int, int]]) -> Bin:
    cadences = [cadence for _, _, cadence in seconds if cadence]
    known = len(cadences) * 2 >= len(seconds) > 0
    return Bin(
        metres=sum(step for step, _, _ in seconds) / 100,
        seconds=float(len(seconds)),
        steps=sum(cadences) / len(cadences) * len(seconds) / 60 if known else 0.0,
        rise_m=sum(step * grade for step, grade, _ in seconds) / 1e6,
    )


def _level(histogram: dict[HistogramKey, Bin]) -> Bin:
    level = [cell for key, cell in histogram.items() if key[1] == 0 and not key[3]]
    return Bin(
        sum(cell.metres for cell in level),
        sum(cell.seconds for cell in level),
        sum(cell.steps for cell in level),
        sum(cell.rise_m for cell in level),
    )


def _best_20min_mps(steps_cm: Sequence[int]) -> float | None:
    """The first step of a series is always 0, so the running sum starts at nothing covered."""
    covered = list(accumulate(steps_cm))
    window = BEST_SPEED_WINDOW_S
    if len(covered) <= window:
        return None
    return max(end - start for start, end in zip(covered, covered[window:], strict=False)) / 100 / window


def _best_30s_heart_rate_bpm(heart_rate_bpm: Sequence[int]) -> float | None:
    """The highest mean over 30 seconds that all have a heart rate."""
    window = BEST_HEART_RATE_WINDOW_S
    beats = list(accumulate(heart_rate_bpm, initial=0))
    known = list(accumulate((1 if rate else 0 for rate in heart_rate_bpm), initial=0))
    sums = [
        end - start
        for start, end, before, after in zip(beats, beats[window:], known, known[window:], strict=False)
        if after - before == window
    ]
    return max(sums) / window if sums else None


def _append(columns: Columns, stretch: Stretch, settings: SeriesSettings) -> None:
    distance = stretch.distance_m
    # Whole centimetres of the running total, so that the steps add up to the distance.
    total_cm = [round(metres * 100) for metres in distance]
    columns.step_cm.append(0)
    columns.step_cm.extend([min(65535, later - earlier) for earlier, later in pairwise(total_cm)])
    columns.speed_mmps.extend(_speed_mmps(distance))
    if stretch.altitude_m:
        altitude = _smoothed(stretch.altitude_m, settings.smooth_s)
        columns.grade_cpct.extend(_grade_cpct(distance, altitude, settings.grade_min_m))
    else:
        columns.grade_cpct.extend([0] * len(distance))
    columns.heart_rate_bpm.extend(stretch.heart_rate_bpm)
    columns.cadence_spm.extend(stretch.cadence_spm)


def _speed_mmps(distance: list[float]) -> list[int]:
    half, last = SPEED_HALF_WIDTH_S, len(distance) - 1
    speeds = [0]
    for k in range(1, last + 1):
        low, high = max(0, k - half), min(last, k + half)
        speeds.append(min(65535, round(1000 * (distance[high] - distance[low]) / (high - low))))
    return speeds


def _smoothed(altitude: list[float], half_width: int) -> list[float]:
    """Centred mean; near the ends the half width shrinks to the distance from them."""
    sums = list(accumulate(altitude, initial=0.0))
    count = len(altitude)
    smooth: list[float] = []
    for k in range(count):
        half = min(half_width, k, count - 1 - k)
        smooth.append((sums[k + half + 1] - sums[k - half]) / (2 * half + 1))
    return smooth


def _grade_cpct(distance: list[float], altitude: list[float], least_m: float) -> list[int]:
    """Grade over the shortest centred window of at least `least_m` metres, in hundredths of a percent."""
    width = GRADE_HALF_WIDTH_S
    steepest = STEEPEST_PCT * 100
    # Ends repeated, so that an index never has to be clamped.
    far = [distance[0]] * width + distance + [distance[-1]] * width
    high = [altitude[0]] * width + altitude + [altitude[-1]] * width
    least = least_m - 1e-9
    grades: list[int] = []
    append = grades.append
    j = 1
    for k in range(width, width + len(distance)):
        # The window of the next second can be at most one second a side narrower.
        j = j - 1 if j > 1 else 1
        while j <= width and far[k + j] - far[k - j] < least:
            j += 1
        if j > width:
            append(0)
            continue
        grade = round(10000 * (high[k + j] - high[k - j]) / (far[k + j] - far[k - j]))
        append(steepest if grade > steepest else -steepest if grade < -steepest else grade)
    return grades
