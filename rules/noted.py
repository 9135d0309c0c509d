"""Findings as the fold remembers them, and questions about the recent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.outcome import LEVEL_ORDER, Finding, Level

LOAD_RULES = ("R1", "R9", "R2", "R4", "R5", "R3", "R10up", "R10down", "R6", "R7", "R8")
"""In order of evaluation (RULES 5)."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding and the local date (ordinal) of its run, walk or day."""

    finding: Finding
    date: int

    @property
    def rule(self) -> str:
        return self.finding.rule

    @property
    def warns(self) -> bool:
        return self.finding.level is not Level.NOTE


def within(noted: Sequence[Noted], first: int, last: int) -> list[Noted]:
    """Those dated first..last, both included."""
    return [one for one in noted if first <= one.date <= last]


def repeated(noted: Sequence[Noted], rule: str, level: Level, date: int, days: int) -> bool:
    """Whether the rule spoke at this or a higher level within `days` dates up to `date`."""
    return any(
        one.rule == rule and LEVEL_ORDER.index(one.finding.level) >= LEVEL_ORDER.index(level)
        for one in noted
        if date - days < one.date <= date
    )


def flagged(noted: Sequence[Noted], rules: frozenset[str], first: int) -> frozenset[str]:
    """Ids of the activities that one of these rules flagged on date `first` or later."""
    return frozenset(
        one.finding.activity_id
        for one in noted
        if one.rule in rules and first <= one.date and one.finding.activity_id is not None
    )
