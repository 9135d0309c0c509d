"""Sleep, heart rate variability and resting heart rate as Garmin tells them, and the five ways it says "nothing"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from fakes.account import HeldNight
from fakes.garmin_bodies import OWNER_ID
from fakes.vendor_faults import Answer, json_answer

type Nothing = Literal["empty list", "null", "no body", "nulls", "zeros"]
"""How a day or a range without data is answered: `[]`, the word null, 204, an object full of null, or zeros."""

FACES: tuple[Nothing, ...] = ("empty list", "null", "no body", "nulls", "zeros")
NO_NIGHT = HeldNight()
A_NIGHT = HeldNight(28_800, 50, 48)
_SAID_ALWAYS = ("calendarDate", "userProfilePK", "userProfilePk")


def nothing(face: Nothing, usual: object) -> Answer:
    """That face of an answer which is `usual` on a day with data."""
    match face:
        case "empty list":
            return json_answer([])
        case "null":
            return json_answer(None)
        case "no body":
            return Answer(204)
        case "nulls":
            return json_answer(_emptied(usual, None))
        case "zeros":
            return json_answer(_emptied(usual, 0))


def _emptied(node: object, number: int | None) -> object:
    """Without figures and texts; lists are empty where numbers are 0, and stay rows where they are null."""
    if isinstance(node, dict):
        return {name: one if name in _SAID_ALWAYS else _emptied(one, number) for name, one in node.items()}
    if isinstance(node, list):
        return [] if number == 0 else [_emptied(one, number) for one in node]
    return number if isinstance(node, int | float) and not isinstance(node, bool) else None


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def sleep_summaries(nights: Mapping[date, HeldNight], first: date, last: date) -> list[dict[str, Any]]:
    """Personal API, range: one object a day, full of null where there was no sleep."""
    rows = []
    for day in days_of(first, last):
        night = nights.get(day, NO_NIGHT)
        heart = {"avgHeartRate": None if night.sleep_s is None else 52.0}
        rows.append(_sleep(day, night) | _quality(night) | heart)
    return rows


def sleep_day(nights: Mapping[date, HeldNight], day: date) -> dict[str, Any]:
    """Classic, one night: the sleep inside `dailySleepDTO`, the resting heart rate beside it if there is one."""
    night = nights.get(day, NO_NIGHT)
    told: dict[str, Any] = {
        "dailySleepDTO": _sleep(day, night) | (_quality(night) if night.sleep_s is not None else {}),
        "sleepMovement": [],
        "remSleepData": None if night.sleep_s is None else True,
        "sleepLevels": [],
    }
    if night.resting_heart_rate_bpm is not None:
        told["restingHeartRate"] = night.resting_heart_rate_bpm
    return told


def _sleep(day: date, night: HeldNight) -> dict[str, Any]:
    slept = night.sleep_s
    end = datetime.combine(day, time(7), UTC)
    begin = None if slept is None else round((end - timedelta(seconds=slept)).timestamp() * 1000)
    third = None if slept is None else slept // 3
    return {
        "id": begin,
        "userProfilePK": OWNER_ID,
        "calendarDate": day.isoformat(),
        "sleepTimeSeconds": slept,
        "napTimeSeconds": None if slept is None else 0,
        "sleepWindowConfirmed": None if slept is None else True,
        "sleepWindowConfirmationType": None if slept is None else "enhanced_confirmed_final",
        "sleepStartTimestampGMT": begin,
        "sleepEndTimestampGMT": None if slept is None else round(end.timestamp() * 1000),
        "sleepStartTimestampLocal": begin,
        "sleepEndTimestampLocal": None if slept is None else round(end.timestamp() * 1000),
        "unmeasurableSleepSeconds": None if slept is None else 0,
        "deepSleepSeconds": third,
        "lightSleepSeconds": third,
        "remSleepSeconds": third,
        "awakeSleepSeconds": None if slept is None else 300,
        "deviceRemCapable": True,
        "retro": False,
    }


def _quality(night: HeldNight) -> dict[str, Any]:
    slept = night.sleep_s is not None
    return {
        "averageRespirationValue": 13.0 if slept else None,
        "awakeCount": 1 if slept else None,
        "avgSleepStress": 15.0 if slept else None,
        "ageGroup": "ADULT",
        "sleepScoreFeedback": "POSITIVE_DEEP" if slept else None,
        "sleepScores": {"overall": {"value": 80, "qualifierKey": "GOOD"}} if slept else None,
        "sleepVersion": 2,
    }


def sleep_stats(nights: Mapping[date, HeldNight], first: date, last: date) -> dict[str, Any]:
    """Classic, range: only days with sleep, the figures inside `values`."""
    rows = [
        {
            "calendarDate": day.isoformat(),
            "values": {
                "totalSleepTimeInSeconds": night.sleep_s,
                "deepTime": night.sleep_s // 3,
                "lightTime": night.sleep_s // 3,
                "remTime": night.sleep_s // 3,
                "awakeTime": 300,
                "sleepScore": 80,
                "restingHeartRate": night.resting_heart_rate_bpm,
                "avgOvernightHrv": None if night.hrv_ms is None else float(night.hrv_ms),
            },
        }
        for day in days_of(first, last)
        if (night := nights.get(day, NO_NIGHT)).sleep_s is not None
    ]
    return {"overallStats": {}, "individualStats": rows}


def hrv_range(nights: Mapping[date, HeldNight], first: date, last: date) -> dict[str, Any] | None:
    """Both doors; None where no night of the range has a figure."""
    rows = [_hrv(day, nights[day]) for day in days_of(first, last) if _has_hrv(nights, day)]
    return {"hrvSummaries": rows, "userProfilePk": OWNER_ID} if rows else None


def hrv_day(nights: Mapping[date, HeldNight], day: date) -> dict[str, Any] | None:
    if not _has_hrv(nights, day):
        return None
    return {"userProfilePk": OWNER_ID, "hrvSummary": _hrv(day, nights[day]), "hrvReadings": []}


def _has_hrv(nights: Mapping[date, HeldNight], day: date) -> bool:
    return nights.get(day, NO_NIGHT).hrv_ms is not None


def _hrv(day: date, night: HeldNight) -> dict[str, Any]:
    return {
        "calendarDate": day.isoformat(),
        "weeklyAvg": night.hrv_ms,
        "lastNightAvg": night.hrv_ms,
        "lastNight5MinHigh": None if night.hrv_ms is None else night.hrv_ms + 20,
        "baseline": {"lowUpper": 41, "balancedLow": 44, "balancedUpper": 55, "markerValue": 0.43},
        "status": "BALANCED",
        "feedbackPhrase": "HRV_BALANCED_2",
        "createTimeStamp": f"{day.isoformat()}T05:10:02.114",
    }


def daily_summaries(nights: Mapping[date, HeldNight], first: date, last: date) -> dict[str, Any]:
    """Personal API, range: one object a day, its parts null on a day without the watch. Where there is no resting heart
    rate, `restingValue` is the day's minimum."""
    return {"data": [_summary(day, nights.get(day)) for day in days_of(first, last)]}


