"""Recovery as Garmin keeps it: sleep, heart rate variability, resting heart rate -> nights.

"Nothing" comes in five shapes: no content, null, an empty list, an object full of null, and zeros.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from urllib.parse import quote

from connectors.errors import Broken, ConnectorError
from connectors.sources.garmin_client import Refused
from rules.facts import Night

type Get = Callable[[str, Mapping[str, str]], Any]
type Figures = Mapping[str, float]
"""One figure per local morning (ISO date)."""
type FigureName = Literal["sleep_h", "ln_rmssd", "resting_heart_rate_bpm"]

LONGEST_SLEEP_H = 24.0
RESTING_HEART_RATE_METRIC = "60"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NightTable:
    """Where one figure of every night is found. `days`: the most that may be asked for at once."""

    figure: FigureName
    title: str
    days: int
    ask: Callable[[Get, date, date], Any]
    figures: Callable[[Any], Figures]


def read_nights(get: Get, tables: Sequence[NightTable], first: date, last: date) -> Sequence[Night]:
    """The nights with a figure, in order; what cannot be had of one table does not cost the others.

    Raises what `get` raises: at once where the door as a whole is shut, else where no table could be read.
    """
    found: dict[FigureName, dict[str, float]] = {}
    failures: list[ConnectorError] = []
    for table in tables:
        found[table.figure] = {}
        try:
            for begin, end in _chunks(first, last, table.days):
                found[table.figure].update(table.figures(table.ask(get, begin, end)))
        except (Refused, Broken) as failure:
            _log.warning("Garmin gives no %s: %s", table.title, failure)
            failures.append(failure)
    if failures and len(failures) == len(tables):
        raise failures[-1]
    mornings = {morning for figures in found.values() for morning in figures}
    return [
        Night(morning, **{figure: values.get(morning) for figure, values in found.items()})
        for morning in sorted(mornings)
        if first.isoformat() <= morning <= last.isoformat()
    ]


def _chunks(first: date, last: date, days: int) -> Iterator[tuple[date, date]]:
    begin = first
    while begin <= last:
        end = min(begin + timedelta(days=days - 1), last)
        yield begin, end
        begin = end + timedelta(days=1)


def _sleep_summaries(get: Get, first: date, last: date) -> Any:
    span = {"startDate": first.isoformat(), "endDate": last.isoformat()}
    return get("/sleep-service/sleep/dailySleepSummariesByDate", span)


def _sleep_statistics(get: Get, first: date, last: date) -> Any:
    return get(f"/sleep-service/stats/sleep/daily/{first.isoformat()}/{last.isoformat()}", {})


def _variability(get: Get, first: date, last: date) -> Any:
    return get(f"/hrv-service/hrv/daily/{first.isoformat()}/{last.isoformat()}", {})


def _daily_summaries(get: Get, first: date, last: date) -> Any:
    span = {"startDate": first.isoformat(), "endDate": last.isoformat()}
    return get("/usersummary-service/v2/dailysummaries", span)


def _resting_rates(get: Get, first: date, last: date) -> Any:
    name = _at(get("/userprofile-service/socialProfile", {}), "displayName")
    if not isinstance(name, str) or not name:
        raise Broken("the profile names nobody")
    span = {"fromDate": first.isoformat(), "untilDate": last.isoformat()}
    path = f"/userstats-service/wellness/daily/{quote(name, safe='')}"
    return get(path, span | {"metricId": RESTING_HEART_RATE_METRIC})


def _sleep_of_summaries(answer: Any) -> Figures:
    return _figures(_rows(answer), lambda row: _hours(row.get("sleepTimeSeconds")))


def _sleep_of_statistics(answer: Any) -> Figures:
    rows = _rows(_at(answer, "individualStats"))
    return _figures(rows, lambda row: _hours(_at(row, "values", "totalSleepTimeInSeconds")))


def _variability_of(answer: Any) -> Figures:
    """`lastNightAvg` is the night's mean rMSSD in ms."""

    def ln_rmssd(row: dict[str, Any]) -> float | None:
        rmssd_ms = _positive(row.get("lastNightAvg"))
        return None if rmssd_ms is None else math.log(rmssd_ms)

    return _figures(_rows(_at(answer, "hrvSummaries")), ln_rmssd)


def _resting_of_summaries(answer: Any) -> Figures:
    """A resting value equal to the day's lowest is what Garmin says for want of one."""

    def resting(row: dict[str, Any]) -> float | None:
        rate_bpm = _positive(_at(row, "heartRate", "restingValue"))
        return None if rate_bpm == _positive(_at(row, "heartRate", "minValue")) else rate_bpm

    return _figures(_rows(_at(answer, "data")), resting)


def _resting_of_metrics(answer: Any) -> Figures:
    rows = _rows(_at(answer, "allMetrics", "metricsMap", "WELLNESS_RESTING_HEART_RATE"))
    return _figures(rows, lambda row: _positive(row.get("value")))


def _figures(rows: list[dict[str, Any]], figure: Callable[[dict[str, Any]], float | None]) -> Figures:
    found: dict[str, float] = {}
    for row in rows:
        value, morning = figure(row), row.get("calendarDate")
        if value is not None and isinstance(morning, str):
            found[morning[:10]] = value
    return found


def _rows(value: Any) -> list[dict[str, Any]]:
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise Broken("its answer has another shape than expected")
    return [row for row in value if isinstance(row, dict)]


def _at(value: Any, *names: str) -> Any:
    """What lies under a path of names; None where it ends early."""
    for name in names:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Broken("its answer has another shape than expected")
        value = value.get(name)
    return value


def _hours(seconds: Any) -> float | None:
    hours = (_positive(seconds) or 0.0) / 3600
    return hours if 0 < hours <= LONGEST_SLEEP_H else None


def _positive(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if usable and 0 < value < math.inf else None


_VARIABILITY = NightTable("ln_rmssd", "heart rate variability", 28, _variability, _variability_of)
PERSONAL_TABLES = (
    NightTable("sleep_h", "sleep", 31, _sleep_summaries, _sleep_of_summaries),
    _VARIABILITY,
    NightTable("resting_heart_rate_bpm", "resting heart rate", 31, _daily_summaries, _resting_of_summaries),
)
LOGIN_TABLES = (
    NightTable("sleep_h", "sleep", 28, _sleep_statistics, _sleep_of_statistics),
    _VARIABILITY,
    NightTable("resting_heart_rate_bpm", "resting heart rate", 365, _resting_rates, _resting_of_metrics),
)
