"""A real HTTP server on loopback that plays a service: it keeps a log and goes wrong when asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from traceback import format_exc
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fakes.vendor_faults import CUT, Answer, Fault, json_answer


@dataclass(frozen=True, slots=True)
class Request:
    """`query` and `headers` (names in lower case, without Authorization) are in the log; secrets never show."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: datetime
    authorization: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))

    def number(self, name: str, otherwise: int) -> int:
        return int(self.query.get(name, otherwise))


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it came and what came of it. `status` 0: the connection was cut before a word."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: datetime
    status: int
    fault: str


@dataclass(slots=True)
class _Rule:
    fault: Fault
    on: str
    skip: int
    left: int | None
    until: datetime | None


class Vendor:
    """Use as a context manager; leaving it fails the test where a client did what no client may (`violations`).

    `now` is the world's clock, `skew` how far this server's own is ahead of it: in the Date header, in expiry times,
    never in the log. `hidden` are ids that a listing leaves out although they are there.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.skew = timedelta()
        self.hidden: set[int] = set()
        self.log: list[Logged] = []
        self.violations: list[str] = []
        self._rules: list[_Rule] = []
        self._lock = threading.RLock()
        self._closing = threading.Event()
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with suppress(ConnectionResetError):
                    super().handle()

            def do_GET(self) -> None:
                vendor._serve(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Tests read the log, not the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def clock(self) -> datetime:
        """The time as this server believes it to be."""
        return self._now() + self.skew

    def fail(
        self,
        fault: Fault,
        on: str = "*",
        *,
        times: int | None = 1,
        until: datetime | None = None,
        skip: int = 0,
    ) -> None:
        """Go wrong on paths that match `on` (`*` is anything): so many times, or always (None), or until an instant;
        after letting the first `skip` pass. Of several that fit the earliest is taken."""
        with self._lock:
            left = None if until is not None else times
            self._rules.append(_Rule(fault, on, skip, left, until))

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._rules.clear()

    def asked(self, on: str = "*") -> list[Logged]:
        """The requests so far whose path matches."""
        with self._lock:
            return [entry for entry in self.log if fnmatchcase(entry.path, on)]

    def answer(self, request: Request) -> Answer:
        """What this service says when nothing goes wrong."""
        raise NotImplementedError

    def refusal(self, status: int, request: Request) -> Answer:
        """What this service says with an error status."""
        return json_answer({}, status)

    def first_page(self, request: Request) -> Request:
        """The same question about the first page; for the lie that every page is the first."""
        return request

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        authorization = headers.pop("authorization", "")
        body = handler.rfile.read(int(headers.get("content-length", "0")))
        request = Request(
            handler.command, split.path, query, headers, self._now(), authorization=authorization, body=body
        )
        with self._lock:
            fault = self._fault_for(request.path)
            answer = self._handled(request, fault)
            if fault is not None and fault.dead_afterwards:
                self._rules.insert(0, _Rule(CUT, "*", 0, None, None))
            cut = "" if fault is None else fault.cut
            status = 0 if cut == "before" else answer.status
            name = "" if fault is None else fault.name
            self.log.append(Logged(request.method, request.path, query, headers, request.at, status, name))
        if cut != "before":
            body = answer.body[: len(answer.body) * 2 // 3] if cut else answer.body
            self._send(handler, self._head(answer), body, drip_s=0.0 if fault is None else fault.drip_s)
        if cut:
            _cut(handler)

    def _handled(self, request: Request, fault: Fault | None) -> Answer:
        if fault is not None and fault.unheard:
            return Answer()
        if fault is not None and fault.refusal is not None:
            return fault.refusal
        if fault is not None and fault.status is not None:
            plain = self.refusal(fault.status, request)
            return Answer(plain.status, plain.body, {**plain.headers, **fault.headers}, plain.content_type)
        if fault is not None and fault.lies_on_page:
            request = self.first_page(request)
        try:
            answer = self.answer(request)
        except Exception:
            self.violations.append(f"the fake itself failed on {request}:\n{format_exc()}")
            return Answer(500)
        if fault is None or fault.change is None or not answer.body or "json" not in answer.content_type:
            return answer
        return fault.change(answer)

    def _fault_for(self, path: str) -> Fault | None:
        for rule in self._rules:
            if not fnmatchcase(path, rule.on) or (rule.until is not None and self._now() >= rule.until):
                continue
            if rule.skip > 0:
                rule.skip -= 1
            elif rule.left is None:
                return rule.fault
            elif rule.left > 0:
                rule.left -= 1
                return rule.fault
        return None

    def _head(self, answer: Answer) -> bytes:
        headers = {"Date": format_datetime(self.clock(), usegmt=True)}
        if answer.status != 204:
            headers |= {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        lines = [f"{name}: {value}" for name, value in {**headers, **answer.headers}.items()]
        reason = responses.get(answer.status, "")
        head = "\r\n".join((f"HTTP/1.1 {answer.status} {reason}", *lines, "", ""))
        return head.encode("latin-1")

    def _send(self, handler: BaseHTTPRequestHandler, head: bytes, body: bytes, drip_s: float) -> None:
        try:
            if drip_s == 0:
                handler.wfile.write(head + body)
                return
            handler.wfile.write(head)
            for position in range(len(body)):
                handler.wfile.write(body[position : position + 1])
                if self._closing.wait(drip_s):
                    break
        except OSError:
            handler.close_connection = True  # the client gave up or was killed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if error is None:
            assert not self.violations, "\n".join(self.violations)


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    try:
        handler.connection.shutdown(SHUT_RDWR)
    except OSError:
        handler.close_connection = True
