"""What Strava answers, for tests that replay single answers with `responses`: rows, refusals, a saved login."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.keyfile import KeyFile
from connectors.sources.strava import StravaDoor
from connectors.sources.strava_tokens import StravaApp
from rules.policy import Policy

NOW = datetime(2026, 11, 2, 18, 7, 30, tzinfo=UTC)
API = "https://www.strava.com/api/v3"
LIST = f"{API}/athlete/activities"
TOKEN = "https://www.strava.com/oauth/token"
APP = StravaApp("4711", "the-secret-of-the-app")
SECRETS = ("access-one", "access-two", "refresh-one", "refresh-two", APP.client_secret, "the-code")

INACTIVE = {
    "message": "Forbidden",
    "errors": [{"resource": "Application", "field": "Status", "code": "Inactive"}],
}
UNAUTHORIZED = {
    "message": "Authorization Error",
    "errors": [{"resource": "Athlete", "field": "access_token", "code": "invalid"}],
}
NO_PERMISSION = {
    "message": "Authorization Error",
    "errors": [{"resource": "AccessToken", "field": "activity:read_permission", "code": "missing"}],
}
REFRESH_REFUSED = {
    "message": "Bad Request",
    "errors": [{"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}],
}
APP_REFUSED = {
    "message": "Bad Request",
    "errors": [{"resource": "Application", "field": "client_id", "code": "invalid"}],
}


class Clock:
    """A time that tests move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def logged_in(folder: Path, *, until: datetime = NOW + timedelta(hours=5), **more: Any) -> KeyFile:
    keys = KeyFile(folder / "me-strava.json")
    keys.save(
        {"access_token": "access-one", "refresh_token": "refresh-one", "expires_at": int(until.timestamp())}
        | more
    )
    return keys


def door(keys: KeyFile, clock: Clock | None = None, **more: Any) -> StravaDoor:
    return StravaDoor(keys, Policy().sport, clock or Clock(), app=APP, **more)


def row(number: int = 1, start: datetime = NOW - timedelta(days=1), **fields: Any) -> dict[str, Any]:
    """A run as the listing tells it."""
    return {
        "id": 9000 + number,
        "name": "Morning Run",
        "type": "Run",
        "sport_type": "Run",
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "timezone": "(GMT+01:00) Europe/Berlin",
        "utc_offset": 3600.0,
        "distance": 10_000.0,
        "moving_time": 3600,
        "elapsed_time": 3700,
        "total_elevation_gain": 80.0,
        "average_heartrate": 146.8,
        "max_heartrate": 171.0,
        "average_cadence": 82.5,
        "trainer": False,
        "manual": False,
        "workout_type": 0,
        "device_name": "Garmin Forerunner 255",
        "start_latlng": [52.5, 13.4],
        "end_latlng": [52.5, 13.4],
        "map": {"id": "a1", "summary_polyline": "qwertz"},
        "location_city": "Berlin",
        "athlete": {"id": 7, "firstname": "Anna"},
    } | fields


def new_tokens(number: str = "two", until: datetime = NOW + timedelta(hours=6)) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_at": int(until.timestamp()),
        "expires_in": 21600,
    }


def rates(short: int, day: int, short_limit: int = 100, day_limit: int = 1000) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "200,2000",
        "X-RateLimit-Usage": f"{short},{day}",
        "X-ReadRateLimit-Limit": f"{short_limit},{day_limit}",
        "X-ReadRateLimit-Usage": f"{short},{day}",
    }
