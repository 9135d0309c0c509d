"""One of several daemons on one database: the real service with a fast clock, in a process of its own.

`shared_store_daemon.py PLAN.json NAME`. Its runners upload to accounts in memory, the same in every process; each look at
an account leaves two lines in the log of looks, so that the test can tell who was at it when.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import Self

from fakes.clock import AcceleratedClock
from fakes.scripted_door import ScriptedDoor

from connectors.formats.leg import Leg
from connectors.sources.file_records import Desk
from connectors.sources.live import LiveSource
from daemon import config as configuration
from daemon import logs
from daemon.channels import open_channel
from daemon.config import AthleteConfig
from daemon.jobs.assessments import assess_due
from daemon.jobs.deliver import deliver_due
from daemon.jobs.poll import poll
from daemon.jobs.poll_outcome import lost
from daemon.polling import LiveJobs
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store.engine import Store, open_store

POLL_EVERY = timedelta(minutes=5)
WEEKS, USUAL_KM, LONG_KM = 5, 6.0, 18.0
RUNS = 3 * WEEKS + 1
WARNING = f"load:{RUNS}:warn"
"""What the long run says to everybody."""


@dataclass(frozen=True)
class Plan:
    """What the test and the daemons agree on; `origin_s` is a second of the monotonic clock. `request_s` is how long a
    service takes to answer."""

    store_url: str
    receiver_port: int
    folder: str
    start: str
    factor: float
    origin_s: float
    athletes: int
    request_s: float

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    @property
    def start_at(self) -> datetime:
        return datetime.fromisoformat(self.start)

    @property
    def looks(self) -> Path:
        return Path(self.folder) / "looks"

    @property
    def uploaded(self) -> Path:
        """Once this is there, everybody has uploaded one more run."""
        return Path(self.folder) / "uploaded"

    @property
    def names(self) -> list[str]:
        return [f"runner{number:03}" for number in range(self.athletes)]

    def clock(self) -> AcceleratedClock:
        return AcceleratedClock(self.start_at, self.factor, self.origin_s)

    def url_of(self, daemon: str) -> str:
        return f"{self.store_url}&application_name={daemon}"

    @cached_property
    def configured(self) -> dict[str, AthleteConfig]:
        base = f"json://127.0.0.1:{self.receiver_port}"
        tables = {
            name: {"timezone": "UTC", "channels": {"hook": {"url": f"{base}/{name}"}}} for name in self.names
        }
        return configuration.build({"athletes": tables}, "", None, Path(self.folder)).athletes


class Account(ScriptedDoor):
    """Weeks of usual runs, and a long one that appears in the middle of the campaign."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(page_size=50)
        self._request_s = plan.request_s
        for number in range(RUNS - 1):
            self._add(plan.start_at - timedelta(days=2 + number * 7 / 3), USUAL_KM)
        if plan.uploaded.exists():
            self._add(plan.start_at - timedelta(hours=5), LONG_KM)

    def _add(self, start: datetime, km: float) -> None:
        leg = Leg(sport="Run", start=start, distance_m=km * 1000, moving_s=km * 360, elapsed_s=km * 360)
        self.held[str(1000 + len(self.held))] = leg

    def _ask(self, request: str) -> None:
        time.sleep(self._request_s)
        super()._ask(request)


def note(plan: Plan, athlete: str, daemon: str, what: str) -> None:
    """One line, whole even where several processes write."""
    handle = os.open(plan.looks, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{athlete} {daemon} {what} {time.monotonic()}\n".encode())
    os.close(handle)


def look(plan: Plan, store: Store, daemon: str, athlete: AthleteConfig, source: str, stop: Event) -> None:
    clock = plan.clock()
    note(plan, athlete.name, daemon, "begin")
    account = Account(plan)
    opened = partial(LiveSource, account, Desk(athlete.policy, clock.now()))
    poll(store, athlete, source, opened, clock.now, every=POLL_EVERY, keep_days=7, scheduled=True)
    note(plan, athlete.name, daemon, "end")


def jobs_of(plan: Plan, store: Store, daemon: str, athlete: AthleteConfig) -> AthleteJobs:
    live = LiveJobs(
        connected=lambda: ["strava"],
        sync=partial(look, plan, store, daemon, athlete),
        lost=partial(lost, store, athlete),
    )
    return AthleteJobs(athlete.name, lambda now: False, live)


def serve(plan: Plan, daemon: str) -> int:
    store, clock = open_store(plan.url_of(daemon)), plan.clock()

    def send(stop: Event) -> None:
        deliver_due(
            store,
            plan.configured,
            clock,
            lambda athlete, channel: open_channel(athlete, channel, Path("/nowhere"), clock.now),
            stop.is_set,
        )

    def assess(stop: Event) -> None:
        assert assess_due(store, plan.configured, clock, stop.is_set) == ()

    athletes = tuple(jobs_of(plan, store, daemon, athlete) for athlete in plan.configured.values())
    return Service(clock, store, Jobs(athletes, assess, send), tick_s=0.5).run()


if __name__ == "__main__":
    logs.configure()
    sys.exit(serve(Plan.read(Path(sys.argv[1])), sys.argv[2]))
