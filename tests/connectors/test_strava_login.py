"""Logging in to Strava: the page, the address that comes back, the tokens; and logging out."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from fakes.answers_of_strava import (
    APP,
    APP_REFUSED,
    INACTIVE,
    SECRETS,
    TOKEN,
    Clock,
    logged_in,
    new_tokens,
)

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.strava_login import authorization_url, code_from, exchange, revoke

BACK = "http://localhost:8765/callback"
REVOKE = "https://www.strava.com/oauth/revoke"
DEAUTHORIZE = "https://www.strava.com/oauth/deauthorize"
CODE_REFUSED = {
    "message": "Bad Request",
    "errors": [{"resource": "AuthorizationCode", "field": "code", "code": "invalid"}],
}


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def refused(address: str) -> NeedsLogin:
    with pytest.raises(NeedsLogin) as caught:
        code_from(address, "s1")
    return caught.value


def test_the_page_asks_for_reading_all_activities_and_nothing_more() -> None:
    page = urlsplit(authorization_url(APP, BACK, "s1"))
    assert f"{page.scheme}://{page.netloc}{page.path}" == "https://www.strava.com/oauth/authorize"
    assert parse_qs(page.query) == {
        "client_id": ["4711"],
        "redirect_uri": [BACK],
        "approval_prompt": ["force"],
        "scope": ["read,activity:read_all"],
        "response_type": ["code"],
        "state": ["s1"],
    }


def test_a_configured_host_shows_the_page_too() -> None:
    assert authorization_url(APP, BACK, "s1", "http://localhost:1/").startswith(
        "http://localhost:1/oauth/authorize?"
    )


@pytest.mark.parametrize(
    "address",
    [
        f"{BACK}?state=s1&code=the-code&scope=read,activity:read_all",
        f"  {BACK}?state=s1&code=the-code&scope=read%2Cactivity%3Aread_all\n",
        "?state=s1&code=the-code&scope=activity:read_all",
        "code=the-code&scope=read%20activity:read_all&state=s1",
    ],
)
def test_the_code_is_read_from_the_address_or_its_query(address: str) -> None:
    assert code_from(address, "s1") == "the-code"


@pytest.mark.parametrize(
    "address",
    [
        f"{BACK}?state=other&code=the-code&scope=activity:read_all",
        f"{BACK}?code=the-code&scope=activity:read_all",
        BACK,
        "",
        "the-code",
        f"{BACK}?state=é&code=the-code",
        f"{BACK}?state=\udcff&code=the-code",
        "http://[localhost/?state=s1&code=the-code",
    ],
)
def test_an_address_of_another_login_is_refused(address: str) -> None:
    failure = refused(address)
    assert (failure.reason, str(failure)) == ("login", "This address does not belong to this login")
    assert failure.cure == "Run `niggled login strava` again and use the address of its last page."


def test_a_refusal_on_the_page_is_told_as_one() -> None:
    failure = refused(f"{BACK}?state=s1&error=access_denied")
    assert str(failure) == "Strava was not allowed to share your activities"
    assert failure.cure == "Run `niggled login strava` and press Authorize on Strava's page."


def test_another_error_of_the_page_ends_the_login() -> None:
    assert str(refused(f"{BACK}?state=s1&error=server_error")) == "Strava ended the login"


@pytest.mark.parametrize("scope", ["read", "read,activity:read", ""])
def test_a_box_that_was_not_ticked_is_a_missing_permission(scope: str) -> None:
    failure = refused(f"{BACK}?state=s1&code=the-code&scope={scope or 'read,'}")
    assert (failure.reason, str(failure)) == ("scope", "The box for private activities was not ticked")


@pytest.mark.parametrize(
    "query", ["state=s1", "state=s1&code=the-code", "state=s1&code=&scope=activity:read_all"]
)
def test_half_an_address_is_not_enough(query: str) -> None:
    failure = refused(f"{BACK}?{query}")
    assert str(failure) == "This address is not complete"
    assert failure.cure == "Copy the whole address from the browser, to its end."


def test_a_code_becomes_tokens_and_what_belonged_to_another_login_goes(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path, usage={"short_used": 99}, api_base="https://api-v3.strava.com")
    net.post(TOKEN, json=new_tokens() | {"athlete": {"id": 7, "created_at": "2014-12-02T19:05:35Z"}})
    exchange(APP, "the-code", keys, Clock())
    assert keys.load() == {
        "access_token": "access-two",
        "refresh_token": "refresh-two",
        "expires_at": new_tokens()["expires_at"],
        "scope": "read,activity:read_all",
        "athlete_created_at": "2014-12-02T19:05:35Z",
        "athlete_id": 7,
    }
    sent = parse_qs(str(net.calls[0].request.body))
    assert (sent["code"], sent["grant_type"]) == (["the-code"], ["authorization_code"])
    assert "the-code" not in (net.calls[0].request.url or "")


def test_a_browser_that_was_logged_in_as_somebody_else_changes_nothing(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path, athlete_id=7)
    before = keys.load()
    net.post(TOKEN, json=new_tokens() | {"athlete": {"id": 8}})
    with pytest.raises(NeedsLogin, match="another account at Strava than before") as raised:
        exchange(APP, "the-code", keys, Clock())
    assert "run `niggled logout strava` first" in raised.value.cure
    assert keys.load() == before


def test_the_application_is_saved_only_when_asked_for(net: responses.RequestsMock, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    net.post(TOKEN, json=new_tokens())
    exchange(APP, "the-code", keys, Clock(), keep_app=True)
    assert (keys.load()["client_id"], keys.load()["client_secret"]) == ("4711", APP.client_secret)
    exchange(APP, "the-code", keys, Clock())
    assert "client_secret" not in keys.load()


def test_an_answer_without_an_athlete_is_enough(net: responses.RequestsMock, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    net.post("http://localhost:1/oauth/token", json=new_tokens())
    exchange(APP, "the-code", keys, Clock(), "http://localhost:1")
    assert "athlete_created_at" not in keys.load()


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            {"status": 400, "json": CODE_REFUSED},
            NeedsLogin,
            "Strava does not take this code; each works once and not for long",
        ),
        (
            {"status": 400, "json": APP_REFUSED},
            NeedsLogin,
            "Strava does not know the application, or its secret is wrong",
        ),
        ({"status": 502}, Unavailable, "Strava answered with an error of its own (502)"),
        (
            {"body": requests.ConnectionError("cut")},
            Unavailable,
            "Strava could not be reached (ConnectionError)",
        ),
        ({"json": {"access_token": "x"}}, Broken, "Strava answered a login with something that is no token"),
    ],
)
def test_a_failed_exchange_leaves_the_old_login_alone(
    net: responses.RequestsMock, tmp_path: Path, answer: dict[str, Any], kind: type[Exception], said: str
) -> None:
    keys = logged_in(tmp_path)
    before = keys.load()
    net.post(TOKEN, **answer)
    with pytest.raises(kind) as caught:
        exchange(APP, "the-code", keys, Clock())
    assert str(caught.value) == said
    assert keys.load() == before


def test_logging_out_has_strava_forget_the_tokens_first(net: responses.RequestsMock, tmp_path: Path) -> None:
    keys = logged_in(tmp_path, client_id="4711", client_secret=APP.client_secret, usage={"short_used": 1})
    net.post(REVOKE, json={})
    revoke(keys, Clock())
    request = net.calls[0].request
    assert request.headers["Authorization"] == (
        "Basic " + base64.b64encode(f"4711:{APP.client_secret}".encode()).decode()
    )
    assert parse_qs(str(request.body)) == {"token": ["refresh-one"]}
    assert request.req_kwargs["timeout"] == (5.0, 30.0)
    assert keys.load() == {"client_id": "4711", "client_secret": APP.client_secret}


@pytest.mark.parametrize("status", [404, 405, 410])
def test_where_the_newer_way_is_missing_the_older_one_is_taken(
    net: responses.RequestsMock, tmp_path: Path, status: int
) -> None:
    keys = logged_in(tmp_path)
    net.post(REVOKE, status=status)
    net.post(DEAUTHORIZE, json={"access_token": "access-one"})
    revoke(keys, Clock(), app=APP)
    assert net.calls[1].request.headers["Authorization"] == "Bearer access-one"
    assert keys.load() == {}


def test_a_login_that_strava_has_ended_is_forgotten_silently(
    net: responses.RequestsMock, tmp_path: Path
) -> None:
    keys = logged_in(tmp_path)
    net.post("http://localhost:1/oauth/revoke", status=404)
    net.post("http://localhost:1/oauth/deauthorize", status=401)
    revoke(keys, Clock(), "http://localhost:1", app=APP)
    assert keys.load() == {}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"body": requests.ConnectionError("cut")},
        {"status": 302},
        {"status": 403, "json": INACTIVE},
    ],
)
def test_logging_out_without_strava_keeps_the_tokens(
    net: responses.RequestsMock, tmp_path: Path, answer: dict[str, Any]
) -> None:
    keys = logged_in(tmp_path)
    net.post(REVOKE, **answer)
    with pytest.raises(ConnectorError):
        revoke(keys, Clock(), app=APP)
    assert keys.load()["refresh_token"] == "refresh-one"


def test_logging_out_twice_says_that_nobody_is_logged_in(tmp_path: Path) -> None:
    with pytest.raises(NeedsLogin, match="Nobody is logged in to Strava yet"):
        revoke(KeyFile(tmp_path / "me-strava.json"), Clock(), app=APP)


def test_no_secret_is_in_any_log_or_failure(
    net: responses.RequestsMock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = logged_in(tmp_path)
    net.post(TOKEN, status=400, json=CODE_REFUSED)
    net.post(REVOKE, body=requests.ConnectionError("refresh-one"))
    attempts: list[Callable[[], object]] = [
        lambda: exchange(APP, "the-code", keys, Clock()),
        lambda: revoke(keys, Clock(), app=APP),
        lambda: code_from(f"{BACK}?state=x&code=the-code", "s1"),
    ]
    texts = []
    for attempt in attempts:
        with pytest.raises(ConnectorError) as caught:
            attempt()
        texts.append(f"{caught.value} {caught.value!r}")
    said = "\n".join([*texts, caplog.text])
    assert "oauth/token" in said
    for secret in SECRETS:
        assert secret not in said
