"""Personal figures from earlier runs only (RULES 2.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.core import zone_named
from rules.estimates import easy_speed_of, estimates_for
from rules.facts import Activity, Bin, Estimates, Family, Profile, RunLoad, Runner, TerrainClass
from rules.policy import Policy, with_overrides
from rules.records import Record, record_of

START = datetime(2026, 6, 7, 7, tzinfo=UTC)
TODAY = START.toordinal()
POLICY = Policy()


def record(days_ago: int, speed: float, best: float | None = None, spm: float | None = None) -> Record:
    activity = Activity("run", Family.RUN, "run", START - timedelta(days=days_ago), 6000.0, 6000 / speed)
    load = RunLoad(
        6000.0,
        6000 / speed,
        None,
        None,
        None,
        6.0,
        6.0,
        0.0,
        TerrainClass.NONE,
        running_cadence_spm=spm,
        running_speed_mps=speed if spm is not None else None,
    )
    return replace(record_of(activity, load, zone_named("UTC")), easy_mps=speed, best_20min_mps=best)


def estimated(
    records: list[Record], runner: Runner | None = None, policy: Policy = POLICY, **hearts: object
) -> Estimates:
    marks = hearts.get("hearts", ())
    return estimates_for(records, marks, runner or Runner(), TODAY, policy)  # type: ignore[arg-type]


def test_easy_speed_is_the_median_of_sixty_days_from_eight_runs_on() -> None:
    runs = [record(days, 2.5 + days / 100) for days in range(1, 8)]
    assert estimated(runs).easy_speed_mps == 2.78
    runs.append(record(8, 2.58))
    assert estimated(runs).easy_speed_mps == pytest.approx(2.545)
    assert estimated([*runs, record(0, 9.0), record(61, 9.0)]).easy_speed_mps == pytest.approx(2.545)


def test_easy_speed_stays_between_walking_fast_and_racing() -> None:
    assert estimated([record(days, 1.2) for days in range(1, 10)]).easy_speed_mps == 2.0
    assert estimated([record(days, 5.2) for days in range(1, 10)]).easy_speed_mps == 4.0


def test_threshold_is_the_second_best_twenty_minutes_or_somewhat_above_easy() -> None:
    assert estimated([]).threshold_speed_mps == pytest.approx(1.15 * 2.78)
    runs = [record(5, 2.8, 4.6), record(40, 2.8, 4.0), record(80, 2.8, 3.9), record(91, 2.8, 4.5)]
    assert estimated(runs).threshold_speed_mps == pytest.approx(0.95 * 4.0)


def test_maximum_heart_rate_needs_a_birth_year_or_a_setting() -> None:
    marks = ((TODAY - 3, 201.0), (TODAY - 30, 192.0), (TODAY - 400, 199.0))
    assert estimated([], hearts=marks).fast_heart_rate_bpm is None
    born = Runner(birth_year=1986)
    assert estimated([], born, hearts=marks).fast_heart_rate_bpm == pytest.approx(0.9 * 192.0)
    assert estimated([], born).fast_heart_rate_bpm == pytest.approx(0.9 * 0.95 * (208 - 0.7 * 40))
    fixed = with_overrides(POLICY, {"estimate": {"hr_max": 190}})
    assert estimated([], policy=fixed).fast_heart_rate_bpm == pytest.approx(171.0)


def test_usual_cadence_follows_speed_with_the_median_slope() -> None:
    runs = [record(days, 2.5 + days / 10, spm=150 + 8 * (2.5 + days / 10)) for days in range(1, 9)]
    own = estimated(runs)
    assert own.cadence_slope == pytest.approx(8.0)
    assert own.cadence_intercept_spm == pytest.approx(150.0)
    assert estimated(runs[:7]).cadence_intercept_spm is None
    level = [record(days, 2.8, spm=160.0 + days) for days in range(1, 9)]
    assert estimated(level).cadence_slope == 0.0


def test_settings_take_the_place_of_estimates() -> None:
    fixed = with_overrides(POLICY, {"estimate": {"v0": 3.1, "v_thr": 4.1, "c0": 172}})
    own = estimated([record(days, 2.5) for days in range(1, 12)], policy=fixed)
    assert (own.easy_speed_mps, own.threshold_speed_mps) == (3.1, 4.1)
    assert (own.cadence_intercept_spm, own.cadence_slope) == (172.0, 0.0)


def level_profile(level_mps: float) -> Profile:
    empty = Bin(0.0, 0.0, 0.0, 0.0)
    level = Bin(level_mps * 600, 600.0, 0.0, 0.0)
    return Profile(1, TerrainClass.NONE, {}, 0.0, 0.0, None, None, level, level, empty, None, None)


def test_only_easy_recorded_or_summarised_runs_tell_the_easy_speed() -> None:
    activity = Activity("run", Family.RUN, "run", START, 6000.0, 2000.0)
    load = RunLoad(6000.0, 2000.0, None, None, None, 6.0, 6.0, None, TerrainClass.NONE)
    assert easy_speed_of(activity, load) == pytest.approx(3.0)
    assert easy_speed_of(replace(activity, profile=level_profile(2.6)), load) == pytest.approx(2.6)
    assert easy_speed_of(replace(activity, manual=True), load) is None
    assert easy_speed_of(activity, replace(load, fast_min=7.0)) is None
    assert easy_speed_of(activity, replace(load, fast_min=6.6)) == pytest.approx(3.0)
