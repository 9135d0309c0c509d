"""The figures of a planned run as they are typed or slid: read, bounded, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from rules.facts import Runner
from rules.outcome import Budget
from rules.phrases import KM_PER_MILE, unit
from rules.whatif import Planned

LEAST_KM, MOST_KM = 0.1, 400.0
MOST_HILL_M, MOST_FAST_MIN = 20_000.0, 600.0
WITHOUT_A_BASE_KM = 5.0
NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{0,9})?")
EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Field:
    """One figure of the plan. `value` is as typed, between `least` and `most` unless there is a `problem`; the slider goes up
    to `far` in `step`s."""

    name: str
    label: str
    unit: str
    value: str
    least: float
    most: float
    far: float
    step: float
    problem: str = ""


def fields_of(asked: Mapping[str, str], budget: Budget, runner: Runner) -> list[Field]:
    """Distance, metres down, metres up, fast minutes; what was not asked begins with what fits, flat and easy."""
    km_of_unit = KM_PER_MILE if runner.miles else 1.0
    fits = (budget.longest_run_km.flat or WITHOUT_A_BASE_KM) / km_of_unit
    # The week may have less left than one run could be.
    week = (budget.week_km or 0.0) / km_of_unit
    first = f"{int((min(fits, week) if week >= 1 else fits) * 10 + EPS) / 10:g}"
    far = _stepped(2 * fits, 5, 20 / km_of_unit)
    hilly, fast = _stepped(2 * (budget.descent_m or 0), 50, 500), _stepped(2 * (budget.fast_min or 0), 10, 40)
    name = "miles" if runner.miles else "km"
    distance = Field(
        name, "Distance", unit(runner), first, LEAST_KM / km_of_unit, MOST_KM / km_of_unit, far, 0.5
    )
    down = Field("descent", "Metres down", "m", "0", 0, MOST_HILL_M, hilly, 10)
    up = Field("climb", "Metres up", "m", "0", 0, MOST_HILL_M, hilly, 10)
    quick = Field("fast", "Fast minutes", "min", "0", 0, MOST_FAST_MIN, fast, 1)
    return [_filled(field, asked) for field in (distance, down, up, quick)]


def planned_of(fields: list[Field], runner: Runner) -> Planned:
    """The run that fields without a problem describe."""
    far, descent_m, climb_m, fast_min = (_number(field.value) for field in fields)
    return Planned(far * KM_PER_MILE if runner.miles else far, descent_m, climb_m, fast_min)


def _filled(field: Field, asked: Mapping[str, str]) -> Field:
    value = "".join(asked.get(field.name, "").split())[:20] or field.value
    problem = ""
    if NUMBER.fullmatch(value) is None:
        problem = "Write a number, for example 12.5."
    elif _number(value) < field.least - EPS:
        problem = f"At least {field.least:.1f} {field.unit}."
    elif _number(value) > field.most + EPS:
        problem = f"At most {int(field.most)} {field.unit}."
    return Field(
        field.name,
        field.label,
        field.unit,
        value.replace(",", "."),
        field.least,
        field.most,
        field.far,
        field.step,
        problem,
    )


def _number(value: str) -> float:
    return float(value.replace(",", "."))


def _stepped(value: float, step: int, least: float) -> float:
    """The next whole multiple of a step."""
    return float(step * ceil(max(value, least) / step))
