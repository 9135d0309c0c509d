"""Answers by mail: the bare words of the runner, never a word of the quote, whatever the client makes of it."""

from __future__ import annotations

import json
import os
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.channels.email_replies import reply_of
from rules.answers import Answer, AnswerKind, read
from rules.facts import Side

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "email"
EXPECTED = DATA / "expected.json"
OURS, RUNNER, TOKEN = "niggled@example.org", "runner@example.org", "K7Q2MXHB4T"
PROMPT = [
    "6.1 km, inside your usual. Yesterday you said 3.",
    "Worst knee pain, 0-10?",
    "Reply: done, later or skip.",
]
HEAD = (
    b"From: Robin <runner@example.org>\r\nTo: niggled@example.org\r\nSubject: Re: Knee?\r\nMessage-ID: <1@phone>\r\n"
    b"MIME-Version: 1.0\r\n"
)


def mail(text: str, **headers: str) -> bytes:
    message = EmailMessage()
    all_headers = {"From": f"Robin <{RUNNER}>", "To": OURS, "Subject": "Re: Knee?", "Message-ID": "<1@phone>"}
    for name, value in (
        all_headers | {name.replace("_", "-"): value for name, value in headers.items()}
    ).items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


def answer_in(text: str) -> str:
    reply = reply_of(mail(text), OURS)
    assert reply.ignored == ""
    return reply.text


def page(html: str) -> str:
    return reply_of(HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode(), OURS).text


def as_meaning(answer: Answer) -> Any:
    """The words of expected.json for an answer."""
    if answer.kind is AnswerKind.UNCLEAR or (answer.kind is AnswerKind.PAIN and answer.grade):
        return "unclear"
    kind = {AnswerKind.PAUSE: "stop"}.get(answer.kind, answer.kind.value)
    sides = {Side.LEFT: "left", Side.RIGHT: "right", None: "score"}
    return {"kind": kind} | {sides[side]: score for side, score in answer.scores.items()}


@pytest.mark.skipif(not EXPECTED.is_file(), reason="../shared/data is absent")
def test_every_recorded_mail_means_what_its_writer_meant() -> None:
    wrong = []
    messages = json.loads(EXPECTED.read_text())["messages"]
    for message in messages:
        reply = reply_of((DATA / message["file"]).read_bytes(), OURS)
        meaning = message["meaning"]
        if meaning != "unclear" and meaning["kind"] == "ignore":
            if not (reply.automatic or reply.sender != RUNNER):
                wrong.append((message["file"], meaning, reply.text))
            continue
        if meaning != "unclear":
            meaning = {
                name: value for name, value in meaning.items() if name not in ("for_prompt", "count_once")
            }
        read_as = as_meaning(read(reply.text))
        if reply.ignored or reply.sender != RUNNER or read_as not in (meaning, *message.get("also_ok", ())):
            wrong.append((message["file"], meaning, reply.ignored or read_as))
    assert wrong == []
    assert len(messages) == 65


@pytest.mark.skipif(not EXPECTED.is_file(), reason="../shared/data is absent")
def test_of_every_recorded_mail_exactly_what_was_typed_is_left() -> None:
    for message in json.loads(EXPECTED.read_text())["messages"]:
        if message["file"] != "erp_signature_no_delimiter.eml":  # its signature is taken off, too
            reply = reply_of((DATA / message["file"]).read_bytes(), OURS)
            assert reply.ignored or reply.text.strip() == message["reply"].strip(), message["file"]


def quoted(lines: list[str]) -> str:
    return "\n".join(f"> {line}" for line in lines)


