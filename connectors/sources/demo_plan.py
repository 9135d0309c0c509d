"""What the made-up runner does in 34 weeks: a table, so that the story can be read at a glance.

A steady base with a phone, a new watch and a build that ends in too long a run, a holiday in the hills that the knee
does not like, the careful way back, the first fast sessions, 18 days with a cold, a return that starts too eagerly,
and yesterday a long run well beyond the month's longest. Day 6 of a week is the day of the long run; the last one is
yesterday, whatever weekday that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    EASY = "easy"
    LONG = "long"
    FAST = "fast"
    TREADMILL = "treadmill"
    HILLS = "hills"
    HIKE = "hike"
    STRENGTH = "strength"

    @property
    def is_run(self) -> bool:
        return self not in (Kind.HIKE, Kind.STRENGTH)


@dataclass(frozen=True, slots=True)
class Outing:
    """One thing done on `day` (0 = the first of the season) at local time `at`.

    `km` is 0 for strength, which lasts `minutes`; `descent_m` is what goes down, the same goes up.
    """

    day: int
    at: time
    kind: Kind
    km: float = 0.0
    descent_m: float = 0.0
    minutes: float = 0.0
    by_phone: bool = False


WEEKS = 34
DAYS = WEEKS * 7
WATCH_FROM_WEEK = 7

type _Entry = tuple[int, Kind, float, float]


def _easy(day: int, km: float) -> _Entry:
    return day, Kind.EASY, km, 5 * km


def _flat(day: int, km: float) -> _Entry:
    return day, Kind.EASY, km, 1.5 * km


def _long(day: int, km: float, descent_m: float | None = None) -> _Entry:
    return day, Kind.LONG, km, 9 * km if descent_m is None else descent_m


def _fast(day: int, km: float) -> _Entry:
    return day, Kind.FAST, km, 2 * km


def _treadmill(day: int, km: float) -> _Entry:
    return day, Kind.TREADMILL, km, 0.0


def _hills(day: int, km: float, descent_m: float) -> _Entry:
    return day, Kind.HILLS, km, descent_m


def _hike(day: int, km: float, descent_m: float) -> _Entry:
    return day, Kind.HIKE, km, descent_m


def _strength(day: int, minutes: float) -> _Entry:
    return day, Kind.STRENGTH, minutes, 0.0


_PLAN: tuple[tuple[_Entry, ...], ...] = (
    # a steady base, recorded with the phone
    (_strength(0, 22), _easy(1, 6.0), _strength(2, 24), _easy(3, 5.5), _long(6, 9.0)),
    (_strength(0, 24), _easy(1, 6.0), _strength(2, 25), _easy(3, 6.0), _easy(4, 4.4), _long(6, 9.4)),
    (_strength(0, 22), _easy(1, 6.2), _strength(2, 24), _easy(3, 5.5), _easy(4, 4.4), _long(6, 9.8)),
    (_strength(0, 24), _easy(1, 6.0), _strength(2, 23), _easy(3, 6.0), _easy(4, 4.4), _long(6, 10.0)),
    (_strength(0, 25), _easy(1, 5.5), _easy(3, 6.2), _easy(4, 4.2), _long(6, 8.6)),
    (_strength(0, 23), _easy(1, 6.4), _strength(2, 24), _easy(3, 6.0), _easy(4, 4.6), _long(6, 10.4)),
    (_strength(0, 24), _easy(1, 6.2), _strength(2, 25), _easy(3, 6.4), _easy(4, 4.4), _long(6, 10.6)),
    # a watch, and a build
    (_strength(0, 22), _easy(1, 6.6), _strength(2, 24), _easy(3, 6.0), _easy(4, 4.6), _long(6, 11.2)),
    (_strength(0, 22), _easy(1, 7.0), _strength(2, 25), _easy(3, 6.4), _easy(4, 4.6), _long(6, 11.8)),
    (_strength(0, 25), _easy(1, 7.0), _strength(2, 24), _easy(3, 6.0), _easy(4, 5.0), _long(6, 12.4)),
    (_strength(0, 23), _easy(1, 6.0), _strength(2, 26), _easy(3, 6.0), _easy(4, 4.4), _long(6, 10.4)),
    # a friend talks her into a longer one: too long
    (_strength(0, 25), _easy(1, 7.4), _strength(2, 24), _easy(3, 6.6), _easy(4, 5.0), _long(6, 16.0)),
    # the knee grumbles, then settles; rain sends her to the treadmill
    (_strength(2, 20), _flat(3, 5.0), _strength(4, 20), _flat(6, 8.0)),
    (_strength(0, 22), _flat(1, 6.0), _strength(2, 25), _easy(3, 6.0), _long(6, 10.4)),
    (_strength(0, 24), _treadmill(1, 6.0), _strength(2, 25), _easy(3, 6.6), _strength(4, 24), _long(6, 11.0)),
    (_strength(0, 26), _easy(1, 6.6), _strength(2, 26), _treadmill(3, 6.4), _long(6, 11.6)),
    (_strength(0, 25), _treadmill(1, 6.4), _strength(2, 25), _easy(3, 7.0), _strength(4, 25), _long(6, 12.0)),
    # nine days in the hills
    (_easy(1, 6.4), _hills(3, 8.0, 260), _hike(4, 13.0, 640), _hills(6, 9.2, 400)),
    (_hills(1, 8.0, 370), _strength(6, 18)),
    # the careful way back
    (_flat(0, 4.0), _strength(1, 20), _flat(2, 5.4), _strength(3, 20), _flat(4, 5.6), _flat(6, 5.8)),
    (_strength(0, 20), _flat(1, 6.0), _strength(2, 20), _flat(3, 6.4), _strength(4, 22), _flat(6, 7.2)),
    (_strength(0, 24), _flat(1, 6.2), _strength(2, 22), _flat(3, 7.0), _strength(4, 24), _flat(6, 8.0)),
    # fast running comes back
    (_strength(0, 25), _easy(1, 5.0), _fast(3, 7.4), _strength(4, 22), _long(6, 8.8)),
    (_strength(0, 25), _easy(1, 6.4), _strength(2, 25), _fast(3, 7.8), _strength(4, 22), _long(6, 9.6)),
    (_strength(0, 24), _easy(1, 6.6), _strength(2, 24), _fast(3, 8.2), _strength(4, 24), _long(6, 10.4)),
    # a cold: 18 days without a run
    (_easy(1, 6.4),),
    (),
    (_flat(5, 4.6),),
    # back, a little too eagerly
    (_flat(0, 5.2), _strength(2, 20), _easy(3, 8.6)),
    (_strength(0, 22), _flat(1, 3.0), _strength(2, 24), _flat(3, 5.0), _flat(6, 6.6)),
    (_strength(0, 24), _easy(1, 5.6), _strength(2, 25), _easy(3, 6.0), _strength(4, 24), _long(6, 8.6)),
    (_strength(0, 24), _easy(1, 6.4), _strength(2, 25), _treadmill(3, 5.6), _long(6, 9.55)),
    (_strength(0, 26), _easy(1, 6.6), _strength(2, 24), _easy(3, 6.4), _strength(4, 24), _long(6, 10.5)),
    # and yesterday
    (_strength(0, 22), _easy(1, 6.4), _strength(2, 24), _easy(3, 6.6), _long(6, 13.0)),
)


def plan(rng: Random) -> tuple[Outing, ...]:
    """The season's outings in order of time. Only small things are left to chance: minutes, and metres of easy runs."""
    outings = []
    for week, entries in enumerate(_PLAN):
        for day, kind, amount, descent_m in entries:
            if kind in (Kind.LONG, Kind.HIKE, Kind.STRENGTH):
                varied = amount
            else:
                varied = round(amount * rng.uniform(0.98, 1.02), 2)
            outings.append(
                Outing(
                    day=week * 7 + day,
                    at=_start_of(kind, rng),
                    kind=kind,
                    km=0.0 if kind is Kind.STRENGTH else varied,
                    descent_m=round(descent_m * rng.uniform(0.96, 1.04)),
                    minutes=varied if kind is Kind.STRENGTH else 0.0,
                    by_phone=week < WATCH_FROM_WEEK,
                )
            )
    return tuple(sorted(outings, key=lambda outing: (outing.day, outing.at)))


def _start_of(kind: Kind, rng: Random) -> time:
    if kind in (Kind.LONG, Kind.HILLS, Kind.HIKE):
        minute = 9 * 60 + rng.randrange(-15, 25)
    elif kind is Kind.STRENGTH:
        minute = 19 * 60 + rng.randrange(-20, 20)
    else:
        minute = 18 * 60 + rng.randrange(-25, 15)
    return time(minute // 60, minute % 60, rng.randrange(60))
