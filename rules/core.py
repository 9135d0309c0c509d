# ruff: noqa: RUF009  all parts are frozen, so sharing their defaults is safe
"""Everything the fold remembers at one instant; bounded by the windows (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from rules.estimates import HeartMark
from rules.facts import History, Runner, TerrainClass
from rules.noted import Noted
from rules.pain_state import Pain
from rules.records import Record
from rules.timeoff import Episode, Experience

START = datetime(1970, 1, 1, tzinfo=UTC)

type TerrainSource = tuple[TerrainClass, str | None]


@dataclass(frozen=True, slots=True)
class Core:
    """`records` are the counted runs and walks of the last three months in order of start; `hearts` best
    30-second heart rates of a year; `terrain_since` the first date with each class and device; `noted` the
    findings of two months (referrals longer); `recent` the facts of the last hundred days without series and
    profiles; `recovery_days` the dates on which recovery held growth, judged up to `recovery_checked`;
    `excluded` recent activities that do not count, with why."""

    runner: Runner = Runner()
    clock: datetime = START
    experience: Experience = Experience()
    records: tuple[Record, ...] = ()
    episode: Episode | None = None
    hearts: tuple[HeartMark, ...] = ()
    terrain_since: Mapping[TerrainSource, int] = field(default_factory=dict)
    noted: tuple[Noted, ...] = ()
    pain: Pain = Pain()
    recent: History = History()
    recovery_days: tuple[int, ...] = ()
    recovery_checked: int | None = None
    excluded: tuple[tuple[str, int, str], ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return zone_named(self.runner.timezone)

    def date(self, instant: datetime) -> int:
        """The runner's local date (ordinal)."""
        return instant.astimezone(self.zone).toordinal()


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)
