"""Assessing whoever is due, one after the other. Runs in a short-lived child of the daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from daemon.clock import Clock
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.logs import about
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.turns import to_be_assessed

log = logging.getLogger(__name__)


def assess_due(
    store: Store,
    athletes: Mapping[str, AthleteConfig],
    clock: Clock,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """Assess everybody who is due, until `stop` says so; the names of those with whom that failed, each told in the log.

    Several daemons may be at it: whoever was assessed in the meantime is left out.
    """
    failed = []
    for name, athlete in athletes.items():
        if stop():
            break
        with about(athlete=name):
            try:
                now = clock.now()
                with store.reading() as session:
                    due = to_be_assessed(session, [name], now)
                if due:
                    assess_athlete(store, athlete, now)
            except StoreError as error:
                log.error("%s is not assessed: %s", name, error)  # noqa: TRY400  it says all there is to say
                failed.append(name)
            except Exception:
                log.exception("%s is not assessed, because of a defect", name)
                failed.append(name)
    return tuple(failed)