@pytest.mark.parametrize(
    ("introduction", "marked"),
    [
        ("On Tue, 9 Jun 2026 at 10:15, niggled <niggled@example.org> wrote:", True),
        ("On Tue, 9 Jun 2026 at\n10:15, niggled <niggled@example.org> wrote:", True),
        ("On Tue, 5 May at\n10:15, niggled <niggled+K7Q2MXHB4T@example.org>\nwrote:", True),
        ("Am 09.06.26 um 10:15 schrieb niggled:", True),
        ("Am 09.06.26 um 10:15 schrieb niggled:", False),
        ("Le mar. 9 juin 2026 à 10:15, niggled <niggled@example.org> a écrit :", True),
        ("El mar, 9 jun 2026 a las 10:15, niggled (<niggled@example.org>) escribió:", True),
        ("Il giorno mar 9 giu 2026 alle ore 10:15 niggled <niggled@example.org> ha scritto:", True),
        ("Op di 9 jun 2026 om 10:15 schreef niggled <niggled@example.org>:", True),
        ("2026年6月9日(火) 10:15 niggled <niggled@example.org>:", True),
        ("вт, 9 июн. 2026 г. в 10:15, niggled <niggled@example.org>:", True),
        ("9 Haziran 2026 Salı 10:15 tarihinde niggled <niggled@example.org> şöyle yazdı:", True),
        (
            "2026. jún. 9., kedd 10:15 dátummal, és ezzel a nagyon hosszú névvel\nniggled 10:15 ezt írta:",
            True,
        ),
        ("niggled@example.org írta:", False),
        ("niggled <niggled@example.org> schrieb am Di., 9. Juni 2026, 10:15:", False),
        (
            "From: niggled <niggled@example.org>\nSent: Tuesday, 9 June 2026 10:15\nTo: Robin\nSubject: Knee?",
            False,
        ),
        ("Von: niggled\nGesendet: Dienstag, 9. Juni 2026 10:15\nAn: Robin\nBetreff: Knee?", False),
        ("De: niggled\nEnviado el: martes, 9 de junio de 2026 10:15\nPara: Robin\nAsunto: Knee?", False),
        ("Från: niggled\nSkickat: den 9 juni 2026 10:15\nTill: Robin\nÄmne: Knee?", False),
        ("*От:* niggled\n*Кому:* Robin\n*Тема:* Knee?", False),
        ("-----Original Message-----", False),
        ("-------- Ursprüngliche Nachricht --------", False),
        ("________________________________", False),
        ("---------- Forwarded message ---------", False),
    ],
)
def test_an_answer_above_any_kind_of_quote_stands_alone(introduction: str, *, marked: bool) -> None:
    lines = [*PROMPT, "", "niggled 2026-06-09"]
    prompt = quoted(lines) if marked else "\n".join(lines)
    for answer in ("4", "no pain today", "left 5 right 2", ""):
        assert answer_in(f"{answer}\n\n{introduction}\n{prompt}") == answer
        assert answer_in(f"{answer}\n\n{introduction}\n\n{prompt}\n") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"On 9 Jun 2026 at 10:15, niggled wrote:\n{quoted(PROMPT)}\n\n4", "4"),
        (f"{quoted(PROMPT)}\n4", "4"),
        (f"{quoted(PROMPT[:2])}\n\n4\n\n{quoted(PROMPT[2:])}\n\ndone", "4\n\ndone"),
        (f"4\n-- \nRobin\n+43 660 1234567\n\nOn 9 Jun 2026, niggled wrote:\n{quoted(PROMPT)}", "4"),
        ("4\n\nSent from my iPhone 15", "4"),
        (
            "4\nSent from my iPhone\n\n> On 9 Jun 2026, at 10:15, niggled <niggled@example.org> wrote:\n> 3",
            "4",
        ),
        ("4\n\nVon meinem iPhone 15 gesendet", "4"),
        ("4\n\nGesendet mit der GMX Mail App 8.2", "4"),
        ("4\n\nEnvoyé de mon iPhone 15", "4"),
        ("4\n\nGet Outlook for Android<https://aka.ms/AAb9ysg>", "4"),
        ("4\n\nRobin\nTel. 555 0100", "4"),
        ("4\n\nCONFIDENTIALITY NOTICE: 5 of 10 mails are private.", "4"),
        ("4\n\nThis e-mail was scanned 7 times.", "4"),
        ("*4*", "*4*"),
        ("**left 5**", "**left 5**"),
        ("On it: 4", "On it: 4"),
        ("niggled: 4", "niggled: 4"),
        ("-1", "-1"),
        ("- 4", "- 4"),
        ("To be honest: 4", "To be honest: 4"),
        ("From the start: 4", "From the start: 4"),
        ("\ufeff4", "4"),
    ],
)
def test_only_what_was_typed_is_left(text: str, answer: str) -> None:
    assert answer_in(text) == answer


