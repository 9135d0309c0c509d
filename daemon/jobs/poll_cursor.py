"""How far a live source has been read, and which part of it a look asks for (DESIGN 4): newest first, older later."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from connectors.sources.live import BEGINNING

FIRST_LOOK = timedelta(days=90)
RELIST_DAYS = timedelta(days=14)
RELIST_EVERY = timedelta(hours=6)
A_SECOND = timedelta(seconds=1)

type Part = Literal["first", "newest", "again", "older", "all"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A source's own note, kept as JSON in its state.

    Everything that started at `back_to` or later was told; `complete` once that is everything. `newest` is the last start
    known at `listed_at`, when a listing last came to its end, and `relisted_at` the same of one that looked for edits.
    `read` records since `began_at`; `account_since` is the account's own beginning, where the service tells it.
    `nights_through` is the last morning that was asked for, `night` the last one with figures.
    """

    back_to: datetime | None = None
    complete: bool = False
    newest: datetime | None = None
    listed_at: datetime | None = None
    relisted_at: datetime | None = None
    read: int = 0
    began_at: datetime | None = None
    account_since: datetime | None = None
    nights_asked_at: datetime | None = None
    nights_through: date | None = None
    night: date | None = None

    def time_left(self, now: datetime) -> timedelta | None:
        """How long the older history will take at the pace so far; None where that cannot be told."""
        if self.complete or self.back_to is None or self.began_at is None or self.account_since is None:
            return None
        done, ahead = now - self.back_to, self.back_to - self.account_since
        spent = now - self.began_at
        if done <= timedelta() or spent <= timedelta():
            return None
        return max(timedelta(), spent * (ahead / done))


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the source's time, as `Source.fetch` takes it."""

    part: Part
    since: datetime | None
    until: datetime | None = None

    def ended_by(self, back_to: datetime) -> bool:
        return back_to <= (self.since or BEGINNING)


def read_cursor(text: str | None) -> Cursor:
    """The note as it was written; a fresh one where there is none or it cannot be read."""
    try:
        told = json.loads(text or "{}")
        values = {
            field.name: _value(field.name, told[field.name])
            for field in fields(Cursor)
            if told.get(field.name) is not None
        }
        return replace(Cursor(), **values)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return Cursor()


def write_cursor(cursor: Cursor) -> str:
    """The note as JSON; what is not known is left out."""
    told = {name: value for name, value in asdict(cursor).items() if value is not None}
    return json.dumps(
        {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
    )


def _value(name: str, told: object) -> object:
    if name == "complete":
        return bool(told)
    if name == "read":
        return int(str(told))
    if name in ("nights_through", "night"):
        return date.fromisoformat(str(told))
    instant = datetime.fromisoformat(str(told))
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def newest_window(cursor: Cursor, now: datetime, *, again: bool = False) -> Window:
    """What a look begins with: the newest 90 days, then what is newer than the newest, and now and then a fortnight again.

    Reaches back over an outage: to the newest record when a listing last came to its end, and for the fortnight to the one
    before the last that did.
    """
    if cursor.listed_at is None:
        since = now - FIRST_LOOK
        if cursor.back_to is None:
            return Window("first", since)
        return Window("first", min(since, cursor.back_to), cursor.back_to + A_SECOND)
    fortnight = min(now, cursor.listed_at) - RELIST_DAYS
    newer = min(now, fortnight if cursor.newest is None else cursor.newest + A_SECOND)
    last = cursor.relisted_at
    if again or last is None or not timedelta() <= now - last < RELIST_EVERY:
        return Window("again", min(newer, fortnight, now if last is None else last - RELIST_DAYS))
    return Window("newest", newer)


def older_window(cursor: Cursor) -> Window:
    """Everything before what was read so far."""
    return Window("older", None, None if cursor.back_to is None else cursor.back_to + A_SECOND)


def everything() -> Window:
    return Window("all", None)


def after(
    cursor: Cursor, window: Window, back_to: datetime, newest: datetime | None, now: datetime
) -> Cursor:
    """The note once everything of `window` from `back_to` on is stored; `newest` is the last start known by now."""
    ended = window.ended_by(back_to)
    if window.part in ("first", "older", "all"):
        reached = back_to if cursor.back_to is None else min(back_to, cursor.back_to)
        cursor = replace(cursor, back_to=reached, complete=cursor.complete or reached <= BEGINNING)
    if ended and window.part in ("first", "newest", "again", "all"):
        cursor = replace(cursor, newest=newest, listed_at=now)
    if ended and window.part in ("first", "again", "all"):
        cursor = replace(cursor, relisted_at=now)
    return cursor
