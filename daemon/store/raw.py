"""What services sent, word for word, as long as it is kept."""

from __future__ import annotations

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.merging import Identity
from daemon.store.tables import SOURCE_RECORDS


def raw_of(session: Session, athlete: str, activity_id: str) -> dict[Identity, bytes]:
    """The payloads of the records of one activity, without those that were dropped or never there."""
    query = sa.select(SOURCE_RECORDS.c.source, SOURCE_RECORDS.c.external_id, SOURCE_RECORDS.c.raw).where(
        SOURCE_RECORDS.c.athlete == athlete, SOURCE_RECORDS.c.activity_id == int(activity_id)
    )
    return {
        (source, external_id): raw for source, external_id, raw in session.execute(query) if raw is not None
    }
