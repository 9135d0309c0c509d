"""What the runner has to know about the machine itself: told once, with the cure, through channels that take operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.sources.contract import SetAside
from daemon.config import AthleteConfig
from daemon.jobs.adapt import in_force
from daemon.store import outbox
from daemon.store.engine import Session
from daemon.store.messages import sent_messages
from daemon.store.sources import list_set_aside
from daemon.store.tables import DELIVERIES
from rules.limits import free_at
from rules.outcome import Level, Message, MessageKind
from rules.phrases import local_date
from rules.timing import after_quiet, at_clock_time

WORTH_TELLING_FOR = timedelta(days=3)
REMEMBERED = timedelta(days=7)
ASKED_WITHIN = timedelta(minutes=15)
"""A question is sent so soon after its hour: the daemon looks every few minutes."""
NEEDS_YOU = "niggled needs you"


def tell(
    session: Session,
    athlete: AthleteConfig,
    key: str,
    title: str,
    text: str,
    now: datetime,
    *,
    without: str = "",
    can_wait: bool = False,
) -> bool:
    """Queue a message about the machine, outside quiet hours, on all channels but `without`; whether that was new.

    One that `can_wait` also leaves the usual time to the messages beside it. The first word of a morning is the knee's: what
    the night has held up comes after its question.
    """
    channels = [one.name for one in athlete.channels if one.name != without and "operations" in one.sends]
    if not channels:
        return False
    athlete = in_force(session, athlete, now)
    due_at = after_quiet(now, athlete.policy.msg.quiet, athlete.runner)
    if can_wait or due_at > now:
        due_at = _behind_the_morning(due_at, athlete)
    if can_wait:
        sent = sent_messages(session, athlete.name, now - REMEMBERED, alerts_since=now - REMEMBERED)
        due_at = free_at(due_at, sent, athlete.policy, athlete.runner)
    message = Message(
        key=key,
        kind=MessageKind.OPERATIONS,
        level=Level.NOTE,
        title=title,
        text=text,
        decided_at=now,
        due_at=due_at,
        expires_at=due_at + WORTH_TELLING_FOR,
    )
    return outbox.enqueue(session, athlete.name, message, channels, now)


def _behind_the_morning(due_at: datetime, athlete: AthleteConfig) -> datetime:
    """Not so near to the morning's question that one of the two would have to make room."""
    policy, runner = athlete.policy, athlete.runner
    question_at = at_clock_time(local_date(due_at, runner), policy.prompt.morning, runner)
    gap = timedelta(hours=policy.msg.gap_h) + ASKED_WITHIN
    return question_at + gap if abs(due_at - question_at) < gap else due_at


def tell_outage(
    session: Session, athlete: AthleteConfig, channel: str, message_key: str, reason: str, now: datetime
) -> bool:
    """Nothing gets through to `channel`, as the message of this key found: told through the others."""
    deliveries = outbox.deliveries_of(session, athlete.name, message_key)
    first = next((one.reasons[0].at for one in deliveries if one.channel == channel and one.reasons), now)
    since = first.astimezone(ZoneInfo(athlete.runner.timezone))
    text = f"Nothing gets through to {channel} since {since:%A %H:%M}. {reason}"
    return tell(session, athlete, _outage(session, athlete, channel), NEEDS_YOU, text, now, without=channel)


def tell_end_of_outage(session: Session, athlete: AthleteConfig, channel: str, now: datetime) -> bool:
    """`channel` works again, if its outage was told. To be called before the success is recorded."""
    outage = _outage(session, athlete, channel)
    if not outbox.deliveries_of(session, athlete.name, outage):
        return False
    text = f"Messages get through to {channel} again."
    key = f"{outage}|over"
    return tell(session, athlete, key, "niggled", text, now, without=channel, can_wait=True)


def tell_unreadable(
    session: Session, athlete: AthleteConfig, aside: Sequence[SetAside], now: datetime
) -> bool:
    """Files that could not be read and were not met before `now`: the first by name, the rest by number."""
    origins = {item.origin for item in aside}
    met_now = [
        one
        for one in list_set_aside(session, athlete.name)
        if one.origin in origins and one.first_seen_at == now
    ]
    if not met_now:
        return False
    first = min(met_now, key=lambda one: one.origin)
    text = f"{first.origin} could not be read: {sentence(first.reason)} {sentence(first.cure)}"
    if len(met_now) > 1:
        text += f" So could not {len(met_now) - 1} more; `niggled status` lists them."
    return tell(session, athlete, f"unreadable|{now.isoformat()}", NEEDS_YOU, text, now, can_wait=True)


def _outage(session: Session, athlete: AthleteConfig, channel: str) -> str:
    """One outage lasts from one success to the next, so the last success names it."""
    last_sent_at = session.execute(
        sa.select(sa.func.max(DELIVERIES.c.sent_at, type_=DELIVERIES.c.sent_at.type)).where(
            DELIVERIES.c.athlete == athlete.name, DELIVERIES.c.channel == channel
        )
    ).scalar_one()
    return f"outage|{channel}|{last_sent_at.isoformat() if last_sent_at else 'never'}"


def sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
