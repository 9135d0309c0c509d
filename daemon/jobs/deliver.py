"""Sending what is due: claim, note, call the channel, record (DESIGN 5). Runs in a short-lived child of the daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.channels.contract import Channel, Choice, OutgoingMessage, Question, Receipt
from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon.clock import Clock
from daemon.config import AthleteConfig
from daemon.config_channels import EMAIL, ChannelConfig
from daemon.credentials import SecretError
from daemon.jobs.adapt import in_force
from daemon.jobs.operations import tell_end_of_outage, tell_outage
from daemon.store import outbox
from daemon.store.answers import is_answered, strength_since
from daemon.store.engine import Store
from daemon.store.leases import WORKER
from daemon.store.messages import token_of
from daemon.store.outbox import Claim
from daemon.store.preferences import mutes
from rules.choices import asks_for_a_number, buttons
from rules.limits import BYPASS, QUESTIONS
from rules.muting import still_wanted
from rules.outcome import LEVEL_ORDER, Level, Message, MessageKind
from rules.timing import quiet_until

log = logging.getLogger(__name__)

type Opener = Callable[[AthleteConfig, ChannelConfig], Channel]
type Linker = Callable[[str], str | None]
"""Token -> the address that opens its question; None where there is no page that a phone could open."""


def no_link(token: str) -> None:
    """Without a page there are no links."""


# Longer than any channel call can last (connectors.channels.apprise: 60 s), so that nobody else sends it meanwhile.
LEASE = timedelta(minutes=3)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60))
# What we stopped waiting for may still arrive; a second copy at once would be the likelier outcome.
WAIT_IF_MAYBE_ARRIVED = timedelta(minutes=15)
WAIT_FOR_A_PERSON = timedelta(hours=1)
SHORTEST_WAIT = timedelta(minutes=1)
# A session that began so long before its reminder was the one it is about.
SAME_SESSION = timedelta(hours=12)
NIGHT = "It waits for the end of the quiet hours."
# Failed attempts at one message before its channel counts as out: about 23 minutes with these waits.
ATTEMPTS_BEFORE_OUTAGE = 5
# … and before the fallback takes over: three minutes, in which a router restarts.
BEFORE_FALLBACK = 3


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
    open_channel: Opener,
    stop: Callable[[], bool] = lambda: False,
    link: Linker = no_link,
) -> Delivered:
    """Send every delivery that is due, the longest waiting first, until none is left or `stop` says so. `link` makes the
    address that opens a question on the page.

    A delivery that fails is put off or given up with its reason and never holds up the next; those of athletes whom this
    configuration does not know are left to the daemons that do. Raises StoreError only.
    """
    counts = {"sent": 0, "retried": 0, "failed": 0}
    while not stop():
        with store.session() as session:
            claims = outbox.claim_due(session, WORKER, clock.now(), LEASE, limit=1, athletes=athletes.keys())
        if not claims:
            break
        counts[_deliver(store, athletes, clock, open_channel, claims[0], link)] += 1
    return Delivered(**counts)


def _deliver(
    store: Store,
    athletes: Mapping[str, AthleteConfig],
    clock: Clock,
    open_channel: Opener,
    claim: Claim,
    link: Linker,
) -> str:
    with store.reading() as session:
        athlete = in_force(session, athletes[claim.athlete], clock.now())
    config = next((one for one in athlete.channels if one.name == claim.channel), None)
    if config is None:
        with store.session() as session:
            reason = f"There is no channel {claim.channel} in the configuration any more."
            outbox.mark_failed(session, claim, clock.now(), reason)
        return "failed"
    if claim.may_have_been_sent:
        log.warning("A message to %s was being sent when we were stopped; it may arrive twice", claim.channel)
    if needless := _needless(store, claim, clock.now()):
        with store.session() as session:
            outbox.withdraw(session, claim, clock.now(), needless)
        return "failed"
    if (morning := _night_holds(athlete, claim.message, clock.now())) is not None:
        with store.session() as session:
            outbox.mark_retry(session, claim, clock.now(), morning, NIGHT)
        return "retried"
    # Opened before the attempt is noted: only a kill inside the call itself shall leave a doubt.
    channel = _opened(open_channel, athlete, config, claim, clock)
    dressing = _dressing(store, athlete, config, claim.message, clock)
    with store.session() as session:
        if not outbox.start_attempt(session, claim, clock.now()):
            return "retried"
        token = token_of(session, claim.athlete, claim.message.key)
        message = replace(outgoing(claim.message, token, link), **dressing)
    outcome = channel if isinstance(channel, Failure) else _send(channel, message, claim, clock)
    now = clock.now()
    with store.session() as session:
        if isinstance(outcome, Receipt):
            tell_end_of_outage(session, athlete, claim.channel, now)
            outbox.mark_sent(session, claim, now, outcome.service, outcome.reference)
            log.info("Sent to %s (%s) in %.1f s", claim.channel, outcome.service, outcome.elapsed_s)
            return "sent"
        if outcome.retry_at is None:
            outbox.mark_failed(session, claim, now, outcome.reason)
        else:
            outbox.mark_retry(session, claim, now, outcome.retry_at, outcome.reason)
        attempt = claim.attempts + 1
        if config.fallback and (outcome.retry_at is None or outcome.tell_now or attempt >= BEFORE_FALLBACK):
            outbox.enqueue(session, claim.athlete, claim.message, [config.fallback], now)
        log.warning("Not sent, attempt %d: %s", attempt, outcome.reason)
        if outcome.tell_now or attempt >= ATTEMPTS_BEFORE_OUTAGE:
            tell_outage(session, athlete, claim.channel, claim.message.key, outcome.reason, now)
        return "failed" if outcome.retry_at is None else "retried"


def _dressing(
    store: Store, athlete: AthleteConfig, config: ChannelConfig, message: Message, clock: Clock
) -> dict[str, Any]:
    """What a mailbox shows beside the text: the digest's page and picture."""
    if config.kind != EMAIL or message.kind is not MessageKind.DIGEST:
        return {}
    from daemon.digest_mail import digest_of

    shown = digest_of(store, athlete, message, clock.now())
    return {} if shown is None else {"html": shown[0], "picture": shown[1]}


