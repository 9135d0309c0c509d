"""Which sources are connected, by which door, with which keys; and what an idle look must not load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Broken, NeedsLogin
from connectors.sources.garmin_client import GarminClient
from daemon import connections
from daemon.config import AthleteConfig
from daemon.config_sources import SourceConfig
from daemon.credentials import Secret

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STRAVA_KEYS = {
    "client_id": "10001",
    "client_secret": "example-secret",
    "access_token": "example-access",
    "refresh_token": "example-refresh",
    "expires_at": 1,
}


def with_source(athlete: AthleteConfig, name: str, **settings: Any) -> AthleteConfig:
    return replace(
        athlete, sources={**athlete.sources, name: SourceConfig(name, configured=True, **settings)}
    )


def save(home: Path, source: str, **content: Any) -> None:
    connections.key_file(home, "me", source).save(content)


def door_of(athlete: AthleteConfig, home: Path) -> GarminClient:
    door = connections.open_door(athlete, "garmin", home, lambda: NOW)
    client: GarminClient = door._client  # type: ignore[attr-defined]
    return client


def test_a_source_is_connected_by_its_table_or_by_its_keys(athlete: AthleteConfig, tmp_path: Path) -> None:
    assert connections.connected(athlete, tmp_path) == []
    assert connections.connected(with_source(athlete, "strava"), tmp_path) == ["strava"]
    save(tmp_path, "garmin", api_key="example-garmin-key")
    assert connections.connected(athlete, tmp_path) == ["garmin"]
    assert connections.connected(with_source(athlete, "strava"), tmp_path) == ["garmin", "strava"]


def test_a_daemon_without_the_keys_leaves_a_source_to_the_one_that_has_them(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    key = tmp_path / "garmin-key"
    by_file = with_source(with_source(athlete, "strava"), "garmin", key=Secret("file", str(key)))
    assert connections.connected(by_file, tmp_path) == ["garmin", "strava"]
    assert connections.askable(by_file, tmp_path) == []
    key.write_text("example-garmin-key\n")
    key.chmod(0o600)
    assert connections.askable(by_file, tmp_path) == ["garmin"]
    save(tmp_path, "strava", **STRAVA_KEYS)
    assert connections.askable(by_file, tmp_path) == ["garmin", "strava"]


def test_every_athlete_has_keys_of_their_own(tmp_path: Path) -> None:
    path = connections.key_file(tmp_path, "anna", "strava").path
    assert path == tmp_path / "keys/anna-strava.json"


@pytest.mark.parametrize("source", ["garmin", "strava"])
def test_a_source_that_nobody_logged_in_to_names_the_verb(
    athlete: AthleteConfig, tmp_path: Path, source: str
) -> None:
    with pytest.raises(NeedsLogin) as caught:
        connections.open_source(with_source(athlete, source), source, tmp_path, lambda: NOW)
    assert (caught.value.reason, caught.value.cure) == ("login", f"Run `niggled login {source}`.")
    assert str(caught.value) == f"{source.capitalize()} is not connected yet."


def test_saved_keys_are_enough_to_open_a_source(athlete: AthleteConfig, tmp_path: Path) -> None:
    save(tmp_path, "strava", **STRAVA_KEYS)
    save(tmp_path, "garmin", api_key="example-garmin-key")
    for source in ("strava", "garmin"):
        assert connections.open_source(athlete, source, tmp_path, lambda: NOW).name == source


def test_a_secret_that_was_saved_for_another_application_does_not_count(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    save(tmp_path, "strava", **STRAVA_KEYS)
    other = with_source(athlete, "strava", client_id="20002")
    with pytest.raises(NeedsLogin):
        connections.open_source(other, "strava", tmp_path, lambda: NOW)
    app = connections.strava_app(
        replace(other.sources["strava"], client_secret=Secret("plain", "theirs")), STRAVA_KEYS
    )
    assert app is not None
    assert (app.client_id, app.client_secret) == ("20002", "theirs")


@pytest.mark.parametrize(
    ("settings", "saved", "client"),
    [
        ({}, {"api_key": "example-garmin-key"}, "PersonalClient"),
        ({}, {"tokens": "{}"}, "LoginClient"),
        ({"door": "login"}, {"tokens": "{}", "api_key": "example-garmin-key"}, "LoginClient"),
        ({"door": "personal"}, {"tokens": "{}", "api_key": "example-garmin-key"}, "PersonalClient"),
        ({"key": Secret("plain", "example-garmin-key")}, {"tokens": "{}"}, "PersonalClient"),
    ],
)
def test_the_configuration_goes_before_the_last_login_in_choosing_a_door(
    athlete: AthleteConfig, tmp_path: Path, settings: dict[str, Any], saved: dict[str, Any], client: str
) -> None:
    save(tmp_path, "garmin", **saved)
    assert type(door_of(with_source(athlete, "garmin", **settings), tmp_path)).__name__ == client


def test_a_reference_that_leads_nowhere_is_broken_and_names_it(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    lost = with_source(athlete, "garmin", key=Secret("env", "NO_SUCH_VARIABLE"))
    with pytest.raises(Broken, match=r"NO_SUCH_VARIABLE is not set\. Mend it"):
        connections.open_source(lost, "garmin", tmp_path, lambda: NOW)


def test_a_key_file_that_cannot_be_read_is_broken_and_stops_nothing_else(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    path = connections.key_file(tmp_path, "me", "garmin").path
    path.parent.mkdir()
    path.write_text("no", encoding="utf-8")
    assert connections.connected(athlete, tmp_path) == ["garmin"]
    assert connections.every(athlete, "garmin", tmp_path) == timedelta(minutes=15)
    assert connections.key_countdown(athlete, "garmin", tmp_path, NOW.date()) is None
    assert connections.account_since(athlete, "garmin", tmp_path) is None
    with pytest.raises(Broken, match="it is not JSON"):
        connections.open_source(athlete, "garmin", tmp_path, lambda: NOW)


def test_garmins_login_door_is_never_asked_more_often_than_it_bears(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    often = with_source(athlete, "garmin", every_min=5)
    save(tmp_path, "garmin", api_key="example-garmin-key")
    assert connections.every(often, "garmin", tmp_path) == timedelta(minutes=5)
    save(tmp_path, "garmin", tokens="{}")
    assert connections.every(often, "garmin", tmp_path) == timedelta(minutes=15)
    assert connections.every(with_source(athlete, "strava", every_min=5), "strava", tmp_path) == timedelta(
        minutes=5
    )


def test_the_end_of_a_key_is_the_configured_day_or_the_one_told_at_the_login(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    today = date(2026, 11, 25)
    assert connections.key_countdown(athlete, "garmin", tmp_path, today) is None
    save(tmp_path, "garmin", api_key="example-garmin-key", key_ends="2026-12-05", key_days=30)
    told = connections.key_countdown(athlete, "garmin", tmp_path, today)
    assert told is not None
    # A key of 30 days is reminded of later than one of a year.
    assert (told.ends, told.days_left, told.reminder) == (date(2026, 12, 5), 10, None)
    configured = with_source(athlete, "garmin", key_ends=date(2026, 12, 6))
    told = connections.key_countdown(configured, "garmin", tmp_path, today)
    assert told is not None
    assert (told.days_left, told.reminder) == (11, 14)
    assert connections.key_countdown(athlete, "strava", tmp_path, today) is None
    save(tmp_path, "garmin", tokens="{}", key_ends="2026-12-05")
    assert connections.key_countdown(athlete, "garmin", tmp_path, today) is None


def test_when_the_account_began_is_known_where_the_service_told(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    save(tmp_path, "strava", **STRAVA_KEYS, athlete_created_at="2019-03-01T10:00:00Z")
    assert connections.account_since(athlete, "strava", tmp_path) == datetime(2019, 3, 1, 10, tzinfo=UTC)


def test_asking_which_sources_there_are_loads_no_vendor_library(tmp_path: Path) -> None:
    """The daemon asks this at every tick."""
    program = (
        "import json, sys, pathlib\n"
        "from daemon import config, connections\n"
        f"home = pathlib.Path({str(tmp_path)!r})\n"
        "me = config.load(None, home).athletes['me']\n"
        "connections.connected(me, home), connections.every(me, 'garmin', home)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {
        "stravalib",
        "garminconnect",
        "garmin_personal_api",
        "pydantic",
        "requests",
        "sqlalchemy",
    }
