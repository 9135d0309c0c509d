"""Sleep, heart rate variability and resting heart rate, from either door, in every shape that "nothing" has."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.sources.garmin_client import Refused
from connectors.sources.garmin_nights import LOGIN_TABLES, PERSONAL_TABLES, NightTable, read_nights
from rules.facts import Night

DAY = date(2026, 5, 19)
SLEEP = "/sleep-service/sleep/dailySleepSummariesByDate"
HRV = "/hrv-service/hrv/daily/2026-05-19/2026-05-20"
SUMMARIES = "/usersummary-service/v2/dailysummaries"
STATISTICS = "/sleep-service/stats/sleep/daily/2026-05-19/2026-05-20"
PROFILE = "/userprofile-service/socialProfile"
RESTING = "/userstats-service/wellness/daily/anna%2Fk"

PERSONAL: dict[str, Any] = {
    SLEEP: [{"calendarDate": "2026-05-19", "sleepTimeSeconds": 27_540}],
    HRV: {"hrvSummaries": [{"calendarDate": "2026-05-19", "lastNightAvg": 46}]},
    SUMMARIES: {"data": [{"calendarDate": "2026-05-19", "heartRate": {"restingValue": 47, "minValue": 44}}]},
}
LOGIN: dict[str, Any] = {
    STATISTICS: {
        "individualStats": [{"calendarDate": "2026-05-19", "values": {"totalSleepTimeInSeconds": 27_540}}]
    },
    HRV: PERSONAL[HRV],
    PROFILE: {"displayName": "anna/k"},
    RESTING: {
        "allMetrics": {
            "metricsMap": {"WELLNESS_RESTING_HEART_RATE": [{"value": 47.0, "calendarDate": "2026-05-19"}]}
        }
    },
}
FULL = Night("2026-05-19", sleep_h=7.65, ln_rmssd=math.log(46), resting_heart_rate_bpm=47.0)


class Answers:
    """Garmin by path; an exception is raised. `asked` is every request."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, path: str, params: Mapping[str, str]) -> Any:
        self.asked.append((path, dict(params)))
        answer = self.answers.get(path)
        if isinstance(answer, ConnectorError):
            raise answer
        return answer


def nights(answers: Answers, tables: tuple[NightTable, ...] = PERSONAL_TABLES, days: int = 2) -> list[Night]:
    return list(read_nights(answers, tables, DAY, DAY + timedelta(days=days - 1)))


def test_the_official_door_tells_all_three_figures_in_three_requests() -> None:
    answers = Answers(PERSONAL)
    assert nights(answers) == [FULL]
    span = {"startDate": "2026-05-19", "endDate": "2026-05-20"}
    assert answers.asked == [(SLEEP, span), (HRV, {}), (SUMMARIES, span)]


def test_the_login_door_tells_the_same_and_has_to_ask_whose_it_is() -> None:
    answers = Answers(LOGIN)
    assert nights(answers, LOGIN_TABLES) == [FULL]
    assert answers.asked[-1] == (
        RESTING,
        {"fromDate": "2026-05-19", "untilDate": "2026-05-20", "metricId": "60"},
    )


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        [],
        {},
        [{"calendarDate": "2026-05-19", "sleepTimeSeconds": None}],
        [{"calendarDate": "2026-05-19", "sleepTimeSeconds": 0}],
        [{"calendarDate": None, "sleepTimeSeconds": 20_000}],
        [{"calendarDate": "2026-05-19", "sleepTimeSeconds": -1}],
        [{"calendarDate": "2026-05-19", "sleepTimeSeconds": 100_000}],
        [{"calendarDate": "2026-05-19", "sleepTimeSeconds": "7 h"}],
        [None],
    ],
)
def test_no_sleep_in_any_shape_is_no_night(nothing: Any) -> None:
    assert nights(Answers({SLEEP: nothing})) == []


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        {"hrvSummaries": None},
        {"hrvSummaries": []},
        {"hrvSummaries": [{"calendarDate": "2026-05-19", "lastNightAvg": None}]},
        {"hrvSummaries": [{"calendarDate": "2026-05-19", "lastNightAvg": 0}]},
    ],
)
def test_no_variability_in_any_shape_is_unknown(nothing: Any) -> None:
    assert nights(Answers(PERSONAL | {HRV: nothing}))[0].ln_rmssd is None


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        {"data": []},
        {"data": [{"calendarDate": "2026-05-19", "heartRate": None}]},
        {"data": [{"calendarDate": "2026-05-19", "heartRate": {"restingValue": None, "minValue": None}}]},
        {"data": [{"calendarDate": "2026-05-19", "heartRate": {"restingValue": 44, "minValue": 44}}]},
    ],
)
def test_a_resting_heart_rate_that_is_only_the_lowest_of_the_day_is_unknown(nothing: Any) -> None:
    assert nights(Answers(PERSONAL | {SUMMARIES: nothing}))[0].resting_heart_rate_bpm is None


