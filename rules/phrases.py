"""Distances, days and lists the way a runner reads them (VOICE 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import floor
from zoneinfo import ZoneInfo

from rules.facts import Runner

KM_PER_MILE = 1.609344
EPS = 1e-9
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
COUNTS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def unit(runner: Runner) -> str:
    return "mi" if runner.miles else "km"


def bare_distance(km: float, runner: Runner) -> str:
    """Kilometres -> the runner's unit, one decimal, no unit: "10.5"."""
    return f"{km / KM_PER_MILE if runner.miles else km:.1f}"


def distance(km: float, runner: Runner) -> str:
    """Kilometres -> "10.5 km" or "6.5 mi"."""
    return f"{bare_distance(km, runner)} {unit(runner)}"


def whole_distance(km: float, runner: Runner) -> str:
    """Kilometres of a week -> "31", no unit."""
    return f"{km / KM_PER_MILE if runner.miles else km:.0f}"


def allowed_distance(km: float, runner: Runner) -> str:
    """A figure of the budget -> "10.5 km"; rounded down again where it is turned into miles (RULES 2.1)."""
    own = km / KM_PER_MILE if runner.miles else km
    return f"{floor(own * 10 + EPS) / 10:.1f} {unit(runner)}"


def allowed_week(km: float, runner: Runner) -> str:
    """A figure of the budget for a whole week -> "33", no unit; rounded down."""
    return f"{floor((km / KM_PER_MILE if runner.miles else km) + EPS)}"


def pace(speed_mps: float, runner: Runner) -> str:
    """Metres per second, more than 0 -> minutes and seconds for the runner's unit of distance: "6:03"."""
    seconds = round(1000 * (KM_PER_MILE if runner.miles else 1) / speed_mps)
    return f"{seconds // 60}:{seconds % 60:02d}"


def lasting(seconds: float) -> str:
    """A time that something took: "48 min", "1 h 05 min"."""
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def percent_above(ratio: float) -> str:
    """1.24 -> "24 %"."""
    return f"{(ratio - 1) * 100:.0f} %"


def day(when: date, today: date) -> str:
    """The weekday within a week of today, else "12 October", with the year where it is not this year's."""
    if when == today:
        return "today"
    if abs((when - today).days) < 7:
        return WEEKDAYS[when.weekday()]
    written = f"{when.day} {MONTHS[when.month - 1]}"
    return written if when.year == today.year else f"{written} {when.year}"


def local_date(instant: datetime, runner: Runner) -> date:
    """The runner's own calendar date at an instant."""
    return instant.astimezone(ZoneInfo(runner.timezone)).date()


def clock_words(instant: datetime, runner: Runner) -> str:
    """The runner's own time of day: "19:30"."""
    return f"{instant.astimezone(ZoneInfo(runner.timezone)):%H:%M}"


def count(number: int) -> str:
    """3 -> "three"; figures from 13 on."""
    return COUNTS[number] if 0 <= number < len(COUNTS) else str(number)


def listing(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
