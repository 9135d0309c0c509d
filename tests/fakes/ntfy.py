"""A stand-in for an ntfy server, by the rules of PROTOCOLS 1: publishing as JSON to the root or as a post to a topic,
subscribing by stream and by poll with `since`, and what a phone does with the buttons of a message."""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from fakes.clock import time_now
from fakes.receiver import Received, Receiver, Trouble

TOPIC = re.compile(r"^[-_A-Za-z0-9]{1,64}$")
MESSAGE_ID = re.compile(r"^[A-Za-z0-9]{12}$")
MESSAGE_LIMIT_BYTES = 4096
KEPT_FOR = timedelta(hours=12)
KEEPALIVE_S = 45.0
PHONE_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One subscription as it was asked for."""

    topics: str
    since: str
    poll: bool


class NtfyServer(Receiver):
    """`messages` are what a phone subscribed to any topic would have shown; `asked` are the subscriptions so far.

    `buffered`: a proxy in front holds streams back until they end. `requests_left`: more than so many are refused.
    """

    def __init__(self, *, now: Callable[[], datetime] = time_now, keepalive_s: float = KEEPALIVE_S) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.buffered = False
        self.requests_left: int | None = None
        self._now = now
        self._keepalive_s = keepalive_s
        self._ids = itertools.count(1)
        self._kept: list[dict[str, Any]] = []
        self._rights: dict[str, str] = {"": "rw"}
        self._news = threading.Condition()
        self._streams = 0
        self._cuts = 0
        self._cut_in_line = False
        self._stream_troubles: deque[Trouble] = deque()

    @property
    def url(self) -> str:
        return f"ntfy://127.0.0.1:{self.port}/knee"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [published(each) for each in self.received]

    def allow_only(self, rights: Mapping[str, str]) -> None:
        """Close the server to all but these, each with "r", "w" or "rw": tokens, and `user:password`."""
        self._rights = {_credentials(who): right for who, right in rights.items()}

    def fail_next_subscription(self, *troubles: Trouble) -> None:
        """The next streams or polls go wrong, in this order."""
        self._stream_troubles.extend(troubles)

    def refuse_next(self, code: int, **headers: str) -> None:
        """The next post is refused with ntfy's own number."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.fail_next(Trouble(status=code // 100, code=code, headers=named))

    def press(self, message: dict[str, Any], label: str) -> int:
        """What a phone does when the button with this label is pressed: the status it gets."""
        action = next(each for each in message["actions"] if each["label"] == label)
        assert action["action"] == "http"
        answer = requests.request(
            action["method"],
            action["url"],
            data=action["body"].encode(),
            headers=action.get("headers", {}),
            timeout=PHONE_WAIT_S,
        )
        return answer.status_code

    def write(self, topic: str, text: str) -> int:
        """What the app does when somebody types into a topic: the status it gets."""
        posted = requests.post(f"{self.base_url}/{topic}", data=text.encode(), timeout=PHONE_WAIT_S)
        return posted.status_code

    def wait_for_streams(self, number: int = 1) -> None:
        """Until so many subscribers are listening."""
        with self._news:
            assert self._news.wait_for(lambda: self._streams >= number, timeout=PHONE_WAIT_S), (
                "nobody listens"
            )

    def cut_streams(self, *, in_line: bool = False) -> None:
        """Break off every stream that is open, between two lines or in one."""
        with self._news:
            self._cuts += 1
            self._cut_in_line = in_line
            self._news.notify_all()

    def answer(self, received: Received) -> tuple[int, dict[str, Any]]:
        if refused := self._refused(received.headers.get("Authorization", ""), "w"):
            return refused
        if len(received.body) > 2 * MESSAGE_LIMIT_BYTES:
            return 413, self.error(41303, 413, "JSON body too large")
        try:
            message = published(received)
        except ValueError:
            return 400, self.error(40024, 400, "invalid request: request body must be message JSON")
        if not TOPIC.match(str(message.get("topic", ""))):
            return 400, self.error(40009, 400, "invalid topic")
        # One that just fills the limit is taken for a file already.
        if len(str(message.get("message", "")).encode()) >= MESSAGE_LIMIT_BYTES:
            return 413, self.error(41301, 413, "message too large")
        if len(message.get("actions", [])) > 3:
            return 400, self.error(40018, 400, "invalid request: actions invalid")
        seconds = int(self._now().timestamp())
        return 200, {"id": f"m{next(self._ids):011d}", "time": seconds, "event": "message", **message}

    def take(self, received: Received, answer: dict[str, Any]) -> None:
        with self._news:
            self._kept.append(answer)
            self._news.notify_all()

    def refusal(self, status: int) -> dict[str, Any]:
        return self.error(status * 100 + 1, status, "refused")

    @staticmethod
    def error(code: int, status: int, text: str) -> dict[str, Any]:
        return {"code": code, "http": status, "error": text, "link": "https://ntfy.sh/docs"}

    def handle_get(self, request: BaseHTTPRequestHandler) -> None:
        split = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        topics, _, kind = split.path.strip("/").rpartition("/")
        since, poll = query.get("since", ""), query.get("poll") == "1"
        self.asked.append(Asked(topics, since, poll))
        trouble = self._stream_troubles.popleft() if self._stream_troubles else None
        if trouble is not None and trouble.cut:
            _hang_up(request)
        elif trouble is not None and trouble.status != 200:
            content = self.refusal(trouble.status) | ({} if trouble.code is None else {"code": trouble.code})
            self.send(request, trouble.status, _line(content), trouble)
        elif refused := self._refused(request.headers.get("Authorization", ""), "r"):
            self.send(request, refused[0], _line(refused[1]), None)
        elif kind != "json" or not all(TOPIC.match(topic) for topic in topics.split(",")):
            self.send(request, 404, _line(self.refusal(404)), None)
        elif not (since in {"", "all"} or MESSAGE_ID.match(since)):
            self.send(request, 400, _line(self.error(40008, 400, "invalid since")), None)
        elif poll or trouble is not None:
            lines = [_line(event) for event in self._behind(topics, since)]
            self.send(request, 200, b"".join(lines), trouble)
        else:
            self._stream(request, topics, since)

    def _refused(self, credentials: str, right: str) -> tuple[int, dict[str, Any]] | None:
        if self.requests_left is not None:
            self.requests_left -= 1
            if self.requests_left < 0:
                return 429, self.error(42901, 429, "limit reached: too many requests")
        if credentials and credentials not in self._rights and "" not in self._rights:
            return 401, self.error(40101, 401, "unauthorized")
        if right not in self._rights.get(credentials, self._rights.get("", "")):
            return 403, self.error(40301, 403, "forbidden")
        return None

    def _behind(self, topics: str, since: str) -> list[dict[str, Any]]:
        """What is kept of these topics behind an id; all of it where the id is not known any more."""
        oldest = (self._now() - KEPT_FOR).timestamp()
        kept = [event for event in self._kept if event["time"] >= oldest]
        if not since:
            return []
        after = next((place + 1 for place, event in enumerate(kept) if event["id"] == since), 0)
        return [event for event in kept[after:] if event["topic"] in topics.split(",")]

    def _stream(self, request: BaseHTTPRequestHandler, topics: str, since: str) -> None:
        with self._news:
            self._streams += 1
            cuts = self._cuts
            old = self._behind(topics, since)
            told = len(self._kept)
            self._news.notify_all()
        try:
            if not self.buffered:
                _begin(request)
                _chunk(request, _line(self._event("open", topics)), *map(_line, old))
            while not self.closing.is_set():
                with self._news:
                    changed = self._news.wait_for(
                        lambda told=told: self._cuts > cuts or len(self._kept) > told,
                        timeout=self._keepalive_s,
                    )
                    cut, new = self._cuts > cuts, self._kept[told:]
                    told = len(self._kept)
                lines = [_line(event) for event in new if event["topic"] in topics.split(",")]
                if cut:
                    if self._cut_in_line and not self.buffered:
                        _chunk(request, _line(self._event("keepalive", topics))[:20])
                    return
                if not self.buffered:
                    _chunk(request, *(lines if changed else [_line(self._event("keepalive", topics))]))
        except OSError:
            request.close_connection = True  # the subscriber is gone
        finally:
            with self._news:
                self._streams -= 1
                self._news.notify_all()
            _hang_up(request)

    def _event(self, kind: str, topics: str) -> dict[str, Any]:
        return {"id": "e00000000000", "time": int(self._now().timestamp()), "event": kind, "topic": topics}


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


def _credentials(who: str) -> str:
    if ":" in who:
        return f"Basic {base64.b64encode(who.encode()).decode()}"
    return f"Bearer {who}"


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"


def _begin(request: BaseHTTPRequestHandler) -> None:
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("Content-Type", "application/x-ndjson; charset=utf-8")
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()


def _chunk(request: BaseHTTPRequestHandler, *pieces: bytes) -> None:
    for piece in pieces:
        request.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    request.wfile.flush()


def _hang_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    try:
        request.connection.shutdown(SHUT_RDWR)
    except OSError:
        request.close_connection = True
