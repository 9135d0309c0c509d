"""The watched folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.jobs.inbox import Inbox

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Importer:
    """Notes what it is handed and what it took; breaks down while `broken`, and over a file named `poison`."""

    def __init__(self) -> None:
        self.handed: list[list[str]] = []
        self.taken: list[str] = []
        self.broken = False
        self.poison = ""
        self.changed = True

    def __call__(self, paths: Sequence[Path], now: datetime) -> bool:
        names = [path.name for path in paths]
        self.handed.append(names)
        if self.broken or self.poison in names:
            raise OSError("the importer broke down")
        self.taken += names
        return self.changed


def write(path: Path, content: bytes, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_a_file_that_is_older_than_a_few_seconds_is_taken_at_the_first_look(tmp_path: Path) -> None:
    importer = Importer()
    write(tmp_path / "run.fit", b"fit", NOON - timedelta(seconds=6))
    assert Inbox(tmp_path, importer).look(NOON) is True
    assert importer.handed == [["run.fit"]]


def test_a_file_that_is_still_being_written_waits_until_it_has_not_changed_between_two_looks(
    tmp_path: Path,
) -> None:
    importer = Importer()
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"f", NOON)
    assert inbox.look(NOON) is False
    write(tmp_path / "run.fit", b"fi", NOON + timedelta(seconds=3))
    assert inbox.look(NOON + timedelta(seconds=3)) is False
    assert importer.handed == []
    assert inbox.look(NOON + timedelta(seconds=5)) is True
    assert importer.handed == [["run.fit"]]


def test_a_file_from_a_clock_that_runs_ahead_is_taken_once_it_has_not_changed(tmp_path: Path) -> None:
    importer = Importer()
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"fit", NOON + timedelta(days=1))
    assert inbox.look(NOON) is False
    assert inbox.look(NOON + timedelta(minutes=1)) is True


def test_a_file_good_or_bad_is_read_once_and_stays_where_it_is(tmp_path: Path) -> None:
    importer = Importer()
    importer.changed = False
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "bad.fit", b"no fit", NOON - timedelta(hours=1))
    for minute in range(5):
        assert inbox.look(NOON + timedelta(minutes=minute)) is False
    assert importer.handed == [["bad.fit"]]
    assert (tmp_path / "bad.fit").read_bytes() == b"no fit"


def test_a_file_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    importer = Importer()
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"half", NOON - timedelta(hours=2))
    inbox.look(NOON)
    write(tmp_path / "run.fit", b"whole", NOON - timedelta(hours=1))
    inbox.look(NOON)
    assert importer.handed == [["run.fit"], ["run.fit"]]


def test_a_file_that_comes_back_is_read_again(tmp_path: Path) -> None:
    importer = Importer()
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"fit", NOON - timedelta(hours=2))
    inbox.look(NOON)
    (tmp_path / "run.fit").unlink()
    inbox.look(NOON)
    write(tmp_path / "run.fit", b"fit", NOON - timedelta(hours=2))
    inbox.look(NOON)
    assert len(importer.handed) == 2


def test_an_import_that_breaks_down_is_tried_again_after_a_minute(tmp_path: Path) -> None:
    importer = Importer()
    importer.broken = True
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"fit", NOON - timedelta(hours=2))
    assert inbox.look(NOON) is False
    importer.broken = False
    assert inbox.look(NOON + timedelta(seconds=59)) is False
    assert inbox.look(NOON + timedelta(seconds=60)) is True
    assert importer.handed == [["run.fit"], ["run.fit"]]


def test_one_file_that_brings_the_importer_down_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    importer = Importer()
    importer.poison = "5.fit"
    inbox = Inbox(tmp_path, importer)
    for number in range(8):
        write(tmp_path / f"{number}.fit", b"fit", NOON - timedelta(hours=2))
    for minute in range(5):
        inbox.look(NOON + timedelta(minutes=minute))
    assert sorted(importer.taken) == [f"{number}.fit" for number in range(8) if number != 5]
    importer.handed.clear()
    for minute in range(5, 300):
        inbox.look(NOON + timedelta(minutes=minute))
    assert importer.handed[0] == ["5.fit"]
    assert 5 <= len(importer.handed) <= 10


def test_a_poisoned_file_that_is_replaced_by_a_good_one_is_taken(tmp_path: Path) -> None:
    importer = Importer()
    importer.poison = "run.fit"
    inbox = Inbox(tmp_path, importer)
    write(tmp_path / "run.fit", b"bad", NOON - timedelta(hours=2))
    inbox.look(NOON)
    importer.poison = ""
    write(tmp_path / "run.fit", b"good", NOON - timedelta(hours=1))
    assert inbox.look(NOON + timedelta(minutes=1)) is True
    assert inbox.look(NOON + timedelta(minutes=2)) is False


def test_folders_are_searched_and_hidden_or_half_downloaded_files_are_left_alone(tmp_path: Path) -> None:
    importer = Importer()
    old = NOON - timedelta(hours=1)
    for name in (
        "march/long/a.fit",
        "b.gpx.gz",
        ".syncthing.c.fit.tmp",
        "d.fit.part",
        "e.zip.crdownload",
        ".trash/f.fit",
    ):
        write(tmp_path / name, b"x", old)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    Inbox(tmp_path, importer).look(NOON)
    assert importer.handed == [["b.gpx.gz", "a.fit"]]


def test_a_missing_inbox_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "inbox" / "anna"
    assert Inbox(folder, Importer()).look(NOON) is False
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_inbox_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file")
    with pytest.raises(FileExistsError):
        Inbox(tmp_path / "inbox", Importer()).look(NOON)
