"""How many requests Strava still allows, from the figures it sends with every answer.

Windows are fixed: a quarter of an hour from :00, :15, :30 and :45, and the day from midnight, both UTC. The limits are
the application's, so what others in the house use of it is counted too. Reaching a limit is already too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

type Purpose = Literal["list", "samples"]

QUARTER = timedelta(minutes=15)
RESERVE = 2
"""Requests that a listing leaves in each window, for a login and a second thought."""
SHARE_FOR_SAMPLES = 0.7
"""Recordings can wait: beyond this share of a window the rest is for listings."""
MARGIN = timedelta(seconds=5)
"""Strava's clock may be a little behind ours."""

_READ = ("X-ReadRateLimit-Usage", "X-ReadRateLimit-Limit")
_ALL = ("X-RateLimit-Usage", "X-RateLimit-Limit")


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests used in the quarter hour and in the day that `at` lies in, and how many each allows."""

    short_used: int
    short_limit: int
    day_used: int
    day_limit: int
    at: datetime


def usage_of(headers: Mapping[str, str], now: datetime) -> Usage | None:
    """The figures of one answer, those of reading where there are any; None without. `headers` ignores case."""
    for usage_name, limit_name in (_READ, _ALL):
        used = _pair(headers.get(usage_name, ""))
        limit = _pair(headers.get(limit_name, ""))
        if used is not None and limit is not None and min(limit) > 0:
            return Usage(used[0], limit[0], used[1], limit[1], now)
    return None


def _pair(text: str) -> tuple[int, int] | None:
    short, _, day = (part.strip() for part in text.partition(","))
    return (int(short), int(day)) if short.isdecimal() and day.isdecimal() else None


def saved(usage: Usage) -> dict[str, Any]:
    """As the key file keeps it."""
    return {
        "short_used": usage.short_used,
        "short_limit": usage.short_limit,
        "day_used": usage.day_used,
        "day_limit": usage.day_limit,
        "at": usage.at.isoformat(),
    }


def restored(content: object) -> Usage | None:
    """What `saved` made; None for anything else."""
    if not isinstance(content, dict):
        return None
    try:
        at = datetime.fromisoformat(content["at"]).astimezone(UTC)
        usage = Usage(
            short_used=int(content["short_used"]),
            short_limit=int(content["short_limit"]),
            day_used=int(content["day_used"]),
            day_limit=int(content["day_limit"]),
            at=at,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return usage if min(usage.short_limit, usage.day_limit) > 0 else None


def at_present(usage: Usage, now: datetime) -> Usage:
    """The same figures without what belongs to windows that are over."""
    same_day = usage.at.date() == now.date()
    same_quarter = same_day and next_quarter(usage.at) == next_quarter(now)
    return replace(
        usage,
        short_used=usage.short_used if same_quarter else 0,
        day_used=usage.day_used if same_day else 0,
        at=now,
    )


def pause(usage: Usage, now: datetime, purpose: Purpose) -> tuple[str, datetime] | None:
    """None where a request may be made; else what to say, and when the next window begins."""
    here = at_present(usage, now)
    if here.day_used >= _allowed(here.day_limit, purpose):
        resume = next_day(now)
        used = f"{here.day_used} of {here.day_limit} reads of the day used"
    elif here.short_used >= _allowed(here.short_limit, purpose):
        resume = next_quarter(now)
        used = f"{here.short_used} of {here.short_limit} reads used"
    else:
        return None
    return f"Strava: {used}; going on at {resume:%H:%M} UTC", resume + MARGIN


def _allowed(limit: int, purpose: Purpose) -> float:
    return max(limit - RESERVE, 1) if purpose == "list" else limit * SHARE_FOR_SAMPLES


def after_refusal(usage: Usage | None, now: datetime) -> datetime:
    """When to come back after a 429 that did not say: the next day if that is used up, else the next quarter hour."""
    here = None if usage is None else at_present(usage, now)
    if here is not None and here.day_used >= here.day_limit:
        return next_day(now) + MARGIN
    return next_quarter(now) + MARGIN


def next_quarter(now: datetime) -> datetime:
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + QUARTER


def next_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
