"""The strength sessions of a week as dots."""

from __future__ import annotations

from markupsafe import Markup

RADIUS, GAP = 13.0, 12.0


def dots(done: int, wanted: int) -> Markup:
    """One dot for each session that is wanted or done: filled with a tick, or hollow."""
    count = max(done, wanted, 1)
    across = 2 * RADIUS + GAP
    width = count * across - GAP + 4
    parts = []
    for place in range(count):
        x, y = 2 + RADIUS + place * across, 2 + RADIUS
        if place < done:
            parts.append(f'<circle class="good" cx="{x:g}" cy="{y:g}" r="{RADIUS:g}"/>')
            parts.append(f'<path class="strength-tick" d="M{x - 5:g} {y:g}l3.6 4 6.4-7.6"/>')
        else:
            parts.append(
                f'<circle class="s-quiet" cx="{x:g}" cy="{y:g}" r="{RADIUS - 1:g}" stroke-width="2"/>'
            )
    return Markup(
        f'<svg class="strength-dots" viewBox="0 0 {width:g} {2 * RADIUS + 4:g}" width="{width:g}" '
        f'height="{2 * RADIUS + 4:g}" role="img" aria-label="{done} of {wanted} sessions this week done.">'
        f"{''.join(parts)}</svg>"
    )
