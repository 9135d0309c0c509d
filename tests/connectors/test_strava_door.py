"""The Strava door: which pages it asks for, and whether an activity is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from fakes.answers_of_strava import (
    API,
    LIST,
    NOW,
    door,
    logged_in,
    rates,
    row,
)

from connectors.errors import Broken
from connectors.keyfile import KeyFile
from connectors.sources.door import Listed, Unread
from rules.facts import Activity, Family

RUN = Activity("", Family.RUN, "run", NOW - timedelta(days=1), 10_000, 3600)


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return logged_in(tmp_path)


def parameters(net: responses.RequestsMock) -> list[dict[str, Any]]:
    return [call.request.params for call in net.calls]


def listing(net: responses.RequestsMock, *pages: list[dict[str, Any]]) -> None:
    for page in pages:
        net.get(LIST, json=page, headers=rates(3, 30))


def test_a_recent_window_is_asked_for_from_its_beginning(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1), row(2)], [])
    since = NOW - timedelta(days=31)
    pages = list(door(keys).pages(since, NOW))
    assert parameters(net) == [
        {
            "per_page": "200",
            "page": number,
            "after": str(int(since.timestamp()) - 1),
            "before": str(int(NOW.timestamp())),
        }
        for number in "12"
    ]
    assert [[one.external_id for one in page.rows] for page in pages] == [["9001", "9002"]]
    assert pages[0].back_to is None


def test_a_poll_with_nothing_new_is_one_request(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [])
    assert list(door(keys).pages(NOW - timedelta(days=1), None)) == []
    assert len(net.calls) == 1


def test_the_whole_history_comes_newest_first_and_says_how_far_it_got(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    starts = [datetime(2026, 10, day, 7, tzinfo=UTC) for day in (9, 7, 5)]
    listing(net, [row(1, starts[0]), row(2, starts[1])], [row(3, starts[2])], [])
    pages = list(door(keys).pages(None, None))
    assert [page.back_to for page in pages] == [
        starts[1] + timedelta(seconds=1),
        starts[2] + timedelta(seconds=1),
    ]
    told = parameters(net)
    asked = [one.pop("before", None) for one in told]
    assert told == [{"per_page": "200", "page": "1"}] * 3
    assert asked == [None, *(str(int(start.timestamp()) + 1) for start in starts[1:])], (
        "by time, so that a deletion in between moves no row past us"
    )


def test_a_short_page_is_not_the_end(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1)], [row(2)], [])
    assert len(list(door(keys).pages(None, None))) == 2


def test_an_old_window_stops_at_the_page_that_reaches_before_it(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    since, until = NOW - timedelta(days=90), NOW - timedelta(days=40, microseconds=1)
    listing(net, [row(1, NOW - timedelta(days=50))], [row(2, NOW - timedelta(days=91))], [row(3)])
    assert len(list(door(keys).pages(since, until))) == 2
    assert parameters(net)[0] == {
        "per_page": "200",
        "page": "1",
        "before": str(int((NOW - timedelta(days=40)).timestamp())),
    }


def test_a_page_that_is_not_sorted_promises_nothing(net: responses.RequestsMock, keys: KeyFile) -> None:
    since = NOW - timedelta(days=60)
    listing(net, [row(1, NOW - timedelta(days=99)), row(2, NOW - timedelta(days=1))], [row(3, since)], [])
    pages = list(door(keys).pages(since, None))
    assert [page.back_to for page in pages] == [None, since + timedelta(seconds=1)]


def test_an_iteration_that_is_left_early_asks_no_further(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1)], [row(2)], [])
    next(iter(door(keys).pages(None, None)))
    assert len(net.calls) == 1


def test_one_odd_row_does_not_cost_the_page(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1, distance="far"), row(2)], [])
    (page,) = door(keys).pages(None, None)
    assert [type(one) for one in page.rows] == [Unread, Listed]


def test_a_service_that_repeats_itself_is_broken(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [row(1), row(2, NOW - timedelta(days=2))])
    with pytest.raises(Broken, match="repeats the same activities on every page"):
        list(door(keys).pages(None, None))
    assert len(net.calls) == 3


def test_rows_without_an_id_cannot_go_on_for_ever(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [{"name": "a"}])
    with pytest.raises(Broken, match="repeats"):
        list(door(keys).pages(None, None))


def test_the_end_is_where_only_the_last_row_comes_again(net: responses.RequestsMock, keys: KeyFile) -> None:
    earlier = row(1, NOW - timedelta(days=2))
    listing(net, [row(2), earlier], [earlier])
    assert len(list(door(keys).pages(None, None))) == 1
    assert len(net.calls) == 2


def test_every_request_has_a_name_a_token_and_a_limit_of_time(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    listing(net, [])
    list(door(keys).pages(None, None))
    request = net.calls[0].request
    assert request.headers["User-Agent"] == "niggled"
    assert request.headers["Authorization"] == "Bearer access-one"
    assert request.req_kwargs["timeout"] == (5.0, 30.0)
    assert "access" not in (request.url or "")


def test_an_idle_poll_loads_no_stravalib(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, responses\n"
        "from datetime import timedelta\n"
        "from fakes.answers_of_strava import LIST, NOW, door, logged_in\n"
        "with responses.RequestsMock() as net:\n"
        "    net.get(LIST, json=[])\n"
        f"    keys = logged_in(pathlib.Path({str(tmp_path)!r}))\n"
        "    assert list(door(keys).pages(NOW - timedelta(days=1), None)) == []\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'stravalib', 'pydantic', 'pint'}, loaded\n"
    )
    paths = os.pathsep.join(str(Path(__file__).resolve().parents[up]) for up in (1, 2))
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr


def test_nights_are_not_known(keys: KeyFile) -> None:
    assert door(keys).nights(NOW.date(), NOW.date()) == ()


def test_only_strava_itself_says_that_an_activity_is_gone(net: responses.RequestsMock, keys: KeyFile) -> None:
    listing(net, [])
    net.get(f"{API}/activities/9001", status=404)
    net.get(f"{API}/activities/9002", json=row(2))
    strava = door(keys)
    list(strava.pages(None, None))
    assert not strava.exists("9001")
    assert strava.exists("9002")


def test_not_found_from_a_host_that_has_said_nothing_yet_is_asked_again_as_a_whole(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.get(f"{API}/athlete", json={"id": 7})
    net.get(f"{API}/activities/9001", status=404)
    assert not door(keys).exists("9001")
    assert [call.request.path_url for call in net.calls] == [
        "/api/v3/athlete",
        "/api/v3/activities/9001?include_all_efforts=false",
    ]


def test_a_host_that_went_away_deletes_nothing(net: responses.RequestsMock, keys: KeyFile) -> None:
    for host in (API, "https://api-v3.strava.com", "https://www.api-v3.strava.com"):
        net.get(f"{host}/athlete", status=404)
        net.get(f"{host}/activities/9001", status=404)
    with pytest.raises(Broken, match="does not know its own athlete"):
        door(keys).exists("9001")


def test_an_answer_that_is_no_activity_deletes_nothing(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.get(f"{API}/athlete", json={"id": 7})
    net.get(f"{API}/activities/9001", json=[])
    with pytest.raises(Broken, match="something else than an activity"):
        door(keys).exists("9001")


def test_an_id_that_cannot_be_stravas_is_not_asked_about(net: responses.RequestsMock, keys: KeyFile) -> None:
    assert door(keys).exists("../athlete")
    assert door(keys).recording("../athlete", RUN) is None
    assert len(net.calls) == 0
