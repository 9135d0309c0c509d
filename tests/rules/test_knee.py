"""The knee-load function against the check points of RULES 4 (credit for cadence 1, easy speed 2.78 m/s)."""

from __future__ import annotations

import pytest

from rules.knee import (
    WALKING_K1_PER_KM,
    WALKING_K3_PER_KM,
    cadence_factor,
    impulse_per_km,
    load_per_km,
    peak_per_step,
)

EASY = 2.78


def impulse(speed: float = EASY, grade: float = 0.0, cadence: float = 1.0) -> float:
    return impulse_per_km(speed, grade, cadence_factor(cadence, 1.0, 1.0), EASY)


def peak(speed: float = EASY, grade: float = 0.0, cadence: float = 1.0) -> float:
    return peak_per_step(speed, grade, cadence_factor(cadence, 1.0, 1.0), EASY)


def kmh(speed: float) -> float:
    return speed / 3.6


@pytest.mark.parametrize(
    ("name", "model", "observed", "tolerance"),
    [
        ("8 against 10 km/h", impulse(kmh(8)) / impulse(kmh(10)), 1.198, 0.05),
        ("12 against 10 km/h", impulse(kmh(12)) / impulse(kmh(10)), 0.874, 0.05),
        ("14 against 10 km/h", impulse(kmh(14)) / impulse(kmh(10)), 0.768, 0.05),
        ("16 against 10 km/h", impulse(kmh(16)) / impulse(kmh(10)), 0.651, 0.05),
        ("8.02 against 15.78 km/h", impulse(kmh(8.02)) / impulse(kmh(15.78)), 1.80, 0.10),
        ("3.1 against 2.5 m/s", impulse(3.1) / impulse(2.5), 0.861, 0.05),
        ("4.2 against 2.5 m/s", impulse(4.2) / impulse(2.5), 0.664, 0.05),
        ("peak, 3.1 against 2.5 m/s", peak(3.1) / peak(2.5), 1.093, 0.05),
        ("peak, 4.2 against 2.5 m/s", peak(4.2) / peak(2.5), 1.356, 0.05),
        ("grade -10.51", impulse(grade=-10.51), 1.222, 0.02),
        ("grade -5.24", impulse(grade=-5.24), 1.080, 0.02),
        ("grade +5.24", impulse(grade=5.24), 0.931, 0.02),
        ("grade +10.51", impulse(grade=10.51), 0.893, 0.02),
        ("cadence +10 % at 8 km/h", impulse(cadence=1.10), 0.820, 0.07),
        ("cadence +11 % at 10 km/h", impulse(cadence=1.11), 0.864, 0.07),
        ("cadence +11 % at 12 km/h", impulse(cadence=1.11), 0.892, 0.07),
        ("cadence +11 % at 14 km/h", impulse(cadence=1.11), 0.883, 0.07),
        ("cadence +10 % at 16 km/h", impulse(cadence=1.10), 0.921, 0.07),
        ("cadence -8 % at 8 km/h", impulse(cadence=0.92), 1.109, 0.06),
        ("cadence -7 % at 10 km/h", impulse(cadence=0.93), 1.123, 0.06),
        ("cadence -6 % at 12 km/h", impulse(cadence=0.94), 1.134, 0.06),
        ("cadence -6 % at 14 km/h", impulse(cadence=0.94), 1.074, 0.06),
        ("cadence -5 % at 16 km/h", impulse(cadence=0.95), 1.065, 0.06),
        ("peak, cadence +10 %", peak(cadence=1.10), 0.86, 0.02),
        ("step length +10 %", impulse_per_km(EASY, 0, 1 / 1.1, EASY), 1.14, 0.07),
        ("step length -10 %", impulse_per_km(EASY, 0, 1 / 0.9, EASY), 0.925, 0.07),
    ],
)
def test_the_model_meets_what_the_papers_saw(
    name: str, model: float, observed: float, tolerance: float
) -> None:
    assert model == pytest.approx(observed, abs=tolerance), name