def test_nights_without_a_figure_are_left_out_and_the_rest_is_in_order() -> None:
    rows = [{"calendarDate": f"2026-05-{day}", "sleepTimeSeconds": 25_200} for day in (20, 19, 18, 21)]
    assert [night.date for night in nights(Answers({SLEEP: rows}))] == ["2026-05-19", "2026-05-20"]


def test_long_ranges_are_asked_for_in_pieces_that_garmin_bears() -> None:
    answers = Answers({})
    nights(answers, days=90)
    spans = [(params["startDate"], params["endDate"]) for path, params in answers.asked if path == SLEEP]
    assert spans == [
        ("2026-05-19", "2026-06-18"),
        ("2026-06-19", "2026-07-19"),
        ("2026-07-20", "2026-08-16"),
    ]
    ranges = [path for path, _ in answers.asked if path.startswith("/hrv")]
    assert ranges[0] == "/hrv-service/hrv/daily/2026-05-19/2026-06-15"
    assert ranges[-1] == "/hrv-service/hrv/daily/2026-08-11/2026-08-16"
    assert len(ranges) == 4


def test_a_range_that_ends_before_it_begins_asks_for_nothing() -> None:
    answers = Answers(PERSONAL)
    assert nights(answers, days=0) == []
    assert answers.asked == []


@pytest.mark.parametrize("failure", [Refused(403), Refused(404), Refused(500), Broken("odd")])
def test_one_table_that_fails_does_not_cost_the_other_two(
    failure: ConnectorError, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        (night,) = nights(Answers(PERSONAL | {HRV: failure}), days=2)
    assert night == Night("2026-05-19", sleep_h=7.65, resting_heart_rate_bpm=47.0)
    assert [one.getMessage() for one in caplog.records] == [
        f"Garmin gives no heart rate variability: {failure}"
    ]


@pytest.mark.parametrize("odd", ["soup", {"message": "moved"}, 7])
def test_a_table_of_another_shape_fails_alone(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    (night,) = nights(Answers(PERSONAL | {SLEEP: odd}))
    assert (night.sleep_h, night.resting_heart_rate_bpm) == (None, 47.0)
    assert "Garmin gives no sleep: its answer has another shape than expected" in caplog.text


def test_a_profile_without_a_name_costs_only_the_resting_heart_rate(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (night,) = nights(Answers(LOGIN | {PROFILE: {}}), LOGIN_TABLES)
    assert (night.sleep_h, night.resting_heart_rate_bpm) == (7.65, None)
    assert "Garmin gives no resting heart rate: the profile names nobody" in caplog.text


def test_when_no_table_can_be_read_the_failure_is_told() -> None:
    with pytest.raises(Refused, match="HTTP 500"):
        nights(Answers(dict.fromkeys(PERSONAL, Refused(500))))


@pytest.mark.parametrize("shut", [NeedsLogin("login", "Run it."), Unavailable("too many")])
def test_a_door_that_is_shut_is_not_knocked_at_again(shut: ConnectorError) -> None:
    answers = Answers(PERSONAL | {SLEEP: shut})
    with pytest.raises(type(shut)):
        nights(answers)
    assert len(answers.asked) == 1
