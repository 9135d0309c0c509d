"""Answers by mail, read from a real mailbox (dovecot) that comes, goes, is cut, moved and full of other things."""

from __future__ import annotations

import imaplib
import json
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from fakes.dovecot import PASSWORD, Dovecot, running
from fakes.mail_cable import Cable
from fakes.mail_ear import Ear, answered
from fakes.mail_script import ImapScript
from fakes.mail_submission import Submission, certificate_in

from connectors.channels import email_mailbox
from connectors.channels.contract import Choice, Incoming, OutgoingMessage, Question
from connectors.channels.email import EmailChannel
from connectors.channels.email_imap import EmailListener
from connectors.channels.email_message import Addresses
from connectors.channels.email_server import MailServer, Security
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable

TOKEN, OTHER_TOKEN = "K7Q2MXHB4T", "ABCDEFGHIJ"
KNEE = OutgoingMessage(
    "ask|1",
    "Knee?",
    "6.1 km. Yesterday you said 3. Worst knee pain during the run, 0–10?",
    Question(TOKEN, (Choice("Fine", "fine"),), scale=True),
)
LONG_WAIT_S = 120.0
"""Longer than any test: what comes in before was told by the server, not looked up."""


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running() as started:
        yield started


def now() -> datetime:
    return datetime.now(UTC)


class Household:
    """One runner, our mailbox, and the channel between them."""

    def __init__(
        self, server: Dovecot, *, smtp_port: int = 1, plus: bool = True, own_mailbox: bool = False
    ) -> None:
        self.server = server
        self.runner = server.address("runner")
        self.ours = self.runner if own_mailbox else server.address("niggled")
        local = MailServer("localhost", smtp_port, "plain")
        self.channel = EmailChannel("mail", local, Addresses(self.ours, self.runner, plus), now)

    def listener(
        self,
        *,
        look_around_s: float = LONG_WAIT_S,
        password: str = PASSWORD,
        folder: str = "INBOX",
        neighbours: tuple[str, ...] = (),
        security: Security = "plain",
        port: int | None = None,
        ca_file: Path | None = None,
    ) -> EmailListener:
        box = MailServer(
            "localhost",
            port or self.server.imap_port,
            security,
            self.ours,
            password,
            str(ca_file) if ca_file else None,
        )
        return EmailListener(
            self.channel,
            box,
            [self.runner.upper()],
            now,
            folder=folder,
            neighbours=neighbours,
            look_around_s=look_around_s,
            slice_s=0.05,
        )

    def position(self) -> str:
        """Everything that is in the mailbox now has been read."""
        with self.server.mailbox(self.ours) as client:
            _, (validity,) = client.response("UIDVALIDITY")
            _, (next_uid,) = client.response("UIDNEXT")
        assert isinstance(validity, bytes)
        assert isinstance(next_uid, bytes)
        return json.dumps({"validity": int(validity), "uid": int(next_uid) - 1})

    def writes(
        self,
        text: str,
        *,
        token: str | None = TOKEN,
        sender: str = "",
        dated: datetime | None = None,
        number: str = "1",
        **headers: str,
    ) -> None:
        mail = EmailMessage()
        local, _, domain = self.ours.partition("@")
        to = f"{local}+{token}@{domain}" if token else self.ours
        mail["From"], mail["To"], mail["Subject"] = sender or self.runner, to, "Re: Knee?"
        mail["Message-ID"], mail["Date"] = f"<{number}@phone>", format_datetime(dated or now())
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self.server.deliver(mail, to)


def heard(household: Household, position: str | None) -> list[Incoming]:
    with Ear(household.listener(), position) as ear:
        return ear.until_quiet()


