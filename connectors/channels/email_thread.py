"""How a mail says which question it belongs to: a token in the Message-ID, in a plus-address and in the subject.

An answer brings back at least one of them: clients copy our Message-ID into In-Reply-To, write to the address in Reply-To,
and keep the subject.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

TOKEN = "[A-Z2-7]{10}"  # noqa: S105  a pattern
LONGEST_SUBJECT = 200
MOST_REFERENCES = 20

_IN_SUBJECT = re.compile(rf"\[nig-({TOKEN})\]", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"\+({TOKEN})@", re.IGNORECASE)
_OUR_MESSAGE_ID = re.compile(rf"<nig-(?:({TOKEN})-)?[0-9a-f]{{24}}@[^<>\s]+>", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_RE = re.compile(r"^(?:(?:re|aw|sv|antw|rif|odp|vs|r)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Thread:
    """What an answer to a mail needs to know of it: its own id, the ids before it, its subject, the question's token."""

    message_id: str
    references: tuple[str, ...]
    subject: str
    token: str | None

    def as_reference(self) -> str:
        """One string, as `Incoming.reference` keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def chain(self) -> tuple[str, ...]:
        """The ids that an answer refers to, oldest first: the beginning and the latest of them."""
        ids = tuple(dict.fromkeys((*self.references, self.message_id)))
        ids = tuple(one for one in ids if one)
        return ids if len(ids) <= MOST_REFERENCES else (ids[0], *ids[1 - MOST_REFERENCES :])


def thread_of(reference: str | None) -> Thread | None:
    """What `Thread.as_reference` wrote; None for anything else."""
    try:
        content = json.loads(reference or "")
        ids = [content["message_id"], *content["references"]]
        subject, token = content["subject"], content["token"]
    except (ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(one, str) for one in (*ids, subject)):
        return None
    if token is not None and not re.fullmatch(TOKEN, str(token)):
        return None
    message_id, *references = (one if _MESSAGE_ID.fullmatch(one) else "" for one in ids)
    return Thread(message_id, tuple(one for one in references if one), one_line(subject), token)


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """Text that is safe in a header: one line, nothing invisible, of bearable length."""
    visible = _INVISIBLE.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))
    return " ".join(visible.split())[:longest].rstrip()


def message_id(key: str, token: str | None, sender: str, recipient: str) -> str:
    """The same for every attempt at the same message, so that mailboxes show a repeat once."""
    digest = hashlib.sha256("\0".join((key, sender, recipient)).encode("utf-8", "replace")).hexdigest()[:24]
    mark = f"{token}-" if token else ""
    return f"<nig-{mark}{digest}@{sender.rpartition('@')[2]}>"


def is_ours(message_id: str) -> bool:
    """Whether one of our mails has this Message-ID."""
    return _OUR_MESSAGE_ID.fullmatch(message_id.strip()) is not None


def message_ids(text: str) -> tuple[str, ...]:
    """The ids in a References or In-Reply-To header, in its order."""
    return tuple(_MESSAGE_ID.findall(text))


def with_plus(address: str, token: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def without_plus(address: str) -> str:
    """The mailbox behind an address that carries one of our tokens, in lower case."""
    return _IN_ADDRESS.sub("@", address).lower()


def with_token(subject: str, token: str) -> str:
    return f"{subject} [nig-{token}]".lstrip()


def without_token(subject: str) -> str:
    """The subject without answer marks and our token, as it was first written."""
    return one_line(_RE.sub("", _IN_SUBJECT.sub("", subject).strip()))


def token_in(
    addresses: Iterable[str], in_reply_to: Iterable[str], subject: str, references: Iterable[str]
) -> str | None:
    """The token that a mail carries, from the surest place that has one. `addresses` are ways of writing ours."""
    found = [
        *(_IN_ADDRESS.search(address) for address in addresses),
        *(_OUR_MESSAGE_ID.fullmatch(one) for one in in_reply_to),
        _IN_SUBJECT.search(subject),
        *(_OUR_MESSAGE_ID.fullmatch(one) for one in reversed(list(references))),
    ]
    return next((str(match[1]).upper() for match in found if match is not None and match[1]), None)