def _summary(day: date, night: HeldNight | None) -> dict[str, Any]:
    heart = None
    if night is not None:
        resting = night.resting_heart_rate_bpm
        lowest = 58 if resting is None else resting - 3
        heart = {"minValue": lowest, "maxValue": 169, "restingValue": resting or lowest, "alertCount": 0}
    worn = night is not None
    begin = f"{day.isoformat()}T00:00:00.0"
    return {
        "uuid": f"00000000-0000-4000-8000-{day.toordinal():012d}",
        "userProfilePk": OWNER_ID,
        "calendarDate": day.isoformat(),
        "source": "garmin",
        "includesWellnessData": worn,
        "includesActivityData": worn,
        "wellnessChronology": {"startTimestampGmt": begin, "startTimestampLocal": begin} if worn else None,
        "heartRate": heart,
        "stress": {"avgLevel": 27, "maxLevel": 93, "qualifier": "balanced"} if worn else None,
        "bodyBattery": {"minValue": 21, "maxValue": 94} if worn else None,
    }


def resting_range(nights: Mapping[date, HeldNight], first: date, last: date) -> dict[str, Any]:
    """Classic, metric 60: one value a day, null on days without."""
    rows = [
        {"value": None if bpm is None else float(bpm), "calendarDate": day.isoformat()}
        for day in days_of(first, last)
        for bpm in (nights.get(day, NO_NIGHT).resting_heart_rate_bpm,)
    ]
    return {"allMetrics": {"metricsMap": {"WELLNESS_RESTING_HEART_RATE": rows}}}


def heart_rate_day(nights: Mapping[date, HeldNight], day: date) -> dict[str, Any]:
    resting = nights.get(day, NO_NIGHT).resting_heart_rate_bpm
    return {
        "userProfilePK": OWNER_ID,
        "calendarDate": day.isoformat(),
        "maxHeartRate": None if resting is None else 115,
        "minHeartRate": resting,
        "restingHeartRate": resting,
        "lastSevenDaysAvgRestingHeartRate": resting,
        "heartRateValues": None if resting is None else [],
    }
