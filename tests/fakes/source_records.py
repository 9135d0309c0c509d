"""Source records by hand, as the doors would make them."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sources.contract import SourceRecord
from rules.facts import Activity, Bin, Family, Profile, TerrainClass
from rules.series import Columns, Series

MONDAY = datetime(2024, 5, 6, 6, 0, tzinfo=UTC)


def series(seconds: int = 600) -> Series:
    """A level run of 2.8 m/s."""
    columns = Columns(
        array("H", [280] * seconds),
        array("H", [2800] * seconds),
        array("h", [0] * seconds),
        array("B", [150] * seconds),
        array("B", [170] * seconds),
    )
    return Series.pack(columns, has_altitude=True)


def profile(terrain: TerrainClass = TerrainClass.MEASURED, dh_m: float = 41.25) -> Profile:
    part = Bin(1680.0, 600.0, 1700.0, 0.1)
    return Profile(
        formula_version=1,
        terrain=terrain,
        histogram={(11, 0, 34, False): part, (11, -3, -1, True): Bin(10.5, 4.0, 0.0, -0.61)},
        dh_m=dh_m,
        steep_min=0.5,
        ascent_m=52.0,
        descent_m=None,
        running=part,
        level=part,
        last_third=Bin(560.0, 200.0, 566.0, 0.0),
        best_20min_mps=None,
        best_30s_heart_rate_bpm=171.0,
    )


def run(start: datetime = MONDAY, minutes: float = 60, km: float | None = 10.0, **fields: Any) -> Activity:
    """A summary of a run; `fields` as in Activity."""
    plain = Activity(
        id="",
        family=Family.RUN,
        sport="run",
        start=start,
        distance_m=None if km is None else km * 1000,
        moving_s=minutes * 60,
        elapsed_s=minutes * 60,
    )
    return replace(plain, **fields)


def record(source: str, external_id: str, activity: Activity | None = None, **fields: Any) -> SourceRecord:
    """One record; its hash follows from what it says unless given."""
    told = run() if activity is None else activity
    content = SourceRecord(
        source=source,
        external_id=external_id,
        content_hash=str(hash(repr(told))),
        activity=told,
        origin=f"{external_id}.fit",
    )
    return replace(content, **fields)


def days(count: float) -> timedelta:
    return timedelta(days=count)
