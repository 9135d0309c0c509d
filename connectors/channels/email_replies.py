"""A mail that the runner sent, read: which question it answers, and the bare answer."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.channels.email_answer import bare_answer
from connectors.channels.email_head import LARGEST_HEAD_BYTES, MailHead, head_of
from connectors.channels.email_text import text_of


@dataclass(frozen=True, slots=True)
class Reply:
    """One incoming mail. `text` is the bare answer; `ignored` says why the mail is no answer at all, else it is empty."""

    text: str
    token: str | None
    sender: str
    ignored: str
    head: MailHead

    @property
    def automatic(self) -> bool:
        """Whether a machine wrote it: a bounce, an absence note, a mailing list, ourselves."""
        return bool(self.head.not_a_person)


def reply_of(raw: bytes, ours: str) -> Reply:
    """Read one mail, or the beginning of it; `ours` is the address that the runner answers to. Never raises."""
    head = head_of(raw, ours)
    ignored = head.not_a_person or ("" if _has_an_end(raw) else "unreadable")
    text = None if ignored else text_of(raw)
    if text is None:
        return Reply("", head.token, head.sender, ignored or "unreadable", head)
    local, _, _ = ours.partition("@")
    answer = bare_answer(_storable(text), (ours, local), head.sender_name)
    return Reply(answer, head.token, head.sender, "", head)


def _has_an_end(raw: bytes) -> bool:
    """Whether the headers end somewhere: a mail without is no mail."""
    beginning = raw[:LARGEST_HEAD_BYTES]
    return b"\n\n" in beginning or b"\r\n\r\n" in beginning


def _storable(text: str) -> str:
    """Whole characters, and none that a database cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
