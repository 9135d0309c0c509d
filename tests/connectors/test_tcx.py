"""TCX files made for the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.formats.leg import Leg, Unreadable, activity_of
from connectors.formats.tcx import read_tcx
from rules.facts import Family
from rules.policy import Policy

START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)


def stamp(second: int) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"


def point(second: int, inner: str) -> str:
    return f"<Trackpoint><Time>{stamp(second)}</Time>{inner}</Trackpoint>"


def lap(first: int, seconds: int, metres: float, points: str = "") -> str:
    return (
        f'<Lap StartTime="{stamp(first)}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds>'
        f"<DistanceMeters>{metres}</DistanceMeters><Track>{points}</Track></Lap>"
    )


def activity(laps: str, sport: str = "Running") -> str:
    creator = "<Creator><Name>Watch 7</Name><UnitId>123456789</UnitId></Creator>"
    return f'<Activity Sport="{sport}"><Id>{stamp(0)}</Id>{laps}{creator}</Activity>'


def tcx(*activities: str) -> bytes:
    name = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    inner = "".join(activities)
    return f'<TrainingCenterDatabase xmlns="{name}"><Activities>{inner}</Activities></TrainingCenterDatabase>'.encode()


def run_points(seconds: range) -> str:
    return "".join(
        point(
            second,
            f"<DistanceMeters>{second * 3}</DistanceMeters><AltitudeMeters>{100 + second / 30}</AltitudeMeters>"
            "<HeartRateBpm><Value>151</Value></HeartRateBpm><Extensions><TPX xmlns='x'><Speed>3</Speed>"
            "<RunCadence>85</RunCadence></TPX></Extensions>",
        )
        for second in seconds
    )


def only(data: bytes) -> Leg:
    (leg,) = read_tcx(data)
    return leg


def test_lap_totals_of_the_device_are_the_totals() -> None:
    laps = lap(0, 295, 901.5, run_points(range(301))) + lap(301, 290, 880, run_points(range(301, 601)))
    leg = only(tcx(activity(laps)))
    assert leg.distance_m == 1781.5
    assert leg.moving_s == 585
    assert leg.elapsed_s == 600
    assert leg.mean_heart_rate_bpm == 151
    assert leg.mean_cadence_spm == 170, "per leg in the file"
    assert leg.device == "Watch 7"
    assert "123456789" not in repr(leg)
    made = activity_of(leg, "files", Policy())
    assert made.family is Family.RUN
    assert made.profile is not None
    assert made.profile.running.metres == pytest.approx(1800, rel=0.01)


def test_a_lap_without_samples_is_a_summary() -> None:
    leg = only(tcx(activity(lap(0, 1800, 5000))))
    assert (leg.start, leg.distance_m, leg.moving_s) == (START, 5000, 1800)
    assert activity_of(leg, "files", Policy()).series is None


def test_without_distances_positions_give_them_and_are_dropped() -> None:
    degree_m = 6_371_008.8 * 3.141592653589793 / 180
    points = "".join(
        point(
            second,
            f"<Position><LatitudeDegrees>{36 + second * 3 / degree_m:.8f}</LatitudeDegrees>"
            "<LongitudeDegrees>-33.0</LongitudeDegrees></Position>",
        )
        for second in range(301)
    )
    laps = (
        f'<Lap StartTime="{stamp(0)}"><TotalTimeSeconds>300</TotalTimeSeconds><Track>{points}</Track></Lap>'
    )
    leg = only(tcx(activity(laps)))
    assert leg.distance_m == pytest.approx(900, rel=0.001)
    assert "-33" not in repr(leg)


def test_several_activities_are_several_legs() -> None:
    legs = read_tcx(
        tcx(
            activity(lap(4000, 60, 100), "Biking"),
            activity(lap(0, 1800, 5000)),
            activity(lap(9000, 60, 90), "Other"),
        )
    )
    assert [leg.sport for leg in legs] == ["Running", "Biking", "Other"]
    families = [activity_of(leg, "files", Policy()).family for leg in legs]
    assert families == [Family.RUN, Family.OTHER, Family.OTHER]


def test_blanks_before_the_declaration_do_not_matter() -> None:
    data = b'<?xml version="1.0" encoding="UTF-8"?>' + tcx(activity(lap(0, 1800, 5000)))
    assert read_tcx(b" " * 10 + data) == read_tcx(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tcx(activity(lap(0, 60, 100, run_points(range(30)))))[:700], "the XML is broken or ends early"),
        (b"<gpx></gpx>", "it is not a TCX file"),
        (tcx(), "no activity with a time in it"),
        (tcx(activity("<Lap/>")), "no activity with a time in it"),
        (
            b"<TrainingCenterDatabase><Courses><Course/></Courses></TrainingCenterDatabase>",
            "a planned course or workout",
        ),
    ],
)
def test_what_holds_no_recording_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_tcx(data)
