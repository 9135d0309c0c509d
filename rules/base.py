"""What the next run may be compared with: the base sets of RULES 8, step 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.core import Core
from rules.facts import Grade, TerrainClass
from rules.noted import flagged
from rules.pain_state import RunAnswers, verdict_of
from rules.policy import Policy
from rules.records import Around, Record
from rules.timeoff import Episode, opened, return_km

EMPTY_SET_FACTOR = 0.5
SORE = frozenset({Grade.AMBER, Grade.RED})
LONGEST_RULES = frozenset({"R1", "R9"})
KNEE_LOAD_RULES = frozenset({"R1", "R9", "R2"})
DESCENT_RULES = frozenset({"R4"})


@dataclass(frozen=True, slots=True)
class Base:
    """`base_km` is None where not known; `old_km` is what had been reached before the growth clock started;
    `knee_runs` is the K set and `descent_runs` those with known descent, each of one class and device;
    `episode` is the return episode that covers the next run and `last_episode` that or an earlier one."""

    base_km: float | None
    old_km: float
    knee_runs: tuple[Record, ...]
    descent_runs: tuple[Record, ...]
    episode: Episode | None
    last_episode: Episode | None
    return_km: float | None


def next_episode(
    core: Core, now: datetime, date: int, policy: Policy
) -> tuple[Episode | None, Episode | None]:
    """(episode covering a run that starts now, that or the last one)."""
    fresh = opened(core.records, now, date, policy)
    if fresh is not None:
        return fresh, fresh
    last = core.episode
    return (last if last is not None and last.covers_next(policy) else None), last


def base_of(core: Core, answers: RunAnswers, windows: Around, now: datetime, policy: Policy) -> Base:
    """The base sets at `now`, whose windows are given, as they stand with these answers."""
    today = windows.date
    episode, last = next_episode(core, now, today, policy)
    clean = [run for run in windows.month if verdict_of(answers, run.id) not in SORE]
    since_date = today - policy.base.spike_days + 1
    distance = _without(core, clean, LONGEST_RULES, since_date)
    knee = _without(core, clean, KNEE_LOAD_RULES, since_date)
    descent = _without(core, clean, DESCENT_RULES, since_date)
    fresh_at = _fresh_from(core, last, today, policy)
    if fresh_at is not None:
        knee = [run for run in knee if run.start >= fresh_at]
    anchor = episode
    if anchor is None and last is not None and fresh_at == last.start:
        anchor = last
    knee_runs, descent_runs = _one_source(knee), _one_source(descent)
    if anchor is not None and anchor.base_km is not None:
        reached = return_km(anchor, distance)
        old = return_km(anchor, [run for run in distance if run.date <= today - policy.grow.days])
        return Base(reached, old or 0.0, knee_runs, descent_runs, episode, last, reached if episode else None)
    if fresh_at is not None:
        distance = [run for run in distance if run.start >= fresh_at]
    base_km = max((run.km for run in distance), default=None)
    if base_km is None and windows.month:
        base_km = EMPTY_SET_FACTOR * windows.longest_km
    old_km = max((run.km for run in distance if run.date <= today - policy.grow.days), default=0.0)
    return Base(base_km, old_km, knee_runs, descent_runs, episode, last, None)


def _without(core: Core, runs: Sequence[Record], rules: frozenset[str], since: int) -> list[Record]:
    """Runs that none of the rules flagged since a date."""
    ids = flagged(core.noted, rules, since)
    return [run for run in runs if run.id not in ids]


def _one_source(runs: Sequence[Record]) -> tuple[Record, ...]:
    """The runs with terrain that share class and device with the newest of them."""
    hilly = [run for run in runs if run.load.terrain_class is not TerrainClass.NONE]
    return tuple(run for run in hilly if run.terrain_source == hilly[-1].terrain_source)


def _fresh_from(core: Core, last: Episode | None, today: int, policy: Policy) -> datetime | None:
    """Since when runs count after a break or a flare; None if neither is recent."""
    starts = [
        side.flare_from
        for side in core.pain.sides.values()
        if side.flare_from is not None and today <= core.date(side.flare_from) + policy.fresh.days
    ]
    if last is not None and today <= last.date + policy.fresh.days:
        starts.append(last.start)
    return max(starts, default=None)
