"""Paths that cannot be read or written: each verb says in one sentence what is in the way, and what to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fakes.command import Environment, niggled
from fakes.disks import disk
from fakes.kept_household import home

__all__ = ["home"]

ORDINARY = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everywhere")
BACKUP, EXPORT = "The backup was not made.", "The export was not made."
RIGHTS = "Check its rights and the disk, or copy it to where the user that runs niggled may read it."
NAME = "Name a file made by `niggled backup`."
ELSEWHERE = "Name a folder in a place that you may write to."
LONG = "x" * 300


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder, a file of words, an empty file, a link to itself, a pipe that nobody writes, a folder with something in it."""
    here = tmp_path / "places"
    (here / "folder").mkdir(parents=True)
    (here / "filled").mkdir()
    (here / "filled/letter").write_text("mine")
    (here / "words").write_text("a letter to my aunt\n")
    (here / "empty").touch()
    (here / "loop").symlink_to("loop")
    os.mkfifo(here / "pipe")
    return here


def told(environment: Environment, *words: str | Path) -> str:
    """What a verb that cannot go on says: one line on stderr, exit status 1."""
    done = niggled(environment, *words, within_s=60)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.rstrip("\n").removeprefix("Error: ")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", f"It is a folder. {NAME}"),
        ("pipe", f"It is no file. {NAME}"),
        ("loop", f"There is no such file. {NAME}"),
        ("words/b.db", f"There is no such file. {NAME}"),
        (LONG, f"There is no such file. {NAME}"),
        ("words", f"The file is not a SQLite database. {NAME}"),
        ("empty", "The file is empty. Take an older backup."),
    ],
)
def test_what_is_no_backup_is_not_restored(home: Environment, places: Path, name: str, why: str) -> None:
    for words in (["restore"], ["restore", "--check"]):
        assert told(home, *words, places / name) == f"{places / name} cannot be used. {why}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", "{} is a folder. Name a file in it: {}/niggled.db."),
        ("pipe", "{} is no file. Name a file."),
        ("loop", "{}: Too many levels of symbolic links. Name another file."),
        (LONG, "{}: File name too long. Name another file."),
        ("words", "{} is there already and is no backup. Name another file."),
    ],
)
def test_a_backup_is_not_written_there(home: Environment, places: Path, name: str, why: str) -> None:
    path = str(places / name)
    assert told(home, "backup", path) == f"{BACKUP} {why.replace('{}', path)}"


def test_a_file_is_no_folder_for_a_backup(home: Environment, places: Path) -> None:
    assert told(home, "backup", places / "words/b.db") == (
        f"{BACKUP} {places}/words is no folder. Name another folder."
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("filled", "is there already and not empty. Name a new folder."),
        ("words", "is no folder. Name a new folder."),
        ("pipe", "is no folder. Name a new folder."),
    ],
)
def test_an_export_takes_no_place_that_is_taken(home: Environment, places: Path, name: str, why: str) -> None:
    assert told(home, "export", places / name) == f"{EXPORT} {places / name} {why}"


def test_an_import_of_nothing_does_not_read_the_folder_one_is_in(home: Environment) -> None:
    done = niggled(home, "import", "")
    assert (done.returncode, "there is no ''" in done.stderr) == (2, True)
    assert told(home, "import", LONG) == f"{LONG}: File name too long. Check the path and who may read it."


def test_a_home_that_is_a_file_is_told_as_that(home: Environment, places: Path) -> None:
    environment = home | {"NIGGLED_HOME": str(places / "words")}
    assert told(environment, "import", places / "folder") == (
        f"The data folder cannot be made. {places}/words is no folder. Name one that you may write in NIGGLED_HOME."
    )


@ORDINARY
def test_closed_places_are_told_with_who_may_open_them(home: Environment, places: Path) -> None:
    closed, secret = places / "folder", places / "words"
    (closed / "b.db").touch()
    secret.chmod(0)
    closed.chmod(0)
    try:
        assert told(home, "restore", secret) == f"{secret} cannot be used. The file cannot be read. {RIGHTS}"
        inner = closed / "b.db"
        assert told(home, "restore", inner) == f"{inner} cannot be used. Permission denied. {RIGHTS}"
        for path in (secret, inner):
            assert told(home, "backup", path) == f"{BACKUP} {path}: Permission denied. Name another file."
        for path in (closed, closed / "e"):
            assert told(home, "export", path) == f"{EXPORT} {path}: Permission denied. {ELSEWHERE}"
        assert (
            told(home, "import", inner) == f"{inner}: Permission denied. Check the path and who may read it."
        )
        for path in (closed, places):
            done = niggled(home, "import", path)
            assert done.returncode == 1
            assert f"✘ {closed}: it cannot be opened (Permission denied). Check the path" in done.stderr
    finally:
        closed.chmod(0o700)


@ORDINARY
def test_a_home_that_is_somebody_else_s_is_told_with_whom_to_ask(home: Environment, tmp_path: Path) -> None:
    assert niggled(home, "backup", tmp_path / "b.db").returncode == 0
    folder = Path(home["NIGGLED_HOME"])
    folder.chmod(0o500)
    try:
        for words, what in ((["restore", tmp_path / "b.db"], "restored"), (["forget", "--all"], "forgotten")):
            assert told(home, *words).startswith(
                f"Nothing was {what}. {folder} may not be written. Run this as the user that runs niggled"
            )
        assert told(home, "backup", tmp_path / "c.db") == (
            f"{BACKUP} {folder}/niggled.db may not be written here. Run this as the user that runs niggled."
        )
    finally:
        folder.chmod(0o700)


def test_a_disk_that_became_read_only_is_told_as_that(home: Environment, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    with disk(place, megabytes=60):
        niggled(home, "backup", tmp_path / "b.db")
        on_disk = home | {"NIGGLED_HOME": str(place / "home")}
        assert niggled(on_disk, "restore", tmp_path / "b.db").returncode == 0
        assert niggled(on_disk, "status").returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        assert told(on_disk, "backup", tmp_path / "c.db") == (
            f"{BACKUP} The disk of {place}/home is mounted read-only. "
            "Mount it writable, or copy niggled.db and the files beside it by hand (cp)."
        )
        assert told(on_disk, "restore", tmp_path / "b.db").startswith(
            f"Nothing was restored. {place}/home may not be written. "
        )
        assert told(home, "backup", place / "c.db") == (
            f"{BACKUP} {place}/c.db: Read-only file system. Name a place that you may write to."
        )
        assert told(home, "export", place / "e") == f"{EXPORT} {place}/e: Read-only file system. {ELSEWHERE}"
