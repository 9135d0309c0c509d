"""Thirty days of a runner with a watch: what she did, when each service heard of it, and what she changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fakes.account import Account, Held
from fakes.account_builders import add_nights, held_of_fit, made_up, recorded

DAYS = 30
ZONE = ZoneInfo("Europe/Berlin")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEEK: dict[int, tuple[tuple[str, time, float], ...]] = {
    0: (("walk", time(18), 4.0), ("weight training", time(19, 30), 0.0)),
    1: (("run", time(17, 30), 6.0),),
    2: (("ride", time(7), 18.0), ("run", time(17, 30), 5.0)),
    3: (("run", time(17, 30), 7.0),),
    4: (("weight training", time(18), 0.0),),
    5: (("run", time(9), 6.0),),
    6: (("run", time(9, 30), 10.0),),
}
"""Weekday (Monday = 0) -> what she does and when, in kilometres."""
LATE = {3: 3 * DAY, 16: 2 * DAY}
"""Days whose run the watch sends so much later."""
RECORDED_EVERY = 3
"""Every third run comes with its file, the others as a summary: they cost a test so much less."""


@dataclass
class Outing:
    """One thing that she did: its id at each service, None where it never was or is no more."""

    day: int
    sport: str
    garmin: int | None = None
    strava: int | None = None

    @property
    def exists(self) -> bool:
        return self.garmin is not None or self.strava is not None


@dataclass
class Month:
    """`happen` brings both accounts to an instant. `first_day` is a local date."""

    first_day: date
    garmin: Account = field(default_factory=Account)
    strava: Account = field(default_factory=Account)
    outings: list[Outing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(4)
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        for held in made_up(70, self.at(0, time(0)) - DAY, hours_apart=40):
            self._tell_garmin(outing := Outing(-1, held.sport), held)
            self._tell_strava(outing, held)
        add_nights(self.garmin, self.first_day - 60 * DAY, self.first_day + DAYS * DAY)
        for day in range(DAYS):
            for sport, clock, km in WEEK[(self.first_day + day * DAY).weekday()]:
                self._plan(day, sport, clock, km)
        self._plan_changes()

    def at(self, day: int, clock: time) -> datetime:
        return datetime.combine(self.first_day + day * DAY, clock, ZONE).astimezone(UTC)

    def happen(self, until: datetime) -> None:
        while self._coming and self._coming[0][0] <= until:
            heappop(self._coming)[2]()

    @property
    def next_at(self) -> datetime | None:
        return self._coming[0][0] if self._coming else None

    def when(self, day: int, hour: float, action: Callable[[], None]) -> None:
        """Something that happens on that day of the month, at a local hour."""
        at = self.at(day, time(int(hour), round(hour % 1 * 60)))
        heappush(self._coming, (at, next(self._order), action))

    def outing(self, day: int, sport: str) -> Outing:
        return next(one for one in self.outings if (one.day, one.sport) == (day, sport))

    def _plan(self, day: int, sport: str, clock: time, km: float) -> None:
        start = self.at(day, clock)
        held = self._held(len(self.outings), start, sport, km)
        outing = Outing(day, sport)
        late = LATE.get(day, timedelta()) if sport == "run" else timedelta()
        uploaded = start + timedelta(seconds=held.elapsed_s or 0) + late
        self._at(uploaded + 2 * MINUTE, lambda: self._tell_garmin(outing, held))
        if sport != "weight training":
            self._at(uploaded + 6 * MINUTE, lambda: self._tell_strava(outing, held))

    def _at(self, at: datetime, action: Callable[[], None]) -> None:
        heappush(self._coming, (at, next(self._order), action))

    def _held(self, number: int, start: datetime, sport: str, km: float) -> Held:
        offset = start.astimezone(ZONE).utcoffset() or timedelta()
        offset_s = round(offset.total_seconds())
        if sport == "run" and start.day % RECORDED_EVERY == 0:
            return held_of_fit(recorded(start, min(km, 6.0), utc_offset_s=offset_s), 1)
        strength: dict[str, Any] = {"distance_m": None, "ascent_m": None, "descent_m": None}
        seconds = 2400.0 if sport == "weight training" else km * {"ride": 180, "walk": 720}.get(sport, 360)
        plain = Account().run(
            start,
            km,
            sport=sport,
            moving_s=seconds,
            elapsed_s=seconds + 20,
            utc_offset_s=offset_s,
            title=f"{sport.capitalize()} {number}",
        )
        if sport == "weight training":
            return replace(plain, **strength, cadence_per_leg=None)
        return plain

    def _tell_garmin(self, outing: Outing, held: Held) -> None:
        if outing not in self.outings:
            self.outings.append(outing)
        outing.garmin = self.garmin.add(replace(held, id=self.garmin.next_id())).id

    def _tell_strava(self, outing: Outing, held: Held) -> None:
        """A little differently, as the other service does."""
        if outing not in self.outings:
            self.outings.append(outing)
        random = self._random
        outing.strava = self.strava.add(
            replace(
                held,
                id=self.strava.next_id() + 4_000_000_000 * (len(self.strava) == 0),
                start=held.start + timedelta(seconds=random.choice((0, 0, 0, 1, 2, 3))),
                distance_m=held.distance_m and round(held.distance_m * random.uniform(0.996, 1.004), 1),
                moving_s=held.moving_s and round(held.moving_s * random.uniform(0.98, 1)),
                elapsed_s=held.elapsed_s and round(held.elapsed_s),
                ascent_m=held.ascent_m and round(held.ascent_m * random.uniform(0.8, 1.3), 1),
                descent_m=None,
            )
        ).id

    def _plan_changes(self) -> None:
        self.when(2, 20.5, lambda: self._edit(2, "run", both=True, title="With the club"))
        self.when(6, 20.0, lambda: self._crop(6))
        self.when(10, 8.0, lambda: self._delete(9, "ride", "garmin", "strava"))
        self.when(13, 21.0, lambda: self._edit(12, "run", title="Sunday, at last"))
        self.when(14, 8.0, lambda: self._delete(12, "run", "garmin"))
        self.when(15, 12.0, self._type_in)
        self.when(19, 9.0, lambda: self._delete(17, "run", "garmin", "strava"))
        self.when(25, 22.0, lambda: self._crop(24))
        self.when(28, 10.0, lambda: self._delete(27, "run", "strava"))

    def _edit(self, day: int, sport: str, *, both: bool = False, **fields: Any) -> None:
        outing = self.outing(day, sport)
        if outing.strava is not None:
            self.strava.edit(outing.strava, **fields)
        if both and outing.garmin is not None:
            self.garmin.edit(outing.garmin, **fields)

    def _crop(self, day: int) -> None:
        """The watch ran on in the car: the last two kilometres are cut off, at both services."""
        outing = self.outing(day, "run")
        for account, held_id in ((self.garmin, outing.garmin), (self.strava, outing.strava)):
            assert held_id is not None
            held = account.activities[held_id]
            assert held.distance_m is not None
            assert held.moving_s is not None
            assert held.elapsed_s is not None
            account.edit(
                held_id,
                distance_m=held.distance_m - 2000,
                moving_s=held.moving_s - 720,
                elapsed_s=held.elapsed_s - 720,
            )

    def _delete(self, day: int, sport: str, *services: str) -> None:
        outing = self.outing(day, sport)
        if "garmin" in services and outing.garmin is not None:
            self.garmin.delete(outing.garmin)
            outing.garmin = None
        if "strava" in services and outing.strava is not None:
            self.strava.delete(outing.strava)
            outing.strava = None

    def _type_in(self) -> None:
        """A run without a watch, typed in at Strava."""
        outing = Outing(15, "typed in")
        self.outings.append(outing)
        typed = self._held(0, self.at(15, time(6)), "run", 4.0)
        plain: dict[str, Any] = {
            "fit": None,
            "manual": True,
            "device": None,
            "ascent_m": None,
            "descent_m": None,
        }
        outing.strava = self.strava.add(
            replace(typed, id=self.strava.next_id(), title="Typed in", sport="run", **plain)
        ).id
