"""FIT activity files: every leg with its totals and samples.

Read with fitdecode (see `fit_reader`). What a broken file still holds complete is kept and marked with a warning.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from connectors.formats.fit_encode import crc16
from connectors.formats.fit_time import Clock, clock_of
from connectors.formats.leg import SET_SPORT, Leg, Unreadable, is_untyped, mean_known
from rules.resample import Samples

if TYPE_CHECKING:
    from connectors.formats.fit_reader import FastReader, Records

LARGEST_NUMBER = 1e9
NOT_A_FIT = ("it is not a FIT file", "Download the original again from where it came.")
AGAIN = "import the original again if there is one"
BREAKS_OFF = f"the file breaks off: kept what was complete; {AGAIN}"
DAMAGED = f"the checksum is wrong, so some numbers may be damaged; {AGAIN}"
NO_SESSION = f"the recording was never closed: kept what the samples say; {AGAIN}"

_SUB_SPORT_WORDS = {
    "treadmill": "treadmill_running",
    "indoor_running": "indoor_running",
    "virtual_activity": "virtual_run",
    "trail": "trail_running",
    "track": "track_running",
    "street": "street_running",
    "ultra": "ultra_run",
    "obstacle": "obstacle_run",
}
_RUNNING_MACHINES = frozenset({"treadmill", "indoor_running"})
_INDOORS = frozenset({"treadmill", "indoor_running", "virtual_activity", "indoor_walking"})


@dataclass(slots=True)
class _Part:
    """One FIT file of a stream (several may be chained): its messages as name -> value."""

    kind: str | None = None
    creator: dict[str, Any] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    sport: dict[str, Any] = field(default_factory=dict)
    activity: dict[str, Any] = field(default_factory=dict)
    records: Records | None = None


@dataclass(slots=True)
class _Stream:
    parts: list[_Part] = field(default_factory=list)
    beats: list[tuple[float, float]] = field(default_factory=list)
    """(FIT seconds, bpm) of `hr` messages: a strap's memory, downloaded after the activity."""
    failure: str | None = None


def read_fit(data: bytes, zone: tzinfo = UTC, *, fast: bool = True) -> list[Leg]:
    """The bytes of a FIT file -> its legs in order of time, transitions left out.

    `zone` places a watch that only knew its local time. `fast=False` reads every message by fitdecode itself, to the
    same result. Raises Unreadable.
    """
    if not data:
        raise Unreadable("the file is empty (0 bytes)", NOT_A_FIT[1])
    if data[8:12] != b".FIT":
        raise Unreadable(*NOT_A_FIT)
    stream = _read(data, fast=fast)
    parts = [part for part in stream.parts if _may_be_activity(part)]
    warning = stream.failure
    if parts and warning is None and not is_intact(data):
        warning = DAMAGED
    legs = [leg for part in parts for leg in _legs(part, stream, zone, warning)]
    if legs:
        return legs
    raise _nothing_in(stream)


def _nothing_in(stream: _Stream) -> Unreadable:
    kinds = [part.kind for part in stream.parts if not _may_be_activity(part)]
    if kinds:
        return Unreadable(
            f"a FIT file of type {kinds[0]}, not an activity", "Nothing to do: it holds no run."
        )
    if stream.failure and not any(part.kind for part in stream.parts):
        return Unreadable(*NOT_A_FIT)
    return Unreadable(
        "no activity can be made of it: no session and too few samples",
        "Nothing to do, unless you miss a run.",
    )


def _read(data: bytes, *, fast: bool) -> _Stream:
    import fitdecode

    from connectors.formats.fit_reader import FastReader

    stream = _Stream()
    reader = FastReader(data, fast=fast)
    try:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_HEADER:
                stream.parts.append(_Part(records=reader.records))
            elif frame.frame_type == fitdecode.FIT_FRAME_DATA:
                _keep(stream, frame, reader)
    except (
        fitdecode.FitError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        struct.error,
    ):
        # fitdecode answers damaged bytes with any of these; what came before them is complete.
        stream.failure = BREAKS_OFF
    return stream


