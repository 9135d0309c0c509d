"""GPX files made for the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.formats.gpx import read_gpx
from connectors.formats.gpx_write import encode_gpx
from connectors.formats.leg import Leg, Unreadable, activity_of
from connectors.formats.recording import Recording, Samples
from connectors.formats.track import LARGEST_XML_BYTES
from rules.facts import Family, TerrainClass
from rules.policy import Policy

START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)
DEGREE_M = 6_371_008.8 * 3.141592653589793 / 180


def point(second: int, metres: float, extra: str = "", time: str | None = None) -> str:
    at = f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}" if time is None else time
    stamp = f"<time>{at}</time>" if at else ""
    return f'<trkpt lat="{36 + metres / DEGREE_M:.8f}" lon="-33.0">{extra}{stamp}</trkpt>'


def track(points: str, kind: str = "<type>running</type>") -> str:
    return f"<trk><name>Morning</name>{kind}<trkseg>{points}</trkseg></trk>"


def gpx(*tracks: str) -> bytes:
    text = "".join(tracks)
    head = '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="Phone 3"'
    return f'{head} xmlns="http://www.topografix.com/GPX/1/1">{text}</gpx>'.encode()


def walked(seconds: range, speed_mps: float = 3.0, extra: str = "", first_m: float = 0.0) -> str:
    return "".join(
        point(second, first_m + (second - seconds[0]) * speed_mps, extra.format(second=second))
        for second in seconds
    )


def only(data: bytes) -> Leg:
    (leg,) = read_gpx(data)
    return leg


def test_distance_is_measured_along_the_points_and_positions_are_dropped() -> None:
    leg = only(gpx(track(walked(range(601), extra="<ele>{second}</ele>"))))
    assert leg.sport == "running"
    assert leg.start == START
    assert leg.distance_m == pytest.approx(1800, rel=0.0001)
    assert (leg.moving_s, leg.elapsed_s) == (600, 600)
    assert leg.title == "Morning"
    assert leg.device == "Phone 3"
    assert leg.ascent_m is None, "a sum over points is no total of a device"
    assert leg.utc_offset_s is None, "Z says nothing of the place"
    assert "-33" not in repr(leg)


def test_what_our_own_writer_makes_is_read_back() -> None:
    at_s = range(901)
    recording = Recording(
        start=START,
        elapsed_s=900,
        samples=Samples(
            at_s=at_s,
            altitude_m=[50 + second / 10 for second in at_s],
            heart_rate_bpm=[140] * 901,
            cadence_spm=[168] * 901,
            latitude_deg=[36 + second * 3 / DEGREE_M for second in at_s],
            longitude_deg=[-33.0] * 901,
        ),
    )
    leg = only(encode_gpx(recording))
    assert leg.distance_m == pytest.approx(2700, rel=0.001)
    assert leg.mean_cadence_spm == 168
    assert leg.mean_heart_rate_bpm == 140


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("<type>running</type>", Family.RUN),
        ("<type>run</type>", Family.RUN),
        ("<type>Run</type>", Family.RUN),
        ("<type>9</type>", Family.RUN),
        ("<type>trail_running</type>", Family.RUN),
        ("<type>walking</type>", Family.WALK),
        ("<type>10</type>", Family.WALK),
        ("<type>hiking</type>", Family.WALK),
        ("<type>4</type>", Family.WALK),
        ("<type>1</type>", Family.OTHER),
        ("<type>cycling</type>", Family.OTHER),
        ("", Family.OTHER),
    ],
)
def test_the_type_says_what_counts(kind: str, family: Family) -> None:
    leg = only(gpx(track(walked(range(61)), kind)))
    assert activity_of(leg, "files", Policy()).family is family


def test_an_untyped_track_keeps_its_series_and_says_how_to_make_it_a_run() -> None:
    leg = only(gpx(track(walked(range(301)), "")))
    assert leg.warning is not None
    assert "`niggled activities set-sport ID run`" in leg.warning
    assert activity_of(leg, "files", Policy()).series is not None


def test_points_without_time_cannot_be_placed_on_a_day() -> None:
    points = "".join(point(second, second * 3.0, time="") for second in range(60))
    with pytest.raises(Unreadable, match="only 0 of 60 points carry a time"):
        read_gpx(gpx(track(points)))


def test_one_point_without_time_costs_no_distance() -> None:
    points = point(0, 0) + point(1, 3, time="") + walked(range(2, 61), first_m=6.0)
    assert only(gpx(track(points))).distance_m == pytest.approx(6 + 58 * 3, rel=0.001)


def test_times_that_are_all_the_same_are_no_recording() -> None:
    points = "".join(point(0, second * 3.0) for second in range(60))
    with pytest.raises(Unreadable, match="all its points carry the same time"):
        read_gpx(gpx(track(points)))


def test_a_time_before_1970_is_refused_and_one_in_1970_is_left_to_the_rules() -> None:
    with pytest.raises(Unreadable, match="its times lie in the year 1901"):
        read_gpx(gpx(track(point(0, 0, time="1901-12-13T20:45:52.0000000Z"))))
    points = point(0, 0, time="1970-01-01T00:00:00Z") + point(1, 3, time="1970-01-01T00:00:01Z")
    assert only(gpx(track(points))).start.year == 1970


@pytest.mark.parametrize("elevation", ["", "<ele>0</ele>", "<ele>0.0</ele>"])
def test_without_elevation_or_with_nothing_but_zero_the_terrain_is_unknown(elevation: str) -> None:
    leg = only(gpx(track(walked(range(301), extra=elevation))))
    profile = activity_of(leg, "files", Policy()).profile
    assert profile is not None
    assert profile.terrain is TerrainClass.NONE
    assert profile.ascent_m is None


def test_cadence_is_of_both_feet_whichever_way_it_was_counted() -> None:
    for told in (84, 168):
        extra = f"<extensions><x:cad xmlns:x='y'>{told}</x:cad></extensions>"
        assert only(gpx(track(walked(range(61), extra=extra)))).mean_cadence_spm == 168


def test_a_time_with_an_offset_tells_the_place() -> None:
    points = point(0, 0, time="2026-05-03T08:30:00.250+02:00") + point(
        1, 3, time="2026-05-03T08:30:01.250+02:00"
    )
    leg = only(gpx(track(points)))
    assert leg.utc_offset_s == 7200
    assert leg.start == datetime(2026, 5, 3, 6, 30, 0, 250000, tzinfo=UTC)


def test_tracks_with_short_pauses_are_one_run_and_the_way_between_is_not_in_it() -> None:
    leg = only(gpx(track(walked(range(301))), track(walked(range(600, 901), first_m=5000))))
    assert leg.distance_m == pytest.approx(1800, rel=0.001)
    assert (leg.moving_s, leg.elapsed_s) == (600, 900)
    series = activity_of(leg, "files", Policy()).series
    assert series is not None
    assert sum(series.columns().step_cm) / 100 == pytest.approx(1800, rel=0.001)


def test_tracks_of_two_sports_or_half_a_day_apart_are_activities_of_their_own() -> None:
    sports = gpx(track(walked(range(61))), track(walked(range(120, 181)), "<type>walking</type>"))
    assert [leg.sport for leg in read_gpx(sports)] == ["running", "walking"]
    far = gpx(track(walked(range(43200, 43261))), track(walked(range(61))))
    assert [leg.start for leg in read_gpx(far)] == [START, START + timedelta(hours=12)], "in order of time"


def test_a_long_gap_inside_a_track_is_no_moving_time() -> None:
    leg = only(gpx(track(walked(range(301)) + walked(range(1300, 1601), first_m=900))))
    assert (leg.moving_s, leg.elapsed_s) == (600, 1600)


def test_totals_of_the_device_come_before_sums_over_points() -> None:
    totals = "<extensions><s:TrackStatsExtension xmlns:s='z'><s:Distance>1790</s:Distance><s:TimerTime>590</s:TimerTime>"
    totals += "<s:Ascent>21</s:Ascent><s:Descent>19</s:Descent></s:TrackStatsExtension></extensions>"
    leg = only(gpx(track(walked(range(601)), "<type>running</type>" + totals)))
    assert (leg.distance_m, leg.moving_s, leg.ascent_m, leg.descent_m) == (1790, 590, 21, 19)


def test_blanks_and_a_byte_order_mark_before_the_declaration_do_not_matter() -> None:
    data = gpx(track(walked(range(61))))
    assert read_gpx(b"          " + data) == read_gpx(b"\xef\xbb\xbf" + data) == read_gpx(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello", "the XML is broken or ends early"),
        (gpx(track(walked(range(61))))[:900], "the XML is broken or ends early"),
        (b"<?xml version='1.0' encoding='uuf-8'?><gpx></gpx>", "encoding"),
        (b"<kml></kml>", "it is not a GPX file"),
        (gpx("<wpt lat='1' lon='2'/>"), "no recorded points in it"),
        (gpx("<rte><rtept lat='1' lon='2'/></rte>"), "a planned route, not a recording"),
        (gpx(track("")), "no recorded points in it"),
        (gpx(track(point(0, 0))), "a single point is no activity"),
    ],
)
def test_what_holds_no_recording_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as refusal:
        read_gpx(data)
    assert refusal.value.cure


def test_an_entity_bomb_is_not_opened() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "aaaaaaaaaa">'
    bomb += b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 9))
    bomb += b"]><gpx>&i;</gpx>"
    with pytest.raises(Unreadable, match="declares XML entities"):
        read_gpx(bomb)


def test_a_file_over_50_mb_is_refused_unread() -> None:
    with pytest.raises(Unreadable, match="larger than 50 MB"):
        read_gpx(b" " * (LARGEST_XML_BYTES + 1))
