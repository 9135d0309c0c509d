"""The channel through Apprise, against real servers on loopback."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.ntfy import NtfyServer
from fakes.ports import free_port
from fakes.receiver import (
    CUT,
    GARBAGE,
    REFUSED_LOGIN,
    SERVER_ERROR,
    TOO_MANY,
    Receiver,
    Trouble,
    slow,
)
from fakes.smtp import MailServer

from connectors.channels.apprise import AppriseChannel
from connectors.channels.contract import OutgoingMessage, Question
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

LONG_RUN = OutgoingMessage(
    key="load|R1|run:2026-03-01T09:10:00+01:00",
    title="Long run",
    body="13.0 km: 24 % beyond your longest in 30 days (10.5). Höhenmeter × 2 – next: from Thursday.",
)


def test_ntfy_shows_title_and_text_as_written_and_no_foreign_icon() -> None:
    with NtfyServer() as server:
        receipt = AppriseChannel("phone", server.url).send(LONG_RUN)
    assert receipt.service == "ntfy"
    (message,) = server.messages
    assert message == {"topic": "knee", "title": "Long run", "message": LONG_RUN.body}
    assert "X-Icon" not in server.received[0].headers
    assert server.received[0].headers["User-Agent"] == "niggled"


def test_a_json_receiver_can_tell_repeats_by_the_key() -> None:
    with Receiver() as server:
        AppriseChannel("hook", server.url).send(LONG_RUN)
    (post,) = server.received
    assert post.headers["X-Niggled-Key"] == LONG_RUN.key
    assert post.json()["title"] == "Long run"
    assert post.json()["message"] == LONG_RUN.body


def test_a_question_carries_the_link_to_answer_at_as_there_is_no_way_back() -> None:
    question = Question("ABCDEFGHIJ", scale=True, link="http://192.168.1.20:8642/a/ABCDEFGHIJ-x")
    with NtfyServer() as server:
        AppriseChannel("phone", server.url).send(replace(LONG_RUN, question=question))
        AppriseChannel("phone", server.url).send(replace(LONG_RUN, question=replace(question, link=None)))
    assert [message["message"] for message in server.messages] == [
        f"{LONG_RUN.body}\nAnswer: http://192.168.1.20:8642/a/ABCDEFGHIJ-x",
        LONG_RUN.body,
    ]


def test_a_mail_carries_subject_text_key_and_says_that_a_machine_wrote_it() -> None:
    with MailServer() as server:
        receipt = AppriseChannel("mail", server.url).send(LONG_RUN)
    assert receipt.service == "E-Mail"
    (mail,) = server.mails
    assert mail.recipients == ("runner@example.org",)
    assert mail.subject == "Long run"
    assert "24 % beyond your longest in 30 days (10.5). Höhenmeter × 2" in mail.text
    assert mail.message["X-Niggled-Key"] == LONG_RUN.key
    assert mail.message["Auto-Submitted"] == "auto-generated"


def test_a_mail_server_that_says_later_is_unavailable() -> None:
    with MailServer() as server:
        server.refuse = True
        with pytest.raises(Unavailable, match=r"^mail \(E-Mail\): did not take the message"):
            AppriseChannel("mail", server.url).send(LONG_RUN)
    assert server.mails == []


def test_two_messages_in_a_row_are_not_slowed_by_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    slept_s: list[float] = []
    monkeypatch.setattr("apprise.url.time.sleep", slept_s.append)
    with NtfyServer() as server:
        channel = AppriseChannel("phone", server.url)
        channel.send(LONG_RUN)
        channel.send(LONG_RUN)
    assert sum(slept_s) == 0.0
    assert len(server.messages) == 2


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (TOO_MANY, "phone (ntfy): too many messages (HTTP 429)."),
        (SERVER_ERROR, "phone (ntfy): trouble at the server (HTTP 500)."),
        (CUT, "phone (ntfy): no connection, or it was cut."),
        (Trouble(status=404), "phone (ntfy): did not take the message (HTTP 404)."),
        (Trouble(status=502, garbage=True), "phone (ntfy): trouble at the server (HTTP 502)."),
    ],
)
def test_trouble_that_may_pass_is_unavailable_and_says_what_it_is(trouble: Trouble, told: str) -> None:
    with NtfyServer() as server:
        server.fail_next(trouble)
        with pytest.raises(Unavailable) as failure:
            AppriseChannel("phone", server.url).send(LONG_RUN)
    assert str(failure.value).startswith(told)
    assert not failure.value.may_have_arrived


def test_nobody_at_the_port_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"^phone \(ntfy\): no connection"):
        AppriseChannel("phone", f"ntfy://127.0.0.1:{free_port()}/knee").send(LONG_RUN)


def test_an_answer_that_is_no_json_is_still_an_acceptance() -> None:
    with NtfyServer() as server:
        server.fail_next(GARBAGE)
        AppriseChannel("phone", server.url).send(LONG_RUN)
    assert len(server.messages) == 1


def test_a_refused_token_needs_a_person_and_names_the_next_command() -> None:
    with NtfyServer() as server:
        server.fail_next(REFUSED_LOGIN)
        with pytest.raises(NeedsLogin) as failure:
            AppriseChannel("phone", server.url).send(LONG_RUN)
    assert failure.value.reason == "login"
    assert "phone (ntfy) refuses our login (HTTP 401)" in failure.value.cure
    assert "niggled test-alert phone" in failure.value.cure


def test_a_service_that_does_not_answer_in_time_may_still_have_the_message() -> None:
    with NtfyServer() as server:
        server.fail_next(slow(1.0))
        with pytest.raises(Unavailable, match="it may still arrive") as failure:
            AppriseChannel("phone", server.url, service_timeout_s=0.3).send(LONG_RUN)
        assert failure.value.may_have_arrived
        assert len(server.messages) == 1


def test_a_slow_home_server_is_given_more_than_four_seconds() -> None:
    with NtfyServer() as server:
        server.fail_next(slow(4.5))
        AppriseChannel("phone", server.url).send(LONG_RUN)
    assert len(server.messages) == 1


@pytest.mark.parametrize("url", ["", "bogus://somewhere/else", "not a url", "ntfy"])
def test_a_url_that_names_no_service_is_broken_and_says_that_nobody_was_told(url: str) -> None:
    with pytest.raises(Broken, match=r"^phone: nobody was told, .* run `niggled test-alert phone`\.$"):
        AppriseChannel("phone", url).send(LONG_RUN)


def test_two_services_in_one_channel_of_which_one_fails_is_told_by_name() -> None:
    with NtfyServer() as server:
        url = f"{server.url}, json://127.0.0.1:{free_port()}/hook"
        with pytest.raises(
            Broken, match=r"^phone: ntfy took the message, JSON \(no connection, or it was cut\) did not"
        ):
            AppriseChannel("phone", url).send(LONG_RUN)


@pytest.fixture
def written_log() -> Iterator[io.StringIO]:
    """What a daemon that logs everything would have written (caplog also reads loggers that reach no handler)."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(lambda record: not record.name.startswith("mail."))  # the mail server on the other side
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "url",
    [
        "ntfy://runner:hunter2@127.0.0.1:{port}/tk_sEcReT",
        "ntfy://127.0.0.1:{port}/tk_sEcReT?token=hunter2",
        "json://runner:hunter2@127.0.0.1:{port}/tk_sEcReT?+Authorization=hunter2",
        "jsons://runner:hunter2@127.0.0.1:{port}/tk_sEcReT",
        "bogus://runner:hunter2@127.0.0.1:{port}/tk_sEcReT",
        "ntfy://runner:hunter2@127.0.0.1:{port}/tk_sEcReT, bogus://hunter2",
    ],
)
@pytest.mark.parametrize("trouble", [REFUSED_LOGIN, SERVER_ERROR, CUT, TOO_MANY])
def test_neither_reason_nor_log_gives_away_the_address(
    url: str, trouble: Trouble, written_log: io.StringIO
) -> None:
    with NtfyServer() as server:
        server.fail_always(trouble)
        channel = AppriseChannel("phone", url.format(port=server.port))
        with pytest.raises(ConnectorError) as failure:
            channel.send(LONG_RUN)
        shown = f"{failure.value} {failure.value!r} {channel!r} {written_log.getvalue()}"
    assert "phone" in shown
    for secret in ("hunter2", "tk_sEcReT", str(server.port), "127.0.0.1", "runner:"):
        assert secret not in shown


def test_a_mail_that_is_refused_gives_away_no_address(written_log: io.StringIO) -> None:
    with MailServer() as server:
        server.refuse = True
        channel = AppriseChannel("mail", server.url)
        with pytest.raises(Unavailable) as failure:
            channel.send(LONG_RUN)
    shown = f"{failure.value} {failure.value!r} {written_log.getvalue()}"
    for secret in ("runner@", "niggled@", "example.org", "127.0.0.1"):
        assert secret not in shown
