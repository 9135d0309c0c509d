"""One run against what the load rules compare it with: its figure, yours before it, and where the rule begins to speak (RULES 5.1).

What was found about a run is in its findings; this says how far it lay from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rules.facts import TerrainClass
from rules.policy import Policy
from rules.records import EPS, Around, Record, known, total


class Measure(StrEnum):
    """What is compared: kilometres, units of knee load, metres or minutes of the run; kilometres or minutes of 7 days."""

    DISTANCE = "distance"
    KNEE_LOAD = "knee_load"
    DESCENT = "descent"
    ASCENT = "ascent"
    FAST = "fast"
    WEEK = "week"


class Unjudged(StrEnum):
    """Why a rule had nothing to compare."""

    LEARNING = "learning"
    FEW_RUNS = "few_runs"
    FEW_ALIKE = "few_alike"
    NO_TERRAIN = "no_terrain"
    NO_SPEED = "no_speed"
    NO_WEEKS = "no_weeks"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Limit:
    """`value` is the run's own (for WEEK and FAST of the 7 days up to it), `before` what it is compared with, and beyond
    `limit` the rule speaks. `before` and `limit` are None where `unjudged` says why; `volume` is (own, before) of the knee
    load that does not weigh peaks."""

    measure: Measure
    rule: str
    value: float | None
    before: float | None = None
    limit: float | None = None
    unjudged: Unjudged | None = None
    volume: tuple[float, float] | None = None

    @property
    def over(self) -> bool:
        return self.value is not None and self.limit is not None and self.value > self.limit + EPS


def limits_of(
    record: Record, windows: Around, policy: Policy, *, learning: bool, weeks_known: bool
) -> tuple[Limit, ...]:
    """Every comparison of one run, in the order of the rules; `windows` are those up to and including it. A walk has its
    descent only."""
    if record.walk:
        return (_descent(record, windows, policy, learning=learning),)
    return tuple(_all(record, windows, policy, learning=learning, weeks_known=weeks_known))


def _all(
    record: Record, windows: Around, policy: Policy, *, learning: bool, weeks_known: bool
) -> Iterator[Limit]:
    yield _distance(record, windows, policy)
    yield _knee_load(record, windows, policy, learning=learning)
    yield _descent(record, windows, policy, learning=learning)
    yield _ascent(record, windows, policy, learning=learning)
    yield _week(windows, policy, weeks_known=weeks_known and not learning)
    yield _fast(record, windows, policy, learning=learning)


def _distance(record: Record, windows: Around, policy: Policy) -> Limit:
    if len(windows.month) < policy.r1.min_runs:
        return Limit(Measure.DISTANCE, "R1", record.km, unjudged=Unjudged.FEW_RUNS)
    longest = windows.longest_km
    limit = max(policy.r1.ratio * longest, longest + policy.r1.min_extra_km, policy.r1.min_km)
    return Limit(Measure.DISTANCE, "R1", record.km, longest, limit)


def _knee_load(record: Record, windows: Around, policy: Policy, *, learning: bool) -> Limit:
    """R2 with the peaks weighted; hills of a summary say too little to warn, but are compared."""
    easy = record.load.basis.easy_speed_mps if record.load.basis else None
    own, peers = record.knee_load(easy), _alike(record, windows)
    why = _unjudged(record, peers, policy, learning=learning)
    if why is None and record.km < policy.r1.min_km - EPS:
        why = Unjudged.SHORT
    loads = [peer.knee_load(easy) for peer in peers]
    most_k3 = max((load.k3 for load in loads), default=0.0)
    if why is not None or most_k3 <= 0:
        return Limit(Measure.KNEE_LOAD, "R2", own.k3, unjudged=why or Unjudged.FEW_ALIKE)
    volume = own.k1, max(load.k1 for load in loads)
    return Limit(Measure.KNEE_LOAD, "R2", own.k3, most_k3, policy.r2.note * most_k3, volume=volume)


def _descent(record: Record, windows: Around, policy: Policy, *, learning: bool) -> Limit:
    peers = [peer for peer in _alike(record, windows, walks=record.walk) if peer.load.descent_m is not None]
    own = record.load.descent_m
    why = _unjudged(record, peers, policy, learning=learning)
    if why is not None or own is None:
        return Limit(Measure.DESCENT, "R4", own, unjudged=why or Unjudged.NO_TERRAIN)
    most = max(known(peer.load.descent_m for peer in peers))
    limit = max(policy.r4.note * most, most + policy.r4.min_extra_m)
    return Limit(Measure.DESCENT, "R4", own, most, limit)


def _ascent(record: Record, windows: Around, policy: Policy, *, learning: bool) -> Limit:
    peers = [peer for peer in _alike(record, windows) if peer.load.ascent_m is not None]
    own = record.load.ascent_m
    why = _unjudged(record, peers, policy, learning=learning)
    if why is not None or own is None:
        return Limit(Measure.ASCENT, "R5", own, unjudged=why or Unjudged.NO_TERRAIN)
    most = max(known(peer.load.ascent_m for peer in peers))
    limit = max(policy.r5.note * most, most + policy.r5.min_extra_m)
    return Limit(Measure.ASCENT, "R5", own, most, limit)


def _week(windows: Around, policy: Policy, *, weeks_known: bool) -> Limit:
    blocks = windows.block_km
    if not weeks_known or min(blocks) <= EPS:
        return Limit(Measure.WEEK, "R3", windows.week_km, unjudged=Unjudged.NO_WEEKS)
    usual = sum(blocks) / 3
    limit = max(policy.r3.note * usual, usual + policy.r3.min_extra_km)
    return Limit(Measure.WEEK, "R3", windows.week_km, usual, limit)


def _fast(record: Record, windows: Around, policy: Policy, *, learning: bool) -> Limit:
    recent = total(one.load.fast_min for one in windows.week)
    if record.load.fast_min is None:
        return Limit(Measure.FAST, "R6", None, unjudged=Unjudged.NO_SPEED)
    if learning:
        return Limit(Measure.FAST, "R6", recent, unjudged=Unjudged.LEARNING)
    if len(known(run.load.fast_min for run in windows.month)) < policy.terrain.min_runs:
        return Limit(Measure.FAST, "R6", recent, unjudged=Unjudged.FEW_RUNS)
    usual = sum(total(one.load.fast_min for one in block) for block in windows.blocks) / 3
    limit = max(policy.r6.ratio * usual, usual + policy.r6.min_extra)
    return Limit(Measure.FAST, "R6", recent, usual, limit)


def _alike(record: Record, windows: Around, *, walks: bool = False) -> list[Record]:
    """What the hills of this one compare with (RULES 2.4)."""
    pool = (*windows.month, *windows.month_walks) if walks else windows.month
    return [peer for peer in pool if peer.terrain_source == record.terrain_source]


def _unjudged(record: Record, peers: list[Record], policy: Policy, *, learning: bool) -> Unjudged | None:
    if record.load.terrain_class is TerrainClass.NONE:
        return Unjudged.NO_TERRAIN
    if learning:
        return Unjudged.LEARNING
    return Unjudged.FEW_ALIKE if len(peers) < policy.terrain.min_runs else None
