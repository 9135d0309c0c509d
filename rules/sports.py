"""Which family a recorded sport belongs to (RULES 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rules.facts import Family

RUN_SPORTS = (
    "run",
    "running",
    "trailrun",
    "trailrunning",
    "streetrunning",
    "trackrunning",
    "ultrarun",
    "obstaclerun",
    "virtualrun",
    "treadmill",
    "treadmillrunning",
    "indoorrunning",
)
WALK_SPORTS = (
    "walk",
    "walking",
    "casualwalking",
    "speedwalking",
    "hike",
    "hiking",
    "snowshoe",
    "mountaineering",
)
STRENGTH_SPORTS = ("weighttraining", "crossfit", "strengthtraining")
INDOOR_SPORTS = frozenset({"virtualrun", "treadmill", "treadmillrunning", "indoorrunning", "virtualactivity"})
"""Sports that have no terrain: ascent, descent and grade do not exist."""

UNTYPED_SPORTS = frozenset({"", "generic"})
"""What a file says when it does not say what was done."""


class SportLists(Protocol):
    """The lists of `policy.sport`: source names that count for a family."""

    @property
    def run(self) -> Sequence[str]: ...
    @property
    def walk(self) -> Sequence[str]: ...
    @property
    def strength(self) -> Sequence[str]: ...


def normalise(sport: str) -> str:
    """A source's own word as it is compared: lower case without blanks and underscores."""
    return "".join(sport.lower().replace("_", " ").split())


def family_of(sport: str, lists: SportLists, parent: str = "") -> Family:
    """The family of a sport; `parent` is the source's superior type where it has one (Garmin). Unknown is OTHER."""
    word = normalise(sport)
    for family, names in (
        (Family.RUN, lists.run),
        (Family.WALK, lists.walk),
        (Family.STRENGTH, lists.strength),
    ):
        if any(word == normalise(name) for name in names):
            return family
    return Family.RUN if normalise(parent) == "running" else Family.OTHER


def is_indoor(sport: str, *, trainer: bool = False) -> bool:
    """Whether a run of this sport has no terrain; `trainer` is the source's own flag for a machine."""
    return trainer or normalise(sport) in INDOOR_SPORTS
