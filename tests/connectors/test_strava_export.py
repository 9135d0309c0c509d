"""The Strava bulk export: its table, its files, and three real pasts."""

from __future__ import annotations

import csv
import gzip
import io
import json
import locale
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Device, Recording, Samples
from connectors.formats.strava_export import parsed_date
from connectors.sources.contract import SetAside, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from rules.facts import Activity, Family
from rules.policy import Policy

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)
HEADER = [
    "Activity ID",
    "Activity Date",
    "Activity Name",
    "Activity Type",
    "Activity Description",
    "Elapsed Time",
    "Distance",
    "Max Heart Rate",
    "Relative Effort",
    "Commute",
    "Filename",
    "Elapsed Time",
    "Moving Time",
    "Distance",
    "Elevation Gain",
    "Elevation Loss",
    "Max Heart Rate",
    "Average Heart Rate",
    "Average Cadence",
    "From Upload",
    "Competition",
]


def line(**cells: str) -> list[str]:
    """A row as Strava writes it. Doubled names take `Distance` (km) and `Distance_2` (m)."""
    usual = {
        "Activity ID": "9001",
        "Activity Date": "May 3, 2026, 6:30:00 AM",
        "Activity Name": "Morning Run",
        "Activity Type": "Run",
        "Elapsed Time": "1300",
        "Distance": "3.60",
        "Elapsed Time_2": "1300.0",
        "Moving Time": "1200.0",
        "Distance_2": "3601.5",
        "Elevation Gain": "40.0",
        "Average Cadence": "84.5",
        "From Upload": "1.0",
    } | {name.replace("__", " "): value for name, value in cells.items()}
    seen: dict[str, int] = {}
    row = []
    for name in HEADER:
        seen[name] = seen.get(name, 0) + 1
        row.append(usual.get(name if seen[name] == 1 else f"{name}_{seen[name]}", ""))
    return row


def table(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def export(path: Path, activities: bytes, files: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("activities.csv", activities)
        for name, data in (files or {}).items():
            made.writestr(name, data)
    return path


def read(*paths: Path, known: frozenset[str] = frozenset()) -> list[SourceItem]:
    return list(FilesSource(paths, Policy(), NOW).fetch(None, known))


def only(tmp_path: Path, **cells: str) -> Activity:
    (record,) = read(export(tmp_path / "export.zip", table(line(**cells))))
    assert isinstance(record, SourceRecord), record
    return record.activity


def recorded(start: datetime = START) -> bytes:
    at_s = range(1201)
    return encode_activity(
        Recording(
            start=start,
            elapsed_s=1200,
            utc_offset_s=3600,
            distance_m=3600,
            ascent_m=31,
            descent_m=29,
            samples=Samples(
                at_s=at_s,
                distance_m=[second * 3.0 for second in at_s],
                altitude_m=[100 + second / 40 for second in at_s],
                cadence_spm=[172] * 1201,
            ),
            device=Device(manufacturer=1, product=3113),
        )
    )


def test_a_row_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    (record,) = read(export(tmp_path / "export.zip", table(line())))
    assert isinstance(record, SourceRecord)
    activity = record.activity
    assert (record.source, record.external_id) == ("strava", "9001")
    assert activity.family is Family.RUN
    assert activity.start == START
    assert activity.distance_m == 3601.5, "the second Distance is in metres"
    assert (activity.moving_s, activity.elapsed_s) == (1200, 1300)
    assert activity.ascent_m == 40
    assert activity.mean_cadence_spm == 169, "Strava counts one leg"
    assert activity.utc_offset_s is None
    assert activity.title == "Morning Run"
    assert activity.source == "strava"


def test_columns_may_come_in_another_order_and_number(tmp_path: Path) -> None:
    header = [
        "Distance",
        "Activity Type",
        "New Column",
        "Activity ID",
        "Distance",
        "Activity Date",
        "Moving Time",
    ]
    row = ["3.60", "Trail Run", "x", "77", "3601.5", "May 3, 2026, 6:30:00 AM", "1200"]
    (record,) = read(export(tmp_path / "export.zip", table(row, header=header)))
    assert isinstance(record, SourceRecord)
    assert record.external_id == "77"
    assert record.activity.distance_m == 3601.5
    assert record.activity.family is Family.RUN


def test_a_lone_distance_column_is_in_kilometres(tmp_path: Path) -> None:
    header = ["Activity ID", "Activity Date", "Activity Type", "Distance"]
    row = ["77", "May 3, 2026, 6:30:00 AM", "Run", "3.60"]
    (record,) = read(export(tmp_path / "export.zip", table(row, header=header)))
    assert isinstance(record, SourceRecord)
    assert record.activity.distance_m == 3600


def test_an_empty_climb_is_unknown_and_a_zero_is_flat(tmp_path: Path) -> None:
    assert only(tmp_path, Elevation__Gain="").ascent_m is None
    assert only(tmp_path, Elevation__Gain="0.0").ascent_m == 0


def test_a_manual_entry_has_no_terrain(tmp_path: Path) -> None:
    activity = only(tmp_path, From__Upload="0.0", Elevation__Gain="0.0")
    assert activity.manual
    assert activity.ascent_m is None


def test_a_race_is_marked(tmp_path: Path) -> None:
    assert only(tmp_path, Competition="1.0").race
    assert not only(tmp_path).race


def test_strokes_of_a_swim_are_no_steps(tmp_path: Path) -> None:
    activity = only(tmp_path, Activity__Type="Swim", Average__Cadence="30")
    assert activity.family is Family.OTHER
    assert activity.mean_cadence_spm is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oct 6, 2022, 11:19:20 PM", datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)),
        ("Oct 6, 2022, 12:19:20 AM", datetime(2022, 10, 6, 0, 19, 20, tzinfo=UTC)),
        ("Oct 6, 2022, 12:19:20 PM", datetime(2022, 10, 6, 12, 19, 20, tzinfo=UTC)),
        ("Oct 6, 2022, 11:19:20\u202fPM", datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)),
        ("6 Oct 2022, 23:19:20", datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)),
        ("2022-10-06 23:19:20", datetime(2022, 10, 6, 23, 19, 20, tzinfo=UTC)),
        ("6 okt 2022, 23:19:20", None),
        ("Feb 30, 2022, 1:00:00 AM", None),
        ("", None),
    ],
)
def test_dates_are_utc_with_english_months(text: str, expected: datetime | None) -> None:
    assert parsed_date(text) == expected


