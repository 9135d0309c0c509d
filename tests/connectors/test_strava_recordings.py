"""Recordings of the Strava door: streams without positions, and not too many at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from fakes.answers_of_strava import (
    API,
    INACTIVE,
    LIST,
    NOW,
    door,
    logged_in,
    rates,
)

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from rules.facts import Activity, Family

RUN = Activity("", Family.RUN, "run", NOW - timedelta(days=1), 10_000, 3600)
STREAMS = {
    name: {"data": data, "series_type": "time", "original_size": 3, "resolution": "high"}
    for name, data in {
        "time": [0, 1, 2],
        "distance": [0.0, 3.0, 6.0],
        "altitude": [10, 10, 11],
        "heartrate": [90, 91, None],
        "cadence": [80, 81, 82],
    }.items()
}


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


def streams(net: responses.RequestsMock, **answer: Any) -> None:
    net.get(f"{API}/athlete", json={"id": 7}, headers=rates(3, 30))
    net.get(f"{API}/activities/9001/streams", **({"json": STREAMS, "headers": rates(4, 31)} | answer))


def test_a_recording_is_read_without_positions(net: responses.RequestsMock, keys: KeyFile) -> None:
    streams(net)
    leg = door(keys).recording("9001", RUN)
    assert leg is not None
    assert leg.samples is not None
    assert leg.samples.distance_m == [0.0, 3.0, 6.0]
    assert leg.samples.cadence_spm == [160.0, 162.0, 164.0]
    assert leg.samples.heart_rate_bpm == [90.0, 91.0, None]
    asked = net.calls[-1].request
    assert asked.params == {
        "keys": "time,distance,altitude,velocity_smooth,heartrate,cadence",
        "key_by_type": "True",
    }
    assert asked.headers["Authorization"] == "Bearer access-one"
    assert asked.headers["User-Agent"] == "niggled"
    assert asked.req_kwargs["timeout"] == (5.0, 30.0)
    assert all("latlng" not in (call.request.url or "") for call in net.calls)


def test_an_activity_without_streams_has_no_recording(net: responses.RequestsMock, keys: KeyFile) -> None:
    streams(net, status=404, json={"message": "Record Not Found", "errors": []})
    assert door(keys).recording("9001", RUN) is None


def test_streams_without_times_are_no_recording(net: responses.RequestsMock, keys: KeyFile) -> None:
    streams(net, json={"distance": STREAMS["distance"]})
    assert door(keys).recording("9001", RUN) is None


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        ({"json": [1, 2]}, Broken, "something else than the streams of an activity"),
        (
            {"json": {"time": {"data": "abc", "original_size": "x"}}},
            Broken,
            "something else than the streams",
        ),
        ({"json": "text"}, Broken, "something else than the streams"),
        ({"json": {"message": "no", "errors": []}}, Broken, "something else than the streams"),
        ({"body": "<html>"}, Unavailable, "a web page instead of data"),
        ({"status": 500, "json": None}, Unavailable, "an error of its own"),
        ({"status": 429, "json": None}, Unavailable, "too many requests"),
        ({"status": 403, "json": INACTIVE}, NeedsLogin, "switched off your API application"),
        ({"body": requests.ConnectionError("cut"), "json": None}, Unavailable, "could not be reached"),
    ],
)
def test_a_recording_fails_in_the_same_words_as_a_listing(
    net: responses.RequestsMock, keys: KeyFile, answer: dict[str, Any], kind: type[Exception], said: str
) -> None:
    if "body" in answer:
        answer = {"json": None} | answer
    streams(net, **answer)
    with pytest.raises(kind, match=said):
        door(keys).recording("9001", RUN)


def test_after_thirty_recordings_others_have_their_turn(net: responses.RequestsMock, keys: KeyFile) -> None:
    streams(net)
    strava = door(keys)
    for _ in range(30):
        strava.recording("9001", RUN)
    with pytest.raises(Unavailable, match="Strava: 30 recordings read; the next ones in a minute") as caught:
        strava.recording("9001", RUN)
    assert (caught.value.paced, caught.value.retry_at) == (True, NOW + timedelta(minutes=1))
    assert keys.load()["usage"]["short_used"] == 4


def test_recordings_stop_at_seven_tenths_and_listings_go_on(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.get(LIST, json=[], headers=rates(70, 200))
    strava = door(keys)
    list(strava.pages(None, None))
    with pytest.raises(Unavailable, match="70 of 100 reads used; going on at 18:15 UTC") as caught:
        strava.recording("9001", RUN)
    assert caught.value.paced
    assert list(strava.pages(None, None)) == []


def test_stravalib_changes_neither_the_warnings_nor_the_log_of_the_process() -> None:
    program = (
        "import logging, requests, warnings\n"
        "before = list(warnings.filters), warnings.showwarning\n"
        "import connectors.sources.strava_library\n"
        "assert (list(warnings.filters), warnings.showwarning) == before\n"
        "assert not logging.getLogger().handlers\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
