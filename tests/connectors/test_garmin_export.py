"""The Garmin account export, made up after what public readers of it expect."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.formats import json_objects
from connectors.formats.fit_encode import encode_activity
from connectors.formats.json_objects import objects_under
from connectors.formats.leg import Unreadable
from connectors.formats.recording import Device, Recording, Samples
from connectors.sources.contract import SetAside, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from rules.facts import Activity, Family
from rules.policy import Policy

NOW = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)
SUMMARIES = "DI_CONNECT/DI-Connect-Fitness/anna_0_summarizedActivities.json"
UPLOADS = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip"


def summary(activity_id: int = 501, start: datetime = START, **changes: object) -> dict[str, object]:
    """Centimetres, milliseconds, speed in m/s by ten."""
    began = start.timestamp() * 1000
    return {
        "activityId": activity_id,
        "uuidMsb": 1,
        "name": "Lisbon Running",
        "activityType": "running",
        "sportType": "RUNNING",
        "userProfileId": 1,
        "beginTimestamp": began,
        "startTimeGmt": began,
        "startTimeLocal": began + 3600_000,
        "duration": 1_200_500.0,
        "elapsedDuration": 1_300_000.0,
        "movingDuration": 1_190_000.0,
        "distance": 360_150.0,
        "elevationGain": 3_100.0,
        "elevationLoss": 2_900.0,
        "avgSpeed": 0.3,
        "avgHr": 149.0,
        "maxHr": 170.0,
        "avgRunCadence": 84.5,
        "avgDoubleCadence": 169.0,
        "parent": False,
    } | changes


def summaries(*items: Mapping[str, object]) -> bytes:
    return json.dumps([{"summarizedActivitiesExport": list(items)}], indent=2).encode()


def recorded(start: datetime = START) -> bytes:
    at_s = range(1201)
    return encode_activity(
        Recording(
            start=start,
            elapsed_s=1200,
            utc_offset_s=3600,
            distance_m=3600,
            ascent_m=33,
            samples=Samples(
                at_s=at_s,
                distance_m=[second * 3.0 for second in at_s],
                altitude_m=[100 + second / 40 for second in at_s],
            ),
            device=Device(manufacturer=1, product=3113),
        )
    )


def zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream.getvalue()


def export(folder: Path, json_text: bytes, fits: Mapping[str, bytes] | None = None) -> Path:
    path = folder / "garmin.zip"
    members = {SUMMARIES: json_text, "DI_CONNECT/DI-Connect-User/profile.json": b"{}"}
    if fits is not None:
        members[UPLOADS] = zipped(fits)
    path.write_bytes(zipped(members))
    return path


def read(path: Path, known: frozenset[str] = frozenset()) -> list[SourceItem]:
    return list(FilesSource([path], Policy(), NOW).fetch(None, known))


def only(folder: Path, **changes: object) -> Activity:
    (record,) = read(export(folder, summaries(summary(**changes))))  # type: ignore[arg-type]
    assert isinstance(record, SourceRecord), record
    return record.activity


def test_a_summary_is_read_in_garmins_units(tmp_path: Path) -> None:
    (record,) = read(export(tmp_path, summaries(summary())))
    assert isinstance(record, SourceRecord)
    activity = record.activity
    assert (record.source, record.external_id) == ("garmin", "501")
    assert activity.family is Family.RUN
    assert activity.start == START
    assert activity.utc_offset_s == 3600
    assert activity.distance_m == 3601.5
    assert (activity.moving_s, activity.elapsed_s) == (1190, 1300)
    assert (activity.ascent_m, activity.descent_m) == (31, 29)
    assert (activity.mean_heart_rate_bpm, activity.max_heart_rate_bpm) == (149, 170)
    assert activity.mean_cadence_spm == 169
    assert activity.title == "Lisbon Running"


def test_cadence_of_one_leg_is_doubled_where_that_of_both_is_missing(tmp_path: Path) -> None:
    assert only(tmp_path, avgDoubleCadence=None).mean_cadence_spm == 169
    assert only(tmp_path, avgDoubleCadence=None, avgRunCadence=None).mean_cadence_spm is None


def test_what_is_null_or_absent_is_unknown(tmp_path: Path) -> None:
    activity = only(
        tmp_path, elevationGain=None, elevationLoss=None, avgHr=0, maxHr=None, startTimeLocal=None
    )
    assert activity.ascent_m is None
    assert activity.descent_m is None
    assert activity.mean_heart_rate_bpm is None
    assert activity.utc_offset_s is None


def test_types_count_as_the_rules_say(tmp_path: Path) -> None:
    assert only(tmp_path, activityType="treadmill_running").indoor
    assert only(tmp_path, activityType={"typeKey": "trail_running"}).family is Family.RUN
    assert only(tmp_path, activityType="hiking", sportType="HIKING").family is Family.WALK
    assert only(tmp_path, activityType="lap_swimming", sportType="SWIMMING").family is Family.OTHER
    assert only(tmp_path, activityType="backyard_ultra", sportType="RUNNING").family is Family.RUN
    assert only(tmp_path, eventType={"typeKey": "race"}).race


def test_samples_come_from_the_fit_file_that_began_at_the_same_time(tmp_path: Path) -> None:
    fits = {
        "anna@example.org_111.fit": recorded(START + timedelta(seconds=1)),
        "anna@example.org_112.fit": b"not a fit at all",
        "anna@example.org_113.fit": recorded(START + timedelta(days=3)),
    }
    other = summary(502, START + timedelta(days=1))
    found = read(export(tmp_path, summaries(summary(), other), fits))
    records = {item.external_id: item.activity for item in found if isinstance(item, SourceRecord)}
    assert len(found) == 2, "a FIT file without a summary was deleted or is wellness data"
    assert records["501"].profile is not None
    assert records["501"].profile.running.metres == pytest.approx(3600, rel=0.01)
    assert records["501"].distance_m == 3601.5
    assert records["501"].ascent_m == 31
    assert records["501"].device == "garmin fr945"
    assert records["502"].series is None


def test_parents_of_multisport_activities_are_left_out(tmp_path: Path) -> None:
    parent = summary(600, activityType="multi_sport", parent=True)
    found = read(export(tmp_path, summaries(parent, summary(601))))
    assert [item.external_id for item in found if isinstance(item, SourceRecord)] == ["601"]


def test_known_activities_are_left_alone(tmp_path: Path) -> None:
    path = export(tmp_path, summaries(summary(501), summary(502)), {"a_1.fit": recorded()})
    source = FilesSource([path], Policy(), NOW)
    found = list(source.fetch(None, frozenset({"501", "502"})))
    assert not found
    assert source.already_known == 2


def test_an_unpacked_export_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(export(tmp_path, summaries(summary()), {"a_1.fit": recorded()})) as made:
        made.extractall(tmp_path / "export")
    (record,) = read(tmp_path / "export")
    assert isinstance(record, SourceRecord)
    assert record.activity.series is not None


def test_an_activity_without_a_start_is_told_and_the_rest_read(tmp_path: Path) -> None:
    broken = summary(502, beginTimestamp=None, startTimeGmt="soon")
    bad, good = read(export(tmp_path, summaries(broken, summary())))
    assert isinstance(bad, SetAside)
    assert (bad.origin, bad.reason) == ("garmin.zip 502", "no usable start time.")
    assert isinstance(good, SourceRecord)


def test_json_that_ends_early_keeps_what_came_before(tmp_path: Path) -> None:
    text = summaries(summary(501), summary(502))
    found = read(export(tmp_path, text[: len(text) - 300]))
    reasons = [item.reason for item in found if isinstance(item, SetAside)]
    assert len(reasons) == 1
    assert reasons[0].startswith("the JSON is broken or ends early")
    assert [item.external_id for item in found if isinstance(item, SourceRecord)] == ["501"]


def objects(text: str, key: str = "list") -> list[dict[str, Any]]:
    return list(objects_under(io.BytesIO(text.encode()), key))


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_a_list_is_read_whatever_the_pieces_it_comes_in(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "CHUNK_CHARACTERS", chunk)
    items = [{"n": n, "text": 'a "quoted", ]}[ ä', "deep": {"list of": [1, 2.5, None]}} for n in range(5)]
    text = json.dumps([{"other": 1, "list": items}, {"list": []}, {"list": [{"n": 9}]}], indent=1)
    assert objects(text) == [*items, {"n": 9}]


@pytest.mark.parametrize(
    "text", ['[{"list": [{"n": 1}, {"n"', '[{"list": [1, 2]}]', '[{"list": {}}]', '[{"list"']
)
def test_json_that_is_not_what_it_should_be_is_told(text: str) -> None:
    with pytest.raises(Unreadable):
        objects(text)


def test_json_without_the_list_has_no_objects() -> None:
    assert objects('{"something": [1, 2, 3]}') == []


class _Endless(io.RawIOBase):
    """A list of `count` objects that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        self._pieces = self._made(count)
        self._left = b""

    def _made(self, count: int) -> Iterator[bytes]:
        yield b'[{"list": ['
        for n in range(count):
            yield b"%s%s" % (b"," if n else b"", json.dumps({"n": n, "filling": "x" * 2000}).encode())
        yield b"]}]"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self._left) < len(buffer):
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._left += piece
        taken = self._left[: len(buffer)]
        self._left = self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def test_a_list_of_any_length_is_read_in_little_memory() -> None:
    tracemalloc.start()
    count = sum(1 for _ in objects_under(io.BufferedReader(_Endless(15_000)), "list"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 15_000
    assert peak < 4_000_000, "30 MB of JSON in under 4"
