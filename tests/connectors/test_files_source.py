"""Files, folders and zips as a source: what is found, what is skipped, what is told."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.formats.fit_encode import encode_activity
from connectors.formats.gpx_write import encode_gpx
from connectors.formats.recording import Recording, Samples
from connectors.sources.contract import SetAside, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from rules.facts import Family
from rules.policy import Policy

NOW = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)
AT_S = range(601)
RUN = Recording(
    start=START,
    elapsed_s=600,
    distance_m=1800,
    samples=Samples(
        at_s=AT_S,
        distance_m=[second * 3.0 for second in AT_S],
        altitude_m=[20.0 + second / 60 for second in AT_S],
        latitude_deg=[36 + second * 3 / 111_194.93 for second in AT_S],
        longitude_deg=[-33.0] * len(AT_S),
    ),
)
FIT = encode_activity(RUN)

MEND_IT = "mend it where it came from and import it again"


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream.getvalue()


def read(*paths: Path, known: frozenset[str] = frozenset()) -> list[SourceItem]:
    return list(FilesSource(paths, Policy(), NOW).fetch(None, known))


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def records(items: list[SourceItem]) -> list[SourceRecord]:
    return [item for item in items if isinstance(item, SourceRecord)]


def refusal(path: Path) -> SetAside:
    (item,) = read(path)
    assert isinstance(item, SetAside), item
    return item


def test_a_folder_is_read_at_any_depth_and_other_files_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path, "a.fit", FIT)
    written(tmp_path, "deep/er/b.gpx", encode_gpx(replace(RUN, start=START + timedelta(days=1))))
    written(tmp_path, "notes.txt", b"hello")
    written(tmp_path, ".hidden/c.fit", FIT)
    found = read(tmp_path)
    assert [record.origin for record in records(found)] == ["a.fit", "b.gpx"]
    assert len(found) == 2


def test_the_same_bytes_are_one_record_whatever_they_are_wrapped_in(tmp_path: Path) -> None:
    written(tmp_path, "run.fit", FIT)
    written(tmp_path, "run.fit.gz", gzip.compress(FIT))
    written(tmp_path, "run.zip", zipped({"0_ACTIVITY.fit": FIT}))
    source = FilesSource([tmp_path], Policy(), NOW)
    (record,) = records(list(source.fetch(None, frozenset())))
    assert source.already_known == 2
    for name in ("run.fit", "run.fit.gz", "run.zip"):
        assert records(read(tmp_path / name))[0].external_id == record.external_id
    assert record.external_id.endswith(":1")
    assert len(record.external_id) == 18


def test_what_is_known_is_not_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, "run.fit", FIT)
    (record,) = records(read(path))
    source = FilesSource([path], Policy(), NOW)
    assert list(source.fetch(None, frozenset({record.external_id}))) == []
    assert source.already_known == 1


def test_of_several_legs_the_first_comes_last_so_that_knowing_it_means_knowing_all(tmp_path: Path) -> None:
    chained = FIT + encode_activity(replace(RUN, start=START + timedelta(hours=5)))
    found = records(read(written(tmp_path, "two.fit", chained)))
    assert [record.external_id[-2:] for record in found] == [":2", ":1"]
    assert found[1].activity.start == START


def test_the_content_says_what_a_file_is_before_its_name(tmp_path: Path) -> None:
    assert records(read(written(tmp_path, "download", FIT)))
    assert records(read(written(tmp_path, "download.bin", gzip.compress(FIT))))
    assert records(read(written(tmp_path, "download.xml", encode_gpx(RUN))))
    assert records(read(written(tmp_path, "zip.fit", zipped({"a.fit": FIT}))))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.fit", b"", "the file is empty (0 bytes)."),
        ("junk.fit", bytes(range(200)), "it is not a FIT file."),
        ("login.fit", b"<!DOCTYPE html><html>", "it is a web page, not a FIT file."),
        ("run.gpx", b"\n", "the file is empty."),
        ("words.txt", b"hello", "neither FIT, GPX nor TCX."),
        ("empty.zip", zipped({}), "the zip is empty."),
        ("photos.zip", zipped({"a.jpg": b"x"}), "no FIT, GPX or TCX file in it."),
        ("cut.zip", zipped({"a.fit": FIT})[:50], "the zip is broken (File is not a zip file)."),
        ("cut.fit.gz", gzip.compress(FIT)[:50], "the gzip is broken or ends early."),
        ("bomb.zip", zipped({"a.fit": bytes(120_000_000)}), "the zip would unpack to 0.1 GB, 10"),
        ("wrong.csv", b"date,km\n2026-05-03,10\n", 'activities.csv has no column "Activity ID"'),
    ],
    # Not by the data: those of a zip tell the time.
    ids=lambda value: "data" if isinstance(value, bytes) else None,
)
def test_what_cannot_be_read_is_one_clear_line_with_a_cure(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    item = refusal(written(tmp_path, name, data))
    assert item.origin == name
    assert item.reason.startswith(reason)
    assert item.cure.endswith(".")


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    item = refusal(tmp_path / "gone.fit")
    assert "cannot be opened" in item.reason


def test_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    written(tmp_path, "a.fit", b"junk")
    written(tmp_path, "b.zip", zipped({"../evil.fit": FIT, "c.fit": FIT, "d.gpx": b"<gpx"}))
    written(tmp_path, "e.fit", encode_activity(replace(RUN, start=START + timedelta(days=1))))
    found = read(tmp_path)
    assert [record.origin for record in records(found)] == ["b.zip:c.fit", "e.fit"]
    told = {item.origin: item.reason for item in found if isinstance(item, SetAside)}
    assert told["b.zip:../evil.fit"] == "its name points outside the zip."
    assert told["b.zip:d.gpx"].startswith("the XML is broken or ends early")
    assert told["a.fit"] == "it is not a FIT file."


def test_a_reader_that_fails_in_an_unforeseen_way_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TypeError("surprise")

    monkeypatch.setattr("connectors.formats.gpx.read_gpx", broken)
    written(tmp_path, "a.gpx", encode_gpx(RUN))
    written(tmp_path, "b.fit", FIT)
    first, second = read(tmp_path)
    assert isinstance(first, SetAside)
    assert first.reason == "it cannot be made sense of (TypeError)."
    assert isinstance(second, SourceRecord)


def test_zips_within_zips_end_somewhere(tmp_path: Path) -> None:
    data = zipped({"run.fit": FIT})
    for depth in range(2):
        data = zipped({f"{depth}.zip": data})
    assert records(read(written(tmp_path, "three.zip", data)))
    deeper = written(tmp_path, "four.zip", zipped({"more.zip": data}))
    assert refusal(deeper).reason == "zips within zips within zips."


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"elapsed_s": 1168 * 3600.0}, "1,168 hours is longer than 72"),
        ({"start": datetime(2038, 1, 19, tzinfo=UTC)}, "its date is 2038-01-19"),
        ({"start": datetime(1999, 7, 1, tzinfo=UTC)}, "its date is 1999-07-01"),
        ({"distance_m": 30_000.0}, "180.0 km/h is no pace on foot"),
        ({"distance_m": 0.0}, "no distance"),
    ],
)
def test_an_implausible_run_is_kept_with_one_line_that_says_why_it_does_not_count(
    tmp_path: Path, changes: dict[str, object], warning: str
) -> None:
    odd = replace(RUN, samples=None, **changes)  # type: ignore[arg-type]
    if odd.elapsed_s > 600:
        odd = replace(odd, distance_m=5_000_000.0)
    (record,) = records(read(written(tmp_path, "odd.fit", encode_activity(odd))))
    assert record.warning == f"kept, but it counts for nothing: {warning}; {MEND_IT}"
    assert record.activity.family is Family.RUN


def test_a_date_in_1970_is_kept_with_its_line_too(tmp_path: Path) -> None:
    gpx = encode_gpx(RUN).replace(b"2026-05-03T", b"1970-01-01T")
    (record,) = records(read(written(tmp_path, "old.gpx", gpx)))
    assert record.warning == f"kept, but it counts for nothing: its date is 1970-01-01; {MEND_IT}"


def test_progress_counts_files_and_what_is_in_them(tmp_path: Path) -> None:
    written(tmp_path, "a.fit", FIT)
    written(tmp_path, "b.zip", zipped({"1.fit": FIT, "2.fit": FIT}))
    steps: list[tuple[int, int]] = []
    source = FilesSource([tmp_path], Policy(), NOW, progress=lambda done, total: steps.append((done, total)))
    list(source.fetch(None, frozenset()))
    assert steps == [(1, 2), (2, 4), (3, 4), (4, 4)]
