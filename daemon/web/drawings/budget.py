"""What is fine next, drawn: days of rest, how far on which ground, and what of the week is done and left.

326 units wide, the inside of a card on a phone, so that no text is seen smaller than 12 px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 326
ROW, BAR = 46, 14
TEXT_DOWN = 14
DAY = 36
LEAST = 3
"""The smallest bar is still to be seen."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A kind of route: how far is fine on it, and the same in words."""

    name: str
    km: float
    words: str


@dataclass(frozen=True, slots=True)
class DayMark:
    """One of the next days. `open`: running is fine again."""

    name: str
    open: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A figure of the week: what is done and left of it; `left` None: not known yet."""

    name: str
    done: float
    done_words: str
    left: float | None
    left_words: str


@dataclass(frozen=True, slots=True)
class Intervals:
    """A walk-run session: `times` x (walk, run) minutes; a walk or run alone has a 0."""

    times: int
    walk_min: int
    run_min: int


def draw_days(days: Sequence[DayMark]) -> Markup:
    """A mark for each of the next days: a dash for rest, a tick where running is fine."""
    column = WIDTH / len(days)
    parts = []
    for index, day in enumerate(days):
        x = column * (index + 0.5)
        if day.open:
            parts.append(f'<circle class="accent" cx="{x:.1f}" cy="18" r="15"/>')
            parts.append(f'<path class="today-tick" d="M{x - 6:.1f} 18.5l4 4.5 8-9"/>')
        else:
            parts.append(f'<circle class="s-quiet" cx="{x:.1f}" cy="18" r="14" stroke-width="1.5"/>')
            parts.append(f'<path class="s-quiet" d="M{x - 6:.1f} 18h12" stroke-width="2.5"/>')
        kind = "ink" if day.open else "quiet"
        parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="51" text-anchor="middle">{escape(day.name)}</text>'
        )
    first = next((day.name for day in days if day.open), None)
    said = f"Rest until {first}; from {first} running is fine." if first else "Rest in the days to come."
    return _svg(56, parts, said)


def draw_grounds(grounds: Sequence[Ground], usual_km: float | None, usual_words: str) -> Markup:
    """A bar for each ground, and a line at the longest run of the last 30 days."""
    most = max([*(ground.km for ground in grounds), usual_km or 0.0, 1.0])
    parts = []
    for index, ground in enumerate(grounds):
        y = index * ROW
        parts += _line(y, ground.name, ground.words)
        parts.append(_bar("usual", 0, y, WIDTH))
        parts.append(_bar("accent", 0, y, max(LEAST, ground.km / most * WIDTH)))
    height = len(grounds) * ROW
    said = [f"{ground.name} up to {ground.words}" for ground in grounds]
    if usual_km:
        x = min(usual_km / most * WIDTH, WIDTH - 1)
        for index in range(len(grounds)):
            top = index * ROW + TEXT_DOWN + 3
            parts.append(f'<path class="s-ink" d="M{x:.1f} {top}v{BAR + 8}" stroke-width="2"/>')
        words = f"longest run of 30 days: {usual_words}"
        anchor, at = ("end", x) if x > WIDTH / 2 else ("start", x)
        parts.append(
            f'<text class="quiet" x="{at:.1f}" y="{height + 12}" text-anchor="{anchor}">{escape(words)}</text>'
        )
        height += 18
        said.append(words)
    return _svg(height, parts, "Next run: " + ", ".join(said) + ".")


def draw_week(parts_of_week: Sequence[Part]) -> Markup:
    """Done is filled, left is open."""
    parts = []
    for index, part in enumerate(parts_of_week):
        y = index * ROW
        parts += _line(y, part.name, part.left_words, part.done_words)
        parts.append(_bar("usual", 0, y, WIDTH))
        if part.left is None:
            continue
        whole = part.done + part.left
        done = part.done / whole * WIDTH if whole > 0 else 0.0
        if part.done > 0:
            parts.append(_bar("bar", 0, y, max(LEAST, done)))
        if part.left > 0:
            x = min(done + 2 if part.done > 0 else 1, WIDTH - LEAST)
            parts.append(_bar("today-left", x, y, WIDTH - 1 - x))
    said = "; ".join(f"{part.name.lower()}: {part.done_words}, {part.left_words}" for part in parts_of_week)
    return _svg(len(parts_of_week) * ROW - 8, parts, f"The last 7 days, {said}.")


def draw_intervals(session: Intervals, said: str) -> Markup:
    """Minutes of walking low, of running high."""
    whole = session.times * (session.walk_min + session.run_min)
    unit, x, parts = WIDTH / max(whole, 1), 0.0, []
    for _ in range(session.times):
        for kind, minutes, height in (("bar", session.walk_min, 14), ("accent", session.run_min, 40)):
            if minutes:
                width = minutes * unit
                parts.append(
                    f'<rect class="{kind}" x="{x + 1:.1f}" y="{44 - height}" width="{width - 2:.1f}" '
                    f'height="{height}" rx="3"/>'
                )
                x += width
    words = [name for name, minutes in (("walk", session.walk_min), ("run", session.run_min)) if minutes]
    legend = {"walk": "low: walk", "run": "high: run"}
    parts.append(f'<text class="quiet" x="0" y="62">{", ".join(legend[word] for word in words)}</text>')
    parts.append(f'<text class="quiet" x="{WIDTH}" y="62" text-anchor="end">{whole} min</text>')
    return _svg(68, parts, said)


def _line(y: float, name: str, words: str, beside: str = "") -> list[str]:
    after = f'<tspan class="quiet" dx="8">{escape(beside)}</tspan>' if beside else ""
    return [
        f'<text x="0" y="{y + TEXT_DOWN - 2}">{escape(name)}{after}</text>',
        f'<text class="bold" x="{WIDTH}" y="{y + TEXT_DOWN - 2}" text-anchor="end">{escape(words)}</text>',
    ]


def _bar(kind: str, x: float, y: float, width: float) -> str:
    inset = 0.75 if kind == "today-left" else 0
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y + TEXT_DOWN + 7 + inset}" width="{width:.1f}" '
        f'height="{BAR - 2 * inset}" rx="{BAR / 2:.0f}"/>'
    )


def _svg(height: float, parts: Sequence[str], said: str) -> Markup:
    inside = "".join(parts)
    return Markup(
        f'<svg class="drawing" role="img" viewBox="0 0 {WIDTH} {height:.0f}" aria-label="{escape(said)}">{inside}</svg>'
    )
