"""Listening to one channel for as long as the daemon runs: take in, answer, note how it goes, begin again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.channels.contract import Incoming, Listener
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from daemon.clock import Clock
from daemon.config import AthleteConfig
from daemon.credentials import SecretError
from daemon.jobs.child import ChildFailedError
from daemon.jobs.incoming import DirectAnswer, turned_away
from daemon.jobs.operations import NEEDS_YOU, sentence, tell
from daemon.store import outbox
from daemon.store.conversation import (
    Hearing,
    Outcome,
    claim_hearing,
    hearing,
    mark_confirmed,
    note_reading,
    release_hearing,
    unconfirmed,
)
from daemon.store.engine import Session, Store
from daemon.store.errors import StoreError
from daemon.store.leases import WORKER

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than a listener stays silent; renewed at every word of it."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
WAIT_FOR_A_PERSON_S = 3600.0
TOLD_AFTER = timedelta(hours=6)
CONFIRMED_WITHIN = timedelta(hours=2)
"""A direct answer that comes later than this explains nothing any more."""
KEPT = "What you sent in the meantime is read once it works."


@dataclass(frozen=True, slots=True)
class Ear:
    """One channel of one athlete that hears answers. `opened` makes its listener, which lives through interruptions.

    `take` understands what came in and keeps it, and `make_up` finds what to say to something whose direct answer a kill has
    swallowed; both raise ChildFailedError or StoreError.
    """

    athlete: AthleteConfig
    channel: str
    opened: Callable[[], Listener]
    take: Callable[[Incoming], DirectAnswer | None]
    make_up: Callable[[Incoming], DirectAnswer | None]


def listen(
    store: Store,
    ear: Ear,
    clock: Clock,
    stop: threading.Event,
    turn: threading.Lock,
    heard: Callable[[str], None],
    *,
    first_wait_s: float = FIRST_WAIT_S,
) -> None:
    """Listen until `stop`. `turn` is held while an answer is taken in, one at a time; `heard` is told whose it was.

    Never raises: what goes wrong is told once, and listening begins again after growing waits.
    """
    worker = worker_in(threading.get_ident())
    wait_s = first_wait_s
    listener: Listener | None = None
    while not stop.is_set():
        try:
            listener = listener or ear.opened()
            began = _listen_once(store, ear, listener, clock, stop, turn, heard, worker)
        except (NeedsLogin, Broken, SecretError) as error:
            # What a person mends is in the configuration, so the listener is made afresh.
            listener = None
            wait_s = _note_failure(store, ear, clock, error, wait_s)
        except (ConnectorError, StoreError, ChildFailedError) as error:
            wait_s = _note_failure(store, ear, clock, error, wait_s)
        except Exception as error:
            log.exception("Listening to %s failed in an unexpected way", ear.channel)
            wait_s = _note_failure(store, ear, clock, Broken(type(error).__name__), wait_s)
        else:
            wait_s = first_wait_s if began else LONGEST_WAIT_S / 5
        stop.wait(wait_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)
    leave(store, ear, worker)


def worker_in(thread_number: int) -> str:
    """The name under which a thread of this process listens."""
    return f"{WORKER}-{thread_number}"


def leave(store: Store, ear: Ear, worker: str) -> None:
    """Let others read the channel at once, if `worker` had it. Never raises."""
    try:
        with store.session() as session:
            release_hearing(session, ear.athlete.name, ear.channel, worker)
    except StoreError as error:
        log.warning("Listening to %s: %s", ear.channel, error)


def _listen_once(
    store: Store,
    ear: Ear,
    listener: Listener,
    clock: Clock,
    stop: threading.Event,
    turn: threading.Lock,
    heard: Callable[[str], None],
    worker: str,
) -> bool:
    """Listen until the listener ends; False where somebody else reads this channel."""
    name = ear.athlete.name
    with store.session() as session:
        if not claim_hearing(session, name, ear.channel, worker, clock.now(), LEASE):
            return False
        position = hearing(session, name, ear.channel).position
    # What a kill has left open: a listener may be silent for most of a minute.
    _confirm_what_waits(store, ear, listener, clock)
    for incoming in listener.listen(position, stop.is_set):
        if stop.is_set():
            return True  # not taken: whoever reads next hears it
        with store.session() as session:
            if not claim_hearing(session, name, ear.channel, worker, clock.now(), LEASE):
                return False
            before = note_reading(session, name, ear.channel, clock.now(), None)
        _tell_end(store, ear, before, clock)
        _confirm_what_waits(store, ear, listener, clock)
        if incoming is not None:
            _take(store, ear, listener, incoming, clock, turn)
            heard(name)
    return True


def _take(
    store: Store, ear: Ear, listener: Listener, incoming: Incoming, clock: Clock, turn: threading.Lock
) -> None:
    with turn:
        turned = turned_away(store, ear.athlete.name, ear.channel, incoming, clock.now())
        answer = ear.take(incoming) if turned is None else turned.answer
    if answer is not None:
        _confirm(store, ear, listener, incoming, answer, clock)


def _confirm(
    store: Store, ear: Ear, listener: Listener, incoming: Incoming, answer: DirectAnswer, clock: Clock
) -> None:
    """Tell the runner; where that fails it waits for the next moment of quiet."""
    if answer.text:
        try:
            listener.confirm(incoming, answer.text, quiet=answer.quiet)
        except Unavailable as error:
            log.warning("An answer on %s is not confirmed yet: %s", ear.channel, error)
            return
        except (NeedsLogin, Broken) as error:
            log.warning("An answer on %s cannot be confirmed: %s", ear.channel, error)
    with store.session() as session:
        mark_confirmed(session, ear.athlete.name, ear.channel, incoming.id, clock.now())


def _confirm_what_waits(store: Store, ear: Ear, listener: Listener, clock: Clock) -> None:
    now = clock.now()
    with store.reading() as session:
        waiting = unconfirmed(session, ear.athlete.name, ear.channel, now - CONFIRMED_WITHIN)
    for one in waiting:
        known = one.confirmation or one.outcome is not Outcome.TAKEN
        answer = DirectAnswer(one.confirmation, one.quiet) if known else ear.make_up(one.incoming)
        if answer is not None:
            _confirm(store, ear, listener, one.incoming, answer, clock)


def _note_failure(store: Store, ear: Ear, clock: Clock, error: Exception, wait_s: float) -> float:
    """Write down and, once, tell that a channel cannot be read; how long to wait."""
    if isinstance(error, Unavailable) and error.paced and error.retry_at is not None:
        return max(0.0, (error.retry_at - clock.now()).total_seconds())
    for_a_person = isinstance(error, NeedsLogin | Broken | SecretError)
    reason = error.cure if isinstance(error, NeedsLogin) else str(error)
    now = clock.now()
    try:
        with store.session() as session:
            before = note_reading(session, ear.athlete.name, ear.channel, now, reason)
            since = before.failing_since or now
            if before.failing_since is None:
                log.warning("Answers on %s cannot be read: %s", ear.channel, reason)
            if for_a_person or now - since >= TOLD_AFTER:
                _tell_outage(session, ear, since, reason, now)
    except StoreError as failure:
        log.error("Listening to %s: %s", ear.channel, failure)  # noqa: TRY400  it says all there is to say
    retry_at = error.retry_at if isinstance(error, Unavailable) else None
    if retry_at is not None:
        return max(wait_s, (retry_at - now).total_seconds())
    return WAIT_FOR_A_PERSON_S if for_a_person else wait_s


def _outage_key(channel: str, since: datetime) -> str:
    return f"unheard|{channel}|{since.isoformat()}"


def _tell_outage(session: Session, ear: Ear, since: datetime, reason: str, now: datetime) -> None:
    """Told once, through the other channels too: sending here may still work."""
    when = since.astimezone(ZoneInfo(ear.athlete.runner.timezone))
    text = f"Your answers on {ear.channel} cannot be read since {when:%A %H:%M}. {sentence(reason)} {KEPT}"
    tell(session, ear.athlete, _outage_key(ear.channel, since), NEEDS_YOU, text, now)


def _tell_end(store: Store, ear: Ear, before: Hearing, clock: Clock) -> None:
    """The end of an outage that was told."""
    if before.failing_since is None:
        return
    log.info("Answers on %s can be read again", ear.channel)
    key = _outage_key(ear.channel, before.failing_since)
    with store.session() as session:
        if outbox.deliveries_of(session, ear.athlete.name, key):
            text = f"Your answers on {ear.channel} are read again."
            tell(session, ear.athlete, f"{key}|over", "niggled", text, clock.now(), can_wait=True)
