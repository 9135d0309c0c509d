"""Alerts through ntfy, against a server on loopback."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakes.ntfy import NtfyServer
from fakes.ports import free_port
from fakes.receiver import CUT, CUT_AFTER_TAKING, GARBAGE, PAGE, SERVER_ERROR, TOO_MANY, Trouble, slow

from connectors.channels.contract import Choice, OutgoingMessage, Picture, Question
from connectors.channels.ntfy import NtfyChannel, NtfyOptions, check, content_of, is_secret, new_topic
from connectors.channels.ntfy_server import Login
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

NOW = datetime(2026, 6, 8, 10, 30, tzinfo=UTC)
TOPIC, REPLY_TOPIC = "sEcReTalertssEcReTalerts", "sEcReTrepliessEcReTreplies"
GRADES = (Choice("Fine", "fine"), Choice("Sore", "sore"), Choice("Bad", "bad"))
QUESTION = Question("K7Q2MXHB4T", GRADES, scale=True, link="https://niggled.home/a/K7Q2MXHB4T")
LONG_RUN = OutgoingMessage(
    "load|R1|run:1",
    "Long run",
    "13.0 km: 24 % beyond your longest. Höhenmeter × 2 – next: Thursday.",
    QUESTION,
)


def options_of(server: NtfyServer, **changes: Any) -> NtfyOptions:
    return NtfyOptions(**{"topic": TOPIC, "reply_topic": REPLY_TOPIC, "server": server.base_url} | changes)


def channel_of(server: NtfyServer, *, whole_s: float = 5.0, **changes: Any) -> NtfyChannel:
    return NtfyChannel("phone", options_of(server, **changes), lambda: NOW, whole_s=whole_s)


def test_the_lock_screen_shows_title_text_three_buttons_and_a_page_behind() -> None:
    with NtfyServer() as server:
        receipt = channel_of(server).send(LONG_RUN)
    assert receipt.service == "ntfy"
    assert receipt.reference == "m00000000001"
    (message,) = server.messages
    assert message["topic"] == TOPIC
    assert (message["title"], message["message"]) == ("Long run", LONG_RUN.body)
    assert message["priority"] == 3
    assert message["click"] == "https://niggled.home/a/K7Q2MXHB4T"
    assert [action["label"] for action in message["actions"]] == ["Fine", "Sore", "Bad"]
    assert message["actions"][1] == {
        "action": "http",
        "label": "Sore",
        "url": f"{server.base_url}/{REPLY_TOPIC}",
        "method": "POST",
        "body": "K7Q2MXHB4T.sore",
        "clear": True,
    }


@pytest.mark.parametrize(
    ("quiet", "urgent", "priority"), [(False, False, 3), (True, False, 2), (False, True, 4), (True, True, 4)]
)
def test_priority_follows_the_need(quiet: bool, urgent: bool, priority: int) -> None:
    message = OutgoingMessage("key", "Stop", "Stop running for now.", quiet=quiet, urgent=urgent)
    with NtfyServer() as server:
        channel_of(server).send(message)
    assert server.messages[0]["priority"] == priority


def test_a_message_without_a_question_has_no_buttons_and_no_page() -> None:
    with NtfyServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Week", "31 km (usual 28)."))
    assert not {"actions", "click"} & server.messages[0].keys()


def test_without_a_reply_topic_only_the_page_is_left_to_answer() -> None:
    with NtfyServer() as server:
        channel_of(server, reply_topic=None).send(LONG_RUN)
    assert "actions" not in server.messages[0]
    assert server.messages[0]["click"] == QUESTION.link


def test_an_empty_body_is_filled_by_the_title_as_the_server_would_else_invent_one() -> None:
    with NtfyServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Strava is back", ""))
    assert server.messages[0]["message"] == "Strava is back"


def test_the_phone_gets_its_own_address_and_a_token_that_may_only_write() -> None:
    with NtfyServer() as server:
        server.allow_only({"tk_all": "rw", "tk_write": "w"})
        public = f"http://localhost:{server.port}/"
        channel_of(server, login=Login(token="tk_all"), phone_server=public, reply_token="tk_write").send(
            LONG_RUN
        )
        (message,) = server.messages
        assert message["actions"][0]["url"] == f"http://localhost:{server.port}/{REPLY_TOPIC}"
        assert server.press(message, "Fine") == 200
    assert server.messages[1]["message"] == "K7Q2MXHB4T.fine"
    assert "tk_all" not in str(message)


def test_umlauts_emoji_and_half_characters_arrive_or_become_question_marks() -> None:
    question = Question("K7Q2MXHB4T", (Choice("Übel 🦵", "bad"), Choice("痛くない", "fine")))
    with NtfyServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Knie? – 膝", "Lauf \ud83d “Höhe”\nzwei", question))
        (message,) = server.messages
        assert message["title"] == "Knie? – 膝"
        assert message["message"] == "Lauf ? “Höhe”\nzwei"
        assert server.press(message, "痛くない") == 200


@pytest.mark.parametrize("sentence", ["One more hilly week. ", "Ein hügliges Wöchlein 🦵. ", '"\\\n ', "xx"])
def test_a_novel_is_cut_at_a_sentence_and_never_becomes_an_attachment(sentence: str) -> None:
    with NtfyServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Week " * 200, sentence * 3_000, QUESTION))
    (message,) = server.messages
    assert len(message["message"].encode()) <= 4_095
    assert message["message"].endswith(" …")
    assert len(message["title"].encode()) <= 250
    assert len(message["actions"]) == 3
    assert len(server.received[0].body) <= 8_192


def test_a_text_that_just_fits_is_not_cut() -> None:
    body = "y" * 4_095
    with NtfyServer() as server:
        channel_of(server).send(OutgoingMessage("key", "Week", body))
    assert server.messages[0]["message"] == body


def test_a_picture_stays_behind() -> None:
    picture = Picture("week.png", b"\x89PNG", "31 km of usually 28")
    content = content_of(OutgoingMessage("key", "Week", "31 km.", picture=picture), NtfyOptions(TOPIC))
    assert b"PNG" not in content


@pytest.mark.parametrize("login", [Login(token="tk_all"), Login(user="läufer", password="pässwort:1")])
def test_a_login_opens_a_closed_server(login: Login) -> None:
    with NtfyServer() as server:
        server.allow_only({"tk_all": "rw", "läufer:pässwort:1": "rw"})
        channel_of(server, login=login).send(LONG_RUN)
    assert len(server.messages) == 1


def test_an_unknown_token_needs_a_person_and_names_the_cure() -> None:
    with NtfyServer() as server:
        server.allow_only({"tk_all": "rw"})
        with pytest.raises(NeedsLogin) as failure:
            channel_of(server, login=Login(token="tk_old")).send(LONG_RUN)
    assert failure.value.reason == "login"
    assert failure.value.cure == (
        "phone (ntfy) does not know our login. Renew the token or password of channel phone, "
        "then run `niggled test-alert phone`."
    )


def test_a_topic_that_is_not_ours_needs_a_person() -> None:
    with NtfyServer() as server:
        server.allow_only({"tk_all": "r"})
        with pytest.raises(NeedsLogin, match="phone") as failure:
            channel_of(server, login=Login(token="tk_all")).send(LONG_RUN)
    assert "does not let us use the topic" in failure.value.cure


@pytest.mark.parametrize(
    ("trouble", "told", "may_have_arrived"),
    [
        (SERVER_ERROR, "phone (ntfy): trouble at the server (HTTP 500).", False),
        (Trouble(status=502, page=True), "phone (ntfy): trouble at the server (HTTP 502).", False),
        (Trouble(status=403, page=True), "phone (ntfy): trouble at the server (HTTP 403).", False),
        (PAGE, "phone (ntfy) answered with a web page instead of data", False),
        (
            GARBAGE,
            "phone (ntfy) answered with something that is not JSON; the message may still have arrived",
            True,
        ),
        (
            CUT,
            "phone (ntfy) could not be reached (ConnectionError); the message may still have arrived",
            True,
        ),
        (
            CUT_AFTER_TAKING,
            "phone (ntfy) could not be reached (ConnectionError); the message may still have arrived",
            True,
        ),
    ],
)
def test_trouble_that_may_pass_is_unavailable_and_says_what_it_is(
    trouble: Trouble, told: str, may_have_arrived: bool
) -> None:
    with NtfyServer() as server:
        server.fail_next(trouble)
        with pytest.raises(Unavailable) as failure:
            channel_of(server).send(LONG_RUN)
    assert str(failure.value) == told
    assert failure.value.may_have_arrived == may_have_arrived


def test_nobody_at_the_port_has_surely_not_got_the_message() -> None:
    options = NtfyOptions(TOPIC, server=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match=r"^phone \(ntfy\) could not be reached") as failure:
        NtfyChannel("phone", options, lambda: NOW).send(LONG_RUN)
    assert not failure.value.may_have_arrived


@pytest.mark.parametrize("trouble", [slow(3.0), Trouble(drip_s=0.05, taken=True)])
def test_a_server_that_takes_too_long_may_have_the_message(trouble: Trouble) -> None:
    with NtfyServer() as server:
        server.fail_next(trouble)
        channel = channel_of(server, whole_s=0.5)
        with pytest.raises(
            Unavailable, match="did not answer in time; the message may still have arrived"
        ) as failure:
            channel.send(LONG_RUN)
        assert failure.value.may_have_arrived
        assert len(server.messages) == 1


def test_too_many_requests_wait_as_long_as_the_server_says() -> None:
    with NtfyServer() as server:
        server.fail_next(TOO_MANY)
        with pytest.raises(Unavailable, match=re.escape("too many messages or requests (42901)")) as failure:
            channel_of(server).send(LONG_RUN)
        assert failure.value.retry_at == NOW + timedelta(seconds=120)
        server.requests_left = 0
        with pytest.raises(Unavailable) as failure:
            channel_of(server).send(LONG_RUN)
        assert failure.value.retry_at is None


def test_a_daily_limit_waits_until_the_server_counts_anew() -> None:
    with NtfyServer() as server:
        server.refuse_next(42908)
        with pytest.raises(Unavailable) as failure:
            channel_of(server).send(LONG_RUN)
    assert failure.value.retry_at == datetime(2026, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (40009, "phone (ntfy) does not accept the topic. Correct `topic` and `reply_topic`, then run"),
        (40010, "phone (ntfy) does not accept the topic. Correct `topic` and `reply_topic`, then run"),
        (40018, "phone (ntfy) refuses the message as it is (40018)."),
        (41301, "phone (ntfy) refuses the message, it is too long (41301)."),
        (40401, "phone (ntfy): no ntfy server answers there (HTTP 404). Correct `server` of channel phone"),
    ],
)
def test_what_will_not_get_better_is_broken_and_says_what_to_correct(code: int, told: str) -> None:
    with NtfyServer() as server:
        server.refuse_next(code)
        with pytest.raises(Broken) as failure:
            channel_of(server).send(LONG_RUN)
    assert str(failure.value).startswith(told)


def test_a_server_that_sends_us_elsewhere_is_not_followed_with_the_token() -> None:
    with NtfyServer() as elsewhere, NtfyServer() as server:
        server.fail_next(Trouble(status=301, headers={"Location": f"{elsewhere.base_url}/"}))
        with pytest.raises(Broken, match="Correct `server` of channel phone"):
            channel_of(server, login=Login(token="tk_all")).send(LONG_RUN)
    assert elsewhere.requests == 0


def test_a_server_of_another_kind_is_told_apart() -> None:
    with NtfyServer() as server:
        server.answer = lambda received: (200, {"ok": True})  # type: ignore[method-assign]
        with pytest.raises(Broken, match="does not answer as an ntfy server does"):
            channel_of(server).send(LONG_RUN)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (NtfyOptions("a topic"), "a topic is 1 to 64 letters"),
        (NtfyOptions(TOPIC, "x" * 65), "a topic is 1 to 64 letters"),
        (NtfyOptions(TOPIC, TOPIC), "`reply_topic` must not be `topic`"),
        (NtfyOptions(TOPIC, server="ntfy.home"), "`server` must be an address like https://ntfy.sh"),
        (NtfyOptions(TOPIC, phone_server="ftp://x"), "`server` must be an address like https://ntfy.sh"),
    ],
)
def test_options_that_cannot_work_are_told_before_anything_is_sent(options: NtfyOptions, told: str) -> None:
    with pytest.raises(Broken) as failure:
        check("phone", options)
    assert told in str(failure.value)
    assert "niggled test-alert phone" in str(failure.value)
    assert "sEcReT" not in str(failure.value)


def test_new_topics_are_secrets_that_an_app_accepts() -> None:
    topics = {new_topic() for _ in range(100)}
    assert len(topics) == 100
    assert all(re.fullmatch(r"[a-z2-7]{26}", topic) and is_secret(topic) for topic in topics)
    assert not is_secret("knee")


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=401),
        Trouble(status=403),
        Trouble(status=400, code=40009),
        SERVER_ERROR,
        CUT,
        GARBAGE,
        PAGE,
        TOO_MANY,
    ],
)
def test_neither_reason_nor_log_gives_away_address_topic_or_token(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with NtfyServer() as server:
        server.fail_next(trouble)
        login = Login(token="tk_hunter2")
        channel = channel_of(server, login=login)
        with pytest.raises(ConnectorError) as failure:
            channel.send(LONG_RUN)
        options = options_of(server, login=login)
        cause, context = failure.value.__cause__, failure.value.__context__
        shown = f"{failure.value} {failure.value!r} {cause} {context} {channel!r} {options!r} {caplog.text}"
    assert "phone" in shown
    for secret in ("hunter2", "sEcReT", str(server.port), "127.0.0.1"):
        assert secret not in shown
