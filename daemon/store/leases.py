"""Claiming a row for a while: a kill frees its work by itself, and several daemons share one database (DESIGN 3)."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from daemon.store.tables import DeliveryRow, HearingRow, SourceStateRow

WORKER = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
"""The name under which this process claims: two containers may have the same host name and process number."""


def claim(
    session: Session,
    table: type[DeliveryRow | SourceStateRow | HearingRow],
    row: sa.ColumnElement[bool],
    worker: str,
    now: datetime,
    lease: timedelta,
    longest: timedelta | None = None,
    **values: object,
) -> bool:
    """Take one row that is free or whose lease has run out; True if it is ours now.

    `row` picks it and says that its work is not done. One UPDATE decides, so two workers never both get True. No lease is
    longer than `longest`: one that seems so was given by a clock that has been put back since.
    """
    free = table.claimed_until.is_(None) | (table.claimed_until < now)
    if longest is not None:
        free |= table.claimed_until > now + longest
    result = session.execute(
        sa.update(table)
        .where(row, free)
        .values(claimed_by=worker, claimed_until=now + lease, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]