def outgoing(message: Message, token: str | None, link: Linker = no_link) -> OutgoingMessage:
    """A message as channels want it: with the buttons that answer it, and the link to where there is room for more."""
    question = None
    if token is not None:
        choices = tuple(Choice(button.label, button.answer) for button in buttons(message))
        question = Question(token, choices, scale=asks_for_a_number(message), link=link(token))
    urgent = LEVEL_ORDER.index(message.level) >= LEVEL_ORDER.index(Level.STOP)
    return OutgoingMessage(
        key=message.key, title=message.title, body=message.text, question=question, urgent=urgent
    )


def _needless(store: Store, claim: Claim, now: datetime) -> str:
    """Why a message that waited need not go out: a reminder of strength work that was done meanwhile (RULES 10), a question
    that was answered on another channel, or what was muted meanwhile; empty where it must. A warning is told whatever was
    answered."""
    message = claim.message
    with store.reading() as session:
        if still_wanted(message, {one.subject for one in mutes(session, claim.athlete, now)}) is None:
            return "It was muted before this went out."
        if message.kind is MessageKind.NUDGE and strength_since(
            session, claim.athlete, message.due_at - SAME_SESSION
        ):
            return "A session was done before this went out."
        if (
            message.kind in QUESTIONS
            and not message.alert
            and is_answered(session, claim.athlete, message.key)
        ):
            return "It was answered before this went out."
    return ""


def _night_holds(athlete: AthleteConfig, message: Message, now: datetime) -> datetime | None:
    """The end of the quiet hours for what was meant for the day and has been held up until the night; None where it may go.

    An emergency always may, and a stop or referral that is due in the night answers what was said then (RULES 11.5).
    Anything else that is due in it was decided under other quiet hours.
    """
    quiet, runner = athlete.policy.msg.quiet, athlete.runner
    at_once = message.kind in BYPASS and quiet_until(message.due_at, quiet, runner) is not None
    if message.kind is MessageKind.EMERGENCY or at_once:
        return None
    return quiet_until(now, quiet, runner)


def _opened(
    open_channel: Opener, athlete: AthleteConfig, config: ChannelConfig, claim: Claim, clock: Clock
) -> Channel | Failure:
    try:
        return open_channel(athlete, config)
    except NeedsLogin as error:
        return Failure(error.cure, clock.now() + WAIT_FOR_A_PERSON, tell_now=True)
    except Broken as error:
        return Failure(str(error), clock.now() + WAIT_FOR_A_PERSON, tell_now=True)
    except SecretError as error:
        return Failure(f"{config.name}: {error}.", clock.now() + WAIT_FOR_A_PERSON, tell_now=True)
    except Exception as error:
        return _unexpected(error, claim, clock)


def _send(channel: Channel, message: OutgoingMessage, claim: Claim, clock: Clock) -> Receipt | Failure:
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
