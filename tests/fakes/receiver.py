"""A real HTTP server on loopback that takes posts, keeps them, and fails when asked to."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Trouble:
    """How one request goes wrong. `taken`: the message was recorded before the trouble began. `code` is the service's own
    number of the refusal, `drip_s` the wait before every byte."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    garbage: bool = False
    cut: bool = False
    taken: bool = False
    page: bool = False
    drip_s: float = 0.0
    code: int | None = None


TOO_MANY = Trouble(status=429, headers={"Retry-After": "120"})
SERVER_ERROR = Trouble(status=500)
REFUSED_LOGIN = Trouble(status=401)
GARBAGE = Trouble(garbage=True, taken=True)
PAGE = Trouble(page=True)
CUT = Trouble(cut=True)
CUT_AFTER_TAKING = Trouble(cut=True, taken=True)


def slow(seconds: float) -> Trouble:
    return Trouble(wait_s=seconds, taken=True)


WEB_PAGE = b"<!DOCTYPE html>\n<html><head><title>We'll be right back</title></head></html>"


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        content = json.loads(self.body)
        assert isinstance(content, dict)
        return content


class Receiver:
    """Takes any JSON post (Apprise's `json://`). Use as a context manager; `received` is in order of arrival."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.requests = 0
        self.wait_s = 0.0
        self._troubles: deque[Trouble] = deque()
        self._always: Trouble | None = None
        self._lock = threading.Lock()
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.handle(self)

            def do_GET(self) -> None:
                receiver.handle_get(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Tests read what arrived, not the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The Apprise URL that leads here."""
        return f"json://127.0.0.1:{self.port}/hook"

    def fail_next(self, *troubles: Trouble) -> None:
        with self._lock:
            self._troubles.extend(troubles)

    def fail_always(self, trouble: Trouble | None) -> None:
        with self._lock:
            self._always = trouble

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        received = Received(request.path, dict(request.headers.items()), body)
        with self._lock:
            self.requests += 1
            trouble = self.trouble_for(received)
        status, answer = self.answer(received)
        if status == 200 and (trouble is None or trouble.taken):
            with self._lock:
                self.received.append(received)
            self.take(received, answer)
        time.sleep(self.wait_s if trouble is None else trouble.wait_s)
        if trouble is not None and trouble.cut:
            request.close_connection = True
            request.connection.close()
            return
        if trouble is not None and trouble.status != 200:
            status, answer = trouble.status, self.refusal(trouble.status)
            answer |= {} if trouble.code is None else {"code": trouble.code}
        self.send(request, status, json.dumps(answer).encode(), trouble)

    def send(
        self, request: BaseHTTPRequestHandler, status: int, content: bytes, trouble: Trouble | None
    ) -> None:
        """Send an answer, as well as the trouble lets it."""
        if trouble is not None and (trouble.garbage or trouble.page):
            content = b"\x00\xff<not json" if trouble.garbage else WEB_PAGE
        try:
            request.send_response(status)
            for name, value in (trouble.headers if trouble is not None else {}).items():
                request.send_header(name, value)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            if trouble is None or not trouble.drip_s:
                request.wfile.write(content)
                return
            for byte in content:
                self.closing.wait(trouble.drip_s)
                request.wfile.write(bytes([byte]))
        except OSError:
            request.close_connection = True  # the sender was killed, or gave up, while it waited

    def handle_get(self, request: BaseHTTPRequestHandler) -> None:
        self.send(request, 404, json.dumps(self.refusal(404)).encode(), None)

    def trouble_for(self, received: Received) -> Trouble | None:
        """How this request goes wrong. Called with the lock held."""
        return self._troubles.popleft() if self._troubles else self._always

    def take(self, received: Received, answer: dict[str, Any]) -> None:
        """What else happens when a post was accepted and recorded with this answer."""

    def answer(self, received: Received) -> tuple[int, dict[str, Any]]:
        """What this service says to a post that it understands: status and JSON."""
        return 200, {"ok": True}

    def refusal(self, status: int) -> dict[str, Any]:
        return {"error": f"error {status}"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
