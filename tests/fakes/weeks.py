"""A runner's eight weeks up to Sunday 14 June 2026, for pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from rules.facts import Grade, Runner
from rules.week_view import WEEK, WEEK_DAYS, WEEKS, Day, Knee, Week, WeekView

SUNDAY = date(2026, 6, 14)
KILOMETRES = (22.4, 25.1, 24.0, 28.3, 27.9, 26.0, 28.4, 31.2)
METRES_DOWN = (210.0, 260.0, None, 300.0, 310.0, 280.0, 300.0, 340.0)
SESSIONS = (None, None, 1, 2, 2, 1, 2, 2)
SCORES = (1, 0, None, 1, 0, 4, 7)
RUNS = (0.0, 6.1, 0.0, 6.0, 0.0, 6.1, 13.0)


def graded(score: int) -> Knee:
    return Knee(Grade.GREEN if score <= 2 else Grade.AMBER if score <= 5 else Grade.RED, score)


def eight_weeks(*, miles: bool = False) -> WeekView:
    """Usual figures for the last week only; the last run brought a warning; a dash on Wednesday."""
    weeks = [
        Week(SUNDAY - back * WEEK, km, None, metres, None, sessions)
        for back, km, metres, sessions in zip(
            range(WEEKS - 1, -1, -1), KILOMETRES, METRES_DOWN, SESSIONS, strict=True
        )
    ]
    weeks[-1] = replace(weeks[-1], usual_km=27.6, usual_descent_m=299.0)
    first = SUNDAY - timedelta(days=WEEKS * WEEK_DAYS - 1)
    days = [Day(first + timedelta(days=ahead)) for ahead in range(WEEKS * WEEK_DAYS)]
    for index, (km, score) in enumerate(zip(RUNS, SCORES, strict=True), start=-WEEK_DAYS):
        knee = None if score is None else graded(score)
        days[index] = replace(days[index], km=km, warned=km > 10, knee=knee)
    return WeekView(Runner(miles=miles), tuple(weeks), tuple(days), 2, 33.9, 11.5)


def first_week() -> WeekView:
    """One run ever, and not a word about the knee."""
    view = eight_weeks()
    weeks = (*(Week(week.ends) for week in view.weeks[:-1]), Week(SUNDAY, 6.1))
    days = [replace(day, km=0.0, warned=False, knee=None) for day in view.days]
    days[-6] = replace(days[-6], km=6.1)
    return WeekView(view.runner, weeks, tuple(days))
