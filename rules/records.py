"""What the windows keep of one counted run or walk, and the windows of RULES 2.5 over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from rules.facts import Activity, Family, RunLoad, TerrainClass
from rules.gates import end_of
from rules.knee import KneeLoad, at_easy_speed

EPS = 1e-9
KEPT_DAYS = 92
"""Longest window over runs: 90 days before the last run of a break, and a date line either way."""

MONTH_DAYS = 30
LARGEST_OFFSET_S = 14 * 3600


@dataclass(frozen=True, slots=True)
class Record:
    """A counted run or walk. `date` is the ordinal of its own local date; `gap_days` lies between it and the
    counted run before it; `easy_mps` is what it says about the easy speed, None where it says nothing;
    `drift` is the cadence against the usual of (whole run, last third) where known; `asks` if the rules of
    prompts may ask about it."""

    id: str
    walk: bool
    start: datetime
    end: datetime
    date: int
    subject: str
    load: RunLoad
    race: bool = False
    manual: bool = False
    source: str = ""
    device: str | None = None
    gap_days: int | None = None
    easy_mps: float | None = None
    best_20min_mps: float | None = None
    drift: tuple[float | None, float | None] = (None, None)
    reported_ascent_m: float | None = None

    @property
    def km(self) -> float:
        return self.load.distance_m / 1000

    @property
    def terrain_source(self) -> tuple[TerrainClass, str | None]:
        """Hills compare only within one class and one recording device (RULES 2.4)."""
        return self.load.terrain_class, self.device

    def knee_load(self, easy_speed_mps: float | None) -> KneeLoad:
        """Against this easy speed; against its own where None."""
        if easy_speed_mps is None:
            return KneeLoad(self.load.k1 or 0.0, self.load.k3 or 0.0)
        return at_easy_speed(self.load, easy_speed_mps)


def local_start(activity: Activity, zone: ZoneInfo) -> datetime:
    """Wall-clock start where it was recorded; the runner's zone where the offset is unknown or nonsense
    (RULES 2.1)."""
    offset = activity.utc_offset_s
    if offset is None or abs(offset) > LARGEST_OFFSET_S:
        return activity.start.astimezone(zone)
    return activity.start.astimezone(timezone(timedelta(seconds=offset)))


def subject_of(activity: Activity, zone: ZoneInfo) -> str:
    """ "run:2026-06-07T09:00:00+02:00": how findings name an activity."""
    word = "walk" if activity.family is Family.WALK else "run"
    return f"{word}:{local_start(activity, zone).isoformat(timespec='seconds')}"


def record_of(activity: Activity, load: RunLoad, zone: ZoneInfo) -> Record:
    """What is kept of an activity; the fields that need its past are filled in by the fold."""
    profile = None if activity.manual else activity.profile
    return Record(
        id=activity.id,
        walk=activity.family is Family.WALK,
        start=activity.start,
        end=end_of(activity),
        date=local_start(activity, zone).toordinal(),
        subject=subject_of(activity, zone),
        load=load,
        race=activity.race,
        manual=activity.manual,
        source=activity.source,
        device=activity.device,
        best_20min_mps=profile.best_20min_mps if profile else None,
        reported_ascent_m=activity.ascent_m,
    )


@dataclass(frozen=True, slots=True)
class Around:
    """The windows around one date. `month` is W30 (runs), `week` W7 (runs and walks, up to and including the
    run or now), `blocks` are B1, B2, B3, `month_walks` the walks of W30."""

    date: int
    month: tuple[Record, ...]
    month_walks: tuple[Record, ...]
    week: tuple[Record, ...]
    blocks: tuple[tuple[Record, ...], tuple[Record, ...], tuple[Record, ...]]

    @property
    def longest_km(self) -> float:
        return max((record.km for record in self.month), default=0.0)

    @property
    def week_km(self) -> float:
        return sum(record.km for record in self.week if not record.walk)

    @property
    def block_km(self) -> tuple[float, float, float]:
        first, second, third = (
            sum(record.km for record in block if not record.walk) for block in self.blocks
        )
        return first, second, third


def around(records: Sequence[Record], date: int, current: Record | None = None) -> Around:
    """Windows on `date` over earlier records in order of start; `current` is the run itself, None for now.

    An earlier run whose own local date lies after `date` (travel) counts as of that date.
    """
    month: list[Record] = []
    walks: list[Record] = []
    week: list[Record] = []
    blocks: tuple[list[Record], list[Record], list[Record]] = ([], [], [])
    for record in reversed(records):
        age = date - record.date
        if age > MONTH_DAYS + 2:
            break
        if age <= MONTH_DAYS and (current is None or record.start < current.start):
            (walks if record.walk else month).append(record)
        if age < 7:
            week.append(record)
        elif age < 28:
            blocks[age // 7 - 1].append(record)
    for found in (month, walks, week, *blocks):
        found.reverse()
    if current is not None:
        week.append(current)
    return Around(
        date,
        tuple(month),
        tuple(walks),
        tuple(week),
        (tuple(blocks[0]), tuple(blocks[1]), tuple(blocks[2])),
    )


def known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def total(values: Iterable[float | None]) -> float:
    """Sum over the known values."""
    return sum(value for value in values if value is not None)
