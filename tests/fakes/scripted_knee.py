"""A knee that answers to what it was made to carry: enough of a truth to test advice against, no physiology."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from rules.facts import RunLoad, TerrainClass
from rules.knee import load_per_km

EASY_MPS = 1000 / 360
GRADE_PCT = 6.0

HALF_LIFE_H = 22.0
REMEMBERED = timedelta(days=56)
USED_TO = 4
RESERVE = 1.5
"""One run may be this much more than the fourth longest of eight weeks before it hurts."""

DESCENT_KM_PER_M = 0.015
PAIN_PER_EXCESS = 18.0
BROKEN_PER_PAIN = 0.05
HEALED_PER_DAY = 0.025


@dataclass(slots=True)
class Knee:
    """`soreness` is what it would answer now (0-10), `health` the part of its strength that it has (up to 1), `used_to` the
    kilometres that it is used to from long ago."""

    dice: Random
    soreness: float = 0.0
    health: float = 1.0
    now: datetime | None = None
    used_to: float = 0.0
    carried: list[tuple[datetime, float]] = field(default_factory=list)

    def rest(self, until: datetime) -> None:
        """Time heals: soreness halves within a day, strength comes back within weeks."""
        if self.now is not None:
            hours = (until - self.now) / timedelta(hours=1)
            self.soreness *= 0.5 ** (hours / HALF_LIFE_H)
            self.health = min(1.0, self.health + HEALED_PER_DAY * hours / 24)
        self.now = until

    def carry(self, end: datetime, km: float, descent_m: float, *, goes_bad: bool, always: int) -> int:
        """The worst pain during a run that ends now."""
        self.rest(end)
        stress = km + DESCENT_KM_PER_M * descent_m
        self.carried = [one for one in self.carried if end - one[0] <= REMEMBERED]
        longest = sorted((size for _, size in self.carried), reverse=True)
        used_to = longest[USED_TO - 1] if len(longest) >= USED_TO else 0.0
        excess = stress / (RESERVE * max(used_to, self.used_to) * self.health) - 1
        hurt = max(0.0, PAIN_PER_EXCESS * excess) + (6.5 if goes_bad else 0.0)
        if hurt > 1:
            self.health = max(0.4, self.health - BROKEN_PER_PAIN * hurt)
        self.carried.append((end, km))
        self.soreness = min(9.0, self.soreness + hurt)
        twinge = 1 if self.dice.random() < 0.15 else 0
        return max(always, min(10, round(self.soreness) + twinge))

    def answer(self, at: datetime) -> int:
        """What it says some time after a run, or in the morning."""
        self.rest(at)
        return round(self.soreness)


def load_of(km: float, descent_m: float, fast_min: float) -> RunLoad:
    """A run at the easy speed over so many metres down and up again, on slopes of 6 %, as its samples would measure it."""
    slope_km = min(km / 2, descent_m / (10 * GRADE_PCT))
    parts = ((slope_km, -GRADE_PCT), (slope_km, GRADE_PCT), (km - 2 * slope_km, 0.0))
    loads = [(part, load_per_km(EASY_MPS, grade, 1.0, EASY_MPS)) for part, grade in parts]
    return RunLoad(
        distance_m=km * 1000,
        seconds=km * 1000 / EASY_MPS,
        ascent_m=descent_m,
        descent_m=descent_m,
        steep_min=0.0,
        k1=sum(part * load.k1 for part, load in loads),
        k3=sum(part * load.k3 for part, load in loads),
        fast_min=fast_min,
        terrain_class=TerrainClass.MEASURED,
    )
