"""How a message looks as a mail: headers, threads, pictures, and nothing that a header must not hold."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.channels.contract import Choice, OutgoingMessage, Picture, Question
from connectors.channels.email_message import Addresses, compose
from connectors.channels.email_replies import reply_of
from connectors.channels.email_thread import Thread, thread_of
from connectors.errors import Broken

TOKEN = "K7Q2MXHB4T"
NOW = datetime(2026, 6, 9, 8, 15, tzinfo=UTC)
ADDRESSES = Addresses("niggled@example.org", "runner@example.org")
WITHOUT_PLUS = replace(ADDRESSES, plus=False)
KNEE = OutgoingMessage(
    key="ask|run:2026-06-09",
    title="Knee?",
    body="6.1 km, inside your usual. Worst knee pain during the run, 0–10?",
    question=Question(TOKEN, (Choice("Fine", "fine"), Choice("Sore", "sore")), scale=True),
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def as_received(message: OutgoingMessage, addresses: Addresses = ADDRESSES) -> EmailMessage:
    sent = compose(message, addresses, NOW).as_bytes()
    assert max(sent) < 128, "every server takes seven bits"
    received = email.message_from_bytes(sent.replace(b"\r\n", b"\n"), policy=email.policy.default)
    assert isinstance(received, EmailMessage)
    return received


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_question_reads_as_it_was_written_and_says_that_a_machine_wrote_it() -> None:
    mail = as_received(KNEE)
    assert mail["From"] == "niggled <niggled@example.org>"
    assert mail["To"] == "runner@example.org"
    assert mail["Subject"] == "Knee?"
    assert mail["Date"] == "Tue, 09 Jun 2026 08:15:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Niggled-Key"] == KNEE.key
    assert mail.get_content_type() == "text/plain"
    assert text_of(mail) == KNEE.body + "\n"


def test_a_repeat_has_the_same_message_id_and_another_message_has_not() -> None:
    first, again = as_received(KNEE), compose(KNEE, ADDRESSES, datetime(2026, 6, 9, 9, 0, tzinfo=UTC))
    other = as_received(replace(KNEE, key="ask|run:2026-06-10"))
    neighbour = as_received(KNEE, replace(ADDRESSES, runner="neighbour@example.org"))
    assert first["Message-ID"] == again["Message-ID"]
    assert len({first["Message-ID"], other["Message-ID"], neighbour["Message-ID"]}) == 3


def test_with_plus_addresses_the_token_is_in_the_address_to_answer_to_and_the_subject_stays_clean() -> None:
    mail = as_received(KNEE)
    assert mail["Reply-To"] == f"niggled <niggled+{TOKEN}@example.org>"
    assert TOKEN in mail["Message-ID"]
    assert TOKEN not in mail["Subject"]
    assert TOKEN not in text_of(mail)


def test_without_plus_addresses_the_token_is_in_the_subject() -> None:
    mail = as_received(KNEE, WITHOUT_PLUS)
    assert mail["Subject"] == f"Knee? [nig-{TOKEN}]"
    assert mail["Reply-To"] is None


def test_a_message_that_asks_nothing_carries_no_token() -> None:
    mail = as_received(replace(KNEE, question=None), WITHOUT_PLUS)
    assert mail["Subject"] == "Knee?"
    assert mail["Reply-To"] is None


def test_words_that_answer_are_named_where_the_text_does_not_name_them() -> None:
    session = Question(
        TOKEN,
        (Choice("Done", "done"), Choice("Later", "later"), Choice("Skip", "skip")),
        link="http://host/x?a=1&b=2",
    )
    reminder = OutgoingMessage(
        "strength", "Strength today", "20 min: step-up 3×8.", session, html="<body>20 min</body>"
    )
    mail = as_received(reminder)
    assert text_of(mail) == "20 min: step-up 3×8.\n\nReply: done, later or skip.\n\nhttp://host/x?a=1&b=2\n"
    page = mail.get_body(("html",))
    assert page is not None
    assert page.get_content() == (
        "<body>20 min<p>Reply: done, later or skip.</p>"
        '<p><a href="http://host/x?a=1&amp;b=2">http://host/x?a=1&amp;b=2</a></p></body>\n'
    )
    said = replace(reminder, body="Done · Later · Skip", question=replace(session, link=None), html=None)
    assert text_of(as_received(said)) == "Done · Later · Skip\n"


def test_a_digest_is_text_html_and_the_picture_that_the_html_shows() -> None:
    picture = Picture("week.png", PNG, "31 km (usual 28), knee 0–1")
    page = '<p>Week 24: 31 km</p><img src="cid:week.png" alt="31 km">'
    mail = as_received(OutgoingMessage("digest", "Week", "Week 24: 31 km", html=page, picture=picture))
    assert mail.get_content_type() == "multipart/alternative"
    plain, related = mail.iter_parts()
    assert plain.get_content() == "Week 24: 31 km\n"
    assert related.get_content_type() == "multipart/related"
    shown, image = related.iter_parts()
    assert shown.get_content() == page + "\n"
    assert image.get_content_type() == "image/png"
    assert image["Content-ID"] == "<week.png>"
    assert image["Content-Description"] == "31 km (usual 28), knee 0–1"
    assert image.get_content_disposition() == "inline"
    assert image.get_content() == PNG


def test_a_mail_calls_no_server() -> None:
    raw = compose(replace(KNEE, html="<p>6.1 km</p>"), ADDRESSES, NOW).as_bytes()
    assert b"http" not in raw


def test_an_answer_to_an_answer_stays_in_the_thread() -> None:
    ours = as_received(KNEE)
    theirs = EmailMessage()
    theirs["From"], theirs["To"] = "Robin <runner@example.org>", str(ours["Reply-To"])
    theirs["Subject"], theirs["Message-ID"] = "AW: Re: Knee?", "<4711@phone>"
    theirs["In-Reply-To"] = theirs["References"] = ours["Message-ID"]
    theirs.set_content("4")
    heard = reply_of(theirs.as_bytes(), ADDRESSES.ours)
    assert heard.token == TOKEN
    noted = OutgoingMessage("c", "", "4 noted.", quiet=True, reply_to=heard.head.thread.as_reference())
    mail = as_received(noted)
    assert mail["Subject"] == "Re: Knee?"
    assert mail["In-Reply-To"] == "<4711@phone>"
    assert mail["References"] == f"{ours['Message-ID']} <4711@phone>"
    assert mail["Reply-To"] == f"niggled <niggled+{TOKEN}@example.org>"
    assert mail["Importance"] == "low"
    assert as_received(noted, WITHOUT_PLUS)["Subject"] == f"Re: Knee? [nig-{TOKEN}]"


@pytest.mark.parametrize(
    "reference",
    [None, "", "{}", "[]", "17", '{"message_id": 1, "references": [], "subject": "", "token": null}', "🙂"],
)
def test_a_reference_that_is_not_ours_makes_an_ordinary_mail(reference: str | None) -> None:
    mail = as_received(replace(KNEE, reply_to=reference))
    assert mail["In-Reply-To"] is None
    assert mail["Subject"] == "Knee?"


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    thread = Thread("<last@x>", tuple(f"<{number}@x>" for number in range(100)), "Knee?", None)
    assert thread.chain[0] == "<0@x>"
    assert thread.chain[-2:] == ("<99@x>", "<last@x>")
    assert len(thread.chain) == 20


HEADERS = {
    "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "auto-submitted",
    "x-auto-response-suppress", "x-niggled-key", "importance", "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip
ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=80) | st.sampled_from(
    [
        "a\r\nBcc: thief@example.org",
        "a\nBcc: x",
        "a\rBcc: x",
        "a\x85Bcc: x",
        "a\u2028Bcc: x",
        "\udc80",
        "x" * 5000,
    ]
)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_no_text_adds_a_header_or_breaks_a_mail(title: str, body: str, key: str, subject: str) -> None:
    reference = (
        Thread("<a@b>", (f"<{title}>",), subject, TOKEN).as_reference().encode("utf-8", "replace").decode()
    )
    message = OutgoingMessage(key, title, body, Question(TOKEN), reply_to=reference)
    for one in (message, replace(message, reply_to=None)):
        mail = as_received(one)
        assert {name.lower() for name in mail} <= HEADERS
        assert len(mail.get_all("To", [])) == len(mail.get_all("From", [])) == 1
        assert mail["Reply-To"].addresses[0].addr_spec == f"niggled+{TOKEN}@example.org"


@pytest.mark.parametrize(
    "address", ["", "runner", "a b@example.org", "runner@exämple.org", "a@b\r\nBcc: x@y", "a@b>,c@d"]
)
def test_an_address_that_is_none_is_told_before_anything_is_sent(address: str) -> None:
    for wrong in (replace(ADDRESSES, runner=address), replace(ADDRESSES, ours=address)):
        with pytest.raises(Broken, match=r"cannot be used: write it as name@example\.org"):
            compose(KNEE, wrong, NOW)


def test_a_picture_needs_a_name_that_html_can_point_to() -> None:
    with pytest.raises(Broken, match="plain file name"):
        compose(
            OutgoingMessage("d", "Week", "w", html="<p>", picture=Picture("a>b", PNG, "")), ADDRESSES, NOW
        )


@given(st.text(max_size=200))
def test_a_reference_comes_back_as_it_was(subject: str) -> None:
    thread = thread_of(Thread("<a@b>", ("<c@d>",), subject, TOKEN).as_reference())
    assert thread is not None
    assert (thread.message_id, thread.references, thread.token) == ("<a@b>", ("<c@d>",), TOKEN)
    assert "\n" not in thread.subject
