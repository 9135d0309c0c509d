"""The fakes keep the services' own rules, and go wrong exactly when asked to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from fakes.account import Account, at_the_other_service
from fakes.account_builders import held_of_fit, made_up, recorded
from fakes.clock import StoppedClock
from fakes.strava_server import ACTIVITIES, INACTIVE, StravaServer
from fakes.vendor_faults import (
    CUT,
    CUT_AFTER_HANDLING,
    CUT_IN_BODY,
    DIES_AFTER_ANSWER,
    OTHER_SHAPE,
    PAGE,
    REPEATS_FIRST_PAGE,
    TRUNCATED,
    drip,
    odd_record,
    refused,
    renamed,
    too_many,
)

from connectors.http import Session

NOW = datetime(2024, 6, 1, 12, 7, tzinfo=UTC)


class Client:
    """Asks as a person's program would, with the token it was given last."""

    def __init__(self, server: StravaServer) -> None:
        self.server = server
        self.http = Session(read_s=5)
        self.tokens = server.tokens.sign_in()

    def get(self, path: str = ACTIVITIES, **query: Any) -> requests.Response:
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.http.get(self.server.base_url + path, params=query, headers=bearer)

    def refresh(self) -> requests.Response:
        tokens = self.server.tokens
        form = {"client_id": tokens.client_id, "client_secret": tokens.client_secret}
        form |= {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        return self.http.post(f"{self.server.base_url}/oauth/token", data=form)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def strava(clock: StoppedClock) -> Iterator[StravaServer]:
    with StravaServer(clock.now, made_up(7, NOW)) as server:
        yield server


@pytest.fixture
def client(strava: StravaServer) -> Client:
    return Client(strava)


def ids(answer: requests.Response) -> list[int]:
    return [row["id"] for row in answer.json()]


def test_pages_run_from_the_newest_to_an_empty_one(strava: StravaServer, client: Client) -> None:
    pages = [ids(client.get(per_page=3, page=number)) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [one for page in pages for one in page] == [held.id for held in strava.account.newest_first()]
    assert client.get(per_page=201).status_code == 400


def test_after_and_before_exclude_their_second_and_after_turns_the_order_round(
    strava: StravaServer, client: Client
) -> None:
    newest = strava.account.newest_first()
    first, last = newest[5].start.timestamp(), newest[1].start.timestamp()
    within = [held.id for held in newest[2:5]]
    assert ids(client.get(after=int(first), before=int(last))) == within[::-1]
    assert ids(client.get(after=int(first) - 1, before=int(last) + 1))[::-1] == [
        held.id for held in newest[1:6]
    ]
    strava.order_with_after = "newest"
    assert ids(client.get(after=int(first), before=int(last))) == within


def test_short_pages_before_the_end_lose_nothing(strava: StravaServer, client: Client) -> None:
    strava.short_by = 1
    pages = [ids(client.get(per_page=3, page=number)) for number in (1, 2, 3, 4, 5)]
    assert [len(page) for page in pages] == [2, 2, 2, 1, 0]
    assert len({one for page in pages for one in page}) == 7


def test_what_the_person_does_shows_at_the_next_look(strava: StravaServer, client: Client) -> None:
    newest, second = strava.account.newest_first()[:2]
    strava.account.delete(newest.id)
    strava.account.edit(second.id, distance_m=1234.5)
    late = strava.account.run(NOW - timedelta(days=3))
    rows = {row["id"]: row for row in client.get().json()}
    assert newest.id not in rows
    assert rows[second.id]["distance"] == 1234.5
    assert late.id in rows
    gone = client.get(f"/api/v3/activities/{newest.id}")
    assert (gone.status_code, gone.content, gone.headers["Content-Type"][:16]) == (
        404,
        b"",
        "application/json",
    )


def test_the_101st_read_in_a_quarter_of_an_hour_is_refused_until_the_quarter_is_over(
    strava: StravaServer, client: Client, clock: StoppedClock
) -> None:
    answers = [client.get("/api/v3/athlete").status_code for _ in range(102)]
    assert answers == [200] * 100 + [429] * 2
    assert strava.reads.over == 2
    clock.at = NOW.replace(minute=14, second=59)
    limited = client.get("/api/v3/athlete")
    assert limited.headers["X-ReadRateLimit-Usage"] == "103,103"
    assert "Retry-After" not in limited.headers
    clock.at = NOW.replace(minute=15)
    allowed = client.get("/api/v3/athlete")
    assert (allowed.status_code, allowed.headers["X-ReadRateLimit-Usage"]) == (200, "1,104")


def test_the_day_of_a_thousand_reads_ends_at_midnight_utc(
    strava: StravaServer, client: Client, clock: StoppedClock
) -> None:
    strava.reads.per_day = 3
    client.tokens = strava.tokens.sign_in()
    for minute in range(0, 60, 15):
        clock.at = NOW.replace(minute=minute)
        last = client.get("/api/v3/athlete").status_code
    assert last == 429
    clock.at = NOW.replace(hour=0) + timedelta(days=1)
    client.tokens = strava.tokens.sign_in()
    assert client.get("/api/v3/athlete").status_code == 200


def test_a_refresh_token_is_good_once_and_an_access_token_for_six_hours(
    strava: StravaServer, client: Client, clock: StoppedClock
) -> None:
    fresh = client.refresh().json()
    again = client.refresh()
    assert (again.status_code, again.json()["errors"][0]["resource"]) == (400, "RefreshToken")
    assert fresh["expires_at"] == int(NOW.timestamp()) + 21_600
    client.tokens = fresh
    clock.sleep(6 * 3600 - 1)
    assert client.get().status_code == 200
    clock.sleep(1)
    assert client.get().status_code == 401


def test_the_consent_page_sends_the_browser_back(strava: StravaServer, client: Client) -> None:
    asked = {
        "client_id": strava.tokens.client_id,
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:9/back",
        "scope": "read,activity:read_all",
        "state": "s7",
    }
    page = f"{strava.base_url}/oauth/authorize"
    agreed = client.http.get(page, params=asked, allow_redirects=False)
    assert agreed.status_code == 302
    assert agreed.headers["Location"].startswith("http://127.0.0.1:9/back?state=s7&code=example-code-")
    strava.grants = "read"
    assert (
        client.http.get(page, params=asked, allow_redirects=False).headers["Location"].endswith("&scope=read")
    )
    strava.denies = True
    denied = client.http.get(page, params=asked, allow_redirects=False).headers["Location"]
    assert denied == "http://127.0.0.1:9/back?state=s7&error=access_denied"


def test_without_the_scope_there_are_no_activities(strava: StravaServer, client: Client) -> None:
    client.tokens = strava.tokens.sign_in("read")
    refusal = client.get()
    assert refusal.status_code == 401
    assert refusal.json()["errors"][0] == {
        "resource": "AccessToken",
        "field": "activity:read_permission",
        "code": "missing",
    }


def test_an_inactive_application_still_gets_tokens_and_nothing_else(
    strava: StravaServer, client: Client
) -> None:
    strava.inactive = True
    client.tokens = client.refresh().json()
    refusal = client.get()
    assert (refusal.status_code, refusal.json()["errors"][0]["code"]) == (403, "Inactive")


def test_asking_for_positions_fails_the_test(clock: StoppedClock) -> None:
    account = Account([held_of_fit(recorded(NOW, 0.2), 5)])
    with (
        pytest.raises(AssertionError, match="asked for latlng"),
        StravaServer(clock.now, account) as strava,
    ):
        Client(strava).get("/api/v3/activities/5/streams", keys="time,latlng", key_by_type="true")


def test_a_secret_in_an_address_fails_the_test(clock: StoppedClock) -> None:
    with (
        pytest.raises(AssertionError, match="access_token was sent in the address"),
        StravaServer(clock.now, Account()) as strava,
    ):
        Client(strava).get(access_token="example")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (CUT, requests.ConnectionError),
        (CUT_AFTER_HANDLING, requests.ConnectionError),
        (CUT_IN_BODY, requests.exceptions.ChunkedEncodingError),
        (PAGE, requests.JSONDecodeError),
        (TRUNCATED, requests.JSONDecodeError),
    ],
)
def test_a_broken_answer_breaks_the_client(client: Client, fault: Any, raised: type[Exception]) -> None:
    client.server.fail(fault)
    with pytest.raises(raised):
        client.get().json()
    assert len(client.get().json()) == 7


