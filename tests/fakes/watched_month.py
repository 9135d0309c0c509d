"""A month under the daemon's eyes in simulated time: real doors over loopback, a real store, a phone that takes it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa
from fakes.account import Account
from fakes.clock import StoppedClock
from fakes.connected_home import GARMIN_KEY, save_keys, served, strava_keys
from fakes.garmin_server import GarminServer
from fakes.misfortunes import NEW_KEY, at_garmin, at_strava
from fakes.month import ZONE, Month
from fakes.strava_server import StravaServer
from fakes.vendor import Vendor

from connectors.channels.contract import OutgoingMessage, Receipt
from connectors.sources.live import BEGINNING
from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.connections import account_since, every, key_countdown, open_source
from daemon.jobs.assess import assess_athlete
from daemon.jobs.deliver import deliver_due
from daemon.jobs.poll import Polled, poll
from daemon.store import outbox
from daemon.store.engine import Store, open_store
from daemon.store.outbox import Delivery, DeliveryState
from daemon.store.sources import SourceState, make_due, register_source, source_state
from daemon.store.tables import SOURCE_RECORDS

FIRST_DAY = date(2026, 3, 2)
KEY_ENDS = date(2026, 3, 19)
SERVICES = ("garmin", "strava")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Phone:
    """A channel that takes everything and keeps it."""

    name = "phone"

    def __init__(self) -> None:
        self.received: list[OutgoingMessage] = []

    def send(self, message: OutgoingMessage) -> Receipt:
        self.received.append(message)
        return Receipt("Phone", 0.0)


@dataclass
class WatchedMonth:
    """`vanished` are the records that went although the service has them; `looks` counts by service and day."""

    store: Store
    athlete: AthleteConfig
    home: Path
    clock: StoppedClock
    month: Month
    strava: StravaServer
    garmin: GarminServer
    by_key: bool
    phone: Phone = field(default_factory=Phone)
    looks: Counter[tuple[str, date]] = field(default_factory=Counter)
    vanished: list[str] = field(default_factory=list)
    _known: dict[str, set[str]] = field(default_factory=lambda: {source: set() for source in SERVICES})
    _assessed_at: datetime = BEGINNING
    _draw: Random = field(default_factory=lambda: Random(7))

    @property
    def servers(self) -> dict[str, Vendor]:
        return {"strava": self.strava, "garmin": self.garmin}

    @property
    def accounts(self) -> dict[str, Account]:
        return {"strava": self.month.strava, "garmin": self.month.garmin}

    def log_in_again(self, source: str) -> None:
        """What `niggled login` leaves: new keys, and a source that is due."""
        if source == "strava":
            save_keys(self.home, source, strava_keys(self.strava))
        elif self.by_key:
            self.garmin.tokens.keys.add(NEW_KEY)
            save_keys(self.home, source, {"api_key": NEW_KEY, "key_ends": "2026-06-20", "key_days": 90})
        else:
            save_keys(self.home, source, {"tokens": self.garmin.tokens.sign_in()})
        with self.store.session() as session:
            make_due(session, "me", source, self.clock.now())

    def live_until(self, end: datetime) -> None:
        """Whatever is due is asked, assessed and sent, minute by minute; minutes without anything are left out."""
        with self.store.session() as session:
            for source in SERVICES:
                register_source(session, "me", source, self.clock.now())
        while (now := self._next_minute()) <= end:
            self.clock.at = now
            self.month.happen(now)
            due = [source for source in SERVICES if self.state(source).due_at <= now]
            changed = [source for source in due if self._look(source).changed]
            if changed or now - self._assessed_at >= HOUR:
                assess_athlete(self.store, self.athlete, now)
                self._assessed_at = now
            deliver_due(self.store, {"me": self.athlete}, self.clock, lambda *about: self.phone)
        self.clock.at = end

    def _next_minute(self) -> datetime:
        with self.store.reading() as session:
            sending = outbox.next_due_at(session)
        waiting = [self.state(source).due_at for source in SERVICES]
        waiting += [at for at in (sending, self.month.next_at) if at is not None]
        return max(self.clock.at + MINUTE, min(waiting))

    def state(self, source: str) -> SourceState:
        with self.store.reading() as session:
            state = source_state(session, "me", source)
        assert state is not None
        return state

    def _look(self, source: str) -> Polled:
        polled = poll(
            self.store,
            self.athlete,
            source,
            lambda: open_source(self.athlete, source, self.home, self.clock.now),
            self.clock.now,
            every=every(self.athlete, source, self.home),
            keep_days=self.athlete.sources[source].keep_days,
            scheduled=True,
            account_since=account_since(self.athlete, source, self.home),
            key=key_countdown(self.athlete, source, self.home, self.clock.now().astimezone(ZONE).date()),
            draw=self._draw.random,
        )
        self.looks[source, self.clock.now().date()] += 1
        if polled.report.changed:
            now = self._ids(source)
            held = self.accounts[source].activities
            self.vanished += [one for one in self._known[source] - now if int(one) in held]
            self._known[source] = now
        return polled

    def _ids(self, source: str) -> set[str]:
        with self.store.reading() as session:
            query = sa.select(SOURCE_RECORDS.c.external_id).where(SOURCE_RECORDS.c.source == source)
            return set(session.execute(query).scalars())

    def messages(self) -> list[Delivery]:
        """Everything that was ever to be said, in the order of the decisions."""
        with self.store.reading() as session:
            found = outbox.list_deliveries(session, "me", DeliveryState)
        return sorted(found, key=lambda one: one.message.decided_at)


@contextmanager
def watched_month(folder: Path, *, by_key: bool, every_min: int) -> Iterator[WatchedMonth]:
    """Both services at work from the first morning on, with all their misfortunes to come."""
    month = Month(FIRST_DAY)
    clock = StoppedClock(month.at(0, time(8)))
    home = folder / "niggled"
    kind = "garmin by key" if by_key else "garmin by login"
    with (
        served("strava", month.strava, home, clock.now) as strava,
        served(kind, month.garmin, home, clock.now) as garmin,
    ):
        assert isinstance(strava, StravaServer)
        assert isinstance(garmin, GarminServer)
        if by_key:
            ends = {"key_ends": KEY_ENDS.isoformat(), "key_days": 90}
            save_keys(home, "garmin", {"api_key": GARMIN_KEY} | ends)
        sources = {
            name: {"base_url": server.base_url, "every_min": every_min}
            for name, server in (("strava", strava), ("garmin", garmin))
        }
        me = {"timezone": ZONE.key, "sources": sources, "channels": {"phone": {"url": "ntfy://ntfy.sh/x"}}}
        athlete = configuration.build({"athletes": {"me": me}}, "", None, home).athletes["me"]
        store = open_store(f"sqlite:///{folder / 'niggled.db'}")
        made = WatchedMonth(store, athlete, home, clock, month, strava, garmin, by_key)
        at_strava(month, strava, made.log_in_again)
        at_garmin(month, garmin, made.log_in_again, by_key=by_key)
        yield made
        store.close()
