"""The ear of one channel whose answers are taken in by this very process, on the test's clock."""

from __future__ import annotations

from collections.abc import Callable

from connectors.channels.contract import Listener
from daemon.clock import Clock
from daemon.config import AthleteConfig
from daemon.jobs.answering import made_up_for, take_incoming
from daemon.jobs.listen import Ear
from daemon.store.engine import Store


def ear_of(
    store: Store, athlete: AthleteConfig, channel: str, opened: Callable[[], Listener], clock: Clock
) -> Ear:
    return Ear(
        athlete,
        channel,
        opened,
        take=lambda incoming: take_incoming(store, athlete, channel, incoming, clock.now()),
        make_up=lambda incoming: made_up_for(store, athlete, incoming, clock.now()),
    )
