"""Claiming a row for a while: a kill frees its work by itself, and several daemons share one database (DESIGN 3)."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session

WORKER = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
"""The name under which this process claims: two containers may have the same host name and process number."""


def claim(
    session: Session,
    table: sa.Table[Any],
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
    free = table.c.claimed_until.is_(None) | (table.c.claimed_until < now)
    if longest is not None:
        free |= table.c.claimed_until > now + longest
    result = session.execute(
        sa.update(table).where(row, free).values(claimed_by=worker, claimed_until=now + lease, **values)
    )
    return bool(result.rowcount == 1)
