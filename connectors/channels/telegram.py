"""Telegram: a chat with the runner's own bot, with the whole scale as buttons under the question.

Such chats are not end-to-end encrypted: Telegram can read them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors.channels.contract import OutgoingMessage, Question, Receipt
from connectors.channels.telegram_api import WHOLE_ANSWER_S, Refused, TelegramApi, TelegramOptions
from connectors.channels.tokens import marked
from connectors.channels.wording import cut, readable, utf8_bytes, utf16_units
from connectors.errors import Broken, ConnectorError

SIGN = ":"
LONGEST_TEXT = 4_096
LONGEST_CAPTION = 1_024
LONGEST_BUTTON_BYTES = 64
LONGEST_TITLE = 250
_SCALE = (range(6), range(6, 11))


class TelegramChannel:
    """Sends to one chat; `name` is what the configuration calls it."""

    def __init__(
        self,
        name: str,
        options: TelegramOptions,
        now: Callable[[], datetime],
        *,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self.name = name
        self._chat_id = options.chat_id
        self._now = now
        self._api = TelegramApi(name, options.token, now, base_url=options.base_url, whole_s=whole_s)

    def __repr__(self) -> str:
        return f"TelegramChannel({self.name!r})"

    def send(self, message: OutgoingMessage) -> Receipt:
        """Send one message; the receipt's reference is its number in the chat. Raises as `Channel.send`.

        A picture that Telegram does not take is left out: its numbers are in the text.
        """
        began = self._now()
        detail = ""
        text = text_of(message)
        if message.picture is not None and utf16_units(text) <= LONGEST_CAPTION:
            try:
                number = self._photo(message.picture.png, self._content(message, text, "caption"))
            except Refused:
                number, detail = self._text(message, text), "without its picture"
        else:
            number = self._text(message, text)
            if message.picture is not None and not self._illustrated(message, number):
                detail = "without its picture"
        elapsed_s = (self._now() - began).total_seconds()
        return Receipt("Telegram", elapsed_s, detail=detail, reference=str(number))

    def _text(self, message: OutgoingMessage, text: str) -> int:
        content = self._content(message, cut(text, LONGEST_TEXT, utf16_units), "text")
        return number_of(self._api, self._api.call("sendMessage", content))

    def _photo(self, png: bytes, content: dict[str, Any]) -> int:
        return number_of(self._api, self._api.call("sendPhoto", content, photo=png))

    def _illustrated(self, message: OutgoingMessage, number: int) -> bool:
        """Whether the picture could be sent below its text; without it the message is still whole."""
        assert message.picture is not None  # noqa: S101 - asked by the caller
        content = {"chat_id": self._chat_id, "disable_notification": True} | answering(number)
        try:
            self._photo(message.picture.png, content)
        except ConnectorError:
            return False
        return True

    def _content(self, message: OutgoingMessage, text: str, kind: str) -> dict[str, Any]:
        content: dict[str, Any] = {
            "chat_id": self._chat_id,
            kind: text,
            "disable_notification": message.quiet,
        }
        if kind == "text":
            content["link_preview_options"] = {"is_disabled": True}
        if title := _title(message):
            name = "entities" if kind == "text" else "caption_entities"
            content[name] = [{"type": "bold", "offset": 0, "length": utf16_units(title)}]
        if message.question is not None and (rows := keyboard(self.name, message.question)):
            content["reply_markup"] = {"inline_keyboard": rows}
        if message.reply_to is not None and message.reply_to.isdecimal():
            content |= answering(int(message.reply_to))
        return content


def text_of(message: OutgoingMessage) -> str:
    """Title and body, and the link where there are no buttons to answer with."""
    question = message.question
    link = question.link if question is not None and not question.scale and not question.choices else None
    parts = (_title(message), readable(message.body), link)
    return "\n".join(part for part in parts if part)


def keyboard(name: str, question: Question) -> list[list[dict[str, str]]]:
    """Rows of buttons: 0 to 5, 6 to 10, then the choices. Raises Broken for an answer that no button can carry."""
    rows = [[(str(number), str(number)) for number in row] for row in _SCALE] if question.scale else []
    if question.choices:
        rows.append([(choice.label, choice.answer) for choice in question.choices])
    buttons = [
        [
            {"text": readable(label), "callback_data": marked(question.token, answer, SIGN)}
            for label, answer in row
        ]
        for row in rows
    ]
    if any(utf8_bytes(button["callback_data"]) > LONGEST_BUTTON_BYTES for row in buttons for button in row):
        raise Broken(f"{name} (Telegram): an answer is too long for a button.")
    return buttons


def answering(number: int) -> dict[str, Any]:
    """What makes a message the reply to another one of the chat, if that is still there."""
    return {"reply_parameters": {"message_id": number, "allow_sending_without_reply": True}}


def number_of(api: TelegramApi, message: object) -> int:
    """The number of a message in its chat. Raises Broken where there is none."""
    number = message.get("message_id") if isinstance(message, dict) else None
    if not isinstance(number, int):
        raise api.nonsense()
    return number


def _title(message: OutgoingMessage) -> str:
    return cut(readable(message.title), LONGEST_TITLE, utf16_units).strip()
