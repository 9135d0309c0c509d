"""The times that chat services put on messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_LAST_S = 250_000_000_000
REST_OF_SECOND = timedelta(microseconds=999_999)


def instant(seconds: object) -> datetime | None:
    """Whole seconds since 1970 -> the end of that second, in UTC; None for anything that is no such number.

    The end, because an answer must not seem older than the question that was asked in the same second.
    """
    if not isinstance(seconds, int) or not 0 <= seconds <= _LAST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC) + REST_OF_SECOND
