"""Activities as Strava tells them, in the shape of recorded answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.account import Account, Held
from fakes.places import CITY, END, POLYLINE, START

ATHLETE_ID = 100_001
TYPES = {"trail run": "Run", "virtual run": "Run", "treadmill run": "Run"}
"""Where the old field `type` is not `sport_type`."""


def sport_type(held: Held) -> str:
    if held.sport == "treadmill run":
        return "Run"
    return "".join(word.capitalize() for word in held.sport.split())


def summary(held: Held) -> dict[str, Any]:
    """One row of the listing. Heart rate, cadence and temperature are missing, not null, without the sensor.

    Two departures from the service, so that what comes in here equals what the person's export says: elevation that was
    never measured is missing too, and elapsed time that nobody knows is null (the service computes an elevation, and
    always has both times). A manual activity says 0.0 metres of elevation, which means unknown.
    """
    placed = not held.manual and not held.indoor and held.distance_m is not None
    moving_s, metres = held.moving_s or 0.0, held.distance_m or 0.0
    row: dict[str, Any] = {
        "resource_state": 2,
        "athlete": {"id": ATHLETE_ID, "resource_state": 1},
        "name": held.title,
        "distance": float(metres),
        "moving_time": round(moving_s),
        "elapsed_time": None if held.elapsed_s is None else round(held.elapsed_s),
        "total_elevation_gain": 0.0 if held.manual else _decimal(held.ascent_m),
        "type": TYPES.get(held.sport, sport_type(held)),
        "sport_type": sport_type(held),
        "workout_type": 1 if held.race else 0 if sport_type(held).endswith("Run") else None,
        "id": held.id,
        "start_date": f"{held.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{held.local_start:%Y-%m-%dT%H:%M:%SZ}",
        "timezone": f"(GMT{_clock(held.utc_offset_s)}) {_zone(held.utc_offset_s)}",
        "utc_offset": float(held.utc_offset_s),
        "location_city": CITY if placed else None,
        "location_state": None,
        "location_country": CITY if placed else None,
        "achievement_count": 0,
        "kudos_count": 0,
        "comment_count": 0,
        "athlete_count": 1,
        "photo_count": 0,
        "map": {"id": f"a{held.id}", "summary_polyline": POLYLINE if placed else "", "resource_state": 2},
        "trainer": held.indoor,
        "commute": False,
        "manual": held.manual,
        "private": False,
        "visibility": "everyone",
        "flagged": False,
        "gear_id": None,
        "start_latlng": list(START) if placed else [],
        "end_latlng": list(END) if placed else [],
        "average_speed": round(metres / moving_s, 3) if moving_s else 0.0,
        "max_speed": round(metres / moving_s * 1.4, 3) if moving_s else 0.0,
        "average_cadence": held.cadence_per_leg,
        "average_temp": None if held.cadence_per_leg is None else 18,
        "has_heartrate": held.mean_heart_rate_bpm is not None,
        "average_heartrate": _decimal(held.mean_heart_rate_bpm),
        "max_heartrate": _decimal(held.max_heart_rate_bpm),
        "heartrate_opt_out": False,
        "display_hide_heartrate_option": held.mean_heart_rate_bpm is not None,
        "upload_id": None if held.manual else held.id + 1_000_000,
        "external_id": None if held.manual else f"garmin_ping_{held.id}",
        "from_accepted_tag": False,
        "pr_count": 0,
        "total_photo_count": 0,
        "has_kudoed": False,
        "suffer_score": None if held.mean_heart_rate_bpm is None else 50.0,
    }
    if not held.manual:
        row["upload_id_str"] = str(held.id + 1_000_000)
        if held.ascent_m is not None:
            row |= {"elev_high": 80.0 + held.ascent_m / 4, "elev_low": 80.0}
    return {name: value for name, value in row.items() if value is not None or name in _MAY_BE_NULL}


_MAY_BE_NULL = frozenset(
    {
        "elapsed_time",
        "workout_type",
        "location_city",
        "location_state",
        "location_country",
        "gear_id",
        "upload_id",
        "external_id",
    }
)


def detail(held: Held) -> dict[str, Any]:
    """One activity by its id."""
    row = summary(held)
    device = {} if held.device is None else {"device_name": held.device}
    return (
        row
        | device
        | {
            "resource_state": 3,
            "map": row["map"] | {"polyline": row["map"]["summary_polyline"], "resource_state": 3},
            "description": "",
            "calories": 500.0,
            "perceived_exertion": None if held.effort is None else float(held.effort),
            "prefer_perceived_exertion": held.effort is not None or None,
            "segment_efforts": [],
            "splits_metric": [],
            "laps": [],
            "photos": {"primary": None, "count": 0},
            "embed_token": "example-embed-token",
            "similar_activities": None,
            "available_zones": [],
            "stats_visibility": [],
            "hide_from_home": False,
        }
    )


def athlete(account: Account, now: datetime) -> dict[str, Any]:
    """The person as the API knows them; `resource_state` 3."""
    return summary_athlete(account, now) | {
        "resource_state": 3,
        "bio": None,
        "weight": None,
        "blocked": False,
        "can_follow": True,
        "follower_count": 0,
        "friend_count": 0,
        "mutual_friend_count": 0,
        "athlete_type": 1,
        "date_preference": "%m/%d/%Y",
        "measurement_preference": "meters",
        "clubs": [],
        "postable_clubs_count": 0,
        "ftp": None,
        "bikes": [],
        "shoes": [],
    }


def summary_athlete(account: Account, now: datetime) -> dict[str, Any]:
    """The person as a token exchange tells them."""
    return {
        "id": ATHLETE_ID,
        "username": "test_runner",
        "resource_state": 2,
        "firstname": "Test",
        "lastname": "Runner",
        "city": CITY,
        "state": None,
        "country": None,
        "sex": None,
        "premium": True,
        "summit": True,
        "created_at": f"{account.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
        "badge_type_id": 1,
        "profile_medium": None,
        "profile": None,
        "friend": None,
        "follower": None,
    }


def errors(message: str, resource: str, name: str, code: str) -> dict[str, Any]:
    """The shape of a refusal."""
    return {"message": message, "errors": [{"resource": resource, "field": name, "code": code}]}


def _decimal(value: float | None) -> float | None:
    return None if value is None else float(value)


def _clock(offset_s: int) -> str:
    minutes = abs(offset_s) // 60
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def _zone(offset_s: int) -> str:
    """The zone of that offset the whole year round; its name counts the other way."""
    return f"Etc/GMT{-offset_s // 3600:+d}" if offset_s % 3600 == 0 else "Etc/GMT"
