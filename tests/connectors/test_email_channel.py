"""Mail out, against real SMTP servers on loopback that refuse, hang, cut and lie."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.mail_submission import PASSWORD, USER, Submission, certificate_in

from connectors.channels.contract import OutgoingMessage, Question
from connectors.channels.email import EmailChannel
from connectors.channels.email_message import Addresses
from connectors.channels.email_server import MailServer, Security
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

KNEE = OutgoingMessage(
    "ask|1", "Knee?", "Worst knee pain during the run, 0–10?", Question("K7Q2MXHB4T", scale=True)
)
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
NOW = datetime(2026, 6, 9, 8, 15, tzinfo=UTC)


def channel_to(
    port: int,
    *,
    security: Security = "plain",
    user: str = "",
    password: str = "",
    ca_file: Path | None = None,
    step_timeout_s: float = 5.0,
    whole_timeout_s: float = 20.0,
) -> EmailChannel:
    server = MailServer("localhost", port, security, user, password, str(ca_file) if ca_file else None)
    return EmailChannel(
        "mail",
        server,
        Addresses("niggled@example.org", "runner@example.org"),
        lambda: NOW,
        step_timeout_s=step_timeout_s,
        whole_timeout_s=whole_timeout_s,
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = certificate_in(tmp_path_factory.mktemp("tls"))
    if made is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS") == "1":
            pytest.fail("no openssl here")
        pytest.skip("no openssl here")
    return made


@contextmanager
def strange_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does what no library would do."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    talk(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(5)


def test_a_mail_arrives_with_its_reference_and_without_the_name_of_this_machine() -> None:
    with Submission() as server:
        receipt = channel_to(server.port).send(KNEE)
    (mail,) = server.mails
    assert mail.sender == "niggled@example.org"
    assert mail.recipients == ("runner@example.org",)
    assert mail.text.strip() == KNEE.body
    assert receipt.reference == mail.message["Message-ID"]
    assert receipt.service == "E-Mail"
    assert receipt.elapsed_s > 0
    assert socket.gethostname().encode() not in server.raw[0]


def test_lines_that_begin_with_a_dot_arrive_as_they_are() -> None:
    body = ".\n..\n.5 km\n" + "long " * 500
    with Submission() as server:
        channel_to(server.port).send(OutgoingMessage("k", "Dots", body))
    assert server.mails[0].text.replace("\r\n", "\n").rstrip() == body.rstrip()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_and_logged_in(security: Security, certificate: tuple[Path, Path]) -> None:
    with Submission(logins=True, certificate=certificate, tls_at_once=security == "tls") as server:
        channel_to(server.port, security=security, user=USER, password=PASSWORD, ca_file=certificate[0]).send(
            KNEE
        )
    assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_said(
    security: Security, certificate: tuple[Path, Path]
) -> None:
    with (
        Submission(logins=True, certificate=certificate, tls_at_once=security == "tls") as server,
        pytest.raises(
            Unavailable, match=r"^mail: the certificate of localhost does not hold\. Correct the host name"
        ),
    ):
        channel_to(server.port, security=security, user=USER, password=PASSWORD).send(KNEE)
    assert server.mails == []


def test_a_server_without_encryption_is_told_and_gets_no_password() -> None:
    with Submission(logins=True) as server, pytest.raises(Broken, match="offers no encryption"):
        channel_to(server.port, security="starttls", user=USER, password=PASSWORD).send(KNEE)
    with Submission() as server, pytest.raises(Unavailable, match="does not speak TLS here"):
        channel_to(server.port, security="tls").send(KNEE)


def test_plain_mail_does_not_leave_this_machine() -> None:
    channel = EmailChannel(
        "mail",
        MailServer("mail.example.org", 25, "plain"),
        Addresses("a@example.org", "b@example.org"),
        lambda: NOW,
    )
    for attempt in (channel.check, lambda: channel.send(KNEE)):
        with pytest.raises(
            Broken, match=r'goes to this machine only. Set the security to "tls" or "starttls"'
        ):
            attempt()


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), (USER, "wröng"), ("röbin", PASSWORD)])
def test_a_wrong_password_needs_the_runner_and_names_app_passwords(user: str, password: str) -> None:
    with Submission(logins=True) as server, pytest.raises(NeedsLogin) as failure:
        channel_to(server.port, user=user, password=password).send(KNEE)
    assert failure.value.reason == "login"
    assert failure.value.cure.startswith(
        "mail: localhost refuses our login. Put an app password for localhost into"
    )
    assert failure.value.cure.endswith("then run `niggled test-alert mail`.")


def test_a_password_beyond_ascii_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakes.mail_submission.PASSWORD", "knieß")
    with Submission(logins=True) as server:
        channel_to(server.port, user=USER, password="knieß").send(KNEE)
    assert len(server.mails) == 1


def test_a_login_that_works_later_is_unavailable() -> None:
    with (
        Submission(logins=True, login_answer="454 4.7.0 Temporary authentication failure") as server,
        pytest.raises(Unavailable, match=r"takes no logins at the moment \(454\)"),
    ):
        channel_to(server.port, user=USER, password=PASSWORD).send(KNEE)


def test_a_server_that_wants_a_login_which_we_have_not_needs_the_runner() -> None:
    with Submission(logins=True) as server, pytest.raises(NeedsLogin, match="login"):
        channel_to(server.port).send(KNEE)


@pytest.mark.parametrize(
    ("step", "answer", "kind", "told"),
    [
        ("MAIL", "450 4.7.1 later", Unavailable, "does not take mail from our address now (450)"),
        ("MAIL", "550 5.7.1 who are you", Broken, "refuses mail from our address (550)"),
        ("RCPT", "451 4.7.1 greylisted", Unavailable, "does not take mail to the runner's address now (451)"),
        ("RCPT", "550 5.1.1 no such user", Broken, "refuses mail to the runner's address (550)"),
        ("DATA", "452 4.3.1 disk full", Unavailable, "does not take this mail now (452)"),
        ("DATA", "554 5.7.1 spam", Broken, "refuses this mail (554)"),
    ],
)
def test_a_refusal_is_for_later_or_for_good_as_its_number_says(
    step: str, answer: str, kind: type[ConnectorError], told: str
) -> None:
    with Submission() as server:
        server.answers[step] = answer
        with pytest.raises(kind) as failure:
            channel_to(server.port).send(KNEE)
    assert str(failure.value).startswith(f"mail: localhost {told}")
    assert "example.org" not in str(failure.value)
    assert not getattr(failure.value, "may_have_arrived", False)


def test_a_cut_before_the_mail_was_whole_leaves_no_doubt_and_one_after_it_does() -> None:
    with Submission() as server:
        server.cut_after_data = True
        with pytest.raises(Unavailable) as failure:
            channel_to(server.port).send(KNEE)
    assert failure.value.may_have_arrived
    assert len(server.mails) == 1

    with (
        strange_server(lambda connection: connection.sendall(b"220 hello\r\n")) as port,
        pytest.raises(Unavailable, match="connection was cut") as failure,
    ):
        channel_to(port).send(KNEE)
    assert not failure.value.may_have_arrived


def test_nobody_there_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match=r"^mail: localhost refuses the connection"):
            channel_to(probe.getsockname()[1]).send(KNEE)


def test_a_server_that_says_nothing_is_left() -> None:
    with (
        strange_server(lambda connection: connection.recv(1)) as port,
        pytest.raises(Unavailable, match="did not answer in time"),
    ):
        channel_to(port, step_timeout_s=0.2).send(KNEE)


def test_a_server_that_never_comes_to_the_point_is_left_too() -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"220-")
        while not over.wait(0.02):
            connection.sendall(b"x")

    began_s = time.monotonic()
    try:
        with strange_server(drip) as port, pytest.raises(Unavailable):
            channel_to(port, whole_timeout_s=0.5).send(KNEE)
    finally:
        over.set()
    assert time.monotonic() - began_s < 30.0


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff\xfe\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"554 go away\r\n", b""]
)
def test_something_that_is_no_mail_server_is_unavailable(garbage: bytes) -> None:
    with (
        strange_server(lambda connection: connection.sendall(garbage)) as port,
        pytest.raises(Unavailable),
    ):
        channel_to(port).send(KNEE)


def test_no_secret_is_in_a_text_a_log_or_a_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Submission(logins=True) as server:
        channel = channel_to(server.port, user=USER, password="s3cret-wörd")
        with pytest.raises(NeedsLogin) as failure:
            channel.send(KNEE)
    told = f"{failure.value} {failure.value.cure} {failure.value.__cause__} {channel!r} {channel._server!r}"
    for text in (
        told,
        "".join(record.getMessage() for record in caplog.records if record.name != "mail.log"),
    ):
        assert "s3cret" not in text
        assert USER not in text