def test_the_rest_of_a_quoted_line_that_a_client_has_wrapped_is_quote() -> None:
    long = "> 13.0 km: 24 % beyond your longest in 30 days (10.5), which is unusual for"
    assert answer_in(f"6\n\n{long}\nyou. Yesterday you said 3.\n> Worst knee pain, 0-10?") == "6"
    assert answer_in(f"{long}\nyou. Yesterday you said 3.\n> Worst knee pain, 0-10?") == ""


LINE = st.text(alphabet="abc 0123456789:.,-?!", max_size=90)


@given(st.sampled_from(["4", "none", "left 5", "done, 4", ""]), st.lists(LINE, max_size=12), st.booleans())
def test_nothing_is_ever_read_from_a_quote_with_marks(answer: str, lines: list[str], below: bool) -> None:
    quote = (
        "On Tue, 9 Jun 2026 at 10:15, niggled <niggled@example.org> wrote:\n> Hi.\n" + quoted(lines) + "\n> ."
    )
    text = f"{quote}\n\n{answer}" if below else f"{answer}\n\n{quote}"
    assert answer_in(text) == answer


@given(st.sampled_from(["4", "none", "left 5", ""]), st.lists(LINE, max_size=12))
def test_nor_from_one_without(answer: str, lines: list[str]) -> None:
    head = "From: niggled <niggled@example.org>\nSent: Tuesday, 9 June 2026 10:15\nTo: Robin\nSubject: Knee?"
    assert answer_in("\n".join([answer, "", head, "", *lines])) == answer


@pytest.mark.parametrize(
    ("html", "answer"),
    [
        ("<div>4</div><blockquote>Yesterday you said 3</blockquote>", "4"),
        ("<blockquote>3<blockquote>2</blockquote>1</blockquote><p>4</p>", "4"),
        ("<p>4<blockquote>never closed 3", "4"),
        ("<html><head><title>3</title><style>p{margin:3}</style></head><body><p>4</p></body></html>", "4"),
        ("<html><head><body><p>4</p>", "4"),
        ("<script>3</script><!-- 3 > 2 --><p>4</p>", "4"),
        ("<p>left&nbsp;5<br>right&#32;2</p>", "left 5\nright 2"),
        ("<table><tr><td>4</td></tr></table>", "4"),
        ('<p title="3 > 2">4</p>', "4"),
        ("good <3", "good <3"),
        ("<p>4", "4"),
        ("4<", "4<"),
        ('4<img alt="', "4"),
    ],
)
def test_html_is_read_as_the_text_that_it_shows(html: str, answer: str) -> None:
    assert page(html) == answer


def test_a_mail_with_an_empty_text_part_is_read_from_its_html() -> None:
    message = EmailMessage()
    message["From"], message["To"] = RUNNER, OURS
    message.set_content(" \n")
    message.add_alternative("<p>4</p>", subtype="html")
    assert reply_of(message.as_bytes(), OURS).text == "4"


def test_an_attached_text_is_not_the_answer() -> None:
    message = EmailMessage()
    message["From"], message["To"] = RUNNER, OURS
    message.add_attachment("3", filename="notes.txt")
    assert reply_of(message.as_bytes(), OURS).text == ""


@pytest.mark.parametrize(
    ("content_type", "body", "answer"),
    [
        ("text/plain; charset=utf-8", b"4 \xff", "4 ÿ"),
        ("text/plain; charset=us-ascii", "4 – fine".encode(), "4 – fine"),
        ("text/plain; charset=iso-8859-1", b"4 sch\xf6n", "4 schön"),
        ("text/plain; charset=x-unheard-of", b"4", "4"),
        ("text/plain; charset=zlib", b"4", "4"),
        ("text/plain; charset=unicode_escape", b"4 \\x33", "4 \\x33"),
        ("text/plain; charset=utf-16", b"4", "4"),
        ("text/plain; format=flowed", b"left 5 \r\nright 2\r\n -- \r\nRobin", "left 5 right 2"),
        ("text/plain; format=flowed; delsp=yes", b"lef \r\nt 5", "left 5"),
        ("text/plain; charset=utf-8", b"4\0", "4"),
    ],
)
def test_a_wrong_charset_loses_no_answer(content_type: str, body: bytes, answer: str) -> None:
    raw = HEAD + f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + body
    assert reply_of(raw, OURS).text == answer


