"""The body of the made-up runner: what a watch on her wrist would record of one outing.

Believable rather than exact: she slows uphill, her heart lags behind her legs, her steps get a little quicker with
speed, and nothing is ever quite steady. The numbers are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, exp, inf, pi, radians, sin
from operator import sub
from random import Random

from connectors.formats.recording import Device, Recording, Samples
from connectors.sources.demo_plan import DAYS, Kind, Outing

PHONE = Device(manufacturer=255, product=1, serial_number=1, name="Pocket track")
WATCH = Device(manufacturer=255, product=2, serial_number=2, name="Wrist watch")

HOME_DEG = (36.5, -33.0)
"""Open ocean: whoever looks at the files finds nobody's street."""
HILLS_DEG = (33.0, -20.5)

RESTING_BPM, HIGHEST_BPM = 54, 186
LONGEST_STEP_S = 8
METRES_PER_DEGREE = 111_194.9266
"""Of latitude, on the sphere of 6,371,000 m that GPX readers measure with."""


@dataclass(frozen=True, slots=True)
class _Route:
    """Straight ramps between `edges_m`; closed: it ends as high as it began."""

    edges_m: tuple[float, ...]
    heights_m: tuple[float, ...]

    def slope(self, ramp: int) -> float:
        """Rise over run of the ramp that begins at edge `ramp`."""
        rise = self.heights_m[ramp + 1] - self.heights_m[ramp]
        return rise / (self.edges_m[ramp + 1] - self.edges_m[ramp])


def easy_speed_mps(day: int) -> float:
    """Her easy level speed: a little faster over the season."""
    return 2.72 + 0.12 * day / DAYS


def record(outing: Outing, start: datetime, utc_offset_s: int, rng: Random) -> Recording:
    """One outing, as her phone or watch saw it."""
    if outing.kind is Kind.STRENGTH:
        return _strength(outing, start, utc_offset_s, rng)
    samples = _samples(outing, _route(outing, rng), rng)
    indoor = outing.kind is Kind.TREADMILL
    hearts = [value for value in samples.heart_rate_bpm or () if value is not None]
    cadences = [value for value in samples.cadence_spm or () if value is not None]
    elapsed_s = samples.at_s[-1]
    return Recording(
        start=start,
        elapsed_s=elapsed_s,
        timer_s=elapsed_s - _pauses_s(samples.at_s),
        sport="hiking" if outing.kind is Kind.HIKE else "running",
        sub_sport="treadmill" if indoor else "generic",
        utc_offset_s=utc_offset_s,
        distance_m=outing.km * 1000,
        ascent_m=None if indoor else outing.descent_m,
        descent_m=None if indoor else outing.descent_m,
        mean_heart_rate_bpm=sum(hearts) / len(hearts),
        max_heart_rate_bpm=max(hearts),
        mean_cadence_spm=sum(cadences) / len(cadences),
        samples=samples,
        lap_every_m=1000,
        device=PHONE if outing.by_phone else WATCH,
    )


def _pauses_s(at_s: Sequence[int]) -> int:
    """Seconds the watch stood still: whatever a gap is longer than a device that saves memory leaves."""
    return sum(gap - LONGEST_STEP_S for gap in map(sub, at_s[1:], at_s) if gap > LONGEST_STEP_S)


def _strength(outing: Outing, start: datetime, utc_offset_s: int, rng: Random) -> Recording:
    seconds = round(outing.minutes * 60) + rng.randrange(-40, 40)
    at_s = range(0, seconds + 1, 15)
    hearts = [round(98 + 14 * sin(second / 70) + rng.gauss(0, 3)) for second in at_s]
    return Recording(
        start=start,
        elapsed_s=seconds,
        sport="training",
        sub_sport="strength_training",
        utc_offset_s=utc_offset_s,
        mean_heart_rate_bpm=sum(hearts) / len(hearts),
        max_heart_rate_bpm=max(hearts),
        samples=Samples(at_s=at_s, heart_rate_bpm=hearts),
        device=PHONE if outing.by_phone else WATCH,
    )


def _route(outing: Outing, rng: Random) -> _Route:
    """Climbs and descents of together `descent_m` each way, with level stretches in between."""
    length_m = outing.km * 1000
    steep = outing.kind in (Kind.HILLS, Kind.HIKE)
    gentle = outing.descent_m < 3 * outing.km
    hill_m = 95.0 if steep else 7.0 if gentle else 18.0
    count = max(1, round(outing.descent_m / hill_m))
    shares = [rng.uniform(0.7, 1.3) for _ in range(count)]
    heights = [outing.descent_m * share / sum(shares) for share in shares]
    ramps: list[tuple[float, float]] = []
    for height in heights:
        up = rng.uniform(0.07, 0.09) if steep else 0.02 if gentle else rng.uniform(0.04, 0.055)
        down = rng.uniform(0.085, 0.105) if steep else 0.02 if gentle else rng.uniform(0.045, 0.06)
        ramps += [(height / up, height), (height / down, -height)]
    sloping_m = sum(length for length, _ in ramps)
    # where the hills would be longer than the outing they become steeper
    squeeze = min(1.0, 0.94 * length_m / sloping_m) if sloping_m else 1.0
    level_m = (length_m - sloping_m * squeeze) / (count + 1)
    edges, tops = [0.0, level_m], [60.0, 60.0]
    for index, (length, rise) in enumerate(ramps):
        edges.append(edges[-1] + length * squeeze)
        tops.append(tops[-1] + rise)
        if index % 2:
            edges.append(edges[-1] + level_m)
            tops.append(tops[-1])
    edges[-1] = length_m + 1000.0
    return _Route(tuple(edges), tuple(tops))


