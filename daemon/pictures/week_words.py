"""What the picture of a week says, in words: for who cannot see it, and for mailboxes that show no pictures."""

from __future__ import annotations

from collections.abc import Iterator

from rules.facts import Grade, Runner
from rules.phrases import WEEKDAYS, allowed_week, bare_distance, unit, whole_distance
from rules.week_view import Day, Knee, WeekView

BUTTONS = {Grade.GREEN: "fine", Grade.AMBER: "sore", Grade.RED: "bad"}


def described(view: WeekView) -> str:
    """Every number of the picture that is about the last week or the next one, and the kilometres of the others."""
    return " ".join(_sentences(view))


def knee_words(knee: Knee) -> str:
    """ "4", or "sore" where the answer was a button."""
    return BUTTONS[knee.grade] if knee.score is None else str(knee.score)


def _sentences(view: WeekView) -> Iterator[str]:
    week, runner = view.week, view.runner
    ran = "not known" if week.km is None else f"{whole_distance(week.km, runner)} {unit(runner)}"
    usual = f", usual {whole_distance(week.usual_km, runner)}" if week.usual_km else ""
    yield f"Week {week.number}: {ran}{usual}."
    if week.descent_m is not None:
        usual = "" if week.usual_descent_m is None else f", usual {week.usual_descent_m:.0f}"
        yield f"{week.descent_m:.0f} m down{usual}."
    if view.strength_wanted is not None:
        yield f"Strength {week.strength or 0} of {view.strength_wanted}."
    runs = [_run(day, runner) for day in view.week_days if day.km > 0]
    if runs:
        yield f"Runs: {', '.join(runs)}."
    knees = [f"{_name(day)} {knee_words(day.knee)}" for day in view.week_days if day.knee is not None]
    yield f"Knee: {', '.join(knees)}." if knees else "No answer about the knee."
    earlier = [whole_distance(one.km, runner) for one in view.weeks[:-1] if one.km is not None]
    if earlier:
        yield f"Weeks before: {', '.join(earlier)} {unit(runner)}."
    if view.coming_km is not None:
        yield f"Next week: up to {allowed_week(view.coming_km, runner)} {unit(runner)}."


def _run(day: Day, runner: Runner) -> str:
    return f"{_name(day)} {bare_distance(day.km, runner)}{' (warned)' if day.warned else ''}"


def _name(day: Day) -> str:
    return WEEKDAYS[day.date.weekday()][:3]
