"""Zips and folders from strangers."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from connectors.formats import archive
from connectors.formats.archive import FolderArchive, gunzipped, nested_zip, opened_zip
from connectors.formats.leg import Unreadable


def zipped(members: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream


def test_members_are_read_by_name_and_litter_is_left_out() -> None:
    stream = zipped({"a/run.fit": b"1", "__MACOSX/a/._run.fit": b"2", ".DS_Store": b"3", "b/": b""})
    with opened_zip(stream) as opened:
        assert opened.names() == ["a/run.fit"]
        assert opened.read("a/run.fit") == b"1"
        with pytest.raises(Unreadable, match="not in the archive"):
            opened.read("a/other.fit")


@pytest.mark.parametrize(
    "name", ["../../evil.fit", "/etc/evil.fit", "a/../../evil.fit", "..\\evil.fit", "C:/evil.fit"]
)
def test_a_name_that_points_outside_is_told_and_never_opened(name: str) -> None:
    with opened_zip(zipped({name: b"x", "good.fit": b"y"})) as opened:
        assert opened.names() == ["good.fit"]
        assert opened.unsafe() == [name]
        with pytest.raises(Unreadable):
            opened.read(name)


def test_an_empty_zip_is_told() -> None:
    with pytest.raises(Unreadable, match="the zip is empty"), opened_zip(zipped({})):
        pass


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and then nothing", b"no zip at all"])
def test_a_broken_zip_is_told(data: bytes) -> None:
    with pytest.raises(Unreadable, match="the zip is broken"), opened_zip(io.BytesIO(data)):
        pass


def test_a_zip_bomb_is_not_unpacked() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("run.fit", bytes(archive.SUSPICIOUS_TOTAL_BYTES + 1))
    with pytest.raises(Unreadable, match=r"would unpack to 0\.1 GB, \d+ times its size"), opened_zip(stream):
        pass


def test_a_zip_of_too_many_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    members = {f"{n}.fit": b"" for n in range(4)}
    with pytest.raises(Unreadable, match="holds 4 files"), opened_zip(zipped(members)):
        pass


def test_one_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_FILE_BYTES", 1_000_000)
    with (
        opened_zip(zipped({"big.gpx": bytes(1_000_001)})) as opened,
        pytest.raises(Unreadable, match="larger than 1 MB"),
    ):
        opened.read("big.gpx")
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        gunzipped(gzip.compress(bytes(1_000_001)))


def test_a_damaged_member_is_told() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as made:
        made.writestr("run.fit", b"A" * 100)
    data = stream.getvalue().replace(b"A" * 100, b"B" * 100)
    with opened_zip(io.BytesIO(data)) as opened, pytest.raises(Unreadable, match="cannot be unpacked"):
        opened.read("run.fit")


def test_a_zip_inside_a_zip_is_opened_in_turn() -> None:
    inner = zipped({"run.fit": b"deep"}).getvalue()
    with opened_zip(zipped({"part.zip": inner})) as outer, nested_zip(outer, "part.zip") as opened:
        assert opened.read("run.fit") == b"deep"


def test_a_gzip_that_ends_early_is_told() -> None:
    data = gzip.compress(bytes(range(256)) * 100)
    assert gunzipped(data) == bytes(range(256)) * 100
    with pytest.raises(Unreadable, match="the gzip is broken or ends early"):
        gunzipped(data[:-20])


def test_a_folder_is_an_archive_too(tmp_path: Path) -> None:
    (tmp_path / "activities").mkdir()
    (tmp_path / "activities" / "1.gpx").write_bytes(b"gpx")
    (tmp_path / ".hidden").write_bytes(b"no")
    opened = FolderArchive(tmp_path)
    assert opened.names() == ["activities/1.gpx"]
    assert opened.read("activities/1.gpx") == b"gpx"
    for name in ("../secret", "/etc/hostname", "activities/2.gpx"):
        with pytest.raises(Unreadable):
            opened.read(name)
