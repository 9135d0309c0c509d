"""Finding the runner's chat: whoever sends the bot the code that setup shows is the runner."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.channels.telegram_api import BASE_URL, TelegramApi
from connectors.channels.telegram_listener import POLL_S, updates_behind
from connectors.channels.telegram_updates import START, chat_of

LINK_BASE = "https://t.me"


def new_pairing_code() -> str:
    """A code that nobody guesses (128 random bits), fit for `/start <code>` and for a link."""
    return secrets.token_urlsafe(16)


def pairing_link(
    name: str, token: str, code: str, now: Callable[[], datetime], *, base_url: str = BASE_URL
) -> str:
    """The link that opens the chat with the bot and sends the code. Raises as `TelegramApi.call`."""
    api = TelegramApi(name, token, now, base_url=base_url)
    me = api.call("getMe", {})
    if not isinstance(me, dict) or not isinstance(me.get("username"), str):
        raise api.nonsense()
    return f"{LINK_BASE}/{me['username']}?start={code}"


def paired_chat(
    name: str,
    token: str,
    code: str,
    now: Callable[[], datetime],
    stop: Callable[[], bool],
    *,
    base_url: str = BASE_URL,
    poll_s: int = POLL_S,
) -> int | None:
    """Wait until somebody sends `/start <code>` in a private chat, and say which; None where `stop` ended it.

    What else is sent to the bot meanwhile is passed over. Raises as `TelegramApi.call`.
    """
    api = TelegramApi(name, token, now, base_url=base_url)
    offset = None
    while not stop():
        for update in updates_behind(api, offset, poll_s):
            offset = update["update_id"] + 1
            if (chat := _who_sent(code, update)) is not None:
                return chat
    return None


def _who_sent(code: str, update: Mapping[str, Any]) -> int | None:
    message = update.get("message")
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        return None
    command, _, told = message["text"].partition(" ")
    chat = message.get("chat")
    private = isinstance(chat, dict) and chat.get("type") == "private"
    right = hmac.compare_digest(told.strip().encode("utf-8", "replace"), code.encode())
    return chat_of(message) if command == START and private and right else None