def _wanted_speeds(outing: Outing) -> Iterator[tuple[float, float]]:
    """(until second, level speed) one after the other; the last has no end."""
    easy = easy_speed_mps(outing.day)
    if outing.kind is Kind.FAST:
        until_s = 600.0
        yield until_s, easy
        # three minutes quick, two slow, as often as fits before the way home
        for _ in range(round((outing.km * 1000 - 3200) / 963)):
            yield until_s + 180, 3.75
            until_s += 300
            yield until_s, 2.4
    yield inf, {Kind.HIKE: 1.35, Kind.LONG: easy - 0.06, Kind.TREADMILL: easy + 0.05}.get(outing.kind, easy)


def _slowed_by(grade: float) -> float:
    """Factor on level speed: slower uphill, faster down until it gets too steep to let go."""
    if grade >= 0:
        return exp(-4.5 * grade)
    return 1 - 2 * grade if grade > -0.08 else max(0.8, 1.16 + 4 * (grade + 0.08))


@dataclass(slots=True)
class _Body:
    """Her state between two samples: what lags behind and what wanders."""

    outing: Outing
    rng: Random
    speed_mps: float = 1.0
    heart_bpm: float = 92.0
    mood: float = 0.0

    def step(self, level_mps: float, slope: float, second: int, step_s: int, tired: bool) -> None:
        """Let `step_s` seconds pass while wanting `level_mps` on the level; `slope` is rise over run."""
        easy, hiking = easy_speed_mps(self.outing.day), self.outing.kind is Kind.HIKE
        self.mood = 0.93 * self.mood + self.rng.gauss(0, 0.008)
        wanted_mps = level_mps * _slowed_by(slope) * (0.97 if tired else 1) * (1 + self.mood)
        self.speed_mps += (wanted_mps - self.speed_mps) * (1 - exp(-step_s / 5))
        effort = self.speed_mps / easy * (1 + 4 * max(slope, -0.05)) * (0.7 if hiking else 1)
        share = min(0.98, 0.64 * effort + second / 60_000)
        wanted_bpm = RESTING_BPM + (HIGHEST_BPM - RESTING_BPM) * share
        self.heart_bpm += (wanted_bpm - self.heart_bpm) * (1 - exp(-step_s / 35)) + self.rng.gauss(0, 0.4)

    def cadence_spm(self, tired: bool) -> int:
        if self.outing.kind is Kind.HIKE:
            return round(112 + self.rng.gauss(0, 1.3))
        quicker = 14 * (self.speed_mps - easy_speed_mps(self.outing.day)) - (7 if tired else 0)
        return round(167 + quicker + self.rng.gauss(0, 1.3))


def _rows(outing: Outing, route: _Route, rng: Random) -> Iterator[tuple[int, float, float, float, int, int]]:
    """(second, metres, m/s, height, heart rate, cadence) until the way is done; in three runs of ten she waits at a road."""
    goal_m = outing.km * 1000
    body = _Body(outing, rng)
    waits_at_m = rng.uniform(0.2, 0.8) * goal_m if rng.random() < 0.3 else inf
    wanted = _wanted_speeds(outing)
    until_s, level_mps = next(wanted)
    second, distance, drift_m, ramp = 0, 0.0, 0.0, 0
    while True:
        while distance >= route.edges_m[ramp + 1]:
            ramp += 1
        slope = route.slope(ramp)
        height = route.heights_m[ramp] + slope * (distance - route.edges_m[ramp])
        tired = outing.kind is Kind.LONG and outing.km > 12.5 and distance > 0.7 * goal_m
        bumps_m = 0.4 * sin(distance / 90) + drift_m
        heart, cadence = round(body.heart_bpm), body.cadence_spm(tired)
        yield second, distance, body.speed_mps, height + bumps_m, heart, cadence
        if distance >= goal_m:
            return
        if second >= until_s:
            until_s, level_mps = next(wanted)
        step_s = _step_s(outing, rng)
        drift_m = 0.995 * drift_m + rng.gauss(0, 0.03)
        body.step(level_mps, slope, second, step_s, tired)
        second += step_s
        if distance < waits_at_m <= distance + body.speed_mps * step_s:
            second += rng.randrange(20, 80)
        distance = min(goal_m, distance + body.speed_mps * step_s)


def _samples(outing: Outing, route: _Route, rng: Random) -> Samples:
    at_s, metres, speeds, heights, hearts, steps = zip(*_rows(outing, route, rng), strict=True)
    if outing.kind is Kind.TREADMILL:
        return Samples(at_s, metres, speeds, heart_rate_bpm=hearts, cadence_spm=steps)
    north, east = _circle(outing, metres)
    return Samples(at_s, metres, speeds, heights, hearts, steps, north, east)


def _circle(outing: Outing, metres: Sequence[float]) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes of a round that is as long as the outing."""
    latitude, longitude = HILLS_DEG if outing.kind in (Kind.HILLS, Kind.HIKE) else HOME_DEG
    radius_m = outing.km * 1000 / (2 * pi)
    north_deg = radius_m / METRES_PER_DEGREE
    east_deg = north_deg / cos(radians(latitude))
    angles = [distance / radius_m for distance in metres]
    return (
        [latitude + north_deg * sin(angle) for angle in angles],
        [longitude + east_deg * (1 - cos(angle)) for angle in angles],
    )


def _step_s(outing: Outing, rng: Random) -> int:
    """Seconds to the next sample: every second in fast sessions, else the phone's rhythm or a watch that saves memory."""
    if outing.kind is Kind.FAST:
        return 1
    return 2 if outing.by_phone else rng.randrange(4, LONGEST_STEP_S + 1)
