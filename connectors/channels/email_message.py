"""A message as a mail: readable in every client, its thread kept together, nothing in it that calls home."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.channels import email_thread
from connectors.channels.contract import OutgoingMessage, Picture, Question
from connectors.errors import Broken

KEY_HEADER = "X-Niggled-Key"
# 8-bit bodies need a server that announces them; quoted-printable and base64 arrive everywhere.
_POLICY = SMTP.clone(cte_type="7bit")
_ADDRESS = re.compile(r"[!#-'*+/-9=?A-Z^-~-]+(?:\.[!#-'*+/-9=?A-Z^-~-]+)*@[A-Za-z0-9.-]+")
_PICTURE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who writes to whom. `plus`: mail to `ours` with `+something` before the @ reaches `ours` too."""

    ours: str
    runner: str
    plus: bool = True
    name: str = "niggled"


def compose(message: OutgoingMessage, addresses: Addresses, now: datetime) -> EmailMessage:
    """The mail for one message. Raises Broken where an address or the picture's name cannot be used."""
    for address in (addresses.ours, addresses.runner):
        if not _ADDRESS.fullmatch(address):
            raise Broken("a mail address cannot be used: write it as name@example.org, in plain letters")
    thread = email_thread.thread_of(message.reply_to)
    token = message.question.token if message.question else thread.token if thread else None
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(addresses.name, addresses.ours)
    mail["To"] = _address("", addresses.runner)
    mail["Subject"] = _subject(message, thread, token if not addresses.plus else None)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = email_thread.message_id(message.key, token, addresses.ours, addresses.runner)
    if thread is not None and thread.chain:
        mail["In-Reply-To"] = thread.chain[-1]
        mail["References"] = " ".join(thread.chain)
    if token and addresses.plus:
        mail["Reply-To"] = _address(addresses.name, email_thread.with_plus(addresses.ours, token))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail[KEY_HEADER] = email_thread.one_line(message.key)
    if message.quiet:
        mail["Importance"] = "low"
    _fill(mail, message, thread)
    return mail


def _address(name: str, address: str) -> Address:
    return Address(email_thread.one_line(name, 60), addr_spec=address)


def _subject(message: OutgoingMessage, thread: email_thread.Thread | None, token: str | None) -> str:
    """An answer keeps the subject of what it answers: some mailboxes thread by that alone."""
    subject = email_thread.one_line(message.title)
    if thread is not None:
        subject = f"Re: {email_thread.without_token(thread.subject) or subject}".rstrip()
    return email_thread.with_token(subject, token) if token else subject


def _fill(mail: EmailMessage, message: OutgoingMessage, thread: email_thread.Thread | None) -> None:
    title = email_thread.one_line(message.title) if thread is not None else ""
    how = _how_to_answer(message.question, message.body)
    mail.set_content("\n\n".join(part for part in (title, _clean(message.body), *how) if part) + "\n")
    if message.html is None:
        return
    mail.add_alternative(_with_lines(_clean(message.html), how), subtype="html")
    if message.picture is not None:
        _add_picture(mail, message.picture)


def _add_picture(mail: EmailMessage, picture: Picture) -> None:
    if not _PICTURE_NAME.fullmatch(picture.name):
        raise Broken("the picture of a mail needs a plain file name")
    page = mail.get_body(("html",))
    if page is not None:
        page.add_related(
            picture.png,
            maintype="image",
            subtype="png",
            cid=f"<{picture.name}>",
            filename=picture.name,
            disposition="inline",
            headers=[f"Content-Description: {email_thread.one_line(picture.alternative, 500)}"],
        )


def _how_to_answer(question: Question | None, body: str) -> list[str]:
    """The words that a mail without buttons has to say, where the text does not say them yet."""
    if question is None:
        return []
    lines = []
    if question.choices and not question.scale:
        words = [choice.answer for choice in question.choices]
        if not all(word.lower() in body.lower() for word in words):
            rest = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
            lines.append(f"Reply: {rest}.")
    if question.link:
        lines.append(email_thread.one_line(question.link, 1000))
    return lines


def _with_lines(page: str, lines: list[str]) -> str:
    """The page with further lines at its end."""
    added = "".join(f"<p>{_linked(line)}</p>" for line in lines)
    start, end, rest = page.rpartition("</body>")
    return f"{start}{added}{end}{rest}" if end else page + added


def _linked(line: str) -> str:
    safe = html.escape(line)
    return f'<a href="{safe}">{safe}</a>' if re.match(r"https?://", line) else safe


def _clean(text: str) -> str:
    """Without halves of characters and without what no mail may hold."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", whole).replace("\r\n", "\n").replace("\r", "\n")
