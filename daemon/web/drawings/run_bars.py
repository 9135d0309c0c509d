"""Small bars beside figures that say the same in words: what a part of a run added, and how far a figure lay from its limit."""

from __future__ import annotations

from markupsafe import Markup

from daemon.web.drawings.time_axis import number
from rules.run_limits import Limit

PART_WIDTH, PART_HEIGHT = 150.0, 12.0
LIMIT_WIDTH, LIMIT_HEIGHT = 326.0, 22.0
ROOM = 1.06
"""What is left beyond the longest bar."""


def draw_part(volume: float, peaks: float, most: float) -> Markup:
    """A bar for the volume and a mark for the peaks; `most` fills the width."""
    scale = (PART_WIDTH - 2) / most if most > 0 else 0.0
    return Markup(
        f'<svg class="runs-bar" viewBox="0 0 {number(PART_WIDTH)} {number(PART_HEIGHT)}" aria-hidden="true">'
        f'<path class="usual" d="M0 2h{number(PART_WIDTH)}v8h-{number(PART_WIDTH)}z"/>'
        f'<path class="bar" d="M0 2h{number(volume * scale)}v8h-{number(volume * scale)}z"/>'
        f'<path class="s-ink" stroke-width="2" d="M{number(1 + peaks * scale)} 0v12"/></svg>'
    )


def draw_limit(limit: Limit) -> Markup:
    """The figure as a bar, what it is compared with as a dark mark, the limit as the edge of a pale ground."""
    value, before, beyond = limit.value or 0.0, limit.before or 0.0, limit.limit or 0.0
    scale = LIMIT_WIDTH / (max(value, before, beyond) * ROOM or 1.0)
    kind = "sore" if limit.over else "bar"
    edge, mark = number(beyond * scale), number(min(before * scale + 1, LIMIT_WIDTH - 1))
    over = number(max(0.0, value - beyond) * scale)
    parts = [
        f'<path class="usual" d="M0 4h{edge}v14h-{edge}z"/>',
        f'<path class="{kind}" d="M0 7h{number(value * scale)}v8h-{number(value * scale)}z"/>',
        f'<path class="s-ink" stroke-width="2.5" d="M{mark} 2v18"/>',
    ]
    if limit.over:
        # A hatch over what is beyond, so that colour is not alone.
        parts.append(f'<path class="runs-beyond" d="M{edge} 11h{over}"/>')
    return Markup(
        f'<svg class="runs-bar" viewBox="0 0 {number(LIMIT_WIDTH)} {number(LIMIT_HEIGHT)}" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
