"""Strength sessions a week: a place for each that is wanted, full where it was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from markupsafe import Markup

from daemon.web.drawings.time_axis import LEFT, RIGHT, WIDTH, TimeAxis, number

PLACE = 13.0
HEAD, FOOT = 6.0, 4.0
SHOWN_AT_MOST = 7


def draw_strength(done: Sequence[int | None], wanted: int, axis: TimeAxis, described: str) -> Markup:
    """`done` is None before the first session ever; more than wanted stand above a line."""
    most = min(SHOWN_AT_MOST, max(wanted, 1, *(count or 0 for count in done)))
    base = HEAD + most * PLACE
    parts = [
        f'<path class="s-line" d="M{LEFT} {number(base)}H{WIDTH - RIGHT}"/>',
        f'<path class="s-line" d="M{LEFT} {number(base - wanted * PLACE)}H{WIDTH - RIGHT}"/>',
        f'<text class="quiet" x="{LEFT - 6}" y="{number(base - wanted * PLACE + 4.5)}" text-anchor="end">{wanted}</text>',
        *_places(done, wanted, axis, base),
    ]
    return Markup(
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {number(base + FOOT)}" role="img" '
        f'aria-label="{escape(described)}">{"".join(parts)}</svg>'
    )


def _places(done: Sequence[int | None], wanted: int, axis: TimeAxis, base: float) -> Iterator[str]:
    radius = min(4.5, axis.column * 0.36)
    full: list[str] = []
    missed: list[str] = []
    for index, count in enumerate(done):
        if count is None:
            continue
        for place in range(max(min(count, SHOWN_AT_MOST), wanted)):
            y = base - (place + 0.5) * PLACE
            if place < count:
                full.append(f"M{number(axis.middle(index))} {number(y)}h0")
                continue
            around = f"a{number(radius)} {number(radius)} 0 1 0"
            missed.append(
                f"M{number(axis.middle(index) - radius)} {number(y)}{around} {number(2 * radius)} 0"
                f"{around} -{number(2 * radius)} 0"
            )
    if missed:
        yield f'<path class="s-quiet" d="{"".join(missed)}"/>'
    if full:
        wide = number(2 * radius)
        yield f'<path class="s-good" stroke-width="{wide}" stroke-linecap="round" d="{"".join(full)}"/>'