def test_an_answer_that_came_while_we_were_away_is_heard_whole(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    household.writes("4\n\n> Yesterday you said 3")
    (incoming,) = heard(household, position)
    assert (incoming.text, incoming.token, incoming.allowed) == ("4", TOKEN, True)
    assert abs(now() - incoming.at) < timedelta(minutes=1)
    assert json.loads(incoming.position)["uid"] == 1
    assert heard(household, incoming.position) == []


def test_reading_changes_nothing_in_the_mailbox(server: Dovecot) -> None:
    household = Household(server)
    household.writes("4")
    household.writes("me too", sender="stranger@example.org")
    assert len(heard(household, household.position().replace('"uid": 2', '"uid": 0'))) == 2
    assert b"Seen" not in server.flags(household.ours)
    assert len(server.mails(household.ours)) == 2


def test_a_mail_wakes_the_listener_at_once(server: Dovecot) -> None:
    household = Household(server)
    with Ear(household.listener(), household.position()) as ear:
        assert ear.until_quiet() == []
        for answer in ("4", "sorry, I meant 6"):
            household.writes(answer)
            began_s = time.monotonic()
            assert ear.next().text == answer
            assert time.monotonic() - began_s < LONG_WAIT_S / 2


def test_two_mails_at_once_are_heard_in_order_and_once(server: Dovecot) -> None:
    household = Household(server)
    with Ear(household.listener(), household.position()) as ear:
        assert ear.until_quiet() == []
        household.writes("4", number="1")
        household.writes("done", token=OTHER_TOKEN, number="2")
        found = [ear.next(), ear.next()]
        assert [(one.text, one.token) for one in found] == [("4", TOKEN), ("done", OTHER_TOKEN)]
        assert ear.until_quiet() == []


def test_without_idle_the_mailbox_is_looked_into_now_and_then() -> None:
    with running(idle=False) as server:
        household = Household(server)
        with Ear(household.listener(look_around_s=0.3), household.position()) as ear:
            assert ear.until_quiet() == []
            household.writes("4")
            assert ear.next().text == "4"
            assert ear.until_quiet() == []
            server.stop()
            assert isinstance(ear.until_it_fails(), Unavailable)


@pytest.mark.parametrize("moment", ["arrives_with_search", "arrives_with_idle"])
def test_a_mail_that_comes_in_between_two_commands_is_heard_at_once(moment: str) -> None:
    runner, ours = "runner@example.org", "niggled@example.org"
    channel = EmailChannel("mail", MailServer("localhost", 1, "plain"), Addresses(ours, runner), now)
    mail = f"From: {runner}\r\nTo: niggled+{TOKEN}@example.org\r\nMessage-ID: <1@phone>\r\n\r\n4\r\n".encode()
    with ImapScript() as script:
        box = MailServer("localhost", script.port, "plain", ours, PASSWORD)
        listener = EmailListener(channel, box, [runner], now, look_around_s=LONG_WAIT_S, slice_s=0.05)
        setattr(script, moment, mail)
        with Ear(listener, json.dumps({"validity": 7, "uid": 0})) as ear:
            incoming = ear.next()
    assert (incoming.text, incoming.token) == ("4", TOKEN)
    assert incoming.at == datetime(2026, 6, 9, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("NO [UNAVAILABLE] Temporary authentication failure.", Unavailable),
        ("NO [LIMIT] too many connections", Unavailable),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", NeedsLogin),
        ("NO [ALERT] Application-specific password required", NeedsLogin),
        ("BAD no", NeedsLogin),
    ],
)
def test_a_refused_login_is_for_later_only_where_the_server_says_so(
    answer: str, kind: type[ConnectorError]
) -> None:
    channel = EmailChannel("mail", MailServer("localhost", 1, "plain"), Addresses("a@b.org", "c@d.org"), now)
    with ImapScript(login_answer=answer) as script:
        box = MailServer("localhost", script.port, "plain", "a@b.org", PASSWORD)
        with Ear(EmailListener(channel, box, ["c@d.org"], now)) as ear:
            assert isinstance(ear.until_it_fails(), kind)


def test_a_quiet_mailbox_lets_the_caller_look_around(server: Dovecot) -> None:
    household = Household(server)
    with Ear(household.listener(look_around_s=0.1), household.position()) as ear:
        for _ in range(3):
            assert ear.until_quiet() == []


def test_a_listener_that_is_stopped_ends_soon(server: Dovecot) -> None:
    household = Household(server)
    with Ear(household.listener(), household.position()) as ear:
        ear.until_quiet()
        began_s = time.monotonic()
    assert time.monotonic() - began_s < LONG_WAIT_S / 2
    assert ear.error is None


