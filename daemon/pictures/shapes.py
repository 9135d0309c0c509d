"""The shapes the pictures are drawn with, as SVG text. Coordinates are units of the picture, y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rules.facts import Grade

GRADE_CLASSES = {Grade.GREEN: "fine", Grade.AMBER: "sore", Grade.RED: "bad"}


def text(x: float, y: float, words: str, anchor: str = "middle", kind: str = "") -> str:
    """Words whose baseline is at y."""
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3"/>'


def level(kind: str, x: float, y: float, width: float) -> str:
    """A line from x to the right."""
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f} h{width:.1f}"/>'


def polygon(kind: str, points: Sequence[tuple[float, float]]) -> str:
    return f'<polygon class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def warning(x: float, y: float, size: float) -> str:
    """A triangle around a centre, `size` wide."""
    half = size / 2
    return polygon("warned", [(x, y - half), (x + half, y + half * 0.8), (x - half, y + half * 0.8)])


def grade_mark(grade: Grade, x: float, y: float, radius: float, *, hollow: bool = False) -> str:
    """A circle is fine, a diamond sore, a square bad."""
    kind = GRADE_CLASSES[grade] + (" hollow" if hollow else "")
    if grade is Grade.GREEN:
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
    if grade is Grade.AMBER:
        reach = radius * 1.35
        return polygon(kind, [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)])
    return polygon(
        kind,
        [
            (x - radius, y - radius),
            (x + radius, y - radius),
            (x + radius, y + radius),
            (x - radius, y + radius),
        ],
    )