def test_statuses_come_with_their_headers(client: Client) -> None:
    for fault in (refused(401), INACTIVE, refused(404), too_many(30), too_many(), refused(500), refused(503)):
        client.server.fail(fault)
    answers = [client.get() for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401, 403, 404, 429, 429, 500, 503]
    assert [answer.headers.get("Retry-After") for answer in answers[3:5]] == ["30", None]


def test_a_fault_can_wait_last_and_end(client: Client, clock: StoppedClock) -> None:
    client.server.fail(refused(500), "/api/v3/athlete/*", times=2, skip=1)
    client.server.fail(refused(503), "/api/v3/athlete", until=NOW + timedelta(hours=1))
    assert [client.get().status_code for _ in range(4)] == [200, 500, 500, 200]
    assert client.get("/api/v3/athlete").status_code == 503
    clock.sleep(3600)
    assert client.get("/api/v3/athlete").status_code == 200
    client.server.fail(refused(500), times=None)
    assert {client.get().status_code for _ in range(3)} == {500}
    client.server.recover()
    assert client.get().status_code == 200


def test_records_and_shapes_go_wrong_one_by_one(client: Client) -> None:
    newest = client.get().json()
    client.server.fail(odd_record(2, start_date=..., distance="far"))
    odd = client.get().json()
    assert "start_date" not in odd[2]
    assert odd[2]["distance"] == "far"
    assert odd[:2] + odd[3:] == newest[:2] + newest[3:]
    client.server.fail(renamed(start_date="began_at"))
    assert {"began_at" in row and "start_date" not in row for row in client.get().json()} == {True}
    client.server.fail(OTHER_SHAPE)
    assert client.get().json() == {"result": "ok"}


