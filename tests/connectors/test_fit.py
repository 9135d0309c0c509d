"""FIT files made for the test: what is whole, broken, chained or odd."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.formats.fit import BREAKS_OFF, DAMAGED, is_intact, read_fit
from connectors.formats.fit_encode import crc16, encode_activity
from connectors.formats.leg import Leg, Unreadable, activity_of
from connectors.formats.recording import Device, Recording, Samples
from rules.facts import Family, TerrainClass
from rules.policy import Policy

START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)
FIT_START = int((START - datetime(1989, 12, 31, tzinfo=UTC)).total_seconds())
MINUTES = 20


def recording(**changes: object) -> Recording:
    """Twenty minutes at 3 m/s over a hill, at 1 Hz."""
    at_s = range(MINUTES * 60 + 1)
    whole = Recording(
        start=START,
        elapsed_s=at_s[-1],
        utc_offset_s=7200,
        distance_m=at_s[-1] * 3.0,
        ascent_m=31,
        descent_m=29,
        mean_heart_rate_bpm=148,
        max_heart_rate_bpm=171,
        mean_cadence_spm=170,
        samples=Samples(
            at_s=at_s,
            distance_m=[second * 3.0 for second in at_s],
            speed_mps=[3.0] * len(at_s),
            altitude_m=[100 + min(second, 1200 - second) / 20 for second in at_s],
            heart_rate_bpm=[148] * len(at_s),
            cadence_spm=[170] * len(at_s),
        ),
        device=Device(manufacturer=1, product=3113, serial_number=987654321),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def only(data: bytes) -> Leg:
    (leg,) = read_fit(data)
    assert leg == read_fit(data, fast=False)[0]
    return leg


def message(
    local: int, number: int, fields: Sequence[tuple[int, int, int, str]], *rows: Sequence[int]
) -> bytes:
    """One definition (number, size, base type, struct code) and its data messages."""
    head = struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields))
    head += b"".join(struct.pack("BBB", *field[:3]) for field in fields)
    layout = "<B" + "".join(field[3] for field in fields)
    return head + b"".join(struct.pack(layout, local, *row) for row in rows)


def fit_file(*messages: bytes) -> bytes:
    body = b"".join(messages)
    head = struct.pack("<BBHI4s", 12, 0x10, 2132, len(body), b".FIT")
    return head + body + struct.pack("<H", crc16(head + body))


FILE_ID = message(0, 0, [(0, 1, 0, "B"), (1, 2, 0x84, "H")], [4, 1])
TIME, DISTANCE, HEART_RATE = (253, 4, 0x86, "I"), (5, 4, 0x86, "I"), (3, 1, 2, "B")


def session(*, start: int = FIT_START, sport: int = 1, sub_sport: int = 0, metres: int = 300) -> bytes:
    fields = [(253, 4, 0x86, "I"), (2, 4, 0x86, "I"), (7, 4, 0x86, "I"), (8, 4, 0x86, "I"), (9, 4, 0x86, "I")]
    fields += [(5, 1, 0, "B"), (6, 1, 0, "B")]
    return message(1, 18, fields, [start + 100, start, 100_000, 100_000, metres * 100, sport, sub_sport])


def test_a_run_is_read_with_totals_samples_and_the_local_offset() -> None:
    leg = only(encode_activity(recording()))
    assert leg.sport == "running"
    assert leg.start == START
    assert leg.utc_offset_s == 7200
    assert leg.distance_m == pytest.approx(3600)
    assert (leg.moving_s, leg.elapsed_s) == (1200, 1200)
    assert (leg.ascent_m, leg.descent_m) == (31, 29)
    assert (leg.mean_heart_rate_bpm, leg.max_heart_rate_bpm) == (148, 171)
    assert leg.mean_cadence_spm == 170, "both feet"
    assert leg.warning is None
    assert leg.samples is not None
    assert set(leg.samples.cadence_spm) == {170}


def test_the_device_is_named_without_its_serial_number() -> None:
    leg = only(encode_activity(recording()))
    assert leg.device == "garmin fr945"
    assert "987654321" not in repr(leg)


def test_what_the_runner_told_the_watch_is_read() -> None:
    leg = only(encode_activity(recording(effort=7, feel=75)))
    assert (leg.effort, leg.feel) == (7, 75)
    leg = only(encode_activity(recording()))
    assert (leg.effort, leg.feel) == (None, None)


def test_no_position_is_kept() -> None:
    samples = recording().samples
    assert samples is not None
    count = len(samples.at_s)
    placed = replace(samples, latitude_deg=[36.123456] * count, longitude_deg=[-33.654321] * count)
    leg = only(encode_activity(recording(samples=placed)))
    assert "36.12" not in repr(leg)
    assert "33.65" not in repr(leg)


def test_totals_that_the_watch_left_out_are_unknown_and_not_zero() -> None:
    leg = only(
        encode_activity(recording(ascent_m=None, descent_m=None, mean_heart_rate_bpm=None, utc_offset_s=None))
    )
    assert leg.ascent_m is None
    assert leg.descent_m is None
    assert leg.utc_offset_s is None
    assert leg.mean_heart_rate_bpm == 148, "taken from the samples"


def test_an_ascent_of_zero_stays_zero() -> None:
    assert only(encode_activity(recording(ascent_m=0))).ascent_m == 0


def test_an_average_heart_rate_of_zero_was_not_measured() -> None:
    samples = recording().samples
    assert samples is not None
    silent = replace(samples, heart_rate_bpm=None)
    leg = only(encode_activity(recording(mean_heart_rate_bpm=0, max_heart_rate_bpm=0, samples=silent)))
    assert leg.mean_heart_rate_bpm is None
    assert leg.max_heart_rate_bpm is None


@pytest.mark.parametrize("sub_sport", ["treadmill", "indoor_running", "virtual_activity"])
def test_a_run_on_a_machine_has_no_terrain(sub_sport: str) -> None:
    activity = activity_of(only(encode_activity(recording(sub_sport=sub_sport))), "files", Policy())
    assert activity.family is Family.RUN
    assert activity.indoor
    assert activity.ascent_m is None
    assert activity.profile is not None
    assert activity.profile.terrain is TerrainClass.NONE


def test_a_trail_run_is_a_run_outdoors() -> None:
    activity = activity_of(only(encode_activity(recording(sub_sport="trail"))), "files", Policy())
    assert activity.family is Family.RUN
    assert activity.sport == "trailrunning"
    assert not activity.indoor


def test_a_ride_keeps_neither_series_nor_cadence() -> None:
    activity = activity_of(only(encode_activity(recording(sport="cycling"))), "files", Policy())
    assert activity.family is Family.OTHER
    assert activity.series is None
    assert activity.mean_cadence_spm is None


def test_strength_training_is_strength() -> None:
    leg = only(encode_activity(recording(sport="training", sub_sport="strength_training", samples=None)))
    assert activity_of(leg, "files", Policy()).family is Family.STRENGTH


def test_a_generic_sport_counts_for_nothing_and_says_how_to_change_that() -> None:
    leg = only(encode_activity(recording(sport="generic")))
    activity = activity_of(leg, "files", Policy())
    assert activity.family is Family.OTHER
    assert activity.series is not None, "so that it can still become a run"
    assert leg.warning is not None
    assert "niggled activities set-sport ID run" in leg.warning


def test_what_is_no_fit_file_is_refused() -> None:
    with pytest.raises(Unreadable, match="not a FIT file"):
        read_fit(b"GIF89a" + bytes(100))
    with pytest.raises(Unreadable, match="0 bytes"):
        read_fit(b"")


def test_a_file_that_breaks_off_keeps_what_was_complete() -> None:
    whole = encode_activity(recording())
    leg = only(whole[: len(whole) * 2 // 3])
    assert leg.warning is not None
    assert leg.warning.startswith("the file breaks off: kept what was complete")
    assert "set-sport" in leg.warning, "the sport would have stood in the session at the end"
    assert leg.distance_m == pytest.approx(2400, rel=0.03)


def test_a_wrong_checksum_is_told() -> None:
    data = bytearray(encode_activity(recording()))
    data[len(data) // 2] ^= 0x01
    leg = only(bytes(data))
    assert leg.warning == DAMAGED
    assert DAMAGED.endswith("import the original again if there is one")
    assert is_intact(encode_activity(recording()))


def test_chained_activities_are_two() -> None:
    second = recording(start=START + timedelta(hours=9), distance_m=1800)
    legs = read_fit(encode_activity(recording()) + encode_activity(second))
    assert [leg.start for leg in legs] == [START, START + timedelta(hours=9)]
    assert [leg.distance_m for leg in legs] == [3600, 1800]


def test_rubbish_after_a_whole_activity_does_not_cost_it() -> None:
    leg = only(encode_activity(recording()) + b"\x0e\x10rubbish of some length")
    assert leg.distance_m == 3600
    assert leg.warning == BREAKS_OFF


def test_a_settings_file_is_no_activity() -> None:
    settings = fit_file(message(0, 0, [(0, 1, 0, "B")], [2]))
    with pytest.raises(Unreadable, match="type settings, not an activity"):
        read_fit(settings)
    assert only(settings + encode_activity(recording())).distance_m == 3600, "and costs no other its place"


def test_a_multisport_file_has_one_leg_a_sport_and_no_transition() -> None:
    records = message(2, 20, [TIME, DISTANCE], *([FIT_START + second, second * 300] for second in range(300)))
    legs = read_fit(
        fit_file(
            FILE_ID,
            session(sport=2, metres=300),
            session(sport=3, start=FIT_START + 100),
            session(sport=1, start=FIT_START + 200, metres=297),
            records,
        )
    )
    assert [leg.sport for leg in legs] == ["cycling", "running"]
    run = legs[1]
    assert run.samples is not None
    assert run.samples.time_s[0] == FIT_START + 200
    assert len(run.samples.time_s) == 100


def test_compressed_timestamps_are_read() -> None:
    records = message(2, 20, [TIME, DISTANCE], [FIT_START, 0])
    records += message(3, 20, [DISTANCE])
    low = FIT_START & 0x1F
    for second in range(1, 60):
        records += struct.pack("<BI", 0x80 | 3 << 5 | (low + second) & 0x1F, second * 300)
    leg = only(fit_file(FILE_ID, records, session()))
    assert leg.samples is not None
    assert list(leg.samples.time_s) == [FIT_START + second for second in range(60)]
    assert leg.samples.distance_m[-1] == pytest.approx(177)


def test_definitions_that_take_turns_are_read_in_order() -> None:
    records = message(2, 20, [TIME, DISTANCE], [FIT_START, 0]) + message(3, 20, [TIME, DISTANCE, HEART_RATE])
    for second in range(1, 200):
        if second % 3:
            records += struct.pack("<BII", 2, FIT_START + second, second * 300)
        else:
            records += struct.pack("<BIIB", 3, FIT_START + second, second * 300, 150)
    leg = only(fit_file(FILE_ID, records, session()))
    assert leg.samples is not None
    assert list(leg.samples.time_s) == [FIT_START + second for second in range(200)]
    assert leg.mean_heart_rate_bpm == 150


def test_values_that_were_not_measured_are_none() -> None:
    rows = [[FIT_START + second, 0xFFFFFFFF if second == 5 else second * 300, 0xFF] for second in range(10)]
    leg = only(fit_file(FILE_ID, message(2, 20, [TIME, DISTANCE, HEART_RATE], *rows), session()))
    assert leg.samples is not None
    assert leg.samples.distance_m[5] is None
    assert set(leg.samples.heart_rate_bpm) == {None}
    assert leg.mean_heart_rate_bpm is None


def test_without_a_session_the_records_speak() -> None:
    records = message(2, 20, [TIME, DISTANCE], *([FIT_START + second, second * 300] for second in range(120)))
    leg = only(fit_file(FILE_ID, records))
    assert leg.sport == ""
    assert leg.distance_m == pytest.approx(357)
    assert leg.elapsed_s == 119
    assert leg.warning is not None
    assert leg.warning.startswith("the recording was never closed")


def test_a_session_of_one_sample_is_no_activity() -> None:
    records = message(2, 20, [TIME, DISTANCE], [FIT_START, 300])
    with pytest.raises(Unreadable, match="no session and too few samples"):
        read_fit(fit_file(FILE_ID, records))


def test_a_time_that_cannot_be_placed_on_a_day_is_no_activity() -> None:
    records = message(2, 20, [TIME, DISTANCE], *([1000 + second, second * 300] for second in range(60)))
    with pytest.raises(Unreadable):
        read_fit(fit_file(FILE_ID, records, session(start=1000)))
