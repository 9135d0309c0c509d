"""Learning, gaps and return episodes (RULES 2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.policy import Policy
from rules.records import Record

BASE_DAYS = 90
BASE_RUNS = 4
BLOCK_DAYS = 7
BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A return after time off, opened by a first run (or by now, for the run to come).

    `base_km` is factor x the longest run of the 90 days up to the last run before the break, None without a
    return base; `usual_week_km` the mean week up to that run. `runs` counts the runs done, the first
    included.
    """

    start: datetime
    date: int
    gap_days: int
    factor: float
    base_km: float | None
    usual_week_km: float
    runs: int

    def covers_next(self, policy: Policy) -> bool:
        """Whether the run after those counted still belongs to it."""
        return self.runs < policy.return_.runs


@dataclass(frozen=True, slots=True)
class Experience:
    """How much was ever seen of a runner."""

    first_date: int | None = None
    runs: int = 0

    def learning(self, date: int, policy: Policy) -> bool:
        """Whether a run on `date`, or now, is still in learning; `runs` lie before it."""
        if self.first_date is None:
            return True
        return date - self.first_date < policy.learn.days or self.runs < policy.learn.runs

    def weeks_known(self, date: int) -> bool:
        """Whether the three blocks of RULES 2.5 can all be filled: first run on or before date - 27."""
        return self.first_date is not None and self.first_date <= date - 27


def gap_before(records: Sequence[Record], date: int) -> int | None:
    """Days between `date` and the newest counted run."""
    for record in reversed(records):
        if not record.walk:
            return date - record.date
    return None


def opened(records: Sequence[Record], start: datetime, date: int, policy: Policy) -> Episode | None:
    """The return episode that a run at `start` opens, None if it opens none. `records` are the earlier
    ones."""
    gap = gap_before(records, date)
    if gap is None or gap < policy.return_.gap_days:
        return None
    runs = [record for record in records if not record.walk]
    habit = sum(
        1
        for run in runs
        if date - BASE_DAYS <= run.date < date
        and run.gap_days is not None
        and run.gap_days >= policy.return_.gap_days
    )
    if habit >= policy.return_.habit_gaps:
        return None
    last = runs[-1].date
    factor = policy.return_.factor_long if gap > policy.return_.long_days else policy.return_.factor
    before = [run.km for run in runs if last - BASE_DAYS <= run.date <= last]
    weeks = sum(run.km for run in runs if last - BLOCK_DAYS * BLOCKS < run.date <= last) / BLOCKS
    base = factor * max(before) if len(before) >= BASE_RUNS else None
    return Episode(start, date, gap, factor, base, weeks, 0)


def return_km(episode: Episode, records: Sequence[Record]) -> float | None:
    """L_ret: the base of the episode or the longest of these runs since its start; None without a base."""
    if episode.base_km is None:
        return None
    since = (record.km for record in records if not record.walk and record.start >= episode.start)
    return max(episode.base_km, *since, 0.0)
