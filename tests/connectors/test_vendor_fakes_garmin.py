"""The fake Garmin keeps the rules of both doors, and the real clients get through them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import requests
from fakes.account import Account
from fakes.account_builders import add_nights, held_of_fit, made_up, recorded
from fakes.clock import StoppedClock
from fakes.garmin_nights import FACES
from fakes.garmin_server import ACTIVITIES, KEY_EXCHANGE, LOGIN_EXCHANGE, GarminServer

from connectors.http import Session

NOW = datetime(2024, 6, 1, 12, 7, tzinfo=UTC)
FIRST, LAST = date(2024, 4, 1), date(2024, 5, 31)
FILE = recorded(NOW - timedelta(hours=5), 0.5)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def garmin(clock: StoppedClock) -> Iterator[GarminServer]:
    account = made_up(60, NOW - timedelta(hours=6))
    account.add(held_of_fit(FILE, account.next_id()))
    add_nights(account, FIRST, LAST)
    with GarminServer(clock.now, account) as server:
        yield server


class Client:
    def __init__(self, server: GarminServer, door: str) -> None:
        self.server = server
        self.http = Session(read_s=5)
        if door == "classic":
            self.token = str(json.loads(server.tokens.sign_in())["di_token"])
        else:
            self.token = self.exchange("example-garmin-key").text

    def exchange(self, key: str) -> requests.Response:
        header = {"Authorization": f"ApiKey {key}"}
        return self.http.post(self.server.base_url + KEY_EXCHANGE, headers=header)

    def get(
        self, path: str = ACTIVITIES, accept: str = "application/json", **query: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        return self.http.get(self.server.base_url + path, params=query, headers=headers)


@pytest.fixture(params=["personal", "classic"])
def client(request: pytest.FixtureRequest, garmin: GarminServer) -> Client:
    return Client(garmin, request.param)


@pytest.fixture
def personal(garmin: GarminServer) -> Client:
    return Client(garmin, "personal")


def ids(answer: requests.Response) -> list[int]:
    return [row["activityId"] for row in answer.json()]


def test_the_list_runs_from_the_newest_to_an_empty_page(client: Client) -> None:
    pages = [ids(client.get(start=start, limit=40)) for start in (0, 40, 80)]
    assert [len(page) for page in pages] == [40, 21, 0]
    newest_first = [held.id for held in client.server.account.newest_first()]
    assert [one for page in pages for one in page] == newest_first


def test_only_the_personal_door_refuses_large_pages(garmin: GarminServer) -> None:
    sizes = {"limit": 46}
    assert [Client(garmin, door).get(**sizes).status_code for door in ("personal", "classic")] == [500, 200]
    assert Client(garmin, "personal").get().status_code == 500
    garmin.largest_page = 20
    assert Client(garmin, "personal").get(limit=21).status_code == 500


def test_dates_are_those_of_the_wall_clock_and_both_included(garmin: GarminServer, client: Client) -> None:
    night_owl = garmin.account.run(datetime(2023, 3, 4, 16, 30, tzinfo=UTC), utc_offset_s=9 * 3600)
    found = ids(client.get(limit=9, startDate="2023-03-05", endDate="2023-03-05"))
    assert found == [night_owl.id]
    assert ids(client.get(limit=9, startDate="2023-03-04", endDate="2023-03-04")) == []


def test_legs_of_a_multi_sport_activity_are_hidden_unless_wanted(
    garmin: GarminServer, client: Client
) -> None:
    whole = garmin.account.run(NOW - timedelta(hours=4), sport="multisport")
    leg = garmin.account.run(NOW - timedelta(hours=3), parent=whole.id)
    assert leg.id not in ids(client.get(limit=5))
    every = client.get(limit=5, excludeChildren="false").json()
    marks = {row["activityId"]: (row["parent"], row.get("parentId")) for row in every}
    assert marks[whole.id] == (True, None)
    assert marks[leg.id] == (False, whole.id)


def test_the_original_comes_in_a_zip_for_those_who_take_one(garmin: GarminServer, client: Client) -> None:
    newest = garmin.account.newest_first()[0]
    path = f"/download-service/files/activity/{newest.id}"
    with ZipFile(BytesIO(client.get(path, "application/zip").content)) as archive:
        assert archive.read(f"{newest.id}_ACTIVITY.fit") == FILE
    assert client.get("/download-service/files/activity/4000000001", "application/zip").status_code == 404
    assert Client(garmin, "personal").get(path).status_code == 406


def test_a_pass_lasts_a_day_and_a_deleted_key_none(personal: Client, clock: StoppedClock) -> None:
    clock.sleep(24 * 3600 - 1)
    assert personal.get(limit=1).status_code == 200
    clock.sleep(1)
    refusal = personal.get(limit=1)
    assert (refusal.status_code, refusal.json()) == (401, {})
    personal.token = personal.exchange("example-garmin-key").text
    personal.server.tokens.delete_key("example-garmin-key")
    assert personal.get(limit=1).status_code == 401
    assert personal.exchange("example-garmin-key").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sleep-service/sleep/dailySleepSummariesByDate?startDate=2024-04-01&endDate=2024-05-01", 200),
        ("/sleep-service/sleep/dailySleepSummariesByDate?startDate=2024-04-01&endDate=2024-05-02", 400),
        ("/usersummary-service/v2/dailysummaries?startDate=2024-04-01&endDate=2024-05-01", 200),
        ("/usersummary-service/v2/dailysummaries?startDate=2024-04-01&endDate=2024-05-02", 500),
        ("/hrv-service/hrv/daily/2024-04-01/2025-03-31", 200),
        ("/hrv-service/hrv/daily/2024-04-01/2025-04-01", 400),
        ("/hrv-service/hrv/2024-05-31", 200),
        ("/hrv-service/hrv/2024-06-01", 204),
        ("/hrv-service/hrv/daily/1990-01-01/1990-01-20", 204),
        ("/hrv-service/hrv/daily/yesterday/today", 400),
    ],
)
def test_ranges_of_nights_have_their_limits(personal: Client, path: str, status: int) -> None:
    assert personal.get(path).status_code == status


def test_the_classic_door_has_nights_under_other_paths(garmin: GarminServer) -> None:
    classic = Client(garmin, "classic")
    name = classic.get("/userprofile-service/socialProfile").json()["displayName"]
    stats = classic.get("/sleep-service/stats/sleep/daily/2024-05-04/2024-05-31").json()["individualStats"]
    assert len(stats) == 28
    assert stats[-1]["values"]["totalSleepTimeInSeconds"] == garmin.account.nights[LAST].sleep_s
    assert classic.get("/sleep-service/stats/sleep/daily/2024-05-03/2024-05-31").status_code == 400
    span = {"fromDate": "2024-05-30", "untilDate": "2024-05-31", "metricId": 60}
    resting = classic.get(f"/userstats-service/wellness/daily/{name}", **span).json()
    (metric,) = resting["allMetrics"]["metricsMap"].values()
    assert metric[-1]["value"] == garmin.account.nights[LAST].resting_heart_rate_bpm


def test_nothing_has_five_faces(personal: Client) -> None:
    told = []
    for face in FACES:
        personal.server.nothing = face
        answer = personal.get("/hrv-service/hrv/2023-01-01")
        told.append((answer.status_code, answer.text))
    assert told[:3] == [(200, "[]"), (200, "null"), (204, "")]
    assert json.loads(told[3][1])["hrvSummary"]["lastNightAvg"] is None
    assert json.loads(told[4][1])["hrvSummary"]["lastNightAvg"] == 0
    assert json.loads(told[4][1])["hrvReadings"] == []


def test_garmin_s_own_client_reads_through_the_personal_door(
    garmin: GarminServer, clock: StoppedClock
) -> None:
    from garmin_personal_api.auth import PersonalApiAuthenticator
    from garmin_personal_api.client import GarminPersonalApiClient

    authenticator = PersonalApiAuthenticator(bearer_token_cache_file="/dev/null")
    authenticator.base_url = garmin.base_url
    token = authenticator.obtain_token("example-garmin-key", force_refresh=True)
    assert token.expires_at == NOW.timestamp() + 86_400
    reader = GarminPersonalApiClient(token.access_token)
    reader.base_url = garmin.base_url
    newest = garmin.account.newest_first()[0]
    rows = reader.search_activities(limit=3)
    assert isinstance(rows, list)
    assert len(rows) == 3
    assert reader.download_activity(newest.id)[:2] == b"PK"
    assert reader.get_daily_hrv("2024-06-01") is None


@pytest.fixture
def connect(garmin: GarminServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """garminconnect's client, sent to loopback and without its waiting."""
    import garminconnect
    from garminconnect.client import sso

    for name in ("MOBILE_DELAY_MIN_S", "MOBILE_DELAY_MAX_S"):
        monkeypatch.setattr(sso, name, 0.0)
    monkeypatch.setattr("time.time", lambda: NOW.timestamp())
    client = garminconnect.Garmin(retry_attempts=0).client
    client._sso = client._connect = client._connectapi = garmin.base_url
    client._di_token_url = garmin.base_url + LOGIN_EXCHANGE
    return client


