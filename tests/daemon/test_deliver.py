"""Delivery: what is due goes out once, trouble waits and is told, and nothing stops the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock
from fakes.ntfy import NtfyServer
from fakes.receiver import SERVER_ERROR

from connectors.channels.contract import Channel, OutgoingMessage, Receipt
from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon import config as configuration
from daemon.channels import open_channel
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.jobs.deliver import LEASE, Delivered, deliver_due
from daemon.store import outbox
from daemon.store.engine import Store, open_store
from daemon.store.outbox import Delivery
from rules.outcome import Level, Message, MessageKind

TUESDAY_NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Phones:
    """Channels that do what they are told: `troubles` by channel, one for each call, `None` for a good one."""

    clock: StoppedClock
    troubles: dict[str, list[Exception | None]] = field(default_factory=dict)
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    calls: list[tuple[str, datetime]] = field(default_factory=list)

    def open(self, athlete: AthleteConfig, config: ChannelConfig) -> Channel:
        return Phone(config.name, self)


@dataclass
class Phone:
    name: str
    phones: Phones

    def send(self, message: OutgoingMessage) -> Receipt:
        self.phones.calls.append((self.name, self.phones.clock.now()))
        planned = self.phones.troubles.get(self.name, [])
        trouble = planned.pop(0) if planned else None
        if trouble is not None:
            raise trouble
        self.phones.shown.append((self.name, message.title, message.body))
        return Receipt(service="ntfy", elapsed_s=0.2)


def really(clock: StoppedClock) -> Callable[[AthleteConfig, ChannelConfig], Channel]:
    """Channels as the configuration names them."""
    return lambda athlete, channel: open_channel(athlete, channel, Path("/nowhere"), clock.now)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(TUESDAY_NOON)


@pytest.fixture
def phones(clock: StoppedClock) -> Phones:
    return Phones(clock)


def household(**channels: list[str]) -> Mapping[str, AthleteConfig]:
    """Anna of Berlin with channels by name and what each is for."""
    tables = {name: {"url": f"ntfy://ntfy.sh/{name}", "sends": sends} for name, sends in channels.items()}
    raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": tables}}}
    return configuration.build(raw, "", None, Path("/nowhere")).athletes


WARNING_ONLY, ALL = ["warning"], ["warning", "operations"]


def queue(
    store: Store,
    channels: list[str],
    key: str = "load|1",
    hours: float = 18,
    at: datetime = TUESDAY_NOON,
    kind: MessageKind = MessageKind.LOAD,
) -> None:
    message = Message(
        key, kind, Level.WARN, "Long run", f"13.0 km ({key})", at, at, at + timedelta(hours=hours)
    )
    with store.session() as session:
        outbox.enqueue(session, "anna", message, channels, at)


def delivery(store: Store, channel: str = "phone", key: str = "load|1") -> Delivery:
    with store.reading() as session:
        return next(one for one in outbox.deliveries_of(session, "anna", key) if one.channel == channel)


def run_until(
    store: Store,
    athletes: Mapping[str, AthleteConfig],
    phones: Phones,
    end: datetime,
    step: timedelta = MINUTE,
) -> None:
    """A pass at every step of the clock."""
    while phones.clock.now() <= end:
        deliver_due(store, athletes, phones.clock, phones.open)
        phones.clock.at += step


def test_a_message_reaches_each_channel_once(store: Store, clock: StoppedClock, phones: Phones) -> None:
    athletes = household(phone=ALL, mail=ALL)
    queue(store, ["phone", "mail"])
    assert deliver_due(store, athletes, clock, phones.open) == Delivered(sent=2)
    assert deliver_due(store, athletes, clock, phones.open) == Delivered()
    assert sorted(phones.shown) == [
        ("mail", "Long run", "13.0 km (load|1)"),
        ("phone", "Long run", "13.0 km (load|1)"),
    ]
    assert delivery(store).state == "sent"
    assert delivery(store).service == "ntfy"
    assert delivery(store).sent_at == TUESDAY_NOON


def test_a_message_that_is_not_due_waits(store: Store, clock: StoppedClock, phones: Phones) -> None:
    queue(store, ["phone"], at=TUESDAY_NOON + MINUTE)
    assert deliver_due(store, household(phone=ALL), clock, phones.open) == Delivered()
    clock.sleep(60)
    assert deliver_due(store, household(phone=ALL), clock, phones.open) == Delivered(sent=1)


def test_the_waits_grow_to_an_hour_and_go_on_until_the_message_expires(store: Store, phones: Phones) -> None:
    phones.troubles["phone"] = [Unavailable("phone (ntfy): no connection.")] * 50
    queue(store, ["phone"], hours=5)
    run_until(store, household(phone=ALL), phones, TUESDAY_NOON + timedelta(hours=6))
    minutes = [(at - TUESDAY_NOON) // MINUTE for _, at in phones.calls]
    assert minutes == [0, 1, 3, 8, 23, 83, 143, 203, 263, 299]


def test_every_attempt_and_its_reason_are_kept(store: Store, clock: StoppedClock, phones: Phones) -> None:
    phones.troubles["phone"] = [Unavailable("first"), Unavailable("second")]
    queue(store, ["phone"])
    run_until(store, household(phone=ALL), phones, TUESDAY_NOON + 5 * MINUTE)
    sent = delivery(store)
    assert (sent.state, sent.attempts) == ("sent", 3)
    assert [(reason.at, reason.text) for reason in sent.reasons] == [
        (TUESDAY_NOON, "first"),
        (TUESDAY_NOON + MINUTE, "second"),
    ]


def test_the_servers_own_word_on_when_to_come_back_is_kept(store: Store, phones: Phones) -> None:
    phones.troubles["phone"] = [
        Unavailable("too many", TUESDAY_NOON + 20 * MINUTE),
        Unavailable("again", TUESDAY_NOON),
    ]
    queue(store, ["phone"])
    run_until(store, household(phone=ALL), phones, TUESDAY_NOON + 25 * MINUTE)
    assert [(at - TUESDAY_NOON) // MINUTE for _, at in phones.calls] == [0, 20, 21]


def test_what_may_have_arrived_is_not_sent_again_at_once(store: Store, phones: Phones) -> None:
    phones.troubles["phone"] = [Unavailable("no answer in time", may_have_arrived=True)]
    queue(store, ["phone"])
    run_until(store, household(phone=ALL), phones, TUESDAY_NOON + 20 * MINUTE)
    assert [(at - TUESDAY_NOON) // MINUTE for _, at in phones.calls] == [0, 15]


@pytest.mark.parametrize(
    "poison",
    [Broken("phone: nobody was told."), ValueError("ntfy://topic-secret"), Unavailable("no"), KeyError("x")],
)
def test_one_poisoned_delivery_does_not_stop_the_rest(
    store: Store, clock: StoppedClock, phones: Phones, poison: Exception
) -> None:
    phones.troubles["phone"] = [poison]
    for number in range(3):
        queue(store, ["phone"], key=f"load|{number}")
    deliver_due(store, household(phone=ALL), clock, phones.open)
    assert [body for _, _, body in phones.shown] == ["13.0 km (load|1)", "13.0 km (load|2)"]


def test_a_strangers_words_are_neither_stored_nor_logged(
    store: Store, clock: StoppedClock, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    phones.troubles["phone"] = [ValueError("cannot reach ntfy://topic-secret")]
    queue(store, ["phone"])
    deliver_due(store, household(phone=ALL), clock, phones.open)
    (reason,) = delivery(store).reasons
    assert reason.text == "phone: failed in an unexpected way (ValueError)."
    assert "topic-secret" not in caplog.text


def test_a_broken_channel_fails_for_good_and_is_told_once_through_another(
    store: Store, clock: StoppedClock, phones: Phones
) -> None:
    cure = "phone: nobody was told, the URL names no service. Correct `url` of channel phone."
    phones.troubles["phone"] = [Broken(cure)] * 3
    for number in range(3):
        queue(store, ["phone"], key=f"load|{number}")
    deliver_due(store, household(phone=ALL, mail=ALL), clock, phones.open)
    assert delivery(store, key="load|0").state == "failed"
    assert phones.shown == [
        ("mail", "niggled needs you", f"Nothing gets through to phone since Tuesday 13:00. {cure}")
    ]


def test_a_refused_token_is_told_at_once_and_tried_again_hourly(store: Store, phones: Phones) -> None:
    phones.troubles["phone"] = [
        NeedsLogin("login", "phone (ntfy) refuses our login (HTTP 401). Renew it.")
    ] * 2
    queue(store, ["phone"])
    run_until(store, household(phone=ALL, mail=ALL), phones, TUESDAY_NOON + 130 * MINUTE)
    assert [(at - TUESDAY_NOON) // MINUTE for name, at in phones.calls if name == "phone"] == [0, 60, 120]
    assert phones.shown[0] == (
        "mail",
        "niggled needs you",
        "Nothing gets through to phone since Tuesday 13:00. phone (ntfy) refuses our login (HTTP 401). Renew it.",
    )
    assert delivery(store).state == "sent"


def test_an_outage_is_told_once_after_five_attempts_and_its_end_once(store: Store, phones: Phones) -> None:
    phones.troubles["phone"] = [Unavailable("phone (ntfy): no connection.")] * 10
    for number in range(2):
        queue(store, ["phone"], key=f"load|{number}")
    run_until(store, household(phone=ALL, mail=ALL, watch=WARNING_ONLY), phones, TUESDAY_NOON + 200 * MINUTE)
    told = [(name, body) for name, _, body in phones.shown]
    assert told == [
        ("mail", "Nothing gets through to phone since Tuesday 13:00. phone (ntfy): no connection."),
        ("phone", "13.0 km (load|0)"),
        ("phone", "13.0 km (load|1)"),
        ("mail", "Messages get through to phone again."),
    ]


def test_a_second_outage_is_told_again(store: Store, phones: Phones) -> None:
    athletes = household(phone=ALL, mail=ALL)
    for day in range(2):
        at = TUESDAY_NOON + timedelta(days=day)
        phones.clock.at = at
        phones.troubles["phone"] = [Unavailable("phone (ntfy): no connection.")] * 5
        queue(store, ["phone"], key=f"load|{day}", at=at)
        run_until(store, athletes, phones, at + 300 * MINUTE)
    assert [body.split(".")[0] for name, _, body in phones.shown if name == "mail"] == [
        "Nothing gets through to phone since Tuesday 13:00",
        "Messages get through to phone again",
        "Nothing gets through to phone since Wednesday 13:00",
        "Messages get through to phone again",
    ]


def test_two_channels_that_are_both_out_tell_of_each_other_and_come_to_rest(
    store: Store, phones: Phones
) -> None:
    for name in ("phone", "mail"):
        phones.troubles[name] = [Broken(f"{name}: nobody was told.")] * 100
    queue(store, ["phone", "mail"])
    run_until(store, household(phone=ALL, mail=ALL), phones, TUESDAY_NOON + 30 * MINUTE)
    assert len(phones.calls) == 4


def test_an_outage_at_night_is_told_in_the_morning(store: Store, phones: Phones) -> None:
    night = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)
    phones.clock.at = night
    phones.troubles["phone"] = [Broken("phone: nobody was told.")]
    queue(store, ["phone"], at=night, kind=MessageKind.STOP)
    run_until(store, household(phone=ALL, mail=ALL), phones, night + timedelta(hours=11))
    assert phones.calls[-1] == ("mail", datetime(2026, 3, 4, 8, 45, tzinfo=UTC))


def test_a_channel_that_left_the_configuration_fails_with_that_reason(
    store: Store, clock: StoppedClock, phones: Phones
) -> None:
    queue(store, ["phone"])
    assert deliver_due(store, household(mail=ALL), clock, phones.open) == Delivered(failed=1)
    assert delivery(store).reasons[0].text == "There is no channel phone in the configuration any more."


def test_a_secret_that_cannot_be_had_is_told_without_stopping_the_others(
    store: Store, clock: StoppedClock
) -> None:
    with NtfyServer() as server:
        tables = {"phone": {"url": {"env": "PHONE_URL_THAT_IS_NOT_SET"}}, "hook": {"url": server.url}}
        raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": tables}}}
        athletes = configuration.build(raw, "", None, Path("/nowhere")).athletes
        queue(store, ["phone", "hook"])
        deliver_due(store, athletes, clock, really(clock))
    assert [message["message"] for message in server.messages] == [
        "13.0 km (load|1)",
        "Nothing gets through to phone since Tuesday 13:00. "
        "phone: the environment variable PHONE_URL_THAT_IS_NOT_SET is not set.",
    ]
    assert delivery(store).state == "retry"


def test_through_apprise_a_server_that_fails_once_gets_the_message_on_the_second_attempt(
    store: Store, clock: StoppedClock
) -> None:
    with NtfyServer() as server:
        raw = {"athletes": {"anna": {"channels": {"phone": {"url": server.url}}}}}
        athletes = configuration.build(raw, "", None, Path("/nowhere")).athletes
        server.fail_next(SERVER_ERROR)
        queue(store, ["phone"])
        assert deliver_due(store, athletes, clock, really(clock)) == Delivered(retried=1)
        assert delivery(store).reasons[0].text.startswith("phone (ntfy): trouble at the server (HTTP 500).")
        clock.sleep(60)
        assert deliver_due(store, athletes, clock, really(clock)) == Delivered(sent=1)
    assert len(server.messages) == 1


class KilledError(BaseException):
    """Stands for a kill: nothing after it runs."""


@dataclass
class Deathtrap(Phone):
    """Takes the message; the sender dies before it hears so."""

    def send(self, message: OutgoingMessage) -> Receipt:
        super().send(message)
        raise KilledError


def test_a_kill_inside_the_channel_call_repeats_the_message_once_when_the_lease_has_run_out(
    store: Store, clock: StoppedClock, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    queue(store, ["phone"])
    with pytest.raises(KilledError):
        deliver_due(store, household(phone=ALL), clock, lambda _, config: Deathtrap(config.name, phones))
    assert deliver_due(store, household(phone=ALL), clock, phones.open) == Delivered()
    clock.at += LEASE + timedelta(seconds=1)
    assert deliver_due(store, household(phone=ALL), clock, phones.open) == Delivered(sent=1)
    assert len(phones.shown) == 2
    assert "A message to phone was being sent when we were stopped; it may arrive twice" in caplog.text
    assert delivery(store).attempts == 2


def test_a_stop_ends_the_pass_between_two_messages(store: Store, clock: StoppedClock, phones: Phones) -> None:
    for number in range(3):
        queue(store, ["phone"], key=f"load|{number}")
    deliver_due(store, household(phone=ALL), clock, phones.open, stop=lambda: len(phones.shown) == 1)
    assert len(phones.shown) == 1
    assert deliver_due(store, household(phone=ALL), clock, phones.open) == Delivered(sent=2)
