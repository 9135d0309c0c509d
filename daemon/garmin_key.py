"""A key for Garmin that the runner has made: how to make one, when it ends, and taking it into use."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connectors.keyfile import KeyFile
from daemon.config import AthleteConfig

if TYPE_CHECKING:
    from connectors.sources.garmin_login import Connected

WHERE_KEYS_ARE = "Open Garmin Connect on the web (not in the app) → Settings → Personal API."
HOW_KEYS_ARE = "Make a key, as long-lived as you like. It is shown once."
LONGEST_VALIDITY = timedelta(days=366)


class LastDayError(ValueError):
    """What cannot be the last day of a key; the text says why."""


def last_day(text: str, today: date) -> date:
    """ "90" or "2027-06-30" as a day. Raises LastDayError for anything else, and for days that are over."""
    word = text.strip()
    try:
        day = today + timedelta(days=int(word)) if word.isdecimal() else date.fromisoformat(word)
    except (ValueError, OverflowError):
        raise LastDayError(f"{word!r} is neither a number of days nor a day: 90, or 2027-06-30") from None
    if not today < day <= today + LONGEST_VALIDITY:
        raise LastDayError(f"{day} cannot be the key's last day: that lies in the next 365 days")
    return day


def keep_last_day(keys: KeyFile, day: date, today: date) -> None:
    """So that the runner is reminded in time. Raises Broken."""
    keys.update(key_ends=day.isoformat(), key_days=(day - today).days)


def today_of(athlete: AthleteConfig, now: datetime) -> date:
    return now.astimezone(ZoneInfo(athlete.runner.timezone)).date()


def first_answer(connected: Connected, athlete: AthleteConfig) -> str:
    """What Garmin has said to a way that works."""
    if connected.newest is None:
        return "Garmin answers: there is no activity yet."
    newest: datetime = connected.newest.astimezone(ZoneInfo(athlete.runner.timezone))
    return f"Garmin answers: the newest activity is of {newest:%A %Y-%m-%d %H:%M}."
