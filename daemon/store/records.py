"""What sources tell: saved once, merged into activities, taken back when the source takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from connectors.sources.contract import Deleted, Known, SourceRecord
from daemon.store.engine import Session
from daemon.store.fields import activity_from, columns_of, values_of
from daemon.store.merging import Identity, span_seconds
from daemon.store.packing import pack_profile
from daemon.store.settle import CHUNK, Touched, settle
from daemon.store.tables import SET_ASIDE, SOURCE_RECORDS
from daemon.store.turns import lock
from rules.facts import TerrainClass
from rules.policy import Policy

OVERLAP = Policy().merge.overlap
"""The default of `merge.overlap` (RULES 2.1): the part of the shorter record that two records of one run share."""


class Outcome(StrEnum):
    """What saving a record did: `MERGED` is a new record of an activity that is already known."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Saved:
    source: str
    external_id: str
    outcome: Outcome
    activity_id: str


def known_ids(session: Session, athlete: str, source: str) -> frozenset[str]:
    """External ids of the source's stored records."""
    query = sa.select(SOURCE_RECORDS.c.external_id).where(
        SOURCE_RECORDS.c.athlete == athlete, SOURCE_RECORDS.c.source == source
    )
    return frozenset(session.execute(query).scalars())


def known_records(
    session: Session, athlete: str, source: str, since: datetime | None = None
) -> dict[str, Known]:
    """What is stored of a source's records, by external id; with `since`, those that started then or later, and the newest."""
    own = (SOURCE_RECORDS.c.athlete == athlete) & (SOURCE_RECORDS.c.source == source)
    names = ("external_id", "content_hash", "series_seconds", "stored_at")
    query = sa.select(*columns_of(SOURCE_RECORDS), *(SOURCE_RECORDS.c[name] for name in names)).where(own)
    if since is not None:
        newest = sa.select(sa.func.max(SOURCE_RECORDS.c.start)).where(own).scalar_subquery()
        query = query.where((SOURCE_RECORDS.c.start >= since) | (SOURCE_RECORDS.c.start == newest))
    return {
        external_id: Known(activity_from("", row), content_hash, series_seconds is not None, stored_at)
        for row in session.execute(query)
        for external_id, content_hash, series_seconds, stored_at in (row[-4:],)
    }


def starts_of(session: Session, athlete: str, source: str) -> list[datetime]:
    """When the records of a source started, in order."""
    query = sa.select(SOURCE_RECORDS.c.start).where(
        SOURCE_RECORDS.c.athlete == athlete, SOURCE_RECORDS.c.source == source
    )
    return list(session.execute(query.order_by(SOURCE_RECORDS.c.start)).scalars())


def newest_start(session: Session, athlete: str, source: str, *, until: datetime) -> datetime | None:
    """When the newest record of a source started, those of the future left out; None where there is none."""
    newest = sa.select(sa.func.max(SOURCE_RECORDS.c.start, type_=SOURCE_RECORDS.c.start.type)).where(
        SOURCE_RECORDS.c.athlete == athlete,
        SOURCE_RECORDS.c.source == source,
        SOURCE_RECORDS.c.start <= until,
    )
    found: datetime | None = session.execute(newest).scalar_one()
    return found


def save_record(
    session: Session, athlete: str, record: SourceRecord, now: datetime, *, overlap: float = OVERLAP
) -> Saved:
    """Save one record; see `save_records`."""
    return save_records(session, athlete, [record], now, overlap=overlap)[0]


def save_records(
    session: Session,
    athlete: str,
    records: Sequence[SourceRecord],
    now: datetime,
    *,
    overlap: float = OVERLAP,
    first_seen_at: datetime | None = None,
) -> list[Saved]:
    """Save a batch and bring its activities up to date; one answer a record, in the order given.

    A record whose hash is known changes nothing. Of two with one identity the last counts. `first_seen_at`: as of when
    records count as seen that are new, if that is not now.
    """
    lock(session, athlete)
    latest = {(record.source, record.external_id): record for record in records}
    known = _known(session, athlete, latest)
    fresh = [record for identity, record in latest.items() if identity not in known]
    changed = [
        record
        for identity, record in latest.items()
        if identity in known and known[identity].content_hash != record.content_hash
    ]
    activity_of = {identity: one.activity_id for identity, one in known.items()}
    created: frozenset[int] = frozenset()
    if fresh or changed:
        touched = [known[record.source, record.external_id].touched for record in changed]
        for record in changed:
            key = SOURCE_RECORDS.c.id == known[record.source, record.external_id].record_id
            session.execute(SOURCE_RECORDS.update().where(key).values(_told(record, now)))
        if fresh:
            identity = {"athlete": athlete, "first_seen_at": first_seen_at or now}
            session.execute(
                SOURCE_RECORDS.insert(), [identity | _UNSET | _all_told(record, now) for record in fresh]
            )
        written = _known(session, athlete, [(one.source, one.external_id) for one in (*fresh, *changed)])
        touched += [one.touched for one in written.values()]
        settled = settle(session, athlete, touched, overlap)
        ids, created = settled.activity_of, settled.created
        activity_of |= {identity: ids[one.record_id] for identity, one in written.items()}
        # A record that stayed as it was may have been drawn into another activity by its neighbours.
        activity_of |= {one: ids.get(known[one].record_id, activity_of[one]) for one in known}
    _no_longer_aside(session, athlete, records)
    return _answers(records, known, activity_of, created)


