"""What `niggled status` and the page say of a channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from daemon.cli.channel_lines import strangers_line, undelivered_line, unheard_line
from daemon.store.conversation import Hearing
from daemon.store.outbox import Delivery, DeliveryState, Reason
from rules.facts import Runner
from rules.outcome import Level, Message, MessageKind

NOW = datetime(2026, 11, 25, 20, 15, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 18, tzinfo=UTC)
RUNNER = Runner(timezone="Europe/Berlin")


def test_a_channel_that_is_heard_and_only_by_its_runner_needs_no_word() -> None:
    assert unheard_line(Hearing("phone"), RUNNER, NOW) == ""
    assert strangers_line(Hearing("phone")) == ""


def test_answers_that_cannot_be_read_are_told_since_when_and_why() -> None:
    hearing = Hearing("phone", failing_since=TUESDAY, failure="ntfy.sh could not be reached")
    assert unheard_line(hearing, RUNNER, NOW) == (
        "✘ Answers on phone cannot be read since Tuesday 19:00. ntfy.sh could not be reached."
    )


def test_strangers_are_counted() -> None:
    assert strangers_line(Hearing("phone", strangers=1)) == "! phone: 1 message of a stranger, ignored"
    assert strangers_line(Hearing("phone", strangers=3)) == "! phone: 3 messages of strangers, ignored"


def test_what_was_given_up_is_told_with_the_last_reason() -> None:
    message = Message("load:1", MessageKind.LOAD, Level.WARN, "Long run", "…", NOW, NOW, NOW + timedelta(1))
    reasons = (Reason(TUESDAY, "first"), Reason(NOW, "phone: nobody was told."))
    delivery = Delivery("me", "phone", message, DeliveryState.FAILED, NOW, 2, reasons, None, None)
    assert undelivered_line(delivery) == "✘ Not delivered to phone: Long run. phone: nobody was told."
