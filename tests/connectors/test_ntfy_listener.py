"""Answers over an ntfy reply topic, against a server on loopback: buttons as a phone presses them, streams and polls."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakes.ntfy import Asked, NtfyServer
from fakes.receiver import CUT, GARBAGE, PAGE, Trouble

from connectors.channels.contract import Choice, Incoming, OutgoingMessage, Question
from connectors.channels.instants import REST_OF_SECOND
from connectors.channels.ntfy import NtfyChannel, NtfyOptions
from connectors.channels.ntfy_listener import NtfyListener
from connectors.channels.ntfy_server import Login
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)
TOPIC, REPLY_TOPIC = "sEcReTalertssEcReTalerts", "sEcReTrepliessEcReTreplies"
GRADES = (Choice("Fine", "fine"), Choice("Sore", "sore"), Choice("Bad", "bad"))


class World:
    """An ntfy server, the channel and the listener of one runner, and a clock that stands still."""

    def __init__(self, server: NtfyServer, **changes: Any) -> None:
        self.server = server
        self.options = NtfyOptions(
            **{"topic": TOPIC, "reply_topic": REPLY_TOPIC, "server": server.base_url} | changes
        )
        self.now = NOON
        self.channel = NtfyChannel("phone", self.options, lambda: self.now, whole_s=5.0)
        self.listener = self.new_listener()

    def new_listener(self, silence_s: float = 5.0) -> NtfyListener:
        return NtfyListener("phone", self.options, lambda: self.now, silence_s=silence_s, whole_s=5.0)

    def ask(self) -> dict[str, Any]:
        self.channel.send(OutgoingMessage("key", "Knee?", "Worst knee pain?", Question("K7Q2MXHB4T", GRADES)))
        return self.server.messages[-1]

    def listen(self, position: str | None = None) -> Iterator[Incoming | None]:
        return self.listener.listen(position, lambda: False)


@pytest.fixture
def world() -> Iterator[World]:
    made: list[World] = []
    with NtfyServer(now=lambda: made[0].now if made else NOON, keepalive_s=0.2) as server:
        made.append(World(server))
        yield made[0]


def next_answer(reading: Iterator[Incoming | None]) -> Incoming:
    return next(one for one in reading if one is not None)


def until_streaming(reading: Iterator[Incoming | None]) -> list[Incoming]:
    """What waited; afterwards the stream is open."""
    waited = []
    for one in reading:
        if one is None:
            break
        waited.append(one)
    assert next(reading) is None  # the stream said that it is open
    return waited


def test_a_pressed_button_comes_through_the_stream_with_its_token_and_answer(world: World) -> None:
    reading = world.listen()
    assert until_streaming(reading) == []
    assert world.server.press(world.ask(), "Sore") == 200
    answer = next_answer(reading)
    at = NOON + REST_OF_SECOND
    assert answer == Incoming("m00000000002", at, "sore", "m00000000002", token="K7Q2MXHB4T", allowed=True)


def test_a_pressed_button_tells_the_server_nothing_but_question_and_choice(world: World) -> None:
    world.server.press(world.ask(), "Fine")
    assert world.server.messages[-1] == {"topic": REPLY_TOPIC, "title": "", "message": "K7Q2MXHB4T.fine"}


def test_answers_given_while_nobody_listened_come_first_and_in_order(world: World) -> None:
    message = world.ask()
    for label in ("Fine", "Sore", "Bad"):
        world.server.press(message, label)
    assert [one.text for one in until_streaming(world.listen())] == ["fine", "sore", "bad"]


def test_the_same_button_pressed_twice_is_two_answers_with_different_ids(world: World) -> None:
    message = world.ask()
    world.server.press(message, "Fine")
    world.server.press(message, "Fine")
    first, second = until_streaming(world.listen())
    assert first.text == second.text == "fine"
    assert first.id != second.id


def test_words_typed_into_the_secret_reply_topic_are_the_runners_own_without_a_token(world: World) -> None:
    for text in ("4", "4.5", "pause 7d", "Knie: heute gut 🦵", "?"):
        world.server.write(REPLY_TOPIC, text)
    heard = until_streaming(world.listen())
    assert [one.text for one in heard] == ["4", "4.5", "pause 7d", "Knie: heute gut 🦵", "?"]
    assert all(one.token is None and one.allowed for one in heard)


def test_words_typed_into_a_topic_that_can_be_guessed_are_a_strangers() -> None:
    with NtfyServer() as server:
        world = World(server, reply_topic="knee-answers")
        server.write("knee-answers", "0")
        server.press(world.ask(), "Fine")
        typed, pressed = until_streaming(world.listen())
    assert not typed.allowed
    assert pressed.allowed


def test_a_forged_token_is_passed_on_as_it_is_for_whoever_knows_the_questions(world: World) -> None:
    world.server.write(REPLY_TOPIC, "AAAAAAAAAA.fine")
    (forged,) = until_streaming(world.listen())
    assert (forged.token, forged.text) == ("AAAAAAAAAA", "fine")


def test_reading_goes_on_behind_the_stored_position_and_tells_nothing_twice(world: World) -> None:
    message = world.ask()
    world.server.press(message, "Fine")
    world.server.press(message, "Sore")
    first = next_answer(world.listen())
    assert [
        one.text for one in until_streaming(world.new_listener().listen(first.position, lambda: False))
    ] == ["sore"]


@pytest.mark.parametrize("in_line", [False, True])
def test_a_stream_that_breaks_is_unavailable_and_the_next_one_loses_and_repeats_nothing(
    world: World, in_line: bool
) -> None:
    heard: list[Incoming] = []
    message = world.ask()
    position = None
    for label in ("Fine", "Sore", "Bad"):
        reading = world.listen(position)
        heard += until_streaming(reading)
        world.server.press(message, label)
        heard.append(next_answer(reading))
        world.server.cut_streams(in_line=in_line)
        with pytest.raises(Unavailable, match=r"^phone \(ntfy\) could not be reached"):
            list(reading)
        world.server.press(message, "Fine")
        position = heard[-1].position
    heard += until_streaming(world.listen(position))
    assert [one.text for one in heard] == ["fine", "fine", "sore", "fine", "bad", "fine"]
    assert len({one.id for one in heard}) == 6


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_cut_and_whoever_is_killed_every_answer_is_kept_once_and_in_order(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    message = world.ask()
    sent, kept = list[str](), list[Incoming]()
    for _ in range(12):
        for _ in range(chance.randrange(3)):
            sent.append(chance.choice(["Fine", "Sore", "Bad"]))
            world.server.press(message, sent[-1])
        world.listener = world.new_listener()
        reading = world.listen(kept[-1].position if kept else None)
        try:
            for _ in range(chance.randrange(5)):
                kept += [one for one in (next(reading),) if one is not None]
                if chance.random() < 0.2:
                    world.server.cut_streams(in_line=chance.random() < 0.5)
        except Unavailable:
            continue
        finally:
            reading.close()
    kept += until_streaming(world.listen(kept[-1].position if kept else None))
    assert [one.text for one in kept] == [label.lower() for label in sent]
    assert len({one.id for one in kept}) == len(sent) > 5


def test_a_quiet_stream_shows_signs_of_life_so_that_the_caller_can_look_around(world: World) -> None:
    reading = world.listen()
    until_streaming(reading)
    assert [next(reading) for _ in range(3)] == [None, None, None]


def test_a_stream_without_signs_of_life_is_given_up() -> None:
    with NtfyServer(keepalive_s=30) as server:
        reading = World(server).new_listener(silence_s=0.2).listen(None, lambda: False)
        until_streaming(reading)
        with pytest.raises(Unavailable, match=r"^phone \(ntfy\) did not answer in time"):
            next(reading)


def test_listening_ends_when_told_to(world: World) -> None:
    stopped = False
    reading = world.listener.listen(None, lambda: stopped)
    until_streaming(reading)
    stopped = True
    assert list(reading) == []


def test_a_proxy_that_holds_streams_back_is_noticed_and_answers_are_polled_for(world: World) -> None:
    world.server.buffered = True
    world.listener = world.new_listener(silence_s=0.1)
    message = world.ask()
    for _ in range(3):
        with pytest.raises(Unavailable) as failure:
            list(world.listen())
        assert not failure.value.paced
    world.server.press(message, "Sore")
    reading = world.listen()
    assert next_answer(reading).text == "sore"
    with pytest.raises(Unavailable, match="answers are looked for every minute") as failure:
        next(reading)
    assert failure.value.paced
    assert failure.value.retry_at == NOON + timedelta(minutes=1)
    assert world.server.asked[-1] == Asked(REPLY_TOPIC, "all", poll=True)


def test_after_an_hour_of_polling_the_stream_gets_another_chance(world: World) -> None:
    world.server.buffered = True
    world.listener = world.new_listener(silence_s=1.5)
    for _ in range(3):
        with pytest.raises(Unavailable):
            list(world.listen())
    world.server.buffered = False
    world.now += timedelta(minutes=61)
    reading = world.listen()
    until_streaming(reading)
    world.server.press(world.ask(), "Bad")
    assert next_answer(reading).text == "bad"


def test_too_many_subscriptions_make_it_poll_as_well(world: World) -> None:
    for _ in range(3):
        world.server.fail_next_subscription(Trouble(), Trouble(status=429, code=42903))
        with pytest.raises(Unavailable, match="too many messages or requests"):
            list(world.listen())
    with pytest.raises(Unavailable) as failure:
        list(world.listen())
    assert failure.value.paced


def test_every_six_hours_what_the_server_keeps_is_looked_through_again(world: World) -> None:
    reading = world.listen()
    until_streaming(reading)
    world.server.press(world.ask(), "Fine")
    position = next_answer(reading).position
    world.now += timedelta(hours=7)
    until_streaming(reading)
    assert world.server.asked == [
        Asked(REPLY_TOPIC, "all", poll=True),
        Asked(REPLY_TOPIC, "all", poll=False),
        Asked(REPLY_TOPIC, position, poll=True),
        Asked(REPLY_TOPIC, position, poll=False),
    ]


def test_a_position_that_the_server_has_forgotten_begins_with_all_it_keeps(world: World) -> None:
    world.server.press(world.ask(), "Fine")
    position = next_answer(world.listen()).position
    world.now += timedelta(hours=13)
    world.server.press(world.ask(), "Sore")
    assert [one.text for one in until_streaming(world.listen(position))] == ["sore"]


def test_answers_older_than_the_server_keeps_are_gone(world: World) -> None:
    world.server.press(world.ask(), "Fine")
    world.now += timedelta(hours=13)
    assert until_streaming(world.listen()) == []


@pytest.mark.parametrize("position", ["1717840000", "700/12/9", "17:25", "", "x" * 40])
def test_the_position_of_another_kind_of_channel_is_no_obstacle(world: World, position: str) -> None:
    world.server.press(world.ask(), "Fine")
    assert [one.text for one in until_streaming(world.listen(position))] == ["fine"]


@pytest.mark.parametrize("quiet", [False, True])
def test_the_confirmation_is_a_message_of_its_own_and_names_no_topic(world: World, quiet: bool) -> None:
    world.server.press(world.ask(), "Sore")
    answer = next_answer(world.listen())
    world.listener.confirm(answer, "Sore noted. Next: from Thursday, up to 8.0 km.", quiet=quiet)
    assert world.server.messages[-1] == {
        "topic": TOPIC,
        "title": "Your answer",
        "message": "Sore noted. Next: from Thursday, up to 8.0 km.",
        "priority": 2 if quiet else 3,
    }


def test_a_stranger_gets_no_confirmation(world: World) -> None:
    before = world.server.requests
    world.listener.confirm(Incoming("m1", NOON, "0", "m1", allowed=False), "0 noted.", quiet=True)
    assert world.server.requests == before


def test_answers_need_a_reply_topic() -> None:
    with NtfyServer() as server:
        listener = World(server, reply_topic=None).listener
        with pytest.raises(Broken, match=r"answers need a `reply_topic`. Add one to channel phone\."):
            list(listener.listen(None, lambda: False))


def test_a_login_that_may_not_read_needs_a_person() -> None:
    with NtfyServer() as server:
        server.allow_only({"tk_write": "w"})
        with pytest.raises(NeedsLogin) as failure:
            list(World(server, login=Login(token="tk_write")).listen())
    assert "does not let us use the topic" in failure.value.cure


EITHER_WAY = (
    (PAGE, Unavailable, "answered with a web page instead of data"),
    (CUT, Unavailable, "could not be reached"),
    (Trouble(status=503), Unavailable, "trouble at the server (HTTP 503)"),
    (Trouble(status=401), NeedsLogin, ""),
    (Trouble(status=404), Broken, "no ntfy server answers there"),
    (Trouble(drip_s=0.05, page=True), Unavailable, ""),
)


@pytest.mark.parametrize(
    ("trouble", "kind", "told", "streaming"),
    [
        *((*each, False) for each in EITHER_WAY),
        *((*each, True) for each in EITHER_WAY),
        (GARBAGE, Broken, "does not answer as an ntfy server does", False),
        (GARBAGE, Unavailable, "ended the stream before anything came through", True),
        (Trouble(), Unavailable, "ended the stream before anything came through", True),
    ],
)
def test_trouble_while_listening_is_told_without_address_or_topic(
    world: World,
    trouble: Trouble,
    kind: type[ConnectorError],
    told: str,
    streaming: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    world.server.fail_next_subscription(*([Trouble()] if streaming else []), trouble)
    listener = NtfyListener("phone", world.options, lambda: NOON, silence_s=2.0, whole_s=2.0)
    with pytest.raises(kind) as failure:
        list(listener.listen(None, lambda: False))
    error = failure.value
    shown = f"{error} {error!r} {error.__cause__} {error.__context__} {listener!r} {caplog.text}"
    assert told in str(error)
    assert "phone" in shown
    for secret in ("sEcReT", "127.0.0.1", str(world.server.port)):
        assert secret not in shown
