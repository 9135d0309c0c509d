"""The hill rules of one run or walk: R4, R5 and R10 (RULES 5.1)."""

from __future__ import annotations

from collections.abc import Callable

from rules.facts import TerrainClass
from rules.outcome import Level, Number
from rules.records import EPS, Record, known, total
from rules.spikes import Case, same_terrain


def _metres(record: Record) -> dict[str, Number]:
    """Both ways, where known."""
    load = record.load
    numbers: dict[str, Number] = {}
    if load.ascent_m is not None:
        numbers["ascent_m"] = load.ascent_m
    if load.descent_m is not None:
        numbers["descent_m"] = load.descent_m
    if load.terrain_class is TerrainClass.ESTIMATED:
        numbers["terrain_class"] = load.terrain_class.value
    return numbers


def descent(case: Case) -> None:
    """R4: descent, or steep minutes, against the month's most; a walk compares with walks too."""
    load, policy = case.record.load, case.policy.r4
    peers = [peer for peer in same_terrain(case, walks=case.record.walk) if peer.load.descent_m is not None]
    if load.terrain_class is TerrainClass.NONE or load.descent_m is None:
        return
    if len(peers) < case.policy.terrain.min_runs:
        return
    most = max(known(peer.load.descent_m for peer in peers))
    most_steep = max(known(peer.load.steep_min for peer in peers), default=0.0)
    above = load.descent_m - most >= policy.min_extra_m - EPS
    steep = (
        load.steep_min is not None
        and load.steep_min >= policy.steep_min - EPS
        and load.steep_min > policy.steep_ratio * most_steep + EPS
    )
    far = above and load.descent_m > policy.warn * most + EPS and load.descent_m >= policy.warn_min_m - EPS
    more = above and load.descent_m > policy.note * most + EPS
    if not (far or steep or more):
        return
    numbers = _metres(case.record) | {"most_descent_30d_m": most, "most_steep_30d_min": most_steep}
    if load.steep_min is not None:
        numbers["steep_min"] = load.steep_min
    if steep and not more:
        numbers["only_steep"] = 1
    case.add("R4", Level.WARN if far or steep else Level.NOTE, numbers)


def ascent(case: Case) -> None:
    """R5: total ascent against the month's most."""
    load, policy = case.record.load, case.policy.r5
    peers = known(peer.load.ascent_m for peer in same_terrain(case))
    if load.ascent_m is None or len(peers) < case.policy.terrain.min_runs:
        return
    most = max(peers)
    extra = load.ascent_m - most
    noted = load.ascent_m > policy.note * most + EPS and extra >= policy.min_extra_m - EPS
    far = load.ascent_m > policy.warn * most + EPS and extra >= policy.warn_extra_m - EPS
    if not (noted or far):
        return
    level = Level.WARN if far or case.painful else Level.NOTE
    numbers = _metres(case.record) | {"most_ascent_30d_m": most}
    case.add("R5", level, numbers, by_pain=level is Level.WARN and not far)


def hill_week(case: Case) -> None:
    """R10, up and down separately: metres of the week against the highest recent week; walks count."""
    _one_way(case, "R10up", lambda record: record.load.ascent_m)
    _one_way(case, "R10down", lambda record: record.load.descent_m)


def _one_way(case: Case, rule: str, metres: Callable[[Record], float | None]) -> None:
    policy = case.policy.r10
    if not case.terrain_weeks_known or metres(case.record) is None:
        return
    if len(known(metres(run) for run in same_terrain(case))) < case.policy.terrain.min_runs:
        return
    source = case.record.terrain_source
    recent, *blocks = (
        total(metres(record) for record in window if record.terrain_source == source)
        for window in (case.windows.week, *case.windows.blocks)
    )
    highest = max(*blocks, policy.floor_m)
    extra = recent - highest
    if recent > policy.warn * highest + EPS and extra >= policy.warn_extra_m - EPS:
        level = Level.WARN
    elif recent > policy.note * highest + EPS and extra >= policy.note_extra_m - EPS:
        level = Level.NOTE
    else:
        return
    numbers: dict[str, Number] = {
        "ascent_7d_m": total(record.load.ascent_m for record in case.windows.week),
        "descent_7d_m": total(record.load.descent_m for record in case.windows.week),
        "highest_week_m": highest,
        "ratio": recent / highest,
    }
    if case.record.load.terrain_class is TerrainClass.ESTIMATED:
        numbers["terrain_class"] = TerrainClass.ESTIMATED.value
    case.add_unless_repeated(rule, level, numbers)
