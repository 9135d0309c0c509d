"""Backup, restore and migration killed at every step leave the old data or the new, and either whole."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from fakes.clock import WEDNESDAY_NOON, ToldClock
from fakes.command import Environment, database_of, everything, niggled, rows
from fakes.kept_household import changed, configured, home
from fakes.source_records import MONDAY

from daemon.store.contents import contents_of
from daemon.store.engine import make_engine, open_store
from daemon.store.migrate import HEAD, upgrade

__all__ = ["configured", "home"]


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

# Dies of the first write that would make a file longer than that many bytes.
DIES_OF_A_WRITE = """
import resource, signal, sys
sys.dont_write_bytecode = True
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["niggled", *sys.argv[2:]]
from daemon.cli.main import main
main()
"""


def steps(home: Environment, arguments: list[str | Path], place: Path, check: Callable[[bool], None]) -> int:
    """Kill a verb at its first step, a minute later at its second, and so on to its end; how many steps there are.

    `check` is told whether the verb has ended by itself.
    """
    for step in range(1, 200):
        command = [sys.executable, "-c", DIES, str(step), str(place), *map(str, arguments)]
        later = ToldClock(WEDNESDAY_NOON + timedelta(minutes=step)).environment
        done = subprocess.run(command, env=home | later, capture_output=True, text=True, check=False)
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
        # So large that the log of a migration, which leaves this alone, stays smaller than the database.
        connection.execute(sa.text("CREATE TABLE untouched AS SELECT zeroblob(1000000) AS filling"))
    engine.dispose()


def test_a_power_cut_during_a_migration_leaves_the_old_shape_or_the_new_one_whole(
    clean_environment: Environment, tmp_path: Path
) -> None:
    runs = 300
    aged(tmp_path / "old.db", runs)
    database = database_of(clean_environment)
    database.parent.mkdir()

    def migrated(largest_file: int) -> int:
        for path in database.parent.glob("niggled.db*"):
            path.unlink()
        shutil.copy(tmp_path / "old.db", database)
        command = [sys.executable, "-c", DIES_OF_A_WRITE, str(largest_file), "status"]
        return subprocess.run(command, env=clean_environment, capture_output=True, check=False).returncode

    assert migrated(2**31) == 0
    whole = database.stat().st_size
    log_sizes, shapes = [], []
    # The last kill comes when the log is full and its last page is carried into the database.
    for largest_file in (8192, whole // 16, whole // 4, whole // 2, whole * 5 // 8, whole - 4096):
        assert migrated(largest_file) == -signal.SIGXFSZ
        log_sizes.append(Path(f"{database}-wal").stat().st_size)
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            ((shape,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        shapes.append(shape)
        assert niggled(clean_environment, "status").returncode == 0
        assert rows(database, "SELECT version_num FROM alembic_version") == [(HEAD,)]
        told = rows(
            database, "SELECT count(*), sum(length(series)), count(DISTINCT external_id) FROM source_records"
        )
        assert told == [(runs, runs * 5000, runs)]
    assert shapes == ["0001"] * 5 + [HEAD]
    assert log_sizes == sorted(set(log_sizes)), "each kill came later in the migration than the one before"