def test_a_lying_server_repeats_its_first_page(client: Client) -> None:
    client.server.fail(REPEATS_FIRST_PAGE, times=None)
    assert ids(client.get(per_page=3, page=9)) == ids(client.get(per_page=3, page=1))


def test_a_slow_answer_drips(client: Client) -> None:
    client.server.fail(drip(0.02))
    client.http = Session(read_s=5, whole_s=0.5)
    with pytest.raises(requests.ReadTimeout, match="does not end"):
        client.get()


def test_a_rotation_whose_answer_is_lost_has_happened(client: Client) -> None:
    client.server.fail(CUT_AFTER_HANDLING, "/oauth/token")
    with pytest.raises(requests.ConnectionError):
        client.refresh()
    assert client.server.tokens.refresh_token != client.tokens["refresh_token"]
    assert client.refresh().status_code == 400


def test_a_service_can_die_right_after_a_rotation(client: Client) -> None:
    client.server.fail(DIES_AFTER_ANSWER, "/oauth/token")
    client.tokens = client.refresh().json()
    with pytest.raises(requests.ConnectionError):
        client.get()
    client.server.recover()
    assert client.get().status_code == 200


def test_a_skewed_clock_shows_in_dates_and_expiries(client: Client) -> None:
    client.server.skew = timedelta(hours=3)
    fresh = client.refresh()
    assert fresh.headers["Date"] == "Sat, 01 Jun 2024 15:07:00 GMT"
    assert fresh.json()["expires_at"] == int(NOW.timestamp()) + 9 * 3600
    assert client.server.log[-1].at == NOW


def test_the_log_knows_what_was_asked_and_no_secret(client: Client) -> None:
    client.get(per_page=5)
    client.server.fail(CUT)
    with pytest.raises(requests.ConnectionError):
        client.get()
    first, cut = client.server.asked(ACTIVITIES)
    assert (first.method, first.query, first.at, first.status) == ("GET", {"per_page": "5"}, NOW, 200)
    assert (cut.status, cut.fault) == (0, "cut before the answer")
    assert "authorization" not in first.headers
    assert client.tokens["access_token"] not in repr(client.server.log)


def test_the_same_life_at_another_service_is_a_little_off() -> None:
    account = made_up(60, NOW)
    other = at_the_other_service(account)
    pairs = list(
        zip(
            sorted(account, key=lambda held: held.start), sorted(other, key=lambda held: held.id), strict=True
        )
    )
    shifts = {(theirs.start - ours.start).total_seconds() for ours, theirs in pairs}
    assert shifts == {-1, 0, 1, 2, 3}
    ours, theirs = pairs[0]
    assert ours.distance_m is not None
    assert theirs.distance_m == pytest.approx(ours.distance_m, rel=0.0041)
    assert theirs.distance_m != ours.distance_m
    assert theirs.descent_m is None
    assert {held.id for held in account}.isdisjoint({held.id for held in other})
