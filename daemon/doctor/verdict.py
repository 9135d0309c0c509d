"""What a check comes to: a mark, what was found, and the cure in the same line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rules.phrases import day


class Mark(StrEnum):
    """How grave it is: all well, worth knowing, to be mended."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`check` names what was looked at, for programs; `athlete` whose it is, None where it is the household's.

    `what` and `cure` are whole sentences without any secret, place or health figure.
    """

    check: str
    mark: Mark
    what: str
    cure: str = ""
    athlete: str | None = None


def good(check: str, what: str, athlete: str | None = None) -> Verdict:
    return Verdict(check, Mark.GOOD, what, "", athlete)


def warning(check: str, what: str, cure: str, athlete: str | None = None) -> Verdict:
    return Verdict(check, Mark.WARNING, what, cure, athlete)


def bad(check: str, what: str, cure: str, athlete: str | None = None) -> Verdict:
    return Verdict(check, Mark.BAD, what, cure, athlete)


def as_sentence(words: str) -> str:
    words = words.strip()
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def when(instant: datetime, now: datetime, timezone: str = "UTC") -> str:
    """ "20:15" today, "Tuesday 18:00", "12 October 18:00"; in UTC it says so."""
    zone = ZoneInfo(timezone)
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    shown = f"{local:%H:%M}" if local.date() == today else f"{day(local.date(), today)} {local:%H:%M}"
    return shown if local.utcoffset() or timezone != "UTC" else f"{shown} UTC"


def from_stamp(seconds: float) -> datetime:
    """A file's time."""
    return datetime.fromtimestamp(seconds, UTC)


def size(count: int) -> str:
    """Bytes as people read them: "840 MB", "12.4 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1_000_000_000 else f"{count // 1_000_000} MB"


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 message", "3 messages"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