def test_a_cut_while_waiting_is_noticed_and_nothing_is_lost() -> None:
    with running() as server:
        household = Household(server)
        position = household.position()
        with Ear(household.listener(), position) as ear:
            assert ear.until_quiet() == []
            server.stop()
            failure = ear.until_it_fails()
        assert isinstance(failure, Unavailable)
        assert str(failure) in (
            "mail: localhost cut the connection.",
            "mail: localhost could not be reached, or the connection was cut.",
        )
        with Ear(household.listener(), position) as ear:
            assert str(ear.until_it_fails()).startswith("mail: localhost refuses the connection")
        server.start()
        household.writes("4")
        assert [one.text for one in heard(household, position)] == ["4"]


def test_a_connection_that_dies_without_a_goodbye_is_noticed(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_mailbox, "COMMAND_TIMEOUT_S", 0.5)
    household = Household(server)
    with (
        Cable(server.imap_port) as cable,
        Ear(household.listener(port=cable.port, look_around_s=0.5), household.position()) as ear,
    ):
        assert ear.until_quiet() == []
        cable.dead.set()
        assert str(ear.until_it_fails()) == "mail: localhost did not answer in time."


def test_a_mailbox_that_is_new_to_us_yields_recent_answers_with_a_token_only(server: Dovecot) -> None:
    household = Household(server)
    household.writes("4", number="1")
    household.writes("3", number="2", token=None)
    household.writes("2", number="3", dated=now() - timedelta(hours=47))
    with Ear(household.listener()) as ear:
        assert [one.text for one in ear.until_quiet()] == ["4", "2"]
        household.writes("1", number="4", token=None)
        assert ear.next().text == "1"


def test_a_mailbox_that_was_numbered_anew_replays_no_old_mail(server: Dovecot) -> None:
    household = Household(server)
    old = format_datetime(now() - timedelta(days=3))
    household.writes("3", number="1", dated=now() - timedelta(hours=1))
    (before,) = heard(household, household.position().replace('"uid": 1', '"uid": 0'))
    household.writes("bare 8", number="2", token=None)
    with server.mailbox(household.ours) as client:
        raw = b"From: %s\r\nTo: %s\r\nSubject: x [nig-%s]\r\nDate: %s\r\n\r\n9" % (
            *(part.encode() for part in (household.runner, household.ours, OTHER_TOKEN, old)),
        )
        client.append("INBOX", "", imaplib.Time2Internaldate(time.time() - 3 * 86_400), raw)
    position = household.position()
    server.number_anew(household.ours)
    with Ear(household.listener(), position) as ear:
        (again,) = ear.until_quiet()
        assert (again.text, again.id) == ("3", before.id)
        assert json.loads(again.position)["validity"] != json.loads(before.position)["validity"]
        household.writes("5", number="4", token=OTHER_TOKEN)
        fresh = ear.next()
    assert fresh.text == "5"
    assert heard(household, fresh.position) == []


@pytest.mark.parametrize("position", ["", "17", "[]", "{}", '{"validity": "x", "uid": 1}', "not ours"])
def test_a_position_that_is_none_is_like_having_none(server: Dovecot, position: str) -> None:
    household = Household(server)
    household.writes("4")
    household.writes("3", token=None, number="2")
    assert [one.text for one in heard(household, position)] == ["4"]


def test_the_newest_mail_is_not_heard_again_and_again(server: Dovecot) -> None:
    """`UID FETCH n:*` always holds the newest mail, also where its number is lower."""
    household = Household(server)
    household.writes("4")
    position = household.position()
    beyond = position.replace('"uid": 1', '"uid": 99')
    assert heard(household, position) == heard(household, beyond) == []


def test_a_mail_that_is_delivered_twice_has_one_identity_and_a_correction_has_its_own(
    server: Dovecot,
) -> None:
    household = Household(server)
    position = household.position()
    household.writes("4", number="1")
    household.writes("4", number="1")
    household.writes("6", number="2")
    first, again, correction = heard(household, position)
    assert first.id == again.id != correction.id
    assert first.position != again.position


