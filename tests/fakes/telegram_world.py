"""A bot on loopback with the channel and the listener of one runner, and a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fakes.telegram import RUNNER, TOKEN, TelegramServer

from connectors.channels.contract import Incoming, OutgoingMessage, Question
from connectors.channels.telegram import TelegramChannel
from connectors.channels.telegram_api import TelegramOptions
from connectors.channels.telegram_listener import TelegramListener

NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)
TOKEN_OF_QUESTION = "K7Q2MXHB4T"
QUESTION = "Knee?\n6.1 km. Worst knee pain, 0–10?"
TOLD = "4 noted. Next: from Thursday, up to 8.0 km."


class World:
    """A bot, the channel and the listener of one runner, and a clock that stands still."""

    def __init__(self, server: TelegramServer) -> None:
        self.server = server
        self.options = TelegramOptions(TOKEN, RUNNER, server.base_url)
        self.now = NOON
        self.channel = TelegramChannel("chat", self.options, lambda: self.now)
        self.listener = self.new_listener()

    def new_listener(self, poll_s: int = 0) -> TelegramListener:
        return TelegramListener("chat", self.options, lambda: self.now, poll_s=poll_s, whole_s=5.0)

    def ask(self, token: str = TOKEN_OF_QUESTION) -> dict[str, Any]:
        title, _, body = QUESTION.partition("\n")
        self.channel.send(OutgoingMessage("key", title, body, Question(token, scale=True)))
        return self.server.runner.messages[-1]

    def heard(self, position: str | None = None) -> list[Incoming]:
        """All that waits."""
        heard: list[Incoming] = []
        for one in self.listener.listen(position, lambda: False):
            if one is None:
                break
            heard.append(one)
        return heard
