"""The account as its Garmin export tells it: summaries in centimetres and milliseconds, the files in a zip in the zip."""

from __future__ import annotations

import json
from datetime import UTC
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from fakes.account import Account, Held
from fakes.garmin_bodies import PARENT_KEYS, type_of

SUMMARIES = "DI_CONNECT/DI-Connect-Fitness/runner@example.org_0_summarizedActivities.json"
UPLOADS = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip"


def garmin_export(account: Account) -> bytes:
    """The zip that Garmin mails on request."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        rows = [_summary(held) for held in account.newest_first()]
        archive.writestr(SUMMARIES, json.dumps([{"summarizedActivitiesExport": rows}]))
        if any(held.fit is not None for held in account):
            archive.writestr(UPLOADS, _uploads(account))
    return packed.getvalue()


def _uploads(account: Account) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for held in account:
            if held.fit is not None:
                archive.writestr(f"runner@example.org_{held.id + 77}.fit", held.fit)
    return packed.getvalue()


def _summary(held: Held) -> dict[str, Any]:
    kind = type_of(held)
    cadence = held.cadence_per_leg
    told = {
        "activityId": held.id,
        "name": held.title,
        "activityType": kind["typeKey"],
        "sportType": PARENT_KEYS.get(kind["typeId"], PARENT_KEYS.get(kind["parentTypeId"], "other")).upper(),
        "eventType": "race" if held.race else "uncategorized",
        "beginTimestamp": _milli(held.start.timestamp()),
        "startTimeLocal": _milli(held.local_start.replace(tzinfo=UTC).timestamp()),
        "distance": None if held.distance_m is None else round(held.distance_m * 100, 3),
        "duration": _milli(held.moving_s),
        "movingDuration": _milli(held.moving_s),
        "elapsedDuration": _milli(held.elapsed_s),
        "elevationGain": _centi(None if held.indoor else held.ascent_m),
        "elevationLoss": _centi(None if held.indoor else held.descent_m),
        "avgHr": held.mean_heart_rate_bpm,
        "maxHr": held.max_heart_rate_bpm,
        "avgRunCadence": cadence,
        "avgDoubleCadence": None if cadence is None else cadence * 2,
        "manualActivity": held.manual,
        "parent": False,
    }
    return {name: value for name, value in told.items() if value is not None}


def _milli(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _centi(metres: float | None) -> float | None:
    return None if metres is None else round(metres * 100, 3)
