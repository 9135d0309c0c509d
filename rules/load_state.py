"""The load state from findings (RULES 7)."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core import Core
from rules.noted import Noted
from rules.outcome import LoadState, PainState
from rules.policy import Policy
from rules.records import EPS, Around
from rules.spikes import week_jump

COLOURING = frozenset({"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R9", "R10up", "R10down"})
SINGLE = frozenset({"R1", "R2", "R4", "R5", "R6", "R9"})
WITH_STACKED = frozenset({"R1", "R2", "R4", "R5", "R9"})


def load_state(core: Core, windows: Around, policy: Policy) -> LoadState:
    """Load at the date of `windows` (those of now)."""
    today = windows.date
    if is_load_red(core.noted, today, today, policy):
        return LoadState.RED
    if any(one.rule in COLOURING and one.date > today - policy.load.hold_days for one in core.noted):
        return LoadState.AMBER
    high_week = (
        core.experience.weeks_known(today)
        and not core.experience.learning(today, policy)
        and core.pain.overall is not PainState.RETURNING
        and week_jump(windows, policy) is not None
    )
    return LoadState.AMBER if high_week else LoadState.GREEN


def is_load_red(noted: Sequence[Noted], date: int, today: int, policy: Policy) -> bool:
    """Whether these findings make the load of a date red; one dated after `today` (travel) counts as of
    today."""
    first = date - policy.load.red_days
    recent = [one for one in noted if first < min(one.date, today) <= date]
    if any(
        one.rule in ("R1", "R9") and float(one.finding.numbers["ratio"]) > policy.r1.bands[1] + EPS
        for one in recent
    ):
        return True
    warned = [one for one in recent if one.warns and one.rule in SINGLE]
    if any(one.rule == "R7" for one in recent) and any(one.rule in WITH_STACKED for one in warned):
        return True
    return len({one.finding.activity_id for one in warned}) >= 2
