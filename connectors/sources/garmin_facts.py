"""A row of Garmin's listing -> a leg, as `connectors.formats.garmin_export` makes it of an account export.

Here the units are metres and seconds, cadence counts the steps of both feet, and nearly everything may be null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.formats.fit_time import LARGEST_OFFSET_S, OFFSET_STEP_S
from connectors.formats.leg import Leg
from connectors.sources.door import Listed, Unread
from rules.facts import Family
from rules.sports import SportLists, family_of, is_indoor

RUNNING_TYPE = 1
"""Garmin's number of the type `running`, which its other kinds of running name as their parent."""
LEAST_RUNS = 3
"""So many recorded runs, and none of them with a distance, are no chance."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRIVATE = re.compile(
    r"latitude|longitude|polyline|location|coordinate|^(place|city|state|country)"
    r"|owner|displayname|fullname|userroles|userprofile|image|photo|picture|video|comment|description",
    re.IGNORECASE,
)


class _UnusableError(Exception):
    """Why a row makes no sense."""


def is_parent(item: Any) -> bool:
    """Whether a row is the bracket around the legs of a multi-sport activity, which are listed beside it."""
    return isinstance(item, dict) and (item.get("parent") is True or item.get("isParent") is True)


def read_row(item: Any) -> Listed | Unread:
    """One row of the listing."""
    if not isinstance(item, dict):
        return Unread("", "it is no object")
    activity_id = item.get("activityId")
    if not isinstance(activity_id, (int, str)) or isinstance(activity_id, bool) or not activity_id:
        return Unread("", "the field activityId is missing")
    try:
        return Listed(str(activity_id), _leg(item), scrubbed(item))
    except _UnusableError as problem:
        return Unread(str(activity_id), str(problem))


def without_distances(rows: Sequence[Listed | Unread], sports: SportLists) -> Sequence[Listed | Unread]:
    """The rows, with the runs unread where the field for the distance is gone from all of them.

    One run may well have none: Garmin leaves out what was not measured. Several outdoors are a renamed field, and to
    store them would make the runner's kilometres vanish without a word.
    """
    runs = [row for row in rows if isinstance(row, Listed) and _should_have_distance(row.leg, sports)]
    if len(runs) < LEAST_RUNS or any(row.leg.distance_m is not None for row in runs):
        return rows
    lost = {row.external_id for row in runs}
    return [
        Unread(row.external_id, "the field distance is missing") if row.external_id in lost else row
        for row in rows
    ]


def scrubbed(item: dict[str, Any]) -> bytes:
    """A row as compact JSON without positions, names of places and people, and pictures."""
    return json.dumps(_without_private(item), separators=(",", ":"), ensure_ascii=False).encode()


def _should_have_distance(leg: Leg, sports: SportLists) -> bool:
    is_run = family_of(leg.sport, sports, leg.parent) is Family.RUN
    return is_run and not leg.manual and not is_indoor(leg.sport)


def _leg(item: dict[str, Any]) -> Leg:
    start = _instant(item.get("beginTimestamp")) or _instant(item.get("startTimeGMT"))
    if start is None:
        raise _UnusableError("the fields startTimeGMT and beginTimestamp hold no usable time")
    kind = item.get("activityType")
    sport = _word(kind)
    if not sport:
        raise _UnusableError("the field activityType is missing")
    if "duration" not in item:
        raise _UnusableError("the field duration is missing")
    fields = _Fields(item)
    duration_s = fields.total("duration")
    return Leg(
        sport=sport,
        parent=_parent_word(kind),
        start=start,
        distance_m=fields.total("distance"),
        moving_s=fields.positive("movingDuration") or duration_s,
        elapsed_s=fields.positive("elapsedDuration") or duration_s,
        utc_offset_s=_offset_s(_instant(item.get("startTimeLocal")), start),
        manual=fields.is_true("manualActivity", "isManualActivity"),
        race=_word(item.get("eventType")) == "race",
        ascent_m=fields.number("elevationGain"),
        descent_m=fields.number("elevationLoss"),
        mean_heart_rate_bpm=fields.positive("averageHR"),
        max_heart_rate_bpm=fields.positive("maxHR"),
        mean_cadence_spm=fields.positive("averageRunningCadenceInStepsPerMinute"),
        title=_text(item.get("activityName")),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    item: dict[str, Any]

    def total(self, name: str) -> float | None:
        """A figure that the rules live on: one that is no number leaves the row unread."""
        value = self.item.get(name)
        if value is not None and _number(value) is None:
            raise _UnusableError(f"the field {name} is no number")
        return _number(value)

    def number(self, name: str) -> float | None:
        return _number(self.item.get(name))

    def positive(self, name: str) -> float | None:
        """A figure that is never 0: then it was not measured."""
        return self.number(name) or None

    def is_true(self, *spellings: str) -> bool:
        return any(self.item.get(name) is True for name in spellings)


def _number(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _instant(value: Any) -> datetime | None:
    """Epoch milliseconds, "YYYY-MM-DD HH:MM:SS" or the same with a T and fractions, all UTC where no zone is named."""
    try:
        if (milliseconds := _number(value)) is not None:
            return _EPOCH + timedelta(milliseconds=milliseconds)
        if not isinstance(value, str):
            return None
        named = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return named.replace(tzinfo=UTC) if named.tzinfo is None else named.astimezone(UTC)


def _offset_s(local: datetime | None, start: datetime) -> int | None:
    """`local` is the wall clock read as if it were UTC."""
    if local is None:
        return None
    offset = round((local - start).total_seconds() / OFFSET_STEP_S) * OFFSET_STEP_S
    return offset if abs(offset) <= LARGEST_OFFSET_S else None


def _word(value: Any) -> str:
    """A type is an object with a `typeKey`, or a plain word."""
    return _text(value.get("typeKey") if isinstance(value, dict) else value)


def _parent_word(kind: Any) -> str:
    return "running" if isinstance(kind, dict) and kind.get("parentTypeId") == RUNNING_TYPE else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _without_private(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_private(one) for name, one in value.items() if not _PRIVATE.search(name)}
    if isinstance(value, list):
        return [_without_private(one) for one in value]
    return value
