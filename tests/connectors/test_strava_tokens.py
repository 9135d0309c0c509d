"""The token of one runner: renewed in time, saved before it is used, never lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from fakes.answers_of_strava import (
    APP,
    APP_REFUSED,
    INACTIVE,
    LIST,
    NOW,
    REFRESH_REFUSED,
    TOKEN,
    UNAUTHORIZED,
    Clock,
    door,
    logged_in,
    new_tokens,
)
from responses import matchers

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.strava import StravaDoor
from rules.policy import Policy


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def bearer(token: str) -> Any:
    return matchers.header_matcher({"Authorization": f"Bearer {token}"})


def poll(strava: StravaDoor) -> None:
    list(strava.pages(NOW - timedelta(days=1), None))


def paths(net: responses.RequestsMock) -> list[str]:
    return [call.request.path_url.partition("?")[0] for call in net.calls]


def sent(net: responses.RequestsMock, number: int) -> dict[str, str]:
    body = net.calls[number].request.body
    return {name: values[0] for name, values in parse_qs(str(body)).items()}


def test_a_token_that_is_good_for_more_than_an_hour_is_used_as_it_is(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    net.get(LIST, json=[], match=[bearer("access-one")])
    poll(door(logged_in(tmp_path, until=NOW + timedelta(hours=1, seconds=1))))
    assert paths(net) == ["/api/v3/athlete/activities"]


def test_a_token_is_renewed_an_hour_before_its_end_and_saved_before_it_is_used(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path, until=NOW + timedelta(minutes=59), athlete_created_at="2014-12-02T19:05:35Z")
    saved_when_used: list[dict[str, Any]] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert request.headers["Authorization"] == "Bearer access-two"
        saved_when_used.append(keys.load())
        return 200, {}, "[]"

    net.post(TOKEN, json=new_tokens())
    net.add_callback(responses.GET, LIST, callback=answer)
    poll(door(keys))
    assert sent(net, 0) == {
        "client_id": "4711",
        "client_secret": APP.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": "refresh-one",
    }
    assert net.calls[0].request.req_kwargs["timeout"] == (5.0, 30.0)
    assert "Authorization" not in net.calls[0].request.headers
    assert (saved_when_used[0]["access_token"], saved_when_used[0]["refresh_token"]) == (
        "access-two",
        "refresh-two",
    )
    assert keys.load()["athlete_created_at"] == "2014-12-02T19:05:35Z"


def test_the_application_may_come_from_the_key_file(net: responses.RequestsMock, tmp_path: Path) -> None:
    keys = logged_in(tmp_path, until=NOW, client_id="99", client_secret="another")
    net.post(TOKEN, json=new_tokens())
    net.get(LIST, json=[])
    poll(StravaDoor(keys, Policy().sport, Clock()))
    assert (sent(net, 0)["client_id"], sent(net, 0)["client_secret"]) == ("99", "another")


def test_an_application_of_the_environment_is_never_used(
    net: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAVA_CLIENT_ID", "1")
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", "from-another-program")
    net.post(TOKEN, json=new_tokens())
    net.get(LIST, json=[])
    poll(door(logged_in(tmp_path, until=NOW)))
    assert sent(net, 0)["client_id"] == "4711"


def test_without_an_application_the_cure_says_what_to_compare(tmp_path: Path) -> None:
    with pytest.raises(NeedsLogin) as caught:
        poll(StravaDoor(logged_in(tmp_path, until=NOW), Policy().sport, Clock()))
    assert str(caught.value) == "The client_id or client_secret for Strava is missing"


def test_nobody_logged_in_is_a_login_to_do(tmp_path: Path) -> None:
    with pytest.raises(NeedsLogin) as caught:
        poll(door(KeyFile(tmp_path / "none.json")))
    assert str(caught.value) == "Nobody is logged in to Strava yet"
    assert (caught.value.reason, caught.value.cure) == ("login", "Run `niggled login strava`.")


def test_a_refused_token_is_renewed_once(net: responses.RequestsMock, tmp_path: Path) -> None:
    keys = logged_in(tmp_path)
    net.get(LIST, status=401, json=UNAUTHORIZED, match=[bearer("access-one")])
    net.post(TOKEN, json=new_tokens())
    net.get(LIST, json=[], match=[bearer("access-two")])
    poll(door(keys))
    assert paths(net) == ["/api/v3/athlete/activities", "/oauth/token", "/api/v3/athlete/activities"]


def test_a_renewed_token_that_is_refused_as_well_ends_in_one_login(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path)
    net.get(LIST, status=401, json=UNAUTHORIZED)
    net.post(TOKEN, json=new_tokens())
    with pytest.raises(NeedsLogin) as caught:
        poll(door(keys))
    assert (caught.value.reason, str(caught.value)) == ("login", "Strava refuses our login")
    assert len(net.calls) == 3
    assert keys.load()["refresh_token"] == "refresh-two"


def test_a_token_that_another_process_renewed_is_taken_over(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path)

    def refuse(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if request.headers["Authorization"] == "Bearer access-one":
            keys.update(access_token="access-three", refresh_token="refresh-three")
            return 401, {}, json.dumps(UNAUTHORIZED)
        return 200, {}, "[]"

    net.add_callback(responses.GET, LIST, callback=refuse)
    poll(door(keys))
    assert paths(net) == ["/api/v3/athlete/activities"] * 2
    assert keys.load()["refresh_token"] == "refresh-three"


def test_a_refresh_that_another_process_was_faster_with_is_no_lost_login(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path, until=NOW)

    def refuse(_request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        keys.update(access_token="access-three", refresh_token="refresh-three")
        return 400, {}, json.dumps(REFRESH_REFUSED)

    net.add_callback(responses.POST, TOKEN, callback=refuse)
    net.get(LIST, json=[], match=[bearer("access-three")])
    poll(door(keys))
    assert keys.load()["access_token"] == "access-three"


def test_a_clock_that_is_ahead_does_not_renew_at_every_request(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    net.post(TOKEN, json=new_tokens(until=NOW - timedelta(days=1)))
    net.get(LIST, json=[])
    strava = door(logged_in(tmp_path, until=NOW - timedelta(days=2)))
    poll(strava)
    poll(strava)
    assert paths(net).count("/oauth/token") == 1


@pytest.mark.parametrize(
    ("answer", "kind", "reason", "said"),
    [
        ({"status": 400, "json": REFRESH_REFUSED}, NeedsLogin, "login", "Strava no longer accepts our login"),
        ({"status": 401, "json": REFRESH_REFUSED}, NeedsLogin, "login", "Strava no longer accepts our login"),
        (
            {"status": 400, "json": APP_REFUSED},
            NeedsLogin,
            "login",
            "Strava does not know the application, or its secret is wrong",
        ),
        (
            {"status": 403, "json": INACTIVE},
            NeedsLogin,
            "inactive",
            "Strava has switched off your API application; it wants a subscription for it",
        ),
        ({"status": 500}, Unavailable, "", "Strava answered with an error of its own (500)"),
        ({"status": 429}, Unavailable, "", "Strava says that these were too many requests (429)"),
        ({"status": 400, "body": "?"}, Broken, "", "Strava refuses what we ask (400)"),
        (
            {"status": 302, "headers": {"Location": "https://elsewhere/"}},
            Unavailable,
            "",
            "Strava answered with a redirect instead of data (302)",
        ),
        ({"body": "<html>maintenance"}, Unavailable, "", "Strava answered with a web page instead of data"),
        ({"body": "oops"}, Broken, "", "Strava answered with something that is not JSON"),
        ({"json": []}, Broken, "", "Strava answered a login with something that is no token"),
        (
            {"json": {"access_token": "x"}},
            Broken,
            "",
            "Strava answered a login with something that is no token",
        ),
        (
            {"json": new_tokens() | {"access_token": ""}},
            Broken,
            "",
            "Strava answered a login with something that is no token",
        ),
        (
            {"body": requests.ConnectionError("reset")},
            Unavailable,
            "",
            "Strava could not be reached (ConnectionError)",
        ),
        ({"body": requests.ReadTimeout("slow")}, Unavailable, "", "Strava did not answer in time"),
    ],
)
def test_a_refresh_that_fails_loses_nothing(
    net: responses.RequestsMock,
    tmp_path: Path,
    answer: dict[str, Any],
    kind: type[Exception],
    reason: str,
    said: str,
) -> None:
    keys = logged_in(tmp_path, until=NOW)
    before = keys.load()
    net.post(TOKEN, **answer)
    with pytest.raises(kind) as caught:
        poll(door(keys))
    assert str(caught.value) == said
    assert getattr(caught.value, "reason", "") == reason
    assert keys.load() == before


def test_a_wrong_application_is_cured_in_strava_s_settings(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    net.post(TOKEN, status=400, json=APP_REFUSED)
    with pytest.raises(NeedsLogin) as caught:
        poll(door(logged_in(tmp_path, until=NOW)))
    assert caught.value.cure == (
        "Compare client_id and client_secret with strava.com/settings/api, then run `niggled login strava`."
    )


def test_where_nothing_can_be_saved_no_token_is_asked_for(
    net: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = logged_in(tmp_path, until=NOW)

    def full(self: KeyFile, content: dict[str, Any]) -> None:
        raise Broken("The keys cannot be saved (No space left on device).")

    monkeypatch.setattr(KeyFile, "save", full)
    with pytest.raises(Broken, match="No space left"):
        poll(door(keys))
    assert len(net.calls) == 0


def test_a_configured_host_gets_the_refresh_too(net: responses.RequestsMock, tmp_path: Path) -> None:
    net.post("http://localhost:1/oauth/token", json=new_tokens())
    net.get("http://localhost:1/api/v3/athlete/activities", json=[])
    poll(door(logged_in(tmp_path, until=NOW), base_url="http://localhost:1"))
    assert paths(net) == ["/oauth/token", "/api/v3/athlete/activities"]


@pytest.mark.parametrize("end", [None, "soon", True, 1e400])
def test_an_end_that_cannot_be_read_is_long_over(
    net: responses.RequestsMock, tmp_path: Path, end: object
) -> None:
    keys = logged_in(tmp_path, expires_at=end)
    net.post(TOKEN, json=new_tokens())
    net.get(LIST, json=[])
    poll(door(keys))
    assert paths(net)[0] == "/oauth/token"
