"""The numbers of a finding as they are read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from rules import headlines
from rules.facts import Runner
from rules.muting import MUTABLE_KINDS, MUTABLE_RULES
from rules.muting_words import RULE_WORDS, subject_words, subjects_of, what_silence_costs, why_never
from rules.number_words import FLAGS, LEFT_OUT, NUMBERS, WORDS, figures
from rules.number_words import subject_words as about
from rules.outcome import Finding, Level, Message, MessageKind, Number

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
BERLIN = Runner("Europe/Berlin")


def read(rule: str, numbers: Mapping[str, Number], runner: Runner = BERLIN) -> list[tuple[str, str]]:
    finding = Finding(rule, Level.NOTE, "date:2026-06-10", NOW, numbers)
    return [(one.label, one.value) for one in figures(finding, runner)]


def message(kind: MessageKind, findings: tuple[str, ...] = (), *, alert: bool = False) -> Message:
    return Message("k", kind, Level.WARN, "t", "t", NOW, NOW, NOW, findings, alert=alert)


def test_every_number_that_a_sentence_needs_has_a_name() -> None:
    source = inspect.getsource(headlines)
    names = re.findall(r'_number\(finding, "(\w+)"\)|numbers\.get\("(\w+)"|numbers\["(\w+)"\]', source)
    needed = {name for found in names for name in found if name}
    assert len(needed) > 20
    assert needed <= {*NUMBERS, *FLAGS, *WORDS, *LEFT_OUT, "ladder_step", "dimensions"}


@pytest.mark.parametrize(
    ("rule", "numbers", "words"),
    [
        ("R1", {"ratio": 1.244, "km": 13.0, "band": "10-30"}, [("This run", "13.0 km"), ("This run against it", "24 % more")]),
        ("R3", {"ratio": 2.44, "alone": 1}, [("Far above every recent week", "yes"), ("7 days against the usual week", "2.4 times as much")]),
        ("R4", {"descent_m": 419.6, "steep_min": 12.4, "only_steep": 0}, [("Down", "420 m"), ("Steep downhill", "12 min")]),
        ("R7", {"dimensions": "intensity+volume"}, [("Rose in 7 days", "speed and distance")]),
        ("R8", {"drift": -0.0431, "late": 1}, [("Steps, against your own at that speed", "4.3 % longer"), ("Only late in the run", "yes")]),
        ("P1", {"pain": 4, "reason": "limp"}, [("Pain", "4 of 10"), ("Because of", "a limp")]),
        ("P1", {"pain": "amber"}, [("Pain", "sore")]),
        ("P4", {"hours": 71.6}, [("Sore for", "72 h")]),
        ("P6", {"cause": "gave_way"}, [("What was told", "It gave way under me")]),
        ("P7", {"more_km": 2.0, "ladder_step": 5}, [("More than planned", "2.0 km"), ("Planned", "30 min easy running")]),
        ("S2", {"group": "q"}, [("Muscle group", "thigh")]),
        ("D1", {"moon_phase": 0.25, "mood": "good"}, [("Moon phase", "0.25"), ("Mood", "good")]),
    ],
)  # fmt: skip
def test_numbers_have_names_and_units(
    rule: str, numbers: Mapping[str, Number], words: list[tuple[str, str]]
) -> None:
    assert read(rule, numbers) == words


def test_distances_are_in_the_runners_unit() -> None:
    assert read("R1", {"km": 16.09344}, Runner("UTC", miles=True)) == [("This run", "10.0 mi")]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("run:2026-06-09T09:02:00+02:00", "the run of Tuesday, 09:02"),
        ("walk:2026-06-10T09:02:00+02:00", "the walk of today, 09:02"),
        ("date:2026-06-01", "1 June"),
        ("date:2026-06-08:bone", "Monday"),
        ("week:2026-W08", "week 8 of 2026"),
        ("episode:2025-06-08T23:30:00+00:00", "the sore days since 9 June 2025"),
    ],
)
def test_what_a_finding_is_about_is_said_as_people_say_it(subject: str, words: str) -> None:
    assert about(subject, BERLIN, NOW) == words


def test_what_may_be_muted_has_words_and_the_rest_a_reason() -> None:
    assert set(RULE_WORDS) == set(MUTABLE_RULES)
    assert subject_words("rule:R3") == "warnings about the week"
    assert {subject_words(f"kind:{kind}") for kind in MUTABLE_KINDS} >= {
        "strength reminders",
        "the weekly digest",
    }
    for kind in MessageKind:
        muteless = not list(subjects_of(message(kind)))
        assert bool(why_never(message(kind))) is muteless
        assert muteless is (kind not in MUTABLE_KINDS)
    warning = message(MessageKind.AFTER_RUN, ("R1|7|-|warn", "R1|7|-|note", "R2|7|-|note"), alert=True)
    assert list(subjects_of(warning)) == ["rule:R1", "rule:R2", "kind:after_run"]
    assert what_silence_costs("kind:morning").startswith("Without an answer nothing grows")
    assert what_silence_costs("kind:digest") == ""
