"""The fakes say what the services said when they were recorded: the same keys, the same kinds of values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import garmin_bodies, garmin_nights, strava_bodies
from fakes.account import Account, HeldNight
from fakes.account_builders import held_of_fit, recorded
from fakes.fit_streams import streams_of
from fakes.garmin_server import GarminServer
from fakes.strava_server import StravaServer

from connectors.http import Session

API = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "api"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = date(2024, 5, 31)
HTTP = Session(read_s=5)
NIGHTS = {DAY: HeldNight(28_800, 50, 48)}

pytestmark = pytest.mark.skipif(not API.is_dir(), reason="../shared/data is absent")


def body(name: str) -> Any:
    return json.loads((API / name).read_text(encoding="utf-8"))


def rows(*names: str) -> list[Any]:
    return [row for name in names for row in body(name)]


def misfits(told: Any, said: list[Any], where: str = "") -> list[str]:
    """What `told` has that no recorded value of the same place had. Emptied values (null, "", []) bind nothing."""
    if isinstance(told, dict) and (objects := [one for one in said if isinstance(one, dict)]):
        found = []
        for key, value in told.items():
            there = [one[key] for one in objects if key in one]
            found += misfits(value, there, f"{where}.{key}") if there else [f"{where}.{key} was never said"]
        return found
    if isinstance(told, list):
        lists = [one for one in said if isinstance(one, list)]
        inner = [one for many in lists for one in many]
        if not lists and any(said):
            return [f"{where} was no list"]
        return [text for one in told for text in misfits(one, inner, f"{where}[]")] if inner else []
    kinds = {kind(one) for one in said if one not in (None, "", [])}
    return [] if not kinds or told is None or kind(told) in kinds else [f"{where} is {told!r}, was {kinds}"]


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else type(value).__name__


def forgotten(told: dict[str, Any], said: list[dict[str, Any]]) -> set[str]:
    """Keys that every recorded object had, and the fake's has not."""
    return set.intersection(*(set(one) for one in said)) - set(told)


@pytest.fixture
def account() -> Account:
    held = Account()
    held.run(NOW - timedelta(days=3), 10)
    held.run(NOW - timedelta(days=2), 5, manual=True, mean_heart_rate_bpm=None, max_heart_rate_bpm=None)
    held.edit(held.next_id() - 1, cadence_per_leg=None, ascent_m=None)
    held.add(held_of_fit(recorded(NOW - timedelta(days=1), 1.0), held.next_id()))
    return held


STRAVA_PAGES = (
    "strava/athlete_activities_page_1.json",
    "strava/athlete_activities_page_2.json",
    "strava/athlete_activities_page_38_short.json",
    "strava/athlete_activities_after_before.json",
)


def test_a_listed_activity_of_strava_looks_as_recorded(account: Account) -> None:
    told = strava_bodies.summary(next(iter(account)))
    said = rows(*STRAVA_PAGES)
    assert misfits(told, said) == []
    assert forgotten(told, said) == set()


def test_without_a_heart_rate_strava_leaves_the_keys_out(account: Account) -> None:
    bare = account.run(NOW, mean_heart_rate_bpm=None, max_heart_rate_bpm=None, cadence_per_leg=None)
    told = strava_bodies.summary(bare)
    said = [row for row in rows(*STRAVA_PAGES) if not row["has_heartrate"]]
    assert misfits(told, said) == []
    assert set(told).isdisjoint({"average_heartrate", "max_heartrate", "suffer_score", "average_cadence"})


def test_a_manual_activity_of_strava_looks_as_recorded(account: Account) -> None:
    manual = next(held for held in account if held.manual)
    created, swum = body("strava/activity_create_201.json"), body("strava/activity_swim_manual.json")
    for told in (strava_bodies.summary(manual), strava_bodies.detail(manual)):
        assert misfits(told, [created, swum, *rows(*STRAVA_PAGES), body("strava/activity_run.json")]) == []
        assert told["total_elevation_gain"] == created["total_elevation_gain"] == 0
        assert told["upload_id"] is created["upload_id"] is None


