"""A source that answers and brings nothing: told once, unless time off explains it (RULES 5.3 D1).

As with an outage, what telling needs is loaded where something is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from daemon.config import AthleteConfig
from daemon.jobs.outages import title_of
from daemon.store.answers import load_answers
from daemon.store.engine import Session
from daemon.store.history import list_activities
from daemon.store.records import starts_of
from daemon.store.sources import SourceState
from rules.timing import paused_at

USUAL = timedelta(days=90)
DAY = timedelta(days=1)


def tell_source_quiet(session: Session, athlete: AthleteConfig, state: SourceState, now: datetime) -> bool:
    """Nothing new for `sources.quiet_days`, or for twice the longest usual gap if that is more.

    Where no source brings anything either, D1's message says the same and more, if it comes: then this one stays away.
    """
    since = state.last_new_activity_at
    least = athlete.policy.sources.quiet_days
    if since is None or now - since < least * DAY:
        return False
    wait = max(least, 2 * longest_gap(starts_of(session, athlete.name, state.source), now)) * DAY
    if now - since < wait or paused_at(now, load_answers(session, athlete.name, now).pauses):
        return False
    newest = list_activities(session, athlete.name, limit=1)
    if newest and newest[0].start < since and _time_off_explains(session, athlete, newest[0].start, now):
        return False
    from daemon.jobs.operations import NEEDS_YOU, tell

    text = (
        f"{title_of(state.source)} has brought nothing new for {(now - since).days} days. "
        "If you ran: check the watch's sync."
    )
    return tell(
        session, athlete, f"quiet|{state.source}|{since.isoformat()}", NEEDS_YOU, text, now, can_wait=True
    )


def longest_gap(starts: Iterable[datetime], now: datetime) -> int:
    """The most days between two activities in the 90 days up to the last; 0 where there are fewer than two."""
    known = sorted(start for start in starts if start <= now)
    recent = [start for start in known if known[-1] - start <= USUAL]
    return max(((later - earlier).days for earlier, later in pairwise(recent)), default=0)


def _time_off_explains(session: Session, athlete: AthleteConfig, last: datetime, now: datetime) -> bool:
    """Whether D1 has found this gap, or may still."""
    if now < last + (athlete.policy.return_.gap_days + 1) * DAY:
        return True
    from daemon.store.findings import findings_of

    return bool(findings_of(session, athlete.name, ["D1"], last))
