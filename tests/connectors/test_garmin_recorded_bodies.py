"""Bodies that Garmin really sent: each one is read, or is what it should be, or is of an endpoint that we leave alone."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.errors import NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.door import Listed
from connectors.sources.garmin import GarminDoor
from connectors.sources.garmin_login import begin
from connectors.sources.garmin_nights import LOGIN_TABLES, PERSONAL_TABLES, read_nights
from connectors.sources.garmin_personal import PersonalClient
from rules.facts import Night
from rules.policy import Policy

API = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "api" / "garmin"
pytestmark = pytest.mark.skipif(not API.is_dir(), reason="../shared/data is absent")

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
BASE = "https://personal.connectapi.garmin.com"
LIST = "/activitylist-service/activities/search/activities"
TOKEN = "/personalapitoken-service/personal-api/personal-api-key/token"
JWT = f"e30.{base64.urlsafe_b64encode(json.dumps({'exp': 4e9}).encode()).decode().rstrip('=')}.x"

ONE_DAY = "of one day; we read ranges, a month a request"
NOT_READ = "no rule reads it"
LEFT_ALONE = {
    "fitnessstats_activities.json": "the other listing has no instant and no distance",
    "sleep.json": ONE_DAY,
    "sleep_empty_day.json": ONE_DAY,
    "sleep_old_endpoint.json": ONE_DAY,
    "sleep_scores_range.json": "a score is not hours of sleep",
    "hrv_night.json": ONE_DAY,
    "204 /hrv-service/hrv/2019-07-23": ONE_DAY,
    "204 /hrv-service/hrv/2024-05-20": ONE_DAY,
    "heart_rate_day.json": ONE_DAY,
    "daily_summary.json": ONE_DAY,
    "daily_summary_2.json": ONE_DAY,
    "body_battery_events.json": NOT_READ,
    "body_battery_events_empty.json": NOT_READ,
    "stress_day.json": NOT_READ,
    "stress_day_null.json": NOT_READ,
    "stress_day_zero.json": NOT_READ,
    "stress_range.json": NOT_READ,
    "stress_weekly_empty.json": NOT_READ,
    "steps_range.json": NOT_READ,
    "training_readiness.json": NOT_READ,
    "training_readiness_empty.json": NOT_READ,
    "training_status.json": NOT_READ,
    "training_status_no_data.json": NOT_READ,
    "oauth_exchange.json": "the exchange that Garmin gave up; tokens come from another host now",
    "coach_activity_details.json": "samples come from the original file",
    "coach_body_battery.json": NOT_READ,
    "coach_hrv.json": ONE_DAY,
    "coach_sleep.json": ONE_DAY,
    "coach_stress.json": NOT_READ,
    "coach_training_readiness.json": NOT_READ,
    "personal_api_SYNTHETIC_body_battery.json": NOT_READ,
}


def body(file: str) -> Any:
    return json.loads((API / file).read_text(encoding="utf-8"))


def entries() -> dict[str, dict[str, Any]]:
    """The recorded answers by file, those without one by status and path."""
    if not API.is_dir():
        return {}
    index = json.loads((API / "index.json").read_text(encoding="utf-8"))
    return {entry["file"] or f"{entry['status']} {entry['path']}": entry for entry in index}


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{BASE}{TOKEN}", body=JWT)
        yield mock


@pytest.fixture
def door(tmp_path: Path) -> GarminDoor:
    keys = KeyFile(tmp_path / "anna-garmin.json")
    return GarminDoor(PersonalClient(keys, lambda: NOW, api_key="key-0000001"), Policy().sport, lambda: NOW)


def told(net: responses.RequestsMock, path: str, entry: dict[str, Any]) -> None:
    """Garmin answers with the recorded body, and with nothing to whatever comes after."""
    content = body(entry["file"]) if entry["file"] else entry.get("inline_body")
    sent: dict[str, Any] = {"body": ""} if content is None else {"json": content}
    net.get(f"{BASE}{path}", status=entry["status"], **sent)


type Check = Callable[[dict[str, Any], responses.RequestsMock, GarminDoor], None]


def listing(count: int, *sports: str) -> Check:
    def check(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
        told(net, LIST, entry)
        page = next(iter(door.pages(None, None)))
        assert [type(row) for row in page.rows] == [Listed] * count
        rows = [row for row in page.rows if isinstance(row, Listed)]
        assert [row.leg.sport for row in rows] == list(sports)
        assert all(row.leg.start.tzinfo is UTC and row.leg.moving_s for row in rows)
        assert not any(b"wner" in row.raw or b"atitude" in row.raw for row in rows)

    return check


def refused_listing(kind: type[Exception], text: str) -> Check:
    def check(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
        told(net, LIST, entry)
        with pytest.raises(kind, match=text):
            list(door.pages(None, None))

    return check


def lookup(*, there: bool) -> Check:
    def check(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
        told(net, "/activity-service/activity/20000000001", entry)
        assert door.exists("20000000001") is there

    return check


def nights(*expected: Night, days: str = "2024-05-18 2024-05-20") -> Check:
    """The recorded body is all that is known of those days."""

    def check(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
        path, content = entry["path"].partition("?")[0], body(entry["file"]) if entry["file"] else None
        asked: list[str] = []

        def get(asked_path: str, params: object) -> Any:
            if asked_path == "/userprofile-service/socialProfile":
                return {"displayName": "{displayName}"}
            asked.append(asked_path.replace("%7B", "{").replace("%7D", "}"))
            return content if asked[-1] == path else None

        first, last = map(date.fromisoformat, days.split())
        tables = LOGIN_TABLES if "userstats" in path else PERSONAL_TABLES
        assert tuple(read_nights(get, tables, first, last)) == expected
        assert path in asked

    return check


def hrv_range(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
    answers = body(entry["file"])
    found = read_nights(
        lambda path, params: answers if path == entry["path"] else None,
        PERSONAL_TABLES,
        date(2021, 7, 3),
        date(2021, 7, 22),
    )
    measured = [one["calendarDate"] for one in answers["hrvSummaries"] if one["lastNightAvg"]]
    assert [night.date for night in found] == measured
    assert all(3.0 < (night.ln_rmssd or 0) < 5.5 for night in found)


def refused_login(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
    sso = "http://127.0.0.1:9"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("garminconnect.client.HAS_CFFI", False)
        patch.setattr("garminconnect.client.sso.time.sleep", lambda seconds: None)
        net.get(f"{sso}/mobile/sso/en_US/sign-in", body="<html>")
        net.post(f"{sso}/mobile/api/login", json=body(entry["file"]), status=entry["status"])
        with pytest.raises(NeedsLogin, match="does not accept this mail address and password"):
            begin("a@example.org", "wrong", KeyFile(Path("unused")), lambda: NOW, base_url=sso)


def pass_for_a_key(entry: dict[str, Any], net: responses.RequestsMock, door: GarminDoor) -> None:
    net.get(f"{BASE}/activity-service/activity/1", json={})
    assert door.exists("1")
    assert net.calls[-1].request.headers["Authorization"] == f"Bearer {JWT}"


READ: dict[str, Check] = {
    "activities_limit3.json": listing(3, "trail_running", "hiking", "stand_up_paddleboarding_v2"),
    "activities_start0_limit2.json": listing(2, "trail_running", "hiking"),
    "activities_start2_limit2.json": listing(2, "stand_up_paddleboarding_v2", "open_water_swimming"),
    "coach_activities.json": listing(1, "indoor_cycling"),
    "personal_api_SYNTHETIC_activities.json": listing(3, "running", "treadmill_running", "running"),
    f"401 {LIST}?start=0&limit=20": refused_listing(
        NeedsLogin, "Garmin takes the key and still shows nothing"
    ),
    f"429 {LIST}?start=0&limit=20": refused_listing(Unavailable, "Garmin allows no more requests for now"),
    f"500 {LIST}?start=0&limit=99": refused_listing(Unavailable, "Garmin has trouble of its own"),
    "activity_trail_run.json": lookup(there=True),
    "activity_yoga_10_seconds.json": lookup(there=True),
    "activity_yoga_no_distance.json": lookup(there=True),
    "personal_api_SYNTHETIC_activity.json": lookup(there=True),
    "activity_404.json": lookup(there=False),
    "hrv_range.json": hrv_range,
    "204 /hrv-service/hrv/daily/1990-06-23/1990-07-20": nights(days="1990-06-23 1990-07-20"),
    "personal_api_SYNTHETIC_hrv_range.json": nights(
        Night("2024-05-18", ln_rmssd=math.log(46)),
        Night("2024-05-19", ln_rmssd=math.log(39)),
        days="2024-05-18 2024-05-19",
    ),
    "personal_api_SYNTHETIC_sleep_summaries.json": nights(Night("2024-05-19", sleep_h=7.65)),
    "personal_api_SYNTHETIC_daily_summaries.json": nights(
        Night("2024-05-18", resting_heart_rate_bpm=47.0), Night("2024-05-19", resting_heart_rate_bpm=49.0)
    ),
    "coach_resting_hr.json": nights(
        Night("2024-06-20", resting_heart_rate_bpm=45.0), days="2024-06-20 2024-06-20"
    ),
    "login_401.json": refused_login,
    f"200 {TOKEN}": pass_for_a_key,
}


def test_every_recorded_body_is_accounted_for() -> None:
    assert sorted(entries()) == sorted([*READ, *LEFT_ALONE])


@pytest.mark.parametrize("name", READ)
def test_a_recorded_body_means_what_it_should(
    name: str, net: responses.RequestsMock, door: GarminDoor
) -> None:
    READ[name](entries()[name], net, door)
