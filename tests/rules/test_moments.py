"""When the clock alone may change what is to be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fakes.talk import assessed
from hypothesis import given
from hypothesis import strategies as some

from rules.facts import PromptKind, Runner
from rules.moments import next_moment
from rules.outcome import PromptWanted
from rules.policy import Policy

BERLIN = ZoneInfo("Europe/Berlin")
RUNNER = Runner(timezone="Europe/Berlin")
POLICY = Policy()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of June 2026 in Berlin; the 8th is a Monday, the 14th a Sunday."""
    return datetime(2026, 6, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(8, 9), at(8, 17)),
        (at(8, 17), at(9, 0)),
        (at(8, 16, 59), at(8, 17)),
        (at(14, 17, 30), at(14, 18)),
        (at(14, 18), at(15, 0)),
    ],
)
def test_the_reminder_the_digest_and_midnight_are_moments(now: datetime, expected: datetime) -> None:
    assert next_moment(assessed(now), POLICY, RUNNER, now.astimezone(UTC)) == expected


def test_a_question_that_becomes_due_is_a_moment_and_one_that_was_is_none() -> None:
    now = at(8, 9).astimezone(UTC)
    prompts = tuple(
        PromptWanted(PromptKind.MORNING, due, due + timedelta(hours=6), "Knee?")
        for due in (now - timedelta(hours=1), now, now + timedelta(minutes=10))
    )
    seen = replace(assessed(now), prompts=prompts)
    assert next_moment(seen, POLICY, RUNNER, now) == now + timedelta(minutes=10)


def test_the_hour_of_the_reminder_is_the_runners_own() -> None:
    policy = replace(POLICY, strength=replace(POLICY.strength, nudge="06:15"))
    now = at(8, 1).astimezone(UTC)
    assert next_moment(assessed(now), policy, RUNNER, now) == at(8, 6, 15)


@given(some.integers(0, 366 * 24 * 60))
def test_there_is_always_a_moment_within_a_day_even_on_the_long_one(minutes: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    moment = next_moment(assessed(now), POLICY, RUNNER, now)
    assert now < moment <= now + timedelta(hours=25)
