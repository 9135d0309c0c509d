"""Taking turns on PostgreSQL, where writers of one athlete run side by side; an SQLite file has one writer anyway."""

from __future__ import annotations

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.tables import ATHLETES
from daemon.store.upsert import insert_new


def lock(session: Session, athlete: str) -> None:
    """Wait until nobody else saves or assesses this athlete; ours until the transaction ends.

    What a merge or an assessment sees must not change under it.
    """
    own_row = sa.select(ATHLETES.c.athlete).where(ATHLETES.c.athlete == athlete).with_for_update()
    if session.execute(own_row).first() is None:
        insert_new(session, ATHLETES, [{"athlete": athlete, "next_activity_id": 1}])
        session.execute(own_row)
