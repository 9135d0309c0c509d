"""Files of real watches and services: each ends as the kit's index says (read, or refused with a clear line)."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.formats.fit import read_fit
from connectors.formats.leg import Unreadable
from connectors.sources.contract import SetAside, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from rules.facts import Family, TerrainClass
from rules.policy import Policy

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILES = DATA / "files"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
NOW = datetime(2026, 11, 1, tzinfo=UTC)

type Row = dict[str, str]


def index() -> list[Row]:
    if not DATA.is_dir():
        return []
    with (FILES / "index.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


ROWS = index()
BY_FILE = {row["file"]: row for row in ROWS}
# Lap sums and sums over points; a great circle on a sphere is up to 0.3 % off an ellipsoid.
KM_TOLERANCE = {"fit": 0.0005, "tcx": 0.0005, "gpx": 0.003}


def read(name: str) -> list[SourceItem]:
    return list(FilesSource([FILES / name], Policy(), NOW).fetch(None, frozenset()))


def records(name: str) -> list[SourceRecord]:
    """The records of a file, first leg first."""
    found = [item for item in read(name) if isinstance(item, SourceRecord)]
    return sorted(found, key=lambda record: int(record.external_id.rpartition(":")[2]))


def named(expected: str) -> Sequence[str]:
    return [row["file"] for row in ROWS if row["expected"] == expected]


@pytest.mark.parametrize("name", named("clear error"))
def test_what_is_no_activity_is_refused_with_one_clear_line(name: str) -> None:
    (item,) = read(name)
    assert isinstance(item, SetAside)
    assert item.origin == name
    assert item.reason.endswith(".")
    assert item.cure.endswith(".")
    assert "\n" not in item.reason + item.cure
    assert len(item.reason) < 120


@pytest.mark.parametrize("name", named("either"))
def test_what_is_damaged_is_refused_or_read_with_a_warning_and_true_numbers(name: str) -> None:
    row = BY_FILE[name]
    for item in read(name):
        if isinstance(item, SetAside):
            continue
        assert isinstance(item, SourceRecord)
        distance = item.activity.distance_m
        if not row["km"] and not row["records_km"]:
            assert distance is None
        assert item.warning or row["what"].startswith(("two complete", "run with foot pod"))


@pytest.mark.parametrize("name", named("ok"))
def test_a_whole_file_is_read_with_the_numbers_of_the_device(name: str) -> None:
    row = BY_FILE[name]
    found = records(name)
    assert found, read(name)
    activities = [record.activity for record in found]
    runs = [activity for activity in activities if activity.family is Family.RUN]
    tolerance = KM_TOLERANCE[row["format"]]

    late_s = (activities[0].start - datetime.fromisoformat(row["start_utc"])).total_seconds()
    assert 0 <= late_s <= 1, "an identifier may be a second older than the first lap"
    if row["run_km"]:
        assert sum(run.distance_m or 0 for run in runs) / 1000 == pytest.approx(
            float(row["run_km"]), rel=tolerance, abs=0.001
        )
    else:
        ran = row["sport"].lower() in ("running", "run")
        assert bool(runs) == ran
    if len(found) > 1:
        return
    (activity,) = activities
    km = row["km"] or row["records_km"]
    assert (activity.distance_m or 0) / 1000 == pytest.approx(float(km), rel=tolerance, abs=0.002)
    if row["seconds"]:
        assert activity.moving_s == pytest.approx(float(row["seconds"]), abs=0.6)
    else:
        assert activity.moving_s is None
    if row["elapsed_seconds"]:
        assert activity.elapsed_s == pytest.approx(float(row["elapsed_seconds"]), abs=0.1)
    if row["format"] == "fit":
        for told, expected in ((activity.ascent_m, row["ascent"]), (activity.descent_m, row["descent"])):
            assert told == (float(expected) if expected else None), "missing is not zero"
        rate = float(row["avg_hr"] or 0) or float(row["records_avg_hr"] or 0)
        assert (activity.mean_heart_rate_bpm or 0) == pytest.approx(rate, abs=0.06)
    else:
        assert activity.ascent_m is None, "a sum over raw points is no total of a device"
        assert bool(activity.mean_heart_rate_bpm) == (row["hr"] == "yes")
    offset = float(row["utc_offset_h"] or 99)
    if abs(offset) <= 14:
        assert activity.utc_offset_s == offset * 3600
    elif row["format"] == "fit":
        assert activity.utc_offset_s is None
    if activity.family is Family.RUN and row["avg_cadence_raw"]:
        assert activity.mean_cadence_spm == pytest.approx(2 * float(row["avg_cadence_raw"]), abs=2)


@pytest.mark.parametrize("name", [row["file"] for row in ROWS if row["file"].endswith(".fit")])
def test_the_fast_lane_reads_what_the_plain_decoder_reads(name: str) -> None:
    data = (FILES / name).read_bytes()
    try:
        fast = read_fit(data)
    except Unreadable as refusal:
        with pytest.raises(Unreadable, match=re.escape(refusal.reason)):
            read_fit(data, fast=False)
    else:
        assert fast == read_fit(data, fast=False)


def test_a_triathlon_is_the_same_with_its_sessions_first_or_last() -> None:
    first, last = records("fit_triathlon_summary_first.fit"), records("fit_triathlon_summary_last.fit")
    assert [record.activity for record in first] == [record.activity for record in last]
    assert [record.content_hash for record in first] == [record.content_hash for record in last]
    assert [record.activity.sport for record in first] == ["swimming", "cycling", "running"]


def test_developer_fields_do_not_stand_in_for_the_watch() -> None:
    (record,) = records("fit_run_stryd_no_ascent.fit")
    profile = record.activity.profile
    assert profile is not None
    assert sum(cell.metres for cell in profile.histogram.values()) == pytest.approx(6753.99, rel=0.001)
    assert record.activity.ascent_m is None
    assert record.activity.mean_heart_rate_bpm == pytest.approx(130.8, abs=0.1)


def test_the_memory_of_a_strap_fills_in_the_heart_rate() -> None:
    (leg,) = read_fit((FILES / "fit_swim_pool_fr735.fit").read_bytes())
    assert leg.samples is not None
    rates = [rate for rate in leg.samples.heart_rate_bpm if rate]
    assert len(rates) > 0.95 * len(leg.samples.time_s)
    assert max(rates) == leg.max_heart_rate_bpm == 161


def test_one_run_in_six_files_has_one_profile() -> None:
    names = [
        "fit_run_fenix2_9km.fit",
        "same_run_fenix2.fit.gz",
        "garmin_original_download.zip",
        "same_run_fenix2.gpx",
        "same_run_fenix2.tcx",
        "same_run_fenix2_strava.tcx.gz",
    ]
    found = [records(name)[0] for name in names]
    assert len({record.external_id for record in found[:3]}) == 1, "the same bytes are the same record"
    for record in found:
        activity = record.activity
        assert activity.start == datetime(2015, 8, 15, 14, 45, 8, tzinfo=UTC)
        assert activity.distance_m == pytest.approx(9008, rel=0.002)
        assert activity.mean_cadence_spm == pytest.approx(162, abs=1)
        profile = activity.profile
        assert profile is not None
        assert profile.terrain is TerrainClass.MEASURED
        assert profile.ascent_m == pytest.approx(68.5, abs=1), "not the 220 m of the raw points"
        assert profile.dh_m == pytest.approx(44, abs=2)
    assert found[0].activity.ascent_m == 64


def test_elevations_that_are_all_zero_were_not_measured() -> None:
    for name in ("gpx_8_tracks_elevation_zero.gpx", "gpx_8_tracks_no_elevation.gpx"):
        profile = records(name)[0].activity.profile
        assert profile is not None
        assert profile.terrain is TerrainClass.NONE
        assert profile.ascent_m is None


def test_a_watch_that_counts_from_its_power_up_is_placed_by_its_local_time() -> None:
    from zoneinfo import ZoneInfo

    source = FilesSource(
        [FILES / "fit_run_fr70_footpod.fit"], Policy(), NOW, zone=ZoneInfo("America/New_York")
    )
    (record,) = source.fetch(None, frozenset())
    assert isinstance(record, SourceRecord)
    local = record.activity.start.astimezone(ZoneInfo("America/New_York"))
    assert f"{local:%Y-%m-%d %H:%M}" == "2012-02-13 11:16"
    assert record.activity.utc_offset_s == -5 * 3600


def test_an_untyped_file_says_how_to_make_it_a_run() -> None:
    (record,) = records("gpx_walk_with_car.gpx")
    assert record.activity.family is Family.OTHER
    assert record.warning is not None
    assert "niggled activities set-sport ID run" in record.warning


def test_an_implausible_file_is_kept_and_says_that_it_counts_for_nothing() -> None:
    (record,) = records("gpx_impossible_speed.gpx")
    assert record.warning is not None
    assert "km/h is no pace on foot" in record.warning
    assert record.activity.profile is None


def test_a_second_import_decodes_nothing() -> None:
    first = FilesSource([FILES], Policy(), NOW)
    known = frozenset(
        item.external_id for item in first.fetch(None, frozenset()) if isinstance(item, SourceRecord)
    )
    steps: list[tuple[int, int]] = []
    again = FilesSource([FILES], Policy(), NOW, progress=lambda done, total: steps.append((done, total)))
    assert all(isinstance(item, SetAside) for item in again.fetch(None, known))
    assert again.already_known + len(named("clear error")) <= len(ROWS)
    assert again.already_known > 50
    assert steps[-1][0] == steps[-1][1] == len(ROWS) + 1
