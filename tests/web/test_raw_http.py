"""Bytes that are no proper request, sent to the page's own server: it refuses, lets go of whoever is too slow, and goes on."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.clock import WEDNESDAY_NOON, SteeredClock
from fakes.command import environment_in
from fakes.steered_page import SteeredPage, steered_page

from connectors.sources.demo import TIMEZONE
from daemon.store.engine import open_store

BROKEN = {
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no version": b"GET /\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe?\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a line in a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\nSet-Cookie: b\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    "two lengths": b"POST /knee HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
    "a length below zero": b"POST /knee HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
    "a length of words": b"POST /knee HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: five\r\n\r\n",
    "more than it takes": b"POST /knee HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n"
    + b"x" * 200_000,
    "broken chunks": b"POST /knee HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "no host": b"GET / HTTP/1.0\r\n\r\n",
    "another's host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
}
ANSWERED_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteeredPage]:
    folder = tmp_path_factory.mktemp("raw")
    environment = environment_in(folder)
    home = Path(environment["NIGGLED_HOME"])
    open_store(f"sqlite:///{home / 'niggled.db'}").close()
    config = folder / "config.toml"
    config.write_text(f'[athletes.demo]\ntimezone = "{TIMEZONE}"\n')
    clock = SteeredClock.started(folder / "clock", WEDNESDAY_NOON, 1.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        steered_page(config, clock, folder / "clock", environment, listening) as page,
    ):
        yield page


def send(page: SteeredPage, raw: bytes) -> bytes:
    """The answer, until the server hangs up or has said it all."""
    port = int(page.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_WITHIN_S) as caller:
        with contextlib.suppress(OSError):  # it may have heard enough
            caller.sendall(raw)
            caller.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := caller.recv(65536):
                answer += piece
    return answer


def is_well(page: SteeredPage) -> bool:
    return send(
        page, b"GET /assets/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    ).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(kind: str, page: SteeredPage) -> None:
    answer = send(page, BROKEN[kind])
    status = answer.split(b"\r\n", 1)[0]
    print(status)
    assert not answer or status.split(b" ")[1][:1] == b"4", answer[:500]
    assert answer.count(b"HTTP/1.") <= 1, "one connection, one answer"
    assert b"Traceback" not in answer
    assert b"waitress" not in answer.lower()
    assert is_well(page)


def test_visitors_who_say_nothing_do_not_keep_others_out(page: SteeredPage) -> None:
    port = int(page.url.rpartition(":")[2])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        for one in silent[:10]:
            one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        began = time.monotonic()
        assert is_well(page)
        print(f"answered after {time.monotonic() - began:.2f} s")
    finally:
        for one in silent:
            one.close()
