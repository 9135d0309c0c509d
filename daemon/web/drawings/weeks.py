"""Weeks as bars in front of the band of the usual, with a mark where a rule spoke."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

from markupsafe import Markup

from daemon.web.drawings.time_axis import LEFT, RIGHT, WIDTH, TimeAxis, number

PLOT, LANE, FOOT = 56.0, 20.0, 3.0
"""Heights of the bars' ground, of the marks above it and of what is left below."""
HEAD = 8.0
"""Above the bars, so that the figure of the scale has its place."""
BAR, WIDEST_BAR = 0.62, 16.0
ROUNDED, WIDE_ENOUGH_TO_ROUND = 2, 6.0
NARROW = 9.0
"""Columns below this have thinner lines."""
MARK = 11.0
LETTER = 7.4
"""A letter of 13 units is about so wide."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule that spoke about the week `index`; `warned` is false for a note."""

    index: int
    word: str
    warned: bool


@dataclass(frozen=True, slots=True)
class WeekBars:
    """A chart in the units that are shown. `values` None: not known. `bands` are (usual, where a rule speaks); `peaks` a second
    figure a week; the scale reaches at least to `least`; `described` is the chart in words."""

    values: Sequence[float | None]
    bands: Sequence[tuple[float, float] | None]
    least: float
    described: str
    peaks: Sequence[float | None] = ()
    spoken: Sequence[Spoken] = ()

    @property
    def most(self) -> float:
        tops = [band[1] for band in self.bands if band is not None]
        return max(self.least, *(value or 0.0 for value in (*self.values, *self.peaks, *tops)))


@dataclass(frozen=True, slots=True)
class Scale:
    """Bars stand on y = `base`; `most` is `PLOT` high."""

    base: float
    most: float

    def y(self, value: float) -> float:
        return self.base - self.height(value)

    def height(self, value: float) -> float:
        return value / self.most * PLOT


def draw_weeks(bars: WeekBars, axis: TimeAxis) -> Markup:
    """One chart; its marks have a lane of their own above the bars."""
    top = LANE if bars.spoken else HEAD
    scale = Scale(top + PLOT, bars.most)
    parts = [*_bands(bars, scale, axis), *_tick(scale), *_bars(bars, scale, axis), *_usual(bars, scale, axis)]
    parts += [*_peaks(bars, scale, axis), *_spoken(bars.spoken, axis)]
    height = number(scale.base + FOOT)
    return Markup(
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(bars.described)}">'
        f"{''.join(parts)}</svg>"
    )


def tick_of(most: float) -> float:
    """The largest 1, 2 or 5 of a power of ten in the upper part of a scale."""
    power = 10.0 ** floor(log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most)


def _tick(scale: Scale) -> Iterator[str]:
    tick = tick_of(scale.most)
    y = number(scale.y(tick))
    yield f'<path class="s-line" d="M{LEFT} {y}H{WIDTH - RIGHT}M{LEFT} {number(scale.base)}H{WIDTH - RIGHT}"/>'
    yield f'<text class="quiet" x="{LEFT - 6}" y="{number(scale.y(tick) + 4.5)}" text-anchor="end">{tick:g}</text>'


def _bands(bars: WeekBars, scale: Scale, axis: TimeAxis) -> Iterator[str]:
    """One ground for all weeks, stepwise."""
    steps = [
        f"M{number(axis.left(index))} {number(scale.y(band[1]))}h{number(axis.column)}"
        f"v{number(scale.height(band[1] - band[0]))}h-{number(axis.column)}z"
        for index, band in enumerate(bars.bands)
        if band is not None
    ]
    if steps:
        yield f'<path class="usual" d="{"".join(steps)}"/>'


def _usual(bars: WeekBars, scale: Scale, axis: TimeAxis) -> Iterator[str]:
    steps = [
        f"M{number(axis.left(index))} {number(scale.y(band[0]))}h{number(axis.column)}"
        for index, band in enumerate(bars.bands)
        if band is not None
    ]
    if steps:
        wide = 1.5 if axis.column > NARROW else 1
        yield f'<path class="s-ink" stroke-width="{wide}" d="{"".join(steps)}"/>'


def _bars(bars: WeekBars, scale: Scale, axis: TimeAxis) -> Iterator[str]:
    """The week under way in blue; a week that is not known has a dash, one without a run nothing."""
    width = min(WIDEST_BAR, BAR * axis.column)
    last = len(bars.values) - 1
    started = next((index for index, value in enumerate(bars.values) if value is not None), last + 1)
    drawn: dict[str, list[str]] = {}
    for index, value in enumerate(bars.values):
        x = axis.middle(index) - width / 2
        if value is None and index > started:
            drawn.setdefault("s-quiet", []).append(f"M{number(x)} {number(scale.base - 4)}h{number(width)}")
        elif value:
            bar = _bar(x, scale.base, width, scale.height(value))
            drawn.setdefault("accent" if index == last else "bar", []).append(bar)
    for kind, paths in drawn.items():
        yield f'<path class="{kind}" d="{"".join(paths)}"/>'


def _bar(x: float, base: float, width: float, height: float) -> str:
    """A bar on the ground, its upper corners rounded where that is to be seen."""
    wide = number(width)
    if width < WIDE_ENOUGH_TO_ROUND or height < ROUNDED:
        return f"M{number(x)} {number(base)}v-{height:.2f}h{wide}v{height:.2f}z"
    side, top = f"{height - ROUNDED:.2f}", number(width - 2 * ROUNDED)
    return f"M{number(x)} {number(base)}v-{side}q0-{ROUNDED} {ROUNDED}-{ROUNDED}h{top}q{ROUNDED} 0 {ROUNDED} {ROUNDED}v{side}z"


def _peaks(bars: WeekBars, scale: Scale, axis: TimeAxis) -> Iterator[str]:
    width = min(WIDEST_BAR, BAR * axis.column) + 2
    steps = [
        f"M{number(axis.middle(index) - width / 2)} {number(scale.y(value))}h{number(width)}"
        for index, value in enumerate(bars.peaks)
        if value
    ]
    if steps:
        yield f'<path class="s-accent" stroke-width="2" d="{"".join(steps)}"/>'


def _spoken(spoken: Sequence[Spoken], axis: TimeAxis) -> Iterator[str]:
    """A triangle over its week, full for a warning and hollow for a note, and its word where that has room."""
    half = min(MARK, max(axis.column, 7.0)) / 2
    taken = [(axis.middle(one.index) - half, axis.middle(one.index) + half) for one in spoken]
    for one in reversed(spoken):
        x = axis.middle(one.index)
        shape = (
            f"M{number(x)} {number(9 - half)}l{number(half)} {number(2 * half * 0.9)}h-{number(2 * half)}z"
        )
        kind = 'class="sore"' if one.warned else 'class="s-sore" stroke-width="1.5"'
        yield f'<path {kind} d="{shape}"/>'
        wide = len(one.word) * LETTER
        for begins, anchor in ((x + half + 3, "start"), (x - half - 3 - wide, "end")):
            ends = begins + wide
            free = all(ends < left or right < begins for left, right in taken)
            if free and begins >= LEFT and ends <= WIDTH - 2:
                at = begins if anchor == "start" else ends
                taken.append((begins, ends))
                yield f'<text x="{number(at)}" y="14" text-anchor="{anchor}">{escape(one.word)}</text>'
                break
