"""Settings: declared once, listed for documentation, overridden with all problems told at once."""

from __future__ import annotations

import pytest

from rules.citations import GRADES, RULES
from rules.policy import Policy, PolicyError, settings, with_overrides


def problems_of(overrides: dict[str, object]) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        with_overrides(Policy(), overrides)
    return list(caught.value.problems)


def test_every_setting_has_a_sentence_a_unit_or_none_and_a_source() -> None:
    listed = settings()
    assert len({own.name for own in listed}) == len(listed)
    for own in listed:
        assert own.sentence.endswith(".")
        assert own.source.startswith("RULES")
        assert own.type


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("r1.ratio", 1.10),
        ("r1.bands", (1.30, 2.00)),
        ("return.gap_days", 14),
        ("klu.lambda", 0.5),
        ("r8.drift", -0.04),
        ("ret.first_short", 0.70),
        ("cap.amber", (0.80, 0.70, 0.50)),
        ("msg.quiet", "22:00-07:00"),
        ("prompt.morning", "07:30"),
        ("strength.days", ("Tue", "Fri")),
        ("estimate.v0", None),
    ],
)
def test_defaults_are_those_of_the_specification(name: str, default: object) -> None:
    assert {own.name: own.default for own in settings()}[name] == default


def test_an_override_changes_one_setting_and_nothing_else() -> None:
    policy = with_overrides(Policy(), {"r1": {"ratio": 1.2}, "klu": {"lambda": 1}})
    assert policy.r1.ratio == 1.2
    assert policy.klu.lambda_ == 1.0
    assert policy.r1.min_km == Policy().r1.min_km
    assert policy.r2 == Policy().r2


def test_lists_times_and_weekdays_are_read_in_any_spelling() -> None:
    policy = with_overrides(
        Policy(),
        {
            "strength": {"days": ["monday", "Thu"], "time": "06:30"},
            "s1": {"day": "Sunday"},
            "msg": {"quiet": "23:00 - 06:00"},
            "r1": {"bands": [1.2, 1.5]},
            "estimate": {"hr_max": 188},
        },
    )
    assert policy.strength.days == ("Mon", "Thu")
    assert policy.s1.day == "Sun"
    assert policy.msg.quiet == "23:00-06:00"
    assert policy.r1.bands == (1.2, 1.5)
    assert policy.estimate.hr_max == 188.0


def test_every_problem_is_told_at_once_and_the_nearest_name_is_suggested() -> None:
    assert problems_of(
        {
            "r1": {"ratoi": 1.2, "min_runs": 1.5, "ratio": 0.2, "bands": [1.2]},
            "r11": {},
            "msg": {"quiet": "22", "gap_h": True},
            "sport": {"run": "running"},
            "strength": {"days": ["Tue", "someday"]},
        }
    ) == [
        "r1.ratoi: there is no such setting. Did you mean r1.ratio?",
        "r1.min_runs: a whole number is expected, not 1.5",
        "r1.ratio: 0.2 x is out of range: at least 1 is allowed",
        "r1.bands: a list of numbers is expected, not [1.2]",
        "r11: there is no such group of settings. Did you mean r1?",
        "msg.quiet: a clock window is expected, not '22', like \"22:00-07:00\"",
        "msg.gap_h: a number is expected, not True",
        "sport.run: a list of words is expected, not 'running'",
        "strength.days: weekdays are expected, not ['Tue', 'someday'], like [\"Tue\", \"Fri\"]",
    ]


def test_not_a_number_is_out_of_every_range() -> None:
    assert problems_of({"r1": {"ratio": float("nan")}}) == [
        "r1.ratio: nan x is out of range: at least 1 is allowed"
    ]


def test_every_rule_names_settings_that_exist_and_a_known_grade() -> None:
    names = {own.name for own in settings()}
    for rule, source in RULES.items():
        assert set(source.settings) <= names, rule
        assert source.grade[0] in GRADES, rule
        assert source.formula
        assert source.cite