def test_a_single_activity_of_strava_looks_as_recorded(account: Account) -> None:
    said = [
        body(f"strava/{name}.json")
        for name in ("activity_run", "activity_run_no_hr", "activity_ride_trainer")
    ]
    told = strava_bodies.detail(account.run(NOW, device="Forerunner"))
    assert misfits(told, said + rows(STRAVA_PAGES[0])) == []
    assert forgotten(told, said) == set()


def test_strava_s_athlete_and_tokens_look_as_recorded(account: Account) -> None:
    with StravaServer(lambda: NOW, account) as strava:
        app = {"client_id": strava.tokens.client_id, "client_secret": strava.tokens.client_secret}
        code = {"grant_type": "authorization_code", "code": strava.tokens.issue_code("read")}
        exchanged = HTTP.post(f"{strava.base_url}/oauth/token", data=app | code).json()
        again = {"grant_type": "refresh_token", "refresh_token": exchanged["refresh_token"]}
        refreshed = HTTP.post(f"{strava.base_url}/oauth/token", data=app | again).json()
        bearer = {"Authorization": f"Bearer {refreshed['access_token']}"}
        athlete = HTTP.get(f"{strava.base_url}/api/v3/athlete", headers=bearer).json()
    for told, name in (
        (exchanged, "token_authorization_code"),
        (refreshed, "token_refresh"),
        (athlete, "athlete"),
    ):
        said = [body(f"strava/{name}.json")]
        assert misfits(told, said) == []
        assert forgotten(told, said) == set()


def test_strava_refuses_in_the_recorded_words(account: Account) -> None:
    with StravaServer(lambda: NOW, account) as strava:
        token = f"{strava.base_url}/oauth/token"
        app = {"client_id": strava.tokens.client_id, "client_secret": strava.tokens.client_secret}
        stranger = HTTP.post(token, data=app | {"client_id": "9", "grant_type": "refresh_token"})
        code = HTTP.post(token, data=app | {"grant_type": "authorization_code", "code": "no"})
        unknown = HTTP.get(f"{strava.base_url}/api/v3/athlete", headers={"Authorization": "Bearer no"})
        strava.reads.per_window = 0
        limited = HTTP.get(f"{strava.base_url}/api/v3/athlete")
    assert (stranger.status_code, stranger.json()) == (400, body("strava/token_invalid_client_400.json"))
    assert (code.status_code, code.json()) == (400, body("strava/token_invalid_code_400.json"))
    assert (unknown.status_code, unknown.json()) == (401, body("strava/unauthorized_401.json"))
    assert (limited.status_code, limited.json()) == (429, body("strava/rate_limited_429.json"))
    assert "X-Ratelimit-Limit" in limited.headers
    assert "X-Ratelimit-Limit" not in unknown.headers


def test_the_streams_of_strava_look_as_recorded() -> None:
    account = Account([held_of_fit(recorded(NOW, 1.0), 7)])
    with StravaServer(lambda: NOW, account) as strava:
        bearer = {"Authorization": f"Bearer {strava.tokens.sign_in()['access_token']}"}
        address = f"{strava.base_url}/api/v3/activities/7/streams"
        every = {"keys": "time,distance,heartrate,altitude,cadence", "key_by_type": "true"}
        told = HTTP.get(address, params=every, headers=bearer).json()
        bare = HTTP.get(address, params={"key_by_type": "true"}, headers=bearer).json()
    said = body("strava/activity_streams_keys_SYNTHETIC.json")
    assert misfits(told, [said]) == []
    assert set(told) == set(said) - {"moving"}
    assert misfits(bare, [body("strava/activity_streams_distance.json")]) == []
    assert set(bare) == {"distance"}
    assert told["time"]["data"] == list(range(361))
    assert told["distance"]["data"][-1] == pytest.approx(1000, abs=0.06)
    assert set(streams_of(recorded(NOW, 1.0))["cadence"]) == {84}


GARMIN_LISTS = (
    "garmin/activities_limit3.json",
    "garmin/activities_start0_limit2.json",
    "garmin/activities_start2_limit2.json",
    "garmin/personal_api_SYNTHETIC_activities.json",
)


def test_a_listed_activity_of_garmin_looks_as_recorded(account: Account) -> None:
    said = rows(*GARMIN_LISTS)
    told = garmin_bodies.listed(next(iter(account)))
    assert misfits(told, said) == []
    assert forgotten(told, said) <= {"steps"}


