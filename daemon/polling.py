"""Asking the live sources when they are due, one after the other, each look in a child of its own (DESIGN 4)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from daemon.clock import Clock
from daemon.jobs.child import ChildFailedError
from daemon.jobs.poll_timing import LEASE
from daemon.logs import about
from daemon.store.engine import Store
from daemon.store.leases import WORKER
from daemon.store.sources import (
    SourceCondition,
    claim_source,
    holds_claim,
    make_due,
    register_source,
    release_source,
    source_states,
)

log = logging.getLogger(__name__)

CLOCK_SET_BACK = timedelta(minutes=1)
OVERDUE = "The look took longer than 5 minutes and was ended."
ENDED_BADLY = "The look ended badly; the log says why."


@dataclass(frozen=True, slots=True)
class LiveJobs:
    """What can be done for the live sources of one athlete.

    `connected` names them as they are now. `sync` has a child look at one; it raises ChildFailedError, and ends early once
    the event is set. `lost` records that a look ended without a word of its own, for the reason given.
    """

    connected: Callable[[], Sequence[str]]
    sync: Callable[[str, threading.Event], None]
    lost: Callable[[str, str, datetime], None]


class Polling:
    """Rounds over what is due. `worker` is the name that claims carry."""

    def __init__(self, clock: Clock, store: Store, worker: str | None = None) -> None:
        self._clock = clock
        self._store = store
        self._worker = worker or WORKER
        self._registered: set[tuple[str, str]] = set()
        self._last_round_at: datetime | None = None
        self.at_rest = threading.Event()
        self.at_rest.set()
        self.doing = ""
        self.next_check = ""

    def forget(self) -> None:
        """The configuration was read again: what waits for a new login or key may have got one."""
        self._registered = set()

    def round(
        self,
        jobs: Mapping[str, LiveJobs],
        stop: threading.Event,
        looked: Callable[[str], None] = lambda athlete: None,
    ) -> None:
        """Look at every source that is due, once. `looked` hears whose source it was."""
        self.at_rest.clear()
        try:
            wanted = dict(self._connected(jobs))
            self._register(wanted)
            waiting = set(wanted)
            while not stop.is_set():
                with self._store.session() as session:
                    now = self._clock.now()
                    claimed = claim_source(session, self._worker, now, LEASE, among=waiting)
                if claimed is None:
                    break
                athlete, source = claimed[0], claimed[1].source
                waiting.discard((athlete, source))
                with about(athlete=athlete, source=source):
                    self._look(athlete, source, wanted[athlete, source], stop)
                looked(athlete)
            self.next_check = self._next_check(wanted)
        finally:
            self.doing = ""
            self.at_rest.set()

    def _connected(self, jobs: Mapping[str, LiveJobs]) -> Iterable[tuple[tuple[str, str], LiveJobs]]:
        for athlete, live in jobs.items():
            try:
                sources = live.connected()
            except OSError as error:
                log.warning("The sources of %s cannot be told: %s", athlete, error.strerror)
                continue
            for source in sources:
                yield (athlete, source), live

    def _register(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Make new sources known; what a clock that was put back left waiting is due."""
        now, last = self._clock.now(), self._last_round_at
        self._last_round_at = now
        set_back = last is not None and now < last - CLOCK_SET_BACK
        athletes = {athlete for athlete, _ in wanted}
        with self._store.reading() as session:
            known = {
                (athlete, state.source): state
                for athlete in athletes
                for state in source_states(session, athlete)
            }
        fresh = [one for one in wanted if one not in known]
        again = [
            one
            for one in wanted
            if one in known
            and (
                set_back or (one not in self._registered and known[one].state is SourceCondition.NEEDS_LOGIN)
            )
        ]
        if fresh or again:
            with self._store.session() as session:
                for one in fresh:
                    register_source(session, *one, now)
                for one in again:
                    make_due(session, *one, now)
        self._registered = set(wanted)

    def _look(self, athlete: str, source: str, live: LiveJobs, stop: threading.Event) -> None:
        self.doing = f"the look at {source} of {athlete}"
        reason = ENDED_BADLY
        try:
            live.sync(source, stop)
        except ChildFailedError as failure:
            reason = OVERDUE if failure.overdue else ENDED_BADLY
            log.warning("%s: %s", source.capitalize(), failure)
        with self._store.session() as session:
            # A look that came to its end has recorded how it went, and given the claim back with that.
            if not holds_claim(session, athlete, source, self._worker):
                return
            if stop.is_set():
                release_source(session, athlete, source, self._worker)
                return
        live.lost(source, reason, self._clock.now())

    def _next_check(self, wanted: Mapping[tuple[str, str], LiveJobs]) -> str:
        """ "next check of strava 2026-03-01 12:15 UTC"; empty where nothing is connected."""
        with self._store.reading() as session:
            due = [
                (state.due_at, athlete, state.source)
                for athlete in sorted({athlete for athlete, _ in wanted})
                for state in source_states(session, athlete)
                if (athlete, state.source) in wanted
            ]
        if not due:
            return ""
        due_at, athlete, source = min(due)
        whose = f" of {athlete}" if len({athlete for athlete, _ in wanted}) > 1 else ""
        return f"next check of {source}{whose} {due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
