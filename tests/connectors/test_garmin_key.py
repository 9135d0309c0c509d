"""Keys of the Personal API: their shape, which one is used, and the countdown to their end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.sources.garmin_key import (
    fingerprint,
    key_countdown,
    key_problem,
    no_key,
    usable_keys,
    with_refusal,
)

ENDS = date(2026, 12, 3)
SAVED, CONFIGURED = "key-saved-111", "key-configured-222"


def reminders(validity_days: int | None) -> dict[int, int | None]:
    days = range(-1, 20)
    return {left: key_countdown(ENDS, validity_days, ENDS - timedelta(days=left)).reminder for left in days}


@pytest.mark.parametrize("validity_days", [None, 90, 365])
def test_the_end_of_a_key_is_announced_two_weeks_and_three_days_before(validity_days: int | None) -> None:
    told = reminders(validity_days)
    assert {left for left, reminder in told.items() if reminder == 14} == set(range(4, 15))
    assert {left for left, reminder in told.items() if reminder == 3} == {0, 1, 2, 3}
    assert {left for left, reminder in told.items() if reminder is None} == {-1, *range(15, 20)}


def test_a_key_of_a_month_is_announced_later() -> None:
    told = reminders(30)
    assert {left for left, reminder in told.items() if reminder == 5} == {2, 3, 4, 5}
    assert {left for left, reminder in told.items() if reminder == 1} == {0, 1}


def test_the_countdown_tells_the_days_that_are_left() -> None:
    countdown = key_countdown(ENDS, None, date(2026, 11, 30))
    assert (countdown.ends, countdown.days_left) == (ENDS, 3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "There is nothing there."),
        (" \n ", "There is nothing there."),
        ("abc def ghi jkl", "A key has no blanks in it."),
        ("first-line-1\nsecond-line-2", "A key is one line."),
        ("schlüssel-12345", "A key has only plain letters, digits and signs."),
        ("short", "A key is longer than that."),
        ("x" * 5000, "A key is shorter than that."),
    ],
)
def test_a_text_that_is_no_key_is_told_why(text: str, problem: str) -> None:
    assert key_problem(text) == problem


def test_a_key_may_have_blanks_around_it() -> None:
    assert key_problem(f"  {SAVED}\n") is None


@pytest.mark.parametrize(
    ("saved", "configured", "expected"),
    [
        ({"api_key": SAVED}, CONFIGURED, [SAVED, CONFIGURED]),
        ({"api_key": SAVED}, None, [SAVED]),
        ({}, f"{CONFIGURED}\n", [CONFIGURED]),
        ({"api_key": SAVED}, SAVED, [SAVED]),
        ({"api_key": SAVED, "refused": [fingerprint(SAVED)]}, CONFIGURED, [CONFIGURED]),
        ({"api_key": SAVED, "refused": [fingerprint(SAVED)]}, SAVED, []),
        ({"api_key": "", "refused": None}, " ", []),
    ],
)
def test_the_saved_key_comes_first_and_a_refused_one_never(
    saved: dict[str, Any], configured: str | None, expected: list[str]
) -> None:
    assert list(usable_keys(saved, configured)) == expected


def test_refusals_are_remembered_as_fingerprints_and_not_for_ever() -> None:
    refused: list[str] = []
    for number in range(8):
        refused = with_refusal({"refused": refused}, f"key-number-{number}")
    assert refused == [fingerprint(f"key-number-{number}") for number in range(3, 8)]
    assert "key-number" not in str(refused)
    assert with_refusal({"refused": refused}, "key-number-3")[-1] == fingerprint("key-number-3")


def test_no_key_at_all_and_no_good_key_are_two_things() -> None:
    assert (no_key({}, None).reason, str(no_key({}, None))) == ("login", "There is no key for Garmin yet.")
    spent = no_key({"api_key": SAVED}, None)
    assert spent.reason == "key_expired"
    assert "Garmin Connect on the web → Settings → Personal API" in spent.cure
    assert "niggled login garmin" in spent.cure
