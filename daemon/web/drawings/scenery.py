"""What stands around in the drawings of the exercises: floor, wall, step, chair and the small things."""

from __future__ import annotations

from daemon.web.drawings.stick_figure import Point, circle, path

FLOOR = 136.0
FRAME = 160.0
"""Where the floor is, and how wide one picture of a drawing."""
EDGE = 8.0
CHAIR_DEPTH, CHAIR_BACK = 34.0, 36.0
PROP, LOOSE = "s-quiet", "s-accent"
"""What stands, and what moves along with the body."""


def floor() -> str:
    return path([(EDGE, FLOOR), (FRAME - EDGE, FLOOR)], kind=PROP)


def wall(x: float) -> str:
    return path([(x, 12), (x, FLOOR)], kind=PROP)


def block(left: float, right: float, top: float) -> str:
    """A step, a box or a bench on the floor."""
    return path([(left, FLOOR), (left, top), (right, top), (right, FLOOR)], kind=PROP)


def chair(front: float, seat: float) -> str:
    """A chair seen from its side, for somebody who faces right: its back stands on the left."""
    rear = front - CHAIR_DEPTH
    back = [(rear, seat - CHAIR_BACK), (rear, FLOOR)]
    return path(back, [(rear, seat), (front, seat), (front, FLOOR)], kind=PROP)


def mat() -> str:
    """A mat on the floor, seen a little from above."""
    return '<path class="usual" d="M20 112H142L154 136H6Z"/>'


def weight(hand: Point) -> str:
    return circle(hand, 6, PROP)


def towel(x: float) -> str:
    return path([(x - 13, FLOOR - 1), (x + 13, FLOOR - 1)], kind=LOOSE)


def band(left: float, right: float, y: float) -> str:
    return path([(left, y), (right, y)], kind=LOOSE)
