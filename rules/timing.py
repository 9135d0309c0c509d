"""Quiet hours, pauses and clock times of the runner's day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.facts import Activity, Pause, Runner
from rules.gates import end_of


def first_seen_at(activity: Activity) -> datetime:
    """When niggled could first speak of it: never before its end."""
    end = end_of(activity)
    return end if activity.first_seen_at is None else max(end, activity.first_seen_at)


def clock_time(text: str) -> time:
    """ "07:30" -> time."""
    return time.fromisoformat(text)


def at_clock_time(when: date, text: str, runner: Runner) -> datetime:
    """A wall-clock time of the runner on a date, as an instant in UTC."""
    # UTC at once: arithmetic on local times ignores daylight saving.
    return datetime.combine(when, clock_time(text), ZoneInfo(runner.timezone)).astimezone(UTC)


def quiet_window(instant: datetime, window: str, runner: Runner) -> tuple[datetime, datetime] | None:
    """Begin and end of the quiet hours ("22:00-07:00", the runner's own) that hold this instant; None outside them."""
    begins, ends = (clock_time(part.strip()) for part in window.split("-"))
    local = instant.astimezone(ZoneInfo(runner.timezone))
    first = last = local.date()
    if begins < ends:
        inside = begins <= local.time() < ends
    elif begins == ends:
        inside = False
    else:
        inside = local.time() >= begins or local.time() < ends
        if local.time() >= begins:
            last += timedelta(days=1)
        else:
            first -= timedelta(days=1)
    if not inside:
        return None
    zone = ZoneInfo(runner.timezone)
    return (
        datetime.combine(first, begins, zone).astimezone(UTC),
        datetime.combine(last, ends, zone).astimezone(UTC),
    )


def quiet_until(instant: datetime, window: str, runner: Runner) -> datetime | None:
    """The end of the quiet hours that hold this instant; None outside them."""
    held = quiet_window(instant, window, runner)
    return held[1] if held else None


def night_since(instant: datetime, now: datetime, window: str, runner: Runner) -> bool:
    """Whether quiet hours began between an instant and now."""
    held = quiet_window(now, window, runner)
    if held is None:
        last_end = at_clock_time(
            now.astimezone(ZoneInfo(runner.timezone)).date(), window.split("-")[1].strip(), runner
        )
        held = quiet_window(last_end - timedelta(seconds=1), window, runner)
        if held is None or held[1] > now:
            return False
    return held[0] >= instant


def after_quiet(instant: datetime, window: str, runner: Runner) -> datetime:
    """The instant itself, or the end of the quiet hours that hold it."""
    return quiet_until(instant, window, runner) or instant


def paused_at(instant: datetime, pauses: tuple[Pause, ...]) -> bool:
    """Whether the runner asked for silence at this instant (RULES 11.8)."""
    return any(pause.start <= instant and (pause.until is None or instant < pause.until) for pause in pauses)
