"""Signs of life: a file that the last good look touches, and, where wanted, pings to a dead-man switch.

A ping tells of a useful round, not of a process that lives: success only where the store answered and no step, source or
message is failing; fail once something has failed for an hour; in between nothing, and the switch waits.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.errors import ConnectorError
from daemon.clock import Clock
from daemon.credentials import Secret, SecretError
from daemon.paths import LAST_LOOK
from daemon.store.engine import Session, Store
from daemon.store.errors import StoreError
from daemon.store.outbox import DeliveryState
from daemon.store.sources import source_states
from daemon.store.tables import DELIVERIES, MESSAGES

if TYPE_CHECKING:
    from connectors.life_sign import Sign

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
FAIL_AFTER = timedelta(hours=1)
_WAITING_AT_MOST = 4
_STORE = "the store"

type Connected = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work, and since when. `what` names no person."""

    what: str
    since: datetime


class Pings:
    """Gives signs one after the other in a thread of its own; a switch that is out of reach holds up nobody.

    `give` takes (sign, body, round id) and may raise ConnectorError, which is told once until one gets through again.
    """

    def __init__(self, give: Callable[[Sign, str, str], None]) -> None:
        self._give = give
        self._queue: Queue[tuple[Sign, str, str]] = Queue(_WAITING_AT_MOST)
        self._thread: threading.Thread | None = None
        self._failing = False

    def put(self, sign: Sign, body: str, round_id: str) -> None:
        """Have a sign given soon; dropped where several still wait."""
        try:
            self._queue.put_nowait((sign, body, round_id))
        except Full:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="life-signs", daemon=True)
            self._thread.start()

    def idle(self) -> None:
        """Wait until every sign was given or has failed."""
        self._queue.join()

    def _work(self) -> None:
        while True:
            sign, body, round_id = self._queue.get()
            try:
                self._give(sign, body, round_id)
            except Exception as error:
                if not self._failing:
                    reason = str(error) if isinstance(error, ConnectorError) else type(error).__name__
                    log.warning("No life sign could be given: %s", reason)
                self._failing = True
            else:
                if self._failing:
                    log.info("Life signs are given again")
                self._failing = False
            finally:
                self._queue.task_done()


def pings_to(address: Secret | None) -> Pings | None:
    """Pings to the configured address; None where there is none, or it cannot be had: its silence then raises the alarm."""
    if address is None:
        return None
    from connectors.life_sign import check, give

    try:
        url = address.value()
        check(url)
    except (SecretError, ConnectorError) as error:
        log.warning("No life signs are given: service.ping_url: %s", error)
        return None
    return Pings(lambda sign, body, round_id: give(url, sign, body, round_id))


class LifeSigns:
    """Told before and after every look of the daemon. Never raises."""

    def __init__(self, home: Path, store: Store, clock: Clock, pings: Pings | None = None) -> None:
        self._mark = home / LAST_LOOK
        self._store = store
        self._clock = clock
        self._pings = pings
        self._last_at: datetime | None = None
        self._round_id: str | None = None
        self._store_failing_since: datetime | None = None
        self._untouchable = False
        self._defect_told = False

    def began(self) -> None:
        """A look begins; every few minutes it is one that is signed."""
        if self._pings is None:
            return
        now, last = self._clock.now(), self._last_at
        # A clock that was put back must not end the signs.
        if last is not None and timedelta() <= now - last < EVERY:
            return
        self._last_at = now
        self._round_id = str(uuid.uuid4())
        self._pings.put("start", "", self._round_id)

    def ended(self, failing: Mapping[str, datetime], connected: Connected) -> None:
        """A look has ended. `failing` are its steps that do not work, since when; `connected` the (athlete, source) that
        are asked."""
        now = self._clock.now()
        try:
            with self._store.reading() as session:
                found = list(troubles(session, connected))
        except StoreError:
            self._store_failing_since = self._store_failing_since or now
            found = [Trouble(_STORE, self._store_failing_since)]
        except Exception as error:
            if not self._defect_told:
                log.warning("What is failing could not be found out (%s)", type(error).__name__)
            self._defect_told = True
            return
        else:
            self._store_failing_since = None
            self._touch()
        # "the inbox of anna": whose it is stays in the house.
        found += [Trouble(what.partition(" of ")[0], since) for what, since in failing.items()]
        self._sign(found, now)

    def _sign(self, found: list[Trouble], now: datetime) -> None:
        if self._pings is None or self._round_id is None:
            return
        round_id, self._round_id = self._round_id, None
        if not found:
            self._pings.put("success", "", round_id)
        elif any(now - one.since >= FAIL_AFTER for one in found):
            self._pings.put("fail", "\n".join(map(_line, found)), round_id)

    def _touch(self) -> None:
        try:
            descriptor = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.utime(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if not self._untouchable:
                log.warning("The time of the last look cannot be noted: %s", error.strerror)
            self._untouchable = True
        else:
            self._untouchable = False


def troubles(session: Session, connected: Connected) -> Iterable[Trouble]:
    """Sources that fail, and the message that has been tried in vain for longest."""
    wanted = set(connected)
    for athlete in sorted({name for name, _ in wanted}):
        for state in source_states(session, athlete):
            if (athlete, state.source) in wanted and state.failing_since is not None:
                yield Trouble(state.source, state.failing_since)
    message = (MESSAGES.c.athlete == DELIVERIES.c.athlete) & (MESSAGES.c.key == DELIVERIES.c.message_key)
    due_at = sa.func.min(MESSAGES.c.due_at, type_=MESSAGES.c.due_at.type)
    waiting = DELIVERIES.c.done_at.is_(None) & (DELIVERIES.c.state == DeliveryState.RETRY.value)
    oldest = session.execute(sa.select(due_at).join(DELIVERIES, message).where(waiting)).scalar_one()
    if oldest is not None:
        yield Trouble("messages", oldest)


def _line(trouble: Trouble) -> str:
    return f"{trouble.what}: failing since {trouble.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
