"""D1: time off (RULES 5.3)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from datetime import date as calendar_date

from rules.core import Core
from rules.outcome import Finding, Level, Number
from rules.pain_rules import day_subject
from rules.policy import Policy
from rules.timeoff import gap_before, opened


def time_off(core: Core, now: datetime, policy: Policy) -> Finding | None:
    """Once per gap: no run for `return.gap_days`, and the next one would be a return."""
    today = core.date(now)
    gap = gap_before(core.records, today)
    episode = opened(core.records, now, today, policy)
    if gap is None or episode is None:
        return None
    began = today - gap + policy.return_.gap_days
    at = datetime.combine(calendar_date.fromordinal(began), time(), core.zone).astimezone(UTC)
    numbers: dict[str, Number] = {"gap_days": gap}
    if episode.base_km is not None:
        numbers["return_km"] = episode.base_km
    return Finding("D1", Level.WARN, day_subject(began), at, numbers)
