"""Saved states of the fold, so that an assessment need not start at the first run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.packing import pack
from daemon.store.tables import CHECKPOINTS
from daemon.store.turns import lock, want_assessment
from daemon.store.upsert import upsert

KEPT = 6
"""Checkpoints of one athlete that stay: a late activity then re-folds from the newest one before it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after every fact up to and including `at`; good for that formula and that policy only."""

    at: datetime
    formula_version: int
    policy_hash: str
    state: dict[str, Any]


def save_checkpoint(session: Session, athlete: str, checkpoint: Checkpoint) -> None:
    """Keep one more; the oldest beyond `KEPT` and those of another formula or policy go."""
    row = {
        "athlete": athlete,
        "formula_version": checkpoint.formula_version,
        "policy_hash": checkpoint.policy_hash,
        "at": checkpoint.at,
        "state": pack(checkpoint.state),
    }
    upsert(session, CHECKPOINTS, [row])
    mine = CHECKPOINTS.c.athlete == athlete
    usable = (CHECKPOINTS.c.formula_version == checkpoint.formula_version) & (
        CHECKPOINTS.c.policy_hash == checkpoint.policy_hash
    )
    session.execute(sa.delete(CHECKPOINTS).where(mine, ~usable))
    newest = sa.select(CHECKPOINTS.c.at).where(mine).order_by(CHECKPOINTS.c.at.desc())
    oldest_kept = session.execute(newest.offset(KEPT - 1).limit(1)).scalar_one_or_none()
    if oldest_kept is not None:
        session.execute(sa.delete(CHECKPOINTS).where(mine, CHECKPOINTS.c.at < oldest_kept))


def stored_states(
    session: Session, athlete: str, formula_version: int, policy_hash: str, *, until: datetime | None = None
) -> Iterator[tuple[datetime, bytes]]:
    """(at, state as stored) of the usable checkpoints, newest first; nearly always the first is good, so none is unpacked here."""
    query = sa.select(CHECKPOINTS.c.at, CHECKPOINTS.c.state).where(
        CHECKPOINTS.c.athlete == athlete,
        CHECKPOINTS.c.formula_version == formula_version,
        CHECKPOINTS.c.policy_hash == policy_hash,
    )
    if until is not None:
        query = query.where(CHECKPOINTS.c.at <= until)
    yield from session.execute(query.order_by(CHECKPOINTS.c.at.desc()))


def drop_checkpoints(session: Session, athlete: str, *, since: datetime) -> None:
    """A fact at `since` came, changed or went: what was folded after it is worth nothing, and a new assessment is due.

    An assessment that is under way, and did not see the fact, is waited for, so that its checkpoint goes too.
    """
    lock(session, athlete)
    want_assessment(session, [athlete])
    session.execute(sa.delete(CHECKPOINTS).where(CHECKPOINTS.c.athlete == athlete, CHECKPOINTS.c.at >= since))
