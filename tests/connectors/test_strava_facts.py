"""Rows of Strava's listing as legs, and streams as samples."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes.answers_of_strava import NOW, row

from connectors.formats.leg import Leg, activity_of, content_hash
from connectors.formats.strava_export import Row, rows
from connectors.sources.door import Listed, Unread
from connectors.sources.strava_facts import HIDDEN_START, STREAMS, listed, samples_of
from rules.facts import Activity
from rules.policy import Policy

POLICY = Policy()


def read(**fields: Any) -> Leg:
    told = listed(row(**fields), POLICY.sport)
    assert isinstance(told, Listed)
    return told.leg


def reason(content: object) -> str:
    told = listed(content, POLICY.sport)
    assert isinstance(told, Unread)
    return told.reason


def activity(**fields: Any) -> Activity:
    return activity_of(read(**fields), "strava", POLICY)


def test_a_run_is_read_with_all_that_the_rules_ask_for() -> None:
    assert read(start=datetime(2026, 5, 3, 6, 30, tzinfo=UTC)) == Leg(
        sport="Run",
        start=datetime(2026, 5, 3, 6, 30, tzinfo=UTC),
        distance_m=10_000.0,
        moving_s=3600.0,
        elapsed_s=3700.0,
        utc_offset_s=3600,
        ascent_m=80.0,
        mean_heart_rate_bpm=146.8,
        max_heart_rate_bpm=171.0,
        mean_cadence_spm=165.0,
        device="Garmin Forerunner 255",
        title="Morning Run",
    )


def test_an_export_and_the_listing_tell_the_same_of_one_run() -> None:
    header = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Elapsed Time,Moving Time,"
        "Distance,Elevation Gain,Max Heart Rate,Average Heart Rate,Average Cadence,From Upload,Competition\n"
    )
    line = (
        '9001,"May 3, 2026, 6:30:00 AM",Hills, Trail Run,3700,10.00,3700.0,3600.0,10000.0,80.0,171.0,146.8,'
        "82.5,1.0,1.0\n"
    )
    (exported,) = rows(io.BytesIO((header + line).encode()), POLICY.sport)
    assert isinstance(exported, Row)
    told = read(
        start=datetime(2026, 5, 3, 6, 30, tzinfo=UTC),
        name="Hills ",
        sport_type="TrailRun",
        workout_type=1,
        # An export has these only where it has the file of the watch.
        utc_offset=None,
        device_name=None,
    )
    one, other = (activity_of(leg, "strava", POLICY) for leg in (exported.leg, told))
    assert one == other
    assert content_hash(one) == content_hash(other)


def test_the_offset_is_the_real_one_and_the_start_is_not_the_local_time_marked_z() -> None:
    told = read(
        start_date="2026-07-01T10:00:00Z",
        start_date_local="2026-07-01T06:00:00Z",
        timezone="(GMT-05:00) America/New_York",
        utc_offset=-14400.0,
    )
    assert (told.start, told.utc_offset_s) == (datetime(2026, 7, 1, 10, tzinfo=UTC), -14400)


def test_an_impossible_offset_is_not_known() -> None:
    assert read(utc_offset=1e9).utc_offset_s is None
    assert read(utc_offset="3600").utc_offset_s is None


def test_the_older_field_of_the_sport_stands_in_for_the_newer() -> None:
    content = row()
    del content["sport_type"]
    told = listed(content, POLICY.sport)
    assert isinstance(told, Listed)
    assert told.leg.sport == "Run"


def test_no_climb_is_known_of_an_entry_by_hand() -> None:
    told = read(manual=True, total_elevation_gain=0.0)
    assert told.manual
    assert told.ascent_m is None


def test_strava_never_tells_a_descent() -> None:
    assert read().descent_m is None


def test_a_treadmill_has_no_hills() -> None:
    told = activity(trainer=True, total_elevation_gain=12.0)
    assert (told.indoor, told.ascent_m) == (True, None)


@pytest.mark.parametrize("race", [1, 1.0, "1"])
def test_a_race_is_known_in_each_spelling(race: object) -> None:
    assert read(workout_type=race).race


@pytest.mark.parametrize("other", [None, 0, 2, 3, "0", 11])
def test_a_long_run_or_a_workout_is_no_race(other: object) -> None:
    assert not read(workout_type=other).race


def test_type_1_of_a_ride_is_no_race_on_foot() -> None:
    assert not read(sport_type="Ride", workout_type=1).race


def test_cadence_is_doubled_on_foot_only() -> None:
    assert read(sport_type="Hike", average_cadence=55).mean_cadence_spm == 110
    assert read(sport_type="Ride", average_cadence=90).mean_cadence_spm is None


def test_a_heart_rate_of_zero_was_not_measured() -> None:
    told = read(average_heartrate=0, max_heartrate=0)
    assert (told.mean_heart_rate_bpm, told.max_heart_rate_bpm) == (None, None)


@pytest.mark.parametrize("name", ["id", "start_date", "distance", "moving_time", "elapsed_time"])
def test_a_renamed_field_is_noticed(name: str) -> None:
    content = row()
    content[f"{name}_new"] = content.pop(name)
    assert reason(content) == f"the field {name} is missing"


def test_a_missing_sport_is_noticed() -> None:
    content = row()
    del content["sport_type"], content["type"]
    assert reason(content) == "the field sport_type is missing"


def test_all_missing_fields_are_named() -> None:
    assert reason({"id": 1, "type": "Run", "start_date": "2026-05-03T06:30:00Z"}) == (
        "the fields distance, moving_time, elapsed_time are missing"
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"distance": "10 km"}, "the field distance is '10 km'"),
        ({"distance": -1.0}, "the field distance is -1.0"),
        ({"distance": math.nan}, "the field distance is nan"),
        ({"moving_time": math.inf}, "the field moving_time is inf"),
        ({"elapsed_time": True}, "the field elapsed_time is True"),
        ({"start_date": "yesterday"}, "the field start_date is 'yesterday'"),
        ({"start_date": 1_777_777_777}, "the field start_date is 1777777777"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "the field start_date is '0001-01-01T00:00:00+14:00'"),
        ({"sport_type": 5}, "the field sport_type is 5"),
        ({"id": "../athlete"}, "its id is no number"),
        ({"id": None}, "its id is no number"),
    ],
)
def test_what_makes_no_sense_is_set_aside_with_the_reason(fields: dict[str, Any], said: str) -> None:
    assert reason(row() | fields) == said


@pytest.mark.parametrize("content", [None, 3, "run", ["run"]])
def test_a_row_that_is_no_object_is_set_aside(content: object) -> None:
    assert listed(content, POLICY.sport) == Unread("", "it is no object")


def test_a_row_that_is_set_aside_keeps_its_id() -> None:
    assert listed(row(5, distance="far"), POLICY.sport) == Unread("9005", "the field distance is 'far'")


def test_lengths_that_are_null_are_not_known() -> None:
    assert read(distance=None).distance_m is None


def test_a_strange_heart_rate_does_not_cost_the_run() -> None:
    told = read(average_heartrate="high", average_cadence=-3)
    assert (told.distance_m, told.mean_heart_rate_bpm, told.mean_cadence_spm) == (10_000.0, None, None)
    assert told.warning == "left out as nonsense: average_cadence, average_heartrate"


def test_a_hidden_start_time_is_said() -> None:
    told = read(start_date="2026-05-02T23:00:01Z", utc_offset=3600)
    assert told.warning == HIDDEN_START
    assert read().warning is None


def test_what_is_kept_of_a_row_has_no_positions_places_or_people() -> None:
    told = listed(
        row(
            start_latitude=52.5,
            start_longitude=13.4,
            photos={"url": "x"},
            elev_high=30.5,
            average_temp=math.nan,
        ),
        POLICY.sport,
    )
    assert isinstance(told, Listed)
    for word in (b"52.5", b"13.4", b"Berlin", b"Anna", b"qwertz", b"photos", b"NaN"):
        assert word not in told.raw
    kept = json.loads(told.raw)
    assert kept["name"] == "Morning Run"
    assert kept["elev_high"] == 30.5
    assert kept["manual"] is False


def test_positions_are_never_asked_for() -> None:
    assert set(STREAMS) == {"time", "distance", "altitude", "velocity_smooth", "heartrate", "cadence"}


def test_streams_become_samples_with_the_cadence_of_both_feet() -> None:
    leg = samples_of(
        {
            "time": [0, 1, 2],
            "distance": [0.0, 3.0, 6.1],
            "altitude": [10.0, None, 10.4],
            "velocity_smooth": [0, 3, 3],
            "heartrate": [90, 91, 92],
            "cadence": [80, 82, "x"],
        },
        activity(),
    )
    assert leg is not None
    assert leg.samples is not None
    assert leg.samples.time_s == [0.0, 1.0, 2.0]
    assert leg.samples.distance_m == [0.0, 3.0, 6.1]
    assert leg.samples.altitude_m == [10.0, None, 10.4]
    assert leg.samples.cadence_spm == [160.0, 164.0, None]
    assert leg.samples.heart_rate_bpm == [90.0, 91.0, 92.0]


def test_samples_without_a_time_are_left_out_in_every_stream() -> None:
    leg = samples_of({"time": [0, None, 2], "distance": [0, 3, 6], "heartrate": [90, 91, 92]}, activity())
    assert leg is not None
    assert leg.samples is not None
    assert leg.samples.time_s == [0.0, 2.0]
    assert leg.samples.distance_m == [0.0, 6.0]
    assert leg.samples.heart_rate_bpm == [90.0, 92.0]


def test_a_stream_of_another_length_is_left_out() -> None:
    leg = samples_of({"time": [0, 1, 2], "distance": [0, 3, 6], "altitude": [10, 11]}, activity())
    assert leg is not None
    assert leg.samples is not None
    assert leg.samples.altitude_m == []


@pytest.mark.parametrize(
    "streams",
    [
        {},
        {"distance": [0, 1]},
        {"time": []},
        {"time": [0, 1], "heartrate": [90, 91]},
        {"time": [None, None], "distance": [0, 1]},
        {"time": None, "distance": None},
    ],
)
def test_without_times_or_any_progress_there_are_no_samples(streams: dict[str, Any]) -> None:
    assert samples_of(streams, activity()) is None


def test_a_recording_says_nothing_but_its_samples() -> None:
    run = activity(start=NOW)
    leg = samples_of({"time": [0, 1], "velocity_smooth": [3, 3]}, run)
    assert leg is not None
    assert (leg.start, leg.distance_m, leg.ascent_m, leg.device) == (NOW, None, None, None)
