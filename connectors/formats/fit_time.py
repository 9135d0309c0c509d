"""FIT times: seconds since 1989-12-31 UTC, or since the watch was switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)

SINCE_POWER_UP = 0x10000000
"""Smaller times count from when the watch was switched on, not from the epoch."""

LARGEST_OFFSET_S = 14 * 3600
OFFSET_STEP_S = 15 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """How the times of one file become instants.

    `offset_s` is the offset of the place from UTC as the watch gave it, `None` if it gave none (or nonsense).
    `powered_up` is the wall-clock time, without zone, when a watch that counts from its power-up was switched on.
    """

    zone: tzinfo
    offset_s: int | None = None
    powered_up: datetime | None = None

    def instant(self, seconds: float | None) -> datetime | None:
        """FIT seconds -> UTC; `None` where they cannot be placed on a day."""
        if seconds is None:
            return None
        if seconds >= SINCE_POWER_UP:
            return EPOCH + timedelta(seconds=seconds)
        if self.powered_up is None:
            return None
        local = (self.powered_up + timedelta(seconds=seconds)).replace(tzinfo=self.zone)
        return local.astimezone(UTC)

    def utc_offset_s(self, instant: datetime) -> int | None:
        """Seconds east of UTC at `instant` where the activity was recorded, `None` if unknown."""
        if self.powered_up is None:
            return self.offset_s
        offset = instant.astimezone(self.zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else None


def clock_of(activity: dict[str, Any], zone: tzinfo) -> Clock:
    """The `activity` message (raw values) -> Clock; `zone` is the runner's, for a watch without one."""
    local, utc = activity.get("local_timestamp"), activity.get("timestamp")
    if not isinstance(local, int) or not isinstance(utc, int) or local < SINCE_POWER_UP:
        return Clock(zone)
    if utc < SINCE_POWER_UP:
        return Clock(zone, powered_up=EPOCH.replace(tzinfo=None) + timedelta(seconds=local - utc))
    offset = round((local - utc) / OFFSET_STEP_S) * OFFSET_STEP_S
    return Clock(zone, offset if abs(offset) <= LARGEST_OFFSET_S else None)
