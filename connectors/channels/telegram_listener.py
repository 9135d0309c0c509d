"""Answers from the chat with the bot: buttons that were tapped and words that were written, by long polling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.channels.contract import Incoming
from connectors.channels.telegram import LONGEST_CAPTION, LONGEST_TEXT, answering
from connectors.channels.telegram_api import WHOLE_ANSWER_S, Refused, TelegramApi, TelegramOptions
from connectors.channels.telegram_updates import (
    Asked,
    asked,
    offset_behind,
    position_of,
    read_update,
    tap_of,
    written_number,
)
from connectors.channels.wording import cut, readable, utf16_units

POLL_S = 50
LONGEST_TOAST = 200
# Between a question and what was recorded; a correction replaces all that follows it.
RECORDED = "\n\n→ "
_REMEMBERED = 100


class TelegramListener:
    """Reads what comes to the bot. Only the paired chat is the runner's; anybody can write to a bot.

    Asking for the next one tells Telegram to forget those before it: by then they must be stored. It keeps what nobody
    fetched for 24 hours, and lets one reader only have it.
    """

    def __init__(
        self,
        name: str,
        options: TelegramOptions,
        now: Callable[[], datetime],
        *,
        poll_s: int = POLL_S,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self.name = name
        self._chat_id = options.chat_id
        self._now = now
        self._poll_s = poll_s
        self._api = TelegramApi(name, options.token, now, base_url=options.base_url, whole_s=whole_s)
        self._asked: dict[str, Asked] = {}

    def __repr__(self) -> str:
        return f"TelegramListener({self.name!r})"

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        """As `Listener.listen`; the position names the bot, an update and the time.

        A tap's reference is the number of the question's message (`Receipt.reference`); so is a written message's where
        the runner replied to one, else its own number.
        """
        bot = self._api.bot
        offset = offset_behind(position, bot, self._now())
        while not stop():
            updates = updates_behind(self._api, offset, self._poll_s)
            if not updates:
                offset = None  # those before are forgotten by now, and new ones may have any number
                yield None
            for update in updates:
                offset = update["update_id"] + 1
                self._remember(update)
                now = self._now()
                place = position_of(update["update_id"], bot, now)
                incoming = read_update(update, place, bot, self._chat_id, now)
                if incoming is not None:
                    yield incoming
                if stop():
                    return

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        """Write what was recorded below the question, whose buttons stay for a correction; words get a reply.

        A tap that waited too long for a sign on the screen gets a message as well, unless it is quiet. A stranger gets
        nothing.
        """
        if not incoming.allowed:
            return
        text = readable(text)
        tap = tap_of(incoming)
        if tap is None:
            self._reply(text, written_number(incoming), quiet=quiet)
            return
        seen = self._toast(tap, text)
        if not self._recorded(incoming.reference, text) or not (seen or quiet):
            number = int(incoming.reference) if incoming.reference.isdecimal() else None
            self._reply(text, number, quiet=quiet)

    def _remember(self, update: dict[str, Any]) -> None:
        if (found := asked(update)) is not None:
            number, message = found
            self._asked.pop(number, None)
            self._asked[number] = message
            while len(self._asked) > _REMEMBERED:
                del self._asked[next(iter(self._asked))]

    def _toast(self, tap: str, text: str) -> bool:
        """Stop the button from spinning; whether the phone was still waiting for that."""
        content = {"callback_query_id": tap, "text": cut(text, LONGEST_TOAST, utf16_units)}
        try:
            self._api.call("answerCallbackQuery", content)
        except Refused:
            return False
        return True

    def _recorded(self, reference: str, text: str) -> bool:
        """Whether `text` now stands below the question."""
        message = self._asked.get(reference)
        if message is None:
            return False
        question = message.text.partition(RECORDED)[0]
        told = question + RECORDED + text
        if utf16_units(told) > (LONGEST_CAPTION if message.below_picture else LONGEST_TEXT):
            return False
        kind, names = ("Caption", "caption") if message.below_picture else ("Text", "text")
        content = {
            "chat_id": self._chat_id,
            "message_id": int(reference),
            names: told,
            "caption_entities" if message.below_picture else "entities": _within(message.entities, question),
            "reply_markup": message.keyboard,
        }
        try:
            self._api.call(f"editMessage{kind}", {name: value for name, value in content.items() if value})
        except Refused as refused:
            return "not modified" in refused.said
        self._asked[reference] = replace(message, text=told)
        return True

    def _reply(self, text: str, number: int | None, *, quiet: bool) -> None:
        content: dict[str, Any] = {
            "chat_id": self._chat_id,
            "text": cut(text, LONGEST_TEXT, utf16_units),
            "disable_notification": quiet,
            "link_preview_options": {"is_disabled": True},
        }
        self._api.call("sendMessage", content | (answering(number) if number is not None else {}))


def updates_behind(api: TelegramApi, offset: int | None, poll_s: int) -> list[dict[str, Any]]:
    """The next updates from number `offset` on, waiting up to `poll_s` seconds for one."""
    content: dict[str, Any] = {"timeout": poll_s, "allowed_updates": ["message", "callback_query"]}
    updates = api.call(
        "getUpdates", content if offset is None else content | {"offset": offset}, wait_s=poll_s
    )
    if not isinstance(updates, list) or not all(
        isinstance(update, dict) and isinstance(update.get("update_id"), int) for update in updates
    ):
        raise api.nonsense()
    return updates


def _within(entities: list[Any], text: str) -> list[Any]:
    """The marks (bold) that lie in `text`."""
    length = utf16_units(text)
    return [
        mark
        for mark in entities
        if isinstance(mark, dict)
        and isinstance(mark.get("offset"), int)
        and isinstance(mark.get("length"), int)
        and mark["offset"] + mark["length"] <= length
    ]
