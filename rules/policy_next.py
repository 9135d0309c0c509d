"""Settings of what is fine next: returning, caps and the budget (RULES 6 to 8).

Lists of three belong to a green, amber and red load state.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.settings import setting


@dataclass(frozen=True, slots=True)
class ReturningSettings:
    """The way back after a stop."""

    first: float = setting(0.50, "x", "Part of the old longest run after red.", "RULES 6", high=1.0)
    runs: int = setting(3, "runs", "Calm runs before the first step up.", "RULES 6", low=1)
    step: float = setting(
        0.10, "x", "Growth of the part with every further calm run.", "RULES 6", low=0.01, high=1.0
    )
    first_short: float = setting(0.70, "x", "The part after a short flare.", "RULES 6", high=1.0)
    short_h: float = setting(48.0, "h", "A flare that settled within this time was short.", "RULES 6")
    hills: float = setting(
        0.60, "x", "Hills come back at this part.", "RULES 7; Esculier, clinic range [2nd]", high=1.0
    )
    speed: float = setting(
        0.80, "x", "Speed comes back at this part.", "RULES 7; Esculier, clinic range [2nd]", high=1.0
    )
    grow: float = setting(1.10, "x", "Growth over the longest calm run since red.", "RULES 8", low=1.0)


@dataclass(frozen=True, slots=True)
class CapSettings:
    """The part of the base that the next run may have, by cell."""

    green: tuple[float, ...] = setting(
        (1.10, 1.00, 0.80), "x", "Longest run against the base, pain green.", "RULES 8; Frandsen 2025"
    )
    unknown: tuple[float, ...] = setting(
        (1.00, 1.00, 0.80), "x", "Longest run against the base, pain unknown.", "RULES 8"
    )
    amber: tuple[float, ...] = setting(
        (0.80, 0.70, 0.50), "x", "Longest run against the base, pain amber.", "RULES 8; Esculier 2018"
    )


@dataclass(frozen=True, slots=True)
class WeekSettings:
    """The part of the usual week that is left, by cell."""

    green: tuple[float, ...] = setting(
        (1.20, 1.00, 0.80), "x", "Week against the usual, pain green.", "RULES 8"
    )
    unknown: tuple[float, ...] = setting(
        (1.00, 1.00, 0.80), "x", "Week against the usual, pain unknown.", "RULES 8"
    )
    amber: tuple[float, ...] = setting(
        (0.80, 0.70, 0.50), "x", "Week against the usual, pain amber.", "RULES 8"
    )
    floor_km: float = setting(5.0, "km", "The usual week is at least this.", "RULES 8")


@dataclass(frozen=True, slots=True)
class DescentSettings:
    """How much descent is left."""

    green: tuple[float, ...] = setting(
        (1.10, 1.00, 0.0), "x", "Descent against the month's most, pain green.", "RULES 8"
    )
    unknown: tuple[float, ...] = setting(
        (1.00, 1.00, 0.0), "x", "Descent against the month's most, pain unknown.", "RULES 8"
    )
    week: float = setting(1.20, "x", "Descent of 7 days against the usual week.", "RULES 8")
    extra_m: float = setting(50.0, "m", "And so many metres above it.", "RULES 8")
    floor_m: float = setting(
        100.0, "m", "While pain is green, at least this one-run descent is fine.", "RULES 8"
    )
    green_runs: int = setting(2, "runs", "Green runs after a sore answer before descent is back.", "RULES 8")
    memory_days: int = setting(30, "days", "A sore answer closes descent for at most this long.", "RULES 8")


@dataclass(frozen=True, slots=True)
class BaseSettings:
    """Which runs are a base."""

    spike_days: int = setting(7, "days", "A spike is no base for so long.", "RULES 8", low=1)


@dataclass(frozen=True, slots=True)
class FreshSettings:
    """How long a fresh start lasts."""

    days: int = setting(30, "days", "After a break or a flare older runs are no base for so long.", "RULES 8")


@dataclass(frozen=True, slots=True)
class GrowSettings:
    """How fast the longest run may grow."""

    days: int = setting(7, "days", "A new longest run is held for so long before it may grow.", "RULES 8")


@dataclass(frozen=True, slots=True)
class ThresholdSettings:
    """The comfort threshold."""

    days: int = setting(42, "days", "How far back the size that hurt is looked for.", "RULES 8")
    green_runs: int = setting(3, "runs", "Green runs needed to compare with.", "RULES 8", low=1)
    below: float = setting(
        0.90, "x", "Stay below this part of the size that hurt.", "RULES 8 [default]", high=1.0
    )


@dataclass(frozen=True, slots=True)
class RaceSettings:
    """What follows a race or a very long run."""

    factor: float = setting(0.50, "x", "The run after a race against the base.", "RULES 8", high=1.0)
    km: float = setting(15.0, "km", "A race from here on is a hard run.", "RULES 8")
    ratio: float = setting(1.30, "x", "A spike beyond this is a hard run.", "RULES 8", low=1.0)
    days: int = setting(7, "days", "How long a hard run is remembered.", "RULES 8")
    rest_h: float = setting(72.0, "h", "Rest after a hard run.", "RULES 8")


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """The floor of the figure."""

    floor_km: float = setting(3.0, "km", "The longest run is at least this in green and amber.", "RULES 8")


@dataclass(frozen=True, slots=True)
class HurtSettings:
    """The run that hurt is the ceiling."""

    days: int = setting(14, "days", "How long a run that hurt is the ceiling.", "RULES 8")
    amber: float = setting(0.80, "x", "Part of a sore run that is fine next.", "RULES 8", high=1.0)
    red: float = setting(0.50, "x", "Part of a red run that is fine next.", "RULES 8", high=1.0)
    walk_km: float = setting(2.0, "km", "Below this a walk is the advice.", "RULES 8")


@dataclass(frozen=True, slots=True)
class ComfortSettings:
    """When taping is mentioned."""

    days: int = setting(
        14, "days", "Sore for longer: taping or an insole is mentioned once.", "RULES 7", low=1
    )
