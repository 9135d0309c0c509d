import io
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta, timezone

import fitdecode
import pytest

from connectors.formats.fit_encode import crc16, encode_activity
from connectors.formats.gpx_write import encode_gpx
from connectors.formats.recording import Device, Recording, Samples

START = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)


def run_of(seconds=600, **changes):
    at_s = range(seconds + 1)
    samples = Samples(
        at_s=at_s,
        distance_m=[2.5 * second for second in at_s],
        speed_mps=[2.5] * len(at_s),
        altitude_m=[100 + second / 10 for second in at_s],
        heart_rate_bpm=[None if second < 5 else 140 for second in at_s],
        cadence_spm=[168] * len(at_s),
        latitude_deg=[0.001 + second * 2.5 / 111_194.93 for second in at_s],
        longitude_deg=[-30.0] * len(at_s),
    )
    facts = {
        "start": START,
        "elapsed_s": seconds,
        "utc_offset_s": 7200,
        "distance_m": 2.5 * seconds,
        "ascent_m": 60,
        "descent_m": 0,
        "mean_heart_rate_bpm": 140,
        "max_heart_rate_bpm": 141,
        "mean_cadence_spm": 168,
        "samples": samples,
    }
    return Recording(**{**facts, **changes})


def messages(data):
    """{message name: [{field: value}]}, with every checksum checked."""
    found = {}
    with fitdecode.FitReader(
        io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.RAISE
    ) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                values = {field.name: field.value for field in frame.fields if field.value is not None}
                found.setdefault(frame.name, []).append(values)
    return found


def test_a_recording_survives_the_way_into_a_fit_file_and_back():
    read = messages(encode_activity(run_of(device=Device(manufacturer=1, product=4315, serial_number=99))))
    assert read["file_id"][0]["type"] == "activity"
    assert read["file_id"][0]["manufacturer"] == "garmin"
    assert len(read["record"]) == 601
    last = read["record"][-1]
    assert last["timestamp"] == START + timedelta(seconds=600)
    assert last["distance"] == pytest.approx(1500)
    assert last["enhanced_speed"] == pytest.approx(2.5)
    assert last["enhanced_altitude"] == pytest.approx(160)
    assert last["heart_rate"] == 140
    assert last["cadence"] == 84, "a leg, not both feet"
    assert last["position_lat"] * 180 / 2**31 == pytest.approx(0.001 + 1500 / 111_194.93, abs=1e-7)
    assert "heart_rate" not in read["record"][0]


def test_the_session_holds_the_totals_and_leaves_out_what_is_not_known():
    read = messages(encode_activity(run_of(timer_s=580.5)))["session"][0]
    assert read["sport"] == "running"
    assert read["start_time"] == START
    assert (read["total_elapsed_time"], read["total_timer_time"], read["total_distance"]) == (
        600,
        580.5,
        1500,
    )
    assert (read["total_ascent"], read["total_descent"]) == (60, 0)
    assert (read["avg_heart_rate"], read["max_heart_rate"]) == (140, 141)
    assert read.get("avg_running_cadence", read.get("avg_cadence")) == 84

    unknown = messages(encode_activity(run_of(ascent_m=None, descent_m=None)))["session"][0]
    assert "total_ascent" not in unknown
    assert "total_descent" not in unknown


def test_the_local_time_tells_the_offset_of_the_place():
    read = messages(encode_activity(run_of(utc_offset_s=-5 * 3600)))["activity"][0]
    assert read["timestamp"] == START + timedelta(seconds=600)
    assert read["local_timestamp"].replace(tzinfo=None) - read["timestamp"].replace(tzinfo=None) == timedelta(
        hours=-5
    )
    assert "local_timestamp" not in messages(encode_activity(run_of(utc_offset_s=None)))["activity"][0]


def test_old_watches_write_speed_and_altitude_in_the_short_fields():
    last = messages(encode_activity(run_of(), enhanced=False))["record"][-1]
    assert last["speed"] == pytest.approx(2.5)
    assert last["altitude"] == pytest.approx(160)


def test_automatic_laps_add_up_to_the_way():
    laps = messages(encode_activity(run_of(lap_every_m=1000)))["lap"]
    assert [lap["total_distance"] for lap in laps] == [1000, 500]
    assert sum(lap["total_elapsed_time"] for lap in laps) == 600


def test_a_strength_session_is_a_file_without_records():
    read = messages(
        encode_activity(
            Recording(START, 1500, sport="training", sub_sport="strength_training", utc_offset_s=0)
        )
    )
    assert "record" not in read
    assert (read["session"][0]["sport"], read["session"][0]["sub_sport"]) == ("training", "strength_training")


def test_a_start_in_any_zone_is_written_in_utc():
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    assert encode_activity(run_of(start=tokyo)) == encode_activity(run_of())


def test_the_checksum_is_crc_16_arc():
    assert crc16(b"123456789") == 0xBB3D


def test_what_cannot_be_written_is_refused_in_words():
    with pytest.raises(ValueError, match="sport 'curling' is not one of"):
        encode_activity(run_of(sport="curling"))
    with pytest.raises(ValueError, match="aware"):
        encode_activity(run_of(start=START.replace(tzinfo=None)))
    with pytest.raises(ValueError, match="differ in length"):
        Samples(at_s=range(3), distance_m=[0.0, 1.0])
    with pytest.raises(ValueError, match="needs positions"):
        encode_gpx(run_of(samples=Samples(at_s=range(3))))


def test_a_gpx_track_carries_time_height_heart_rate_and_cadence_per_leg():
    root = ET.fromstring(encode_gpx(run_of(), name="Hills & more"))  # noqa: S314 (our own bytes)
    space = {
        "g": "http://www.topografix.com/GPX/1/1",
        "x": "http://www.garmin.com/xmlschemas/TrackPointExtension/v1",
    }
    points = root.findall(".//g:trkpt", space)
    assert root.findtext("g:trk/g:name", namespaces=space) == "Hills & more"
    assert root.findtext("g:trk/g:type", namespaces=space) == "running"
    assert len(points) == 601
    assert points[-1].findtext("g:time", namespaces=space) == "2026-03-01T07:40:00Z"
    assert points[-1].findtext("g:ele", namespaces=space) == "160.0"
    assert points[-1].findtext(".//x:hr", namespaces=space) == "140"
    assert points[-1].findtext(".//x:cad", namespaces=space) == "84"
    assert points[0].find(".//x:hr", space) is None


def test_a_gpx_track_may_be_untyped():
    assert b"<type>" not in encode_gpx(run_of(), kind=None)
