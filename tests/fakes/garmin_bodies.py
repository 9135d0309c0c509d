"""Activities as Garmin tells them, in the shape of recorded answers: the list and the detail name things differently."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from fakes.account import Held
from fakes.places import CITY, END, OWNER, START

OWNER_ID = 100_001
DISPLAY_NAME = "test_runner"

TYPES: dict[str, tuple[int, str, int]] = {
    "run": (1, "running", 17),
    "trail run": (6, "trail_running", 1),
    "treadmill run": (18, "treadmill_running", 1),
    "virtual run": (152, "virtual_run", 1),
    "walk": (9, "walking", 17),
    "hike": (3, "hiking", 17),
    "ride": (2, "cycling", 17),
    "swim": (27, "lap_swimming", 26),
    "weight training": (13, "strength_training", 29),
    "workout": (11, "indoor_cardio", 29),
    "yoga": (163, "yoga", 29),
    "alpine ski": (172, "resort_skiing", 165),
    "backcountry ski": (203, "backcountry_skiing", 165),
    "multisport": (89, "multi_sport", 17),
}
"""Plain words -> (typeId, typeKey, parentTypeId)."""
OTHER = (4, "other", 17)
PARENT_KEYS = {1: "running", 2: "cycling", 26: "swimming", 29: "fitness_equipment", 165: "winter_sports"}


def type_of(held: Held) -> dict[str, Any]:
    number, key, parent = TYPES.get("treadmill run" if _on_treadmill(held) else held.sport, OTHER)
    common = {"isHidden": False, "restricted": False, "trimmable": True}
    return {"typeId": number, "typeKey": key, "parentTypeId": parent} | common


def _on_treadmill(held: Held) -> bool:
    return held.sport == "run" and held.trainer


def is_of_type(held: Held, parent_key: str) -> bool:
    """What the filter `activityType` means: the type itself or its superior one."""
    kind = type_of(held)
    return parent_key in (
        kind["typeKey"],
        PARENT_KEYS.get(kind["typeId"]),
        PARENT_KEYS.get(kind["parentTypeId"]),
    )


def listed(held: Held, parents: Collection[int] = ()) -> dict[str, Any]:
    """One row of the list. What was not measured has no key; only a treadmill says `elevationGain: null`."""
    placed = not held.manual and not held.indoor and held.distance_m is not None
    measured = _measured(held) | {
        "averageRunningCadenceInStepsPerMinute": None
        if held.cadence_per_leg is None
        else held.cadence_per_leg * 2,
    }
    row: dict[str, Any] = {
        "activityId": held.id,
        "activityName": held.title,
        "startTimeLocal": f"{held.local_start:%Y-%m-%d %H:%M:%S}",
        "startTimeGMT": f"{held.start.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "activityType": type_of(held),
        "eventType": _event(held),
        **{name: value for name, value in measured.items() if value is not None},
        "startLatitude": START[0] if placed else None,
        "startLongitude": START[1] if placed else None,
        "endLatitude": END[0] if placed else None,
        "endLongitude": END[1] if placed else None,
        "locationName": CITY if placed else None,
        "hasPolyline": placed,
        "hasImages": False,
        "ownerId": OWNER_ID,
        "ownerDisplayName": DISPLAY_NAME,
        "ownerFullName": OWNER,
        "ownerProfileImageUrlSmall": None,
        "calories": 400.0,
        "userRoles": [],
        "privacy": {"typeId": 2, "typeKey": "private"},
        "userPro": False,
        "hasVideo": False,
        "timeZoneId": 150,
        "beginTimestamp": round(held.start.timestamp() * 1000),
        "sportTypeId": 1,
        "lapCount": 1,
        "manufacturer": "GARMIN",
        "splitSummaries": [],
        "endTimeGMT": f"{_end(held):%Y-%m-%d %H:%M:%S}",
        "favorite": False,
        "elevationCorrected": False,
        "manualActivity": held.manual,
        "pr": False,
        "parent": held.id in parents,
    }
    if held.indoor:
        row |= {"elevationGain": None, "elevationLoss": None}
    if held.parent is not None:
        row["parentId"] = held.parent
    return row


def detail(held: Held, children: Collection[int] = ()) -> dict[str, Any]:
    """One activity by its id: the figures in `summaryDTO`, times with `T` and `.0`."""
    placed = not held.manual and not held.indoor and held.distance_m is not None
    measured = _measured(held) | {
        "averageRunCadence": None if held.cadence_per_leg is None else held.cadence_per_leg * 2,
        "directWorkoutFeel": held.feel,
        "directWorkoutRpe": None if held.effort is None else held.effort * 10,
    }
    return {
        "activityId": held.id,
        "activityUUID": {"uuid": f"00000000-0000-4000-8000-{held.id:012d}"},
        "activityName": held.title,
        "userProfileId": OWNER_ID,
        "isMultiSportParent": bool(children),
        "activityTypeDTO": type_of(held),
        "eventTypeDTO": _event(held),
        "accessControlRuleDTO": {"typeId": 2, "typeKey": "private"},
        "timeZoneUnitDTO": {"unitId": 150, "unitKey": "Etc/GMT", "factor": 0.0, "timeZone": "Etc/GMT"},
        "metadataDTO": {
            "isOriginal": True,
            "fileFormat": {"formatId": 7, "formatKey": "fit"},
            "lastUpdateDate": f"{_end(held) + timedelta(minutes=3):%Y-%m-%dT%H:%M:%S.0}",
            "uploadedDate": f"{_end(held) + timedelta(minutes=3):%Y-%m-%dT%H:%M:%S.0}",
            "userInfoDto": {"userProfilePk": OWNER_ID, "displayname": DISPLAY_NAME, "fullname": OWNER},
            "childIds": list(children),
            "childActivityTypes": [],
            "sensors": None,
            "activityImages": [],
            "manufacturer": "GARMIN",
            "lapCount": 1,
            "personalRecord": False,
            "elevationCorrected": False,
            "favorite": False,
            "trimmed": False,
            "manualActivity": held.manual,
        },
        "summaryDTO": {
            "startTimeLocal": f"{held.local_start:%Y-%m-%dT%H:%M:%S.0}",
            "startTimeGMT": f"{held.start.astimezone(UTC):%Y-%m-%dT%H:%M:%S.0}",
            "startLatitude": START[0] if placed else None,
            "startLongitude": START[1] if placed else None,
            **{name: value for name, value in measured.items() if value is not None},
        },
        "locationName": CITY if placed else None,
        "splitSummaries": [],
    }


def _measured(held: Held) -> dict[str, Any]:
    moving_s, elapsed_s = held.moving_s, held.elapsed_s
    speed = held.distance_m / moving_s if held.distance_m is not None and moving_s else None
    figures = {
        "distance": held.distance_m,
        "duration": moving_s,
        "movingDuration": moving_s,
        "elapsedDuration": elapsed_s,
        "elevationGain": None if held.indoor else held.ascent_m,
        "elevationLoss": None if held.indoor else held.descent_m,
        "averageSpeed": speed,
        "averageHR": held.mean_heart_rate_bpm,
        "maxHR": held.max_heart_rate_bpm,
    }
    return {name: None if value is None else float(value) for name, value in figures.items()}


def _event(held: Held) -> dict[str, Any]:
    number, key = (1, "race") if held.race else (9, "uncategorized")
    return {"typeId": number, "typeKey": key, "sortOrder": 10}


def _end(held: Held) -> datetime:
    return held.start.astimezone(UTC) + timedelta(seconds=held.elapsed_s or held.moving_s or 0)


def original(held: Held) -> bytes:
    """The download of an original: a ZIP with the FIT file."""
    assert held.fit is not None
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr(f"{held.id}_ACTIVITY.fit", held.fit)
    return packed.getvalue()
