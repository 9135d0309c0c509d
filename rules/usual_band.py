"""The band of the usual: from the usual week up to where a rule of weeks begins to speak (RULES 2.5, 5.1).

Blocks are the sums of the three weeks before one, newest first. `None`: no rule compares such a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.policy import Policy
from rules.records import EPS


@dataclass(frozen=True, slots=True)
class UsualBand:
    """`usual` is the mean of the three weeks before; above `spoken_from` a rule speaks."""

    usual: float
    spoken_from: float


def kilometres_band(blocks: Sequence[float], policy: Policy) -> UsualBand | None:
    """R3: it compares only where each of the three weeks had a run."""
    if min(blocks) <= EPS:
        return None
    usual = _mean(blocks)
    return UsualBand(usual, max(policy.r3.note * usual, usual + policy.r3.min_extra_km))


def knee_load_band(blocks: Sequence[float], policy: Policy) -> UsualBand | None:
    """No rule counts a week of knee load; its unit is a level kilometre, so the limits are those of kilometres."""
    return kilometres_band(blocks, policy)


def descent_band(blocks: Sequence[float], policy: Policy) -> UsualBand:
    """R10: against the highest of the three weeks, or its floor."""
    highest = max(*blocks, policy.r10.floor_m)
    return UsualBand(_mean(blocks), max(policy.r10.note * highest, highest + policy.r10.note_extra_m))


def fast_band(blocks: Sequence[float], policy: Policy) -> UsualBand:
    """R6, of fast minutes."""
    usual = _mean(blocks)
    return UsualBand(usual, max(policy.r6.ratio * usual, usual + policy.r6.min_extra))


def _mean(blocks: Sequence[float]) -> float:
    return sum(blocks) / len(blocks)
