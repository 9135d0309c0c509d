"""One look at one live source: what is new comes in, older history follows, and how it went is recorded (DESIGN 4)."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.sources.contract import Reached, Source, SourceItem, SourceRecord
from connectors.sources.garmin_key import KeyCountdown
from connectors.sources.live import BEGINNING, SAMPLES_WITHIN
from daemon.config import AthleteConfig
from daemon.jobs import poll_timing as timing
from daemon.jobs.outages import tell_key_ends, title_of
from daemon.jobs.poll_cursor import (
    Cursor,
    Window,
    after,
    everything,
    newest_window,
    older_window,
    read_cursor,
    write_cursor,
)
from daemon.jobs.poll_nights import nights_wanted, save_nights
from daemon.jobs.poll_outcome import Brought, failed, succeeded
from daemon.jobs.poll_progress import Progress, progress_of, progress_sentence
from daemon.jobs.sync import Report, take_in
from daemon.store.engine import Session, Store
from daemon.store.errors import StoreError
from daemon.store.history import first_import_until
from daemon.store.records import Outcome, drop_raw, known_records, newest_start
from daemon.store.sources import (
    claim_this,
    forget_set_aside,
    keep_claim,
    register_source,
    release_source,
    save_cursor,
    source_state,
)
from rules.facts import Family, Night

log = logging.getLogger(__name__)

LOOK_LASTS = timedelta(minutes=4)
"""A scheduled look ends by itself after this, in good time before it would be ended."""
PAGES_A_LOOK = 10
SAMPLES_AT_ONCE = 10
"""Recordings a transaction: each was a request."""
NEW = (Outcome.ADDED, Outcome.MERGED)


class LiveSource(Source, Protocol):
    """What a look asks; see `connectors.sources.live`."""

    def nights(self, first: date, last: date) -> Iterable[Night]: ...


class SourceBusyError(Exception):
    """Another worker is at it; the text says so to whoever is at a terminal."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{title_of(source)} is being asked at this moment. Try again in a few minutes.")


@dataclass(slots=True)
class Polled:
    """What a look brought. `report.failure` is why it ended early; `stopped`: there is more, for the next look."""

    source: str
    cursor: Cursor
    due_at: datetime
    report: Report = field(default_factory=Report)
    nights: int = 0
    stopped: bool = False

    @property
    def changed(self) -> bool:
        return self.report.changed or bool(self.nights)


def poll(
    store: Store,
    athlete: AthleteConfig,
    source: str,
    opened: Callable[[], LiveSource],
    now: Callable[[], datetime],
    *,
    every: timedelta,
    keep_days: int,
    full: bool = False,
    scheduled: bool = False,
    worker: str | None = None,
    account_since: datetime | None = None,
    key: KeyCountdown | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    draw: timing.Draw = random.random,
) -> Polled:
    """Look once. What fails is recorded and in the answer, not raised; only StoreError is.

    `scheduled`: one of many looks, so it is bounded and goes on next time; otherwise it goes to the end, and looks for
    edits too. `full` reads everything again. `worker` claims the source for this look, under that name, and raises
    SourceBusyError where another has it; None where the caller has claimed it. `account_since` is when the account began,
    `key` how long the key to it still works.
    """
    began = now()
    with store.session() as session:
        register_source(session, athlete.name, source, began)
        if worker is not None and not claim_this(session, athlete.name, source, worker, began, timing.LEASE):
            raise SourceBusyError(source)
        state = source_state(session, athlete.name, source)
        cursor = read_cursor(state.cursor if state else None)
    cursor = replace(
        cursor, began_at=cursor.began_at or began, account_since=account_since or cursor.account_since
    )
    look = _Look(store, athlete, source, now, began, cursor, scheduled, worker, progress)
    try:
        failure = look.run(opened, full=full)
        if key is not None:
            with store.session() as session:
                tell_key_ends(session, athlete, source, key, now())
        return look.end(failure, every, keep_days, draw)
    finally:
        if worker is not None:
            with store.session() as session:
                release_source(session, athlete.name, source, worker)


