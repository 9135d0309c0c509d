"""Three real histories through the installed command (skipped where the material is absent).

What a history should hold and warn about is computed here once more, from the table alone.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from fakes.command import Environment, database_of, environment_in, everything, json_lines, niggled, rows

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HISTORIES = DATA / "histories"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")

RUNS = {"Run", "Trail Run"}
FRAGMENTS = {"r05": {5000000062: 5000000061}}
"""Runs that lie inside another run of the same runner (here 22.5 m, saved by a slip of the finger): one body, one run,
whatever their start (RULES 2.1). The expected totals merge equal starts only."""
SPIKES = {"r05": 55, "r06": 24, "r11": 64}

type Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the table that is a run. `km` from the column in metres, `seconds` from start to end."""

    number: int
    start: datetime
    km: float
    moving_s: float
    seconds: float
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    @property
    def local(self) -> datetime:
        return self.start.astimezone(self.zone)

    @property
    def day(self) -> date:
        return self.local.date()

    @property
    def counts(self) -> bool:
        """RULES 2.3, as far as this material needs it."""
        return self.km > 0 and self.moving_s > 0 and 1 <= self.km / self.moving_s * 3600 <= 25


@dataclass(frozen=True, slots=True)
class Past:
    """One history, imported into a home of its own and replayed."""

    name: str
    expected: dict[str, Any]
    environment: Environment
    imported: Line
    activities: list[Line]
    replayed: list[Line]

    @property
    def export(self) -> Path:
        return HISTORIES / f"export_{self.name}.zip"

    @property
    def database(self) -> Path:
        return database_of(self.environment)

    def of_rule(self, rule: str) -> list[Line]:
        return [line for line in self.replayed if line.get("rule") == rule]


@pytest.fixture(scope="module", params=["r05", "r06", "r11"])
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Past:
    name: str = request.param
    expected: dict[str, Any] = json.loads((HISTORIES / f"export_{name}_expected.json").read_text())
    folder = tmp_path_factory.mktemp(name)
    config = folder / "config.toml"
    config.write_text(f'[athletes.me]\ntimezone = "{expected["timezone"]}"\n')
    environment = environment_in(folder) | {"NIGGLED_CONFIG": str(config)}
    imported = niggled(environment, "import", "--json", HISTORIES / f"export_{name}.zip")
    assert (imported.returncode, imported.stderr) == (0, "")
    activities = niggled(environment, "activities", "list", "--limit", "0", "--json")
    replayed = niggled(environment, "replay", "--json")
    assert (replayed.returncode, replayed.stderr) == (0, "")
    return Past(
        name, expected, environment, json_lines(imported)[0], json_lines(activities), json_lines(replayed)
    )


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def instant(text: str) -> datetime:
    """`Oct 6, 2022, 11:19:20 PM`, in UTC."""
    month_day, year, clock = text.split(", ")
    month, day = month_day.split(" ")
    time, half = clock.split(" ")
    hour, minute, second = map(int, time.split(":"))
    hour = hour % 12 + (12 if half == "PM" else 0)
    return datetime(int(year), MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)


def table(past: Past) -> list[Run]:
    """The runs of the table in order of start. Of two columns with one name `DictReader` keeps the second, exact one."""
    with ZipFile(past.export) as export, export.open("activities.csv") as file:
        found = [
            row for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")) if row["Activity Type"] in RUNS
        ]
    zone = ZoneInfo(past.expected["timezone"])
    runs = [
        Run(
            number=int(row["Activity ID"]),
            start=instant(row["Activity Date"]),
            km=float(row["Distance"] or 0) / 1000,
            moving_s=float(row["Moving Time"] or 0),
            seconds=float(row["Elapsed Time"] or row["Moving Time"] or 0),
            zone=zone,
        )
        for row in found
    ]
    return sorted(runs, key=lambda run: (run.start, run.number))


