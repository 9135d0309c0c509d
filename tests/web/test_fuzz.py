"""Whatever is sent to the page: no failure of its own, no write but by a signed form, the headers that protect, and
nothing that belongs to anybody else."""

from __future__ import annotations

import gzip
import re
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest
from fakes.fuzzed_page import SECRET, Fuzzed, fuzzed_page
from fakes.kept_home import everything_in
from fakes.strange_requests import Sent, paths_to_look_at, requests
from fakes.wsgi import Answer
from hypothesis import HealthCheck, given, settings

from daemon.web.routes import ROUTES, Door, Route

from .conftest import Lived

PROTECTION = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def fuzzed(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    home = tmp_path_factory.mktemp("fuzzed")
    shutil.copy(lived.database, home / "niggled.db")
    with fuzzed_page(home, lived.athlete, lived.until) as found:
        yield found


def check(fuzzed: Fuzzed, sent: Sent) -> tuple[Answer, bool]:
    """The answer, and whether anything was written."""
    before = fuzzed.version()
    answer = fuzzed.send(sent)
    written = fuzzed.version() != before
    assert answer.status < 500, answer.body.decode(errors="replace")[-600:]
    assert not written or (sent.method == "POST" and sent.bears_proof), "written without a signed form"
    for name, value in PROTECTION.items():
        assert answer.header(name) == value, name
    assert answer.header("Cache-Control")
    for cookie in answer.all("Set-Cookie"):
        assert {"HttpOnly", "Secure", "SameSite=Strict"} <= set(cookie.split("; ")), cookie
    location = answer.header("Location")
    assert not location or re.match(r"/(?![/\\])", location), f"leads elsewhere: {location}"
    packed = answer.header("Content-Encoding") == "gzip" and answer.body
    body = gzip.decompress(answer.body) if packed else answer.body
    assert SECRET.encode() not in body, "something of another athlete's"
    return answer, written


@pytest.mark.parametrize(
    "examples",
    [pytest.param(500, id="a twentieth"), pytest.param(10_000, id="whole", marks=pytest.mark.soak)],
)
def test_whatever_is_sent_fails_nothing_and_writes_nothing_unsigned(fuzzed: Fuzzed, examples: int) -> None:
    statuses: Counter[int] = Counter()
    writes = 0

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests(fuzzed.forms))
    def send_one(sent: Sent) -> None:
        nonlocal writes
        answer, written = check(fuzzed, sent)
        statuses[answer.status] += 1
        writes += written

    send_one()
    print(dict(sorted(statuses.items())), f"{writes} of {statuses.total()} have written")
    assert statuses.total() >= examples
    # It got through the door, too, and not only as far as what refuses.
    assert {200, 303, 403, 404, 405} <= statuses.keys()
    assert writes > examples / 50


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "a stranger"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_every_page_changes_nothing(fuzzed: Fuzzed, method: str, signed_in: bool) -> None:
    before = everything_in(fuzzed.store)
    seen = set()
    for path in paths_to_look_at():
        answer, _ = check(fuzzed, fuzzed.look(path, method=method, signed_in=signed_in))
        seen.add(answer.status)
        assert method == "GET" or answer.body == b""
    assert everything_in(fuzzed.store) == before
    assert 200 in seen
    assert seen <= {200, 303, 404, 410}


@pytest.mark.parametrize("path", ["/messages/@their-key@", "/findings/@their-finding@"])
def test_what_belongs_to_another_athlete_is_not_there(fuzzed: Fuzzed, path: str) -> None:
    answer, _ = check(fuzzed, fuzzed.look(path))
    assert answer.status == 404
    assert check(fuzzed, fuzzed.look(path.replace("their-", "")))[0].status == 200


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.door is Door.SIGNED_IN], ids=lambda one: one.handler
)
def test_a_stranger_gets_to_no_page_behind_the_door(fuzzed: Fuzzed, route: Route) -> None:
    sent = fuzzed.look(re.sub(r"<[^>]+>", "1", route.path), method=route.method, signed_in=False)
    answer, _ = check(fuzzed, sent)
    if sent.method == "GET":
        assert (answer.status, answer.header("Location").partition("?")[0]) == (303, "/sign-in")
    else:
        assert answer.status == 403
