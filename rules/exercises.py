"""The exercises by muscle group and level (RULES 10); single exercises, repetitions and tempi are our own default."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.facts import MuscleGroup

QUADRICEPS, HAMSTRINGS = MuscleGroup.QUADRICEPS, MuscleGroup.HAMSTRINGS
GLUTEALS, CALVES = MuscleGroup.GLUTEALS, MuscleGroup.CALVES


@dataclass(frozen=True, slots=True)
class Exercise:
    """One row of the table. `low` to `high` is the range of a set: repetitions, or seconds where `unit` is "s".

    `each` is what a set is counted by ("each" side, "steps each way"); `tempo` is seconds down-hold-up.
    """

    group: MuscleGroup
    level: str
    name: str
    sets: tuple[int, int]
    low: int
    high: int
    tempo: str
    instruction: str
    unit: str = ""
    each: str = ""

    def dose(self, repetitions: int | None = None) -> str:
        """ "3×8 each": the sets with a number of repetitions, by default the bottom of the range."""
        amount = f"{self.sets[0]}×{self.low if repetitions is None else repetitions}"
        return " ".join(part for part in (amount, self.unit, self.each) if part)


def _row(
    group: MuscleGroup,
    level: str,
    name: str,
    low: int,
    high: int,
    tempo: str,
    instruction: str,
    *,
    sets: tuple[int, int] = (3, 3),
    unit: str = "",
    each: str = "",
) -> Exercise:
    return Exercise(group, level, name, sets, low, high, tempo, instruction, unit, each)


EXERCISES: tuple[Exercise, ...] = (
    _row(
        QUADRICEPS,
        "A",
        "Wall sit, shallow",
        30,
        45,
        "hold",
        "Back on the wall, slide down only to an angle that does not hurt (about 45 degrees), hold.",
        sets=(4, 5),
        unit="s",
    ),
    _row(
        QUADRICEPS,
        "A",
        "Straight-leg raise",
        10,
        15,
        "2-1-2",
        "Lie on your back, tighten the thigh, lift the straight leg 30 cm, lower slowly.",
    ),
    _row(
        QUADRICEPS,
        "B",
        "Box squat 0-60 degrees",
        8,
        12,
        "3-1-2",
        "Sit back to a high chair, knees over the toes, touch, stand up.",
    ),
    _row(
        QUADRICEPS,
        "B",
        "Low step-up (15-20 cm)",
        8,
        10,
        "2-0-2",
        "Whole foot on the step, stand up without pushing from the back foot.",
        each="each",
    ),
    _row(
        QUADRICEPS,
        "C",
        "Split squat",
        8,
        12,
        "3-0-2",
        "Long step, both knees bend, front knee in line with the foot, stand up.",
        each="each",
    ),
    _row(
        QUADRICEPS,
        "C",
        "Step-down (20 cm)",
        8,
        10,
        "3-1-2",
        "Stand on the step, lower the other heel to the floor slowly, hips level.",
        each="each",
    ),
    _row(
        HAMSTRINGS,
        "A",
        "Two-leg bridge",
        10,
        15,
        "2-2-2",
        "On your back, feet flat, lift the hips until the body is straight.",
    ),
    _row(
        HAMSTRINGS,
        "A",
        "Heel dig",
        30,
        30,
        "hold",
        "Sit or lie, press the heel into the floor as if pulling it towards you.",
        sets=(4, 5),
        unit="s",
    ),
    _row(
        HAMSTRINGS,
        "B",
        "Single-leg bridge",
        8,
        10,
        "2-1-2",
        "As the bridge, one foot off the floor, hips level.",
        each="each",
    ),
    _row(
        HAMSTRINGS,
        "B",
        "Romanian deadlift, light",
        8,
        12,
        "3-0-2",
        "Soft knees, push the hips back, flat back, stand up.",
    ),
    _row(
        HAMSTRINGS,
        "C",
        "Slider curl",
        6,
        10,
        "3-0-2",
        "Bridge with heels on a towel, slide out slowly, pull back in.",
    ),
    _row(
        HAMSTRINGS,
        "C",
        "Single-leg deadlift",
        8,
        10,
        "3-0-2",
        "One leg, tip forward from the hip, back flat, stand up.",
        each="each",
    ),
    _row(
        GLUTEALS,
        "A",
        "Side-lying leg raise",
        12,
        15,
        "2-1-2",
        "Lie on your side, toes forward, lift the top leg slightly backwards.",
        each="each",
    ),
    _row(
        GLUTEALS,
        "A",
        "Clam",
        12,
        15,
        "2-1-2",
        "On your side, knees bent, heels together, open the top knee.",
        each="each",
    ),
    _row(
        GLUTEALS,
        "B",
        "Band side walk",
        10,
        12,
        "steady",
        "Band above the knees, small bend, step sideways, toes forward.",
        each="steps each way",
    ),
    _row(
        GLUTEALS,
        "B",
        "Hip thrust",
        10,
        12,
        "2-1-2",
        "Upper back on a bench, drive the hips up, squeeze, lower.",
    ),
    _row(
        GLUTEALS,
        "C",
        "Single-leg squat to a chair",
        6,
        10,
        "3-0-2",
        "Sit down slowly on one leg, knee over the foot, stand up.",
        each="each",
    ),
    _row(
        GLUTEALS,
        "C",
        "Single-leg hip thrust",
        8,
        12,
        "2-1-2",
        "As the hip thrust, one foot off the floor.",
        each="each",
    ),
    _row(
        CALVES,
        "A",
        "Two-leg calf raise",
        12,
        15,
        "3-1-2",
        "Rise on both toes, knees straight, lower slowly.",
    ),
    _row(CALVES, "A", "Seated calf raise", 15, 15, "3-1-2", "Sit, weight on the knees, lift the heels."),
    _row(
        CALVES,
        "B",
        "Calf raise on a step, straight knee",
        10,
        15,
        "3-1-2",
        "Heels below the step, rise fully, lower fully.",
    ),
    _row(CALVES, "B", "Calf raise, bent knee", 10, 15, "3-1-2", "Same with slightly bent knees."),
    _row(
        CALVES,
        "C",
        "Single-leg calf raise",
        10,
        15,
        "3-1-2",
        "One leg on the step, full range, straight knee.",
        each="each",
    ),
    _row(
        CALVES,
        "C",
        "Small double-leg hops",
        20,
        20,
        "quick",
        "Last step of all: low hops on both feet, only when everything else is easy.",
    ),
)

LEVELS = ("A", "B", "C")
HOPS = "Small double-leg hops"


def choices(group: MuscleGroup, level: str) -> tuple[Exercise, ...]:
    """The exercises of one group and level, in the order of the table."""
    return tuple(row for row in EXERCISES if row.group is group and row.level == level)


def order(level: str) -> tuple[MuscleGroup, ...]:
    """Hip, bridge, calf and the quadriceps last in level A; quadriceps first otherwise (RULES 10)."""
    if level == "A":
        return (GLUTEALS, HAMSTRINGS, CALVES, QUADRICEPS)
    return (QUADRICEPS, HAMSTRINGS, GLUTEALS, CALVES)


EFFORT_AND_REST = "Effort 6 to 7 of 10, 60 to 90 s rest; pain at most 2."
"""How hard every session is meant to be."""
REST_S = (60, 90)
_AMOUNT = re.compile(r"(\d+)×(\d+)")
_TEMPO = ("down", "hold", "up")


@dataclass(frozen=True, slots=True)
class Set:
    """A row with the runner's own dose: `dose` as it is written, so many sets of so much."""

    row: Exercise
    dose: str
    sets: int
    amount: int

    @property
    def hold_s(self) -> int | None:
        """Seconds that each set is held; None where repetitions are counted."""
        return self.amount if self.row.unit == "s" else None


def planned_set(described: str) -> Set | None:
    """ "Split squat 3×9 each" as a plan describes it; None for an exercise that is not in the table."""
    row = next((one for one in EXERCISES if described.lower().startswith(one.name.lower())), None)
    if row is None:
        return None
    dose = described[len(row.name) :].strip()
    amount = _AMOUNT.search(dose)
    sets, number = (int(amount[1]), int(amount[2])) if amount else (row.sets[0], row.low)
    return Set(row, dose, sets, number)


def tempo_words(row: Exercise) -> str:
    """ "3 s down, 1 s hold, 2 s up", or the one word of the table."""
    seconds = row.tempo.split("-")
    if len(seconds) != len(_TEMPO):
        return row.tempo
    return ", ".join(f"{each} s {way}" for each, way in zip(seconds, _TEMPO, strict=True) if each != "0")
