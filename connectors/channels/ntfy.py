"""ntfy: alerts on the lock screen with up to three buttons, whose answers come back on a topic of their own."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.channels.contract import OutgoingMessage, Question, Receipt
from connectors.channels.ntfy_server import WHOLE_ANSWER_S, Login, NtfyServer
from connectors.channels.tokens import marked
from connectors.channels.wording import cut, readable, utf8_bytes
from connectors.errors import Broken

SIGN = "."
QUIET, NORMAL, URGENT = 2, 3, 4
# A message that fills the server's 4,096 bytes becomes an attachment, which the lock screen does not show.
LONGEST_MESSAGE_BYTES = 4_095
LONGEST_TITLE_BYTES = 250
# The server reads no more than twice its message limit, buttons included.
LONGEST_JSON_BYTES = 8_192
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOPIC_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TOPIC_CHARACTERS = 26


@dataclass(frozen=True, slots=True)
class NtfyOptions:
    """Where alerts go and answers come back. On a public server the name of a topic is its password.

    The phone posts answers to `reply_topic` by itself, at `phone_server` where that is not `server` (a server that this
    machine reaches as localhost), and with `reply_token` where posting needs a login: it travels to the phone in every
    question, so it must be one that may only write to that topic. Without `reply_topic` there are no buttons.
    """

    topic: str = field(repr=False)
    reply_topic: str | None = field(default=None, repr=False)
    server: str = field(default="https://ntfy.sh", repr=False)
    phone_server: str | None = field(default=None, repr=False)
    login: Login = field(default_factory=Login)
    reply_token: str | None = field(default=None, repr=False)


def new_topic() -> str:
    """The name of a topic that nobody guesses (130 random bits)."""
    return "".join(secrets.choice(_TOPIC_ALPHABET) for _ in range(_TOPIC_CHARACTERS))


def is_secret(topic: str) -> bool:
    """Whether a topic's name is long enough to be a secret of 128 bits."""
    return len(topic) >= 22


def check(name: str, options: NtfyOptions) -> None:
    """Raises Broken for options that cannot work, with the cure. Nothing is sent."""
    cure = f"Correct channel {name}, then run `niggled test-alert {name}`."
    for server in (options.server, options.phone_server or options.server):
        if urlsplit(server).scheme not in {"http", "https"} or not urlsplit(server).netloc:
            raise Broken(f"{name} (ntfy): `server` must be an address like https://ntfy.sh. {cure}")
    for topic in (options.topic, options.reply_topic or options.topic):
        if not _TOPIC.fullmatch(topic):
            raise Broken(f"{name} (ntfy): a topic is 1 to 64 letters, digits, `-` and `_`. {cure}")
    if options.reply_topic == options.topic:
        raise Broken(
            f"{name} (ntfy): `reply_topic` must not be `topic`, or alerts would be read as answers. {cure}"
        )


class NtfyChannel:
    """Publishes to one topic; `name` is what the configuration calls it. A picture stays behind: its numbers are in
    the text."""

    def __init__(
        self,
        name: str,
        options: NtfyOptions,
        now: Callable[[], datetime],
        *,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self.name = name
        self._options = options
        self._now = now
        self._server = NtfyServer(name, options.server, options.login, now, whole_s=whole_s)

    def __repr__(self) -> str:
        return f"NtfyChannel({self.name!r})"

    def send(self, message: OutgoingMessage) -> Receipt:
        """Publish one message; the receipt's reference is its id on the server. Raises as `Channel.send`."""
        check(self.name, self._options)
        began = self._now()
        published = self._server.publish(content_of(message, self._options))
        return Receipt("ntfy", (self._now() - began).total_seconds(), reference=published)


def content_of(message: OutgoingMessage, options: NtfyOptions) -> bytes:
    """The message as ntfy takes it, cut to its limits."""
    text = readable(message.body or message.title)
    content: dict[str, Any] = {
        "topic": options.topic,
        "title": cut(readable(message.title), LONGEST_TITLE_BYTES, utf8_bytes),
        "message": cut(text, LONGEST_MESSAGE_BYTES, utf8_bytes),
        "priority": URGENT if message.urgent else QUIET if message.quiet else NORMAL,
    }
    if message.question is not None:
        content |= _answerable(message.question, options)
    if (excess := len(_json(content)) - LONGEST_JSON_BYTES) > 0:
        content["message"] = cut(text, LONGEST_MESSAGE_BYTES - excess, utf8_bytes)
    return _json(content)


def _answerable(question: Question, options: NtfyOptions) -> dict[str, Any]:
    """Buttons that make the phone post the answer, and the page behind the message."""
    content: dict[str, Any] = {}
    if question.link is not None:
        content["click"] = question.link
    if options.reply_topic is not None and question.choices:
        address = (options.phone_server or options.server).rstrip("/")
        login = {"headers": {"Authorization": f"Bearer {options.reply_token}"}} if options.reply_token else {}
        content["actions"] = [
            {
                "action": "http",
                "label": readable(choice.label),
                "url": f"{address}/{options.reply_topic}",
                "method": "POST",
                "body": marked(question.token, choice.answer, SIGN),
                "clear": True,
                **login,
            }
            for choice in question.choices
        ]
    return content


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