def test_garminconnect_logs_in_and_rotates_its_tokens(garmin: GarminServer, connect: Any) -> None:
    assert connect.login(garmin.sso.mail, garmin.sso.password) == (None, None)
    first = connect.di_refresh_token
    connect._refresh_di_token()
    assert connect.di_refresh_token == garmin.tokens.refresh_token != first
    assert len(connect.connectapi(ACTIVITIES, params={"start": "0", "limit": "100"})) == 61
    garmin.tokens.forget_login()
    with pytest.raises(Exception, match="401"):
        connect.connectapi(ACTIVITIES)


def test_garminconnect_wants_a_code_once_and_asks_again_for_a_wrong_one(
    garmin: GarminServer, connect: Any
) -> None:
    garmin.sso.wants_code = True
    asked, state = connect.login(garmin.sso.mail, garmin.sso.password, return_on_mfa=True)
    assert (asked, garmin.sso.logins) == ("needs_mfa", 1)
    with pytest.raises(Exception, match="MFA_CODE_INVALID"):
        connect.resume_login(state, "000000")
    assert connect.resume_login(state, garmin.sso.code) == (None, None)
    assert connect.di_token


def test_garminconnect_stops_at_a_wrong_password(garmin: GarminServer, connect: Any) -> None:
    with pytest.raises(Exception, match="Invalid Username or Password"):
        connect.login(garmin.sso.mail, "wrong")
    assert garmin.sso.logins == 1


def test_an_account_without_anything_has_empty_pages(clock: StoppedClock) -> None:
    with GarminServer(clock.now, Account()) as empty:
        assert Client(empty, "personal").get(limit=5).json() == []
