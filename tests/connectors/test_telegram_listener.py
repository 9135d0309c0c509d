"""Answers in the chat with the bot, against its API on loopback: buttons tapped, words written, strangers, restarts."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fakes.receiver import CUT, GARBAGE, PAGE, SERVER_ERROR, Trouble
from fakes.telegram import RUNNER, TOKEN, TelegramServer
from fakes.telegram_world import NOON, TOLD, World

from connectors.channels.contract import Incoming
from connectors.channels.instants import REST_OF_SECOND
from connectors.channels.telegram_api import TelegramOptions
from connectors.channels.telegram_listener import TelegramListener
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable


@pytest.fixture
def world() -> Iterator[World]:
    made: list[World] = []
    with TelegramServer(now=lambda: made[0].now if made else NOON) as server:
        made.append(World(server))
        yield made[0]


def test_a_tap_is_an_answer_with_its_token_and_names_the_question(world: World) -> None:
    message = world.ask()
    tap = world.server.runner.tap(message, "4")
    (answer,) = world.heard()
    assert (answer.text, answer.token, answer.allowed) == ("4", "K7Q2MXHB4T", True)
    assert answer.reference == str(message["message_id"])
    assert answer.id == f"tap {tap.id}"
    assert answer.at == NOON
    assert tap.toast is None


def test_words_are_answers_without_a_token_and_confirmed_below_them(world: World) -> None:
    world.now = NOON - timedelta(hours=3)
    world.server.runner.write("4 y 🦵")
    world.now = NOON
    (answer,) = world.heard()
    assert (answer.text, answer.token, answer.allowed) == ("4 y 🦵", None, True)
    assert answer.at == NOON - timedelta(hours=3) + REST_OF_SECOND, (
        "never older than a question of the same second"
    )
    assert answer.reference == "1"
    world.listener.confirm(answer, TOLD, quiet=False)
    (message,) = world.server.runner.messages
    assert message["text"] == TOLD
    assert message["reply_to_message"]["text"] == "4 y 🦵"
    assert not message["silent"]


def test_a_reply_to_a_question_names_the_questions_message(world: World) -> None:
    world.ask("AAAAAAAAAA")
    question = world.ask("BBBBBBBBBB")
    world.server.runner.write("left 3", reply_to=question)
    (answer,) = world.heard()
    assert answer.reference == str(question["message_id"])
    world.listener.confirm(answer, "3 left noted.", quiet=True)
    assert world.server.runner.messages[-1]["reply_to_message"]["text"] == "left 3"


def test_a_command_as_telegram_writes_them_is_the_word_without_its_stroke(world: World) -> None:
    world.server.runner.write("/status")
    world.server.runner.write("/pause 7d")
    assert [one.text for one in world.heard()] == ["status", "pause 7d"]


def test_the_start_that_the_app_sends_by_itself_is_no_answer(world: World) -> None:
    world.server.runner.write("/start")
    world.server.runner.write("/start K7Q2MXHB4T")
    assert world.heard() == []


def test_a_voice_message_and_a_captioned_photo_are_heard_as_far_as_they_have_words(world: World) -> None:
    world.server.runner.post({"voice": {"file_id": "1", "duration": 3}})
    world.server.runner.post({"photo": [], "caption": "4"})
    assert [one.text for one in world.heard()] == ["", "4"]


def test_strangers_and_groups_are_counted_and_get_nothing(world: World) -> None:
    message = world.ask()
    world.server.stranger.write("0")
    world.server.stranger.tap_data(message | {"chat": {"id": 666, "type": "private"}}, "K7Q2MXHB4T:0")
    world.server.group(-100).write("0")
    world.server.stranger.write("/start")
    heard = world.heard()
    assert len(heard) == 4
    assert not any(one.allowed for one in heard)
    for one in heard:
        world.listener.confirm(one, "0 noted.", quiet=False)
    assert world.server.stranger.messages == []
    assert world.server.calls("answerCallbackQuery") == []


@pytest.mark.parametrize("data", ["4", "K7Q2MXHB4T.4", "", ":4", "x" * 64])
def test_a_button_that_is_not_ours_is_nobodys_answer(world: World, data: str) -> None:
    world.server.runner.tap_data(world.ask(), data)
    (forged,) = world.heard()
    assert not forged.allowed
    assert forged.token is None


def test_a_forged_token_is_passed_on_as_it_is_for_whoever_knows_the_questions(world: World) -> None:
    world.server.runner.tap_data(world.ask(), "AAAAAAAAAA:0")
    (forged,) = world.heard()
    assert (forged.token, forged.text) == ("AAAAAAAAAA", "0")


def test_reading_goes_on_behind_the_stored_position_and_loses_and_repeats_nothing(world: World) -> None:
    for text in ("1", "2", "3"):
        world.server.runner.write(text)
    first = next(one for one in world.listener.listen(None, lambda: False) if one is not None)
    assert first.text == "1"
    world.listener = world.new_listener()
    rest = world.heard(first.position)
    assert [one.text for one in rest] == ["2", "3"]
    world.listener = world.new_listener()
    assert world.heard(rest[-1].position) == []


def test_what_was_not_stored_when_the_daemon_died_comes_again(world: World) -> None:
    world.server.runner.write("1")
    world.server.runner.write("2")
    reading = world.listener.listen(None, lambda: False)
    assert [one.text for one in (next(reading), next(reading)) if one is not None] == ["1", "2"]
    reading.close()
    world.listener = world.new_listener()
    assert [one.text for one in world.heard()] == ["1", "2"]


def test_telegram_forgets_after_a_day(world: World) -> None:
    world.server.runner.write("1")
    world.now += timedelta(hours=25)
    world.server.runner.write("2")
    assert [one.text for one in world.heard()] == ["2"]


def test_a_quiet_week_after_which_numbers_begin_lower_loses_nothing(world: World) -> None:
    world.server.runner.write("1")
    reading = world.listener.listen(None, lambda: False)
    answer = next(reading)
    assert answer is not None
    assert next(reading) is None
    world.now += timedelta(days=8)
    world.server.count_anew(1_000)
    world.server.runner.write("2")
    second = next(reading)
    assert second is not None
    assert second.text == "2"
    world.listener = world.new_listener()
    assert [one.text for one in world.heard(answer.position)] == ["2"]


@pytest.mark.parametrize("position", ["m00000000001", "17:25", "", "1/700000001/1780920000", "700000009"])
def test_the_position_of_another_bot_or_kind_of_channel_is_no_obstacle(world: World, position: str) -> None:
    world.server.runner.write("1")
    assert [one.text for one in world.heard(position)] == ["1"]


def test_ids_of_another_bot_are_others_though_it_counts_from_one_again(world: World) -> None:
    world.server.runner.write("1")
    (first,) = world.heard()
    with TelegramServer(now=lambda: NOON) as server:
        server.token = "999:another_bot_0123456789"
        server.runner.write("1")
        options = TelegramOptions(server.token, RUNNER, server.base_url)
        listener = TelegramListener("chat", options, lambda: NOON, poll_s=0)
        second = next(listener.listen(first.position, lambda: False))
    assert second is not None
    assert second.id != first.id


def test_a_long_poll_hears_at_once_what_comes_meanwhile(world: World) -> None:
    def write() -> None:
        world.server.wait_for_poller()
        world.server.runner.write("4")

    writer = threading.Thread(target=write)
    writer.start()
    answer = next(world.new_listener(poll_s=30).listen(None, lambda: False))
    writer.join()
    assert answer is not None
    assert answer.text == "4"


def test_listening_ends_when_told_to(world: World) -> None:
    world.server.runner.write("1")
    world.server.runner.write("2")
    stopped = False
    reading = world.listener.listen(None, lambda: stopped)
    assert next(reading) is not None
    stopped = True
    assert list(reading) == []


@pytest.mark.parametrize("trouble", [CUT, PAGE, SERVER_ERROR, Trouble(status=429)])
def test_a_reconnection_in_the_middle_loses_and_repeats_nothing(world: World, trouble: Trouble) -> None:
    heard: list[Incoming] = []
    for number in range(3):
        world.server.runner.write(str(number))
        reading = world.listener.listen(heard[-1].position if heard else None, lambda: False)
        heard += [one for one in (next(reading),) if one is not None]
        world.server.fail("getUpdates", trouble)
        with pytest.raises(Unavailable):
            next(reading)
    assert world.heard(heard[-1].position) == []
    assert [one.text for one in heard] == ["0", "1", "2"]
    assert len({one.id for one in heard}) == 3


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_cut_and_whoever_is_killed_every_answer_is_kept_once_and_in_order(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    message = world.ask()
    sent, kept = list[str](), list[Incoming]()
    for _ in range(25):
        for _ in range(chance.randrange(3)):
            sent.append(str(chance.randrange(11)))
            if chance.random() < 0.5:
                world.server.runner.tap(message, sent[-1])
            else:
                world.server.runner.write(sent[-1])
        world.listener = world.new_listener()
        if chance.random() < 0.3:
            world.server.fail("getUpdates", chance.choice([CUT, PAGE, SERVER_ERROR]))
        reading = world.listener.listen(kept[-1].position if kept else None, lambda: False)
        try:
            for _ in range(chance.randrange(5)):
                kept += [one for one in (next(reading),) if one is not None]
        except Unavailable:
            continue
        finally:
            reading.close()
    world.server.forgive()
    kept += world.heard(kept[-1].position if kept else None)
    assert [one.text for one in kept] == sent
    assert len({one.id for one in kept}) == len(sent) > 10


def test_another_reader_of_the_same_bot_is_told_with_the_cure(world: World) -> None:
    failures: list[str] = []

    def listen() -> None:
        try:
            list(world.new_listener(poll_s=30).listen(None, lambda: False))
        except Broken as error:
            failures.append(str(error))

    thread = threading.Thread(target=listen)
    thread.start()
    world.server.wait_for_poller()
    assert world.heard() == []
    thread.join(timeout=10)
    assert failures == [
        "chat (Telegram): another program reads this bot's answers. Stop it, or give channel chat a bot of its own "
        "from @BotFather."
    ]


def test_a_webhook_is_told_with_the_cure(world: World) -> None:
    world.server.webhook = True
    with pytest.raises(Broken, match=r"answers go to a webhook\. Give channel chat a bot of its own"):
        world.heard()


@pytest.mark.parametrize(
    "result",
    [None, {}, [1], [{}], [{"update_id": "7"}], "updates"],
)
def test_an_answer_of_another_shape_is_broken(world: World, result: object) -> None:
    world.server.answer = lambda received: (200, {"ok": True, "result": result})  # type: ignore[method-assign]
    with pytest.raises(Broken, match=r"^chat \(Telegram\) does not answer as Telegram does$"):
        world.heard()


@pytest.mark.parametrize(
    "content",
    [
        {"message": None},
        {"message": {"text": "4"}},
        {"message": {"message_id": 1, "chat": []}},
        {"message": {"message_id": "1", "chat": {"id": RUNNER}}},
        {"callback_query": {"data": "K7Q2MXHB4T:4"}},
        {"callback_query": []},
        {"edited_message": {"message_id": 1, "chat": {"id": RUNNER}, "text": "4"}},
        {},
    ],
)
def test_an_update_without_an_answer_is_passed_over(world: World, content: dict[str, Any]) -> None:
    world.server.happen(content)
    world.server.runner.write("after it")
    assert [one.text for one in world.heard()] == ["after it"]


def test_a_tap_without_a_message_is_a_strangers_and_an_odd_date_is_now(world: World) -> None:
    world.server.happen({"callback_query": {"id": "1", "data": "K7Q2MXHB4T:4"}})
    world.server.runner.post({"text": "4", "date": 10**18})
    tap, message = world.heard()
    assert not tap.allowed
    assert message.at == NOON


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble(status=401), NeedsLogin),
        (Trouble(status=409), Broken),
        (GARBAGE, Broken),
        (CUT, Unavailable),
        (Trouble(drip_s=0.05), Unavailable),
    ],
)
@pytest.mark.parametrize("confirming", [False, True])
def test_trouble_is_told_without_the_token(
    world: World,
    trouble: Trouble,
    kind: type[ConnectorError],
    confirming: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    world.server.runner.tap(world.ask(), "4")
    (answer,) = world.heard()
    listener = TelegramListener("chat", world.options, lambda: NOON, poll_s=0, whole_s=0.3)
    world.server.fail("answerCallbackQuery" if confirming else "getUpdates", trouble)
    call = (
        partial(listener.confirm, answer, TOLD, quiet=False)
        if confirming
        else partial(next, listener.listen(None, lambda: False))
    )
    with pytest.raises(kind) as failure:
        call()
    error = failure.value
    shown = f"{error} {error!r} {error.__cause__!r} {error.__context__!r} {listener!r} {caplog.text}"
    assert "chat" in shown
    for secret in (TOKEN, TOKEN.partition(":")[2], "127.0.0.1"):
        assert secret not in shown
