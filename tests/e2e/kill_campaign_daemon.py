"""The daemon of the kill campaign: the real service with a clock that the test steers, started as a process of its own.

`kill_campaign_daemon.py serve|deliver PLAN.json`: `serve` is `niggled run`, `deliver` the child that it starts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from fakes.clock import SteeredClock

from daemon import config as configuration
from daemon import logs
from daemon.channels import open_channel
from daemon.config import AthleteConfig
from daemon.jobs.arrivals import take_in_arrivals
from daemon.jobs.child import run_child, told_to_stop
from daemon.jobs.deliver import deliver_due
from daemon.jobs.inbox import Inbox
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store import outbox
from daemon.store.engine import Store, open_store
from rules.outcome import Level, Message, MessageKind

ATHLETE = "anna"
MESSAGE_EVERY = timedelta(seconds=1)


@dataclass(frozen=True)
class Plan:
    """What the test and the processes that it kills agree on; `steering` is the file of their clock."""

    store_url: str
    channel_url: str
    inbox: str
    start: str
    steering: str
    messages: int

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    @property
    def start_at(self) -> datetime:
        return datetime.fromisoformat(self.start)

    def clock(self) -> SteeredClock:
        return SteeredClock(Path(self.steering))

    def athlete(self) -> AthleteConfig:
        raw = {"athletes": {ATHLETE: {"timezone": "UTC", "channels": {"hook": {"url": self.channel_url}}}}}
        return configuration.build(raw, "", None, Path(self.inbox)).athletes[ATHLETE]


def message(plan: Plan, number: int) -> Message:
    due_at = plan.start_at + number * MESSAGE_EVERY
    return Message(
        key=f"load|{number}",
        kind=MessageKind.LOAD,
        level=Level.WARN,
        title="Long run",
        text=f"Message {number}",
        decided_at=due_at,
        due_at=due_at,
        expires_at=due_at + timedelta(days=365),
    )


def decide(store: Store, plan: Plan, now: datetime) -> None:
    """Stands for the assessment: says anew at every look what should have been said by now."""
    with store.session() as session:
        for number in range(plan.messages):
            if plan.start_at + number * MESSAGE_EVERY <= now:
                outbox.enqueue(session, ATHLETE, message(plan, number), ["hook"], now)


def serve(path: Path) -> int:
    plan = Plan.read(path)
    store, athlete = open_store(plan.store_url), plan.athlete()

    def take_in(paths: Sequence[Path], now: datetime) -> bool:
        return take_in_arrivals(store, athlete, paths, now).changed

    jobs = Jobs(
        athletes=(AthleteJobs(ATHLETE, Inbox(Path(plan.inbox), take_in).look),),
        assess=lambda stop: decide(store, plan, plan.clock().now()),
        deliver=lambda stop: run_child([sys.executable, __file__, "deliver", str(path)], stop),
    )
    return Service(plan.clock(), store, jobs, tick_s=0.1).run()


def deliver(path: Path) -> int:
    plan = Plan.read(path)
    stop = told_to_stop()
    store = open_store(plan.store_url)
    clock = plan.clock()
    deliver_due(
        store,
        {ATHLETE: plan.athlete()},
        clock,
        lambda athlete, channel: open_channel(athlete, channel, Path("/nowhere"), clock.now),
        stop,
    )
    return 0


if __name__ == "__main__":
    logs.configure()
    sys.exit({"serve": serve, "deliver": deliver}[sys.argv[1]](Path(sys.argv[2])))
