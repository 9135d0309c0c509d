"""One figure that every exercise is drawn with: the same bones, one line, seen from the side or from the front.

Units are those of the picture, x to the right and y downwards; angles are degrees. A pose names where hands and feet are,
and the knees and elbows follow, so that nobody's legs ever get longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, atan2, cos, degrees, hypot, radians, sin

type Point = tuple[float, float]

HEAD_RADIUS, NECK = 8.0, 4.0
TORSO, UPPER_ARM, FOREARM, THIGH, SHIN = 36.0, 18.0, 17.0, 28.0, 28.0
SHOULDERS_HALF, HIPS_HALF = 10.0, 2.0
"""Half the width of shoulders and hips, seen from the front."""
HEEL_BACK, TOE_FORWARD, SOLE = 4.0, 11.0, 4.0
"""From the ankle to the heel, to the tip of the toes, and down to the sole."""
ROUNDED = 5.0
"""A knee or elbow begins to bend so far from its middle."""


@dataclass(frozen=True, slots=True)
class Limb:
    """An arm or a leg that ends at `end` (wrist or ankle).

    `bend` is 1 where the elbow or knee lies clockwise of the straight way from root to end, else -1. `foot` turns the
    foot clockwise from toes to the right; a foot that points at us is `short`. `far`: on the other side of the body."""

    end: Point
    bend: int = -1
    foot: float = 0.0
    short: bool = False
    far: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """A body in one moment. `lean` is how far the torso is turned clockwise from upright; `nod` turns the head on it.
    `frontal` if shoulders and hips are seen in their width: the first limb is then the left one in the picture."""

    hip: Point
    lean: float
    legs: tuple[Limb, ...]
    arms: tuple[Limb, ...] = ()
    nod: float = 0.0
    frontal: bool = False

    @property
    def neck(self) -> Point:
        """The upper end of the torso."""
        return moved(self.hip, self.lean, TORSO)

    def roots(self, limbs: Sequence[Limb], half: float, middle: Point) -> tuple[Point, ...]:
        """Where limbs begin: all in the middle, or left and right of it seen from the front."""
        if not self.frontal:
            return tuple(middle for _ in limbs)
        across = cos(radians(self.lean)) * half, sin(radians(self.lean)) * half
        return tuple(
            (middle[0] + sign * across[0], middle[1] + sign * across[1])
            for sign, _ in zip((-1, 1), limbs, strict=False)
        )


def moved(start: Point, lean: float, length: float) -> Point:
    """`length` from `start`, in the direction `lean` clockwise from upright."""
    return start[0] + sin(radians(lean)) * length, start[1] - cos(radians(lean)) * length


def joint(root: Point, limb: Limb, upper: float, lower: float) -> Point:
    """Where the knee or elbow is. Raises ValueError for an end that is out of reach."""
    across, down = limb.end[0] - root[0], limb.end[1] - root[1]
    reach = hypot(across, down)
    if not abs(upper - lower) <= reach <= upper + lower:
        raise ValueError(f"{limb.end} is {reach:.1f} from {root}, and the limb is {upper + lower:.1f} long")
    inside = acos(min(1.0, (upper**2 + reach**2 - lower**2) / (2 * upper * reach)))
    turned = degrees(atan2(across, -down)) + limb.bend * degrees(inside)
    return moved(root, turned, upper)


def figure(pose: Pose) -> str:
    """The body as SVG paths; what is on its far side is paler."""
    hips = pose.roots(pose.legs, HIPS_HALF, pose.hip)
    shoulder = moved(pose.hip, pose.lean, TORSO - 3)
    shoulders = pose.roots(pose.arms, SHOULDERS_HALF, shoulder)
    near = [f"M{pair(pose.hip)}L{pair(pose.neck)}"]
    far: list[str] = []
    for root, leg in zip(hips, pose.legs, strict=True):
        (far if leg.far else near).append(_bent(root, leg, THIGH, SHIN) + straight(_foot(leg)))
    for root, arm in zip(shoulders, pose.arms, strict=True):
        (far if arm.far else near).append(_bent(root, arm, UPPER_ARM, FOREARM))
    if pose.frontal:
        near.append(straight(shoulders))
    head = moved(pose.neck, pose.lean + pose.nod, NECK + HEAD_RADIUS)
    pale = f'<path class="s-ink" opacity=".5" d="{"".join(far)}"/>' if far else ""
    return (
        f'{pale}<path class="s-ink" d="{"".join(near)}"/>{circle(head, HEAD_RADIUS, "s-ink strength-head")}'
    )


def _bent(root: Point, limb: Limb, upper: float, lower: float) -> str:
    """A limb, round where it bends."""
    knee = joint(root, limb, upper, lower)
    before, after = _towards(knee, root, ROUNDED), _towards(knee, limb.end, ROUNDED)
    return f"M{pair(root)}L{pair(before)}Q{pair(knee)} {pair(after)}L{pair(limb.end)}"


def _towards(start: Point, end: Point, length: float) -> Point:
    share = length / hypot(end[0] - start[0], end[1] - start[1])
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _foot(leg: Limb) -> list[Point]:
    """Ankle, heel, tip of the toes and back."""
    if leg.short:
        return [leg.end, from_ankle(leg, 0.0, SOLE)]
    return [leg.end, from_ankle(leg, -HEEL_BACK, SOLE), from_ankle(leg, TOE_FORWARD, SOLE), leg.end]


def from_ankle(leg: Limb, forward: float, below: float) -> Point:
    """A point of the foot: so far towards the toes, so far below the ankle."""
    along, down = cos(radians(leg.foot)), sin(radians(leg.foot))
    return leg.end[0] + forward * along - below * down, leg.end[1] + forward * down + below * along


def on_toes(tip: Point, heel_up: float) -> Limb:
    """A leg whose toes stay at `tip` while the heel goes up by an angle, or down where it is negative."""
    across, down = from_ankle(Limb((0.0, 0.0), foot=heel_up), TOE_FORWARD, SOLE)
    return Limb((tip[0] - across, tip[1] - down), foot=heel_up)


def straight(points: Sequence[Point]) -> str:
    """Straight lines through points, as path data."""
    return f"M{'L'.join(map(pair, points))}"


def path(*lines: Sequence[Point], kind: str = "s-ink") -> str:
    """Lines through points, as one path."""
    return f'<path class="{kind}" d="{"".join(map(straight, lines))}"/>'


def circle(middle: Point, radius: float, kind: str = "s-ink") -> str:
    return f'<circle class="{kind}" cx="{_short(middle[0])}" cy="{_short(middle[1])}" r="{_short(radius)}"/>'


def arrow(start: Point, end: Point, bow: float = 0.0) -> str:
    """A movement from start to end, bowed to the left of its way by `bow`."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down)
    middle = (start[0] + end[0]) / 2 + down / length * bow, (start[1] + end[1]) / 2 - across / length * bow
    heading = degrees(atan2(end[0] - middle[0], -(end[1] - middle[1])))
    wings = [moved(end, heading + 180 + turn, 6.0) for turn in (-38, 38)]
    curve = f"M{pair(start)}Q{pair(middle)} {pair(end)}M{pair(wings[0])}L{pair(end)}L{pair(wings[1])}"
    return f'<path class="s-accent" d="{curve}"/>'


def pair(point: Point) -> str:
    """ "12.5 3" """
    return f"{_short(point[0])} {_short(point[1])}"


def _short(value: float) -> str:
    """One decimal, and none where it is zero."""
    return f"{value:.1f}".removesuffix(".0")
