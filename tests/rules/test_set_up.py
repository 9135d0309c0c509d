"""What set-up proposes and says, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.assess import assess
from rules.facts import Activity, Family, History, PainReply, ReplyKind, Runner
from rules.policy import Policy
from rules.replay import replay
from rules.set_up import checklist_flags, ready_sentence, recent_flags, strength_days, word_about_age

RUNNER = Runner("Europe/Berlin")
POLICY = Policy()
SUNDAY = date(2026, 6, 14)


def run(when: date, km: float = 8.0) -> Activity:
    start = datetime(when.year, when.month, when.day, 9, tzinfo=UTC)
    return Activity(f"{when}", Family.RUN, "run", start, km * 1000, km * 360, km * 360)


def weeks(kms: dict[int, float], count: int = 8) -> list[Activity]:
    """The same week again and again, by weekday (0 is Monday), up to SUNDAY."""
    days = [SUNDAY - timedelta(days=back) for back in range(7 * count)]
    return [run(when, kms[when.weekday()]) for when in days if when.weekday() in kms]


def proposed(activities: Iterable[Activity]) -> tuple[str, ...]:
    return strength_days(activities, RUNNER, POLICY, SUNDAY)


def test_strength_falls_on_days_without_runs_and_not_before_the_long_one() -> None:
    # Wednesday and Friday are free too, but Friday comes before Saturday's long run.
    assert proposed(weeks({0: 6.0, 1: 6.0, 3: 6.0, 5: 16.0})) == ("Wed", "Sun")


def test_of_equally_good_days_the_usual_ones_are_proposed() -> None:
    assert proposed(weeks({0: 6.0, 2: 6.0, 6: 12.0})) == ("Tue", "Fri")


def test_the_two_days_are_never_neighbours() -> None:
    first, second = proposed(weeks({0: 5.0, 1: 5.0, 2: 5.0, 3: 5.0, 4: 5.0}))
    assert {first, second} != {"Sat", "Sun"}


def test_too_few_runs_say_nothing_about_the_week() -> None:
    assert proposed(weeks({1: 5.0}, count=3)) == ("Tue", "Fri")


def test_runs_of_long_ago_and_other_sports_do_not_count() -> None:
    old = [run(SUNDAY - timedelta(days=100 + 7 * back)) for back in range(20)]
    assert proposed(old) == ("Tue", "Fri")


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("none", ()),
        ("No", ()),
        ("operation", ("any",)),
        ("a fall", ("twist",)),
        ("fall and pregnancy", ("twist", "any")),
        ("maybe", None),
        ("", None),
        ("none, fall", None),
    ],
)
def test_what_lies_behind_is_read_as_items_of_the_checklist(text: str, flags: tuple[str, ...] | None) -> None:
    assert recent_flags(text) == flags


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("none", ()),
        ("yes", ("any",)),
        ("locked", ("locked",)),
        ("night pain", ("night",)),
        ("perhaps", None),
        ("", None),
    ],
)
def test_the_checklist_is_read_by_the_grammar_of_answers(text: str, flags: tuple[str, ...] | None) -> None:
    assert checklist_flags(text) == flags


@pytest.mark.parametrize(
    ("born", "pain", "word"),
    [
        (2012, 0, "Under 16 a sore knee needs a clinician, not an app."),
        (1960, 2, "After 50, knee pain that began without a cause is worth a clinician's look."),
        (1960, 0, ""),
        (1984, 5, ""),
    ],
)
def test_age_alone_is_worth_a_word_at_its_ends(born: int, pain: int, word: str) -> None:
    assert word_about_age(born, SUNDAY, pain) == word


def ready(activities: list[Activity], replies: tuple[PainReply, ...] = ()) -> str:
    now = datetime(2026, 6, 14, 18, 30, tzinfo=UTC)
    history = History(RUNNER, tuple(activities), replies)
    assessment = assess(history, POLICY, now)
    return ready_sentence(
        len(activities), replay(History(RUNNER, tuple(activities)), POLICY), assessment, RUNNER, now
    )


def test_the_past_is_told_with_a_count_and_one_example() -> None:
    usual = weeks({1: 6.0, 3: 6.0, 5: 10.0}, count=40)
    told = [run(when.start.date(), 16.0) if when.start.date() == date(2026, 3, 7) else when for when in usual]
    assert ready(told) == (
        "Ready. 120 runs read. Last year I would have written once, for example on 7 March: 16.0 km, 60 % beyond your "
        "longest in 30 days (10.0). Now: up to 10.0 km."
    )


def test_a_calm_year_is_told_as_such() -> None:
    text = ready(weeks({1: 6.0, 3: 6.0, 5: 10.0}, count=40))
    assert "Last year I would have written nothing but the weekly digest." in text


def test_without_runs_there_are_no_figures() -> None:
    assert ready([]) == "Ready. No runs read yet: the first weeks teach me what is usual for you."


def test_while_a_clinician_has_the_word_no_distance_is_offered() -> None:
    flagged = PainReply("f", datetime(2026, 6, 14, 18, tzinfo=UTC), ReplyKind.FLAG, flag="locked")
    text = ready(weeks({1: 6.0, 3: 6.0, 5: 10.0}, count=40), (flagged,))
    assert "up to" not in text
    assert "clinician" in text