def _keep(stream: _Stream, frame: Any, reader: FastReader) -> None:
    part = stream.parts[-1]
    name = frame.name
    if name == "hr":
        stream.beats.extend(_beats(frame))
        return
    if name not in ("file_id", "session", "activity", "sport", "device_info"):
        return
    from connectors.formats.fit_reader import native_values

    values = native_values(frame)
    if name == "file_id":
        part.kind = str(values["type"]) if "type" in values else None
        part.creator = values | part.creator
        if not _may_be_activity(part):
            reader.skip_part()
    elif name == "session":
        part.sessions.append(values)
    elif name == "activity":
        part.activity = values
    elif name == "sport":
        part.sport = values
    elif values.get("device_index") == "creator":
        part.creator |= values


def _beats(frame: Any) -> Iterator[tuple[float, float]]:
    """The heart beats of one `hr` message; only those whose time fitdecode could place after its first message."""
    rates: Sequence[Any] = ()
    for item in frame.fields:
        if item.field is not None and item.field.name == "filtered_bpm" and isinstance(item.value, tuple):
            rates = item.value
    times = [
        item.value
        for item in frame.fields
        if item.field is not None and item.field.name == "event_timestamp" and item.field_def is None
    ]
    for time, rate in zip(times, rates, strict=False):
        if isinstance(time, (int, float)) and rate:
            yield float(time), float(rate)


def _may_be_activity(part: _Part) -> bool:
    return part.kind in (None, "activity")


def _legs(part: _Part, stream: _Stream, zone: tzinfo, warning: str | None) -> list[Leg]:
    records = part.records
    if records is None:
        return []
    clock = clock_of(part.activity, zone)
    device = _device(part.creator)
    sessions = sorted(part.sessions, key=lambda session: _time(session.get("start_time")) or 0)
    if not sessions:
        leg = _leg_of_records(part, records, clock, device, warning or NO_SESSION)
        return [leg] if leg is not None else []
    legs: list[Leg] = []
    for here, session in enumerate(sessions):
        if session.get("sport") == "transition":
            continue
        start = _time(session.get("start_time")) if len(sessions) > 1 else None
        end = _time(sessions[here + 1].get("start_time")) if here + 1 < len(sessions) else None
        samples = _samples(records, start, end, stream.beats)
        leg = _leg_of_session(session, samples, clock, device, warning)
        if leg is not None:
            legs.append(leg)
    return legs


def _leg_of_session(
    session: dict[str, Any], samples: Samples | None, clock: Clock, device: str | None, warning: str | None
) -> Leg | None:
    start = clock.instant(_time(session.get("start_time")) or (samples.time_s[0] if samples else None))
    if start is None:
        return None
    sport, indoor = _sport_word(session)
    elapsed = _quantity(session, "total_elapsed_time")
    distance = _quantity(session, "total_distance")
    if samples is not None:
        elapsed = elapsed or samples.time_s[-1] - samples.time_s[0]
        distance = _covered(samples) if distance is None else distance
    heart_rate = _quantity(session, "avg_heart_rate") or (
        mean_known(samples.heart_rate_bpm) if samples else None
    )
    strides = _quantity(session, "avg_running_cadence", "avg_cadence")
    return Leg(
        sport=sport,
        start=start,
        distance_m=distance,
        moving_s=_quantity(session, "total_timer_time"),
        elapsed_s=elapsed,
        utc_offset_s=clock.utc_offset_s(start),
        indoor=indoor,
        ascent_m=_quantity(session, "total_ascent"),
        descent_m=_quantity(session, "total_descent"),
        mean_heart_rate_bpm=heart_rate,
        max_heart_rate_bpm=_quantity(session, "max_heart_rate") or None,
        mean_cadence_spm=(strides + (_quantity(session, "avg_fractional_cadence") or 0)) * 2
        if strides
        else None,
        effort=_told_effort(session),
        feel=_told_feel(session),
        device=device,
        samples=samples,
        warning=warning or (SET_SPORT if is_untyped(sport) else None),
    )


