"""Which nights a source is asked for, and keeping what it knows (RULES 5.3 H1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.jobs.poll_cursor import Cursor
from daemon.store.answers import load_answers, save_night
from daemon.store.engine import Session
from rules.facts import Night

FIRST_NIGHTS = 60
"""The window of H1's means."""
NIGHTS_AGAIN = 3
"""A watch is synced late, and a night is worked over once more by the service."""
NIGHTS_EVERY = timedelta(hours=3)
MORNING, AFTERNOON = time(5), time(14)


def nights_wanted(cursor: Cursor, now: datetime, timezone: str) -> tuple[date, date] | None:
    """(first, last) local mornings to ask for, None if not now: in the morning until today's night is there."""
    local = now.astimezone(ZoneInfo(timezone))
    today = local.date()
    asked = cursor.nights_asked_at
    if asked is not None and timedelta() <= now - asked < NIGHTS_EVERY:
        return None
    oldest = today - timedelta(days=FIRST_NIGHTS - 1)
    if cursor.nights_through is None:
        return oldest, today
    if cursor.night == today or not MORNING <= local.time() < AFTERNOON:
        return None
    return max(oldest, min(today - timedelta(days=NIGHTS_AGAIN - 1), cursor.nights_through)), today


def save_nights(session: Session, athlete: str, nights: Sequence[Night]) -> int:
    """Keep what is new; a figure that an answer leaves open stays as it was. How many mornings changed."""
    if not nights:
        return 0
    since = datetime.combine(min(date.fromisoformat(night.date) for night in nights), time(), UTC)
    known = {night.date: night for night in load_answers(session, athlete, since).nights}
    changed = 0
    for night in nights:
        kept = _completed(night, known.get(night.date))
        if kept != known.get(night.date):
            save_night(session, athlete, kept)
            changed += 1
    return changed


def _completed(told: Night, before: Night | None) -> Night:
    if before is None:
        return told
    open_fields = [field.name for field in fields(Night) if getattr(told, field.name) is None]
    return replace(told, **{name: getattr(before, name) for name in open_fields})
