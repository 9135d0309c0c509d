"""Every row from one database into another, in one transaction: between SQLite and PostgreSQL, either way."""

from __future__ import annotations

import sqlalchemy as sa

from daemon.store.tables import METADATA

BATCH = 200


def emptied(target: sa.Connection) -> sa.Connection:
    """Take every row of the store away, inside the caller's transaction; the same connection."""
    tables = METADATA.sorted_tables
    if target.dialect.name == "postgresql":
        # Whoever comes now waits for the end; SQLite has one writer anyway.
        names = ", ".join(table.name for table in tables)
        target.execute(sa.text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    for table in reversed(tables):
        target.execute(table.delete())
    return target


def copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """Copy every row of every table into a store that has none, inside the callers' transactions."""
    for table in METADATA.sorted_tables:
        # By a cursor of the server: all series of a club would not fit into memory.
        rows = source.execute(sa.select(table), execution_options={"stream_results": True})
        for batch in rows.mappings().partitions(BATCH):
            target.execute(table.insert(), [dict(row) for row in batch])
        if target.dialect.name == "postgresql":
            _continue_counting(table, target)


def _continue_counting(table: sa.Table, target: sa.Connection) -> None:
    """Ids that were copied are not given again."""
    column = table.autoincrement_column
    if column is not None:
        following = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        target.execute(sa.select(sa.func.setval(sequence, following, sa.false())))
