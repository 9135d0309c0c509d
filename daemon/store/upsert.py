"""INSERT … ON CONFLICT, the same words on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session


def _insert(session: Session, table: sa.Table[Any]) -> Any:
    # Each dialect costs some 15 ms to load; the one in use is loaded already.
    if session.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def upsert(session: Session, table: sa.Table[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows` (all with the same columns); a row with that primary key is replaced."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = _insert(session, table)
    told = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=told), list(rows))


def insert_new(session: Session, table: sa.Table[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`; those that break a unique key are left out."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))
