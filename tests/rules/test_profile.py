"""RULES 3.1: from samples to the 1 Hz series and the profile; check values of RULES 3.3."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import Profile, TerrainClass
from rules.policy import Policy
from rules.profile import profile_of, series_of
from rules.resample import Samples
from rules.series import Series

SETTINGS = Policy().profile
EASY_MPS = 2.78


def hilly(*stretches: tuple[float, float], speed_mps: float = EASY_MPS) -> Samples:
    """Stretches of (metres, grade %) at one speed, 1 Hz, linear altitude."""
    seconds = int(sum(metres for metres, _ in stretches) / speed_mps)
    distances = [second * speed_mps for second in range(seconds + 1)]
    altitudes = []
    for covered in distances:
        altitude, left = 200.0, covered
        for metres, grade in stretches:
            part = min(left, metres)
            altitude += part * grade / 100
            left -= part
        altitudes.append(altitude)
    return Samples(range(seconds + 1), distances, altitudes)


def timed(*stretches: tuple[int, float, float | None]) -> Samples:
    """Stretches of (seconds, m/s, steps a minute) on the flat, 1 Hz."""
    distances, cadences = [0.0], [stretches[0][2]]
    for seconds, speed, cadence in stretches:
        for _ in range(seconds):
            distances.append(distances[-1] + speed)
            cadences.append(cadence)
    return Samples(range(len(distances)), distances, [10.0] * len(distances), cadence_spm=cadences)


def series(samples: Samples, *, indoor: bool = False) -> Series:
    made = series_of(samples, SETTINGS, indoor=indoor)
    assert made is not None
    return made


def profile(samples: Samples, *, indoor: bool = False) -> Profile:
    return profile_of(series(samples, indoor=indoor), SETTINGS)


def km(of: Profile) -> float:
    return sum(cell.metres for cell in of.histogram.values()) / 1000


@pytest.mark.parametrize(
    ("samples", "kilometres", "dh_m", "steep_min"),
    [
        (hilly((5000, 0)), 4.998, 0, 0),
        (hilly((2000, -8)), 1.999, 159.9, 11.98),
        (hilly((5000, -2.9)), 4.998, 0, 0),
        (hilly((3000, -8), (3000, 8), (4000, 0)), 10.000, 238.5, 17.72),
        (hilly(*[(100, 10), (100, -10)] * 10), 1.999, 66.8, 3.03),
        (timed(*[(240, 2.78, 168), (60, 1.5, 110)] * 6), 4.543, 0, 0),
        (timed(*[(180, 3.6, None), (120, 2.4, None)] * 6), 5.616, 0, 0),
    ],
    ids=["flat", "down 8 %", "down 2.9 %", "down, up, flat", "short rollers", "run and walk", "intervals"],
)
def test_the_check_values_of_rules_3_3(
    samples: Samples, kilometres: float, dh_m: float, steep_min: float
) -> None:
    made = profile(samples)
    assert km(made) == pytest.approx(kilometres, rel=0.005)
    assert made.dh_m == pytest.approx(dh_m, rel=0.005)
    assert made.steep_min == pytest.approx(steep_min, rel=0.005)


def test_walking_is_told_by_cadence_where_there_is_one() -> None:
    slow_jog = profile(timed((600, 1.8, 160)))
    assert slow_jog.running.metres == pytest.approx(1080)
    brisk_walk = profile(timed((600, 2.2, 120)))
    assert brisk_walk.running.metres == 0
    assert km(brisk_walk) == pytest.approx(1.32)


def test_without_cadence_walking_is_told_by_speed() -> None:
    assert profile(timed((600, 1.8, None))).running.seconds == 0
    assert profile(timed((600, 2.1, 40))).running.seconds == 600, (
        "below 60 steps a minute nothing was measured"
    )


def test_seconds_too_slow_or_too_fast_do_not_count() -> None:
    made = profile(timed((300, 0.3, None), (300, 3.0, None), (300, 15.0, None)))
    assert 0.88 < km(made) < 0.95


def test_the_steps_of_a_series_add_up_to_its_distance() -> None:
    metres = [second * 2.123456 for second in range(3000)]
    columns = series(Samples(range(3000), metres)).columns()
    assert sum(columns.step_cm) / 100 == pytest.approx(metres[-1], abs=0.01)


def test_of_two_samples_of_one_time_the_last_is_kept() -> None:
    columns = series(Samples([0, 1, 1, 2], [0.0, 9.0, 3.0, 6.0])).columns()
    assert list(columns.step_cm) == [0, 300, 300]


def test_a_distance_that_shrinks_stands_still_instead() -> None:
    columns = series(Samples([0, 1, 2, 3], [0.0, 5.0, 4.0, 6.0])).columns()
    assert list(columns.step_cm) == [0, 500, 0, 100]


def test_samples_without_distance_are_dropped() -> None:
    columns = series(Samples([0, 1, 2], [0.0, None, 6.0], heart_rate_bpm=[100, 180, 102])).columns()
    assert list(columns.step_cm) == [0, 300, 300]
    assert list(columns.heart_rate_bpm) == [100, 100, 102]


def test_without_a_distance_stream_speed_is_integrated() -> None:
    made = series(Samples(range(101), speed_mps=[3.0] * 101))
    assert sum(made.columns().step_cm) / 100 == pytest.approx(300)


def test_a_recording_without_distance_or_speed_makes_no_series() -> None:
    assert series_of(Samples(range(100), heart_rate_bpm=[150] * 100), SETTINGS) is None
    assert series_of(Samples([]), SETTINGS) is None
    assert series_of(Samples([5], [10.0]), SETTINGS) is None


def test_a_gap_over_300_s_is_cut_out_with_the_way_in_it() -> None:
    before, after = range(600), range(901 + 599, 901 + 599 + 600)
    distances = [second * 3.0 for second in range(600)] + [9000 + second * 3.0 for second in range(600)]
    made = series(Samples([*before, *after], distances))
    assert made.seconds == 1200
    assert sum(made.columns().step_cm) / 100 == pytest.approx(2 * 599 * 3)
    assert max(made.columns().speed_mmps) == 3000, "no speed over the cut"


def test_a_gap_of_300_s_is_filled_in() -> None:
    made = series(Samples([0, 1, 301, 302], [0.0, 3.0, 903.0, 906.0]))
    assert made.seconds == 303
    assert list(made.columns().step_cm) == [0, *[300] * 302]


def test_samples_that_each_stand_alone_between_gaps_make_no_series() -> None:
    assert series_of(Samples([0, 400, 800, 1200], [0.0, 1000.0, 2000.0, 3000.0]), SETTINGS) is None


def test_heart_rate_is_held_ten_seconds_then_missing() -> None:
    columns = series(Samples([0, 5, 60], [0.0, 15.0, 180.0], heart_rate_bpm=[140, None, 150])).columns()
    assert list(columns.heart_rate_bpm[:12]) == [140] * 11 + [0]
    assert columns.heart_rate_bpm[60] == 150


def test_without_altitude_the_terrain_is_not_known_rather_than_flat() -> None:
    made = profile(Samples(range(1000), [second * 3.0 for second in range(1000)]))
    assert made.terrain is TerrainClass.NONE
    assert made.ascent_m is None
    assert made.descent_m is None


def test_a_treadmill_has_no_terrain_even_if_the_watch_wrote_altitudes() -> None:
    made = profile(hilly((2000, -8)), indoor=True)
    assert made.terrain is TerrainClass.NONE
    assert made.dh_m == 0
    assert {key[1] for key in made.histogram} == {0}


def test_altitude_in_a_few_samples_only_is_no_altitude() -> None:
    altitudes: list[float | None] = [None] * 1000
    altitudes[0], altitudes[999] = 100.0, 50.0
    samples = Samples(range(1000), [second * 3.0 for second in range(1000)], altitudes)
    assert profile(samples).terrain is TerrainClass.NONE


def test_ascent_and_descent_leave_out_what_is_nearly_level() -> None:
    assert profile(hilly((3000, 0.9))).ascent_m == 0
    assert profile(hilly((3000, 5))).ascent_m == pytest.approx(150, rel=0.01)
    assert profile(hilly((3000, -5))).descent_m == pytest.approx(150, rel=0.01)


def test_level_running_is_grade_bin_zero() -> None:
    made = profile(hilly((1000, 5), (2000, 0)))
    assert made.level.metres == pytest.approx(2000, rel=0.02)
    assert made.level.metres / made.level.seconds == pytest.approx(EASY_MPS, rel=0.001)


def test_the_last_third_is_of_the_running_seconds() -> None:
    made = profile(timed((600, 3.0, 170), (300, 2.7, 164), (300, 1.4, 110)))
    assert made.last_third.seconds == 300
    assert made.last_third.metres == pytest.approx(300 * 2.7, rel=0.01)
    assert 60 * made.last_third.steps / made.last_third.seconds == pytest.approx(164, rel=0.005)


def test_missing_cadence_does_not_lower_the_mean() -> None:
    distances = [second * 3.0 for second in range(1001)]
    cadences = [None if second % 50 > 35 else 172 for second in range(1001)]
    running = profile(Samples(range(1001), distances, cadence_spm=cadences)).running
    assert 60 * running.steps / running.seconds == pytest.approx(172, rel=0.001)


def test_best_twenty_minutes_and_best_half_minute() -> None:
    samples = timed((600, 2.5, 165), (1200, 4.0, 180), (600, 2.5, 165))
    made = profile(samples)
    assert made.best_20min_mps == pytest.approx(4.0, rel=0.005)
    assert made.best_30s_heart_rate_bpm is None
    assert profile(timed((1199, 4.0, 180))).best_20min_mps is None
    hearts = [182 if 100 <= second < 130 else 140 for second in range(300)]
    rated = profile(Samples(range(300), [second * 3.0 for second in range(300)], heart_rate_bpm=hearts))
    assert rated.best_30s_heart_rate_bpm == 182


def test_speed_and_grade_at_the_edges_of_the_bins() -> None:
    fast = profile(timed((300, 6.9, None)))
    assert {key[0] for key in fast.histogram if key[0] > 20} == {27}
    assert {key[1] for key in profile(hilly((3000, 0.99))).histogram} == {0}
    assert max(key[1] for key in profile(hilly((3000, 1.01))).histogram) == 1


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 3), min_size=20, max_size=200))
def test_the_order_in_which_samples_arrive_does_not_matter(rng: random.Random, steps: Sequence[int]) -> None:
    times = [sum(steps[:count]) + count for count in range(len(steps))]
    distances = [time * 2.9 for time in times]
    altitudes = [50 + time % 17 for time in times]
    assert all(later > earlier for earlier, later in pairwise(times))
    order = list(range(len(times)))
    rng.shuffle(order)
    shuffled = Samples(
        [times[i] for i in order], [distances[i] for i in order], [float(altitudes[i]) for i in order]
    )
    assert series(shuffled) == series(Samples(times, distances, [float(metres) for metres in altitudes]))
