"""One request to a WSGI application in this process, as raw as it comes off the wire and as waitress hands it on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

type Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str:
        """The only one of that name; empty where there is none."""
        found = self.all(name)
        assert len(found) <= 1, f"{name} is there {len(found)} times"
        return found[0] if found else ""

    @property
    def cookies(self) -> dict[str, str]:
        """What a browser would keep of them."""
        return {
            key: one.value
            for text in self.all("Set-Cookie")
            for key, one in SimpleCookie(text).items()
            if one.value
        }


def call(
    application: WSGIApplication,
    method: str,
    target: bytes,
    headers: Sequence[Header] = (),
    body: bytes = b"",
    address: str = "127.0.0.1",
) -> Answer:
    """`target` is path and query as they stand in the request's first line, where waitress takes ASCII only. An error of the
    application comes through."""
    assert target.isascii()
    path, _, query = target.partition(b"?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REMOTE_ADDR": address,
        "SERVER_NAME": "niggled",
        "SERVER_PORT": "8642",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1").strip()
        joined = f"{environ[key]}, {text}" if key in environ and key.startswith("HTTP_") else text
        environ[key] = joined
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, told: list[tuple[str, str]], _error: object = None) -> Any:
        begun.append((status, told))
        return lambda piece: None

    pieces: Iterable[bytes] = application(environ, start_response)
    try:
        content = b"".join(pieces)
    finally:
        if close := getattr(pieces, "close", None):
            close()
    ((status, told),) = begun
    for name, value in told:
        assert not {"\r", "\n", "\0"} & set(name + value), (
            f"a header that splits the answer: {name}: {value!r}"
        )
        value.encode("latin-1")
    return Answer(int(status.split(" ", 1)[0]), tuple(told), content)