@pytest.mark.parametrize(
    "headers",
    [
        {"To": f"niggled+{TOKEN}@example.org"},
        {"To": f"Niggled <NIGGLED+{TOKEN.lower()}@Example.org>"},
        {"Cc": f"niggled+{TOKEN}@example.org", "To": "other@example.org"},
        {"Delivered_To": f"niggled+{TOKEN}@example.org"},
        {"X_Original_To": f"niggled+{TOKEN}@example.org"},
        {"Subject": f"Re: Knee? [nig-{TOKEN}]"},
        {"Subject": f"AW: RE: Knee? [NIG-{TOKEN}] (was: 4)"},
        {"In_Reply_To": f"<nig-{TOKEN}-0123456789abcdef01234567@example.org>"},
        {"References": f"<nig-{TOKEN}-0123456789abcdef01234567@example.org> <2@phone>"},
    ],
)
def test_the_token_is_found_wherever_a_client_keeps_it(headers: dict[str, str]) -> None:
    assert reply_of(mail("4", **headers), OURS).token == TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"To": f"someone+{TOKEN}@example.org"},
        {"To": "niggled+newsletters@example.org"},
        {"To": f"niggled+{TOKEN}X@example.org"},
        {"Subject": f"Knee? {TOKEN}"},
        {"Subject": "Knee? [nig-0189]"},
        {"In_Reply_To": f"<{TOKEN}@example.org>"},
        {"References": "<nig-0123456789abcdef01234567@example.org>"},
    ],
)
def test_what_only_looks_like_a_token_is_none(headers: dict[str, str]) -> None:
    assert reply_of(mail(f"4 [nig-{TOKEN}]", **headers), OURS).token is None


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "an automatic answer"),
        ({"Auto_Submitted": "auto-generated; x=y"}, "an automatic answer"),
        ({"Precedence": "bulk"}, "an automatic answer"),
        ({"X_Autoreply": "yes"}, "an automatic answer"),
        ({"X_Auto_Response_Suppress": "OOF"}, "an automatic answer"),
        ({"Subject": "Automatic reply: Knee?"}, "an automatic answer"),
        ({"Subject": "Out of Office: Knee?"}, "an automatic answer"),
        ({"Subject": "Réponse automatique : Knee?"}, "an automatic answer"),
        ({"Return_Path": "<>"}, "a bounce"),
        ({"From": "Mail Delivery System <MAILER-DAEMON@mail.example.org>"}, "a bounce"),
        ({"X_Failed_Recipients": RUNNER}, "a bounce"),
        ({"List_Id": "<runners.example.org>"}, "a mailing list"),
        ({"List_Unsubscribe": "<mailto:x@example.org>"}, "a mailing list"),
        ({"Precedence": "list"}, "a mailing list"),
        ({"X_Niggled_Key": "ask|1"}, "our own"),
        ({"Message_ID": "<nig-0123456789abcdef01234567@example.org>"}, "our own"),
    ],
)
def test_what_no_person_wrote_is_no_answer(headers: dict[str, str], why: str) -> None:
    reply = reply_of(mail("4", **headers), OURS)
    assert reply.ignored == why
    assert reply.automatic
    assert reply.text == ""


def test_a_person_may_say_so() -> None:
    assert reply_of(mail("4", Auto_Submitted="no", Return_Path=f"<{RUNNER}>"), OURS).text == "4"


@pytest.mark.parametrize(
    "writers",
    [
        b"From: runner@example.org\r\nFrom: thief@example.org\r\n",
        b"From: runner@example.org, thief@example.org\r\n",
        b"From: \r\n",
        b"",
        b"From: " + b"(" * 5000 + b"\r\n",
    ],
)
def test_a_mail_with_two_writers_or_none_is_nobodys(writers: bytes) -> None:
    assert reply_of(writers + b"To: niggled@example.org\r\n\r\n4", OURS).sender == ""


