"""Lines of an answer that does not end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from connectors.http import LONGEST_LINE_BYTES, Session, lines

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"


@contextmanager
def answering(*pieces: bytes, wait_s: float = 0.0, hang: bool = False) -> Iterator[str]:
    """A server that sends these pieces one by one, then closes, or says nothing more."""
    done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                for piece in (HEAD, *pieces):
                    connection.sendall(piece)
                    done.wait(wait_s)
                if hang:
                    done.wait(10)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    done.set()
    thread.join()
    listener.close()


def read(address: str, within_s: float = 5.0, read_s: float = 5.0) -> Iterator[bytes]:
    response = Session().get(address, stream=True, timeout=(5.0, read_s))
    with response:
        yield from lines(response, within_s)


def test_lines_come_as_they_are_finished_and_empty_ones_are_left_out() -> None:
    with answering(b"one\ntw", b"o\n\n\r\nthr", b"ee\n", hang=True) as address:
        reading = read(address)
        assert [next(reading) for _ in range(3)] == [b"one", b"two", b"three"]
        reading.close()


def test_a_last_line_without_its_end_is_dropped() -> None:
    with answering(b"one\n", b'{"id": "half') as address:
        assert list(read(address)) == [b"one"]


def test_silence_is_a_timeout() -> None:
    with (
        answering(b"one\n", hang=True) as address,
        pytest.raises(requests.RequestException, match="half-way"),
    ):
        list(read(address, read_s=0.1))


def test_a_slow_drip_that_finishes_no_line_is_a_timeout() -> None:
    with (
        answering(*[b"x"] * 200, wait_s=0.02) as address,
        pytest.raises(requests.ReadTimeout, match="no line comes to an end"),
    ):
        list(read(address, within_s=0.1))


def test_a_line_without_end_is_given_up() -> None:
    with (
        answering(b"x" * (LONGEST_LINE_BYTES + 70_000), hang=True) as address,
        pytest.raises(requests.RequestException, match="too long"),
    ):
        list(read(address))
