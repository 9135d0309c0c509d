"""RULES 2.2: which family a source's word belongs to."""

from __future__ import annotations

import pytest

from rules.facts import Family
from rules.policy import Policy, with_overrides
from rules.sports import family_of, is_indoor, normalise

LISTS = Policy().sport


@pytest.mark.parametrize(
    ("word", "family"),
    [
        ("Run", Family.RUN),
        ("Trail Run", Family.RUN),
        ("trail_running", Family.RUN),
        ("VirtualRun", Family.RUN),
        ("treadmill_running", Family.RUN),
        ("Running", Family.RUN),
        ("Hike", Family.WALK),
        ("casual_walking", Family.WALK),
        ("WeightTraining", Family.STRENGTH),
        ("Weight Training", Family.STRENGTH),
        ("strength_training", Family.STRENGTH),
        ("Workout", Family.OTHER),
        ("Ride", Family.OTHER),
        ("generic", Family.OTHER),
        ("", Family.OTHER),
    ],
)
def test_the_table_of_families(word: str, family: Family) -> None:
    assert family_of(word, LISTS) is family


def test_a_type_whose_parent_is_running_is_a_run() -> None:
    assert family_of("parkour_dash", LISTS, parent="running") is Family.RUN
    assert family_of("parkour_dash", LISTS, parent="other") is Family.OTHER


def test_the_lists_are_settings() -> None:
    lists = with_overrides(Policy(), {"sport": {"strength": ["Pilates", "weight_training"]}}).sport
    assert family_of("pilates", lists) is Family.STRENGTH
    assert family_of("Weight Training", lists) is Family.STRENGTH


def test_a_machine_has_no_terrain() -> None:
    assert is_indoor("VirtualRun")
    assert is_indoor("treadmill_running")
    assert is_indoor("Run", trainer=True)
    assert not is_indoor("Run")


def test_words_are_compared_without_blanks_and_underscores() -> None:
    assert normalise(" Trail_Run ning") == "trailrunning"
