"""Knee load of running: relative units, 1 = one level kilometre at your own easy speed and usual cadence
(RULES 4).

Speed exponents: Hagen 2023 (10.1249/MSS.0000000000003194), Petersen 2015 (10.2519/jospt.2015.5469), Doyle
2023 (10.1080/14763141.2023.2226111); grade: four points of Van Hooren 2024 (10.1111/sms.14570); cadence:
Hagen 2023, Willson 2014, Lenhart 2014 (10.1249/MSS.0b013e3182a78c3a). Only ratios within one person mean
anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from rules.facts import Bin, Estimates, HistogramKey, RunLoad

SPEED_RANGE_MPS = (2.2, 4.5)
GRADE_RANGE_PCT = (-20.0, 18.8)
CADENCE_RANGE = (0.92, 1.11)
IMPULSE_SPEED_EXPONENT = -0.85
PEAK_SPEED_EXPONENT = 0.57
IMPULSE_CADENCE_EXPONENT = -1.35
PEAK_CADENCE_EXPONENT = -1.6
PEAK_GRADE_EXPONENT = 0.5
WALKING_K1_PER_KM = 0.38
WALKING_K3_PER_KM = 0.02

K1_EASY_SPEED_EXPONENT = -IMPULSE_SPEED_EXPONENT
K3_EASY_SPEED_EXPONENT = -(IMPULSE_SPEED_EXPONENT + 2 * PEAK_SPEED_EXPONENT)
"""How the two loads of a running kilometre scale with the easy speed they are measured against."""


@dataclass(frozen=True, slots=True)
class KneeLoad:
    """Units of volume (`k1`, b = 1) and peak-weighted units (`k3`, b = 3)."""

    k1: float
    k3: float


def grade_factor(grade_pct: float) -> float:
    """Impulse per km on a grade against level; grade in percent, clamped to the validated range."""
    grade = min(max(grade_pct, GRADE_RANGE_PCT[0]), GRADE_RANGE_PCT[1])
    return exp(-0.014925 * grade + 0.000397 * grade * grade)


def impulse_per_km(speed_mps: float, grade_pct: float, cadence_factor: float, easy_speed_mps: float) -> float:
    """IMP of RULES 4; `cadence_factor` is already clamped and weighted."""
    speed = min(max(speed_mps, SPEED_RANGE_MPS[0]), SPEED_RANGE_MPS[1])
    return float(
        (speed / easy_speed_mps) ** IMPULSE_SPEED_EXPONENT
        * grade_factor(grade_pct)
        * cadence_factor**IMPULSE_CADENCE_EXPONENT
    )


def peak_per_step(speed_mps: float, grade_pct: float, cadence_factor: float, easy_speed_mps: float) -> float:
    """PEAK of RULES 4."""
    speed = min(max(speed_mps, SPEED_RANGE_MPS[0]), SPEED_RANGE_MPS[1])
    return float(
        (speed / easy_speed_mps) ** PEAK_SPEED_EXPONENT
        * grade_factor(grade_pct) ** PEAK_GRADE_EXPONENT
        * cadence_factor**PEAK_CADENCE_EXPONENT
    )


def cadence_factor(cadence_spm: float, usual_spm: float, credit: float) -> float:
    """c of RULES 4: cadence against the usual, clamped, to the power `credit` (`klu.lambda`)."""
    return float(min(max(cadence_spm / usual_spm, CADENCE_RANGE[0]), CADENCE_RANGE[1]) ** credit)


def load_per_km(speed_mps: float, grade_pct: float, cadence: float, easy_speed_mps: float) -> KneeLoad:
    """Units of one running kilometre; `cadence` is the cadence factor, 1 where cadence is not known."""
    impulse = impulse_per_km(speed_mps, grade_pct, cadence, easy_speed_mps)
    return KneeLoad(impulse, impulse * peak_per_step(speed_mps, grade_pct, cadence, easy_speed_mps) ** 2)


def walking_load(metres: float) -> KneeLoad:
    return KneeLoad(metres / 1000 * WALKING_K1_PER_KM, metres / 1000 * WALKING_K3_PER_KM)


def histogram_load(
    histogram: Mapping[HistogramKey, Bin], estimates: Estimates, credit: float
) -> tuple[KneeLoad, KneeLoad]:
    """(running, walking) load of a histogram (RULES 3.1 step 7)."""
    k1 = k3 = walked = 0.0
    for key, cell in histogram.items():
        if key[3]:
            walked += cell.metres
            continue
        if cell.seconds <= 0 or cell.metres <= 0:
            continue
        load = running_cell_per_km(key[2], cell, estimates, credit)
        k1 += cell.metres / 1000 * load.k1
        k3 += cell.metres / 1000 * load.k3
    return KneeLoad(k1, k3), walking_load(walked)


def running_cell_per_km(cadence_bin: int, cell: Bin, estimates: Estimates, credit: float) -> KneeLoad:
    """Units of one kilometre in a running cell that holds metres and seconds; `cadence_bin` is -1 where not known."""
    speed = cell.metres / cell.seconds
    factor = 1.0
    if estimates.cadence_intercept_spm is not None and cadence_bin >= 0 and cell.steps > 0:
        usual = usual_cadence_spm(speed, estimates.cadence_intercept_spm, estimates.cadence_slope)
        factor = cadence_factor(60 * cell.steps / cell.seconds, usual, credit)
    return load_per_km(speed, 100 * cell.rise_m / cell.metres, factor, estimates.easy_speed_mps)


def usual_cadence_spm(speed_mps: float, intercept_spm: float, slope: float) -> float:
    """c0 of RULES 2.7 as the knee load reads it: within the range of speeds that the load knows."""
    return intercept_spm + slope * min(max(speed_mps, SPEED_RANGE_MPS[0]), SPEED_RANGE_MPS[1])


def at_easy_speed(load: RunLoad, easy_speed_mps: float) -> KneeLoad:
    """The loads of a run against another easy speed than its own (RULES 2.7); given loads stay as they are.

    Both loads of running bins are powers of the easy speed, so nothing has to be measured again.
    """
    k1, k3 = load.k1 or 0.0, load.k3 or 0.0
    if load.basis is None or load.basis.easy_speed_mps == easy_speed_mps:
        return KneeLoad(k1, k3)
    ratio = easy_speed_mps / load.basis.easy_speed_mps
    return KneeLoad(
        (k1 - load.k1_walking) * ratio**K1_EASY_SPEED_EXPONENT + load.k1_walking,
        (k3 - load.k3_walking) * ratio**K3_EASY_SPEED_EXPONENT + load.k3_walking,
    )
