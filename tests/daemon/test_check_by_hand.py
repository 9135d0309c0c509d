"""`check --km 18 --descent 400` and `status` on a real history, against the same sums done by hand.

The runs are read from the export by the few lines below and not by the program; the day is Thursday 20 June 2024, at noon
in New York. Nobody has answered anything, so the knee is UNKNOWN; no run of the last week was flagged, so the load is green.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp, floor
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from daemon.cli.main import niggled

EXPORT = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "histories" / "export_r11.zip"
pytestmark = pytest.mark.skipif(not EXPORT.is_file(), reason="../shared/data is absent")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2024, 6, 20, 12, 0, tzinfo=NEW_YORK)
TODAY = NOW.date()


@dataclass(frozen=True)
class Ran:
    day: date
    km: float
    minutes: float
    climb_m: float


def days(first: int, last: int) -> tuple[date, date]:
    """Dates by their distance to today: `days(-6, 0)` is the last week."""
    return TODAY + timedelta(days=first), TODAY + timedelta(days=last)


def runs_of(first: int, last: int) -> list[Ran]:
    with ZipFile(EXPORT) as export, export.open("activities.csv") as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    found = []
    begin, end = days(first, last)
    for row in rows:
        at = datetime.strptime(row["Activity Date"], "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC)
        day = at.astimezone(NEW_YORK).date()
        if row["Activity Type"] in ("Run", "Trail Run") and begin <= day <= end and at <= NOW:
            climb = float(row["Elevation Gain"])
            found.append(Ran(day, float(row["Distance"]) / 1000, float(row["Moving Time"]) / 60, climb))
    return sorted(found, key=lambda run: run.day)


def sum_of(first: int, last: int, what: Callable[[Ran], float]) -> float:
    return sum(what(run) for run in runs_of(first, last))


def down(number: float, step: float) -> float:
    """Figures of the budget are rounded down."""
    return floor(number / step + 1e-9) * step


@pytest.fixture
def verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A verb run in this process on the imported export, at noon of that day."""
    config = tmp_path / "config.toml"
    config.write_text('[athletes.me]\ntimezone = "America/New_York"\n')
    for module in ("import_files", "status", "check"):
        monkeypatch.setattr(f"daemon.cli.{module}.now", lambda: NOW)
    home = {"NIGGLED_HOME": str(tmp_path / "home"), "NIGGLED_CONFIG": str(config)}

    def run(*arguments: str) -> str:
        return CliRunner().invoke(niggled, arguments, env=home, catch_exceptions=False).stdout

    run("import", str(EXPORT))
    return run


def test_status_agrees_with_the_sums(verb: Callable[..., str]) -> None:
    status: dict[str, Any] = json.loads(verb("status", "--json"))
    assert (status["colour"], status["pain"], status["load"]) == ("grey", "UNKNOWN", "green")

    # The week: Friday to today, two runs; before it three blocks of seven days (RULES 2.5).
    week_km = sum_of(-6, 0, lambda run: run.km)
    block_1, block_2, block_3 = (sum_of(first, first + 6, lambda run: run.km) for first in (-13, -20, -27))
    usual_week_km = (block_1 + block_2 + block_3) / 3
    assert [len(runs_of(*dates)) for dates in ((-6, 0), (-13, -7), (-20, -14), (-27, -21))] == [2, 5, 2, 4]
    assert status["week_km"] == pytest.approx(week_km, abs=0.001)
    assert status["usual_week_km"] == pytest.approx(usual_week_km, abs=0.001)
    # Unknown and green: the usual week, no more (week factor 1.00).
    assert status["budget"]["week_km"] == pytest.approx(down(1.00 * usual_week_km - week_km, 0.1))
    assert round(usual_week_km - week_km, 2) == 13.55

    # The longest of the last 30 days was run on 31 May, more than a week ago, so it is the old base too. The 29 km of
    # 11 May are 40 days away. Unknown and green: cap 1.00.
    longest = max(runs_of(-30, 0), key=lambda run: run.km)
    assert longest.day == date(2024, 5, 31)
    old_base = max(run.km for run in runs_of(-30, -7))
    distance_km = max(1.00 * old_base, min(1.00, 1.00) * longest.km)
    assert status["budget"]["longest_run_km"]["flat"] == pytest.approx(down(distance_km, 0.1)) == 17.7
    assert status["budget"]["binding"] == "distance"

    # There was a run this morning: from tomorrow.
    assert status["budget"]["not_before"] == "2024-06-21"

    # A missing loss counts as the gain. min(1.00 x the most in a run; 1.20 x usual week + 50 - this week).
    most_m = max(run.climb_m for run in runs_of(-30, 0))
    usual_m = sum_of(-27, -7, lambda run: run.climb_m) / 3
    week_m = sum_of(-6, 0, lambda run: run.climb_m)
    assert status["budget"]["descent_m"] == down(min(1.00 * most_m, 1.20 * usual_m + 50 - week_m), 10) == 150


