"""A run along its way: the ground, the knee load of every kilometre, and the pace, under one axis of distance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, groupby

from markupsafe import Markup

from daemon.web.drawings.time_axis import number
from rules.facts import Runner
from rules.phrases import KM_PER_MILE, pace, unit
from rules.run_shape import Stretch

WIDTH = 326
"""What a card leaves on a phone."""
GROUND, LOAD, PACE = 62.0, 64.0, 52.0
TITLE, GAP, FOOT = 19.0, 14.0, 20.0
LEAST_RANGE_M = 25.0
"""A flat run looks flat."""
LEAST_TOP = 1.5
BANDS = (0.9, 1.1, 1.3)
"""Where the shade changes: peak-weighted knee load of a kilometre against an easy flat one."""
SHADES = ("runs-shade0", "runs-shade1", "runs-shade2", "runs-shade3")
SHADE_WORDS = ("lighter than easy and flat", "like easy and flat", "heavier", "much heavier")
SLOWEST = 1.7
"""Slower than this times the easy pace is drawn at the foot: a walk or a wait."""
STEPS_KM = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Way:
    """What is drawn; `described` is the drawing in words, `hilly` if its heights are known."""

    stretches: Sequence[Stretch]
    easy_mps: float
    runner: Runner
    hilly: bool
    described: str

    @property
    def length_m(self) -> float:
        return self.stretches[-1].to_m

    def x(self, metres: float) -> float:
        return metres / self.length_m * WIDTH


def draw_profile(way: Way) -> Markup:
    """The panels one below the other; without heights there is no ground."""
    panels: list[tuple[float, Callable[[Way, float], Iterator[str]]]] = [(LOAD, _load), (PACE, _pace)]
    if way.hilly:
        panels.insert(0, (GROUND, _ground))
    top = 0.0
    parts: list[str] = []
    for height, draw in panels:
        parts += draw(way, top + TITLE)
        top += TITLE + height + GAP
    parts += _axis(way, top - GAP)
    return Markup(
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {number(top - GAP + FOOT)}" role="img" '
        f'aria-label="{escape(way.described)}">{"".join(parts)}</svg>'
    )


def shade_of(stretch: Stretch) -> int:
    """Which of the four shades a stretch has."""
    return sum(1 for bound in BANDS if peak_load(stretch) >= bound)


def volume_load(stretch: Stretch) -> float:
    """Knee load of a kilometre by volume, 0 where nobody moved."""
    return stretch.k1 / stretch.metres * 1000 if stretch.metres > 0 else 0.0


def peak_load(stretch: Stretch) -> float:
    """The same with the peaks weighted."""
    return stretch.k3 / stretch.metres * 1000 if stretch.metres > 0 else 0.0


def _ground(way: Way, top: float) -> Iterator[str]:
    heights = list(accumulate((stretch.rise_m for stretch in way.stretches), initial=0.0))
    low, high = min(heights), max(heights)
    spread = max(high - low, LEAST_RANGE_M)
    foot = top + GROUND

    def y(height: float) -> float:
        return foot - 6 - (height - low) / spread * (GROUND - 8)

    yield _title(top, "The ground", f"{high - low:.0f} m from low to high")
    at = [(way.x(stretch.from_m), y(heights[index])) for index, stretch in enumerate(way.stretches)]
    at.append((float(WIDTH), y(heights[-1])))
    shapes: dict[int, list[str]] = {}
    for shade, run in groupby(range(len(way.stretches)), lambda index: shade_of(way.stretches[index])):
        indices = list(run)
        corners = at[indices[0] : indices[-1] + 2]
        line = "L".join(f"{number(x)} {number(height)}" for x, height in corners)
        shapes.setdefault(shade, []).append(f"M{number(corners[0][0])} {number(foot)}L{line}V{number(foot)}z")
    for shade, paths in sorted(shapes.items()):
        yield f'<path class="{SHADES[shade]}" d="{"".join(paths)}"/>'
    outline = "L".join(f"{number(x)} {number(height)}" for x, height in at)
    yield f'<path class="s-ink" stroke-width="1.5" stroke-linejoin="round" d="M{outline}"/>'


def _load(way: Way, top: float) -> Iterator[str]:
    """A bar for the volume, a mark for the peaks, and a line where an easy flat kilometre would be."""
    highest = max(max(volume_load(one), peak_load(one)) for one in way.stretches)
    scale, foot = LOAD / max(LEAST_TOP, highest), top + LOAD
    bars: dict[int, list[str]] = {}
    marks = []
    for stretch in way.stretches:
        if stretch.metres <= 0:
            continue
        x, width = way.x(stretch.from_m), way.x(stretch.to_m - stretch.from_m)
        height = volume_load(stretch) * scale
        bars.setdefault(shade_of(stretch), []).append(
            f"M{number(x + 0.4)} {number(foot)}v-{number(height)}h{number(width - 0.8)}v{number(height)}z"
        )
        marks.append(f"M{number(x)} {number(foot - peak_load(stretch) * scale)}h{number(width)}")
    yield _title(top, f"Knee load of each {'mile' if way.runner.miles else 'km'}", "– – easy and flat")
    for shade, paths in sorted(bars.items()):
        yield f'<path class="{SHADES[shade]}" d="{"".join(paths)}"/>'
    yield f'<path class="s-ink" stroke-width="2" d="{"".join(marks)}"/>'
    yield f'<path class="s-quiet" stroke-dasharray="4 3" d="M0 {number(foot - scale)}H{WIDTH}"/>'
    yield f'<path class="s-line" d="M0 {number(foot)}H{WIDTH}"/>'


def _pace(way: Way, top: float) -> Iterator[str]:
    """Quicker is higher."""
    slowest_mps = way.easy_mps / SLOWEST
    speeds = [
        max(slowest_mps, stretch.metres / stretch.seconds) if stretch.seconds > 0 else slowest_mps
        for stretch in way.stretches
    ]
    low, high = min(*speeds, way.easy_mps), max(*speeds, way.easy_mps)
    spread = max(high - low, 0.12 * way.easy_mps)
    middle, foot = (low + high) / 2, top + PACE

    def y(speed: float) -> float:
        return foot - (0.5 + (speed - middle) / spread) * (PACE - 4) - 2

    points = [
        f"{number(way.x((stretch.from_m + stretch.to_m) / 2))} {number(y(speed))}"
        for stretch, speed in zip(way.stretches, speeds, strict=True)
    ]
    easy = pace(way.easy_mps, way.runner)
    yield _title(top, f"Pace, {pace(high, way.runner)} to {pace(low, way.runner)}", f"– – easy {easy}")
    yield f'<path class="s-quiet" stroke-dasharray="4 3" d="M0 {number(y(way.easy_mps))}H{WIDTH}"/>'
    yield f'<path class="s-accent" stroke-width="2" stroke-linejoin="round" d="M{"L".join(points)}"/>'


def _axis(way: Way, foot: float) -> Iterator[str]:
    length = way.length_m / 1000 / (KM_PER_MILE if way.runner.miles else 1)
    step = next((one for one in STEPS_KM if length / one <= 6), STEPS_KM[-1])
    ticks = [index * step for index in range(int(length / step) + 1)]
    y = number(foot + 15)
    for tick in ticks:
        x = tick / length * WIDTH
        anchor = "start" if tick == 0 else "end" if x > WIDTH - 12 else "middle"
        words = f"{tick:g} {unit(way.runner)}" if tick == 0 else f"{tick:g}"
        yield f'<text class="quiet" x="{number(x)}" y="{y}" text-anchor="{anchor}">{words}</text>'
    marks = "".join(f"M{number(tick / length * WIDTH)} {number(foot)}v4" for tick in ticks)
    yield f'<path class="s-line" d="M0 {number(foot)}H{WIDTH}{marks}"/>'


def _title(top: float, words: str, beside: str) -> str:
    y = number(top - 6)
    return (
        f'<text class="bold" x="0" y="{y}">{escape(words)}</text>'
        f'<text class="quiet" x="{WIDTH}" y="{y}" text-anchor="end">{escape(beside)}</text>'
    )
