"""Connecting Strava with the installed command: by a browser here, by a pasted address, and every way it can fail."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, niggled, rows
from fakes.logging_in import answering, at, configure, log_in_to_strava, login_begun, secret_file
from fakes.ports import free_port
from fakes.strava_server import StravaServer
from fakes.vendor_faults import refused


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_in(tmp_path)


@pytest.fixture
def strava(environment: Environment) -> Iterator[StravaServer]:
    account = Account()
    for days_ago in (1, 3, 40):
        account.run(time_now() - timedelta(days=days_ago))
    with StravaServer(time_now, account) as server:
        configure(environment, at("strava", server.base_url))
        yield server


@pytest.fixture
def application(strava: StravaServer, tmp_path: Path) -> tuple[str, ...]:
    return ("--client-id", strava.tokens.client_id, "--client-secret-file", secret_file(tmp_path, strava))


def keys_of(environment: Environment) -> Path:
    return Path(environment["NIGGLED_HOME"]) / "keys/me-strava.json"


def test_a_browser_on_this_machine_comes_back_by_itself(
    environment: Environment, strava: StravaServer, application: tuple[str, ...]
) -> None:
    with login_begun(environment, *application) as login:
        page = requests.get(login.address, timeout=30)
        told = login.finish()
    assert login.status == 0, told
    assert "leave every box ticked" in told
    assert "You can close this page" in page.text
    assert "Strava answers: 2 activities in the last 7 days." in told
    assert "Strava is connected." in told
    assert strava.tokens.client_secret not in told
    kept = json.loads(keys_of(environment).read_text(encoding="utf-8"))
    assert kept["refresh_token"] == strava.tokens.refresh_token
    assert (kept["client_id"], kept["client_secret"]) == ("10001", strava.tokens.client_secret)
    assert stat.S_IMODE(keys_of(environment).stat().st_mode) == 0o600
    assert stat.S_IMODE(keys_of(environment).parent.stat().st_mode) == 0o700
    [(source, due_at)] = rows(database_of(environment), "SELECT source, due_at FROM source_states")
    assert source == "strava"
    assert due_at <= time_now().replace(tzinfo=None).isoformat(" ")


def test_the_address_asks_for_private_activities_and_comes_back_to_this_machine_only(
    environment: Environment, application: tuple[str, ...]
) -> None:
    with login_begun(environment, *application) as login:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(login.address).query).items()}
    assert set(asked["scope"].split(",")) == {"read", "activity:read_all"}
    assert asked["redirect_uri"].startswith("http://localhost:")
    assert len(asked["state"]) >= 32
    assert "client_secret" not in asked


def test_the_listener_takes_the_port_it_is_given(
    environment: Environment, application: tuple[str, ...]
) -> None:
    with socket.socket() as probe:
        port = free_port()
        probe.bind(("127.0.0.1", port))
        busy = niggled(environment, "login", "strava", *application, "--port", str(port))
    assert busy.returncode == 1
    assert f"This machine cannot listen on port {port}" in busy.stderr
    with login_begun(environment, *application, "--port", str(port)) as login:
        asked = parse_qs(urlsplit(login.address).query)
        assert asked["redirect_uri"] == [f"http://localhost:{port}/"]
        requests.get(login.address, timeout=30)
        login.finish()
    assert login.status == 0


def test_a_server_without_a_browser_takes_the_pasted_address(
    environment: Environment, application: tuple[str, ...]
) -> None:
    with login_begun(environment, *application, "--paste") as login:
        failed_to_load = requests.get(login.address, timeout=30, allow_redirects=False).headers["Location"]
        told = login.finish(f"{failed_to_load}\n")
    assert login.status == 0, told
    assert "Open this on any device" in told
    assert "fails to load" in told
    assert "Strava is connected." in told


def test_client_id_and_secret_may_be_typed(environment: Environment, strava: StravaServer) -> None:
    said = f"{strava.tokens.client_id}\n{strava.tokens.client_secret}\nhttp://localhost/?state=wrong&code=x\n"
    told = answering(environment, "login", "strava", "--paste", said=said)
    assert "https://www.strava.com/settings/api" in told.stdout
    assert '"localhost" as its Authorization Callback Domain' in told.stdout
    assert "subscription" in told.stdout
    assert strava.tokens.client_secret not in told.stdout + told.stderr
    assert "does not belong to this login" in told.stderr


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", "Strava's client ID is missing: --client-id"),
        ("10001\n", "Strava's client secret is missing: --client-secret-file"),
        ("10001\nsecret\n", "the address is missing: paste"),
    ],
)
def test_what_nobody_says_is_named(
    environment: Environment, strava: StravaServer, said: str, sentence: str
) -> None:
    told = answering(environment, "login", "strava", "--paste", said=said)
    assert (told.returncode, keys_of(environment).exists()) == (2, False)
    assert sentence in told.stderr


def test_an_address_of_another_login_changes_nothing(
    environment: Environment, strava: StravaServer, application: tuple[str, ...]
) -> None:
    with login_begun(environment, *application) as login:
        back = parse_qs(urlsplit(login.address).query)["redirect_uri"][0]
        requests.get(f"{back}?state=somebody-else&code=abc&scope=read,activity:read_all", timeout=30)
        told = login.finish()
    assert (login.status, keys_of(environment).exists()) == (1, False)
    assert "This address does not belong to this login. Run `niggled login strava` again" in told
    assert strava.asked("/oauth/token") == []


def test_a_no_on_stravas_page_changes_nothing(
    environment: Environment, strava: StravaServer, application: tuple[str, ...]
) -> None:
    strava.denies = True
    with login_begun(environment, *application) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert (login.status, keys_of(environment).exists()) == (1, False)
    assert "was not allowed to share your activities. Run `niggled login strava` and press Authorize" in told


def test_a_box_that_was_not_ticked_is_asked_for(
    environment: Environment, strava: StravaServer, application: tuple[str, ...]
) -> None:
    strava.grants = "read,activity:read"
    with login_begun(environment, *application) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert (login.status, keys_of(environment).exists()) == (1, False)
    assert "leave every box on Strava's page ticked" in told


def test_a_wrong_secret_is_told_as_such(
    environment: Environment, strava: StravaServer, tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("not-the-secret", encoding="utf-8")
    chosen = ("--client-id", "10001", "--client-secret-file", str(tmp_path / "wrong"))
    with login_begun(environment, *chosen) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert (login.status, keys_of(environment).exists()) == (1, False)
    assert "its secret is wrong. Compare client_id and client_secret with strava.com/settings/api" in told
    assert "not-the-secret" not in told


def test_a_missing_subscription_is_told_with_its_cure(
    environment: Environment, strava: StravaServer, application: tuple[str, ...]
) -> None:
    strava.inactive = True
    with login_begun(environment, *application) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert login.status == 1
    assert "Subscribe to Strava and reactivate the application" in told


def test_a_second_login_asks_for_nothing_and_a_failed_one_keeps_the_first(
    environment: Environment, strava: StravaServer, tmp_path: Path
) -> None:
    log_in_to_strava(environment, tmp_path, strava)
    before = keys_of(environment).read_bytes()
    strava.denies = True
    with login_begun(environment) as login:
        requests.get(login.address, timeout=30)
        login.finish()
    assert login.status == 1
    assert keys_of(environment).read_bytes() == before


def test_an_application_in_the_configuration_is_not_written_down_again(
    environment: Environment, strava: StravaServer, tmp_path: Path
) -> None:
    reference = f'client_id = "10001"\nclient_secret = {{ file = "{secret_file(tmp_path, strava)}" }}'
    configure(environment, at("strava", strava.base_url, reference))
    with login_begun(environment) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert login.status == 0, told
    kept = json.loads(keys_of(environment).read_text(encoding="utf-8"))
    assert "client_id" not in kept
    assert "client_secret" not in kept
    refused_option = niggled(environment, "login", "strava", "--client-id", "10002")
    assert refused_option.returncode == 2
    assert "client_id is 10001 in the configuration: change it there" in refused_option.stderr


def test_logging_out_ends_the_access_and_keeps_the_activities(
    environment: Environment, strava: StravaServer, tmp_path: Path
) -> None:
    log_in_to_strava(environment, tmp_path, strava)
    assert niggled(environment, "sync", "strava").returncode == 0
    kept = rows(database_of(environment), "SELECT count(*) FROM activities")
    told = niggled(environment, "logout", "strava")
    assert told.returncode == 0, told.stderr
    assert "Strava is disconnected and its keys are forgotten. Your activities stay." in told.stdout
    assert "Strava has ended the access." in told.stdout
    assert "[athletes.me.sources.strava] is still in" in told.stdout
    assert strava.tokens.refresh_token == ""
    assert not keys_of(environment).exists()
    assert rows(database_of(environment), "SELECT count(*) FROM activities") == kept == [(3,)]
    assert rows(database_of(environment), "SELECT count(*) FROM source_states") == [(0,)]


def test_logging_out_forgets_the_keys_whatever_strava_says(
    environment: Environment, strava: StravaServer, tmp_path: Path
) -> None:
    log_in_to_strava(environment, tmp_path, strava)
    strava.fail(refused(503), times=None)
    told = niggled(environment, "logout", "strava")
    assert told.returncode == 0
    assert "https://www.strava.com/settings/apps" in told.stdout
    assert not keys_of(environment).exists()


def test_logging_out_of_nothing_says_so(environment: Environment) -> None:
    assert "Garmin is not connected." in niggled(environment, "logout", "garmin").stdout
