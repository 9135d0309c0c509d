"""Backup, restore, export and forget as installed: beside a running daemon, and killed at every step."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.command import NIGGLED, Environment, database_of, everything, niggled, rows
from fakes.kept_home import fill
from fakes.source_records import MONDAY

from daemon.store.contents import contents_of
from daemon.store.engine import make_engine, open_store
from daemon.store.migrate import HEAD, upgrade

# Dies at the step of that number: whenever it opens, moves, links or removes a file of that folder.
DIES = """
import os, signal, sys
step, place = int(sys.argv[1]), sys.argv[2]
taken = 0
def look(event, given):
    global taken
    if event in {"open", "os.rename", "os.link", "os.remove", "os.truncate", "sqlite3.connect"}:
        if any(place in os.fsdecode(one) for one in given if isinstance(one, (str, bytes, os.PathLike))):
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["niggled", *sys.argv[3:]]
from daemon.cli.main import main
sys.addaudithook(look)
main()
"""


@pytest.fixture
def home(clean_environment: Environment) -> Environment:
    """Two athletes with something of everything."""
    database = database_of(clean_environment)
    store = open_store(f"sqlite:///{database}")
    fill(store, "anna", runs=3)
    fill(store, "ben")
    store.close()
    return clean_environment


@pytest.fixture
def configured(home: Environment, tmp_path: Path) -> Environment:
    config = tmp_path / "config.toml"
    config.write_text('[athletes.anna]\ntimezone = "UTC"\n[athletes.ben]\ntimezone = "UTC"\n')
    return home | {"NIGGLED_CONFIG": str(config)}


@contextmanager
def daemon(environment: Environment) -> Iterator[subprocess.Popen[bytes]]:
    """`niggled run`, once it holds the home, until the end of the block."""
    process = subprocess.Popen([*NIGGLED, "run"], env=environment, stderr=subprocess.DEVNULL)
    lock = Path(environment["NIGGLED_HOME"]) / "daemon.lock"
    try:
        wait_until(lambda: lock.exists() and lock.read_text() == f"{process.pid}\n")
        yield process
    finally:
        process.terminate()
        process.wait(40)


def wait_until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + 40
    while not true():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def typed(environment: Environment, words: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NIGGLED, *arguments],
        env=environment,
        input=f"{words}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()


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
            assert f"The daemon is running (process {running.pid}). Stop it first" in refused.stderr
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


def steps(home: Environment, arguments: list[str | Path], place: Path, check: Callable[[bool], None]) -> int:
    """Kill a verb at its first step, again at its second, and so on to its end; how many steps there are.

    `check` is told whether the verb has ended by itself.
    """
    for step in range(1, 200):
        command = [sys.executable, "-c", DIES, str(step), str(place), *map(str, arguments)]
        done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        check(done.returncode == 0)
        if done.returncode == 0:
            return step - 1
    raise AssertionError("it never ended")


def test_a_backup_killed_at_any_step_leaves_the_earlier_one_or_the_new_one(
    home: Environment, tmp_path: Path
) -> None:
    place = tmp_path / "safe"
    niggled(home, "backup", place / "b.db")
    earlier = everything(place / "b.db")
    changed(database_of(home), "UPDATE nights SET sleep_h = 3.25")
    now = everything(database_of(home))
    seen: list[bool] = []

    def check(ended: bool) -> None:
        contents_of(place / "b.db")
        found = everything(place / "b.db")
        assert found in ([now] if ended else [earlier, now])
        seen.append(found == now)

    assert steps(home, ["backup", place / "b.db"], place, check) >= 5
    assert seen == sorted(seen)
    assert False in seen
    assert [path.name for path in place.iterdir()] == ["b.db"]


def test_a_restore_killed_at_any_step_leaves_the_old_data_or_the_new(
    home: Environment, tmp_path: Path
) -> None:
    niggled(home, "backup", tmp_path / "b.db")
    changed(tmp_path / "b.db", "UPDATE nights SET sleep_h = 3.25")
    new, old = everything(tmp_path / "b.db"), everything(database_of(home))
    live = tmp_path / "live.db"
    shutil.copy(database_of(home), live)
    seen: list[bool] = []

    def check(ended: bool) -> None:
        found = everything(database_of(home))
        assert found in ([new] if ended else [old, new])
        contents_of(database_of(home))
        open_store(f"sqlite:///{database_of(home)}").close()
        seen.append(found == new)
        if found == new:
            shutil.copy(live, database_of(home))

    assert steps(home, ["restore", tmp_path / "b.db"], database_of(home).parent, check) >= 8
    assert False in seen
    kept = list(database_of(home).parent.glob("replaced-*.db"))
    assert kept
    assert all(contents_of(path).activities == {"anna": 3, "ben": 1} for path in kept)
    assert not list(database_of(home).parent.glob(".*"))


def aged(path: Path, runs: int) -> None:
    """A database as an earlier niggled left it."""
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, to="0001")
        tables = sa.MetaData()
        tables.reflect(connection)
        table = tables.tables["source_records"]
        plain = {
            column.name: MONDAY.replace(tzinfo=None)
            if column.type.python_type.__name__ == "datetime"
            else column.type.python_type()
            for column in table.columns
            if not column.nullable
        }
        told = [
            plain | {"id": number, "athlete": "me", "external_id": str(number), "series": bytes(5000)}
            for number in range(1, runs + 1)
        ]
        connection.execute(table.insert(), told)
    engine.dispose()


def test_a_power_cut_during_a_migration_leaves_the_old_shape_or_the_new_one_whole(
    clean_environment: Environment, tmp_path: Path
) -> None:
    aged(tmp_path / "old.db", runs=3000)
    database = database_of(clean_environment)
    database.parent.mkdir()
    dice = random.Random(5)
    shapes: set[str] = set()
    for _ in range(6):
        for path in database.parent.glob("niggled.db*"):
            path.unlink()
        shutil.copy(tmp_path / "old.db", database)
        process = subprocess.Popen(
            [*NIGGLED, "status"], env=clean_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(dice.uniform(0.3, 1.6))
        process.kill()
        process.wait()
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            ((shape,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        assert shape in ("0001", HEAD)
        shapes.add(shape)
        assert niggled(clean_environment, "status").returncode == 0
        assert rows(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]
        told = rows(
            database, "SELECT count(*), sum(length(series)), count(DISTINCT external_id) FROM source_records"
        )
        assert told == [(3000, 15_000_000, 3000)]
    assert "0001" in shapes, "no kill came in time"


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
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "niggled-test", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        told = niggled(home, "backup", place / "b.db")
        assert told.returncode == 1
        assert re.fullmatch(
            rf"The backup was not made\. The disk that holds {place} is full: 1\d\.\d MB are needed, 2\.\d MB are free\. "
            r"Free some space there and try again\.\n",
            told.stderr,
        )
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", str(place)], check=True)


def today() -> str:
    return f"niggled-{datetime.now(UTC):%Y-%m-%d}.db"


def daily(environment: Environment, tmp_path: Path, folder: Path) -> Environment:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[backup]\nfolder = "{folder}"\nat = "00:00"\n[service]\ntick_s = 1\n[athletes.anna.channels.phone]\n'
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


def test_forgetting_everything_wants_the_words_and_leaves_what_is_the_runners(
    configured: Environment, tmp_path: Path
) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    (folder / "keys").mkdir()
    (folder / "keys" / "anna-strava.json").write_text("{}")
    (folder / "inbox" / "anna").mkdir(parents=True)
    (folder / "inbox" / "anna" / "run.fit").write_bytes(b"mine")
    niggled(configured, "backup", "--daily")
    niggled(configured, "backup", tmp_path / "mine.db")
    niggled(configured, "restore", tmp_path / "mine.db")
    asked = typed(configured, "yes", "forget", "--all")
    assert asked.returncode == 1
    assert asked.stdout.startswith(
        f"This deletes the database ({folder}/niggled.db), 1 files of keys and logins, and 2 backups. It cannot be undone."
    )
    assert "Nothing was deleted." in asked.stdout
    assert (folder / "niggled.db").exists()
    done = typed(configured, "forget everything", "forget", "--all")
    assert done.returncode == 0, done.stderr
    assert (
        "What is yours stays: the inbox, backups and exports made elsewhere, and the configuration "
        in done.stdout
    )
    assert "Strava: Remove the application on https://www.strava.com/settings/apps" in done.stdout
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "daemon.lock",
        "inbox/anna/run.fit",
    ]
    assert (tmp_path / "mine.db").exists()
    assert "No activities yet." in niggled(configured, "status", "--athlete", "anna").stdout


def test_forgetting_one_athlete_leaves_the_other_whole(configured: Environment, tmp_path: Path) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    (folder / "keys").mkdir()
    for name in ("anna-garmin", "anna.channel.chat", "ben-strava", "anna-b-strava"):
        (folder / "keys" / f"{name}.json").write_text("{}")
    niggled(configured, "backup", "--daily")
    assert typed(configured, "forget everything", "forget", "--athlete", "anna").returncode == 1
    before = [row for _, row in everything(database_of(configured)) if "ben" in row]
    done = typed(configured, "forget anna", "forget", "--athlete", "anna")
    assert done.returncode == 0, done.stderr
    assert "[athletes.anna] is still in " in done.stdout
    (backup,) = (folder / "backups").iterdir()
    for path in (database_of(configured), backup):
        found = [row for _, row in everything(path)]
        assert [row for row in found if "ben" in row] == before
        assert not [row for row in found if "anna" in row]
        assert b"anna" not in path.read_bytes()
    assert sorted(path.name for path in (folder / "keys").iterdir()) == [
        "anna-b-strava.json",
        "ben-strava.json",
    ]
    assert (
        "nothing is known of anna; there is ben" in niggled(configured, "forget", "--athlete", "anna").stderr
    )
    for wrong in (["forget"], ["forget", "--all", "--athlete", "ben"]):
        assert niggled(configured, *wrong).returncode == 2


def test_what_kills_and_damage_left_behind_is_forgotten_too(configured: Environment) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    niggled(configured, "backup", "--daily")
    left = [
        folder / "backups/.niggled-2026-01-01.db.part",
        folder / "backups/.niggled-2026-01-01.db.part-journal",
        folder / ".niggled.db.part",
        folder / "replaced-20260101T000000Z.db-wal",
    ]
    for words in (["--athlete", "anna"], ["--all"]):
        for path in left:
            path.write_bytes(b"anna")
        assert (
            typed(
                configured, "forget " + words[-1].replace("--all", "everything"), "forget", *words
            ).returncode
            == 0
        )
        assert not [path for path in left if path.exists()]
    assert not (folder / "backups").exists()


def test_a_damaged_backup_is_named_and_the_rest_is_forgotten_all_the_same(configured: Environment) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    niggled(configured, "backup", "--daily")
    (whole,) = (folder / "backups").iterdir()
    damaged = folder / "backups/niggled-2020-01-01.db"
    damaged.write_bytes(b"anna" * 4096)
    done = typed(configured, "forget anna", "forget", "--athlete", "anna")
    assert done.returncode == 1
    assert f"{damaged} still holds anna. The database is damaged. Delete that file." in done.stderr
    assert "restore" not in done.stderr
    for path in (database_of(configured), whole):
        assert b"anna" not in path.read_bytes()


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


def test_an_export_is_whole_private_and_says_everything_twice(
    configured: Environment, tmp_path: Path
) -> None:
    place = tmp_path / "out"
    done = niggled(configured, "export", place, "--athlete", "anna", "--series")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{place}: 3 activities, 3 records, 1 findings, 2 messages, 1 replies, ")
    assert done.stdout.endswith(f"To take along: {place}/summary.html\n")
    assert not [path for path in place.rglob("*") if path.stat().st_mode & 0o077]
    for lines in place.glob("*.jsonl"):
        told = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        with lines.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
            sheet = list(csv.DictReader(stream))
        assert len(told) == len(sheet)
        for one, row in zip(told, sheet, strict=True):
            assert list(one) == list(row)
            assert all((row[name] == "") == (value in (None, "")) for name, value in one.items())
    run = json.loads((place / "activities.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (run["start"], run["distance_m"], run["title"]) == ("2024-05-04T06:00:00Z", 10_000.0, "Früh")
    told = json.loads((place / "messages.jsonl").read_text().splitlines()[0])
    assert told["findings"] == ["R1|1|-|warn"]
    assert told["deliveries"] == [{"channel": "phone", "state": "sent", "sent_at": "2024-05-06T06:00:00Z"}]
    with (place / "series" / "1.csv").open(newline="") as stream:
        seconds = list(csv.reader(stream))
    assert seconds[:2] == [
        ["second", "step_m", "speed_mps", "grade_pct", "heart_rate_bpm", "cadence_spm"],
        ["0", "2.8", "2.8", "0.0", "150", "170"],
    ]
    assert len(seconds) == 601
    assert not [
        path for path in place.rglob("*") if path.is_file() and "ben" in path.read_text(encoding="utf-8")
    ]
    again = niggled(configured, "export", place, "--athlete", "anna")
    assert again.returncode == 1
    assert (
        again.stderr
        == f"The export was not made. {place} is there already and not empty. Name a new folder.\n"
    )
    assert os.listdir(tmp_path / "home") == []  # noqa: PTH208


def test_a_second_daemon_is_told_without_a_traceback(home: Environment) -> None:
    with daemon(home) as running:
        second = niggled(home, "run")
        assert second.returncode == 1
        assert second.stderr.startswith("Another niggled already runs on ")
        assert f"(process {running.pid})" in second.stderr
