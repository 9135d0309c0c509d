"""The picture of the weekly digest: eight weeks against the usual one, the knee, and the days of the last week.

640 units wide, on a card of its own colour that is fine on light and on dark mail. A phone shows it at about 360, so no
text is smaller than 24. What a colour says, a shape or a number says too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from daemon.pictures.shapes import grade_mark, level, rect, text, warning
from daemon.pictures.week_words import described, knee_words
from rules.facts import Grade
from rules.phrases import WEEKDAYS, allowed_week, bare_distance, unit, whole_distance
from rules.week_view import WEEK_DAYS, WEEKS, Day, Knee, WeekView

WIDTH = 640
EDGE = 24
INNER = WIDTH - 2 * EDGE
COLUMN = INNER / (WEEKS + 1)
DAY_COLUMN = INNER / WEEK_DAYS
LINE = 24
GAP = 36
BAR, DAY_BAR = 40.0, 36.0
KM_HEIGHT, DESCENT_HEIGHT, KNEE_HEIGHT, DAY_HEIGHT = 120.0, 70.0, 100.0, 70.0
DOT, WARNING = 4.8, 24.0
HIGHEST_SCORE = 10
LEAST_DESCENT_M = 100
"""Weeks that never had so many metres down need no picture of them."""
BUTTON_SCORES = {Grade.GREEN: 1, Grade.AMBER: 4, Grade.RED: 8}
"""About where the answer of a button would lie; its mark is hollow."""

STYLE = """
  text { font: 24px 'DejaVu Sans'; fill: #1f2328 }
  .bold { font-weight: bold }
  .quiet { fill: #57606a }
  .card { fill: #eef0ee }
  .bar { fill: #9aa2ab }
  .now { fill: #0b5cad }
  .next { fill: none; stroke: #0b5cad; stroke-width: 2.5; stroke-dasharray: 7 5 }
  .usual { stroke: #1f2328; stroke-width: 3.5; fill: none }
  .axis { stroke: #c3c8cd; stroke-width: 1.5; fill: none }
  .fine { fill: #0b5cad; stroke: #0b5cad }
  .sore { fill: #b35900; stroke: #b35900 }
  .bad { fill: #a40e26; stroke: #a40e26 }
  .hollow { fill: none; stroke-width: 2.5 }
  .warned { fill: #b35900 }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the picture and how high it is."""

    parts: Sequence[str]
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A scale: bars stand on y = `base`, and `most` is `height` high."""

    base: float
    height: float
    most: float

    def y(self, value: float) -> float:
        return self.base - value / self.most * self.height

    def bar(self, kind: str, x: float, value: float, width: float) -> str:
        """A bar around x; the smallest is still to be seen."""
        top = min(self.y(value), self.base - 2)
        return rect(kind, x - width / 2, top, width, self.base - top)


def draw(view: WeekView) -> str:
    """The picture as SVG text."""
    y = float(EDGE)
    parts: list[str] = []
    for section_of in (_kilometres, _descent, _strength, _knee, _week_days):
        section = section_of(view, y)
        if section is not None:
            parts += section.parts
            y += section.height + GAP
    height = round(y - GAP + EDGE)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(described(view))}">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" width="{WIDTH}" height="{height}" rx="20"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _kilometres(view: WeekView, top: float) -> Section:
    """A bar a week and its number, the coming one dashed; week numbers below."""
    runner, coming = view.runner, view.coming_km
    values = [week.km for week in view.weeks]
    usual = [week.usual_km for week in view.weeks]
    most = max(value or 0.0 for value in (*values, *usual, coming, 1.0))
    bars = Bars(top + 2 * LINE + 18 + KM_HEIGHT, KM_HEIGHT, most)
    name = "Miles" if runner.miles else "Kilometres"
    labels = [None if km is None else whole_distance(km, runner) for km in values]
    parts = _week_bars(f"{name} a week", top, bars, values, labels, usual)
    for index, week in enumerate(view.weeks):
        parts.append(text(_column(index), bars.base + LINE + 6, str(week.number), kind="quiet"))
    if coming is not None:
        parts.append(bars.bar("next", _column(WEEKS), coming, BAR))
        parts.append(
            text(_column(WEEKS), bars.y(coming) - 9, f"≤{allowed_week(coming, runner)}", kind="bold")
        )
        parts.append(text(_column(WEEKS), bars.base + LINE + 6, "next", kind="quiet"))
    return Section(parts, bars.base + LINE + 10 - top)


def _descent(view: WeekView, top: float) -> Section | None:
    metres = [week.descent_m for week in view.weeks]
    usual = [week.usual_descent_m for week in view.weeks]
    most = max(value or 0.0 for value in (*metres, *usual))
    if most < LEAST_DESCENT_M:
        return None
    bars = Bars(top + 2 * LINE + 18 + DESCENT_HEIGHT, DESCENT_HEIGHT, most)
    labels = [None if value is None else _short(value) for value in metres]
    return Section(_week_bars("Metres down a week", top, bars, metres, labels, usual), bars.base - top)


def _week_bars(
    heading: str,
    top: float,
    bars: Bars,
    values: Sequence[float | None],
    labels: Sequence[str | None],
    usual: Sequence[float | None],
) -> list[str]:
    """Bars of the weeks with their numbers, the last week in blue; a week that is not known has a dash."""
    parts = [_heading(heading, top), level("axis", EDGE, bars.base, INNER)]
    for index, (value, label) in enumerate(zip(values, labels, strict=True)):
        if value is None or label is None:
            parts.append(text(_column(index), bars.base - 9, "–", kind="quiet"))
        else:
            last = index == WEEKS - 1
            parts.append(bars.bar("now" if last else "bar", _column(index), value, BAR))
            over = max(value, usual[index] or 0.0)
            parts.append(text(_column(index), bars.y(over) - 9, label, kind="bold" if last else ""))
    marks = [
        level("usual", _column(index) - COLUMN / 2 + 4, bars.y(value), COLUMN - 8)
        for index, value in enumerate(usual)
        if value
    ]
    if marks:
        parts += [
            level("usual", WIDTH - EDGE - 118, top + 12, 36),
            text(WIDTH - EDGE, top + 21, "usual", "end"),
        ]
    return parts + marks


def _strength(view: WeekView, top: float) -> Section | None:
    if view.strength_wanted is None:
        return None
    parts = [_heading("Strength sessions a week", top)]
    for index, week in enumerate(view.weeks):
        words = "–" if week.strength is None else f"{week.strength}/{view.strength_wanted}"
        kind = "bold" if index == WEEKS - 1 else "quiet" if week.strength is None else ""
        parts.append(text(_column(index), top + 2 * LINE + 14, words, kind=kind))
    return Section(parts, 2 * LINE + 16)


def _knee(view: WeekView, top: float) -> Section | None:
    """A mark a day at its worst score, below the weeks; a day without an answer stays empty."""
    if all(day.knee is None for day in view.days):
        return None
    scale = Bars(top + LINE + 26 + KNEE_HEIGHT, KNEE_HEIGHT, HIGHEST_SCORE)
    parts = [_heading("Knee, worst of each day", top)]
    for score in (0, 5, HIGHEST_SCORE):
        parts.append(level("axis", EDGE, scale.y(score), WEEKS * COLUMN))
        parts.append(text(EDGE + WEEKS * COLUMN + 10, scale.y(score) + 9, str(score), "start", "quiet"))
    for index, day in enumerate(view.days):
        if day.knee is not None:
            x = EDGE + (index + 0.5) * COLUMN / WEEK_DAYS
            score = BUTTON_SCORES[day.knee.grade] if day.knee.score is None else day.knee.score
            parts.append(grade_mark(day.knee.grade, x, scale.y(score), DOT, hollow=day.knee.score is None))
    return Section(parts, scale.base + 8 - top)


def _week_days(view: WeekView, top: float) -> Section:
    """The last week by day: its runs, a mark where a warning was sent, and the knee in figures."""
    warned = any(day.warned for day in view.week_days)
    head = 2 * LINE + 18 + (WARNING + 6 if warned else 0)
    bars = Bars(top + head + DAY_HEIGHT, DAY_HEIGHT, max(*(day.km for day in view.week_days), 1.0))
    parts = [
        _heading(f"Week {view.week.number}: {unit(view.runner)}, and the knee", top),
        level("axis", EDGE, bars.base, INNER),
    ]
    if warned:
        parts.append(warning(WIDTH - EDGE - 114, top + 13, WARNING))
        parts.append(text(WIDTH - EDGE, top + 21, "warned", "end"))
    for index, day in enumerate(view.week_days):
        x = EDGE + (index + 0.5) * DAY_COLUMN
        if day.km > 0:
            parts.append(bars.bar("now", x, day.km, DAY_BAR))
            parts.append(text(x, bars.y(day.km) - 9, bare_distance(day.km, view.runner)))
        if day.warned:
            parts.append(warning(x, bars.y(day.km) - LINE - 22, WARNING))
        parts += _knee_of(day, x, bars.base + LINE + 12)
        parts.append(text(x, bars.base + 2 * LINE + 22, WEEKDAYS[day.date.weekday()][:3], kind="quiet"))
    return Section(parts, bars.base + 2 * LINE + 26 - top)


def _knee_of(day: Day, x: float, y: float) -> list[str]:
    knee: Knee | None = day.knee
    if knee is None:
        return [text(x, y, "–", kind="quiet")]
    if knee.score is None:
        return [text(x, y, knee_words(knee))]
    return [grade_mark(knee.grade, x - 14, y - 9, 8), text(x + 2, y, knee_words(knee), "start")]


def _heading(words: str, top: float) -> str:
    return text(EDGE, top + 21, words, "start", "bold")


def _column(index: int) -> float:
    """The middle of a week's column."""
    return EDGE + (index + 0.5) * COLUMN


def _short(metres: float) -> str:
    """ "340", and "12k" where five figures would not fit their column."""
    return f"{metres / 1000:.0f}k" if metres >= 9999.5 else f"{metres:.0f}"
