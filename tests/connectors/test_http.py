"""The one session: it never waits for ever, never swallows the endless, and its failures name no address."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import responses

from connectors import http
from connectors.errors import Broken, Unavailable

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
URL = "https://api.example.org/list?token=secret"


def answered(**fields: object) -> requests.Response:
    with responses.RequestsMock() as net:
        net.get(URL, **fields)  # type: ignore[arg-type]
        return http.Session().get(URL)


def test_every_request_has_a_timeout_and_a_name() -> None:
    with responses.RequestsMock() as net:
        net.get(
            URL,
            json=[],
            match=[
                responses.matchers.request_kwargs_matcher({"timeout": (5.0, 30.0), "stream": True}),
                responses.matchers.header_matcher({"User-Agent": "niggled"}),
            ],
        )
        assert http.Session().get(URL).json() == []


def test_a_netrc_of_the_machine_does_not_replace_our_own_authorization(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with responses.RequestsMock() as net:
        net.get(URL, json=[], match=[responses.matchers.header_matcher({"Authorization": "Bearer ours"})])
        assert http.Session().get(URL, headers={"Authorization": "Bearer ours"}).json() == []


def test_a_web_page_instead_of_data_is_for_later() -> None:
    page = answered(body="\n<!DOCTYPE html><h1>Maintenance</h1>")
    with pytest.raises(Unavailable, match=r"^Strava answered with a web page instead of data$"):
        http.json_of("Strava", page)


@pytest.mark.parametrize("body", ['[{"id": 1', "", "nothing"])
def test_anything_else_that_is_no_json_is_broken(body: str) -> None:
    with pytest.raises(Broken, match="Strava answered with something that is not JSON"):
        http.json_of("Strava", answered(body=body))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", NOW + timedelta(minutes=2)),
        ("99999999999999999999", NOW + timedelta(days=1)),
        ("Wed, 20 May 2026 12:05:00 GMT", NOW + timedelta(minutes=5)),
        ("Wed, 20 May 2020 12:05:00 GMT", NOW),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOW + timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("9" * 5000, NOW + timedelta(days=1)),
        ("²", None),
        ("Wed, 20 May 2026 12:05:00 +99999999999999", None),
        ("", None),
    ],
)
def test_retry_after_is_an_instant_at_most_a_day_away(header: str, expected: datetime | None) -> None:
    assert http.retry_at(answered(status=429, headers={"Retry-After": header}), NOW) == expected


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectTimeout(f"to {URL}"), "Garmin did not answer in time"),
        (requests.ReadTimeout(f"to {URL}"), "Garmin did not answer in time"),
        (requests.ConnectionError(f"to {URL}"), "Garmin could not be reached (ConnectionError)"),
    ],
)
def test_a_network_fault_is_told_without_the_address(error: requests.RequestException, said: str) -> None:
    assert str(http.unreachable("Garmin", error)) == said


@pytest.fixture
def drip() -> Iterator[Callable[[bytes, float], str]]:
    """A server that sends the same bytes again and again, with a pause in between."""
    ended = threading.Event()
    piece, pause_s = b"x", 0.01

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while not ended.wait(pause_s):
                    self.wfile.write(piece)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests read what arrived."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def begin(content: bytes, seconds: float) -> str:
        nonlocal piece, pause_s
        piece, pause_s = content, seconds
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield begin
    ended.set()
    server.shutdown()
    server.server_close()


def test_an_answer_that_drips_for_ever_is_given_up(drip: Callable[[bytes, float], str]) -> None:
    url = drip(b"x", 0.02)
    with pytest.raises(requests.ReadTimeout, match="does not end"):
        http.Session(whole_s=0.2).get(url)


def test_a_cut_answer_is_a_network_fault() -> None:
    whole = responses.Response("GET", URL, body="[1, 2]", headers={"Content-Length": "400"})
    with responses.RequestsMock() as net:
        net.add(whole)
        with pytest.raises(requests.RequestException) as failure:
            http.Session().get(URL)
    assert "could not be reached" in str(http.unreachable("Strava", failure.value))


def test_a_compressed_answer_is_unpacked() -> None:
    packed = gzip.compress(b'{"a": [1, 2]}')
    assert answered(body=packed, headers={"Content-Encoding": "gzip"}).json() == {"a": [1, 2]}


def test_an_answer_without_end_is_given_up(
    drip: Callable[[bytes, float], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 200_000)
    with pytest.raises(requests.RequestException, match="too large"):
        http.Session().get(drip(b"x" * 60_000, 0.0))
