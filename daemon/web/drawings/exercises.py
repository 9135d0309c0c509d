"""How every exercise of rules.exercises looks: where it begins and where it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

from markupsafe import Markup

from daemon.web.drawings.scenery import FLOOR, FRAME, band, block, chair, floor, mat, towel, wall, weight
from daemon.web.drawings.stick_figure import SOLE, Limb, Point, Pose, arrow, figure, on_toes

HEIGHT = 140.0
ANKLE = FLOOR - SOLE
STRAIGHT = 55.8
"""A leg that is straight without being locked."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """`words` say what is seen. `frames` are beginning and end; what lies needs no more than what is below `top`."""

    words: str
    frames: tuple[str, ...]
    top: float = 0.0


def drawing(name: str) -> Markup:
    """The picture of an exercise by its name in the table."""
    drawn = DRAWINGS[name]
    parts = "".join(
        f'<g transform="translate({FRAME * place:.0f} 0)">{frame}</g>'
        for place, frame in enumerate(drawn.frames)
    )
    box = f"0 {drawn.top:.0f} {FRAME * len(drawn.frames):.0f} {HEIGHT - drawn.top:.0f}"
    return Markup(
        f'<svg class="strength-drawing" viewBox="{box}" stroke-width="3.5" stroke-linecap="round" '
        f'stroke-linejoin="round" role="img" aria-label="{escape(drawn.words)}">{parts}</svg>'
    )


def leg(x: float, y: float = ANKLE, foot: float = 0.0, bend: int = -1) -> Limb:
    return Limb((x, y), bend, foot)


def far_leg(x: float, y: float = ANKLE, foot: float = 0.0) -> Limb:
    return Limb((x, y), -1, foot, far=True)


def arm(x: float, y: float, bend: int = 1) -> Limb:
    return Limb((x, y), bend)


def standing(x: float) -> Pose:
    """Upright, arms down."""
    hip = x - 1, ANKLE - STRAIGHT
    return Pose(hip, 0, (leg(x),), (hanging(hip),))


def hanging(hip: Point) -> Limb:
    """The arm of an upright body, a little in front of it."""
    return arm(hip[0] + 8, hip[1] + 0.8)


def _wall_sit() -> Drawing:
    start = Pose((62, 80), 0, (leg(82),), (arm(70, 81),), nod=10)
    hold = Pose((62, 92), 0, (leg(90),), (arm(80, 86),), nod=10)
    return Drawing(
        "Back on a wall and feet in front of it; then slid down until the knees are half bent.",
        (
            wall(55) + floor() + figure(start),
            wall(55) + floor() + figure(hold) + arrow((40, 62), (40, 92)),
        ),
    )


LYING_HIP: Point = (82.0, 130.0)


def _straight_leg_raise() -> Drawing:
    bent = replace(leg(110), far=True)
    start = Pose(LYING_HIP, -90, (bent, leg(137.5, 130, -90)))
    end = replace(start, legs=(bent, leg(131, 104, -118)))
    return Drawing(
        "On the back, one knee bent, the other leg straight on the floor; then the straight leg is lifted.",
        (floor() + figure(start), floor() + figure(end) + arrow((150, 124), (147, 98), -3)),
        top=64,
    )


def _box_squat() -> Drawing:
    box = block(28, 72, 101)
    down = Pose((64, 95), 34, (leg(92),), (arm(114, 77, -1),), nod=-10)
    return Drawing(
        "Standing in front of a high box; then sitting back onto it, arms forward.",
        (
            box + floor() + figure(standing(96)),
            box + floor() + figure(down) + arrow((42, 58), (42, 88)),
        ),
    )


def _step_up() -> Drawing:
    step = block(86, 150, 121)
    low = Pose((80, 84), 12, (far_leg(62, ANKLE - 2, 14), leg(104, 117)), (arm(97, 84),))
    high = Pose((111, 61.4), 0, (leg(112, 117), far_leg(100, 112, 22)), (hanging((111, 61.4)),))
    return Drawing(
        "One whole foot on a low step, the other on the floor; then standing tall on the step.",
        (step + floor() + figure(low), step + floor() + figure(high) + arrow((70, 106), (70, 72))),
    )


def _split_squat() -> Drawing:
    back = on_toes((42, FLOOR), 52)
    high = Pose((74, 86.5), 0, (back, leg(101)), (hanging((74, 86.5)),))
    low = Pose((74, 106), 0, (back, leg(101)), (hanging((74, 106)),))
    return Drawing(
        "A long step, upright; then both knees bent until the back knee is near the floor.",
        (floor() + figure(high), floor() + figure(low) + arrow((130, 76), (130, 106))),
    )


def _step_down() -> Drawing:
    step = block(30, 92, 120)
    high = Pose((76, 60.5), 0, (leg(77, 116), far_leg(92, 113)), (hanging((76, 60.5)),))
    low = Pose((70, 79), 18, (leg(76, 116), far_leg(97, 127, -14)), (arm(112, 60, -1),))
    return Drawing(
        "Standing on a step; then the other heel is lowered to the floor in front of it.",
        (step + floor() + figure(high), step + floor() + figure(low) + arrow((128, 90), (128, 120))),
    )


BRIDGE_NECK: Point = (42.0, 129.0)


def _bridge(*, single: bool) -> Drawing:
    foot = leg(103)
    low = Pose((78, 130), -90, (foot,))
    high = Pose((75.4, 115.6), -111.5, (foot,), (arm(79, 132, -1),), nod=21.5)
    if single:
        low = replace(low, legs=(replace(foot, far=True), leg(124, 105, -125)))
        high = replace(high, legs=(replace(foot, far=True), leg(127, 95, -112)))
    words = "On the back, feet flat; then the hips lifted until the body is straight."
    if single:
        words = (
            "On the back, one foot flat and the other leg in the air; then the hips lifted, both sides level."
        )
    return Drawing(
        words, (floor() + figure(low), floor() + figure(high) + arrow((66, 102), (66, 78))), top=64
    )


def _heel_dig() -> Drawing:
    seat = chair(72, 108)
    loose = Pose((56, 102), 0, (leg(98),), (arm(72, 100),))
    dug = replace(loose, legs=(leg(100, 131.5, -30),))
    return Drawing(
        "Sitting, one foot in front; then the toes up and the heel pressed into the floor and pulled towards the chair.",
        (seat + floor() + figure(loose), seat + floor() + figure(dug) + arrow((148, 127), (122, 127))),
        top=36,
    )


def _romanian_deadlift() -> Drawing:
    up = replace(standing(84), arms=(arm(93, 76, 1),))
    down = Pose((62, 84), 72, (leg(86),), (arm(93, 107, -1),), nod=-10)
    return Drawing(
        "Standing with a light weight; then the hips pushed back, the back flat, the weight along the shins.",
        (
            floor() + weight((94, 82)) + figure(up),
            floor() + weight((93, 113)) + figure(down) + arrow((58, 62), (34, 70)),
        ),
    )


def _slider_curl() -> Drawing:
    near = Pose((75.4, 115.6), -111.5, (leg(101, 130.5, -30),), (arm(79, 132, -1),), nod=21.5)
    far = Pose((77, 122), -101, (leg(128, 128, -66),), (arm(79, 132, -1),), nod=11)
    return Drawing(
        "A bridge with the heels on a towel; then the towel slid away until the legs are nearly straight.",
        (
            floor() + towel(101) + figure(near),
            floor() + towel(131) + figure(far) + arrow((104, 104), (134, 104)),
        ),
        top=64,
    )


def _single_leg_deadlift() -> Drawing:
    up = replace(standing(82), legs=(leg(82), far_leg(66, 122, 45)))
    down = Pose((78, 78), 80, (leg(82), far_leg(23, 84, 92)), (arm(110, 106, 1),), nod=-10)
    return Drawing(
        "Standing on one leg; then tipped forward from the hip, back flat, the other leg straight behind.",
        (floor() + figure(up), floor() + figure(down) + arrow((108, 24), (132, 46), 5)),
    )


SIDE_ARMS = (Limb((14, 124), -1), Limb((70, 132), -1))
"""One under the head, the other hand on the floor in front."""


def _side_lying_raise() -> Drawing:
    below = Limb((133, 124), -1, -80, short=True)
    low = Pose((78, 122), -84, (below, Limb((133, 119), -1, -80, short=True)), SIDE_ARMS)
    high = replace(low, legs=(below, Limb((123, 90), -1, -122, short=True)))
    return Drawing(
        "Lying on the side, legs straight; then the top leg lifted.",
        (mat() + figure(low), mat() + figure(high) + arrow((150, 106), (142, 82), -3)),
        top=64,
    )


def _clam() -> Drawing:
    below = Limb((123, 121), 1, 60, short=True)
    low = Pose((78, 120), -84, (below, Limb((123, 117), 1, 60, short=True)), SIDE_ARMS)
    high = replace(low, legs=(below, Limb((123, 117), -1, 60, short=True)))
    return Drawing(
        "Lying on the side, knees bent, heels together; then the top knee opened, the heels still together.",
        (mat() + figure(low), mat() + figure(high) + arrow((124, 104), (112, 84), -3)),
        top=64,
    )


def _band_walk() -> Drawing:
    def walker(left: float, right: float, hip: Point) -> str:
        legs = Limb((left, ANKLE), 1, 45, short=True), Limb((right, ANKLE), -1, -45, short=True)
        arms = Limb((hip[0] - 7, hip[1] - 7), 1), Limb((hip[0] + 7, hip[1] - 7), -1)
        return figure(Pose(hip, 0, legs, arms, frontal=True))

    return Drawing(
        "Seen from the front: a band above the knees, knees a little bent; then a wide step to the side.",
        (
            floor() + band(71.5, 88.5, 100) + walker(68, 92, (80, 77.5)),
            floor() + band(68.5, 95.5, 100) + walker(54, 110, (82, 83)) + arrow((124, 100), (150, 100)),
        ),
    )


def _hip_thrust(*, single: bool) -> Drawing:
    bench = block(14, 54, 110)
    foot = leg(118)
    low = Pose((80, 128), -50, (foot,), nod=8)
    high = Pose((90, 104), -90, (foot,), nod=24)
    if single:
        low = replace(low, legs=(replace(foot, far=True), leg(128, 112, -90)))
        high = replace(high, legs=(replace(foot, far=True), leg(145, 98, -100)))
    words = "Upper back on a bench, feet flat; then the hips driven up until back and thighs are level."
    if single:
        words = "Upper back on a bench, one foot flat and the other leg in the air; then the hips driven up."
    return Drawing(
        words,
        (bench + floor() + figure(low), bench + floor() + figure(high) + arrow((84, 86), (84, 64))),
        top=48,
    )


def _single_leg_squat() -> Drawing:
    seat = chair(70, 104)
    up = replace(standing(90), legs=(leg(90), far_leg(110, 122, -10)))
    down = Pose((62, 98), 26, (leg(92), far_leg(116, 108, -20)), (arm(110, 76, -1),))
    return Drawing(
        "Standing on one leg in front of a chair; then sitting down slowly, the other leg held in front.",
        (seat + floor() + figure(up), seat + floor() + figure(down) + arrow((52, 50), (52, 80))),
    )


def _raised_heels(words: str, *, bent: bool = False, step: bool = False, single: bool = False) -> Drawing:
    ground = FLOOR - 14 if step else FLOOR
    before = 112 if bent else 118
    place = wall(before) + (block(82, before, ground) if step else "") + floor()
    frames = []
    for heel_up in (-20 if step else 0, 50):
        foot = on_toes((94, ground), heel_up)
        hip = foot.end[0] - (7 if bent else 1), foot.end[1] - (52 if bent else STRAIGHT)
        behind = Limb((foot.end[0] - 26, foot.end[1] - 22), -1, 70, far=True)
        hand = arm(before - 2, hip[1] - 34)
        frames.append(place + figure(Pose(hip, 0, (behind, foot) if single else (foot,), (hand,))))
    frames[1] += arrow((48, ground - 6), (48, ground - 36))
    return Drawing(words, tuple(frames), top=-6 if step else 0)


def _seated_calf_raise() -> Drawing:
    seat = chair(72, 104)
    low = Pose((60, 98), 0, (leg(88, ANKLE),), (arm(78, 90),))
    raised = on_toes((99, FLOOR), 48)
    high = replace(low, legs=(raised,))
    return Drawing(
        "Sitting with a weight on the knees; then the heels lifted.",
        (
            seat + floor() + weight((84, 92)) + figure(low),
            seat + floor() + weight((84, 86)) + figure(high) + arrow((116, 130), (116, 106)),
        ),
        top=28,
    )


def _hops() -> Drawing:
    low = Pose((76, 82), 8, (leg(80),), (arm(70, 82),))
    above = on_toes((88, FLOOR - 12), 40)
    high = Pose((above.end[0] - 2, above.end[1] - 55), 0, (above,), (arm(96, 55, -1),))
    return Drawing(
        "Both feet on the floor, knees soft; then a low hop, both feet just off the floor.",
        (floor() + figure(low), floor() + figure(high) + arrow((112, 128), (112, 100))),
    )


DRAWINGS: dict[str, Drawing] = {
    "Wall sit, shallow": _wall_sit(),
    "Straight-leg raise": _straight_leg_raise(),
    "Box squat 0-60 degrees": _box_squat(),
    "Low step-up (15-20 cm)": _step_up(),
    "Split squat": _split_squat(),
    "Step-down (20 cm)": _step_down(),
    "Two-leg bridge": _bridge(single=False),
    "Heel dig": _heel_dig(),
    "Single-leg bridge": _bridge(single=True),
    "Romanian deadlift, light": _romanian_deadlift(),
    "Slider curl": _slider_curl(),
    "Single-leg deadlift": _single_leg_deadlift(),
    "Side-lying leg raise": _side_lying_raise(),
    "Clam": _clam(),
    "Band side walk": _band_walk(),
    "Hip thrust": _hip_thrust(single=False),
    "Single-leg squat to a chair": _single_leg_squat(),
    "Single-leg hip thrust": _hip_thrust(single=True),
    "Two-leg calf raise": _raised_heels("Standing; then risen on the toes of both feet, knees straight."),
    "Seated calf raise": _seated_calf_raise(),
    "Calf raise on a step, straight knee": _raised_heels(
        "Toes on a step, heels below it; then risen fully, knees straight.", step=True
    ),
    "Calf raise, bent knee": _raised_heels(
        "Toes on a step, heels below it; then risen fully, knees slightly bent all the time.",
        bent=True,
        step=True,
    ),
    "Single-leg calf raise": _raised_heels(
        "One foot with its toes on a step, the heel below it; then risen fully on that leg.",
        step=True,
        single=True,
    ),
    "Small double-leg hops": _hops(),
}
