"""The daemon with a clock that a test steers: the service of `niggled run`, real channels and real ears, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

from fakes.ears import ear_of

from daemon.channels import hears, open_channel, open_listener
from daemon.clock import Clock
from daemon.config import AthleteConfig, Config
from daemon.jobs.arrivals import take_in_arrivals
from daemon.jobs.assessments import assess_due
from daemon.jobs.deliver import deliver_due
from daemon.jobs.inbox import Inbox
from daemon.jobs.listen import Ear
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store.engine import Store

TICK_S = 0.1


def service_of(
    store: Store, config: Config, clock: Clock, looked: Callable[[datetime], None] = lambda now: None
) -> Service:
    """The service of a configuration. `looked` hears when an assessment is through."""
    jobs = Jobs(
        athletes=tuple(_athlete_jobs(store, athlete) for athlete in config.athletes.values()),
        assess=partial(_assess, store, config, clock, looked),
        deliver=partial(_deliver, store, config, clock),
        ears=tuple(_ears(store, config, clock)),
    )
    return Service(clock, store, jobs, tick_s=TICK_S)


def _deliver(store: Store, config: Config, clock: Clock, stop: Event) -> None:
    deliver_due(
        store,
        config.athletes,
        clock,
        lambda athlete, channel: open_channel(athlete, channel, config.home, clock.now),
        stop.is_set,
    )


def _assess(
    store: Store, config: Config, clock: Clock, looked: Callable[[datetime], None], stop: Event
) -> None:
    now = clock.now()
    assert assess_due(store, config.athletes, clock, stop.is_set) == ()
    looked(now)


def _ears(store: Store, config: Config, clock: Clock) -> Iterator[Ear]:
    for athlete in config.athletes.values():
        for channel in filter(hears, athlete.channels):
            opened = partial(open_listener, athlete, channel, config.home, clock.now)
            yield ear_of(store, athlete, channel.name, opened, clock)


def _athlete_jobs(store: Store, athlete: AthleteConfig) -> AthleteJobs:
    def take_in(paths: Sequence[Path], now: datetime) -> bool:
        return take_in_arrivals(store, athlete, paths, now).changed

    return AthleteJobs(athlete.name, Inbox(athlete.inbox, take_in).look)
