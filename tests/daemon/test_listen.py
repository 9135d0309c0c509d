"""Listening for years: in order, from where it left off, and through every kind of trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import StoppedClock
from fakes.ears import ear_of
from fakes.scripted_listener import ScriptedListener

from connectors.channels.contract import Incoming
from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon.config import AthleteConfig
from daemon.jobs.child import ChildFailedError
from daemon.jobs.incoming import MANY, DirectAnswer
from daemon.jobs.listen import listen
from daemon.store import conversation
from daemon.store.engine import Store
from daemon.store.outbox import DeliveryState, list_deliveries

NOON = datetime(2026, 6, 7, 12, 0, tzinfo=UTC)


class Stop(threading.Event):
    """Stops listening after so many waits; `waits` are their lengths in seconds, and `meanwhile` runs in each."""

    def __init__(self, after: int, meanwhile: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._after = after
        self._meanwhile = meanwhile

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self._meanwhile(timeout or 0.0)
        if len(self.waits) >= self._after:
            self.set()
        return self.is_set()


def incoming(text: str, number: int) -> Incoming:
    return Incoming(f"m{number}", NOON, text, position=str(number))


def heard_by(
    store: Store,
    athlete: AthleteConfig,
    listener: ScriptedListener,
    stop: Stop,
    clock: StoppedClock | None = None,
) -> list[str]:
    """Listen until `stop`; whose answers were heard."""
    heard: list[str] = []
    clock = clock or StoppedClock(NOON)
    ear = ear_of(store, athlete, "phone", lambda: listener, clock)
    listen(store, ear, clock, stop, threading.Lock(), heard.append)
    return heard


def pushed(store: Store) -> list[str]:
    with store.reading() as session:
        return [one.message.text for one in list_deliveries(session, "me", list(DeliveryState))]


@pytest.fixture
def told(athlete: AthleteConfig) -> AthleteConfig:
    """The runner, with a channel for what concerns the machine."""
    (phone,) = athlete.channels
    return replace(athlete, channels=(phone, replace(phone, name="mail", sends=("operations",))))


def test_answers_are_taken_in_order_and_confirmed(store: Store, athlete: AthleteConfig) -> None:
    listener = ScriptedListener([incoming("1", 1), incoming("status", 2)])
    assert heard_by(store, athlete, listener, Stop(1)) == ["me", "me"]
    assert [one[0] for one in listener.confirmed] == ["m1", "m2"]
    assert listener.confirmed[0][1].startswith("1 noted")


def test_listening_goes_on_where_it_left_off(store: Store, athlete: AthleteConfig) -> None:
    listener = ScriptedListener([incoming("1", 1)])
    heard_by(store, athlete, listener, Stop(1))
    listener.sent.append(incoming("2", 2))
    heard_by(store, athlete, listener, Stop(1))
    assert listener.positions == [None, "1"]
    assert [one[0] for one in listener.confirmed] == ["m1", "m2"]


def test_an_answer_whose_child_fails_is_heard_again(store: Store, athlete: AthleteConfig) -> None:
    listener = ScriptedListener([incoming("1", 1), incoming("2", 2)])
    clock, failures = StoppedClock(NOON), [ChildFailedError("`niggled hear` ended with signal 9")]
    ear = ear_of(store, athlete, "phone", lambda: listener, clock)

    def take(one: Incoming) -> DirectAnswer | None:
        if failures:
            raise failures.pop()
        return ear.take(one)

    heard: list[str] = []
    listen(store, replace(ear, take=take), clock, Stop(2), threading.Lock(), heard.append)
    assert listener.positions == [None, None]
    assert [one[0] for one in listener.confirmed] == ["m1", "m2"]


def test_strangers_and_floods_start_no_child(store: Store, athlete: AthleteConfig) -> None:
    strangers = [replace(incoming("4", number), allowed=False) for number in range(200)]
    flood = [incoming("what?", 1000 + number) for number in range(200)]
    clock, children = StoppedClock(NOON), []
    ear = ear_of(store, athlete, "phone", lambda: ScriptedListener([*strangers, *flood]), clock)

    def take(one: Incoming) -> DirectAnswer | None:
        children.append(one.id)
        return ear.take(one)

    listen(store, replace(ear, take=take), clock, Stop(1), threading.Lock(), lambda name: None)
    assert children == [f"m{1000 + number}" for number in range(MANY)]


def test_a_confirmation_that_does_not_get_through_is_tried_again(
    store: Store, athlete: AthleteConfig
) -> None:
    listener = ScriptedListener([incoming("1", 1)], refuses=[Unavailable("no network")])
    heard_by(store, athlete, listener, Stop(1))
    assert [one[0] for one in listener.confirmed] == ["m1"], "at the next quiet moment"


def test_a_confirmation_that_can_never_get_through_is_given_up(store: Store, athlete: AthleteConfig) -> None:
    listener = ScriptedListener([incoming("1", 1)], refuses=[Broken("the bot was blocked")] * 5)
    heard_by(store, athlete, listener, Stop(1))
    assert listener.confirmed == []
    assert len(listener.refuses) == 4


def test_a_channel_that_is_down_is_asked_again_after_growing_waits_and_told_after_hours(
    store: Store, told: AthleteConfig
) -> None:
    clock = StoppedClock(NOON)
    listener = ScriptedListener([incoming("1", 1)], fails=[Unavailable("ntfy could not be reached")] * 100)
    stop = Stop(101, clock.sleep)
    assert heard_by(store, told, listener, stop, clock) == ["me"]
    assert stop.waits[:6] == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    assert max(stop.waits[:100]) == 300.0
    assert pushed(store) == [
        "Your answers on phone cannot be read since Sunday 12:00. ntfy could not be reached. "
        "What you sent in the meantime is read once it works.",
        "Your answers on phone are read again.",
    ]


def test_what_only_the_runner_can_mend_is_told_at_once_and_once(store: Store, told: AthleteConfig) -> None:
    refused = NeedsLogin("login", "Make a new token with @BotFather.", "Telegram refuses the token")
    listener = ScriptedListener(fails=[refused] * 3)
    stop = Stop(3)
    heard_by(store, told, listener, stop)
    assert stop.waits == [3600.0] * 3
    assert len(pushed(store)) == 1
    assert "Make a new token with @BotFather." in pushed(store)[0]


def test_a_server_that_says_when_to_come_back_is_believed(store: Store, athlete: AthleteConfig) -> None:
    listener = ScriptedListener(fails=[Unavailable("busy", NOON + timedelta(minutes=7))])
    stop = Stop(1)
    heard_by(store, athlete, listener, stop)
    assert stop.waits == [420.0]


def test_a_listener_that_paces_itself_is_no_outage(store: Store, told: AthleteConfig) -> None:
    clock = StoppedClock(NOON)
    paced = Unavailable("polled", NOON + timedelta(minutes=1), paced=True)
    stop = Stop(2, clock.sleep)
    heard_by(store, told, ScriptedListener([incoming("1", 1)], fails=[paced]), stop, clock)
    assert stop.waits[0] == 60.0
    with store.reading() as session:
        assert conversation.hearing(session, "me", "phone").failing_since is None


def test_a_channel_that_somebody_else_reads_is_left_alone(store: Store, athlete: AthleteConfig) -> None:
    with store.session() as session:
        assert conversation.claim_hearing(session, "me", "phone", "another", NOON, timedelta(minutes=10))
    listener = ScriptedListener([incoming("1", 1)])
    assert heard_by(store, athlete, listener, Stop(1)) == []
    clock = StoppedClock(NOON + timedelta(minutes=11))
    assert heard_by(store, athlete, listener, Stop(1), clock) == ["me"], "its lease has run out"


def test_a_stopped_daemon_lets_others_listen_at_once(store: Store, athlete: AthleteConfig) -> None:
    heard_by(store, athlete, ScriptedListener(), Stop(1))
    with store.session() as session:
        assert conversation.claim_hearing(session, "me", "phone", "another", NOON, timedelta(minutes=10))


def test_a_bug_in_a_listener_is_no_end_of_listening(
    store: Store, athlete: AthleteConfig, caplog: pytest.LogCaptureFixture
) -> None:
    listener = ScriptedListener([incoming("1", 1)], fails=[ZeroDivisionError("oops")])
    assert heard_by(store, athlete, listener, Stop(2)) == ["me"]
    assert "Listening to phone failed in an unexpected way" in caplog.text