def test_dates_do_not_depend_on_the_locale_of_the_process() -> None:
    before = locale.setlocale(locale.LC_TIME)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        assert parsed_date("Oct 6, 2022, 11:19:20 PM") is not None
    locale.setlocale(locale.LC_TIME, before)


def test_translated_columns_are_refused_with_the_cure(tmp_path: Path) -> None:
    header = ["Aktivitäts-ID", "Aktivitätsdatum", "Name der Aktivität", "Aktivitätsart", "Distanz"]
    (item,) = read(export(tmp_path / "export.zip", table(header=header)))
    assert isinstance(item, SetAside)
    assert item.origin == "export.zip"
    assert item.reason.startswith('activities.csv has no column "Activity ID", "Activity Date"')
    assert "Aktivitäts-ID" in item.reason
    assert "language to English" in item.cure


def test_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    rows = [
        line(),
        line(**{"Activity ID": "9002", "Activity Date": "yesterday"}),
        line(**{"Activity ID": "9003"}),
    ]
    first, bad, last = read(export(tmp_path / "export.zip", table(*rows)))
    assert isinstance(first, SourceRecord)
    assert isinstance(last, SourceRecord)
    assert isinstance(bad, SetAside)
    assert bad.origin == "export.zip line 3"
    assert bad.reason == "the date 'yesterday' cannot be read."


@pytest.mark.parametrize("unpacked", [False, True], ids=["zip", "folder"])
def test_samples_come_from_the_file_and_names_from_the_row(tmp_path: Path, unpacked: bool) -> None:
    files = {"activities/123.fit.gz": gzip.compress(recorded())}
    path = export(tmp_path / "export.zip", table(line(Filename="activities/123.fit.gz")), files)
    if unpacked:
        folder = tmp_path / "export"
        with zipfile.ZipFile(path) as made:
            made.extractall(folder)
        path = folder
    (record,) = read(path)
    assert isinstance(record, SourceRecord)
    activity = record.activity
    assert (record.source, record.external_id, activity.title) == ("strava", "9001", "Morning Run")
    assert activity.distance_m == 3601.5
    assert (activity.ascent_m, activity.descent_m) == (31, 29), "the device's own climb"
    assert activity.utc_offset_s == 3600
    assert activity.device == "garmin fr945"
    assert activity.profile is not None
    assert activity.profile.running.metres == pytest.approx(3600, rel=0.01)
    assert record.warning is None