def kneecap_per_km(grade: float) -> float:
    """Peak-weighted units per km at the easy speed (RULES 4, b = 3): G(g) x (G(g) ** 0.5) ** 2."""
    return exp(-0.014925 * grade + 0.000397 * grade**2) ** 2


def kneecap(km: float, up_m: float, down_m: float) -> float:
    """Climb and descent on 6 %, the rest flat (RULES 3.2)."""
    up_km, down_km = up_m / 60, down_m / 60
    return up_km * kneecap_per_km(6) + down_km * kneecap_per_km(-6) + (km - up_km - down_km)


def test_check_agrees_with_the_sums(verb: Callable[..., str]) -> None:
    check: dict[str, Any] = json.loads(verb("check", "--km", "18", "--descent", "400", "--json"))

    # Easy speed: the median of the 24 runs of the last 60 days, the mean of the two in the middle.
    speeds = sorted(run.km / run.minutes for run in runs_of(-60, -1))
    assert len(speeds) == 24
    easy = (speeds[11] + speeds[12]) / 2
    assert 60 * easy == pytest.approx(10.54, abs=0.01)

    # Kneecap load: the run of 31 May is the most of the month; a little slower than easy weighs a little less.
    longest = max(runs_of(-30, 0), key=lambda run: run.km)
    slower = (longest.km / longest.minutes / easy) ** (-0.85 + 2 * 0.57)
    most = slower * kneecap(longest.km, longest.climb_m, longest.climb_m)
    per_km = kneecap(18, 0, 400) / 18
    assert per_km == pytest.approx(1.0855, abs=0.0001)
    assert check["longest_km"] == pytest.approx(down(1.00 * most / per_km, 0.1)) == 16.4
    assert check["binding"] == "knee_load_peak"

    # 18 > 16.4; 400 m > 150 m; 18 km > 13.5 km of the week; and not before tomorrow.
    assert check["over"] == ["distance", "descent", "week", "too_soon"]

    # 18 km is less than a kilometre beyond the longest: no long run. 400 m down are far more than ever this month,
    # and with this week's metres they are twice the highest of the last weeks.
    assert 18 - longest.km < 1
    hills, hill_week = check["findings"]
    assert (hills["rule"], hills["level"]) == ("R4", "warn")
    assert hills["numbers"]["most_descent_30d_m"] == pytest.approx(longest.climb_m)
    week_m = sum_of(-6, 0, lambda run: run.climb_m) + 400
    highest_m = max(sum_of(first, first + 6, lambda run: run.climb_m) for first in (-13, -20, -27))
    assert (hill_week["rule"], hill_week["level"]) == ("R10down", "warn")
    assert hill_week["numbers"]["ratio"] == pytest.approx(week_m / highest_m)
    assert check["load_after"] == "amber"


def test_the_words_carry_the_same_figures(verb: Callable[..., str]) -> None:
    lines = verb("check", "--km", "18", "--descent", "400").splitlines()
    assert lines[:4] == [
        "18.0 km is 1.6 km more than fits now: on such a route up to 16.4 km, set by the load on the kneecap.",
        "400 m down; 150 m are left this week.",
        "Your week has 13.5 km left.",
        "Next: from Friday, up to 17.7 km.",
    ]
    assert "Next: from" in verb("status")
