"""What services sent, word for word, as long as it is kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from daemon.store.merging import Identity
from daemon.store.tables import SourceRecordRow, table_of

_RECORDS = table_of(SourceRecordRow)


def raw_of(session: Session, athlete: str, activity_id: str) -> dict[Identity, bytes]:
    """The payloads of the records of one activity, without those that were dropped or never there."""
    query = sa.select(_RECORDS.c.source, _RECORDS.c.external_id, _RECORDS.c.raw).where(
        _RECORDS.c.athlete == athlete, _RECORDS.c.activity_id == int(activity_id), _RECORDS.c.raw.isnot(None)
    )
    return {(source, external_id): raw for source, external_id, raw in session.execute(query)}
