"""Messages through a Telegram bot, against its API on loopback."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakes.ports import free_port
from fakes.receiver import CUT, CUT_AFTER_TAKING, GARBAGE, PAGE, SERVER_ERROR, Trouble, slow
from fakes.telegram import RUNNER, TOKEN, TelegramServer

from connectors.channels.contract import Choice, OutgoingMessage, Picture, Question
from connectors.channels.telegram import TelegramChannel
from connectors.channels.telegram_api import Refused, TelegramApi, TelegramOptions
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

NOW = datetime(2026, 6, 8, 10, 30, tzinfo=UTC)
SCALE = Question("K7Q2MXHB4T", scale=True, link="http://192.168.1.5/a/K7Q2MXHB4T")
ASKED = OutgoingMessage("key", "Knee?", "6.1 km, inside your usual. Worst knee pain, 0–10?", SCALE)
PICTURE = Picture("week.png", b"\x89PNG\r\n\x1a\n" + bytes(500), "31 km of usually 28")


def channel_of(server: TelegramServer, *, whole_s: float = 5.0, **changes: Any) -> TelegramChannel:
    options = TelegramOptions(**{"token": TOKEN, "chat_id": RUNNER, "base_url": server.base_url} | changes)
    return TelegramChannel("chat", options, lambda: NOW, whole_s=whole_s)


def test_the_question_stands_over_the_whole_scale_in_two_rows() -> None:
    with TelegramServer() as server:
        receipt = channel_of(server).send(ASKED)
        (message,) = server.runner.messages
        labels = server.runner.labels(message)
    assert message["text"] == "Knee?\n6.1 km, inside your usual. Worst knee pain, 0–10?"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert labels == [["0", "1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10"]]
    assert message["reply_markup"]["inline_keyboard"][1][4]["callback_data"] == "K7Q2MXHB4T:10"
    assert not message["silent"]
    assert (receipt.service, receipt.reference) == ("Telegram", str(message["message_id"]))


def test_choices_are_a_row_of_their_own() -> None:
    question = Question("K7Q2MXHB4T", (Choice("Erledigt 💪", "done"), Choice("Später", "later")), scale=True)
    with TelegramServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Strength today", "20 min", question))
        (message,) = server.runner.messages
        assert server.runner.labels(message)[2] == ["Erledigt 💪", "Später"]
    assert message["reply_markup"]["inline_keyboard"][2][0]["callback_data"] == "K7Q2MXHB4T:done"


def test_a_page_is_named_only_where_no_button_answers() -> None:
    link = "http://192.168.1.5/a/K7Q2MXHB4T"
    with TelegramServer() as server:
        channel_of(server).send(
            OutgoingMessage("key", "Does any of this apply?", "…", Question("K7Q2MXHB4T", link=link))
        )
        channel_of(server).send(ASKED)
    first, second = server.runner.messages
    assert first["text"].endswith(f"\n{link}")
    assert link not in second["text"]
    assert server.calls("sendMessage")[0]["link_preview_options"] == {"is_disabled": True}


def test_a_quiet_message_makes_no_sound() -> None:
    with TelegramServer() as server:
        channel_of(server).send(OutgoingMessage("key", "", "2 noted, settled.", quiet=True))
    (message,) = server.runner.messages
    assert message["silent"]
    assert message["text"] == "2 noted, settled."
    assert "entities" not in message


def test_an_answer_hangs_below_the_message_it_answers() -> None:
    with TelegramServer() as server:
        server.runner.write("4 or 5")
        channel_of(server).send(OutgoingMessage("key", "", 'I read "4 or 5". Which one?', reply_to="1"))
        channel_of(server).send(OutgoingMessage("key", "", "Of another channel", reply_to="<mail@home>"))
    first, second = server.runner.messages
    assert first["reply_to_message"]["text"] == "4 or 5"
    assert "reply_to_message" not in second


def test_a_reply_to_a_message_that_is_gone_is_sent_all_the_same() -> None:
    with TelegramServer() as server:
        channel_of(server).send(OutgoingMessage("key", "", "4 noted.", reply_to="999"))
    assert server.calls("sendMessage")[0]["reply_parameters"] == {
        "message_id": 999,
        "allow_sending_without_reply": True,
    }


@pytest.mark.parametrize("sentence", ["One more hilly week. ", "Wöchlein 🦵🦵. ", "🦵", "<b>&amp;*_[ "])
def test_a_novel_is_cut_to_what_telegram_takes(sentence: str) -> None:
    with TelegramServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Week 🦵 " * 200, sentence * 5_000, SCALE))
    (message,) = server.runner.messages
    assert len(message["text"].encode("utf-16-le")) // 2 <= 4_096
    assert message["text"].endswith(" …")
    assert len(message["reply_markup"]["inline_keyboard"]) == 2


def test_marks_of_html_and_markdown_stay_as_written_and_half_characters_do_not_hurt() -> None:
    with TelegramServer() as server:
        channel_of(server).send(OutgoingMessage("key", "<b>Run*", "_10_ < 12 & \ud83d"))
    (message,) = server.runner.messages
    assert message["text"] == "<b>Run*\n_10_ < 12 & ?"


def test_an_answer_that_no_button_can_carry_is_broken_before_anything_is_sent() -> None:
    question = Question("K7Q2MXHB4T", (Choice("Long", "x" * 54),))
    told = r"^chat \(Telegram\): an answer is too long for a button\.$"
    with TelegramServer() as server, pytest.raises(Broken, match=told):
        channel_of(server).send(OutgoingMessage("key", "Knee?", "?", question))
    assert server.requests == 0


def test_a_picture_carries_the_text_below_it_and_the_buttons() -> None:
    question = Question("K7Q2MXHB4T", (Choice("Yes", "yes"), Choice("No", "no")))
    with TelegramServer() as server:
        receipt = channel_of(server).send(
            OutgoingMessage("key", "Week 24", "31 km – ja?", question, picture=PICTURE)
        )
        (message,) = server.runner.messages
        assert server.runner.labels(message) == [["Yes", "No"]]
    assert message["caption"] == "Week 24\n31 km – ja?"
    assert message["caption_entities"] == [{"type": "bold", "offset": 0, "length": 7}]
    assert server.calls("sendPhoto")[0]["photo"] == PICTURE.png
    assert (receipt.detail, receipt.reference) == ("", str(message["message_id"]))


def test_a_picture_that_telegram_does_not_take_is_left_out() -> None:
    with TelegramServer() as server:
        broken = Picture("week.png", b"no picture", "31 km")
        receipt = channel_of(server).send(OutgoingMessage("key", "Week", "31 km.", picture=broken))
    (message,) = server.runner.messages
    assert message["text"] == "Week\n31 km."
    assert receipt.detail == "without its picture"


def test_a_text_too_long_to_stand_below_a_picture_comes_first_and_the_picture_without_a_sound() -> None:
    with TelegramServer() as server:
        receipt = channel_of(server).send(OutgoingMessage("key", "Week", "31 km. " * 200, picture=PICTURE))
        text, picture = server.runner.messages
        assert receipt.reference == str(text["message_id"])
        assert picture["silent"]
        assert picture["reply_to_message"]["message_id"] == text["message_id"]
        server.fail("sendPhoto", SERVER_ERROR)
        receipt = channel_of(server).send(OutgoingMessage("key", "Week", "31 km. " * 200, picture=PICTURE))
    assert receipt.detail == "without its picture"


@pytest.mark.parametrize(
    ("trouble", "told", "may_have_arrived"),
    [
        (SERVER_ERROR, "chat (Telegram): trouble at the server (HTTP 500).", False),
        (Trouble(status=502, page=True), "chat (Telegram): trouble at the server (HTTP 502).", False),
        (Trouble(status=404, page=True), "chat (Telegram) answered with a web page instead of data", False),
        (PAGE, "chat (Telegram) answered with a web page instead of data", False),
        (
            CUT,
            "chat (Telegram) could not be reached (ConnectionError); the message may still have arrived",
            True,
        ),
        (
            CUT_AFTER_TAKING,
            "chat (Telegram) could not be reached (ConnectionError); the message may still have arrived",
            True,
        ),
    ],
)
def test_trouble_that_may_pass_is_unavailable_and_says_what_it_is(
    trouble: Trouble, told: str, may_have_arrived: bool
) -> None:
    with TelegramServer() as server:
        server.fail_next(trouble)
        with pytest.raises(Unavailable) as failure:
            channel_of(server).send(ASKED)
    assert str(failure.value) == told
    assert failure.value.may_have_arrived == may_have_arrived


def test_an_answer_that_makes_no_sense_is_broken() -> None:
    with TelegramServer() as server:
        server.fail_next(GARBAGE)
        with pytest.raises(Broken, match=r"^chat \(Telegram\) does not answer as Telegram does$"):
            channel_of(server).send(ASKED)
        server.answer = lambda received: (200, {"ok": True, "result": {}})  # type: ignore[method-assign]
        server.take = lambda received, answer: None  # type: ignore[method-assign]
        with pytest.raises(Broken, match="does not answer as Telegram does"):
            channel_of(server).send(ASKED)


def test_a_slow_drip_ends_and_the_message_may_have_arrived() -> None:
    with TelegramServer() as server:
        server.fail_next(Trouble(drip_s=0.05, taken=True))
        with pytest.raises(Unavailable, match="did not answer in time") as failure:
            channel_of(server, whole_s=0.3).send(ASKED)
        assert failure.value.may_have_arrived
        assert len(server.runner.messages) == 1


def test_a_slow_server_is_waited_for() -> None:
    with TelegramServer() as server:
        server.fail_next(slow(0.5))
        channel_of(server).send(ASKED)
    assert len(server.runner.messages) == 1


def test_nobody_at_the_port_has_surely_not_got_the_message() -> None:
    options = TelegramOptions(TOKEN, RUNNER, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match=r"^chat \(Telegram\) could not be reached") as failure:
        TelegramChannel("chat", options, lambda: NOW).send(ASKED)
    assert not failure.value.may_have_arrived


def test_too_many_messages_wait_as_long_as_telegram_says() -> None:
    with TelegramServer() as server:
        server.fail_next(Trouble(status=429))
        with pytest.raises(Unavailable, match="too many messages") as failure:
            channel_of(server).send(ASKED)
    assert failure.value.retry_at == NOW + timedelta(seconds=7)


@pytest.mark.parametrize(
    "token", ["8134567890:AAF-another_token_0123456789abcdefg", "no token", "", "1:a/../getMe"]
)
def test_a_token_that_names_no_bot_needs_a_person(token: str) -> None:
    with TelegramServer() as server, pytest.raises(NeedsLogin) as failure:
        channel_of(server, token=token).send(ASKED)
    assert failure.value.cure == (
        "chat (Telegram) does not know the bot. Copy its token from @BotFather into channel chat, "
        "then run `niggled test-alert chat`."
    )


def test_a_runner_who_blocked_the_bot_is_told_how_to_let_it_in_again() -> None:
    with TelegramServer() as server:
        server.runner.blocked = True
        with pytest.raises(NeedsLogin) as failure:
            channel_of(server).send(ASKED)
    assert "press Start or Unblock, then run `niggled test-alert chat`." in failure.value.cure


def test_a_chat_that_is_gone_has_to_be_paired_again() -> None:
    with TelegramServer() as server, pytest.raises(NeedsLogin) as failure:
        channel_of(server, chat_id=12345).send(ASKED)
    assert failure.value.cure == "chat (Telegram) does not find your chat. Pair channel chat again."


def test_another_refusal_is_broken_and_keeps_telegrams_words_to_itself() -> None:
    with TelegramServer() as server:
        api = TelegramApi("chat", TOKEN, lambda: NOW, base_url=server.base_url)
        with pytest.raises(Refused) as failure:
            api.call("sendMessage", {"chat_id": RUNNER, "text": ""})
    assert str(failure.value) == "chat (Telegram) refuses what was asked (400)."
    assert failure.value.said == "Bad Request: message text is empty"


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=401),
        Trouble(status=403),
        Trouble(status=409),
        Trouble(status=429),
        SERVER_ERROR,
        CUT,
        GARBAGE,
        PAGE,
    ],
)
@pytest.mark.parametrize(
    "base_url", [None, "http://127.0.0.1:9/", "http://no such host", "nonsense", "http://[::1"]
)
def test_the_token_gets_into_no_reason_no_log_and_no_chain_of_errors(
    trouble: Trouble, base_url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with TelegramServer() as server:
        server.fail_next(trouble)
        options = TelegramOptions(TOKEN, RUNNER, base_url or server.base_url)
        channel = TelegramChannel("chat", options, lambda: NOW, whole_s=1.0)
        with pytest.raises(ConnectorError) as failure:
            channel.send(ASKED)
    shown, error = [caplog.text, repr(channel), repr(options)], failure.value
    chain: list[BaseException] = [error]
    while following := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(following)
    shown += [text for each in chain for text in (str(each), repr(each), repr(each.__dict__))]
    assert "chat" in shown[1]
    for secret in (TOKEN, TOKEN.partition(":")[2], "127.0.0.1", str(RUNNER)):
        assert not [text for text in shown if secret in text]