def test_a_treadmill_run_of_garmin_has_an_elevation_of_null(account: Account) -> None:
    told = garmin_bodies.listed(account.run(NOW, sport="treadmill run"))
    (said,) = [row for row in rows(*GARMIN_LISTS) if row["activityType"]["typeKey"] == "treadmill_running"]
    assert told["elevationGain"] is told["elevationLoss"] is said["elevationGain"] is None
    assert misfits(told, rows(*GARMIN_LISTS)) == []


def test_a_single_activity_of_garmin_looks_as_recorded(account: Account) -> None:
    said = [
        body(f"garmin/{name}.json")
        for name in ("activity_trail_run", "activity_yoga_no_distance", "personal_api_SYNTHETIC_activity")
    ]
    told = garmin_bodies.detail(account.run(NOW, effort=3, feel=25))
    assert misfits(told, said) == []
    assert forgotten(told, said) == set()
    wanted = {
        "startTimeGMT",
        "duration",
        "distance",
        "averageRunCadence",
        "directWorkoutFeel",
        "directWorkoutRpe",
    }
    assert wanted <= set(told["summaryDTO"])


def test_what_was_not_measured_has_no_key_at_garmin(account: Account) -> None:
    bare = account.run(
        NOW, sport="yoga", distance_m=None, ascent_m=None, descent_m=None, cadence_per_leg=None
    )
    said = body("garmin/activity_yoga_no_distance.json")["summaryDTO"]
    told = garmin_bodies.detail(bare)["summaryDTO"]
    unmeasured = {"distance", "elevationGain", "elevationLoss", "averageRunCadence"}
    assert unmeasured.isdisjoint(told)
    assert unmeasured.isdisjoint(said)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (garmin_nights.sleep_summaries(NIGHTS, DAY, DAY), "personal_api_SYNTHETIC_sleep_summaries"),
        (garmin_nights.hrv_range(NIGHTS, DAY, DAY), "personal_api_SYNTHETIC_hrv_range"),
        (garmin_nights.hrv_range(NIGHTS, DAY, DAY), "hrv_range"),
        (garmin_nights.hrv_day(NIGHTS, DAY), "hrv_night"),
        (garmin_nights.daily_summaries(NIGHTS, DAY, DAY), "personal_api_SYNTHETIC_daily_summaries"),
        (garmin_nights.daily_summaries({}, DAY, DAY), "personal_api_SYNTHETIC_daily_summaries"),
        (garmin_nights.sleep_day(NIGHTS, DAY), "sleep"),
        (garmin_nights.sleep_day({}, DAY), "sleep_empty_day"),
        (garmin_nights.resting_range(NIGHTS, DAY, DAY), "coach_resting_hr"),
        (garmin_nights.heart_rate_day(NIGHTS, DAY), "heart_rate_day"),
    ],
)
def test_a_night_of_garmin_looks_as_recorded(told: Any, name: str) -> None:
    said = body(f"garmin/{name}.json")
    assert misfits(told, [said]) == []


def test_garmin_refuses_in_the_recorded_words(account: Account) -> None:
    with GarminServer(lambda: NOW, account) as garmin:
        login = {"username": garmin.sso.mail, "password": "wrong"}
        page = HTTP.get(f"{garmin.base_url}/mobile/sso/en_US/sign-in")
        wrong = HTTP.post(f"{garmin.base_url}/mobile/api/login", json=login, cookies=page.cookies)
        bearer = {"Authorization": f"Bearer {json.loads(garmin.tokens.sign_in())['di_token']}"}
        gone = HTTP.get(f"{garmin.base_url}/activity-service/activity/1", headers=bearer)
        unknown = HTTP.get(f"{garmin.base_url}/activity-service/activity/1")
    said = body("garmin/login_401.json")
    assert wrong.status_code == 401
    assert set(wrong.json()) == set(said)
    assert wrong.json()["responseStatus"]["type"] == said["responseStatus"]["type"]
    assert (gone.status_code, gone.json()) == (404, body("garmin/activity_404.json"))
    assert (unknown.status_code, unknown.json()) == (401, {})
