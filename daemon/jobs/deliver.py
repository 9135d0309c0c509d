"""Sending what is due: claim, note, call the channel, record (DESIGN 5). Runs in a short-lived child of the daemon."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.channels.contract import Channel, OutgoingMessage, Receipt
from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon.clock import Clock
from daemon.config import AthleteConfig, ChannelConfig
from daemon.credentials import SecretError
from daemon.jobs.operations import tell_end_of_outage, tell_outage
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.outbox import Claim

log = logging.getLogger(__name__)

# Longer than any channel call can last (connectors.channels.apprise: 60 s), so that nobody else sends it meanwhile.
LEASE = timedelta(minutes=3)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60))
# What we stopped waiting for may still arrive; a second copy at once would be the likelier outcome.
WAIT_IF_MAYBE_ARRIVED = timedelta(minutes=15)
WAIT_FOR_A_PERSON = timedelta(hours=1)
SHORTEST_WAIT = timedelta(minutes=1)
# Failed attempts at one message before its channel counts as out: about 23 minutes with these waits.
ATTEMPTS_BEFORE_OUTAGE = 5


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one pass did."""

    sent: int = 0
    retried: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message did not get out. `retry_at` None: never; `tell_now`: a person has to do something."""

    reason: str
    retry_at: datetime | None
    tell_now: bool = False


def deliver_due(
    store: Store,
    athletes: Mapping[str, AthleteConfig],
    clock: Clock,
    open_channel: Callable[[ChannelConfig], Channel],
    stop: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send every delivery that is due, the longest waiting first, until none is left or `stop` says so.

    A delivery that fails is put off or given up with its reason and never holds up the next. Raises StoreError only.
    """
    worker = f"{socket.gethostname()}-{os.getpid()}"
    counts = {"sent": 0, "retried": 0, "failed": 0}
    while not stop():
        with store.session() as session:
            claims = outbox.claim_due(session, worker, clock.now(), LEASE, limit=1)
        if not claims:
            break
        counts[_deliver(store, athletes, clock, open_channel, claims[0])] += 1
    return Delivered(**counts)


def _deliver(
    store: Store,
    athletes: Mapping[str, AthleteConfig],
    clock: Clock,
    open_channel: Callable[[ChannelConfig], Channel],
    claim: Claim,
) -> str:
    athlete = athletes.get(claim.athlete)
    config = next((one for one in athlete.channels if one.name == claim.channel), None) if athlete else None
    if athlete is None or config is None:
        with store.session() as session:
            reason = f"There is no channel {claim.channel} in the configuration any more."
            outbox.mark_failed(session, claim, clock.now(), reason)
        return "failed"
    if claim.may_have_been_sent:
        log.warning("A message to %s was being sent when we were stopped; it may arrive twice", claim.channel)
    # Opened before the attempt is noted: only a kill inside the call itself shall leave a doubt.
    channel = _opened(open_channel, config, claim, clock)
    with store.session() as session:
        if not outbox.start_attempt(session, claim, clock.now()):
            return "retried"
    outcome = channel if isinstance(channel, Failure) else _send(channel, claim, clock)
    now = clock.now()
    with store.session() as session:
        if isinstance(outcome, Receipt):
            tell_end_of_outage(session, athlete, claim.channel, now)
            outbox.mark_sent(session, claim, now, outcome.service)
            log.info("Sent to %s (%s) in %.1f s", claim.channel, outcome.service, outcome.elapsed_s)
            return "sent"
        if outcome.retry_at is None:
            outbox.mark_failed(session, claim, now, outcome.reason)
        else:
            outbox.mark_retry(session, claim, now, outcome.retry_at, outcome.reason)
        attempt = claim.attempts + 1
        log.warning("Not sent, attempt %d: %s", attempt, outcome.reason)
        if outcome.tell_now or attempt >= ATTEMPTS_BEFORE_OUTAGE:
            tell_outage(session, athlete, claim.channel, claim.message.key, outcome.reason, now)
        return "failed" if outcome.retry_at is None else "retried"


def _opened(
    open_channel: Callable[[ChannelConfig], Channel], config: ChannelConfig, claim: Claim, clock: Clock
) -> Channel | Failure:
    try:
        return open_channel(config)
    except SecretError as error:
        return Failure(f"{config.name}: {error}.", clock.now() + WAIT_FOR_A_PERSON, tell_now=True)
    except Exception as error:
        return _unexpected(error, claim, clock)


def _send(channel: Channel, claim: Claim, clock: Clock) -> Receipt | Failure:
    message = OutgoingMessage(key=claim.message.key, title=claim.message.title, body=claim.message.text)
    try:
        return channel.send(message)
    except Unavailable as error:
        return Failure(str(error), _retry_at(claim, clock.now(), error))
    except NeedsLogin as error:
        return Failure(error.cure, clock.now() + WAIT_FOR_A_PERSON, tell_now=True)
    except Broken as error:
        return Failure(str(error), None, tell_now=True)
    except Exception as error:
        return _unexpected(error, claim, clock)


def _unexpected(error: Exception, claim: Claim, clock: Clock) -> Failure:
    """A stranger's words may hold the address: its kind is told, its words are not."""
    log.debug("Unexpected failure of %s", claim.channel, exc_info=error)
    reason = f"{claim.channel}: failed in an unexpected way ({type(error).__name__})."
    return Failure(reason, _retry_at(claim, clock.now(), Unavailable(reason)))


def _retry_at(claim: Claim, now: datetime, error: Unavailable) -> datetime:
    """When to try again: the server's own word if it gave one, else growing waits; once more just before the end."""
    wait = WAITS[min(claim.attempts, len(WAITS) - 1)]
    if error.may_have_arrived:
        wait = max(wait, WAIT_IF_MAYBE_ARRIVED)
    at = now + wait if error.retry_at is None else max(error.retry_at, now + SHORTEST_WAIT)
    last_chance = claim.message.expires_at - SHORTEST_WAIT
    return last_chance if now + SHORTEST_WAIT <= last_chance < at else at


def apprise_channel(config: ChannelConfig) -> Channel:
    """The channel of a configured Apprise URL. Raises SecretError where the URL cannot be had."""
    from connectors.channels import apprise

    apprise.load()
    return apprise.AppriseChannel(config.name, config.url.value())
