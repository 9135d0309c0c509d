"""What one run is compared with, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.facts import Estimates, RunLoad, Runner, TerrainClass
from rules.policy import Policy
from rules.records import Record, around
from rules.run_limits import Limit, Measure, Unjudged, limits_of
from rules.run_words import limit_sentence

TODAY = datetime(2026, 6, 7, 9, tzinfo=UTC)
BASIS = Estimates(easy_speed_mps=2.78, threshold_speed_mps=3.2)
POLICY = Policy()


def run(
    days_ago: int, km: float, *, walk: bool = False, device: str | None = "watch", **load: object
) -> Record:
    start = TODAY - timedelta(days=days_ago)
    values: dict[str, object] = {
        "distance_m": km * 1000,
        "seconds": km * 360,
        "ascent_m": 100.0,
        "descent_m": 80.0,
        "steep_min": 0.0,
        "k1": km,
        "k3": km,
        "fast_min": 0.0,
        "terrain_class": TerrainClass.MEASURED,
        "basis": BASIS,
    }
    return Record(
        id=f"{days_ago}",
        walk=walk,
        start=start,
        end=start + timedelta(hours=1),
        date=start.toordinal(),
        subject="run",
        load=RunLoad(**values | load),  # type: ignore[arg-type]
        device=device,
    )


MONTH = [run(days, 8.0) for days in (26, 23, 20, 16, 13, 9, 6, 3)]


def limits(
    own: Record, before: Sequence[Record] = MONTH, *, learning: bool = False, policy: Policy = POLICY
) -> dict[Measure, Limit]:
    windows = around(before, own.date, own)
    found = limits_of(own, windows, policy, learning=learning, weeks_known=not learning)
    return {limit.measure: limit for limit in found}


def test_distance_is_compared_with_the_longest_of_30_days_and_needs_a_kilometre_more() -> None:
    found = limits(run(0, 9.05))[Measure.DISTANCE]
    assert (found.value, found.before, found.limit, found.over) == (9.05, 8.0, 9.0, True)
    assert not limits(run(0, 9.0))[Measure.DISTANCE].over
    long_before = [*MONTH, run(1, 20.0)]
    assert limits(run(0, 21.5), long_before)[Measure.DISTANCE].limit == pytest.approx(22.0)


def test_with_fewer_than_four_runs_before_there_is_nothing_to_compare() -> None:
    found = limits(run(0, 12.0), MONTH[-3:])[Measure.DISTANCE]
    assert (found.value, found.limit, found.unjudged) == (12.0, None, Unjudged.FEW_RUNS)
    assert (
        limit_sentence(found, Runner(), least_runs=4)
        == "Not compared: fewer than 4 runs in the 30 days before."
    )


def test_hills_need_a_hundred_metres_more_down_and_compare_only_with_the_same_watch() -> None:
    found = limits(run(0, 8.0, descent_m=185.0, ascent_m=200.0))
    assert (found[Measure.DESCENT].before, found[Measure.DESCENT].limit) == (80.0, 180.0)
    assert found[Measure.DESCENT].over
    assert (found[Measure.ASCENT].before, found[Measure.ASCENT].limit) == (100.0, 250.0)
    other = limits(run(0, 8.0, device="new watch"))
    assert other[Measure.DESCENT].unjudged is Unjudged.FEW_ALIKE
    assert other[Measure.KNEE_LOAD].unjudged is Unjudged.FEW_ALIKE
    assert other[Measure.DISTANCE].limit is not None


def test_knee_load_is_compared_with_the_peaks_weighted_and_tells_the_volume() -> None:
    found = limits(run(0, 8.0, k1=8.4, k3=9.0))[Measure.KNEE_LOAD]
    assert (found.value, found.before, found.volume) == (9.0, 8.0, (8.4, 8.0))
    assert found.limit == pytest.approx(8.8)
    assert found.over
    assert limit_sentence(found, Runner(), least_runs=4) == (
        "Your most in the 30 days before: 8.0. Noticed beyond 8.8. By volume 8.4, your most before 8.0."
    )
    assert limits(run(0, 2.0))[Measure.KNEE_LOAD].unjudged is Unjudged.SHORT


def test_the_week_is_the_seven_days_up_to_the_run() -> None:
    # 9 + 8 + 8 in the week of it; 16, 16 and 16 in the three before, so 16 usual, and 5 km more are wanted.
    weeks = [run(days, 8.0) for days in (26, 23, 20, 16, 13, 9, 6, 3)]
    found = limits(run(0, 9.0), weeks)[Measure.WEEK]
    assert (found.value, found.before, found.limit) == (25.0, 16.0, 21.0)
    assert limits(run(0, 9.0), weeks[2:])[Measure.WEEK].unjudged is Unjudged.NO_WEEKS


def test_fast_minutes_of_seven_days_are_compared_with_the_usual_week() -> None:
    before = [replace(one, load=replace(one.load, fast_min=6.0)) for one in MONTH]
    found = limits(run(0, 8.0, fast_min=20.0), before)[Measure.FAST]
    # 20 + 6 + 6; twice 6 a week in the three before.
    assert (found.value, found.before, found.limit) == (32.0, 12.0, 22.0)
    assert limits(run(0, 8.0, fast_min=None))[Measure.FAST].unjudged is Unjudged.NO_SPEED


def test_while_learning_only_the_distance_is_compared() -> None:
    found = limits(run(0, 12.0), learning=True)
    assert [measure for measure, limit in found.items() if limit.limit is not None] == [Measure.DISTANCE]
    assert found[Measure.DESCENT].unjudged is Unjudged.LEARNING


def test_a_run_without_hills_says_so_and_a_walk_has_its_descent_only() -> None:
    flat = limits(run(0, 8.0, terrain_class=TerrainClass.NONE, descent_m=None, ascent_m=None))
    assert flat[Measure.DESCENT].unjudged is Unjudged.NO_TERRAIN
    walk = limits(run(0, 12.0, walk=True, descent_m=500.0))
    assert list(walk) == [Measure.DESCENT]
    assert walk[Measure.DESCENT].over


def test_the_figures_are_told_in_miles_where_the_runner_counts_in_miles() -> None:
    sentence = limit_sentence(limits(run(0, 12.0))[Measure.DISTANCE], Runner(miles=True), least_runs=4)
    assert sentence == "Your longest in the 30 days before: 5.0 mi. Noticed beyond 5.6 mi."
