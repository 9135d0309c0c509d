"""A stand-in for the Telegram Bot API, by its documentation and PROTOCOLS 2: chats with one bot, and what people do there."""

from __future__ import annotations

import itertools
import json
import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from fakes.clock import time_now
from fakes.receiver import Received, Receiver, Trouble

TOKEN = "8134567890:AAF-x_secret_token_0123456789abcdefg"
USERNAME = "the_knee_bot"
KEPT_FOR = timedelta(hours=24)
TEXT_LIMIT, CAPTION_LIMIT, BUTTON_LIMIT_BYTES, TOAST_LIMIT = 4096, 1024, 64, 200
RUNNER, STRANGER = 4711, 666
BLOCKED = "Forbidden: bot was blocked by the user"
OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@dataclass(slots=True)
class Tap:
    """`toast` is what the phone showed when the bot answered; None as long as the button spins."""

    id: str
    toast: str | None = None
    expired: bool = False


class Chat:
    """One person's chat with the bot; `messages` are the bot's, as they stand now."""

    def __init__(self, server: TelegramServer, number: int, kind: str = "private") -> None:
        self.number = number
        self.blocked = False
        self.kind = kind
        self.taps: list[Tap] = []
        self._server = server
        self._numbers = itertools.count(1)
        self.all: dict[int, dict[str, Any]] = {}

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for message in self.all.values() if message["from"]["is_bot"]]

    def next_number(self) -> int:
        return next(self._numbers)

    def write(self, text: str, reply_to: dict[str, Any] | None = None) -> None:
        self.post({"text": text}, reply_to)

    def post(self, content: dict[str, Any], reply_to: dict[str, Any] | None = None) -> None:
        """Any kind of message, a voice or a sticker for instance."""
        message = self._server.message(self, is_bot=False) | content
        if reply_to is not None:
            message["reply_to_message"] = shown(reply_to)
        self.all[message["message_id"]] = message
        self._server.happen({"message": message})

    def labels(self, message: dict[str, Any]) -> list[list[str]]:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        return [[button["text"] for button in row] for row in rows]

    def tap(self, message: dict[str, Any], label: str) -> Tap:
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
        return self.tap_data(message, data)

    def tap_data(self, message: dict[str, Any], data: str, *, told: bool = True) -> Tap:
        """What a client of one's own can send. `told` False: the message is too old, Telegram leaves its text out."""
        tap = Tap(f"{self.number}{len(self.taps):06d}")
        self.taps.append(tap)
        seen = {"message_id": message["message_id"], "chat": message["chat"], "date": 0}
        self._server.happen(
            {
                "callback_query": {
                    "id": tap.id,
                    "from": self.person(),
                    "chat_instance": "1",
                    "data": data,
                    "message": shown(message) if told else seen,
                }
            }
        )
        return tap

    def person(self) -> dict[str, Any]:
        return {"id": self.number, "is_bot": False, "first_name": "Somebody"}


@dataclass(slots=True)
class _Update:
    number: int
    at: datetime
    content: dict[str, Any] = field(repr=False)


