"""Strava's rate limits as documented: windows at :00, :15, :30 and :45, days in UTC, refused requests count too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class Meter:
    """Requests used in the window and on the day; `over` were answered with 429."""

    per_window: int
    per_day: int
    window: datetime | None = None
    used_in_window: int = 0
    used_on_day: int = 0
    over: int = 0

    def count(self, at: datetime) -> bool:
        """One more request; whether it is still allowed."""
        window = at.astimezone(UTC).replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        if self.window is None or window.date() != self.window.date():
            self.used_on_day = 0
        if window != self.window:
            self.used_in_window = 0
        self.window = window
        self.used_in_window += 1
        self.used_on_day += 1
        allowed = self.used_in_window <= self.per_window and self.used_on_day <= self.per_day
        self.over += not allowed
        return allowed

    @property
    def limit_header(self) -> str:
        return f"{self.per_window},{self.per_day}"

    @property
    def usage_header(self) -> str:
        return f"{self.used_in_window},{self.used_on_day}"
