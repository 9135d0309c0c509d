"""Calendar weeks of the past in the figures that the rules compare, each with its band of the usual (RULES 2.5).

The rules look at any seven days, a week here is Monday to Sunday: the band says where a rule would speak at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rules.core import TerrainSource
from rules.policy import Policy
from rules.records import Record, known
from rules.timeoff import Experience
from rules.usual_band import UsualBand, descent_band, fast_band, kilometres_band, knee_load_band

WEEK_DAYS = 7
USUAL_WEEKS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` None: not known. `band` None: nothing to compare with."""

    value: float | None = None
    band: UsualBand | None = None


UNKNOWN = Figure()


@dataclass(frozen=True, slots=True)
class PastWeek:
    """Seven dates from `monday` on. Walks count in descent and knee load; both knee loads are in level kilometres at one
    easy speed for all weeks (RULES 2.7)."""

    monday: date
    km: Figure = UNKNOWN
    descent_m: Figure = UNKNOWN
    knee_load: Figure = UNKNOWN
    knee_load_peak: float | None = None
    fast_min: Figure = UNKNOWN


@dataclass(frozen=True, slots=True)
class _Sums:
    records: Sequence[Record] = ()
    km: float = 0.0
    descent_m: float | None = None
    knee_load: float | None = None
    knee_load_peak: float | None = None
    fast_min: float | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What the activities tell at all: a week of rest is 0 only of that."""

    descent: bool
    knee_load: bool
    fast: bool

    @staticmethod
    def of(records: Sequence[Record]) -> _Told:
        return _Told(
            descent=any(record.load.descent_m is not None for record in records),
            knee_load=any(record.load.k1 is not None for record in records),
            fast=any(_fast_min(record) is not None for record in records),
        )


def past_weeks(
    records: Sequence[Record],
    monday: date,
    weeks: int,
    today: date,
    experience: Experience,
    terrain_since: Mapping[TerrainSource, int],
    policy: Policy,
) -> tuple[PastWeek, ...]:
    """The `weeks` weeks from `monday` on; `records` are the counted runs and walks from three weeks before it on.

    A record dated after `today` (travel) counts as of today.
    """
    start = monday.toordinal() - USUAL_WEEKS * WEEK_DAYS
    held: list[list[Record]] = [[] for _ in range(weeks + USUAL_WEEKS)]
    for record in records:
        index = (min(record.date, today.toordinal()) - start) // WEEK_DAYS
        if 0 <= index < len(held):
            held[index].append(record)
    easy = next((one.load.basis.easy_speed_mps for one in reversed(records) if one.load.basis), None)
    told = _Told.of(records)
    sums = [_summed(week, easy, told) for week in held]
    runs_before = experience.runs - sum(1 for record in records if not record.walk and record.date >= start)
    found = []
    for index, own in enumerate(sums):
        runs_before += sum(1 for record in own.records if not record.walk)
        if index >= USUAL_WEEKS:
            first = start + index * WEEK_DAYS
            last = min(first + WEEK_DAYS - 1, today.toordinal())
            learned = Experience(experience.first_date, runs_before)
            before = sums[index - USUAL_WEEKS : index]
            found.append(_past_week(first, last, own, before, learned, terrain_since, policy))
    return tuple(found)


def _past_week(
    first: int,
    last: int,
    own: _Sums,
    before: Sequence[_Sums],
    experience: Experience,
    terrain_since: Mapping[TerrainSource, int],
    policy: Policy,
) -> PastWeek:
    monday = date.fromordinal(first)
    if experience.first_date is None or experience.first_date > last:
        return PastWeek(monday)
    own_only = PastWeek(
        monday,
        Figure(own.km),
        Figure(own.descent_m),
        Figure(own.knee_load),
        own.knee_load_peak,
        Figure(own.fast_min),
    )
    if experience.learning(last, policy):
        return own_only
    records = [record for week in (*before, own) for record in week.records]
    hills = _one_terrain_known(records, last, terrain_since, policy)
    paced = len(known(_fast_min(record) for record in records)) >= policy.terrain.min_runs
    return PastWeek(
        monday,
        Figure(own.km, kilometres_band([week.km for week in before], policy)),
        Figure(
            own.descent_m, _band(descent_band, (week.descent_m for week in before), policy) if hills else None
        ),
        Figure(own.knee_load, _band(knee_load_band, (week.knee_load for week in before), policy)),
        own.knee_load_peak,
        Figure(own.fast_min, _band(fast_band, (week.fast_min for week in before), policy) if paced else None),
    )


def _band(
    band: Callable[[Sequence[float], Policy], UsualBand | None],
    blocks: Iterable[float | None],
    policy: Policy,
) -> UsualBand | None:
    """None where one of the three weeks is not known."""
    values = known(blocks)
    return band(values, policy) if len(values) == USUAL_WEEKS else None


def _one_terrain_known(
    records: Sequence[Record], last: int, terrain_since: Mapping[TerrainSource, int], policy: Policy
) -> bool:
    """Whether hills compare: one class and one device, known long enough and on enough runs (RULES 2.4, R10)."""
    hilly = [record for record in records if record.load.descent_m is not None]
    sources = {record.terrain_source for record in hilly}
    runs = sum(1 for record in hilly if not record.walk)
    if len(sources) != 1 or runs < policy.terrain.min_runs:
        return False
    since = terrain_since.get(sources.pop())
    return since is not None and since <= last - (USUAL_WEEKS + 1) * WEEK_DAYS + 1


def _summed(records: Sequence[Record], easy_mps: float | None, told: _Told) -> _Sums:
    runs = [record for record in records if not record.walk]
    loads = [record.knee_load(easy_mps) for record in records if record.load.k1 is not None]
    measured = told.knee_load and len(loads) == len(records)
    descents = known(record.load.descent_m for record in records)
    fast = known(_fast_min(run) for run in runs)
    return _Sums(
        records=records,
        km=sum(run.km for run in runs),
        descent_m=sum(descents) if descents or (told.descent and not records) else None,
        knee_load=sum(load.k1 for load in loads) if measured else None,
        knee_load_peak=sum(load.k3 for load in loads) if measured else None,
        fast_min=sum(fast) if fast or (told.fast and not runs) else None,
    )


def _fast_min(record: Record) -> float | None:
    return None if record.walk else record.load.fast_min