class TelegramServer(Receiver):
    """`runner` and `stranger` are two chats. `fail` makes calls of one method go wrong. `webhook`: the bot has one."""

    def __init__(self, *, now: Callable[[], datetime] = time_now) -> None:
        super().__init__()
        self.token = TOKEN
        self.webhook = False
        self.retry_after_s = 7
        self.offsets: list[int | None] = []
        self.runner = Chat(self, RUNNER)
        self.stranger = Chat(self, STRANGER)
        self._now = now
        self._chats = {RUNNER: self.runner, STRANGER: self.stranger}
        self._updates: list[_Update] = []
        self._numbers = itertools.count(700_000_001)
        self._happened = threading.Condition()
        self._pollers = 0
        self._polls = 0
        self._method_troubles: dict[str, deque[Trouble]] = {}

    def fail(self, method: str, *troubles: Trouble) -> None:
        with self._lock:
            self._method_troubles.setdefault(method, deque()).extend(troubles)

    def forgive(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._method_troubles.clear()

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The contents of all calls of a method that were accepted."""
        return [_content(each) for each in self.received if _method(each) == method]

    def group(self, number: int) -> Chat:
        """A group that the bot was added to."""
        self._chats[number] = Chat(self, number, "group")
        return self._chats[number]

    def count_anew(self, first: int) -> None:
        """After a quiet week the numbers of updates go on from anywhere."""
        self._numbers = itertools.count(first)

    def wait_for_poller(self, polls: int = 1) -> None:
        with self._happened:
            assert self._happened.wait_for(lambda: self._polls >= polls, timeout=60.0), "nobody polls"

    def message(self, chat: Chat, *, is_bot: bool) -> dict[str, Any]:
        bot = {"id": int(self.token.partition(":")[0]), "is_bot": True, "first_name": "niggled"}
        return {
            "message_id": chat.next_number(),
            "date": int(self._now().timestamp()),
            "chat": {"id": chat.number, "type": chat.kind},
            "from": bot if is_bot else chat.person(),
        }

    def happen(self, content: dict[str, Any]) -> None:
        with self._happened:
            self._updates.append(_Update(next(self._numbers), self._now(), deepcopy(content)))
            self._happened.notify_all()

    def trouble_for(self, received: Received) -> Trouble | None:
        waiting = self._method_troubles.get(_method(received))
        return waiting.popleft() if waiting else super().trouble_for(received)

    def refusal(self, status: int) -> dict[str, Any]:
        words = {401: "Unauthorized", 403: BLOCKED, 404: "Not Found", 409: OTHER_POLLER}
        told = {"ok": False, "error_code": status, "description": words.get(status, "refused")}
        if status == 429:
            told["description"] = f"Too Many Requests: retry after {self.retry_after_s}"
            told["parameters"] = {"retry_after": self.retry_after_s}
        return told

    def answer(self, received: Received) -> tuple[int, dict[str, Any]]:
        if not received.path.startswith(f"/bot{self.token}/"):
            return 401, self.refusal(401)
        content = _content(received)
        match _method(received):
            case "getMe":
                return _good({"id": 1, "is_bot": True, "username": USERNAME})
            case "getUpdates":
                return self._poll(content)
            case "sendMessage":
                return self._send(content, "text", TEXT_LIMIT)
            case "sendPhoto":
                if not content["photo"].startswith(b"\x89PNG"):
                    return _bad("IMAGE_PROCESS_FAILED")
                return self._send(content, "caption", CAPTION_LIMIT)
            case "editMessageText":
                return self._edit(content, "text", TEXT_LIMIT)
            case "editMessageCaption":
                return self._edit(content, "caption", CAPTION_LIMIT)
            case "answerCallbackQuery":
                tap = self._tap(content["callback_query_id"])
                if tap is None or tap.expired:
                    return 400, {"ok": False, "error_code": 400, "description": TOO_OLD}
                return _good(True) if _length(content.get("text", "")) <= TOAST_LIMIT else _bad("too long")
        return 404, self.refusal(404)

    def take(self, received: Received, answer: dict[str, Any]) -> None:
        content, result = _content(received), answer.get("result")
        match _method(received):
            case "sendMessage" | "sendPhoto" if isinstance(result, dict):
                silent = {"silent": content.get("disable_notification", False)}
                self._chats[content["chat_id"]].all[result["message_id"]] = result | silent
            case "editMessageText" | "editMessageCaption" if isinstance(result, dict):
                message = self._chats[content["chat_id"]].all[result["message_id"]]
                for name in ("reply_markup", "entities", "caption_entities"):
                    message.pop(name, None)
                message |= result
            case "answerCallbackQuery":
                tap = self._tap(content["callback_query_id"])
                assert tap is not None
                tap.toast, tap.expired = content.get("text", ""), True

    def _poll(self, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Offset confirms what is before it; the second of two pollers ends the first."""
        if self.webhook:
            told = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            return 409, {"ok": False, "error_code": 409, "description": told}
        offset = content.get("offset")
        with self._happened:
            self.offsets.append(offset)
            self._pollers += 1
            self._polls += 1
            mine = self._pollers
            self._happened.notify_all()
            if offset is not None:
                self._updates = [update for update in self._updates if update.number >= offset]
            self._happened.wait_for(
                lambda: self._waiting() or self._pollers != mine or self.closing.is_set(),
                timeout=content.get("timeout", 0),
            )
            if self._pollers != mine:
                return 409, self.refusal(409)
            told = [{"update_id": update.number, **update.content} for update in self._waiting()]
            return _good(told[: content.get("limit", 100)])

    def _waiting(self) -> list[_Update]:
        return [update for update in self._updates if self._now() - update.at < KEPT_FOR]

    def _send(self, content: dict[str, Any], kind: str, limit: int) -> tuple[int, dict[str, Any]]:
        chat = self._chats.get(content["chat_id"])
        if chat is None:
            return _bad("chat not found")
        if chat.blocked:
            return 403, self.refusal(403)
        if wrong := _wrong(content, kind, limit):
            return _bad(wrong)
        message = self.message(chat, is_bot=True) | _kept(content, kind)
        if kind == "caption":
            message["photo"] = [{"file_id": "1", "width": 640, "height": 320}]
        number = content.get("reply_parameters", {}).get("message_id")
        if number is not None and number in chat.all:
            message["reply_to_message"] = shown(chat.all[number])
        return _good(message)

    def _edit(self, content: dict[str, Any], kind: str, limit: int) -> tuple[int, dict[str, Any]]:
        chat = self._chats[content["chat_id"]]
        message = chat.all.get(content["message_id"])
        if message is None or not message["from"]["is_bot"] or kind not in message:
            return _bad("message to edit not found")
        if wrong := _wrong(content, kind, limit):
            return _bad(wrong)
        changed = _kept(content, kind)
        if changed == _kept(message, kind):
            return _bad("message is not modified: specified new message content is the same")
        return _good({"message_id": message["message_id"], **changed})

    def _tap(self, number: str) -> Tap | None:
        return next((tap for chat in self._chats.values() for tap in chat.taps if tap.id == number), None)


def shown(message: dict[str, Any]) -> dict[str, Any]:
    """A message as an update tells it."""
    return {name: value for name, value in message.items() if name != "silent"}


def _method(received: Received) -> str:
    return received.path.rpartition("/")[2]


def _content(received: Received) -> dict[str, Any]:
    kind = received.headers.get("Content-Type", "")
    if not kind.startswith("multipart/form-data"):
        return received.json()
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + received.body, policy=policy.default)
    content: dict[str, Any] = {}
    for part in form.iter_parts():
        assert isinstance(part, EmailMessage)
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(value, bytes)
        content[name] = value if name == "photo" else value.decode()
    for name in content.keys() - {"photo", "caption"}:
        content[name] = json.loads(content[name])
    return content


def _kept(content: dict[str, Any], kind: str) -> dict[str, Any]:
    names = (kind, "entities" if kind == "text" else "caption_entities", "reply_markup")
    return {name: content[name] for name in names if name in content}


def _wrong(content: dict[str, Any], kind: str, limit: int) -> str:
    text = content.get(kind, "")
    if not text and kind == "text":
        return "message text is empty"
    if _length(text) > limit:
        return f"message {kind} is too long"
    for row in content.get("reply_markup", {}).get("inline_keyboard", []):
        for button in row:
            if not 1 <= len(button["callback_data"].encode()) <= BUTTON_LIMIT_BYTES:
                return "BUTTON_DATA_INVALID"
    return ""


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _good(result: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": result}


def _bad(words: str) -> tuple[int, dict[str, Any]]:
    return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {words}"}
