"""The one place that makes HTTP sessions: timeouts on everything, a name, no endless answers, no secrets in errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from connectors.errors import Broken, Unavailable

CONNECT_S, READ_S = 5.0, 30.0
# A server that sends a byte now and then never runs into a read timeout. (One that sends the head of its answer so is
# left to the deadline of the process.)
WHOLE_ANSWER_S = 120.0
LARGEST_ANSWER_BYTES = 64_000_000
LONGEST_LINE_BYTES = 1_000_000
LONGEST_WAIT = timedelta(days=1)
USER_AGENT = "niggled"
_CHUNK = 65_536


class Session(requests.Session):
    """A session whose every answer is whole, of bearable size and in bearable time."""

    def __init__(self, *, read_s: float = READ_S, whole_s: float = WHOLE_ANSWER_S) -> None:
        super().__init__()
        # It writes whole paths, and in those of chats are tokens and topics.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
        self.headers["User-Agent"] = USER_AGENT
        # With nothing here `requests` puts what a ~/.netrc says in the place of our own Authorization.
        self.auth = _as_it_is
        self._read_s = read_s
        self._whole_s = whole_s

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As `requests`, with a timeout where none is given. Raises requests.RequestException."""
        if options.get("timeout") is None:
            options["timeout"] = (CONNECT_S, self._read_s)
        deadline_s = time.monotonic() + self._whole_s
        response = super().send(request, **options | {"stream": True})
        if not options.get("stream"):
            _read_whole(response, deadline_s)
        return response


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read_whole(response: requests.Response, deadline_s: float) -> None:
    content = bytearray()
    for chunk in _as_they_come(response):
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        if time.monotonic() > deadline_s:
            response.close()
            raise requests.ReadTimeout("the answer does not end")
    response._content = bytes(content)


def _as_they_come(response: requests.Response) -> Iterator[bytes]:
    """The pieces of an answer without waiting for full ones: `iter_content` would, however slowly they come."""
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            yield chunk
    except ReadTimeoutError as error:
        raise requests.ReadTimeout("the answer stopped half-way") from error
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError("the answer broke off") from error


def lines(response: requests.Response, within_s: float) -> Iterator[bytes]:
    """The lines of an answer that need not end, as they come and without empty ones; an unfinished last one is dropped.

    Raises requests.RequestException, also where no line was finished for `within_s` seconds.
    """
    unfinished = b""
    deadline_s = time.monotonic() + within_s
    for chunk in _as_they_come(response):
        *finished, unfinished = (unfinished + chunk).split(b"\n")
        if not finished and time.monotonic() > deadline_s:
            raise requests.ReadTimeout("no line comes to an end")
        if len(unfinished) > LONGEST_LINE_BYTES:
            raise requests.exceptions.ContentDecodingError("a line is too long")
        if finished:
            yield from (line for line in finished if line.strip())
            deadline_s = time.monotonic() + within_s


def unreachable(service: str, error: requests.RequestException) -> Unavailable:
    """What a network fault means, without the address and headers that `requests` puts into its texts."""
    if isinstance(error, requests.Timeout):
        return Unavailable(f"{service} did not answer in time")
    return Unavailable(f"{service} could not be reached ({type(error).__name__})")


def json_of(service: str, response: requests.Response) -> Any:
    """The JSON of an answer that was a success. A web page is maintenance or a login wall, so for later: Unavailable;
    anything else that is no JSON is Broken."""
    try:
        return response.json()
    except ValueError:
        if response.content.lstrip()[:1] == b"<":
            raise Unavailable(f"{service} answered with a web page instead of data") from None
        raise Broken(f"{service} answered with something that is not JSON") from None


def retry_at(response: requests.Response, now: datetime) -> datetime | None:
    """What `Retry-After` says, as an instant at most a day away; None where it says nothing usable."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        # Seven digits are longer than the longest wait, and Python refuses to read thousands of them.
        return now + min(timedelta(seconds=int(text[:7])), LONGEST_WAIT)
    try:
        named = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    named = named if named.tzinfo else named.replace(tzinfo=UTC)
    return min(max(named, now), now + LONGEST_WAIT)
