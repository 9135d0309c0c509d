"""Which activities are plausible enough to count (RULES 2.3), and their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rules.facts import Activity
from rules.policy import Policy

EPS = 1e-9
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(hours=24)
LEAST_GATED_DISTANCE_M = 1000.0


def moving_seconds(activity: Activity) -> float:
    """Moving time; where it is missing or 0, elapsed time; 0 where neither is known."""
    return activity.moving_s or activity.elapsed_s or 0.0


def end_of(activity: Activity) -> datetime:
    """Start plus elapsed time, else plus moving time."""
    return activity.start + timedelta(seconds=activity.elapsed_s or moving_seconds(activity))


def gate_reason(activity: Activity, policy: Policy, now: datetime | None = None) -> str | None:
    """Why an activity is in no baseline, sum or alert: a gate's name, "excluded" by the runner, or None if
    it counts.

    Without `now` the part of `gate.date` that looks into the future is left out.
    """
    if activity.excluded:
        return "excluded"
    seconds = moving_seconds(activity)
    metres = activity.distance_m or 0.0
    if metres <= 0 or seconds <= 0:
        return "gate.empty"
    gate = policy.gate
    if seconds / 3600 > gate.time_max_h + EPS:
        return "gate.time_max_h"
    if metres / 1000 > gate.distance_max_km + EPS:
        return "gate.distance_max_km"
    speed_kmh = metres / seconds * 3.6
    if speed_kmh > gate.speed_max_kmh + EPS:
        return "gate.speed_max_kmh"
    if speed_kmh < gate.speed_min_kmh - EPS:
        return "gate.speed_min_kmh"
    if activity.start < EARLIEST or (now is not None and activity.start > now + FUTURE_TOLERANCE):
        return "gate.date"
    return None


def terrain_plausible(metres: float, ascent_m: float | None, descent_m: float | None, policy: Policy) -> bool:
    """False where `gate.ascent_m_per_km` makes the terrain of a run missing."""
    if metres < LEAST_GATED_DISTANCE_M - EPS:
        return True
    limit = policy.gate.ascent_m_per_km * metres / 1000 + EPS
    return (ascent_m or 0.0) <= limit and (descent_m or 0.0) <= limit
