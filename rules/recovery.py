"""H1: nights that hold growth; never a finding by itself (RULES 5.3; Johnston 2020,
10.1016/j.jsams.2019.10.013)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date as calendar_date
from statistics import mean, stdev

from rules.facts import Night
from rules.policy import Policy
from rules.records import EPS

RECENT_DAYS = 7
OWN_MEAN_DAYS = 60
OWN_MEAN_NIGHTS = 30
VARIABILITY_NIGHTS = 5
PULSE_MORNINGS = 3
LIMIT_DAYS = 28


def poor_recovery(nights: Sequence[Night], date: int, policy: Policy) -> str | None:
    """Why the nights up to a date (ordinal) hold growth ("sleep", "hrv", "resting_heart_rate"), None if they
    do not."""
    by_date = {calendar_date.fromisoformat(night.date).toordinal(): night for night in nights}

    def values(first: int, last: int, of: Callable[[Night], float | None]) -> list[float]:
        found = (of(by_date[day]) for day in range(first, last + 1) if day in by_date)
        return [value for value in found if value is not None]

    if not any(date - RECENT_DAYS < day <= date for day in by_date):
        return None
    if _short_nights(values, date, policy):
        return "sleep"
    recent = values(date - RECENT_DAYS + 1, date, lambda night: night.ln_rmssd)
    own = values(date - OWN_MEAN_DAYS, date - 1, lambda night: night.ln_rmssd)
    enough = len(recent) >= VARIABILITY_NIGHTS and len(own) >= OWN_MEAN_NIGHTS
    if enough and mean(recent) < mean(own) - stdev(own) - EPS:
        return "hrv"
    pulses = values(date - PULSE_MORNINGS + 1, date, lambda night: night.resting_heart_rate_bpm)
    usual = values(date - OWN_MEAN_DAYS, date - 1, lambda night: night.resting_heart_rate_bpm)
    enough = len(pulses) == PULSE_MORNINGS and len(usual) >= OWN_MEAN_NIGHTS
    if enough and min(pulses) >= mean(usual) + policy.h1.rhr - EPS:
        return "resting_heart_rate"
    return None


type Values = Callable[[int, int, Callable[[Night], float | None]], list[float]]


def _short_nights(values: Values, date: int, policy: Policy) -> bool:
    slept = values(date - RECENT_DAYS + 1, date, lambda night: night.sleep_h)
    own = values(date - OWN_MEAN_DAYS, date - 1, lambda night: night.sleep_h)
    limit = policy.h1.sleep_h
    if len(own) >= OWN_MEAN_NIGHTS:
        limit = max(limit, mean(own) - policy.h1.short_min / 60)
    return sum(1 for hours in slept if hours < limit - EPS) >= policy.h1.nights


def recovery_days(
    nights: Sequence[Night], held: tuple[int, ...], checked: int | None, until: int, policy: Policy
) -> tuple[int, ...]:
    """Dates up to `until` on which recovery holds growth, after those of `held` judged up to `checked`: at
    most `h1.max_days` in any 28 days."""
    if not nights:
        return ()
    first = max(checked + 1 if checked is not None else until, until - 2 * LIMIT_DAYS)
    days = list(held)
    for date in range(first, until + 1):
        days = [day for day in days if day > date - LIMIT_DAYS]
        if len(days) < policy.h1.max_days and poor_recovery(nights, date, policy) is not None:
            days.append(date)
    return tuple(days)
