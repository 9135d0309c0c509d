"""The parts of a run: they add up to what the rules compare, and lie where the slopes, paces and steps were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.facts import Activity, Estimates, Family, TerrainClass
from rules.load import measure
from rules.policy import Policy
from rules.profile import profile_of, series_of
from rules.resample import Samples
from rules.run_shape import Kind, Pace, Part, Shape, Slope, Steps, Stretch, shape_of
from rules.series import Series

EASY_MPS = 2.78
EASY = Estimates(easy_speed_mps=EASY_MPS, threshold_speed_mps=3.2)
WITH_CADENCE = replace(EASY, cadence_intercept_spm=168.0)
START = datetime(2026, 6, 7, 9, tzinfo=UTC)
POLICY = Policy()

type Piece = tuple[float, float, float, float | None]
"""(seconds, speed m/s, grade in percent, cadence of both feet)."""


def ran(*pieces: Piece, altitude: bool = True) -> Activity:
    """A run of such pieces, recorded every second."""
    distance, height, cadence = [0.0], [200.0], [pieces[0][3]]
    for seconds, speed, grade, spm in pieces:
        for _ in range(int(seconds)):
            distance.append(distance[-1] + speed)
            height.append(height[-1] + speed * grade / 100)
            cadence.append(spm)
    times = [float(second) for second in range(len(distance))]
    samples = Samples(
        times, distance, height if altitude else (), cadence_spm=cadence if pieces[0][3] else ()
    )
    series = series_of(samples, POLICY.profile)
    assert series is not None
    return Activity(
        id="7",
        family=Family.RUN,
        sport="run",
        start=START,
        distance_m=distance[-1],
        moving_s=times[-1],
        profile=profile_of(series, POLICY.profile),
        series=series,
    )


def summary(**changed: object) -> Activity:
    values: dict[str, object] = {
        "id": "7",
        "family": Family.RUN,
        "sport": "run",
        "start": START,
        "distance_m": 10_000.0,
        "moving_s": 3600.0,
    }
    return Activity(**values | changed)  # type: ignore[arg-type]


def shape(activity: Activity, estimates: Estimates = EASY, policy: Policy = POLICY) -> Shape:
    return shape_of(activity, measure(activity, estimates, policy), estimates, policy)


def by_kind(parts: tuple[Part, ...]) -> dict[Kind, Part]:
    return {part.kind: part for part in parts}


HILLY = ran((1080, EASY_MPS, -8.5, 170.0), (1080, EASY_MPS, 8.0, 160.0), (1440, EASY_MPS, 0.0, 168.0))
INTERVALS = ran(*[(180, 3.6, 0.0, None), (120, 2.4, 0.0, None)] * 6)
WITH_WALKS = ran(*[(240, EASY_MPS, 0.0, 168.0), (60, 1.5, 0.0, 110.0)] * 6)


@pytest.mark.parametrize(
    "activity", [HILLY, INTERVALS, WITH_WALKS], ids=["hills", "intervals", "walk breaks"]
)
@pytest.mark.parametrize("estimates", [EASY, WITH_CADENCE], ids=["", "cadence known"])
def test_every_division_of_a_run_adds_up_to_what_the_rules_compare(
    activity: Activity, estimates: Estimates
) -> None:
    load, found = measure(activity, estimates, POLICY), shape(activity, estimates)
    divisions: list[Sequence[Part | Stretch]] = [found.slopes, found.paces, found.stretches]
    divisions += [found.steps] if found.steps else []
    for parts in divisions:
        assert sum(part.k1 for part in parts) == pytest.approx(load.k1, rel=1e-9)
        assert sum(part.k3 for part in parts) == pytest.approx(load.k3, rel=1e-9)
        assert sum(part.metres for part in parts) == pytest.approx(activity.distance_m, rel=0.002)
    assert found.k1 == pytest.approx(load.k1)
    assert found.k3 == pytest.approx(load.k3)


def test_steep_descent_climb_and_flat_are_told_apart_with_the_loads_of_the_table() -> None:
    parts = by_kind(shape(HILLY).slopes)
    down, up, flat = parts[Slope.STEEP], parts[Slope.CLIMBING], parts[Slope.FLAT]
    assert down.metres == pytest.approx(3000, rel=0.03)
    assert up.metres == pytest.approx(3000, rel=0.03)
    assert flat.metres == pytest.approx(4000, rel=0.03)
    # Section 4 of the rules: at 8 % up a kilometre is worth 0.91 by volume and 0.83 with peaks, at 8.5 % down more than 1.16.
    assert 1000 * up.k1 / up.metres == pytest.approx(0.910, abs=0.01)
    assert 1000 * up.k3 / up.metres == pytest.approx(0.829, abs=0.01)
    assert 1000 * down.k1 / down.metres == pytest.approx(1.168, abs=0.01)
    assert 1000 * flat.k1 / flat.metres == pytest.approx(1, abs=0.01)


def test_a_gentle_descent_is_not_a_steep_one_and_one_percent_is_flat() -> None:
    parts = by_kind(shape(ran((900, EASY_MPS, -4.0, None), (900, EASY_MPS, 0.5, None))).slopes)
    assert set(parts) == {Slope.FLAT, Slope.GENTLE}
    assert parts[Slope.GENTLE].metres == pytest.approx(900 * EASY_MPS, rel=0.03)


def test_paces_lie_around_the_easy_one_and_beyond_the_threshold() -> None:
    parts = by_kind(shape(INTERVALS).paces)
    assert parts[Pace.FAST].seconds / 60 == pytest.approx(18, rel=0.03)
    assert parts[Pace.SLOW].seconds / 60 == pytest.approx(12, rel=0.08)
    assert list(by_kind(shape(HILLY).paces)) == [Pace.EASY]


def test_walking_is_a_part_of_its_own_in_every_division() -> None:
    found = shape(WITH_WALKS, WITH_CADENCE)
    for parts, kind in (
        (found.slopes, Slope.WALKING),
        (found.paces, Pace.WALKING),
        (found.steps, Steps.WALKING),
    ):
        walked = by_kind(parts)[kind]
        assert walked.metres == pytest.approx(6 * 60 * 1.5, rel=0.05)
        assert walked.k1 == pytest.approx(walked.metres / 1000 * 0.38)


def test_steps_are_compared_with_the_usual_cadence_and_left_out_where_that_is_not_known() -> None:
    found = shape(HILLY, WITH_CADENCE)
    # 160 is 5 % below 168, so longer steps; 170 and 168 are usual.
    assert by_kind(found.steps)[Steps.LONG].metres == pytest.approx(3000, rel=0.03)
    assert by_kind(found.steps)[Steps.USUAL].metres == pytest.approx(7000, rel=0.03)
    assert shape(HILLY).steps == ()
    assert shape(INTERVALS, WITH_CADENCE).steps == ()


def test_the_stretches_are_equally_long_and_rise_and_fall_with_the_ground() -> None:
    stretches = shape(HILLY).stretches
    assert len(stretches) == 60
    assert {round(one.to_m - one.from_m, 3) for one in stretches} == {round(stretches[-1].to_m / 60, 3)}
    down = [one for one in stretches if one.to_m <= 2950]
    up = [one for one in stretches if one.from_m >= 3050 and one.to_m <= 5950]
    assert sum(one.rise_m for one in down) / down[-1].to_m == pytest.approx(-0.085, rel=0.02)
    assert sum(one.rise_m for one in up) / (up[-1].to_m - up[0].from_m) == pytest.approx(0.08, rel=0.02)
    assert max(stretches, key=lambda one: one.k3).to_m <= 3100


def test_without_altitude_everything_is_flat_and_the_ground_does_not_rise() -> None:
    found = shape(ran((1200, EASY_MPS, 6.0, None), altitude=False))
    assert found.terrain is TerrainClass.NONE
    assert [part.kind for part in found.slopes] == [Slope.FLAT]
    assert all(one.rise_m == 0 for one in found.stretches)


def test_hills_too_steep_to_be_true_are_taken_as_flat() -> None:
    activity = replace(HILLY, ascent_m=9000.0)
    load, found = measure(activity, EASY, POLICY), shape(activity)
    assert found.terrain is TerrainClass.NONE
    assert found.k1 == pytest.approx(load.k1, rel=1e-9)
    assert all(one.rise_m == 0 for one in found.stretches)


def test_a_summary_has_the_three_slopes_it_is_put_on() -> None:
    activity = summary(ascent_m=100.0, descent_m=100.0)
    load, found = measure(activity, EASY, POLICY), shape(activity)
    assert found.terrain is TerrainClass.ESTIMATED
    assert {part.kind: round(part.metres) for part in found.slopes} == {
        Slope.CLIMBING: 1667,
        Slope.FLAT: 6667,
        Slope.GENTLE: 1667,
    }
    assert sum(part.k1 for part in found.slopes) == pytest.approx(load.k1) == pytest.approx(10.068, abs=0.001)
    assert sum(part.k3 for part in found.slopes) == pytest.approx(load.k3)
    assert (found.paces, found.steps, found.stretches) == ((), (), ())


def test_a_typed_in_run_is_flat_and_a_walk_is_walking() -> None:
    typed = shape(summary(manual=True, ascent_m=300.0))
    assert [part.kind for part in typed.slopes] == [Slope.FLAT]
    walk = shape(summary(family=Family.WALK, sport="hike", descent_m=500.0))
    assert [part.kind for part in walk.slopes] == [Slope.WALKING]
    assert walk.k1 == pytest.approx(3.8)


def test_a_run_without_distance_has_no_parts() -> None:
    assert shape(summary(distance_m=None)).slopes == ()


def test_a_profile_older_than_the_settings_still_divides() -> None:
    strict = replace(POLICY, profile=replace(POLICY.profile, walk_spm=175.0))
    found = shape(HILLY, EASY, strict)
    assert found.k1 == pytest.approx(measure(HILLY, EASY, POLICY).k1, rel=1e-9)


def test_a_damaged_series_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="damaged"):
        shape_of(replace(HILLY, series=Series(10, True, b"x")), measure(HILLY, EASY, POLICY), EASY, POLICY)