def delete_record(
    session: Session, athlete: str, deleted: Deleted, *, overlap: float = OVERLAP
) -> str | None:
    """The source took a record back. Returns the id of the activity it belonged to, None if it was not known.

    The activity stays as long as another record tells of it.
    """
    lock(session, athlete)
    identity = (deleted.source, deleted.external_id)
    known = _known(session, athlete, [identity]).get(identity)
    if known is None:
        return None
    session.execute(SOURCE_RECORDS.delete().where(SOURCE_RECORDS.c.id == known.record_id))
    settle(session, athlete, [known.touched], overlap)
    return str(known.activity_id)


def drop_raw(session: Session, athlete: str, source: str, *, stored_before: datetime) -> int:
    """Forget the vendor's payloads that are older (`keep_days`); returns how many. What was derived stays."""
    result = session.execute(
        SOURCE_RECORDS.update()
        .where(
            SOURCE_RECORDS.c.athlete == athlete,
            SOURCE_RECORDS.c.source == source,
            SOURCE_RECORDS.c.stored_at < stored_before,
            SOURCE_RECORDS.c.raw.isnot(None),
        )
        .values(raw=None)
    )
    return int(result.rowcount)


@dataclass(frozen=True, slots=True)
class _Known:
    record_id: int
    activity_id: int
    content_hash: str
    touched: Touched


def _known(session: Session, athlete: str, identities: Iterable[Identity]) -> dict[Identity, _Known]:
    by_source: dict[str, list[str]] = {}
    for source, external_id in identities:
        by_source.setdefault(source, []).append(external_id)
    names = ("id", "activity_id", "content_hash", "start", "elapsed_s", "moving_s", "external_id")
    found: dict[Identity, _Known] = {}
    for source, external_ids in by_source.items():
        for index in range(0, len(external_ids), CHUNK):
            rows = session.execute(
                sa.select(*(SOURCE_RECORDS.c[name] for name in names)).where(
                    SOURCE_RECORDS.c.athlete == athlete,
                    SOURCE_RECORDS.c.source == source,
                    SOURCE_RECORDS.c.external_id.in_(external_ids[index : index + CHUNK]),
                )
            )
            for record_id, activity_id, content_hash, start, elapsed_s, moving_s, external_id in rows:
                touched = Touched(record_id, activity_id, start, span_seconds(elapsed_s, moving_s))
                found[source, external_id] = _Known(record_id, activity_id, content_hash, touched)
    return found


_UNSET: dict[str, Any] = {
    "activity_id": None,
    "gives_samples": False,
    "split": False,
    "family_set": None,
    "sport_set": None,
    "excluded_set": False,
    "race_set": False,
    "planned_set": False,
}


_BESIDE = ("terrain", "series_seconds", "series_has_altitude", "profile", "series", "raw")
"""What a record that only `adds` leaves as it was, where it brings nothing of it."""


def _told(record: SourceRecord, now: datetime) -> dict[str, Any]:
    values = _all_told(record, now)
    return {
        name: value
        for name, value in values.items()
        if not (record.adds and value is None and name in _BESIDE)
    }


def _all_told(record: SourceRecord, now: datetime) -> dict[str, Any]:
    told = record.activity
    terrain = told.profile.terrain if told.profile else TerrainClass.NONE if told.series else None
    values = values_of(told)
    del values["first_seen_at"]
    return values | {
        "source": record.source,
        "external_id": record.external_id,
        "content_hash": record.content_hash,
        "origin": record.origin,
        "warning": record.warning,
        "stored_at": now,
        "terrain": terrain,
        "series_seconds": told.series.seconds if told.series else None,
        "series_has_altitude": told.series.has_altitude if told.series else None,
        "profile": pack_profile(told.profile) if told.profile else None,
        "series": told.series.packed if told.series else None,
        "raw": record.raw,
    }


def _no_longer_aside(session: Session, athlete: str, records: Sequence[SourceRecord]) -> None:
    aside = session.execute(
        sa.select(SET_ASIDE.c.source, SET_ASIDE.c.origin).where(SET_ASIDE.c.athlete == athlete)
    ).all()
    read = {(record.source, record.origin) for record in records}
    for source, origin in aside:
        if (source, origin) in read:
            session.execute(
                sa.delete(SET_ASIDE).where(
                    SET_ASIDE.c.athlete == athlete,
                    SET_ASIDE.c.source == source,
                    SET_ASIDE.c.origin == origin,
                )
            )


def _answers(
    records: Sequence[SourceRecord],
    known: dict[Identity, _Known],
    activity_of: dict[Identity, int],
    created: frozenset[int],
) -> list[Saved]:
    """The first record of an activity that nobody knew is added, those after it are merged."""
    unheard = set(created)
    answers: list[Saved] = []
    seen: set[Identity] = set()
    for record in records:
        identity = (record.source, record.external_id)
        activity_id = activity_of[identity]
        if identity in seen or (identity in known and known[identity].content_hash == record.content_hash):
            outcome = Outcome.UNCHANGED
        elif identity in known:
            outcome = Outcome.CHANGED
        else:
            outcome = Outcome.ADDED if activity_id in unheard else Outcome.MERGED
        seen.add(identity)
        unheard.discard(activity_id)
        answers.append(Saved(*identity, outcome, str(activity_id)))
    return answers
