"""A row of Strava's listing as a leg, and its streams as samples. Metres, seconds, and cadence of one leg only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.formats.leg import Leg
from connectors.sources.door import Listed, Unread
from rules.facts import Activity, Family
from rules.resample import Samples
from rules.sports import SportLists, family_of

STREAMS = ("time", "distance", "altitude", "velocity_smooth", "heartrate", "cadence")
"""What is asked for: never positions."""

HIDDEN_START = (
    "Strava hides its start time, so it may count twice beside another source; show the time on Strava"
)

_NEEDED = ("id", "start_date", "distance", "moving_time", "elapsed_time")
_KEPT_TEXTS = ("name", "type", "sport_type", "start_date", "start_date_local", "device_name", "visibility")
_POSITIONS = {"lat", "lng", "lon", "latlng", "latitude", "longitude"}
_LARGEST_OFFSET_S = 15 * 3600
_RACE = 1


def listed(row: object, sports: SportLists) -> Listed | Unread:
    """One row of the listing, or an activity on its own; Unread says what is missing or makes no sense."""
    if not isinstance(row, dict):
        return Unread("", "it is no object")
    external_id = _id(row)
    missing = [name for name in _NEEDED if name not in row]
    if not row.get("sport_type") and not row.get("type"):
        missing.append("sport_type")
    if missing:
        fields = f"field {missing[0]} is" if len(missing) == 1 else f"fields {', '.join(missing)} are"
        return Unread(external_id, f"the {fields} missing")
    if not external_id:
        return Unread("", "its id is no number")
    try:
        return Listed(external_id, _leg(row, sports), _kept(row))
    except _Strange as strange:
        return Unread(external_id, f"the field {strange.field} is {strange.shown}")


def samples_of(streams: Mapping[str, Sequence[Any] | None], activity: Activity) -> Leg | None:
    """Streams by name -> a leg of samples; None without times, or with neither distance nor speed."""
    times = streams.get("time")
    if not times:
        return None
    known = [index for index, second in enumerate(times) if _finite(second)]
    columns = {name: _column(streams.get(name), len(times), known) for name in STREAMS[1:]}
    if not known or not (columns["distance"] or columns["velocity_smooth"]):
        return None
    steps = 2.0 if activity.family in (Family.RUN, Family.WALK) else 1.0
    samples = Samples(
        time_s=[float(times[index]) for index in known],
        distance_m=columns["distance"],
        altitude_m=columns["altitude"],
        speed_mps=columns["velocity_smooth"],
        heart_rate_bpm=columns["heartrate"],
        cadence_spm=[None if value is None else value * steps for value in columns["cadence"]],
    )
    return Leg(sport=activity.sport, start=activity.start, samples=samples)


class _Strange(Exception):
    def __init__(self, field: str, value: object) -> None:
        super().__init__(field)
        self.field = field
        self.shown = repr(value)[:40]


def _id(row: Mapping[str, Any]) -> str:
    value = row.get("id")
    text = "" if isinstance(value, bool) else str(value)
    return text if text.isascii() and text.isdecimal() else ""


def _leg(row: Mapping[str, Any], sports: SportLists) -> Leg:
    sport = row.get("sport_type") or row["type"]
    if not isinstance(sport, str):
        raise _Strange("sport_type", sport)
    on_foot = family_of(sport, sports) in (Family.RUN, Family.WALK)
    manual = row.get("manual") is True
    odd: list[str] = []
    cadence = _optional(row, "average_cadence", odd)
    ascent = _optional(row, "total_elevation_gain", odd)
    leg = Leg(
        sport=sport,
        start=_start(row["start_date"]),
        distance_m=_amount(row, "distance"),
        moving_s=_amount(row, "moving_time"),
        elapsed_s=_amount(row, "elapsed_time"),
        utc_offset_s=_offset(row.get("utc_offset")),
        indoor=row.get("trainer") is True,
        manual=manual,
        race=on_foot and str(row.get("workout_type")).removesuffix(".0") == str(_RACE),
        ascent_m=None if manual else ascent,
        mean_heart_rate_bpm=_optional(row, "average_heartrate", odd) or None,
        max_heart_rate_bpm=_optional(row, "max_heartrate", odd) or None,
        mean_cadence_spm=cadence * 2 if cadence and on_foot else None,
        device=_text(row.get("device_name")) or None,
        title=_text(row.get("name")),
    )
    warnings = [f"left out as nonsense: {', '.join(odd)}"] if odd else []
    if _starts_at_midnight(leg):
        warnings.append(HIDDEN_START)
    return replace(leg, warning="; ".join(warnings) or None)


def _start(value: object) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _Strange("start_date", value)


def _amount(row: Mapping[str, Any], name: str) -> float | None:
    """A length or a time; null is not recorded."""
    value = row[name]
    if value is None:
        return None
    if not _finite(value) or value < 0:
        raise _Strange(name, value)
    return float(value)


def _optional(row: Mapping[str, Any], name: str, odd: list[str]) -> float | None:
    """A figure that a run is worth keeping without; a strange one goes to `odd` by its name."""
    value = row.get(name)
    if value is None:
        return None
    if not _finite(value) or value < 0:
        odd.append(name)
        return None
    return float(value)


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _offset(value: object) -> int | None:
    if isinstance(value, int | float) and _finite(value) and abs(value) <= _LARGEST_OFFSET_S:
        return int(value)
    return None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _starts_at_midnight(leg: Leg) -> bool:
    """A start time that the runner hides on Strava comes as 00:00:01 of the day."""
    if leg.utc_offset_s is None or leg.manual:
        return False
    try:
        local = leg.start + timedelta(seconds=leg.utc_offset_s)
    except OverflowError:
        return False
    return (local.hour, local.minute, local.second) == (0, 0, 1)


def _column(values: Sequence[Any] | None, length: int, known: Sequence[int]) -> list[float | None]:
    """The stream at the known times; empty where there is none, or none that fits the times."""
    if not isinstance(values, Sequence) or len(values) != length:
        return []
    return [float(values[index]) if _finite(values[index]) else None for index in known]


def _kept(row: Mapping[str, Any]) -> bytes:
    """The row without positions, places, pictures and other people: plain figures, flags and known texts only."""
    kept = {
        name: value
        for name, value in row.items()
        if (name in _KEPT_TEXTS and isinstance(value, str))
        or (
            (isinstance(value, bool) or _finite(value))
            and not _POSITIONS.intersection(name.lower().split("_"))
        )
    }
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()
