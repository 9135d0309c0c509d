"""The running daemon: one tick a minute that asks what is due, a glance at the inboxes in between, and a clean end.

A tick looks into every inbox, has those assessed whom something new or the clock concerns, and has due messages sent. Each
step stands alone: one that fails is told once, its recovery once, and the others go on. The live sources are asked beside
the ticks, so that a service that hangs holds up no warning. Whatever loads the rules or a vendor's library does so in a
child of a few seconds, so that the daemon itself stays small.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Literal

import sqlalchemy as sa
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from daemon.clock import Clock
from daemon.config_page import PageConfig
from daemon.ears import Ears
from daemon.in_force import ConfigurationInForce
from daemon.jobs.listen import Ear
from daemon.life_signs import LifeSigns
from daemon.logs import about
from daemon.notify import notify, reloading_lines, watchdog_limit_s
from daemon.page_door import PageDoor
from daemon.polling import LiveJobs, Polling
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.turns import to_be_assessed, want_assessment

log = logging.getLogger(__name__)

# An assessment that failed is not tried again at every tick: it costs a process.
AFTER_FAILED_ASSESSMENT = timedelta(minutes=5)
# Whoever drops a file into the inbox waits for the answer.
GLANCE_EVERY_S = 10.0
# A look that is busy for longer than this no longer counts as alive: systemd's watchdog may start afresh.
LOOK_LIMIT_S = 600.0
# What is running at a stop may take this long; below the unit's TimeoutStopSec=45s.
STOP_WITHIN_S = 25.0
LISTENERS_STOP_WITHIN_S = 5.0
# The wait for the next signal ends by itself as often.
SIGNAL_SEEN_WITHIN_S = 1.0
_FAILED = "%s failed and is tried again: %s"


@dataclass(frozen=True, slots=True)
class AthleteJobs:
    """What a tick does for one athlete. `take_in` looks for new files and says whether anything changed; `live` is for the
    sources that answer over the network."""

    name: str
    take_in: Callable[[datetime], bool]
    live: LiveJobs | None = None


@dataclass(frozen=True, slots=True)
class Jobs:
    """Everything a tick can do. `assess` has everybody assessed who is due, `deliver` has due messages sent; both end early
    once the event is set. `ears` are the channels that bring answers back. `back_up` makes the daily backup where one is
    due. `page` is what the door opens to, with the configuration `in_force`."""

    athletes: tuple[AthleteJobs, ...]
    assess: Callable[[threading.Event], None]
    deliver: Callable[[threading.Event], None]
    ears: tuple[Ear, ...] = ()
    back_up: Callable[[datetime, threading.Event], None] | None = None
    page: PageConfig | None = None
    in_force: ConfigurationInForce | None = None


class Service:
    """The daemon in the foreground. `tick_s` counts seconds of the machine, whatever `clock` shows.

    `reload` makes new jobs from a changed configuration, or raises with the reason why the old ones stay.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        jobs: Jobs,
        *,
        tick_s: float = 60.0,
        reload: Callable[[], Jobs] | None = None,
        stop_within_s: float = STOP_WITHIN_S,
        signs: LifeSigns | None = None,
        door: PageDoor | None = None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._jobs = jobs
        self._tick_s = tick_s
        self._reload = reload
        self._stop_within_s = stop_within_s
        self._signs = signs
        self._door = door
        self._stop = threading.Event()
        # Unlike an Event, this queue may be filled by a signal handler that interrupts its own reader.
        self._orders: SimpleQueue[Literal["stop", "reload"]] = SimpleQueue()
        self._turn = threading.Lock()
        self._at_rest = threading.Event()
        self._at_rest.set()
        self._look_began_s = self._look_ended_s = float("-inf")
        self._doing = ""
        self._failing: dict[str, datetime] = {}
        # At the start and after a change of the configuration nobody's last assessment holds.
        self._assess_everybody = True
        self._assessment_failed_at: datetime | None = None
        self._arrived = False
        self._polling = Polling(clock, store)
        # Whose sources were asked, or who answered, since the last glance.
        self._news: set[str] = set()
        self._ears = Ears(store, clock, self._news.add)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; the exit status. Work that does not end in time is abandoned: a kill is safe."""
        with self._signals():
            self._ping_store()
            notify("READY=1", "STATUS=Started; first look at what is due")
            scheduler = self._scheduler()
            scheduler.start()
            self._ears.start(self._jobs.ears)
            if self._door is not None:
                self._door.want(self._jobs.page, self._jobs.in_force)
            log.info(
                "Watching for %s", ", ".join(athlete.name for athlete in self._jobs.athletes) or "nobody"
            )
            while self._next_order() == "reload":
                self._reload_jobs()
            self._stop.set()
            notify("STOPPING=1", "STATUS=Stopping")
            scheduler.shutdown(wait=False)
        if self._door is not None:
            self._door.close()
        until = time.monotonic() + self._stop_within_s
        self._ears.leave(LISTENERS_STOP_WITHIN_S)
        if self._at_rest.wait(self._stop_within_s) and self._polling.at_rest.wait(until - time.monotonic()):
            log.info("Stopped")
            return 0
        busy = self._polling.doing if self._at_rest.is_set() else self._doing
        log.warning("Stopped without waiting for: %s", busy)
        logging.shutdown()
        os._exit(0)

    def _next_order(self) -> Literal["stop", "reload"]:
        # A signal that the system gives to another thread, or that comes just before the wait, does not end it.
        while True:
            with suppress(Empty):
                return self._orders.get(timeout=SIGNAL_SEEN_WITHIN_S)

    def stop(self) -> None:
        """End `run` as SIGTERM does."""
        self._orders.put("stop")

    def tick(self) -> None:
        """Look at everything that may be due. Never raises."""
        with self._turn:
            if self._signs is not None:
                self._signs.began()
            self._look(self._jobs, everything=True)
            if self._door is not None and not self._stop.is_set():
                self._door.open()
            if self._signs is not None and not self._stop.is_set():
                self._signs.ended(dict(self._failing), _connected(self._jobs))

    def glance(self) -> None:
        """Look into the inboxes only, and at what follows from an arrival; nothing while a tick is at it. Never raises."""
        if self._turn.acquire(blocking=False):
            try:
                self._look(self._jobs, everything=False)
            finally:
                self._turn.release()

    def poll(self) -> None:
        """Ask the live sources that are due. Never raises."""
        live = {athlete.name: athlete.live for athlete in self._jobs.athletes if athlete.live is not None}
        if live:
            self._guarded(
                "asking the sources", partial(self._polling.round, live, self._stop, self._news.add)
            )

    def back_up(self) -> None:
        """Make the daily backup where one is due. Never raises."""
        if (back_up := self._jobs.back_up) is not None:
            self._guarded("the daily backup", lambda: back_up(self._clock.now(), self._stop))

    def _look(self, jobs: Jobs, *, everything: bool) -> None:
        self._look_began_s = time.monotonic()
        self._at_rest.clear()
        self._arrived = everything
        try:
            for athlete in jobs.athletes:
                with about(athlete=athlete.name):
                    self._step(f"the inbox of {athlete.name}", partial(self._take_in, athlete))
            if everything or self._arrived:
                if self._may_assess():
                    self._step("the assessment", partial(self._assess, jobs))
                self._step("sending", partial(self._deliver, jobs))
        finally:
            self._look_ended_s = time.monotonic()
            self._at_rest.set()
            notify(f"STATUS={self._status()}")

    def _take_in(self, athlete: AthleteJobs) -> None:
        if athlete.name in self._news:
            self._news.discard(athlete.name)
            self._arrived = True
        if athlete.take_in(self._clock.now()):
            self._arrived = True

    def _may_assess(self) -> bool:
        failed_at = self._assessment_failed_at
        # A clock that was put back must not silence anybody until it catches up.
        return (
            failed_at is None or not timedelta(0) <= self._clock.now() - failed_at < AFTER_FAILED_ASSESSMENT
        )

    def _assess(self, jobs: Jobs) -> None:
        now = self._assessment_failed_at = self._clock.now()  # until it has come to a good end
        names = [athlete.name for athlete in jobs.athletes]
        if self._assess_everybody:
            with self._store.session() as session:
                want_assessment(session, names)
            self._assess_everybody = False
        with self._store.reading() as session:
            due = to_be_assessed(session, names, now)
        if due:
            jobs.assess(self._stop)
        self._assessment_failed_at = None

    def _deliver(self, jobs: Jobs) -> None:
        now = self._clock.now()
        with self._store.session() as session:
            expired = outbox.expire_overdue(session, now)
            due = outbox.count_due(session, now, [athlete.name for athlete in jobs.athletes])
        if expired:
            log.warning("%d deliveries came too late to be worth anything and are given up", expired)
        if due:
            # Whoever reads a message may open its link in a moment.
            if self._door is not None and jobs.page is not None and jobs.page.base_url is not None:
                self._door.warm()
            jobs.deliver(self._stop)

    def _step(self, what: str, work: Callable[[], None]) -> None:
        self._doing = what
        self._guarded(what, work)

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        if self._stop.is_set():
            return
        try:
            work()
        except Exception as error:
            if what not in self._failing:
                self._failing[what] = self._clock.now()
                known = isinstance(error, StoreError)  # that one says all there is to say
                log.log(logging.ERROR, _FAILED, what.capitalize(), error, exc_info=None if known else error)
        else:
            if since := self._failing.pop(what, None):
                log.info("%s works again; it had failed since %s", what.capitalize(), _shown(since))

    def _status(self) -> str:
        text = f"Last look {_shown(self._clock.now())}"
        if self._polling.next_check:
            text += f"; {self._polling.next_check}"
        for what, since in list(self._failing.items()):
            text += f"; {what} has failed since {_shown(since)}"
        return text

    def _heartbeat(self) -> None:
        """Tell systemd that we live: a look is fresh or at work within its limit, and the store answers."""
        now_s = time.monotonic()
        busy = not self._at_rest.is_set()
        fresh = (
            now_s - self._look_began_s < LOOK_LIMIT_S
            if busy
            else now_s - self._look_ended_s < 3 * self._tick_s
        )
        if fresh:
            self._ping_store()
            notify("WATCHDOG=1")

    def _ping_store(self) -> None:
        with self._store.reading() as session:
            session.execute(sa.text("SELECT 1"))

    def _reload_jobs(self) -> None:
        notify(*reloading_lines())
        if self._reload is not None:
            try:
                self._jobs = self._reload()
            except Exception as error:
                log.error("The changed configuration is not used, the old one stays: %s", error)  # noqa: TRY400
            else:
                self._assess_everybody = True
                self._polling.forget()
                self._ears.start(self._jobs.ears)
                if self._door is not None:
                    self._door.want(self._jobs.page, self._jobs.in_force)
                log.info(
                    "Configuration read again; a changed [store] or [service] takes effect at the next start"
                )
        notify("READY=1")

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(5)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        first = datetime.now(UTC)
        scheduler.add_job(self.tick, "interval", seconds=self._tick_s, id="tick", next_run_time=first)
        scheduler.add_job(self.glance, "interval", seconds=min(GLANCE_EVERY_S, self._tick_s), id="glance")
        scheduler.add_job(self.poll, "interval", seconds=self._tick_s, id="poll", next_run_time=first)
        scheduler.add_job(self.back_up, "interval", seconds=self._tick_s, id="backup", next_run_time=first)
        if limit_s := watchdog_limit_s():
            scheduler.add_job(self._heartbeat, "interval", seconds=limit_s / 3, id="heartbeat")
        scheduler.add_listener(self._on_trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        return scheduler

    def _on_trouble(self, event: JobExecutionEvent) -> None:
        if event.code == EVENT_JOB_MAX_INSTANCES:
            if event.job_id == "tick":
                busy_s = time.monotonic() - self._look_began_s
                log.warning("The last look is still busy after %.0f s with %s", busy_s, self._doing)
        elif event.code == EVENT_JOB_ERROR:
            log.error("The %s failed: %s", event.job_id, event.exception)
        else:
            log.warning("The %s of %s was missed", event.job_id, event.scheduled_run_time)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop, SIGHUP reloads; only the main thread may say so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers = {
            signal.SIGTERM: self._on_stop,
            signal.SIGINT: self._on_stop,
            signal.SIGHUP: self._on_hangup,
        }
        earlier = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        self._orders.put("reload")


def _connected(jobs: Jobs) -> Iterator[tuple[str, str]]:
    """The (athlete, source) that are asked."""
    for athlete in jobs.athletes:
        # Keys that cannot be listed are told where the sources are asked.
        with suppress(OSError):
            for source in athlete.live.connected() if athlete.live is not None else ():
                yield athlete.name, source


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
