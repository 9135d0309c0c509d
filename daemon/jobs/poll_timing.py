"""When a source is asked again: soon while all is well, ever later in an outage, and never all at the same second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)
PATIENCE = timedelta(hours=6)
"""Services stumble; an outage that lasts longer is told."""
LOGIN_PROBE = timedelta(hours=24)
"""A login that was refused is tried again so seldom: only the runner can mend it, and `niggled login` makes it due."""
OLDER_EVERY = timedelta(minutes=2)
"""Between two looks while older history is still to come."""
PACED_WAIT = timedelta(minutes=15)
"""Where the requests are used up and nobody said until when."""
A_MOMENT = timedelta(minutes=1)
"""The least wait of all: a clock of theirs that is ahead of ours makes no hot loop."""
JITTER = 0.1
LEASE = timedelta(minutes=6)
"""For which a look claims its source: a child lives 5 minutes and has 15 seconds to end."""
LATEST = LOGIN_PROBE * (1 + JITTER)
"""No wait is longer than this, whatever a server says."""

type Draw = Callable[[], float]
"""A number from 0 to 1, another at every call."""


def next_look(now: datetime, every: timedelta, draw: Draw) -> datetime:
    """After a success."""
    return now + _jittered(every, draw)


def next_try(now: datetime, failing_since: datetime, retry_at: datetime | None, draw: Draw) -> datetime:
    """After a failure: the longer it has lasted the later, and not before the service said to come back.

    One try falls on the moment when the outage becomes worth telling.
    """
    lasted = now - failing_since
    wait = _jittered(min(max(lasted, SHORTEST_WAIT), LONGEST_WAIT), draw)
    if lasted < PATIENCE < lasted + wait:
        wait = max(PATIENCE - lasted, A_MOMENT)
    return _not_before(now + wait, retry_at, now)


def after_pacing(now: datetime, retry_at: datetime | None, draw: Draw) -> datetime:
    """The requests allowed for now are used up."""
    if retry_at is None:
        return now + _jittered(PACED_WAIT, draw)
    return _not_before(now + A_MOMENT, retry_at, now)


def next_probe(now: datetime, draw: Draw) -> datetime:
    """After a refused login."""
    return now + _jittered(LOGIN_PROBE, draw)


def _not_before(due_at: datetime, retry_at: datetime | None, now: datetime) -> datetime:
    return due_at if retry_at is None else min(max(due_at, retry_at), now + LATEST)


def _jittered(wait: timedelta, draw: Draw) -> timedelta:
    return wait * (1 - JITTER + 2 * JITTER * draw())
