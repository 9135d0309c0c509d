"""What a look at a source comes to: its state, when it is asked again, and what the runner is told of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import ConnectorError, NeedsLogin, Unavailable
from daemon.config import AthleteConfig
from daemon.jobs import poll_timing as timing
from daemon.jobs.outages import tell_source_back, tell_source_outage
from daemon.jobs.quiet_source import tell_source_quiet
from daemon.store.engine import Session, Store
from daemon.store.sources import (
    SourceCondition,
    outage_began,
    record_failure,
    record_pacing,
    record_success,
    source_state,
)


@dataclass(frozen=True, slots=True)
class Brought:
    """New records of a look, and how many of them are runs. `answered`: something was heard at all."""

    new: int = 0
    runs: int = 0
    answered: bool = False


def succeeded(
    session: Session,
    athlete: AthleteConfig,
    source: str,
    now: datetime,
    brought: Brought,
    *,
    due_at: datetime,
    cursor: str,
) -> None:
    """All is well; the end of an outage that was told is told."""
    before = record_success(
        session, athlete.name, source, now, due_at=due_at, new_activities=brought.new, cursor=cursor
    )
    tell_source_back(session, athlete, before, brought.runs, now)
    state = source_state(session, athlete.name, source)
    if state is not None:
        tell_source_quiet(session, athlete, state, now)


def lost(
    store: Store,
    athlete: AthleteConfig,
    source: str,
    reason: str,
    now: datetime,
    draw: timing.Draw = random.random,
) -> None:
    """A look ended without a word of its own; `reason` is a sentence. Raises StoreError."""
    with store.session() as session:
        failed(session, athlete, source, now, Unavailable(reason), draw)


def failed(
    session: Session,
    athlete: AthleteConfig,
    source: str,
    now: datetime,
    failure: ConnectorError,
    draw: timing.Draw,
    brought: Brought = Brought(),
) -> datetime:
    """Not all is well; when the source is asked again. An outage is told in its time."""
    if isinstance(failure, Unavailable) and failure.paced:
        due_at = timing.after_pacing(now, failure.retry_at, draw)
        before = record_pacing(
            session,
            athlete.name,
            source,
            now,
            due_at=due_at,
            reason=str(failure),
            retry_at=failure.retry_at,
            answered=brought.answered,
            new_activities=brought.new,
        )
        if brought.answered:
            tell_source_back(session, athlete, before, brought.runs, now)
        return due_at
    state = source_state(session, athlete.name, source)
    since = now if state is None else outage_began(state, now)
    condition, due_at = _consequence(failure, now, since, draw)
    record_failure(
        session,
        athlete.name,
        source,
        now,
        condition,
        due_at=due_at,
        reason=str(failure),
        cure=failure.cure if isinstance(failure, NeedsLogin) else None,
        retry_at=failure.retry_at if isinstance(failure, Unavailable) else None,
        new_activities=brought.new,
    )
    new = state is None or state.last_success_at is None
    tell_source_outage(session, athlete, source, failure, since, now, new=new)
    return due_at


def _consequence(
    failure: ConnectorError, now: datetime, since: datetime, draw: timing.Draw
) -> tuple[SourceCondition, datetime]:
    if isinstance(failure, NeedsLogin):
        return SourceCondition.NEEDS_LOGIN, timing.next_probe(now, draw)
    if isinstance(failure, Unavailable):
        return SourceCondition.WAITING, timing.next_try(now, since, failure.retry_at, draw)
    return SourceCondition.BROKEN, timing.next_try(now, since, None, draw)