def merged(runs: list[Run]) -> list[Run]:
    """One body, one run: of two that share half of the shorter one, the longer recording is kept."""
    kept: list[Run] = []
    for run in runs:
        before = kept[-1] if kept else None
        if before is not None:
            shared_s = (min(before.end, run.end) - run.start).total_seconds()
            if shared_s > 0 and shared_s >= 0.5 * min(before.seconds, run.seconds):
                kept[-1] = max(before, run, key=lambda one: one.seconds)
                continue
        kept.append(run)
    return kept


def spikes(past: Past) -> dict[str, float]:
    """R1 by its definition: subject -> ratio to the longest counted run of the 30 days before."""
    runs = [run for run in merged(table(past)) if run.counts]
    found = {}
    for index, run in enumerate(runs):
        window = [one.km for one in runs[:index] if one.day >= run.day - timedelta(days=30)]
        if len(window) < 4:
            continue
        longest = max(window)
        if run.km >= 3 and run.km - longest >= 1 and run.km / longest > 1.10:
            found[f"run:{run.local.isoformat()}"] = run.km / longest
    return found


def test_an_export_brings_the_records_runs_and_kilometres_that_it_holds(past: Past) -> None:
    expected = past.expected
    assert past.imported["records"] == expected["activities"]
    assert past.imported["set_aside"] == []
    ((records, metres),) = rows(
        past.database, "SELECT count(*), sum(distance_m) FROM source_records WHERE family = 'run'"
    )
    assert records == expected["runs"]
    assert metres / 1000 == pytest.approx(expected["total_run_km"], abs=0.05)


def test_recordings_of_one_run_are_one_activity(past: Past) -> None:
    expected, fragments = past.expected, FRAGMENTS.get(past.name, {})
    runs = [line for line in past.activities if line["family"] == "run"]
    lost_km = sum(run.km for run in table(past) if run.number in fragments)
    assert len(runs) == expected["runs_after_merging_same_start"] - len(fragments)
    assert sum(run["km"] or 0 for run in runs) == pytest.approx(
        expected["total_run_km_after_merging_same_start"] - lost_km, abs=0.1
    )
    twice = {later: earlier for earlier, later in expected["same_start_activity_ids"]} | fragments
    assert past.imported["merged"] == len(twice)
    activity_of = dict(rows(past.database, "SELECT external_id, activity_id FROM source_records"))
    for one, other in twice.items():
        assert activity_of[str(one)] == activity_of[str(other)]
    assert len(set(activity_of.values())) == expected["activities"] - len(twice)


def test_a_fragment_inside_a_run_is_no_run_of_its_own(past: Past) -> None:
    runs = {run.number: run for run in table(past)}
    for fragment, whole in FRAGMENTS.get(past.name, {}).items():
        assert runs[fragment].km < 0.03
        assert runs[whole].start < runs[fragment].start
        assert runs[fragment].end < runs[whole].end


def test_the_longest_run_and_the_days_are_those_of_the_runners_zone(past: Past) -> None:
    days = [line["start"][:10] for line in past.activities]
    assert (min(days), max(days)) == (past.expected["first_local_date"], past.expected["last_local_date"])
    longest = max(
        (line for line in past.activities if line["family"] == "run"), key=lambda line: line["km"] or 0
    )
    told = past.expected["longest_run"]
    assert longest["start"][:10] == told["date"]
    assert longest["km"] == pytest.approx(told["km"], abs=0.001)


def test_single_run_spikes_are_exactly_those_of_the_definition(past: Past) -> None:
    found = {line["subject"]: line["numbers"]["ratio"] for line in past.of_rule("R1")}
    assert len(found) == len(past.of_rule("R1")) == SPIKES[past.name]
    expected = spikes(past)
    assert found.keys() == expected.keys()
    for subject, ratio in expected.items():
        assert math.isclose(found[subject], ratio, rel_tol=1e-9), subject


