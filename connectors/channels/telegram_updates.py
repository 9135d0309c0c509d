"""What Telegram tells about one thing that happened in a chat, and what it means as an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.channels.contract import Incoming
from connectors.channels.instants import instant
from connectors.channels.telegram import SIGN
from connectors.channels.tokens import parted

START = "/start"
KEPT_FOR = timedelta(hours=24)
_POSITION = re.compile(r"(\d+)/(\d+)/(\d+)")
_TAP, _MESSAGE = "tap", "message"


@dataclass(frozen=True, slots=True)
class Asked:
    """A message of ours as it stands in the chat: its text or, below a picture, its caption."""

    text: str
    entities: list[Any]
    keyboard: Any
    below_picture: bool


def position_of(update_id: int, bot: str, now: datetime) -> str:
    return f"{bot}/{update_id}/{int(now.timestamp())}"


def offset_behind(position: str | None, bot: str, now: datetime) -> int | None:
    """The number of the first update to ask for; None for all that wait.

    Every bot counts for itself, and anew at random after a quiet week; what is older than a day, Telegram has forgotten.
    """
    found = _POSITION.fullmatch(position or "")
    if found is None or found[1] != bot or now.timestamp() - int(found[3]) > KEPT_FOR.total_seconds():
        return None
    return int(found[2]) + 1


def chat_of(message: object) -> int | None:
    chat = message.get("chat") if isinstance(message, dict) else None
    number = chat.get("id") if isinstance(chat, dict) else None
    return number if isinstance(number, int) else None


def read_update(
    update: Mapping[str, Any], position: str, bot: str, chat_id: int, now: datetime
) -> Incoming | None:
    """The answer in an update; None where there is none. Telegram gives taps no time: theirs is `now`."""
    if isinstance(tap := update.get("callback_query"), dict):
        return _tapped(tap, position, chat_id, now)
    if isinstance(message := update.get("message"), dict):
        return _written(message, position, bot, chat_id, now)
    return None


def asked(update: Mapping[str, Any]) -> tuple[str, Asked] | None:
    """The message under which a button was tapped, by its number; None where Telegram does not show it any more."""
    tap = update.get("callback_query")
    message = tap.get("message") if isinstance(tap, dict) else None
    number = message.get("message_id") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(number, int):
        return None
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        if isinstance(message.get(text), str):
            told = message.get(entities)
            return str(number), Asked(
                message[text],
                told if isinstance(told, list) else [],
                message.get("reply_markup"),
                below_picture=text == "caption",
            )
    return None


def tap_of(incoming: Incoming) -> str | None:
    """What a tap is called where it is to be answered; None for a written message."""
    kind, _, number = incoming.id.partition(" ")
    return number if kind == _TAP else None


def written_number(incoming: Incoming) -> int | None:
    """The number of a written message in its chat."""
    kind, _, path = incoming.id.partition(" ")
    number = path.rpartition("/")[2]
    return int(number) if kind == _MESSAGE and number.isdecimal() else None


def _tapped(tap: Mapping[str, Any], position: str, chat_id: int, now: datetime) -> Incoming | None:
    message = tap.get("message")
    if not isinstance(tap.get("id"), str):
        return None
    data = tap.get("data")
    answer = parted(data, SIGN) if isinstance(data, str) else None
    return Incoming(
        id=f"{_TAP} {tap['id']}",
        at=now,
        text=answer[1] if answer is not None else "",
        position=position,
        token=answer[0] if answer is not None else None,
        reference=str(message.get("message_id", "")) if isinstance(message, dict) else "",
        allowed=answer is not None and chat_of(message) == chat_id,
    )


def _written(
    message: Mapping[str, Any], position: str, bot: str, chat_id: int, now: datetime
) -> Incoming | None:
    """Numbers of messages begin anew with every bot, so its own is part of the id."""
    number, chat = message.get("message_id"), chat_of(message)
    if not isinstance(number, int) or chat is None:
        return None
    text = next((message[name] for name in ("text", "caption") if isinstance(message.get(name), str)), "")
    if chat == chat_id and text.partition(" ")[0] == START:
        return None  # sent by the app itself when the chat begins, and after Unblock
    answered = message.get("reply_to_message")
    return Incoming(
        id=f"{_MESSAGE} {bot}/{chat}/{number}",
        at=instant(message.get("date")) or now,
        text=text.removeprefix("/"),
        position=position,
        reference=str(answered.get("message_id", number)) if isinstance(answered, dict) else str(number),
        allowed=chat == chat_id,
    )
