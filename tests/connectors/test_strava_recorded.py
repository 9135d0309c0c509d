"""Bodies that Strava really sent: each one is read, or ends in the failure that says what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from fakes.answers_of_strava import API, APP, LIST, NOW, Clock, door, logged_in, new_tokens

from connectors.errors import ConnectorError, NeedsLogin, Unavailable
from connectors.sources.door import Listed, Unread
from connectors.sources.strava_facts import listed
from connectors.sources.strava_login import exchange, revoke
from connectors.sources.strava_tokens import Tokens
from rules.facts import Activity, Family
from rules.policy import Policy

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "api" / "strava"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
INDEX: list[dict[str, Any]] = (
    json.loads((DATA / "index.json").read_text(encoding="utf-8")) if DATA.is_dir() else []
)
RUN = Activity("", Family.RUN, "run", NOW, 10_000, 3600)


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def body(entry: dict[str, Any]) -> bytes:
    return b"" if entry["file"] is None else (DATA / entry["file"]).read_bytes()


def outcome(entry: dict[str, Any], net: responses.RequestsMock, folder: Path) -> str:
    """What the door makes of this answer, in a word."""
    path = entry["path"].partition("?")[0]
    answer = {
        "body": body(entry),
        "status": entry["status"],
        "headers": entry["rate_limit_headers"],
        "content_type": entry.get("content_type", "application/json"),
    }
    strava = door(logged_in(folder))
    net.get(f"{API}/athlete", json={"id": 1})
    try:
        if path == "/oauth/token":
            net.post("https://www.strava.com/oauth/token", **answer)
            keys = logged_in(folder, until=NOW)
            if "code" in str(entry["file"]):
                exchange(APP, "the-code", keys, Clock())
            else:
                Tokens(keys, Clock(), APP).current()
            return "token " + keys.load()["access_token"]
        if path == "/oauth/deauthorize":
            net.post("https://www.strava.com/oauth/revoke", status=404)
            net.post("https://www.strava.com/oauth/deauthorize", **answer)
            revoke(logged_in(folder), Clock(), app=APP)
            return "logged out"
        if path.endswith("/streams"):
            net.get(f"{API}/activities/9/streams", **answer)
            leg = strava.recording("9", RUN)
            return (
                "no recording" if leg is None or leg.samples is None else f"{len(leg.samples.time_s)} samples"
            )
        if path.startswith("/api/v3/activities/") and path.rpartition("/")[2].isdecimal():
            net.get(f"{API}/activities/9", **answer)
            there = strava.exists("9")
            if not there:
                return "gone"
            told = listed(json.loads(body(entry)), Policy().sport)
            return told.leg.sport if isinstance(told, Listed) else told.reason
        net.get(LIST, **answer)
        net.get(LIST, json=[])
        rows = [one for page in strava.pages(None, None) for one in page.rows]
        strange = [one.reason for one in rows if isinstance(one, Unread)]
        return "; ".join(strange) if strange else f"{len(rows)} activities"
    except ConnectorError as failure:
        reason = f" {failure.reason}" if isinstance(failure, NeedsLogin) else ""
        when = (
            f" until {failure.retry_at:%H:%M}"
            if isinstance(failure, Unavailable) and failure.retry_at
            else ""
        )
        return f"{type(failure).__name__}{reason}{when}: {failure}"


NO_LIST = "Broken: Strava answered with something else than a list of activities"
NOTHING_OF_A_RUN = "the fields id, start_date, distance, moving_time, elapsed_time are missing"
UNKNOWN = "Broken: Strava answered in a way that we do not know (201)"
EXPECTED = {
    "athlete_activities_page_1.json": "30 activities",
    "athlete_activities_page_2.json": "30 activities",
    "athlete_activities_page_38_short.json": "22 activities",
    "athlete_activities_page_39_empty.json": "0 activities",
    "athlete_activities_after_before.json": "7 activities",
    "athlete_activities_per_page_1.json": "1 activities",
    "activity_run.json": "Run",
    "activity_run_no_hr.json": "Run",
    "activity_ride_trainer.json": "Ride",
    "activity_ride.json": "Ride",
    "activity_swim_manual.json": "Swim",
    "activity_create_201.json": UNKNOWN,
    "activity_laps.json": "the field sport_type is missing",
    "activity_zones.json": f"{NOTHING_OF_A_RUN}; {NOTHING_OF_A_RUN}",
    "activity_streams_distance.json": "no recording",
    "activity_streams_keys_SYNTHETIC.json": "61 samples",
    "segment_effort_streams.json": "no recording",
    "athlete.json": NO_LIST,
    "athlete_zones.json": NO_LIST,
    "token_authorization_code.json": "token example-access-token",
    "token_refresh.json": "token example-access-token",
    "token_invalid_client_400.json": (
        "NeedsLogin login: Strava does not know the application, or its secret is wrong"
    ),
    "token_invalid_code_400.json": (
        "NeedsLogin login: Strava does not take this code; each works once and not for long"
    ),
    "unauthorized_401.json": "NeedsLogin login: Strava refuses our login",
    None: "gone",
    "rate_limited_429.json": ("Unavailable until 00:00: Strava says that these were too many requests (429)"),
    "push_subscriptions.json": (
        "the fields start_date, distance, moving_time, elapsed_time, sport_type are missing"
    ),
    "push_subscriptions_none.json": "0 activities",
    "push_subscription_create_201.json": UNKNOWN,
    "deauthorize.json": "logged out",
}


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: str(entry["file"]))
def test_each_recorded_answer_is_read_or_refused_in_words(
    entry: dict[str, Any], net: responses.RequestsMock, tmp_path: Path
) -> None:
    if entry["status"] == 401:
        net.post("https://www.strava.com/oauth/token", json=new_tokens())
    assert outcome(entry, net, tmp_path) == EXPECTED[entry["file"]]


def test_every_recorded_answer_has_an_expected_outcome() -> None:
    assert {entry["file"] for entry in INDEX} == set(EXPECTED)


def test_a_recorded_run_is_read_figure_by_figure() -> None:
    content = json.loads((DATA / "athlete_activities_per_page_1.json").read_bytes())
    told = listed(content[0], Policy().sport)
    assert isinstance(told, Listed)
    leg = told.leg
    assert told.external_id == "9000000001"
    assert leg.start == datetime.fromisoformat("2022-10-23T20:00:00+00:00")
    assert (leg.distance_m, leg.moving_s, leg.elapsed_s) == (6764.8, 2151.0, 2178.0)
    assert (leg.utc_offset_s, leg.ascent_m, leg.descent_m) == (-14400, 34.0, None)
    assert (leg.mean_heart_rate_bpm, leg.max_heart_rate_bpm) == (146.8, 162.0)
    assert leg.mean_cadence_spm == pytest.approx(156.8)
    assert leg.warning is None


def test_no_climb_is_known_of_the_recorded_entry_by_hand() -> None:
    told = listed(json.loads((DATA / "activity_swim_manual.json").read_bytes()), Policy().sport)
    assert isinstance(told, Listed)
    assert (told.leg.manual, told.leg.ascent_m, told.leg.utc_offset_s) == (True, None, -14400)


def test_nothing_recorded_is_kept_beyond_plain_figures_and_the_title() -> None:
    for entry in INDEX:
        content = json.loads(body(entry) or b"null")
        for row in content if isinstance(content, list) else [content]:
            told = listed(row, Policy().sport)
            if isinstance(told, Listed):
                kept = json.loads(told.raw)
                assert all(isinstance(value, str | int | float) for value in kept.values())
                assert not any("latlng" in name or "location" in name or "timezone" in name for name in kept)
