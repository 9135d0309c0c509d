"""Strava's limits as pure arithmetic: what an answer says, and when the next request may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from connectors.sources.strava_limits import (
    Usage,
    after_refusal,
    at_present,
    next_day,
    next_quarter,
    pause,
    restored,
    saved,
    usage_of,
)

NOW = datetime(2026, 11, 2, 18, 7, 30, tzinfo=UTC)


def used(short: int, day: int = 0, at: datetime = NOW) -> Usage:
    return Usage(short, 100, day, 1000, at)


def headers(**values: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in values.items()})


def test_the_figures_of_reading_are_taken_where_both_are_told() -> None:
    told = headers(
        X_Ratelimit_Usage="70,303",
        X_Ratelimit_Limit="200,2000",
        X_Readratelimit_Limit="100,1000",
        X_Readratelimit_Usage="69, 302",
    )
    assert usage_of(told, NOW) == Usage(69, 100, 302, 1000, NOW)


def test_without_figures_of_reading_those_of_all_requests_are_taken() -> None:
    told = headers(
        x_ratelimit_usage="66,209",
        x_ratelimit_limit="200,2000",
        x_readratelimit_limit="100,1000",
        x_readratelimit_usage=",",
    )
    assert usage_of(told, NOW) == Usage(66, 200, 209, 2000, NOW)


@pytest.mark.parametrize(
    "told",
    [{}, {"X_RateLimit_Usage": "3,9"}, {"X_RateLimit_Usage": "a,b", "X_RateLimit_Limit": "200,2000"}],
)
def test_an_answer_without_figures_says_nothing(told: dict[str, str]) -> None:
    assert usage_of(headers(**told), NOW) is None


def test_limits_of_zero_say_nothing() -> None:
    assert usage_of(headers(X_RateLimit_Usage="0,0", X_RateLimit_Limit="0,0"), NOW) is None


def test_figures_survive_the_key_file() -> None:
    assert restored(saved(used(12, 340))) == used(12, 340)


@pytest.mark.parametrize("content", [None, [], {}, {"at": "soon"}, saved(used(1)) | {"short_limit": 0}])
def test_a_damaged_record_is_no_record(content: object) -> None:
    assert restored(content) is None


def test_a_quarter_hour_that_is_over_counts_for_nothing_but_the_day_goes_on() -> None:
    later = at_present(used(99, 400), NOW + timedelta(minutes=8))
    assert (later.short_used, later.day_used) == (0, 400)


def test_the_same_minutes_of_another_hour_are_another_quarter() -> None:
    assert at_present(used(99), NOW + timedelta(hours=1)).short_used == 0


def test_a_new_day_begins_at_midnight_utc() -> None:
    assert at_present(used(99, 999), datetime(2026, 11, 3, 0, 0, 1, tzinfo=UTC)).day_used == 0


@pytest.mark.parametrize(
    ("minute", "then"), [(0, "18:15"), (14, "18:15"), (15, "18:30"), (44, "18:45"), (59, "19:00")]
)
def test_quarters_begin_at_0_15_30_and_45(minute: int, then: str) -> None:
    assert f"{next_quarter(NOW.replace(minute=minute)):%H:%M}" == then


def test_listings_leave_two_requests_and_say_when_they_go_on() -> None:
    assert pause(used(97), NOW, "list") is None
    stop = pause(used(98), NOW, "list")
    assert stop is not None
    said, back = stop
    assert said == "Strava: 98 of 100 reads used; going on at 18:15 UTC"
    assert back == datetime(2026, 11, 2, 18, 15, 5, tzinfo=UTC)


def test_recordings_leave_three_tenths_of_each_window_to_listings() -> None:
    assert pause(used(69, 699), NOW, "samples") is None
    assert pause(used(70), NOW, "samples") is not None
    assert pause(used(0, 700), NOW, "samples") is not None
    assert pause(used(70, 700), NOW, "list") is None


def test_a_day_that_is_used_up_waits_for_midnight() -> None:
    stop = pause(used(3, 998), NOW, "list")
    assert stop is not None
    said, back = stop
    assert said == "Strava: 998 of 1000 reads of the day used; going on at 00:00 UTC"
    assert back == datetime(2026, 11, 3, 0, 0, 5, tzinfo=UTC)


def test_a_tiny_limit_still_lets_one_request_through() -> None:
    assert pause(Usage(0, 2, 0, 2, NOW), NOW, "list") is None
    assert pause(Usage(1, 2, 1, 2, NOW), NOW, "list") is not None


def test_after_too_many_requests_the_next_quarter_is_awaited_or_midnight() -> None:
    assert after_refusal(None, NOW) == next_quarter(NOW) + timedelta(seconds=5)
    assert after_refusal(used(100, 400), NOW) == next_quarter(NOW) + timedelta(seconds=5)
    assert after_refusal(used(100, 1000), NOW) == next_day(NOW) + timedelta(seconds=5)
