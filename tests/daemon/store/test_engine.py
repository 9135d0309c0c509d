"""The database file: private, whole, and clear about what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa
from fakes.source_records import MONDAY, days, record, run

from daemon.store.engine import open_store
from daemon.store.errors import StoreError
from daemon.store.history import list_activities
from daemon.store.records import known_ids, save_record, save_records

NOW = MONDAY + days(1)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_made_private_in_a_private_folder_whatever_the_umask(tmp_path: Path) -> None:
    file = tmp_path / "state" / "niggled.db"
    before = os.umask(0)
    try:
        store = open_store(f"sqlite:///{file}")
        with store.session() as session:
            save_record(session, "me", record("files", "a"), NOW)
            beside = sorted(file.parent.iterdir())
            assert [mode(one) for one in beside] == [0o600] * 3, beside
    finally:
        os.umask(before)
    assert mode(file.parent) == 0o700
    store.close()


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "niggled.db"
    open_store(f"sqlite:///{file}").close()
    file.chmod(0o644)
    open_store(f"sqlite:///{file}").close()
    assert mode(file) == 0o600


def test_the_file_survives_a_crash_of_the_program_and_readers_do_not_wait(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    with store.session() as session:
        settings = {
            name: session.execute(sa.text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000, "synchronous": 1}
    with store.session() as writing, store.reading() as reading:
        save_record(writing, "me", record("files", "a"), NOW)
        assert list_activities(reading, "me") == []
    store.close()


def test_a_reader_keeps_one_view_while_others_write(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    with store.reading() as reading:
        assert known_ids(reading, "me", "files") == frozenset()
        with store.session() as writing:
            save_record(writing, "me", record("files", "a"), NOW)
        assert known_ids(reading, "me", "files") == frozenset()
    with store.reading() as reading:
        assert known_ids(reading, "me", "files") == {"a"}
    store.close()


def test_a_second_writer_waits_for_its_turn(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'niggled.db'}"
    store, other = open_store(url), open_store(url)
    inside, done = Event(), Event()

    def write() -> None:
        inside.wait(timeout=30)
        with other.session() as session:
            save_record(session, "me", record("files", "b", run(MONDAY + days(2))), NOW)
        done.set()

    thread = Thread(target=write)
    thread.start()
    with store.session() as session:
        save_record(session, "me", record("files", "a"), NOW)
        inside.set()
        assert not done.wait(timeout=0.2)
    thread.join(timeout=30)
    with store.reading() as session:
        assert known_ids(session, "me", "files") == {"a", "b"}
    store.close()
    other.close()


def test_a_full_disk_is_told_and_nothing_half_is_kept(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    with store.session() as session:
        save_record(session, "me", record("files", "first"), NOW)
    many = [record("files", str(n), run(MONDAY + days(n)), raw=os.urandom(4000)) for n in range(1, 200)]

    def fill_up() -> None:
        with store.session() as session:
            pages = session.execute(sa.text("PRAGMA page_count")).scalar_one()
            session.execute(sa.text(f"PRAGMA max_page_count={pages + 20}"))
            save_records(session, "me", many, NOW)

    with pytest.raises(StoreError) as failure:
        fill_up()
    assert str(failure.value) == (
        "Nothing was saved. The disk that holds the database is full. Free some space there and try again."
    )
    with store.reading() as session:
        assert known_ids(session, "me", "files") == {"first"}
        assert [one.id for one in list_activities(session, "me")] == ["1"]
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    with again.session() as session:
        assert len(save_records(session, "me", many, NOW)) == 199
    again.close()


def test_a_read_only_database_is_told(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    with store.reading() as session:
        session.execute(sa.text("PRAGMA query_only=ON"))
        assert list_activities(session, "me") == []
    with pytest.raises(StoreError, match="may not be written") as failure, store.session() as session:
        save_record(session, "me", record("files", "a"), NOW)
    assert "chown" in failure.value.cure
    store.close()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "niggled.db"
    file.write_bytes(b"my diary, not yours " * 100)
    with pytest.raises(StoreError, match="is not a SQLite database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == b"my diary, not yours " * 100


def test_a_damaged_database_is_told_with_the_cure(tmp_path: Path) -> None:
    file = tmp_path / "niggled.db"
    store = open_store(f"sqlite:///{file}")
    with store.session() as session:
        save_records(session, "me", [record("files", str(n), run(MONDAY + days(n))) for n in range(300)], NOW)
    store.close()
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xaa" * (len(content) - 8192)
    file.write_bytes(content)

    def use() -> None:
        damaged = open_store(f"sqlite:///{file}")
        with damaged.reading() as session:
            list_activities(session, "me")

    with pytest.raises(StoreError, match="The file is damaged") as failure:
        use()
    assert "put your last backup in its place" in failure.value.cure


def test_a_database_that_somebody_holds_too_long_is_told(tmp_path: Path) -> None:
    file = tmp_path / "niggled.db"
    store = open_store(f"sqlite:///{file}")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with store.reading() as session:
        assert list_activities(session, "me") == []
        session.execute(sa.text("PRAGMA busy_timeout=50"))
    with pytest.raises(StoreError, match="Another program held the database"), store.session() as session:
        save_record(session, "me", record("files", "a"), NOW)
    holder.close()
    store.close()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://x/y", "not an address of SQLite or PostgreSQL"),
        ("niggled.db", "not an address of SQLite or PostgreSQL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:niggled.db?uri=true", "names no file"),
        ("sqlite:////proc/niggled/niggled.db", "/proc/niggled"),
    ],
)
def test_an_address_that_cannot_work_is_told(url: str, why: str) -> None:
    with pytest.raises(StoreError, match=why) as failure:
        open_store(url)
    assert "[store] url" in str(failure.value)


def test_a_postgresql_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be reached\. PostgreSQL: .*No such file") as failure:
        open_store(f"postgresql://niggled:geheim@/niggled?host={tmp_path}")
    assert "geheim" not in str(failure.value)


def test_opening_the_store_loads_neither_alembic_nor_a_server_driver(tmp_path: Path) -> None:
    program = (
        "import sys; from daemon.store.engine import open_store; open_store(sys.argv[1]).close();"
        "print(sorted({'alembic', 'mako', 'psycopg'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'niggled.db'}"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
