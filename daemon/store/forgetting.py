"""Taking data away for good: everything of one athlete, or everything; also out of backups."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from daemon.store.backup import copy_file, embedded_file
from daemon.store.engine import open_store
from daemon.store.errors import StoreError, database_errors_explained
from daemon.store.tables import METADATA
from daemon.store.unfinished import placed_when_whole

NOT_FORGOTTEN = "Not everything was forgotten."


def known_athletes(url: str) -> list[str]:
    """Whoever has a row in the store."""
    store = open_store(url)
    try:
        with store.reading() as session:
            names: set[str] = set()
            for table in METADATA.sorted_tables:
                names |= set(session.execute(sa.select(table.c.athlete).distinct()).scalars())
    finally:
        store.close()
    return sorted(names)


def forget_athlete(url: str, athlete: str) -> None:
    """Delete every row of one athlete, in one transaction, and what an SQLite file still holds of them. Raises StoreError."""
    store = open_store(url)
    try:
        with store.session() as session:
            for table in reversed(METADATA.sorted_tables):
                session.execute(table.delete().where(table.c.athlete == athlete))
    finally:
        store.close()
    path = embedded_file(url)
    if path is not None:
        with database_errors_explained(), closing(sqlite3.connect(path, timeout=30)) as database:
            _rewrite(database)


def forget_athlete_in(backup: Path, athlete: str) -> None:
    """Delete an athlete from a backup, whatever niggled made it. Raises StoreError; the backup is then as it was."""
    with placed_when_whole(backup, NOT_FORGOTTEN) as part:
        copy_file(backup, part)
        with closing(sqlite3.connect(part)) as database:
            for name in _tables_of_athletes(database):
                database.execute(f'DELETE FROM "{name}" WHERE athlete = ?', (athlete,))  # noqa: S608  the file's own
            database.commit()
            _rewrite(database)


def forget_everything(url: str) -> None:
    """Remove the SQLite file with all that belongs to it, or the tables from PostgreSQL. Raises StoreError."""
    path = embedded_file(url)
    if path is None:
        store = open_store(url)
        try:
            with store.session() as session:
                METADATA.drop_all(session)
                session.execute(sa.text("DROP TABLE alembic_version"))
        finally:
            store.close()
        return
    # The log first: without its database it says nothing.
    for log in ("-wal", "-shm", "-journal", ""):
        try:
            path.with_name(f"{path.name}{log}").unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                NOT_FORGOTTEN, f"{path}: {error.strerror}.", "Check the rights of its folder."
            ) from error


def _tables_of_athletes(database: sqlite3.Connection) -> list[str]:
    query = (
        "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c "
        "WHERE m.type = 'table' AND c.name = 'athlete'"
    )
    return [str(name) for (name,) in database.execute(query)]


def _rewrite(database: sqlite3.Connection) -> None:
    """Deleted rows stay readable in the file until it is written anew."""
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
