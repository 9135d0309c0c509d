"""Requests to Strava: what refusals mean, which host is asked, how the limits are kept, what is never said."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from fakes.answers_of_strava import (
    API,
    APP,
    INACTIVE,
    LIST,
    NO_PERMISSION,
    NOW,
    SECRETS,
    TOKEN,
    UNAUTHORIZED,
    Clock,
    door,
    logged_in,
    new_tokens,
    rates,
    row,
)

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.strava import StravaDoor
from rules.facts import Activity, Family

NEW_LIST = "https://api-v3.strava.com/athlete/activities"
LETTER_LIST = "https://www.api-v3.strava.com/athlete/activities"
RUN = Activity("", Family.RUN, "run", NOW - timedelta(days=1), 10_000, 3600)


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return logged_in(tmp_path)


def listing(net: responses.RequestsMock, *pages: list[dict[str, Any]]) -> None:
    for page in pages:
        net.get(LIST, json=page, headers=rates(3, 30))


def fails(strava: StravaDoor, kind: type[Exception]) -> Any:
    with pytest.raises(kind) as caught:
        list(strava.pages(NOW - timedelta(days=1), None))
    return caught.value


def test_an_inactive_application_has_its_own_cure(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(LIST, status=403, json=INACTIVE)
    failure = fails(door(keys), NeedsLogin)
    assert failure.reason == "inactive"
    assert str(failure) == "Strava has switched off your API application; it wants a subscription for it"
    assert failure.cure == (
        "Subscribe to Strava and reactivate the application on strava.com/settings/api, or use Garmin or files."
    )


def test_a_payment_wanted_is_the_same(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(LIST, status=402, json={"message": "Payment Required", "errors": []})
    assert fails(door(keys), NeedsLogin).reason == "inactive"


def test_a_missing_permission_is_not_answered_with_a_new_token(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.get(LIST, status=401, json=NO_PERMISSION)
    failure = fails(door(keys), NeedsLogin)
    assert failure.reason == "scope"
    assert failure.cure == "Run `niggled login strava` and leave every box on Strava's page ticked."
    assert len(net.calls) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ({"status": 500}, Unavailable, "Strava answered with an error of its own (500)"),
        ({"status": 503, "body": "<html>"}, Unavailable, "Strava answered with an error of its own (503)"),
        ({"body": "<!doctype html><p>hi"}, Unavailable, "Strava answered with a web page instead of data"),
        ({"status": 403, "body": "<html>no"}, Unavailable, "Strava turned the request away (403)"),
        (
            {
                "status": 403,
                "json": {"errors": [{"resource": "Athlete", "field": "x<y>", "code": "invalid"}]},
            },
            Broken,
            "Strava refuses what we ask (403: athlete xy invalid)",
        ),
        ({"status": 400, "json": {"message": "Bad Request"}}, Broken, "Strava refuses what we ask (400)"),
        ({"body": "oops"}, Broken, "Strava answered with something that is not JSON"),
        ({"json": {"a": 1}}, Broken, "Strava answered with something else than a list of activities"),
        ({"body": requests.ReadTimeout("t")}, Unavailable, "Strava did not answer in time"),
        (
            {"body": requests.exceptions.ChunkedEncodingError("cut")},
            Unavailable,
            "Strava could not be reached (ChunkedEncodingError)",
        ),
    ],
)
def test_each_failure_is_of_its_kind(
    net: responses.RequestsMock, keys: KeyFile, answer: dict[str, Any], kind: type[Exception], said: str
) -> None:
    net.get(LIST, **answer)
    assert str(fails(door(keys), kind)) == said


def test_what_was_told_before_a_failure_stays_told(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1)])
    net.get(LIST, status=502)
    pages = door(keys).pages(None, None)
    assert [one.external_id for one in next(pages).rows] == ["9001"]
    with pytest.raises(Unavailable):
        next(pages)


def test_too_many_requests_wait_as_long_as_strava_says(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(LIST, status=429, headers={"Retry-After": "90"})
    failure = fails(door(keys), Unavailable)
    assert (failure.retry_at, failure.paced) == (NOW + timedelta(seconds=90), False)


def test_too_many_requests_without_a_word_wait_for_the_next_quarter(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.get(LIST, status=429, json={"errors": "Rate Limit Exceeded"}, headers=rates(100, 400))
    assert fails(door(keys), Unavailable).retry_at == datetime(2026, 11, 2, 18, 15, 5, tzinfo=UTC)


def test_a_day_that_is_used_up_waits_for_midnight(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(LIST, status=429, headers=rates(20, 1000))
    assert fails(door(keys), Unavailable).retry_at == datetime(2026, 11, 3, 0, 0, 5, tzinfo=UTC)


def test_before_january_2027_the_old_host_is_asked_first_and_remembered(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    listing(net, [])
    list(door(keys).pages(None, None))
    assert keys.load()["api_base"] == API


def test_from_january_2027_the_new_host_is_asked_first(net: responses.RequestsMock, tmp_path: Path) -> None:
    clock = Clock(datetime(2027, 1, 4, 0, 0, 1, tzinfo=UTC))
    keys = logged_in(tmp_path, until=clock.now + timedelta(hours=5))
    net.get(NEW_LIST, json=[])
    list(door(keys, clock).pages(None, None))
    assert keys.load()["api_base"] == "https://api-v3.strava.com"


@pytest.mark.parametrize(
    "gone",
    [
        {"status": 404},
        {"status": 410},
        {"status": 301, "headers": {"Location": NEW_LIST}},
        {"body": requests.ConnectionError("no such host")},
        {"body": requests.ConnectTimeout("no answer")},
    ],
)
def test_when_the_old_host_is_gone_the_new_one_answers_and_is_remembered(
    net: responses.RequestsMock, keys: KeyFile, gone: dict[str, Any]
) -> None:
    net.get(LIST, **gone)
    net.get(NEW_LIST, json=[])
    list(door(keys).pages(None, None))
    list(door(keys).pages(None, None))
    assert [call.request.url.partition("?")[0] for call in net.calls] == [LIST, NEW_LIST, NEW_LIST]


def test_the_host_of_stravas_letter_is_tried_last(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(LIST, status=410)
    net.get(NEW_LIST, body=requests.ConnectionError("no such host"))
    net.get(LETTER_LIST, json=[row(1)])
    net.get(LETTER_LIST, json=[])
    assert len(list(door(keys).pages(None, None))) == 1


def test_without_any_host_strava_is_out_of_reach(net: responses.RequestsMock, keys: KeyFile) -> None:
    for url in (LIST, NEW_LIST, LETTER_LIST):
        net.get(url, body=requests.ConnectionError("https://host/?token=x"))
    assert str(fails(door(keys), Unavailable)) == "Strava could not be reached (ConnectionError)"


def test_a_redirect_is_never_followed_with_the_token(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get("http://localhost:1/api/v3/athlete/activities", status=302, headers={"Location": "http://evil/"})
    failure = fails(door(keys, base_url="http://localhost:1/"), Unavailable)
    assert str(failure) == "Strava answered with a redirect instead of data (302)"
    assert len(net.calls) == 1


def test_a_configured_host_takes_the_place_of_all_of_them(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get("http://localhost:1/api/v3/athlete/activities", json=[])
    list(door(keys, base_url="http://localhost:1/").pages(None, None))
    assert "api_base" not in keys.load()


def test_the_figures_are_saved_once_at_the_end(
    net: responses.RequestsMock, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves: list[dict[str, Any]] = []
    update = KeyFile.update
    monkeypatch.setattr(
        KeyFile, "update", lambda self, **changes: (saves.append(changes), update(self, **changes))[1]
    )
    for number in range(5):
        net.get(LIST, json=[row(number)] if number < 4 else [], headers=rates(10 + number, 50 + number))
    list(door(keys).pages(None, None))
    assert len(saves) == 1
    assert keys.load()["usage"] == {
        "short_used": 14,
        "short_limit": 100,
        "day_used": 54,
        "day_limit": 1000,
        "at": NOW.isoformat(),
    }
    assert keys.load()["access_token"] == "access-one"


def test_the_figures_are_saved_when_the_reading_fails_or_is_left(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.get(LIST, json=[row(1)], headers=rates(10, 50))
    net.get(LIST, status=500, headers=rates(11, 51))
    with pytest.raises(Unavailable):
        list(door(keys).pages(None, None))
    assert keys.load()["usage"]["short_used"] == 11
    net.remove(responses.GET, LIST)
    net.get(LIST, json=[row(1)], headers=rates(12, 52))
    pages = door(keys).pages(None, None)
    next(pages)
    pages.close()
    assert keys.load()["usage"]["short_used"] == 12


def test_a_window_that_is_used_up_is_waited_for_without_a_request(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    usage = {"short_used": 98, "short_limit": 100, "day_used": 98, "day_limit": 1000, "at": NOW.isoformat()}
    keys, clock = logged_in(tmp_path, usage=usage), Clock()
    failure = fails(door(keys, clock), Unavailable)
    assert failure.paced
    assert failure.retry_at == datetime(2026, 11, 2, 18, 15, 5, tzinfo=UTC)
    assert str(failure) == "Strava: 98 of 100 reads used; going on at 18:15 UTC"
    assert len(net.calls) == 0
    clock.now = failure.retry_at
    listing(net, [])
    assert list(door(keys, clock).pages(None, None)) == []


def test_a_long_history_stops_before_the_limit_and_goes_on_in_the_next_window(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    for number in range(1, 5):
        net.get(LIST, json=[row(number)], headers=rates(95 + number, 95 + number))
    pages = door(keys).pages(None, None)
    told = [next(pages) for _ in range(3)]
    assert [page.rows[0].external_id for page in told] == ["9001", "9002", "9003"]
    with pytest.raises(Unavailable, match="98 of 100 reads used") as caught:
        next(pages)
    assert caught.value.paced


def test_a_key_file_that_cannot_be_written_does_not_cost_the_listing(
    net: responses.RequestsMock, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: KeyFile, content: dict[str, Any]) -> None:
        raise Broken("no space left")

    monkeypatch.setattr(KeyFile, "save", full)
    listing(net, [row(1)], [])
    assert len(list(door(keys).pages(None, None))) == 1


def test_no_token_or_secret_is_in_any_log_or_failure(
    net: responses.RequestsMock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    for number, status in itertools.product(range(3), (200, 401, 403, 404, 429, 500)):
        net.reset()
        folder = tmp_path / f"{number}-{status}"
        keys = logged_in(folder, until=NOW if number else NOW + timedelta(hours=5))
        net.post(TOKEN, json=new_tokens(), status=200 if number < 2 else 400)
        for path in ("athlete/activities", "athlete", "activities/9001", "activities/9001/streams"):
            for host in (API, "https://api-v3.strava.com", "https://www.api-v3.strava.com"):
                net.get(f"{host}/{path}", status=status, json=UNAUTHORIZED)
        strava = door(keys)
        for attempt in (
            lambda strava=strava: list(strava.pages(None, None)),
            lambda strava=strava: strava.exists("9001"),
            lambda strava=strava: strava.recording("9001", RUN),
        ):
            with pytest.raises((Unavailable, NeedsLogin, Broken)) as caught:
                attempt()
            texts.append(str(caught.value) + repr(caught.value) + str(caught.getrepr(chain=True)))
    text = "\n".join([*texts, caplog.text, repr(APP), repr(KeyFile(tmp_path / "me-strava.json"))])
    assert "activities" in caplog.text
    for secret in SECRETS:
        assert secret not in text
