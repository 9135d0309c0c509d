"""How much of an exercise comes next: progress and regress (RULES 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rules.exercises import Exercise

EASY_EFFORT = 6
EASY_PAIN = 2
SORE_PAIN = 5
EASY_SESSIONS = 2
REPETITION_STEP = 1
LEVEL_DOWN = timedelta(weeks=2)


@dataclass(frozen=True, slots=True)
class Dose:
    """Repetitions (or seconds) a set, how often the weight went up, and until when the level below applies."""

    repetitions: int
    load_steps: int = 0
    level_down_until: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One session and what followed. `morning_above` is the next morning above the usual one, None without an answer;
    `ran_between` if a run lay in the 36 h before that morning; `exercises` are the names done."""

    date: date
    exercises: tuple[str, ...]
    effort: int | None = None
    pain: int | None = None
    morning_above: int | None = None
    ran_between: bool = False

    @property
    def easy(self) -> bool:
        return (
            self.effort is not None
            and self.effort <= EASY_EFFORT
            and self.pain is not None
            and self.pain <= EASY_PAIN
            and self.morning_above is not None
            and self.morning_above <= 0
        )

    @property
    def morning_by_strength(self) -> int:
        """How much of a sore morning the session itself has to answer for."""
        return 0 if self.ran_between or self.morning_above is None else self.morning_above


def doses(table: Sequence[Exercise], outcomes: Sequence[Outcome]) -> dict[str, Dose]:
    """The next dose of every exercise after these sessions, oldest first.

    Two easy sessions in a row move one exercise on, in turn; a sore one takes every exercise of it back to its dose
    before, a painful one puts it one level down for two weeks.
    """
    rows = {row.name: row for row in table}
    now = {name: Dose(row.low) for name, row in rows.items()}
    before = dict(now)
    easy_in_row = turn = 0
    for outcome in outcomes:
        done = [name for name in outcome.exercises if name in rows]
        if (outcome.pain or 0) > SORE_PAIN or outcome.morning_by_strength >= 2:
            for name in done:
                now[name] = replace(before[name], level_down_until=outcome.date + LEVEL_DOWN)
        elif (outcome.pain or 0) > EASY_PAIN or outcome.morning_by_strength == 1:
            for name in done:
                now[name] = before[name]
        easy_in_row = easy_in_row + 1 if outcome.easy else 0
        if easy_in_row >= EASY_SESSIONS and done:
            name = done[turn % len(done)]
            before[name], now[name] = now[name], _more(rows[name], now[name])
            turn, easy_in_row = turn + 1, 0
    return now


def _more(row: Exercise, dose: Dose) -> Dose:
    """One repetition more up to the top of the range, then more weight from the bottom again."""
    if dose.repetitions + REPETITION_STEP <= row.high:
        return Dose(dose.repetitions + REPETITION_STEP, dose.load_steps)
    return Dose(row.low, dose.load_steps + 1)
