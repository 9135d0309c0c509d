"""The times that chat services put on messages."""

from __future__ import annotations

from datetime import UTC, datetime

_LAST_S = 250_000_000_000


def instant(seconds: object) -> datetime | None:
    """Seconds since 1970 in UTC; None for anything that is no such number."""
    if not isinstance(seconds, int) or not 0 <= seconds <= _LAST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)