def test_when_it_was_sent_is_the_runners_clock_where_that_can_be(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    earlier = (now() - timedelta(hours=5)).replace(microsecond=0)
    household.writes("1", number="1", dated=earlier)
    household.writes("2", number="2", dated=now() + timedelta(days=3))
    household.writes("3", number="3", dated=now() - timedelta(days=300))
    delayed, early, late = heard(household, position)
    assert delayed.at == earlier
    for one in (early, late):
        assert abs(now() - one.at) < timedelta(minutes=1)


def test_strangers_are_counted_and_nothing_of_theirs_is_kept(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    household.writes("0", sender="stranger@example.org")
    household.writes("0", sender=f'"{household.runner}" <stranger@example.org>', token=None)
    household.writes("0", sender=f"{household.runner}, stranger@example.org")
    for one in heard(household, position):
        assert (one.allowed, one.text, one.token, one.reference) == (False, "", None, "")
    assert len(heard(household, position)) == 3


def test_what_is_no_answer_is_ignored_and_counted(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    household.writes("3", Auto_Submitted="auto-replied")
    household.writes("3", List_Id="<runners.example.org>")
    household.writes("3", X_Niggled_Key="ask|1")
    household.writes("3", sender="neighbour@example.org")
    server.deliver(
        b"From: x@example.org\r\nTo: y\r\nSubject: Undelivered\r\n\r\n3", household.ours, sender=""
    )
    server.deliver(
        f"From: {household.runner}\r\nTo: {household.ours}\r\n".encode() + b"X-H: 4\r\n" * 30_000 + b"\r\n4",
        household.ours,
    )
    household.writes("4")
    listener = household.listener(neighbours=("Neighbour@example.org",))
    with Ear(listener, position) as ear:
        assert [one.text for one in ear.until_quiet()] == ["4"]
    assert listener.ignored == {
        "an automatic answer": 1,
        "a mailing list": 1,
        "our own": 1,
        "a neighbour's": 1,
        "a bounce": 1,
        "unreadable": 1,
    }


def test_of_a_huge_mail_only_the_beginning_is_fetched(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    huge = f"From: {household.runner}\r\nTo: {household.ours}\r\n\r\n4\r\n\r\n> ".encode() + b"x" * 900
    server.deliver(huge + b"\r\n> xxxxxxxxxxxxxxxxxxxxxxxxxxxxx" * 1_000_000, household.ours)
    assert [one.text for one in heard(household, position)] == ["4"]


def test_in_the_runners_own_mailbox_only_answers_to_us_are_read(server: Dovecot) -> None:
    household = Household(server, own_mailbox=True)
    position = household.position()
    household.writes("buy milk, 3 bottles", token=None, number="1")
    household.writes("newsletter", token=None, sender="shop@example.org", number="2")
    household.writes("4", number="3")
    household.writes(
        "status", token=None, number="4", References="<nig-0123456789abcdef01234567@example.org>"
    )
    listener = household.listener()
    with Ear(listener, position) as ear:
        assert [(one.text, one.allowed) for one in ear.until_quiet()] == [("4", True), ("status", True)]
    assert listener.ignored == {"not for us": 2}


def test_many_mails_are_heard_in_order(server: Dovecot) -> None:
    household = Household(server)
    position = household.position()
    for number in range(120):
        household.writes(f"{number % 11} number {number}", number=str(number), token=None)
    found = heard(household, position)
    assert [one.text for one in found] == [f"{number % 11} number {number}" for number in range(120)]


def test_a_wrong_password_needs_the_runner_and_no_secret_is_told(
    server: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    household = Household(server)
    for password in ("s3cret-wrong", "s3cret-wröng"):
        listener = household.listener(password=password)
        with Ear(listener) as ear:
            failure = ear.until_it_fails()
        assert isinstance(failure, NeedsLogin)
        assert failure.cure.startswith(
            "mail: localhost refuses our login. Put an app password for localhost into the"
        )
        told = f"{failure} {failure.cure} {failure.__cause__} {listener!r} {listener._server!r} {caplog.text}"
        assert "s3cret" not in told
        assert household.ours not in told


def test_a_folder_that_is_not_there_is_told(server: Dovecot) -> None:
    with Ear(Household(server).listener(folder="Knee")) as ear:
        assert str(ear.until_it_fails()) == "mail: localhost has no mail folder Knee. Correct its name."
    assert isinstance(ear.error, Broken)


def test_another_folder_can_be_read(server: Dovecot) -> None:
    household = Household(server)
    household.writes("4")
    with server.mailbox(household.ours) as client:
        client.create("Knee")
        client.copy("1", "Knee")
    with Ear(household.listener(folder="Knee")) as ear:
        assert [one.text for one in ear.until_quiet()] == ["4"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_mailboxes_and_certificates_that_nobody_vouches_for(
    security: Security, tmp_path: Path
) -> None:
    certificate = certificate_in(tmp_path)
    if certificate is None:
        assert os.environ.get("NIGGLED_REQUIRE_REAL_PARTS") != "1", "no openssl here"
        pytest.skip("no openssl here")
    with running(certificate=certificate) as server:
        household = Household(server)
        household.writes("4")
        port = server.imaps_port if security == "tls" else server.imap_port
        with Ear(household.listener(security=security, port=port, ca_file=certificate[0])) as ear:
            assert ear.next().text == "4"
            assert ear.until_quiet() == []
            household.writes("5", number="2")
            assert ear.next().text == "5"
        with Ear(household.listener(security=security, port=port)) as ear:
            assert str(ear.until_it_fails()).startswith("mail: the certificate of localhost does not hold.")


def test_plain_reading_does_not_leave_this_machine(server: Dovecot) -> None:
    household = Household(server)
    far = EmailListener(
        household.channel, MailServer("imap.example.org", 143, "plain"), [household.runner], now
    )
    with Ear(far) as ear:
        assert "without encryption" in str(ear.until_it_fails())


@pytest.mark.parametrize("plus", [True, False])
def test_the_whole_way_from_the_question_to_the_confirmation(server: Dovecot, *, plus: bool) -> None:
    with Submission() as smtp:
        household = Household(server, smtp_port=smtp.port, plus=plus)
        listener = household.listener()
        with Ear(listener, household.position()) as ear:
            assert ear.until_quiet() == []
            household.channel.send(KNEE)
            server.deliver(smtp.raw[0], household.runner, sender=household.ours)

            (question,) = server.mails(household.runner)
            answer = answered(question, "4")
            server.deliver(answer, answer["To"].addresses[0].addr_spec, sender=household.runner)
            incoming = ear.next()
            assert (incoming.text, incoming.token, incoming.allowed) == ("4", TOKEN, True)

            listener.confirm(incoming, "4 noted. Next: from Thursday, up to 8.0 km.", quiet=False)
            server.deliver(smtp.raw[1], household.runner, sender=household.ours)
            correction = answered(server.mails(household.runner)[1], "sorry, I meant 6")
            server.deliver(correction, correction["To"].addresses[0].addr_spec, sender=household.runner)
            corrected = ear.next()
            assert (corrected.text, corrected.token) == ("sorry, I meant 6", TOKEN)
            assert corrected.id != incoming.id

    confirmation = smtp.mails[1]
    assert confirmation.text.strip() == "4 noted. Next: from Thursday, up to 8.0 km."
    assert confirmation.subject == ("Re: Knee?" if plus else f"Re: Knee? [nig-{TOKEN}]")
    assert confirmation.message["In-Reply-To"] == answer["Message-ID"]
    assert str(confirmation.message["References"]).split()[0] == smtp.mails[0].message["Message-ID"]


def test_a_confirmation_that_is_made_up_for_later_has_the_same_name_and_thread(server: Dovecot) -> None:
    with Submission() as smtp:
        household = Household(server, smtp_port=smtp.port)
        household.writes("2")
        listener = household.listener()
        with Ear(listener) as ear:
            incoming = ear.next()
        stored = Incoming(incoming.id, incoming.at, incoming.text, position="", reference=incoming.reference)
        for one in (incoming, stored):
            listener.confirm(one, "2 noted, settled.", quiet=True)
    first, again = smtp.mails
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert again.message["Reply-To"].addresses[0].username.endswith(f"+{TOKEN}")
    assert again.message["Importance"] == "low"
    assert again.message["In-Reply-To"] == "<1@phone>"
