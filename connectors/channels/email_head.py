"""What the headers of an incoming mail say: who wrote it, to which question, and whether a person did."""

from __future__ import annotations

import email.message
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime

from connectors.channels import email_thread
from connectors.channels.email_thread import Thread, one_line

LARGEST_HEAD_BYTES = 65_536
READ_HEADERS = (
    "From",
    "To",
    "Cc",
    "Delivered-To",
    "X-Original-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Return-Path",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "List-Post",
    "List-Unsubscribe",
    "X-Auto-Response-Suppress",
    "X-Autoreply",
    "X-Autorespond",
    "X-Failed-Recipients",
    "X-Niggled-Key",
)
"""All that is ever read of a mail that is not the runner's answer."""
_LONGEST_VALUE = 4_000
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(?:auto(?:matic|mated|-)?[ -]?(?:reply|response|antwort)|auto:|out of (?:the )?office|"
    r"automatische antwort|abwesenheit|r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica|"
    r"automatisch antwoord|autosvar|automatiskt svar|odpowied[źz] automatyczna|automatická odpov)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MailHead:
    """The headers that matter. `sender` is one address in lower case, empty where there is none or more than one.

    `not_a_person` says why a mail is no answer; empty where a person may have written it.
    """

    sender: str
    sender_name: str
    thread: Thread
    dated: datetime | None
    not_a_person: str = ""

    @property
    def token(self) -> str | None:
        return self.thread.token


def head_of(raw: bytes, ours: str) -> MailHead:
    """Read the headers at the beginning of `raw`; `ours` is the address that the runner answers to. Never raises."""
    head = BytesHeaderParser(policy=email.policy.compat32).parsebytes(_whole_head(raw))
    sender, name = _sender(head)
    recipients = [
        address.lower()
        for header in ("To", "Cc", "Delivered-To", "X-Original-To")
        for _, address in _addresses(head, header)
    ]
    to_us = [address for address in recipients if email_thread.without_plus(address) == ours.lower()]
    subject = _text(head, "Subject")
    references = email_thread.message_ids(_raw(head, "References"))
    parents = email_thread.message_ids(_raw(head, "In-Reply-To"))
    own_ids = email_thread.message_ids(_raw(head, "Message-ID"))
    thread = Thread(
        message_id=own_ids[0] if own_ids else "",
        references=(references or parents)[-email_thread.MOST_REFERENCES :],
        subject=one_line(subject),
        token=email_thread.token_in(to_us, parents, subject, references),
    )
    return MailHead(sender, name, thread, _date(head), _not_a_person(head, thread, subject))


def _whole_head(raw: bytes) -> bytes:
    """The headers, cut where they are endless: what lies behind is then not read."""
    end = re.search(rb"\r?\n\r?\n", raw[:LARGEST_HEAD_BYTES])
    return raw[: end.end() if end else LARGEST_HEAD_BYTES]


def _not_a_person(head: email.message.Message, thread: Thread, subject: str) -> str:
    if head.get("X-Niggled-Key") is not None or email_thread.is_ours(thread.message_id):
        return "our own"
    kind = head.get_content_type()
    return_path = head.get("Return-Path")
    writer = _raw(head, "From").lower()
    if (
        kind == "multipart/report"
        or (return_path is not None and str(return_path).strip() in ("", "<>"))
        or "X-Failed-Recipients" in head
        or re.search(r"\b(?:mailer-daemon|postmaster)@", writer)
    ):
        return "a bounce"
    precedence = _raw(head, "Precedence").strip().lower()
    if any(name in head for name in ("List-Id", "List-Post", "List-Unsubscribe")) or precedence == "list":
        return "a mailing list"
    submitted = _raw(head, "Auto-Submitted").strip().lower()
    if (
        (submitted and not submitted.startswith("no"))
        or precedence in ("bulk", "junk", "auto_reply")
        or any(name in head for name in ("X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond"))
        or _AUTOMATIC_SUBJECT.match(subject)
    ):
        return "an automatic answer"
    return ""


def _sender(head: email.message.Message) -> tuple[str, str]:
    writers = [(name, address) for name, address in _addresses(head, "From") if address]
    if len(head.get_all("From", [])) != 1 or len(writers) != 1:
        return "", ""
    name, address = writers[0]
    return address.lower(), one_line(_decoded(name), 100)


def _addresses(head: email.message.Message, header: str) -> list[tuple[str, str]]:
    values = [str(value)[:_LONGEST_VALUE] for value in head.get_all(header, [])[:20]]
    try:
        return getaddresses(values)
    except (RecursionError, ValueError, IndexError, MessageError):
        return []


def _raw(head: email.message.Message, header: str) -> str:
    return str(head.get(header, ""))[:_LONGEST_VALUE]


def _text(head: email.message.Message, header: str) -> str:
    return _decoded(_raw(head, header))


def _decoded(value: str) -> str:
    """A header's text with its encoded words in letters; as it stands where that fails."""
    try:
        parts = decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
            for part, charset in parts
        )
    except (ValueError, LookupError, MessageError):
        return value


def _date(head: email.message.Message) -> datetime | None:
    try:
        dated = parsedate_to_datetime(_raw(head, "Date"))
        return (dated if dated.tzinfo else dated.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
