"""Measured loads, kept so that an old run need not be measured again. A cache: it may be empty at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.packing import pack_load, unpack_load
from daemon.store.tables import ACTIVITIES, LOADS
from daemon.store.upsert import upsert
from rules.facts import RunLoad

_SAME_ACTIVITY = (ACTIVITIES.c.athlete == LOADS.c.athlete) & (ACTIVITIES.c.id == LOADS.c.activity_id)


def save_loads(session: Session, athlete: str, loads: Mapping[str, RunLoad], policy_hash: str) -> None:
    """Keep loads by activity id. Those of activities that have gone meanwhile are left out."""
    if not loads:
        return
    alive = set(session.execute(sa.select(ACTIVITIES.c.id).where(ACTIVITIES.c.athlete == athlete)).scalars())
    rows = [
        {"athlete": athlete, "activity_id": int(key), "policy_hash": policy_hash, "load": pack_load(load)}
        for key, load in loads.items()
        if int(key) in alive
    ]
    upsert(session, LOADS, rows)


def load_loads(
    session: Session, athlete: str, policy_hash: str, *, since: datetime | None = None
) -> dict[str, RunLoad]:
    """Loads measured under that policy, by activity id; one that cannot be read counts as absent."""
    query = sa.select(LOADS.c.activity_id, LOADS.c.load).where(
        LOADS.c.athlete == athlete, LOADS.c.policy_hash == policy_hash
    )
    if since is not None:
        query = query.join(ACTIVITIES, _SAME_ACTIVITY).where(ACTIVITIES.c.start >= since)
    loads: dict[str, RunLoad] = {}
    for activity_id, packed in session.execute(query):
        try:
            loads[str(activity_id)] = unpack_load(packed)
        except (ValueError, TypeError, KeyError):
            continue
    return loads