def _leg_of_records(
    part: _Part, records: Records, clock: Clock, device: str | None, warning: str
) -> Leg | None:
    samples = _samples(records, None, None, ())
    if samples is None or len(samples.time_s) < 2:
        return None
    start = clock.instant(samples.time_s[0])
    distance = _covered(samples)
    if start is None or not distance:
        return None
    sport, indoor = _sport_word(part.sport)
    return Leg(
        sport=sport,
        start=start,
        distance_m=distance,
        elapsed_s=samples.time_s[-1] - samples.time_s[0],
        utc_offset_s=clock.utc_offset_s(start),
        indoor=indoor,
        mean_heart_rate_bpm=mean_known(samples.heart_rate_bpm),
        mean_cadence_spm=mean_known(samples.cadence_spm),
        device=device,
        samples=samples,
        warning=f"{warning}; {SET_SPORT}" if is_untyped(sport) else warning,
    )


def _sport_word(session: dict[str, Any]) -> tuple[str, bool]:
    """Our word for FIT's sport and sub-sport, and whether it was done on a machine."""
    sport, sub = str(session.get("sport", "")), str(session.get("sub_sport", ""))
    on_foot = sport in ("running", "walking")
    if sport == "running" or (sport in ("fitness_equipment", "generic", "") and sub in _RUNNING_MACHINES):
        return _SUB_SPORT_WORDS.get(sub, "running"), sub in _INDOORS
    if sport == "training" and sub == "strength_training":
        return "strength_training", True
    return sport, on_foot and sub in _INDOORS


def _samples(
    records: Records, start: float | None, end: float | None, beats: Sequence[tuple[float, float]]
) -> Samples | None:
    """The records from `start` up to `end` (FIT seconds); a strap's memory fills in a missing heart rate."""
    times = records.time_s
    if not times:
        return None
    # The indices of a leg: records are nearly always in order of time, and a slice keeps a file of one leg untouched.
    kept: Sequence[int] | None = None
    if start is not None or end is not None:
        low, high = start if start is not None else times[0], end if end is not None else float("inf")
        kept = [i for i, time in enumerate(times) if low <= time < high]
        if not kept:
            return None

    def part(column: list[Any]) -> list[Any]:
        return column if kept is None else [column[i] for i in kept]

    times = part(times)
    heart_rate = part(records.heart_rate_bpm)
    if beats and not any(heart_rate):
        heart_rate = _from_beats(times, beats)
    return Samples(
        time_s=times,
        distance_m=part(records.distance_m),
        altitude_m=part(records.altitude_m),
        speed_mps=part(records.speed_mps),
        heart_rate_bpm=[rate or None for rate in heart_rate],
        cadence_spm=[None if cadence is None else cadence * 2 for cadence in part(records.cadence_rpm)],
    )


def _from_beats(times: Sequence[float], beats: Sequence[tuple[float, float]]) -> list[float | None]:
    by_second = {int(time): rate for time, rate in beats}
    return [by_second.get(int(time)) for time in times]


def _covered(samples: Samples) -> float | None:
    known = [metres for metres in samples.distance_m if metres is not None]
    return max(known) - known[0] if known else None


def _quantity(message: dict[str, Any], *names: str) -> float | None:
    """The first of these fields that holds a number a recording can hold; damaged bytes hold others, and lists."""
    values = (message.get(name) for name in names)
    return next(
        (value for value in values if isinstance(value, (int, float)) and abs(value) <= LARGEST_NUMBER), None
    )


def _told_effort(session: dict[str, Any]) -> float | None:
    """The runner's own rating of the effort, 0-10; files hold it times ten."""
    rating = _quantity(session, "workout_rpe")
    return rating / 10 if rating is not None and 0 < rating <= 100 else None


def _told_feel(session: dict[str, Any]) -> int | None:
    feel = _quantity(session, "workout_feel")
    return round(feel) if feel is not None and 0 <= feel <= 100 else None


def _time(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _device(creator: dict[str, Any]) -> str | None:
    """Manufacturer and product, never a serial number."""
    product = creator.get("garmin_product", creator.get("product_name", creator.get("product")))
    words = [str(word) for word in (creator.get("manufacturer"), product) if word is not None]
    return " ".join(words) or None


def is_intact(data: bytes) -> bool:
    """Whether each of the chained files in `data` matches its own checksum; one of 0 says that there is none."""
    here = 0
    while here + 12 <= len(data):
        end = here + data[here] + int.from_bytes(data[here + 4 : here + 8], "little")
        stored = data[end : end + 2]
        if len(stored) < 2:
            return False
        if stored != b"\0\0" and crc16(data[here:end]) != int.from_bytes(stored, "little"):
            return False
        here = end + 2
    return True
