"""A stand-in for an ntfy server, by the rules of PROTOCOLS 1: publishing as JSON to the root or as a post to a topic."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from fakes.receiver import Received, Receiver

TOPIC = re.compile(r"^[-_A-Za-z0-9]{1,64}$")
MESSAGE_LIMIT_BYTES = 4096


class NtfyServer(Receiver):
    """`messages` are what a phone subscribed to any topic would have shown."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)

    @property
    def url(self) -> str:
        return f"ntfy://127.0.0.1:{self.port}/knee"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [published(each) for each in self.received]

    def answer(self, received: Received) -> tuple[int, dict[str, Any]]:
        try:
            message = published(received)
        except ValueError:
            return 400, self.error(40024, 400, "invalid request: request body must be message JSON")
        if not TOPIC.match(str(message.get("topic", ""))):
            return 400, self.error(40009, 400, "invalid topic")
        if len(str(message.get("message", "")).encode()) > MESSAGE_LIMIT_BYTES:
            return 413, self.error(41301, 413, "message too large")
        return 200, {"id": f"m{next(self._ids)}", "event": "message", **message}

    def refusal(self, status: int) -> dict[str, Any]:
        return self.error(status * 100 + 1, status, "refused")

    @staticmethod
    def error(code: int, status: int, text: str) -> dict[str, Any]:
        return {"code": code, "http": status, "error": text, "link": "https://ntfy.sh/docs"}


def published(received: Received) -> dict[str, Any]:
    """Topic, title and message of one post. Raises ValueError where ntfy would not understand it."""
    topic = received.path.partition("?")[0].strip("/")
    if topic:
        title = received.headers.get("X-Title", received.headers.get("Title", ""))
        return {"topic": topic, "title": title, "message": received.body.decode()}
    content = json.loads(received.body)
    if not isinstance(content, dict):
        raise ValueError("not a message")  # noqa: TRY004 - one kind of error for "ntfy would refuse it"
    return content
