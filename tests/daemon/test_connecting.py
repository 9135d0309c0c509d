"""Connecting and disconnecting beside a daemon at work, and at a moment when the service has trouble."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, niggled, rows
from fakes.connected_home import GARMIN_KEY, reached_by, served
from fakes.logging_in import login_begun, secret_file
from fakes.strava_server import ACTIVITIES, StravaServer
from fakes.vendor_faults import refused

from daemon.store.engine import open_store
from daemon.store.sources import claim_this, register_source, release_source


def home_of(environment: Environment) -> Path:
    return Path(environment["NIGGLED_HOME"])


def test_logging_out_waits_for_a_look_at_work_which_would_save_its_tokens_again(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    with served("strava", Account(), home_of(environment)) as strava:
        reached_by(environment, "UTC", strava)
        assert niggled(environment, "sync", "strava").returncode == 0
        now, store = time_now(), open_store(f"sqlite:///{database_of(environment)}")
        with store.session() as session:
            register_source(session, "me", "strava", now)
            assert claim_this(session, "me", "strava", "the daemon", now, timedelta(minutes=6))
        told = niggled(environment, "logout", "strava")
        assert told.returncode == 1
        assert "Strava is being asked at this moment. Try again in a few minutes." in told.stderr
        assert strava.asked("/oauth/*") == []
        keys = home_of(environment) / "keys/me-strava.json"
        assert keys.exists()
        with store.session() as session:
            release_source(session, "me", "strava", "the daemon")
        store.close()
        assert niggled(environment, "logout", "strava").returncode == 0
        assert not keys.exists()
        assert rows(database_of(environment), "SELECT count(*) FROM source_states") == [(0,)]


def test_a_first_look_that_has_to_wait_is_no_failed_login(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    with StravaServer(time_now, Account()) as strava:
        reached_by(environment, "UTC", strava)
        strava.fail(refused(500), ACTIVITIES)
        chosen = ("--paste", "--client-id", strava.tokens.client_id)
        with login_begun(
            environment, *chosen, "--client-secret-file", secret_file(tmp_path, strava)
        ) as login:
            state = login.address.rpartition("state=")[2]
            code = strava.tokens.issue_code("read,activity:read_all")
            told = login.finish(f"http://localhost/?state={state}&code={code}&scope=read,activity:read_all\n")
        assert login.status == 0
        assert (
            "! The login is saved; the first look has to wait. Strava answered with an error of its own (500)."
            in told
        )
        assert "Strava is connected." in told
        assert niggled(environment, "sync", "strava").stdout == "Strava: nothing new.\n"


def test_a_key_in_a_file_takes_the_place_of_a_login_without_naming_the_door(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    with served("garmin by login", Account(), home_of(environment)) as garmin:
        reached_by(environment, "UTC", garmin)
        key = tmp_path / "garmin-key"
        key.write_text(f"{GARMIN_KEY}\n", encoding="utf-8")
        told = niggled(environment, "login", "garmin", "--key-file", key, "--ends", "90")
        assert told.returncode == 0, told.stderr
        assert "Garmin is connected." in told.stdout
        kept = json.loads((home_of(environment) / "keys/me-garmin.json").read_text(encoding="utf-8"))
        assert kept["api_key"] == GARMIN_KEY
        assert "tokens" not in kept


def test_spoilt_keys_can_be_logged_out_of_and_are_told_with_a_cure_that_works(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    with served("strava", Account(), home_of(environment)) as strava:
        reached_by(environment, "UTC", strava)
        keys = home_of(environment) / "keys/me-strava.json"
        keys.write_text("{not json", encoding="utf-8")
        told = niggled(environment, "sync", "strava")
        assert "(it is not JSON). Mend the file, or delete it and log in again." in told.stderr
        told = niggled(environment, "logout", "strava")
        assert told.returncode == 0
        assert "Remove the application on https://www.strava.com/settings/apps to be sure." in told.stdout
        assert "Mend" not in told.stdout
        assert not keys.exists()