def test_a_file_that_cannot_be_read_leaves_the_summary_with_a_warning(tmp_path: Path) -> None:
    rows = [
        line(Filename="activities/1.fit.gz"),
        line(**{"Activity ID": "9002", "Filename": "activities/2.gpx"}),
        line(**{"Activity ID": "9003", "Filename": "../../etc/passwd"}),
    ]
    found = read(export(tmp_path / "export.zip", table(*rows), {"activities/1.fit.gz": b"\x1f\x8bbroken"}))
    warnings = [item.warning for item in found if isinstance(item, SourceRecord)]
    assert warnings == [
        "activities/1.fit.gz: the gzip is broken or ends early; kept the summary",
        "activities/2.gpx: it is not in the archive; kept the summary",
        "../../etc/passwd: it is not in the archive; kept the summary",
    ]


def test_a_file_of_another_time_adds_nothing(tmp_path: Path) -> None:
    files = {"activities/1.fit": recorded(START + timedelta(days=1))}
    (record,) = read(export(tmp_path / "export.zip", table(line(Filename="activities/1.fit")), files))
    assert isinstance(record, SourceRecord)
    assert record.activity.series is None


def test_a_known_row_with_a_file_is_not_read_again_and_an_edited_summary_is_told_again(
    tmp_path: Path,
) -> None:
    rows = [line(Filename="activities/1.fit"), line(**{"Activity ID": "9002"})]
    path = export(tmp_path / "export.zip", table(*rows), {"activities/1.fit": recorded()})
    source = FilesSource([path], Policy(), NOW)
    (record,) = source.fetch(None, frozenset({"9001", "9002"}))
    assert isinstance(record, SourceRecord)
    assert record.external_id == "9002"
    assert source.already_known == 1


def test_the_hash_changes_when_and_only_when_the_row_does(tmp_path: Path) -> None:
    def hash_of(**cells: str) -> str:
        (record,) = read(export(tmp_path / "export.zip", table(line(**cells))))
        assert isinstance(record, SourceRecord)
        return record.content_hash

    assert hash_of() == hash_of()
    assert hash_of() != hash_of(Distance_2="4000.0")
    assert hash_of() != hash_of(Activity__Type="Walk")


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize("runner", ["r05", "r06", "r11"])
def test_a_real_past_has_the_runs_and_kilometres_that_were_counted_by_others(runner: str) -> None:
    expected = json.loads((DATA / "histories" / f"export_{runner}_expected.json").read_text())
    found = read(DATA / "histories" / f"export_{runner}.zip")
    activities = [item.activity for item in found if isinstance(item, SourceRecord)]
    runs = [activity for activity in activities if activity.family is Family.RUN]
    zone = ZoneInfo(expected["timezone"])
    days = sorted(run.start.astimezone(zone).date().isoformat() for run in runs)
    assert not [item for item in found if isinstance(item, SetAside)]
    assert len(activities) == expected["activities"]
    assert len(runs) == expected["runs"]
    assert sum(run.distance_m or 0 for run in runs) / 1000 == pytest.approx(
        expected["total_run_km"], abs=0.05
    )
    assert (days[0], days[-1]) == (expected["first_run_local_date"], expected["last_run_local_date"])
    assert sum(run.mean_heart_rate_bpm is not None for run in runs) == expected["runs_with_avg_hr"]
    assert sum(run.max_heart_rate_bpm is not None for run in runs) == expected["runs_with_max_hr"]
    assert sum(run.mean_cadence_spm is not None for run in runs) == expected["runs_with_cadence"]
    assert sum(run.ascent_m is not None for run in runs) == expected["runs_with_elevation_gain"]
    assert sum(run.ascent_m == 0 for run in runs) == expected["runs_with_elevation_gain_zero"]
    assert sum(run.elapsed_s is not None for run in runs) == expected["runs_with_elapsed_time"]