def test_the_greatest_spikes_have_the_ratios_that_were_computed_elsewhere(past: Past) -> None:
    by_day = {line["subject"][4:14]: line["numbers"] for line in past.of_rule("R1")}
    for told in past.expected["top10_ratio_to_longest_run_of_previous_30_days"]:
        numbers = by_day[told["date"]]
        for name in ("ratio", "km", "longest_30d_km"):
            assert numbers[name] == pytest.approx(told[name], abs=0.001), told


def test_a_replay_is_one_object_a_line_in_order_of_time(past: Past) -> None:
    moments = [datetime.fromisoformat(line["at"]) for line in past.replayed]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    zone = ZoneInfo(past.expected["timezone"])
    assert all(moment.utcoffset() == moment.astimezone(zone).utcoffset() for moment in moments)
    levels = {"note", "warn", "stop", "refer", "emergency", "nudge", "ask"}
    findings = 0
    for line in past.replayed:
        assert line["kind"] in {"finding", "push", "digest"}
        assert line["level"] in levels
        assert line["text"].strip()
        if line["kind"] == "finding":
            findings += 1
            assert line["rule"]
            assert line["subject"].split(":")[0] in {"run", "walk", "date"}
            assert all(isinstance(value, int | float | str) for value in line["numbers"].values())
        else:
            assert isinstance(line["findings"], list)
            assert "question" not in line, "without replies nothing is asked"
    assert findings > 100


NUMBERS = {
    "R1": {"km", "longest_30d_km", "ratio"},
    "R2": {"knee_load", "knee_load_peak", "ratio"},
    "R3": {"week_km", "usual_week_km", "ratio"},
    "R4": {"descent_m"},
    "R6": {"fast_7d_min"},
    "R9": {"km", "ratio"},
    "R10up": {"ratio"},
    "R10down": {"ratio"},
}


def test_findings_carry_the_numbers_that_made_them(past: Past) -> None:
    for rule, names in NUMBERS.items():
        for line in past.of_rule(rule):
            assert names <= line["numbers"].keys(), line


def load_alerts(past: Past) -> Iterator[datetime]:
    """Pushes of the rules about load; words about time off, and that a high load is behind, are none."""
    for line in past.replayed:
        if line["kind"] == "push" and any(key.startswith("R") for key in line["findings"]):
            yield datetime.fromisoformat(line["at"])


def test_load_alerts_keep_to_two_in_seven_days_and_one_a_day(past: Past) -> None:
    alerts = list(load_alerts(past))
    assert len(alerts) >= len(past.of_rule("R1")) // 2, "spikes are told"
    assert all(third - first >= timedelta(days=7) for first, third in zip(alerts, alerts[2:], strict=False))
    assert all(earlier.date() != later.date() for earlier, later in pairwise(alerts))


def test_no_push_goes_out_at_night(past: Past) -> None:
    for line in past.replayed:
        if line["kind"] == "push":
            assert 7 <= datetime.fromisoformat(line["at"]).hour < 22, line


def test_a_replay_leaves_the_store_as_it_was(past: Past) -> None:
    digest, before = sha256(past.database.read_bytes()).digest(), everything(past.database)
    again = niggled(past.environment, "replay", "--json")
    assert json_lines(again) == past.replayed
    assert sha256(past.database.read_bytes()).digest() == digest
    assert everything(past.database) == before
    assert not [row for name, row in before if name in ("messages", "deliveries")], (
        "the past alone says nothing"
    )


def test_a_replay_of_the_file_alone_says_the_same_and_needs_no_home(past: Past, tmp_path: Path) -> None:
    environment = past.environment | {"NIGGLED_HOME": str(tmp_path / "none")}
    result = niggled(environment, "replay", "--json", past.export)
    assert (result.returncode, result.stderr) == (0, "")
    assert json_lines(result) == past.replayed
    assert not (tmp_path / "none").exists()


def test_the_same_export_again_changes_nothing(past: Past) -> None:
    before = everything(past.database)
    again = niggled(past.environment, "import", past.export)
    assert again.returncode == 0
    assert again.stdout == f"0 new activities, {past.expected['activities']:d} known already.\n"
    assert everything(past.database) == before
