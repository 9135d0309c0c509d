"""Recorded samples put in order and on a 1 s grid (RULES 3.1, steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rules.series import UNKNOWN

LONGEST_GAP_S = 300
"""A longer gap in the recording is cut out, time and distance both."""

HOLD_S = 10
"""How long the previous heart rate or cadence stands in for a missing one."""

LONGEST_SERIES_S = 100 * 3600
"""Beyond this it is no activity; the plausibility gates speak of it (RULES 2.3)."""

LEAST_ALTITUDE_SHARE = 0.5
"""A recording where fewer samples carry an altitude has none: a few points say nothing of the hills between."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What was recorded, in any order, one entry a sample in every stream; an empty stream was not recorded.

    `time_s` counts from any origin, `cadence_spm` is of both feet, `distance_m` is cumulative.
    """

    time_s: Sequence[float]
    distance_m: Sequence[float | None] = ()
    altitude_m: Sequence[float | None] = ()
    speed_mps: Sequence[float | None] = ()
    heart_rate_bpm: Sequence[float | None] = ()
    cadence_spm: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """An uninterrupted part of a recording, one entry a second. `altitude_m` is empty where there is none, heart rate
    and cadence are `UNKNOWN` where missing."""

    distance_m: list[float]
    altitude_m: list[float]
    heart_rate_bpm: list[int]
    cadence_spm: list[int]


def stretches_of(samples: Samples) -> list[Stretch]:
    """Samples -> stretches between long gaps; none where neither distance nor speed was recorded, for less than a
    second or for more than `LONGEST_SERIES_S`. A sample alone between two gaps says nothing and is left out."""
    streams = _in_order(samples)
    if streams is None:
        return []
    parts = [part for part in _without_long_gaps(streams) if _seconds(part.time_s) > 1]
    if sum(_seconds(part.time_s) for part in parts) > LONGEST_SERIES_S:
        return []
    return [_stretch(part) for part in parts]


@dataclass(frozen=True, slots=True)
class _Streams:
    """Samples in strict order of time, each with a distance that never shrinks; other streams may be empty."""

    time_s: list[float]
    distance_m: list[float]
    altitude_m: Sequence[float | None]
    heart_rate_bpm: Sequence[float | None]
    cadence_spm: Sequence[float | None]


def _in_order(samples: Samples) -> _Streams | None:
    times = list(samples.time_s)
    distances: Sequence[float | None] = samples.distance_m
    streams: Sequence[Sequence[float | None]] = (
        samples.altitude_m,
        samples.heart_rate_bpm,
        samples.cadence_spm,
    )
    speeds: Sequence[float | None] = samples.speed_mps
    if any(later <= earlier for earlier, later in pairwise(times)):
        order = sorted(range(len(times)), key=times.__getitem__)
        # A stable sort keeps equal times in their order, so the last of them is the one before a later time.
        order = [
            here
            for here, after in zip(order, [*order[1:], None], strict=True)
            if after is None or times[after] > times[here]
        ]
        times = [times[i] for i in order]
        distances, speeds, *streams = (
            [stream[i] for i in order] if stream else () for stream in (distances, speeds, *streams)
        )
    if all(distance is None for distance in distances):
        if all(speed is None for speed in speeds):
            return None
        distances = _integrated(times, speeds)
    if None in distances:
        keep = [i for i, distance in enumerate(distances) if distance is not None]
        times = [times[i] for i in keep]
        distances = [distances[i] for i in keep]
        streams = [[stream[i] for i in keep] if stream else () for stream in streams]
    rising = list(accumulate((distance for distance in distances if distance is not None), max))
    altitude, heart_rate, cadence = streams
    if sum(1 for metres in altitude if metres is not None) < LEAST_ALTITUDE_SHARE * len(times):
        altitude = ()
    return _Streams(times, rising, altitude, heart_rate, cadence)


def _integrated(times: Sequence[float], speeds: Sequence[float | None]) -> list[float | None]:
    """Distance from speed; samples without speed get none, and nothing is covered over a gap that is cut out."""
    distances: list[float | None] = []
    covered, last_time, last_speed = 0.0, None, 0.0
    for time, speed in zip(times, speeds, strict=True):
        if speed is None:
            distances.append(None)
            continue
        if last_time is not None and time - last_time <= LONGEST_GAP_S:
            covered += (time - last_time) * (speed + last_speed) / 2
        distances.append(covered)
        last_time, last_speed = time, speed
    return distances


def _without_long_gaps(streams: _Streams) -> list[_Streams]:
    cuts = [0]
    cuts += [
        i for i, (earlier, later) in enumerate(pairwise(streams.time_s), 1) if later - earlier > LONGEST_GAP_S
    ]
    cuts.append(len(streams.time_s))
    if len(cuts) == 2:
        return [streams]
    return [
        _Streams(
            streams.time_s[start:end],
            streams.distance_m[start:end],
            streams.altitude_m[start:end],
            streams.heart_rate_bpm[start:end],
            streams.cadence_spm[start:end],
        )
        for start, end in pairwise(cuts)
    ]


def _seconds(times: list[float]) -> int:
    """Points of the 1 s grid between the first and the last sample, both included."""
    return int(times[-1] - times[0] + 1e-6) + 1


def _stretch(part: _Streams) -> Stretch:
    start = part.time_s[0]
    times = [time - start for time in part.time_s]
    seconds = _seconds(times)
    return Stretch(
        _interpolated(times, part.distance_m, seconds),
        _interpolated(*_measured(times, part.altitude_m), seconds),
        _held(*_measured(times, part.heart_rate_bpm), seconds),
        _held(*_measured(times, part.cadence_spm), seconds),
    )


def _measured(times: list[float], stream: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """The entries of a stream that exist, with their times."""
    known = [value for value in stream if value is not None]
    if len(known) == len(times):
        return times, known
    return [time for time, value in zip(times, stream, strict=False) if value is not None], known


def _interpolated(times: list[float], values: list[float], seconds: int) -> list[float]:
    """Linear between the samples, level before the first and after the last."""
    if not values:
        return []
    if len(values) == seconds and times == list(range(seconds)):
        return values
    grid: list[float] = []
    append = grid.append
    i, last = 0, len(times) - 1
    for second in range(seconds):
        while i < last and times[i + 1] <= second:
            i += 1
        before = times[i]
        if second <= before or i == last:
            append(values[i])
        else:
            append(values[i] + (values[i + 1] - values[i]) * (second - before) / (times[i + 1] - before))
    return grid


def _held(times: list[float], values: list[float], seconds: int) -> list[int]:
    """The previous value for at most `HOLD_S`, as whole numbers that fit a byte."""
    if not values:
        return [UNKNOWN] * seconds
    whole = [min(255, max(0, int(value + 0.5))) for value in values]
    if len(values) == seconds and times == list(range(seconds)):
        return whole
    grid: list[int] = []
    append = grid.append
    i, last = 0, len(times) - 1
    for second in range(seconds):
        while i < last and times[i + 1] <= second:
            i += 1
        append(whole[i] if 0 <= second - times[i] <= HOLD_S else UNKNOWN)
    return grid