def test_the_known_underfit_of_step_length_is_kept() -> None:
    assert peak_per_step(EASY, 0, 1 / 1.1, EASY) == pytest.approx(1.165, abs=0.001)
    assert peak_per_step(EASY, 0, 1 / 0.9, EASY) == pytest.approx(0.845, abs=0.001)


def test_walking_is_lighter_than_running() -> None:
    run = load_per_km(EASY, 0, 1.0, EASY)
    assert run.k1 > WALKING_K1_PER_KM
    assert run.k3 > WALKING_K3_PER_KM


def test_down_is_heavier_than_flat_and_flat_heavier_than_up() -> None:
    down, flat, up = (load_per_km(EASY, grade, 1.0, EASY) for grade in (-10.5, 0.0, 10.5))
    assert (down.k1, flat.k1, up.k1) == pytest.approx((1.222, 1.0, 0.893), abs=0.001)
    assert (down.k3, flat.k3, up.k3) == pytest.approx((1.493, 1.0, 0.798), abs=0.001)


@pytest.mark.parametrize("easy", [2.0, 2.78, 4.0])
def test_a_level_kilometre_at_your_own_easy_speed_is_one_unit(easy: float) -> None:
    speed = min(max(easy, 2.2), 4.5)
    load = load_per_km(speed, 0.0, 1.0, speed)
    assert load.k1 == pytest.approx(1.0, abs=1e-9)
    assert load.k3 == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("speed", "k1", "k3"),
    [
        (2.22, 1.21, 0.94),
        (2.5, 1.09, 0.97),
        (3.1, 0.91, 1.03),
        (3.33, 0.86, 1.05),
        (3.7, 0.78, 1.09),
        (4.2, 0.70, 1.13),
    ],
)
def test_units_by_speed(speed: float, k1: float, k3: float) -> None:
    load = load_per_km(speed, 0.0, 1.0, EASY)
    assert (load.k1, load.k3) == pytest.approx((k1, k3), abs=0.0051)


@pytest.mark.parametrize(
    ("grade", "k1", "k3"),
    [
        (-20, 1.58, 2.50),
        (-15, 1.37, 1.87),
        (-8, 1.16, 1.34),
        (-3, 1.05, 1.10),
        (3, 0.96, 0.92),
        (8, 0.91, 0.83),
    ],
)
def test_units_by_grade(grade: float, k1: float, k3: float) -> None:
    load = load_per_km(EASY, grade, 1.0, EASY)
    assert (load.k1, load.k3) == pytest.approx((k1, k3), abs=0.0051)


@pytest.mark.parametrize(
    ("cadence", "credit", "k1", "k3"),
    [
        (0.95, 1.0, 1.07, 1.26),
        (1.05, 1.0, 0.94, 0.80),
        (1.10, 1.0, 0.88, 0.65),
        (0.95, 0.5, 1.04, 1.12),
        (1.05, 0.5, 0.97, 0.89),
        (1.10, 0.5, 0.94, 0.81),
    ],
)
def test_units_by_cadence(cadence: float, credit: float, k1: float, k3: float) -> None:
    load = load_per_km(EASY, 0.0, cadence_factor(cadence, 1.0, credit), EASY)
    assert (load.k1, load.k3) == pytest.approx((k1, k3), abs=0.0055)


def test_speed_grade_and_cadence_are_clamped_to_what_was_measured() -> None:
    assert load_per_km(7.0, 0.0, 1.0, EASY) == load_per_km(4.5, 0.0, 1.0, EASY)
    assert load_per_km(EASY, -40.0, 1.0, EASY) == load_per_km(EASY, -20.0, 1.0, EASY)
    assert cadence_factor(300.0, 170.0, 1.0) == pytest.approx(1.11)
    assert cadence_factor(100.0, 170.0, 1.0) == pytest.approx(0.92)
