"""A knee by days: its mornings as a calendar of one column a week, and above it what runs and other moments were like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from markupsafe import Markup

from daemon.web.drawings.time_axis import LEFT, RIGHT, WEEK_DAYS, WIDTH, TimeAxis, number
from rules.facts import Grade
from rules.week_view import Knee

HEATS = (0, 1, 2, 3, 4, 5)
"""Steps of the heat, by the lowest score of each; the last one is 5 and more."""
ROW = 14.0
CALENDAR = WEEK_DAYS * ROW
SCORES, HIGHEST = 50.0, 10
WORDS = 18.0
"""Height of a line of words."""
GAP = 10.0
BUTTON_SCORES = {Grade.GREEN: 1, Grade.AMBER: 4, Grade.RED: 8}
"""About where the answer of a button would lie; its mark is hollow."""
KINDS = {Grade.GREEN: "good", Grade.AMBER: "sore", Grade.RED: "bad"}
LEAST_FOR_DIGITS = 11.0
WEEKDAYS = ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun"))


@dataclass(frozen=True, slots=True)
class KneeChart:
    """What one knee said by date; `others` were answered at no fixed time. Days before `since` stay empty, later ones without
    an answer have a dot. `limits` are the highest scores that are fine and sore. `described` is the drawing in words."""

    mornings: Mapping[date, Knee]
    runs: Mapping[date, Knee]
    others: Mapping[date, Knee]
    since: date
    limits: tuple[int, int]
    described: str


def draw_knee(chart: KneeChart, axis: TimeAxis) -> Markup:
    """Runs by their score on a scale of 0 to 10, then the calendar of mornings."""
    parts: list[str] = []
    y = 0.0
    if chart.runs or chart.others:
        parts += _scores(chart, axis, WORDS + SCORES)
        y = WORDS + SCORES + GAP
    parts += _calendar(chart, axis, y + WORDS)
    height = number(y + WORDS + CALENDAR + 2)
    return Markup(
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(chart.described)}">'
        f"{''.join(parts)}</svg>"
    )


def heat_of(score: int) -> int:
    """The step of the heat that a score belongs to."""
    return max(step for step, lowest in enumerate(HEATS) if lowest <= score)


def heat_key() -> Markup:
    """The steps of the heat with their numbers."""
    cell, parts = 24, []
    for step, lowest in enumerate(HEATS):
        x = step * (cell + 2)
        label = f"{lowest}+" if step == len(HEATS) - 1 else str(lowest)
        parts.append(
            f'<path class="trends-heat{step}" stroke-width="16" d="M{x} 8h{cell}"/>'
            f'<text class="{_digit_class(step)}" x="{x + cell / 2:g}" y="12.5" text-anchor="middle">{label}</text>'
        )
    width = len(HEATS) * (cell + 2) - 2
    return Markup(
        f'<svg class="trends-key" viewBox="0 0 {width} 16" width="{width}" height="16" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def shape(grade: Grade, x: float, y: float, radius: float) -> str:
    """A path: a circle is fine, a diamond sore, a square bad."""
    if grade is Grade.GREEN:
        around = f"a{number(radius)} {number(radius)} 0 1 0"
        return f"M{number(x - radius)} {number(y)}{around} {number(2 * radius)} 0{around} -{number(2 * radius)} 0"
    if grade is Grade.AMBER:
        reach = number(radius * 1.3)
        return f"M{number(x)} {number(y - radius * 1.3)}l{reach} {reach}l-{reach} {reach}l-{reach} -{reach}z"
    side = number(2 * radius)
    return f"M{number(x - radius)} {number(y - radius)}h{side}v{side}h-{side}z"


def _scores(chart: KneeChart, axis: TimeAxis, base: float) -> Iterator[str]:
    """A full mark for a run, a smaller hollow one for every other answer and for a button."""

    def y(score: float) -> float:
        return base - score / HIGHEST * SCORES

    scores = (*chart.limits, HIGHEST)
    lines = "".join(f"M{LEFT} {number(y(score))}H{WIDTH - RIGHT}" for score in (0, *scores))
    yield f'<path class="s-line" d="{lines}"/>'
    yield f'<text class="quiet" x="{LEFT}" y="13">During runs</text>'
    for score in scores:
        yield f'<text class="quiet" x="{LEFT - 6}" y="{number(y(score) + 4.5)}" text-anchor="end">{score}</text>'
    radius = min(4.0, max(2.3, axis.column / 5))
    for days, is_run in ((chart.others, False), (chart.runs, True)):
        marks: dict[str, list[str]] = {}
        for on, knee in days.items():
            score = BUTTON_SCORES[knee.grade] if knee.score is None else knee.score
            full, reach = is_run and knee.score is not None, radius if is_run else radius * 0.8
            if full and knee.grade is Grade.GREEN:
                # By far the most, and a dot is drawn shorter than a circle.
                kind = f'class="s-good" stroke-width="{number(2 * radius)}" stroke-linecap="round"'
                mark = f"M{number(axis.noon(on))} {number(y(score))}h0"
            else:
                kind = f'class="{"" if full else "s-"}{KINDS[knee.grade]}"'
                mark = shape(knee.grade, axis.noon(on), y(score), reach)
            marks.setdefault(kind, []).append(mark)
        for kind, paths in marks.items():
            yield f'<path {kind} d="{"".join(paths)}"/>'


def _calendar(chart: KneeChart, axis: TimeAxis, top: float) -> Iterator[str]:
    """A cell a day, Monday on top; a day without an answer has a dot, so that it is no zero."""
    yield f'<text class="quiet" x="{LEFT}" y="{number(top - 5)}">Mornings</text>'
    for row, name in WEEKDAYS:
        yield (
            f'<text class="quiet" x="{LEFT - 6}" y="{number(top + row * ROW + 11)}" text-anchor="end">{name}</text>'
        )
    silent, told = [], []
    for ahead in range((axis.today - axis.monday).days + 1):
        on = axis.monday + timedelta(days=ahead)
        x, y = axis.left(ahead // WEEK_DAYS), top + ahead % WEEK_DAYS * ROW
        if on in chart.mornings:
            told.append((x, y, chart.mornings[on]))
        elif on >= chart.since:
            silent.append(f"M{number(x + axis.column / 2 - 1)} {number(y + ROW / 2)}h2")
    if silent:
        yield f'<path class="s-line" stroke-width="2" d="{"".join(silent)}"/>'
    yield from _cells(told, axis)


def _cells(told: Iterable[tuple[float, float, Knee]], axis: TimeAxis) -> Iterator[str]:
    """Coloured by score, with the digit where it has room; else the cell fills up with the score. A button has its mark."""
    digits = axis.column >= LEAST_FOR_DIGITS
    gap = min(2.0, axis.column / 6)
    cells: dict[tuple[int, float], list[str]] = {}
    words: dict[str, list[str]] = {}
    for x, y, knee in told:
        if knee.score is None:
            mark = shape(knee.grade, x + axis.column / 2, y + ROW / 2, min(4.0, axis.column / 3))
            yield f'<path class="s-{KINDS[knee.grade]}" stroke-width="1.5" d="{mark}"/>'
            continue
        step = heat_of(knee.score)
        high = (ROW - 1.5) if digits else filled(knee.score)
        cells.setdefault((step, high), []).append(
            f"M{number(x + gap / 2)} {number(y + ROW - 0.5 - high / 2)}h{number(axis.column - gap)}"
        )
        if digits:
            words.setdefault(_digit_class(step), []).append(
                f'<text x="{number(x + axis.column / 2)}" y="{number(y + 11.5)}">{knee.score}</text>'
            )
    narrow = "" if digits else " narrow"
    for (step, high), paths in sorted(cells.items()):
        yield f'<path class="trends-heat{step}{narrow}" stroke-width="{number(high)}" d="{"".join(paths)}"/>'
    for kind, texts in words.items():
        yield f'<g class="{kind}" text-anchor="middle">{"".join(texts)}</g>'


def filled(score: int) -> float:
    """How high a narrow cell is filled: a little at 0, all of it from 5 on."""
    return 3.0 + (ROW - 4.5) * min(score, 5) / 5


def _digit_class(step: int) -> str:
    return "trends-digit on" if step >= 4 else "trends-digit"
