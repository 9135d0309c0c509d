"""What is said of a channel: whether answers come in, who else writes, and what did not get out."""

from __future__ import annotations

from datetime import datetime

from daemon.cli.source_lines import sentence, when
from daemon.store.conversation import Hearing
from daemon.store.outbox import Delivery
from rules.facts import Runner


def unheard_line(hearing: Hearing, runner: Runner, moment: datetime) -> str:
    """That answers cannot be read, since when and why; empty where they can."""
    told = unheard_words(hearing, runner, moment)
    return f"✘ Answers on {hearing.channel} {told}" if told else ""


def unheard_words(hearing: Hearing, runner: Runner, moment: datetime) -> str:
    """The same without the channel: "cannot be read since Tuesday 18:00. …"."""
    if hearing.failing_since is None:
        return ""
    since = when(hearing.failing_since, runner, moment)
    return f"cannot be read since {since}. {sentence(hearing.failure or '')}".rstrip()


def strangers_line(hearing: Hearing) -> str:
    """How many strangers wrote to a channel; empty where none did."""
    told = strangers_words(hearing)
    return f"! {hearing.channel}: {told}" if told else ""


def strangers_words(hearing: Hearing) -> str:
    """The same without the channel."""
    if not hearing.strangers:
        return ""
    one = hearing.strangers == 1
    told = "1 message of a stranger" if one else f"{hearing.strangers} messages of strangers"
    return f"{told}, ignored"


def undelivered_line(delivery: Delivery) -> str:
    """What was given up, and why."""
    reason = delivery.reasons[-1].text if delivery.reasons else "no reason given"
    return f"✘ Not delivered to {delivery.channel}: {delivery.message.title}. {reason}"
