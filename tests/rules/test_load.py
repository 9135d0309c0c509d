"""`measure` against the check values of RULES 3.3, and the parts of a RunLoad."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.facts import Activity, Estimates, Family, RunLoad, TerrainClass
from rules.knee import at_easy_speed
from rules.load import measure
from rules.policy import Policy
from rules.profile import profile_of, series_of
from rules.resample import Samples

EASY = Estimates(easy_speed_mps=2.78, threshold_speed_mps=3.2)
WITH_CADENCE = Estimates(easy_speed_mps=2.78, threshold_speed_mps=3.2, cadence_intercept_spm=168.0)
START = datetime(2026, 6, 7, 9, tzinfo=UTC)

EASY_MPS = 2.78

type Hill = tuple[float, float]
"""(metres, grade in percent)."""

type Pace = tuple[float, float, float | None]
"""(seconds, speed m/s, cadence of both feet)."""


def hilly(*hills: Hill) -> Samples:
    """One sample a second at easy speed over straight slopes."""
    corners, heights = [0.0], [100.0]
    for metres, grade in hills:
        corners.append(corners[-1] + metres)
        heights.append(heights[-1] + metres * grade / 100)
    distance = [second * EASY_MPS for second in range(int(corners[-1] / EASY_MPS) + 1)]
    altitude: list[float] = []
    slope = 1
    for metres in distance:
        while metres > corners[slope]:
            slope += 1
        part = (metres - corners[slope - 1]) / (corners[slope] - corners[slope - 1])
        altitude.append(heights[slope - 1] + part * (heights[slope] - heights[slope - 1]))
    return Samples([float(second) for second in range(len(distance))], distance, altitude)


def paced(*paces: Pace) -> Samples:
    """One sample a second without altitude."""
    distance, cadence = [0.0], [paces[0][2]]
    for seconds, speed, spm in paces:
        for _ in range(int(seconds)):
            distance.append(distance[-1] + speed)
            cadence.append(spm)
    steps = cadence if paces[0][2] is not None else ()
    return Samples([float(second) for second in range(len(distance))], distance, cadence_spm=steps)


def measured(samples: Samples, estimates: Estimates = EASY, policy: Policy | None = None) -> RunLoad:
    policy = policy or Policy()
    series = series_of(samples, policy.profile)
    assert series is not None
    profile = profile_of(series, policy.profile)
    metres = samples.distance_m[-1]
    activity = Activity(
        id="run",
        family=Family.RUN,
        sport="run",
        start=START,
        distance_m=metres,
        moving_s=samples.time_s[-1],
        profile=profile,
        series=series,
    )
    return measure(activity, estimates, policy)


@pytest.mark.parametrize(
    ("hills", "km", "descent_m", "steep_min", "k1", "k3"),
    [
        ([(5000, 0)], 4.998, 0, 0, 4.998, 4.998),
        ([(2000, -8)], 1.999, 159.9, 11.98, 2.310, 2.670),
        ([(5000, -2.9)], 4.998, 0, 0, 5.237, 5.487),
        ([(3000, -8), (3000, 8), (4000, 0)], 10.0, 238.5, 17.72, 10.196, 10.488),
        ([(100, 10), (100, -10)] * 10, 1.999, 66.8, 3.03, 2.059, 2.148),
    ],
    ids=["flat", "steep descent", "gentle descent", "down, up and flat", "short rollers"],
)
def test_recorded_runs_measure_as_the_table_says(
    hills: list[Hill], km: float, descent_m: float, steep_min: float, k1: float, k3: float
) -> None:
    load = measured(hilly(*hills))
    assert load.distance_m / 1000 == pytest.approx(km, rel=0.005)
    assert load.descent_m == pytest.approx(descent_m, rel=0.005, abs=0.05)
    assert load.steep_min == pytest.approx(steep_min, rel=0.005, abs=0.005)
    assert load.k1 == pytest.approx(k1, rel=0.005)
    assert load.k3 == pytest.approx(k3, rel=0.005)


def test_walking_breaks_weigh_as_walking_and_cadence_decides() -> None:
    load = measured(paced(*[(240, 2.78, 168.0), (60, 1.5, 110.0)] * 6), WITH_CADENCE)
    assert load.distance_m / 1000 == pytest.approx(4.543, rel=0.005)
    assert load.k1 == pytest.approx(4.208, rel=0.005)
    assert load.k3 == pytest.approx(4.014, rel=0.005)
    assert load.terrain_class is TerrainClass.NONE


def test_intervals_without_cadence_count_as_fast_minutes() -> None:
    load = measured(paced(*[(180, 3.6, None), (120, 2.4, None)] * 6))
    assert load.distance_m / 1000 == pytest.approx(5.616, rel=0.005)
    assert load.k1 == pytest.approx(5.079, rel=0.005)
    assert load.k3 == pytest.approx(5.846, rel=0.005)
    assert load.fast_min == pytest.approx(17.72, rel=0.005)


def summary(**changed: object) -> Activity:
    values: dict[str, object] = {
        "id": "run",
        "family": Family.RUN,
        "sport": "run",
        "start": START,
        "distance_m": 10000.0,
        "moving_s": 3600.0,
    }
    return Activity(**{**values, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gain", "loss", "k1", "k3"),
    [(100, 100, 10.068, 10.149), (300, 300, 10.192, 10.453), (0, 500, 10.919, 11.921)],
)
def test_a_summary_is_put_on_the_assumed_grade(gain: float, loss: float, k1: float, k3: float) -> None:
    load = measure(summary(ascent_m=gain, descent_m=loss), EASY, Policy())
    assert (load.k1, load.k3) == (pytest.approx(k1, abs=0.0006), pytest.approx(k3, abs=0.0006))
    assert load.descent_m == loss
    assert load.steep_min is None
    assert load.fast_min is None
    assert load.terrain_class is TerrainClass.ESTIMATED


def test_a_missing_loss_is_taken_as_a_loop_and_no_climb_at_all_is_no_terrain() -> None:
    assert measure(summary(ascent_m=120.0), EASY, Policy()).descent_m == 120.0
    flat = measure(summary(), EASY, Policy())
    assert flat.terrain_class is TerrainClass.NONE
    assert flat.descent_m is None
    assert flat.k1 == pytest.approx(10.0, rel=0.01)


def test_more_climb_than_the_distance_can_hold_lies_on_a_steeper_mean_grade() -> None:
    load = measure(
        summary(distance_m=2000.0, moving_s=1500.0, ascent_m=150.0, descent_m=150.0), EASY, Policy()
    )
    assert load.descent_m == 150.0
    assert load.k1 is not None
    assert load.k1 > 2.0


def test_an_impossible_climb_makes_the_terrain_missing_but_the_run_stays() -> None:
    load = measure(summary(ascent_m=3000.0), EASY, Policy())
    assert load.terrain_class is TerrainClass.NONE
    assert load.ascent_m is None
    assert load.distance_m == 10000.0


def test_a_fast_summary_is_fast_all_the_way_and_so_is_one_with_a_high_pulse() -> None:
    fast = measure(summary(moving_s=3000.0), EASY, Policy())
    assert fast.fast_min == pytest.approx(50.0)
    pulse = Estimates(2.78, 3.2, fast_heart_rate_bpm=165.0)
    assert measure(summary(mean_heart_rate_bpm=170.0), pulse, Policy()).fast_min == pytest.approx(60.0)
    assert measure(summary(mean_heart_rate_bpm=150.0), pulse, Policy()).fast_min is None


def test_manual_and_indoor_runs_have_no_terrain_and_manual_ones_no_fast_minutes() -> None:
    manual = measure(summary(manual=True, ascent_m=200.0, moving_s=2400.0), EASY, Policy())
    assert (manual.terrain_class, manual.fast_min) == (TerrainClass.NONE, None)
    indoor = measure(summary(indoor=True, ascent_m=200.0, moving_s=3000.0), EASY, Policy())
    assert (indoor.terrain_class, indoor.ascent_m) == (TerrainClass.NONE, None)
    assert indoor.fast_min == pytest.approx(50.0)


def test_a_walk_weighs_as_walking_on_its_whole_distance_and_keeps_its_descent() -> None:
    walk = measure(summary(family=Family.WALK, sport="hike", moving_s=9000.0, ascent_m=400.0), EASY, Policy())
    assert walk.k1 == pytest.approx(3.8)
    assert walk.k3 == pytest.approx(0.2)
    assert walk.descent_m == 400.0


def test_another_easy_speed_rescales_to_what_measuring_again_would_give() -> None:
    samples = paced((600, 3.0, 165.0), (60, 1.4, 100.0), (600, 2.4, 160.0))
    first = measured(samples, WITH_CADENCE)
    faster = Estimates(easy_speed_mps=3.1, threshold_speed_mps=3.2, cadence_intercept_spm=168.0)
    again = measured(samples, faster)
    rescaled = at_easy_speed(first, 3.1)
    assert rescaled.k1 == pytest.approx(again.k1)
    assert rescaled.k3 == pytest.approx(again.k3)


def test_given_loads_are_never_rescaled() -> None:
    given = RunLoad(5000, 1800, None, None, None, 5.0, 5.0, 0.0, TerrainClass.NONE)
    assert at_easy_speed(given, 3.9).k1 == 5.0
