"""What a person has at a service, whichever service it is; a test adds, edits and deletes as the person would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

FIRST_ID = 4_000_000_001


@dataclass(frozen=True, slots=True)
class Held:
    """One activity as its owner would describe it; None is what was never measured.

    `sport` is plain words: "run", "trail run", "treadmill run", "walk", "hike", "ride", "weight training". Cadence is
    per leg. `trainer`: on a machine. `fit` is the file that the watch sent. `parent` is the multi-sport activity that
    it is a leg of. `effort` (0-10) and `feel` (0-100) are what the person told the watch.
    """

    id: int
    sport: str
    start: datetime
    utc_offset_s: int = 0
    distance_m: float | None = None
    moving_s: float | None = None
    elapsed_s: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    mean_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    cadence_per_leg: float | None = None
    manual: bool = False
    trainer: bool = False
    race: bool = False
    title: str = ""
    device: str | None = None
    effort: int | None = None
    feel: int | None = None
    parent: int | None = None
    fit: bytes | None = field(default=None, repr=False)

    @property
    def local_start(self) -> datetime:
        """The wall clock where it began, without a zone."""
        return (self.start + timedelta(seconds=self.utc_offset_s)).replace(tzinfo=None)

    @property
    def indoor(self) -> bool:
        return self.trainer or self.sport == "treadmill run"


@dataclass(frozen=True, slots=True)
class HeldNight:
    """Recovery of the night that ended on a local date; None is what the watch does not know."""

    sleep_s: int | None = None
    hrv_ms: int | None = None
    resting_heart_rate_bpm: int | None = None


class Account:
    """Activities in no order, by id, and nights by the date of their morning."""

    def __init__(self, activities: Iterable[Held] = (), created_at: datetime | None = None) -> None:
        self.activities: dict[int, Held] = {}
        self.nights: dict[date, HeldNight] = {}
        self._created_at = created_at
        self._next_id = FIRST_ID
        for held in activities:
            self.add(held)

    def __len__(self) -> int:
        return len(self.activities)

    def __iter__(self) -> Iterator[Held]:
        return iter(self.activities.values())

    @property
    def created_at(self) -> datetime:
        """When the person joined: as told, else a day before the first activity."""
        first = min((held.start for held in self), default=datetime(2020, 1, 1, tzinfo=UTC))
        return self._created_at or first - timedelta(days=1)

    def newest_first(self) -> list[Held]:
        return sorted(self, key=lambda held: (held.start, held.id), reverse=True)

    def next_id(self) -> int:
        """One that was never given, not even to what is deleted by now."""
        return self._next_id

    def add(self, held: Held) -> Held:
        """Also what an upload that comes days late does: only its start says when it was."""
        assert held.start.tzinfo is not None, "a held activity starts at an aware instant"
        assert held.id not in self.activities, f"{held.id} is held already"
        self.activities[held.id] = held
        self._next_id = max(self._next_id, held.id + 1)
        return held

    def run(self, start: datetime, km: float = 8.0, **fields: Any) -> Held:
        """Add one run of 6 min per km with a heart rate; `fields` as in Held."""
        seconds = km * 360
        plain = Held(
            id=self.next_id(),
            sport="run",
            start=start,
            distance_m=km * 1000,
            moving_s=seconds,
            elapsed_s=seconds + 30,
            ascent_m=40.0,
            descent_m=38.0,
            mean_heart_rate_bpm=148.0,
            max_heart_rate_bpm=166.0,
            cadence_per_leg=84.5,
            title="Morning Run",
        )
        return self.add(replace(plain, **fields))

    def edit(self, held_id: int, **fields: Any) -> Held:
        self.activities[held_id] = replace(self.activities[held_id], **fields)
        return self.activities[held_id]

    def delete(self, held_id: int) -> Held:
        return self.activities.pop(held_id)


def at_the_other_service(account: Account, first_id: int = 8_000_000_001, seed: int = 1) -> Account:
    """The same life as another service tells it: other ids; the start up to 3 s off (mostly none), the distance by up to
    0.4 %, moving time up to 2 % shorter, elapsed time by up to 2 s, ascent measured anew (-20 to +30 %, and to the
    decimetre), no descent. Files and nights stay where they are."""
    random = Random(seed)
    other = Account(created_at=account.created_at)
    for number, held in enumerate(sorted(account, key=lambda one: one.start)):
        shift_s = random.choice((0, 0, 0, 1, -1, 2, 3))
        other.add(
            replace(
                held,
                id=first_id + number,
                start=held.start + timedelta(seconds=shift_s),
                distance_m=_times(held.distance_m, random.uniform(0.996, 1.004)),
                moving_s=None if held.moving_s is None else round(held.moving_s * random.uniform(0.98, 1)),
                elapsed_s=None if held.elapsed_s is None else round(held.elapsed_s + random.uniform(-2, 2)),
                ascent_m=_times(held.ascent_m, random.uniform(0.8, 1.3)),
                descent_m=None,
                parent=None,
                fit=None,
            )
        )
    return other


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 1)