def test_capitals_in_an_address_make_no_stranger() -> None:
    assert reply_of(mail("4", From="ROBIN <Runner@Example.ORG>"), "Niggled@Example.org").sender == RUNNER


def part(kind: bytes, body: bytes) -> bytes:
    return HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body


NESTED = b"".join(
    b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
    for level in range(5000)
)
BURDENS = {
    "10,000 parts": part(
        b"multipart/mixed; boundary=b", b"--b\r\nContent-Type: text/plain\r\n\r\n4\r\n" * 10_000
    ),
    "40,000 parts without a type": part(b"multipart/mixed; boundary=b", b"--b\r\n\r\n" * 40_000),
    "5,000 levels": part(b"multipart/mixed; boundary=b0", NESTED),
    "mails in mails": part(b"message/rfc822", b"Content-Type: message/rfc822\r\n\r\n" * 5_000),
    "an endless content type": part(b"text/plain" + b";" * 60_000, b"4"),
    "endless headers": HEAD + b"X-Header: 4\r\n" * 30_000 + b"\r\n4",
    "one endless header": HEAD + b"X-Header: " + b"4" * 5_000_000 + b"\r\n\r\n4",
    "nothing": b"",
    "no mail": bytes(range(256)) * 1_000,
}
LONG_ONES = {
    "50 MB": part(b"text/plain", b"4\r\n" + b"x" * 50_000_000),
    "broken base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"NA=\x00=*!!" * 10_000,
    "only <": part(b"text/html", b"<" * 250_000),
    "only <!--": part(b"text/html", b"<!--" * 60_000),
    "open quotes": part(b"text/html", b"<a \"'" * 50_000),
    "20,000 blockquotes": part(b"text/html", b"<blockquote>" * 20_000 + b"4"),
    "entities": part(b"text/html", b"&#x34;" * 40_000),
    "quote headers without end": part(b"text/plain", (b"Am schrieb " * 18 + b"\r\n") * 1_300),
    "half a quote header": part(b"text/plain", b"Den 1 jan skrev " * 16_000),
    "rulers": part(b"text/plain", (b"-" * 99 + b"a" + b"-" * 99 + b"b\r\n") * 1_300),
    "many addressees": HEAD + b"Cc: " + b"a@b," * 15_000 + b"\r\n\r\n4",
    "encoded words without end": HEAD + b"Subject: " + b"=?utf-8?B?" * 6_000 + b"\r\n\r\n4",
}


@pytest.mark.parametrize("raw", BURDENS.values(), ids=BURDENS)
def test_a_mail_made_to_be_a_burden_is_put_aside_at_once(raw: bytes) -> None:
    began_s = time.process_time()
    reply = reply_of(raw, OURS)
    assert time.process_time() - began_s < 3.0
    assert (reply.ignored, reply.text) == ("unreadable", "")
    assert not reply.automatic


@pytest.mark.parametrize("raw", LONG_ONES.values(), ids=LONG_ONES)
def test_a_mail_that_is_much_too_long_costs_little(raw: bytes) -> None:
    began_s = time.process_time()
    reply = reply_of(raw, OURS)
    assert time.process_time() - began_s < 5.0
    assert len(reply.text) <= 2_000


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_mail_breaks_the_reader(head: bytes, body: bytes) -> None:
    for raw in (head + b"\r\n\r\n" + body, HEAD + head + b"\r\n\r\n" + body, HEAD + b"\r\n" + body):
        reply = reply_of(raw, OURS)
        json.dumps(reply.head.thread.as_reference()).encode()
        assert "\0" not in reply.text + reply.head.thread.as_reference()
        reply.text.encode()


def test_photos_behind_the_answer_do_not_hide_it() -> None:
    message = EmailMessage()
    message["From"], message["To"] = RUNNER, OURS
    message.set_content("4")
    message.add_attachment(os.urandom(3_000_000), maintype="image", subtype="jpeg", filename="knee.jpg")
    assert reply_of(message.as_bytes(), OURS).text == "4"