class _Look:
    """One look at work: the note of how far it has come, and what it brought."""

    def __init__(
        self,
        store: Store,
        athlete: AthleteConfig,
        source: str,
        now: Callable[[], datetime],
        began: datetime,
        cursor: Cursor,
        scheduled: bool,
        worker: str | None,
        progress: Callable[[Progress], None],
    ) -> None:
        self._store = store
        self._athlete = athlete
        self._source = source
        self._now = now
        self._began = began
        self._scheduled = scheduled
        self._worker = worker
        self._progress = progress
        self._polled = Polled(source, cursor, began)
        self._runs: set[str] = set()
        self._fresh = 0
        self._answered = False
        self._ended = False

    def run(self, opened: Callable[[], LiveSource], *, full: bool) -> ConnectorError | None:
        """Everything that is due; the failure that ended it, None if it came to its end."""
        try:
            with _defects_told(self._source):
                live = opened()
                first = self._polled.cursor.listed_at is None
                newest = newest_window(self._polled.cursor, self._began, again=not self._scheduled)
                paced = self._listed(live, newest)
                if not self._polled.stopped:
                    self._ask_nights(live)
                if full:
                    paced = self._listed(live, everything()) or paced
                elif not (
                    self._polled.cursor.complete or self._polled.stopped or (first and self._scheduled)
                ):
                    paced = self._listed(live, older_window(self._polled.cursor)) or paced
        except ConnectorError as failure:
            return failure
        return paced

    def _listed(self, live: LiveSource, window: Window) -> Unavailable | None:
        """Take a window. Recordings that have to wait hold up no listing: where only they are missing, what says so is given
        back, not raised."""
        self._ended = False
        try:
            self._take(live, window)
        except Unavailable as failure:
            if not (failure.paced and self._ended):
                raise
            return failure
        return None

    def _take(self, live: LiveSource, window: Window) -> None:
        with self._store.reading() as session:
            name = self._athlete.name
            since = None
            if window.since is not None:
                since = min(window.since, self._began - SAMPLES_WITHIN)
            known = known_records(session, name, self._source, since)
            # What a first look or an older history brings is no news, whenever it comes.
            old = window.part in ("first", "older", "all")
            seen_at = (first_import_until(session, name) if old else None) or self._began
        report = take_in(
            self._store,
            self._athlete,
            self._items(live.fetch(window.since, known, window.until), window),
            self._began,
            reached=lambda session, item: self._reached(session, window, item.back_to),
            first_seen_at=seen_at,
        )
        whole = self._polled.report
        whole.saved += report.saved
        whole.aside += report.aside
        whole.warnings += report.warnings
        whole.deleted += report.deleted
        if report.failure is not None:
            raise report.failure

    def _items(self, fetched: Iterable[SourceItem], window: Window) -> Iterator[SourceItem]:
        """What the source yields, with a mark to save at after every few recordings, until this look has had enough."""
        pages = unsaved = 0
        mark: Reached | None = None
        with _defects_told(self._source):
            for item in fetched:
                self._answered = True
                if isinstance(item, Reached):
                    mark, unsaved, pages = item, 0, pages + 1
                elif isinstance(item, SourceRecord):
                    if item.adds:
                        unsaved += 1
                    else:
                        self._fresh += 1
                    if item.activity.family is Family.RUN:
                        self._runs.add(item.external_id)
                yield item
                if mark is not None and unsaved >= SAMPLES_AT_ONCE:
                    unsaved = 0
                    yield mark
                if self._enough(window, pages):
                    self._polled.stopped = True
                    return

    def _enough(self, window: Window, pages: int) -> bool:
        if not self._scheduled:
            return False
        if window.part in ("older", "all") and pages >= PAGES_A_LOOK:
            return True
        return not timedelta() <= self._now() - self._began < LOOK_LASTS

    def _reached(self, session: Session, window: Window, back_to: datetime) -> None:
        """In the transaction of what was read: a kill afterwards loses nothing."""
        name, moment = self._athlete.name, self._now()
        newest = newest_start(session, name, self._source, until=moment)
        cursor = after(self._polled.cursor, window, back_to, newest, self._began)
        if window.part in ("first", "older", "all"):
            cursor = replace(cursor, read=cursor.read + self._fresh)
        self._fresh = 0
        self._polled.cursor = cursor
        self._ended = window.ended_by(back_to)
        save_cursor(session, name, self._source, write_cursor(cursor))
        if self._ended and window.part != "newest":
            since = window.since or BEGINNING
            forget_set_aside(session, name, self._source, since, window.until, met_before=self._began)
        if self._worker is not None:
            keep_claim(session, name, self._source, self._worker, moment + timing.LEASE)
        if window.part in ("first", "older"):
            self._progress(progress_of(cursor, moment))
        elif window.part == "all":
            again = replace(cursor, back_to=back_to, complete=window.ended_by(back_to), began_at=self._began)
            self._progress(progress_of(again, moment))

    def _ask_nights(self, live: LiveSource) -> None:
        """Recovery is worth less than a run: where it cannot be had, the look goes on as if there were none."""
        cursor, moment = self._polled.cursor, self._now()
        wanted = nights_wanted(cursor, moment, self._athlete.runner.timezone)
        if wanted is None:
            return
        cursor = replace(cursor, nights_asked_at=moment)
        self._polled.cursor = cursor
        try:
            with _defects_told(self._source):
                nights = list(live.nights(*wanted))
        except NeedsLogin:
            raise
        except ConnectorError as failure:
            if isinstance(failure, Unavailable) and failure.retry_at is not None:
                # Whoever says when to come back is left alone until then; the nights' turn comes hours later.
                with self._store.session() as session:
                    save_cursor(session, self._athlete.name, self._source, write_cursor(cursor))
                raise
            self._polled.report.warnings.append(
                f"The nights of {title_of(self._source)} could not be read: {failure}"
            )
            log.warning("The nights of %s could not be read: %s", title_of(self._source), failure)
            return
        latest = max((date.fromisoformat(night.date) for night in nights), default=None)
        with self._store.session() as session:
            self._polled.nights = save_nights(session, self._athlete.name, nights)
        self._polled.cursor = replace(cursor, nights_through=wanted[1], night=latest or cursor.night)

    def end(
        self, failure: ConnectorError | None, every: timedelta, keep_days: int, draw: timing.Draw
    ) -> Polled:
        """Record how it went and tell what is to be told."""
        polled, athlete, source = self._polled, self._athlete, self._source
        polled.report.failure = failure
        new = {one.external_id for one in polled.report.saved if one.outcome in NEW}
        brought = Brought(len(new), len(new & self._runs), self._answered)
        moment = self._now()
        with self._store.session() as session:
            if failure is None:
                more = polled.stopped or not polled.cursor.complete
                polled.due_at = timing.next_look(moment, timing.OLDER_EVERY if more else every, draw)
                written = write_cursor(polled.cursor)
                succeeded(session, athlete, source, moment, brought, due_at=polled.due_at, cursor=written)
                drop_raw(session, athlete.name, source, stored_before=moment - timedelta(days=keep_days))
            else:
                polled.due_at = failed(session, athlete, source, moment, failure, draw, brought)
            if polled.report.aside:
                from daemon.jobs.operations import tell_unreadable

                tell_unreadable(session, athlete, polled.report.aside, self._began)
        self._log(failure, len(new))
        return polled

    def _log(self, failure: ConnectorError | None, new: int) -> None:
        polled, title = self._polled, title_of(self._source)
        report = polled.report
        log.info(
            "%s of %s: %d new, %d changed, %d gone, %d not read; next look %s UTC",
            title,
            self._athlete.name,
            new,
            report.count(Outcome.CHANGED),
            report.deleted,
            len(report.aside),
            f"{polled.due_at:%Y-%m-%d %H:%M}",
        )
        if failure is not None:
            log.warning("%s of %s: %s", title, self._athlete.name, failure)
        elif not polled.cursor.complete and polled.cursor.back_to is not None:
            log.info("%s of %s: %s", title, self._athlete.name, progress_sentence(polled.cursor, self._now()))


@contextmanager
def _defects_told(source: str) -> Iterator[None]:
    """A defect of ours ends as Broken, with its traceback in the log, so that what came before it is kept."""
    try:
        yield
    except (ConnectorError, StoreError):
        raise
    except Exception as error:
        log.exception("Reading %s broke down", title_of(source))
        raise Broken(
            f"Reading it broke down ({type(error).__name__}). Look into the log, and report what stands there."
        ) from error
