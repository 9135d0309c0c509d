"""All load rules of one run or walk, in order (RULES 5)."""

from __future__ import annotations

from rules.hills import ascent, descent, hill_week
from rules.noted import Noted
from rules.spikes import (
    Case,
    cadence_drift,
    intensity,
    knee_run,
    return_run,
    single_run,
    stacked_change,
    week,
)


def load_findings(case: Case) -> tuple[Noted, ...]:
    """Every load finding of one run or walk, in the order of RULES 5; a walk only has R4."""
    if not case.record.walk:
        single_run(case)
        return_run(case)
    if not case.learning:
        if case.record.walk:
            descent(case)
        else:
            for rule in (
                knee_run,
                descent,
                ascent,
                week,
                hill_week,
                intensity,
                stacked_change,
                cadence_drift,
            ):
                rule(case)
    return tuple(case.found)
