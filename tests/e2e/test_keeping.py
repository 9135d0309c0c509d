"""Backup and restore as installed: beside a running daemon, on a full disk, on a new machine."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

from fakes.clock import time_now
from fakes.command import NIGGLED, Environment, database_of, everything, niggled, rows
from fakes.disks import disk
from fakes.kept_household import changed, configured, daemon, home, wait_until
from fakes.ports import own_page

from daemon.store.contents import contents_of

__all__ = ["configured", "home"]


def test_a_backup_is_made_beside_the_daemon_and_only_that(configured: Environment, tmp_path: Path) -> None:
    target = tmp_path / "b.db"
    with daemon(configured) as running:
        made = niggled(configured, "backup", target)
        assert made.returncode == 0, made.stderr
        assert re.search(r"b\.db: anna 3 activities, ben 1 activities, 0\.\d MB, verified\.", made.stdout)
        folder = configured["NIGGLED_HOME"]
        assert f"Not in it: keys and logins ({folder}/keys), the configuration (" in made.stdout
        before = target.read_bytes()
        for words in (["restore", target], ["forget", "--all"]):
            refused = niggled(configured, *words)
            assert refused.returncode == 1
            assert f"The daemon is running (process {running.pid}). Stop " in refused.stderr
        assert niggled(configured, "restore", "--check", target).returncode == 0
    assert target.read_bytes() == before
    restored = niggled(configured, "restore", target)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.startswith("Restored: anna 3 activities, ben 1 activities, ")
    assert f"Keys and logins in {folder}/keys were not touched." in restored.stdout
    assert niggled(configured, "status", "--athlete", "anna").returncode == 0


def test_check_tells_and_changes_nothing(home: Environment, tmp_path: Path) -> None:
    niggled(home, "backup", tmp_path / "b.db")
    before = database_of(home).read_bytes()
    told = niggled(home, "restore", "--check", tmp_path / "b.db")
    assert told.stdout.startswith(f"{tmp_path / 'b.db'} is whole: anna 3 activities, ben 1 activities, ")
    changed(tmp_path / "b.db", "UPDATE alembic_version SET version_num = '0001'")
    assert (
        "made by an older niggled and would be brought up"
        in niggled(home, "restore", "--check", tmp_path / "b.db").stdout
    )
    (tmp_path / "b.db").write_bytes((tmp_path / "b.db").read_bytes()[:5000])
    told = niggled(home, "restore", "--check", tmp_path / "b.db")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"{tmp_path / 'b.db'} cannot be used. The file is damaged. Take an older backup.\n"
    assert database_of(home).read_bytes() == before


def test_a_new_machine_starts_from_a_backup(home: Environment, tmp_path: Path) -> None:
    niggled(home, "backup", tmp_path / "b.db")
    new = home | {"NIGGLED_HOME": str(tmp_path / "new" / "niggled")}
    restored = niggled(new, "restore", tmp_path / "b.db")
    assert restored.returncode == 0, restored.stderr
    assert "is kept in" not in restored.stdout
    assert stat.S_IMODE(database_of(new).stat().st_mode) == 0o600
    assert everything(database_of(new)) == everything(database_of(home))


def test_without_data_there_is_nothing_to_back_up(clean_environment: Environment, tmp_path: Path) -> None:
    told = niggled(clean_environment, "backup", tmp_path / "b.db")
    assert told.returncode == 1
    assert told.stderr == (
        "The backup was not made. There is no database yet. Import something first: `niggled import PATH`.\n"
    )
    assert not (tmp_path / "b.db").exists()
    assert niggled(clean_environment, "backup").returncode == 2


def test_what_a_write_error_leaves_half_written_is_removed_and_told(
    home: Environment, tmp_path: Path
) -> None:
    niggled(home, "backup", tmp_path / "b.db")
    good = (tmp_path / "b.db").read_bytes()
    # A file may not grow beyond 40 blocks of 1024 bytes: what a quota does, for any user.
    command = f"ulimit -f 40; exec {' '.join(NIGGLED)} backup {tmp_path / 'b.db'}"
    done = subprocess.run(
        ["bash", "-c", command], env=home, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The backup was not made. ")
    assert (tmp_path / "b.db").read_bytes() == good
    assert not list(tmp_path.glob(".b.db*"))


def test_a_disk_without_room_is_told_before_it_is_full(home: Environment, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    with disk(place, megabytes=2):
        told = niggled(home, "backup", place / "b.db")
        assert told.returncode == 1
        assert re.fullmatch(
            rf"The backup was not made\. The disk that holds {place} is full: 1\d\.\d MB are needed, 2\.\d MB are free\. "
            r"Free some space there and try again\.\n",
            told.stderr,
        )
        assert list(place.iterdir()) == []


def today() -> str:
    return f"niggled-{time_now():%Y-%m-%d}.db"


def daily(environment: Environment, tmp_path: Path, folder: Path) -> Environment:
    config = tmp_path / "config.toml"
    config.write_text(
        f'{own_page()}[backup]\nfolder = "{folder}"\nat = "00:00"\n[service]\ntick_s = 1\n[athletes.anna.channels.phone]\n'
        'url = "json://127.0.0.1:9/"\n'
    )
    return environment | {"NIGGLED_CONFIG": str(config)}


def test_the_daemon_backs_up_by_itself_and_tells_when_it_cannot(home: Environment, tmp_path: Path) -> None:
    place = tmp_path / "nas"
    place.write_text("not mounted")
    environment = daily(home, tmp_path, place / "niggled")
    query = "SELECT text FROM messages WHERE key LIKE 'outage|backup|%' AND athlete = 'anna'"
    with daemon(environment):
        wait_until(lambda: rows(database_of(environment), query))
    ((text,),) = rows(database_of(environment), query)
    assert text == (
        f"The daily backup fails. {place}/niggled: Not a directory. Name another folder. There is none yet."
    )
    place.unlink()
    with daemon(environment):
        wait_until((place / "niggled" / today()).exists)
    assert contents_of(place / "niggled" / today()).activities == {"anna": 3, "ben": 1}
    assert stat.S_IMODE((place / "niggled").stat().st_mode) == 0o700
    again = niggled(environment, "backup", "--daily")
    assert again.stdout == f"{place / 'niggled' / today()}: made already.\n"


def test_a_backup_never_takes_the_place_of_another_program_s_database(
    home: Environment, tmp_path: Path
) -> None:
    photos = tmp_path / "photos.db"
    with closing(sqlite3.connect(photos)) as database:
        database.execute("CREATE TABLE photos (name TEXT)")
    before = photos.read_bytes()
    refused = niggled(home, "backup", photos)
    assert refused.returncode == 1
    assert f"{photos} is there already and is no backup." in refused.stderr
    assert photos.read_bytes() == before


def test_a_backup_is_its_owner_s_even_where_an_open_file_lies_in_its_way(
    home: Environment, tmp_path: Path
) -> None:
    way = tmp_path / ".mine.db.part"
    way.touch()
    way.chmod(0o644)
    assert niggled(home, "backup", tmp_path / "mine.db").returncode == 0
    assert stat.S_IMODE((tmp_path / "mine.db").stat().st_mode) == 0o600
    way.symlink_to(tmp_path / "other")
    (tmp_path / "other").write_text("mine")
    assert niggled(home, "backup", tmp_path / "mine.db").returncode == 1
    assert (tmp_path / "other").read_text() == "mine"


def test_a_second_daemon_is_told_without_a_traceback(configured: Environment) -> None:
    with daemon(configured) as running:
        second = niggled(configured, "run")
        assert second.returncode == 1
        assert second.stderr.startswith("Another niggled already runs on ")
        assert f"(process {running.pid})" in second.stderr
