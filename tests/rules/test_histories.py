"""R1 on three real histories: exactly the runs that the definition names (skipped where the material is absent)."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from rules.facts import Activity, History, Runner
from rules.policy import Policy
from rules.replay import Event, replay
from rules.sports import family_of, is_indoor, normalise

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "histories"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
POLICY = Policy()
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def instant(text: str) -> datetime:
    month_day, year, clock = text.split(", ")
    month, day = month_day.split(" ")
    at, half = clock.split(" ")
    hour, minute, second = (int(part) for part in at.split(":"))
    hour = hour % 12 + (12 if half == "PM" else 0)
    return datetime(int(year), MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)


def number(text: str) -> float | None:
    return float(text) if text else None


def read(name: str) -> tuple[History, dict[str, Any]]:
    expected: dict[str, Any] = json.loads((DATA / f"export_{name}_expected.json").read_text())
    with ZipFile(DATA / f"export_{name}.zip") as export, export.open("activities.csv") as file:
        # Of two columns with one name the reader keeps the second, which is in metres.
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    first_of_start: dict[datetime, Activity] = {}
    for row in sorted(rows, key=lambda row: (instant(row["Activity Date"]), int(row["Activity ID"]))):
        start = instant(row["Activity Date"])
        sport = normalise(row["Activity Type"])
        first_of_start.setdefault(
            start,
            Activity(
                id=row["Activity ID"],
                family=family_of(sport, POLICY.sport),
                sport=sport,
                start=start,
                distance_m=number(row["Distance"]),
                moving_s=number(row["Moving Time"]),
                elapsed_s=number(row["Elapsed Time"]),
                indoor=is_indoor(sport),
                ascent_m=number(row["Elevation Gain"]),
                source="strava",
            ),
        )
    return History(Runner(timezone=expected["timezone"]), tuple(first_of_start.values())), expected


@pytest.mark.parametrize(("name", "spikes"), [("r05", 55), ("r06", 24), ("r11", 64)])
def test_single_run_spikes_are_found_where_the_definition_says(name: str, spikes: int) -> None:
    history, expected = read(name)
    events = list(replay(history, POLICY))
    found = [event.finding for event in events if event.finding and event.rule == "R1"]
    assert len(found) == spikes
    ratios = {finding.activity_id: finding.numbers["ratio"] for finding in found}
    for run in expected["top10_ratio_to_longest_run_of_previous_30_days"]:
        assert ratios[str(run["activity_id"])] == pytest.approx(run["ratio"], abs=0.0005)


def lines(name: str) -> list[Event]:
    history, _ = read(name)
    return list(replay(history, POLICY))


def test_a_replay_is_in_order_of_time_and_says_each_thing_once() -> None:
    events = lines("r11")
    assert [event.at for event in events] == sorted(event.at for event in events)
    findings = [event.finding.key for event in events if event.finding]
    assert len(findings) == len(set(findings))
    told = [key for event in events if event.message for key in event.message.findings]
    assert len(told) == len(set(told))


def test_a_replay_keeps_to_the_message_budget() -> None:
    alerts = [event.at for event in lines("r05") if event.message and event.message.alert]
    assert alerts
    for first, third in zip(alerts, alerts[2:], strict=False):
        assert (third - first).total_seconds() > 7 * 24 * 3600
