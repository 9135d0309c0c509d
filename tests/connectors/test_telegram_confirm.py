"""What the runner sees after an answer in the chat, against the bot's API on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.telegram import TelegramServer
from fakes.telegram_world import NOON, QUESTION, TOLD, World

from connectors.channels.contract import Choice, OutgoingMessage, Picture, Question


@pytest.fixture
def world() -> Iterator[World]:
    made: list[World] = []
    with TelegramServer(now=lambda: made[0].now if made else NOON) as server:
        made.append(World(server))
        yield made[0]


def test_the_tap_is_confirmed_on_the_screen_and_below_the_question_which_keeps_its_buttons(
    world: World,
) -> None:
    message = world.ask()
    tap = world.server.runner.tap(message, "4")
    (answer,) = world.heard()
    world.listener.confirm(answer, TOLD, quiet=False)
    assert tap.toast == TOLD
    (message,) = world.server.runner.messages
    assert message["text"] == f"{QUESTION}\n\n→ {TOLD}"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert world.server.runner.labels(message) == [["0", "1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10"]]


def test_a_correction_replaces_what_was_recorded(world: World) -> None:
    for label, told in (("4", TOLD), ("2", "2 noted, settled. Next: up to 11.0 km.")):
        world.server.runner.tap(world.server.runner.messages[-1] if label == "2" else world.ask(), label)
        (answer,) = world.heard()
        world.listener.confirm(answer, told, quiet=True)
    (message,) = world.server.runner.messages
    assert message["text"] == f"{QUESTION}\n\n→ 2 noted, settled. Next: up to 11.0 km."


def test_a_correction_after_a_restart_replaces_it_as_well(world: World) -> None:
    world.server.runner.tap(world.ask(), "4")
    (answer,) = world.heard()
    world.listener.confirm(answer, TOLD, quiet=False)
    world.server.runner.tap(world.server.runner.messages[-1], "3")
    world.listener = world.new_listener()
    (answer,) = world.heard(answer.position)
    world.listener.confirm(answer, "3 noted.", quiet=False)
    (message,) = world.server.runner.messages
    assert message["text"] == f"{QUESTION}\n\n→ 3 noted."


def test_the_same_tap_twice_changes_nothing_and_troubles_nobody(world: World) -> None:
    message = world.ask()
    taps = [world.server.runner.tap(message, "4") for _ in range(2)]
    first, second = world.heard()
    assert first.id != second.id
    world.listener.confirm(first, TOLD, quiet=True)
    world.listener.confirm(second, TOLD, quiet=True)
    assert [tap.toast for tap in taps] == [TOLD, TOLD]
    assert len(world.server.runner.messages) == 1


def test_a_tap_below_a_picture_is_recorded_in_its_caption(world: World) -> None:
    picture = Picture("week.png", b"\x89PNG" + bytes(100), "31 km")
    question = Question("K7Q2MXHB4T", (Choice("Yes", "yes"),))
    world.channel.send(OutgoingMessage("key", "Week", "31 km.", question, picture=picture))
    world.server.runner.tap(world.server.runner.messages[0], "Yes")
    (answer,) = world.heard()
    world.listener.confirm(answer, "Yes noted.", quiet=True)
    (message,) = world.server.runner.messages
    assert message["caption"] == "Week\n31 km.\n\n→ Yes noted."
    assert message["caption_entities"] == [{"type": "bold", "offset": 0, "length": 4}]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_tap_that_waited_too_long_gets_a_message_unless_it_is_quiet(world: World, quiet: bool) -> None:
    tap = world.server.runner.tap(world.ask(), "4")
    tap.expired = True
    (answer,) = world.heard()
    world.listener.confirm(answer, TOLD, quiet=quiet)
    texts = [message["text"] for message in world.server.runner.messages]
    assert texts == [f"{QUESTION}\n\n→ {TOLD}", *([] if quiet else [TOLD])]


def test_a_question_that_cannot_be_changed_any_more_is_answered_below(world: World) -> None:
    message = world.ask()
    tap = world.server.runner.tap_data(message, "K7Q2MXHB4T:4", told=False)
    (answer,) = world.heard()
    world.listener.confirm(answer, TOLD, quiet=True)
    assert tap.toast == TOLD
    question, reply = world.server.runner.messages
    assert question["text"] == QUESTION
    assert reply["text"] == TOLD
    assert reply["reply_to_message"]["message_id"] == message["message_id"]
    assert reply["silent"]


def test_a_question_that_was_deleted_is_answered_with_a_message(world: World) -> None:
    message = world.ask()
    world.server.runner.tap(message, "4")
    (answer,) = world.heard()
    del world.server.runner.all[message["message_id"]]
    world.listener.confirm(answer, TOLD, quiet=False)
    assert [one["text"] for one in world.server.runner.messages] == [TOLD]


def test_a_long_confirmation_is_short_on_the_screen_and_whole_in_the_chat(world: World) -> None:
    tap = world.server.runner.tap(world.ask(), "7")
    (answer,) = world.heard()
    told = "7 noted. No running before Thursday; walk or bike. " * 10
    world.listener.confirm(answer, told, quiet=False)
    assert tap.toast is not None
    assert tap.toast.endswith(". …")
    assert told in world.server.runner.messages[0]["text"]
    world.server.runner.tap(world.server.runner.messages[0], "8")
    (answer,) = world.heard(answer.position)
    world.listener.confirm(answer, "Wort 🦵 " * 2_000, quiet=False)
    assert world.server.runner.messages[-1]["text"].endswith(" …")
