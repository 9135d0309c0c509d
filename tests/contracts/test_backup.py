"""A backup holds everything, comes back whole, and is refused where it does not fit: on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.kept_home import LATER, everything_in, fill
from fakes.source_records import MONDAY, record, run

from daemon.lock import only_daemon_of
from daemon.store.backup import write_backup
from daemon.store.contents import contents_of
from daemon.store.copying import emptied
from daemon.store.engine import Store, make_engine, open_store
from daemon.store.errors import StoreError
from daemon.store.forgetting import forget_athlete, forget_athlete_in, forget_everything, known_athletes
from daemon.store.migrate import HEAD, upgrade
from daemon.store.records import save_records
from daemon.store.restoring import NOT_RESTORED, demand_alone, restore
from daemon.store.tables import METADATA


@pytest.fixture
def full(store: Store) -> Store:
    fill(store, "anna", runs=3)
    fill(store, "ben")
    return store


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()


def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    place.mkdir(exist_ok=True)
    return place


def test_a_backup_of_a_store_in_use_is_one_private_file_that_holds_every_row(
    full: Store, store_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "folder" / "b.db"
    with full.session() as session:
        save_records(session, "anna", [record("files", "x", run(MONDAY + timedelta(days=9)))], LATER)
        if store_url.startswith("sqlite"):
            contents = write_backup(store_url, target)
            assert contents.activities == {"anna": 3, "ben": 1}, "what is not committed yet is not in it"
    contents = write_backup(store_url, target)
    assert contents.activities == {"anna": 4, "ben": 1}
    assert contents.revision == HEAD
    assert contents.size_bytes == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["b.db"]
    copy = open_store(f"sqlite:///{target}")
    assert everything_in(copy) == everything_in(full)
    assert all(everything_in(full)[name] for name in ("nights", "deliveries", "message_findings", "replies"))
    copy.close()


def test_a_restored_store_is_the_backup_and_what_was_there_is_kept(
    full: Store, store_url: str, tmp_path: Path
) -> None:
    write_backup(store_url, tmp_path / "b.db")
    then = everything_in(full)
    fill(full, "carla")
    since = everything_in(full)
    full.close()
    contents, kept = restore(store_url, tmp_path / "b.db", home(tmp_path), LATER)
    assert contents.activities == {"anna": 3, "ben": 1}
    assert everything_in(full) == then
    assert kept is not None
    assert kept.name == "replaced-20240508T060000Z.db"
    aside = open_store(f"sqlite:///{kept}")
    assert everything_in(aside) == since
    aside.close()


def test_after_a_restore_new_rows_get_new_numbers(full: Store, store_url: str, tmp_path: Path) -> None:
    write_backup(store_url, tmp_path / "b.db")
    full.close()
    restore(store_url, tmp_path / "b.db", home(tmp_path), LATER)
    fill(full, "carla", runs=2)
    assert len(everything_in(full)["source_records"]) == 6


def test_a_backup_from_one_kind_of_database_goes_into_the_other(
    full: Store, store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_backup(store_url, tmp_path / "b.db")
    if store_url.startswith("sqlite"):
        other = str(request.getfixturevalue("postgresql_url"))
    else:
        other = f"sqlite:///{tmp_path / 'elsewhere' / 'niggled.db'}"
    contents, kept = restore(other, tmp_path / "b.db", home(tmp_path), LATER)
    moved = open_store(other)
    assert everything_in(moved) == everything_in(full)
    assert contents.activities == {"anna": 3, "ben": 1}
    assert (kept is None) == other.startswith("sqlite"), "there was no file to keep"
    moved.close()


def older(path: Path) -> None:
    """A backup by an earlier niggled, with one run."""
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, to="0001")
        tables = sa.MetaData()
        tables.reflect(connection)
        activities = tables.tables["activities"]
        plain = {
            column.name: MONDAY.replace(tzinfo=None)
            if column.type.python_type.__name__ == "datetime"
            else column.type.python_type()
            for column in activities.columns
            if not column.nullable
        }
        connection.execute(activities.insert().values(plain | {"athlete": "anna", "id": 7}))
    engine.dispose()


def test_a_backup_by_an_older_niggled_is_brought_up_to_date_and_itself_left_alone(
    full: Store, store_url: str, tmp_path: Path
) -> None:
    older(tmp_path / "old.db")
    before = (tmp_path / "old.db").read_bytes()
    assert contents_of(tmp_path / "old.db").older
    full.close()
    contents, _ = restore(store_url, tmp_path / "old.db", home(tmp_path), LATER)
    assert (contents.revision, contents.activities) == (HEAD, {"anna": 1})
    assert [row[1] for row in everything_in(full)["activities"]] != []
    assert (tmp_path / "old.db").read_bytes() == before


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:12288] = bytes(4096)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def newer(path: Path) -> None:
    changed(path, "UPDATE alembic_version SET version_num = '9999'")


def text(path: Path) -> None:
    path.write_text("a shopping list that someone renamed, long enough to have a page of its own\n" * 99)


def another_programs(path: Path) -> None:
    path.unlink()
    changed(path, "CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damaged, r"cannot be used\. The file is damaged\. Take an older backup\."),
        (cut, r"cannot be used\. The file is damaged\. Take an older backup\."),
        (newer, r"made by a newer niggled \(its shape is 9999.*Install that version again, or take an older"),
        (text, r"The file is not a SQLite database\. Name a file made by `niggled backup`\."),
        (another_programs, r"but not one of niggled's\. Name a file made by"),
        (Path.unlink, r"There is no such file\."),
    ],
    ids=["damaged", "cut", "newer", "text", "another", "missing"],
)
def test_what_is_no_good_backup_is_refused_and_changes_nothing(
    full: Store, store_url: str, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    write_backup(store_url, tmp_path / "b.db")
    spoil(tmp_path / "b.db")
    before = everything_in(full)
    full.close()
    with pytest.raises(StoreError, match=words):
        restore(store_url, tmp_path / "b.db", home(tmp_path), LATER)
    assert everything_in(full) == before
    assert not list(tmp_path.rglob("*.part*"))


def test_a_store_that_somebody_uses_is_not_restored(full: Store, store_url: str) -> None:
    with full.reading() as session:
        session.execute(sa.text("SELECT count(*) FROM activities"))
        with pytest.raises(StoreError, match="Another program has the database open"):
            demand_alone(store_url, NOT_RESTORED)
    full.close()
    demand_alone(store_url, NOT_RESTORED)


def test_one_athlete_is_forgotten_and_the_other_stays(full: Store, store_url: str, tmp_path: Path) -> None:
    write_backup(store_url, tmp_path / "b.db")
    before = everything_in(full)
    full.close()
    assert known_athletes(store_url) == ["anna", "ben"]
    forget_athlete(store_url, "anna")
    forget_athlete_in(tmp_path / "b.db", "anna")
    assert known_athletes(store_url) == ["ben"]
    left = everything_in(full)
    assert left == {name: [row for row in rows if "ben" in row] for name, rows in before.items()}
    assert contents_of(tmp_path / "b.db").activities == {"ben": 1}
    copy = open_store(f"sqlite:///{tmp_path / 'b.db'}")
    assert everything_in(copy) == left
    copy.close()
    assert b"anna" not in (tmp_path / "b.db").read_bytes()
    if store_url.startswith("sqlite"):
        assert b"anna" not in (tmp_path / "niggled.db").read_bytes()


def test_everything_is_forgotten(full: Store, store_url: str, tmp_path: Path) -> None:
    full.close()
    forget_everything(store_url)
    assert list(tmp_path.glob("niggled.db*")) == []
    again = open_store(store_url)
    assert not any(everything_in(again).values())
    again.close()


@pytest.mark.postgres
def test_nothing_of_ours_stays_in_a_server(postgresql_url: str) -> None:
    open_store(postgresql_url).close()
    forget_everything(postgresql_url)
    engine = make_engine(postgresql_url)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()


def test_every_row_says_whose_it_is() -> None:
    assert [table.name for table in METADATA.sorted_tables if "athlete" not in table.c] == []


@pytest.fixture
def embedded(tmp_path: Path) -> tuple[str, Path]:
    url = f"sqlite:///{tmp_path / 'niggled.db'}"
    store = open_store(url)
    fill(store)
    store.close()
    return url, tmp_path


def test_only_a_backup_is_written_over(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    (folder / "letter.txt").write_text("Dear Anna")
    (folder / "link.db").symlink_to(folder / "niggled.db")
    for name, words in {
        "letter.txt": "is there already and is no backup",
        "niggled.db": "is the database itself",
        "niggled.db-wal": "is the database itself",
        "link.db": "is the database itself",
        ".": "is a folder. Name a file in it",
    }.items():
        with pytest.raises(StoreError, match=words):
            write_backup(url, folder / name)
    assert (folder / "letter.txt").read_text() == "Dear Anna"
    write_backup(url, folder / "b.db")
    write_backup(url, folder / "b.db")


def test_a_damaged_database_makes_no_backup_and_spares_the_earlier_one(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    write_backup(url, folder / "b.db")
    good = (folder / "b.db").read_bytes()
    damaged(folder / "niggled.db")
    with pytest.raises(
        StoreError, match=r"The database is damaged\. Stop the daemon and restore your last backup"
    ):
        write_backup(url, folder / "b.db")
    assert (folder / "b.db").read_bytes() == good
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("spoil", [damaged, text], ids=["damaged", "text"])
def test_a_damaged_database_is_replaced_and_kept_as_it_was(
    embedded: tuple[str, Path], spoil: Callable[[Path], None]
) -> None:
    url, folder = embedded
    write_backup(url, folder / "b.db")
    spoil(folder / "niggled.db")
    bad = (folder / "niggled.db").read_bytes()
    (folder / "niggled.db-wal").write_bytes(b"what was not folded in")
    demand_alone(url, NOT_RESTORED)
    contents, kept = restore(url, folder / "b.db", folder, LATER)
    assert contents.activities == {"me": 1}
    assert kept is not None
    # The head of the file tells whether there is a log.
    assert kept.read_bytes()[100:] == bad[100:]
    assert not (folder / "niggled.db-wal").exists(), "it would be taken for a part of the new database"
    assert contents_of(folder / "niggled.db").activities == {"me": 1}


def test_a_backup_on_a_disk_that_cannot_be_written_is_readable(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    place = folder / "cd"
    write_backup(url, place / "b.db")
    (place / "b.db").chmod(0o400)
    place.chmod(0o500)
    try:
        assert contents_of(place / "b.db").activities == {"me": 1}
    finally:
        place.chmod(0o700)


def test_a_file_copied_by_hand_together_with_its_log_is_restored(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    store = open_store(url)
    fill(store, "anna")
    (folder / "hand").mkdir()
    for path in folder.glob("niggled.db*"):
        shutil.copy(path, folder / "hand" / path.name)
    store.close()
    assert (folder / "hand" / "niggled.db-wal").stat().st_size > 0
    contents, _ = restore(url, folder / "hand" / "niggled.db", folder, LATER)
    assert contents.activities == {"anna": 1, "me": 1}


def test_two_backups_to_one_place_do_not_mix(embedded: tuple[str, Path]) -> None:
    from daemon.store.unfinished import placed_when_whole

    url, folder = embedded
    with placed_when_whole(folder / "b.db", "Nothing.") as part:
        with pytest.raises(StoreError, match="Another niggled is writing"):
            write_backup(url, folder / "b.db")
        part.write_bytes(b"whole")
    assert (folder / "b.db").read_bytes() == b"whole"


def test_a_second_name_left_by_a_killed_restore_is_taken_away(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    write_backup(url, folder / "b.db")
    (folder / "replaced-20240101T000000Z.db").hardlink_to(folder / "niggled.db")
    _, kept = restore(url, folder / "b.db", folder, LATER)
    assert list(folder.glob("replaced-*")) == [kept]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to another")
def test_what_root_restores_belongs_to_the_owner_of_the_folder(embedded: tuple[str, Path]) -> None:
    url, folder = embedded
    write_backup(url, folder.parent / "b.db")
    shutil.chown(folder, 65534, 65534)
    restore(url, folder.parent / "b.db", folder, LATER)
    with only_daemon_of(folder):
        pass
    for name in ("niggled.db", "daemon.lock"):
        assert (folder / name).stat().st_uid == 65534
    assert (folder.parent / "b.db").stat().st_uid == 0


@pytest.mark.postgres
def test_whoever_comes_during_a_restore_waits_for_its_end(full_server: str, tmp_path: Path) -> None:
    engine, late = make_engine(full_server), make_engine(full_server)
    with engine.begin() as restoring:
        emptied(restoring)
        with late.connect() as other:
            other.execute(sa.text("SET lock_timeout = 200"))
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                other.execute(sa.text("SELECT count(*) FROM activities"))
        restoring.rollback()
    with late.connect() as other:
        assert other.execute(sa.text("SELECT count(*) FROM activities")).scalar_one() == 1
    engine.dispose()
    late.dispose()


@pytest.fixture
def full_server(postgresql_url: str) -> str:
    store = open_store(postgresql_url)
    fill(store)
    store.close()
    return postgresql_url


# Dies when every row is written and nothing is kept yet.
DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.store import restoring
copy_rows = restoring.copy_rows
def dies(source, target):
    copy_rows(source, target)
    os.kill(os.getpid(), signal.SIGKILL)
restoring.copy_rows = dies
restoring.restore(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), datetime(2024, 5, 8, tzinfo=UTC))
"""


@pytest.mark.postgres
def test_a_restore_killed_before_its_end_leaves_a_server_as_it_was(full_server: str, tmp_path: Path) -> None:
    write_backup(full_server, tmp_path / "b.db")
    store = open_store(full_server)
    fill(store, "carla")
    before = everything_in(store)
    store.close()
    command = [sys.executable, "-c", DIES, full_server, str(tmp_path / "b.db"), str(home(tmp_path))]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert everything_in(store) == before
    (kept,) = home(tmp_path).glob("replaced-*.db")
    assert contents_of(kept).activities == {"carla": 1, "me": 1}
    store.close()
    restore(full_server, tmp_path / "b.db", home(tmp_path), LATER)
    assert {row[0] for row in everything_in(store)["activities"]} == {"me"}
    store.close()
