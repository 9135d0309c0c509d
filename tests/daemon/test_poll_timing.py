"""When a source is asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from daemon.jobs.poll_timing import LATEST, after_pacing, next_look, next_probe, next_try

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def middle() -> float:
    return 0.5


def test_looks_are_spread_by_a_tenth_so_that_no_two_daemons_ask_in_step() -> None:
    draw = Random(1).random
    waits = [next_look(NOW, 15 * MINUTE, draw) - NOW for _ in range(200)]
    assert 13.5 * MINUTE <= min(waits) < 14 * MINUTE
    assert 16 * MINUTE < max(waits) <= 16.5 * MINUTE


@pytest.mark.parametrize(
    ("lasted", "wait"),
    [
        (timedelta(), 5 * MINUTE),
        (5 * MINUTE, 5 * MINUTE),
        (40 * MINUTE, 40 * MINUTE),
        (2 * HOUR, 2 * HOUR),
        (5 * HOUR, HOUR),
        (7 * HOUR, 6 * HOUR),
        (90 * HOUR, 6 * HOUR),
        (-48 * HOUR, 5 * MINUTE),
    ],
)
def test_the_longer_an_outage_lasts_the_later_is_the_next_try(lasted: timedelta, wait: timedelta) -> None:
    assert next_try(NOW, NOW - lasted, None, middle) == NOW + wait


def test_in_an_outage_of_a_day_the_service_is_asked_eleven_times() -> None:
    at, tries = NOW, 0
    while at < NOW + 24 * HOUR:
        tries += 1
        at = next_try(at, NOW, None, middle)
    assert tries == 11


def test_a_service_that_says_when_is_not_asked_before_and_not_believed_for_longer_than_a_day() -> None:
    assert next_try(NOW, NOW, NOW + 2 * HOUR, middle) == NOW + 2 * HOUR
    assert next_try(NOW, NOW, NOW - HOUR, middle) == NOW + 5 * MINUTE
    assert next_try(NOW, NOW, NOW + 9000 * HOUR, middle) == NOW + LATEST


def test_pacing_ends_when_it_ends_but_never_at_once() -> None:
    assert after_pacing(NOW, NOW + 7 * MINUTE, middle) == NOW + 7 * MINUTE
    assert after_pacing(NOW, NOW - HOUR, middle) == NOW + MINUTE
    assert after_pacing(NOW, None, middle) == NOW + 15 * MINUTE


def test_a_refused_login_is_tried_once_a_day() -> None:
    assert next_probe(NOW, middle) == NOW + 24 * HOUR
