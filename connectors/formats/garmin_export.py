"""The Garmin account export: summaries in JSON, FIT files in zips inside the zip.

Units are Garmin's own: centimetres, milliseconds. The FIT files carry upload numbers, not activity numbers, so a file
belongs to the summary that started when it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import IO, Any

from connectors.formats.fit_time import LARGEST_OFFSET_S, OFFSET_STEP_S
from connectors.formats.json_objects import objects_under
from connectors.formats.leg import Leg

SUMMARIES = "summarizedActivitiesExport"
CLOSE_S = 60
"""A FIT file belongs to a summary if their starts are at most this far apart."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Summary:
    activity_id: str
    leg: Leg


@dataclass(frozen=True, slots=True)
class BadSummary:
    activity_id: str
    reason: str


def summary_files(names: list[str]) -> list[str]:
    """The members that hold summaries."""
    return [
        name
        for name in names
        if "summarizedactivities" in PurePosixPath(name).name.lower() and name.lower().endswith(".json")
    ]


def uploaded_zips(names: list[str]) -> list[str]:
    """The members that hold the FIT files, zipped once more."""
    return [
        name
        for name in names
        if PurePosixPath(name).name.lower().startswith("uploadedfiles") and name.lower().endswith(".zip")
    ]


def summaries(stream: IO[bytes]) -> Iterator[Summary | BadSummary]:
    """The activities of one summary file; parents of multi-sport activities are left out, their legs stand beside
    them. Raises Unreadable."""
    for item in objects_under(stream, SUMMARIES):
        if item.get("parent") is True or item.get("isParent") is True:
            continue
        activity_id = str(item.get("activityId") or "")
        start = _instant(item.get("beginTimestamp") or item.get("startTimeGmt"))
        if not activity_id:
            yield BadSummary("", "an activity without id")
        elif start is None:
            yield BadSummary(activity_id, "no usable start time")
        else:
            yield Summary(activity_id, _leg(item, start))


def _leg(item: dict[str, Any], start: datetime) -> Leg:
    both_feet = _positive(item.get("avgDoubleCadence"))
    per_leg = _positive(item.get("avgRunCadence"))
    return Leg(
        sport=_word(item.get("activityType")),
        parent=_word(item.get("sportType")),
        start=start,
        distance_m=_scaled(item.get("distance"), 100),
        moving_s=_scaled(item.get("movingDuration"), 1000) or _scaled(item.get("duration"), 1000),
        elapsed_s=_scaled(item.get("elapsedDuration"), 1000) or _scaled(item.get("duration"), 1000),
        utc_offset_s=_offset_s(item, start),
        manual=item.get("manualActivity") is True or item.get("isManualActivity") is True,
        race=_word(item.get("eventType")) == "race",
        ascent_m=_scaled(item.get("elevationGain"), 100),
        descent_m=_scaled(item.get("elevationLoss"), 100),
        mean_heart_rate_bpm=_positive(item.get("avgHr")),
        max_heart_rate_bpm=_positive(item.get("maxHr")),
        mean_cadence_spm=both_feet or (per_leg * 2 if per_leg else None),
        title=str(item.get("name") or ""),
    )


def _offset_s(item: dict[str, Any], start: datetime) -> int | None:
    """`startTimeLocal` is the wall clock written as if it were UTC."""
    local = _instant(item.get("startTimeLocal"))
    if local is None:
        return None
    offset = round((local - start).total_seconds() / OFFSET_STEP_S) * OFFSET_STEP_S
    return offset if abs(offset) <= LARGEST_OFFSET_S else None


def _instant(value: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _scaled(value: Any, units: float) -> float | None:
    number = _number(value)
    return None if number is None else number / units


def _positive(value: Any) -> float | None:
    return _number(value) or None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _word(value: Any) -> str:
    """A type is a plain word, or an object with a `typeKey`."""
    if isinstance(value, dict):
        value = value.get("typeKey")
    return value if isinstance(value, str) else ""


class Waiting:
    """Summaries that no FIT file was found for yet, by their start."""

    def __init__(self, waiting: list[Summary]) -> None:
        self._by_minute: dict[int, list[Summary]] = {}
        for summary in waiting:
            self._by_minute.setdefault(_minute(summary.leg.start), []).append(summary)

    def take(self, leg: Leg) -> Summary | None:
        """The summary of the leg of a FIT file, with its samples; None where there is none (any more)."""
        minute = _minute(leg.start)
        near = [
            summary
            for nearby in (minute - 1, minute, minute + 1)
            for summary in self._by_minute.get(nearby, ())
            if abs((summary.leg.start - leg.start).total_seconds()) <= CLOSE_S
        ]
        if not near:
            return None
        best = min(near, key=lambda summary: abs((summary.leg.start - leg.start).total_seconds()))
        self._by_minute[_minute(best.leg.start)].remove(best)
        return replace(best, leg=_with_recording(best.leg, leg))

    def rest(self) -> Iterator[Summary]:
        """What stays a summary."""
        for group in self._by_minute.values():
            yield from group


def _minute(instant: datetime) -> int:
    return int(instant.timestamp() // 60)


def _with_recording(summary: Leg, recorded: Leg) -> Leg:
    """Garmin's totals, and from the file what only it has."""
    return replace(
        summary,
        samples=recorded.samples,
        device=recorded.device,
        indoor=recorded.indoor,
        distance_m=recorded.distance_m if summary.distance_m is None else summary.distance_m,
        utc_offset_s=recorded.utc_offset_s if summary.utc_offset_s is None else summary.utc_offset_s,
        ascent_m=recorded.ascent_m if summary.ascent_m is None else summary.ascent_m,
        descent_m=recorded.descent_m if summary.descent_m is None else summary.descent_m,
    )
