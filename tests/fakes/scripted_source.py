"""A live source in memory, on a stopped clock: runs are uploaded when they are, and the service fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from fakes.clock import StoppedClock
from fakes.scripted_door import ScriptedDoor

from connectors.formats.leg import Leg
from connectors.sources.door import Page
from connectors.sources.file_records import Desk
from connectors.sources.live import BEGINNING, LiveSource
from daemon.config import AthleteConfig
from daemon.jobs.poll import Polled, poll
from daemon.store.engine import Store
from daemon.store.sources import SourceState, register_source, source_state
from rules.facts import Night
from rules.policy import Policy

EVERY = timedelta(minutes=15)


def healthy(now: datetime) -> Exception | None:
    return None


def out_between(begin: datetime, end: datetime, failure: Exception) -> Callable[[datetime], Exception | None]:
    """Every request in between fails so."""
    return lambda now: failure if begin <= now < end else None


@dataclass
class ScriptedAccount(ScriptedDoor):
    """`uploaded` is when an activity appears, at once where it is not there. `trouble` says what a request raises.

    `looks` are the instants at which it was opened; `requests` those of every request.
    """

    clock: StoppedClock = field(default_factory=lambda: StoppedClock(BEGINNING))
    uploaded: dict[str, datetime] = field(default_factory=dict)
    trouble: Callable[[datetime], Exception | None] = healthy
    slept: dict[str, Night] = field(default_factory=dict)
    nights_asked: list[tuple[date, date]] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    requests: list[datetime] = field(default_factory=list)
    request_s: float = 0.0
    page_size: int = 20

    def run(
        self, start: datetime, km: float = 6.0, *, uploaded: datetime | None = None, sport: str = "Run"
    ) -> str:
        """One more activity, at six minutes a kilometre; its id."""
        external_id = str(1000 + len(self.held))
        seconds = km * 360
        self.held[external_id] = Leg(
            sport=sport, start=start, distance_m=km * 1000, moving_s=seconds, elapsed_s=seconds
        )
        self.uploaded[external_id] = uploaded or start + timedelta(seconds=seconds)
        return external_id

    def weeks_of_runs(self, weeks: int, until: datetime, km: float = 6.0) -> None:
        """Three runs a week, the last on the day before `until`."""
        for number in range(weeks * 3):
            self.run(until - timedelta(days=1 + number * 7 / 3), km)

    def open(self) -> LiveSource:
        self.looks.append(self.clock.now())
        return LiveSource(self, Desk(Policy(), self.clock.now()))

    def pages(self, since: datetime | None, until: datetime | None) -> Iterator[Page]:
        now = self.clock.now()
        self.hidden = {external_id for external_id, at in self.uploaded.items() if at > now}
        return super().pages(since, until)

    def nights(self, first: date, last: date) -> Sequence[Night]:
        self._ask(f"nights {first} {last}")
        self.nights_asked.append((first, last))
        return [night for day, night in self.slept.items() if first.isoformat() <= day <= last.isoformat()]

    def _ask(self, request: str) -> None:
        self.clock.sleep(self.request_s)
        self.requests.append(self.clock.now())
        super()._ask(request)
        trouble = self.trouble(self.clock.now())
        if trouble is not None:
            raise trouble


@dataclass
class Watcher:
    """Looks at one account of one athlete, at once or whenever it is due."""

    store: Store
    athlete: AthleteConfig
    account: ScriptedAccount
    every: timedelta = EVERY
    draw: Callable[[], float] = field(default_factory=lambda: Random(7).random)

    @property
    def clock(self) -> StoppedClock:
        return self.account.clock

    def look(self, **options: object) -> Polled:
        chosen: dict[str, object] = {"scheduled": True, "every": self.every, "keep_days": 7} | options
        return poll(
            self.store,
            self.athlete,
            self.account.source,
            self.account.open,
            self.clock.now,
            draw=self.draw,
            **chosen,  # type: ignore[arg-type]
        )

    def state(self) -> SourceState:
        with self.store.reading() as session:
            state = source_state(session, self.athlete.name, self.account.source)
        assert state is not None
        return state

    def look_until(self, end: datetime, after_each: Callable[[Polled], None] = lambda polled: None) -> int:
        """As the daemon would: at every instant that it is due, up to `end`; how many looks that were."""
        with self.store.session() as session:
            register_source(session, self.athlete.name, self.account.source, self.clock.now())
        looks = 0
        while True:
            # The daemon asks once a minute what is due.
            self.clock.at = max(self.clock.at + timedelta(minutes=1), self.state().due_at)
            if self.clock.at > end:
                self.clock.at = end
                return looks
            after_each(self.look())
            looks += 1
