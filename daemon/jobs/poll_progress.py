"""How far the history of a source has been read, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.jobs.poll_cursor import Cursor


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the history has been read: records so far, back to when, how much of it (0 to 1) and how long it will take,
    None where the account's beginning is not known."""

    read: int
    back_to: datetime
    share: float | None
    time_left: timedelta | None


def progress_of(cursor: Cursor, now: datetime) -> Progress:
    """How far a history that is still being read has come; `cursor.back_to` is set."""
    back_to = cursor.back_to or now
    share = None
    if cursor.complete:
        share = 1.0
    elif cursor.account_since is not None and cursor.account_since < now:
        share = min(1.0, (now - back_to) / (now - cursor.account_since))
    return Progress(cursor.read, back_to, share, cursor.time_left(now))


def progress_sentence(cursor: Cursor, now: datetime) -> str:
    """ "Read back to March 2019, 812 activities; about 12 minutes to go."."""
    if cursor.back_to is None:
        return "Reading begins."
    text = f"Read back to {cursor.back_to:%B %Y}, {cursor.read} activities"
    left = cursor.time_left(now)
    if left is not None:
        minutes = max(1, round(left / timedelta(minutes=1)))
        text += f"; about {minutes} {'minute' if minutes == 1 else 'minutes'} to go"
    return f"{text}."
