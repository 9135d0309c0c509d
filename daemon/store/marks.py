"""What the runner says about an activity: stored on its records, so that it outlives every new merge and import."""

from __future__ import annotations

from typing import Any

from daemon.store.engine import Session
from daemon.store.errors import StoreError
from daemon.store.records import OVERLAP
from daemon.store.settle import StoredRecord, Touched, records_of, settle
from daemon.store.tables import SOURCE_RECORDS
from daemon.store.turns import lock
from rules.facts import Family


def split(session: Session, athlete: str, activity_id: str, *, overlap: float = OVERLAP) -> tuple[str, ...]:
    """Undo a merge for good: each record becomes an activity of its own. Returns their ids, in order of start.

    The record that was stored first keeps the id. Raises StoreError where there is nothing to split.
    """
    records = _records(session, athlete, activity_id)
    if len(records) < 2:
        raise StoreError(
            "Nothing was split.",
            f"Activity {activity_id} comes from one source record only.",
            f"See niggled activities show {activity_id}.",
        )
    ids = _mark(session, athlete, records, {"split": True}, overlap)
    return tuple(str(ids[record.record_id]) for record in records)


def exclude(session: Session, athlete: str, activity_id: str) -> None:
    """Take the activity out of every baseline, sum and warning. Raises StoreError where there is none."""
    _mark(session, athlete, _records(session, athlete, activity_id), {"excluded_set": True})


def include(session: Session, athlete: str, activity_id: str) -> None:
    """Undo `exclude`. Raises StoreError where there is no such activity."""
    _mark(session, athlete, _records(session, athlete, activity_id), {"excluded_set": False})


def set_sport(session: Session, athlete: str, activity_id: str, sport: str, family: Family) -> str:
    """Correct the sport; the activity may merge with others of its new family. Returns its id afterwards."""
    records = _records(session, athlete, activity_id)
    ids = _mark(session, athlete, records, {"sport_set": sport, "family_set": family.value})
    return str(ids[records[0].record_id])


def mark_race(session: Session, athlete: str, activity_id: str, *, race: bool = True) -> None:
    """The runner says that it was a race, or takes that back. Raises StoreError where there is none."""
    _mark(session, athlete, _records(session, athlete, activity_id), {"race_set": race})


def mark_planned(session: Session, athlete: str, activity_id: str, *, planned: bool = True) -> None:
    """The runner says that the run was meant so, or takes that back. Raises StoreError where there is none."""
    _mark(session, athlete, _records(session, athlete, activity_id), {"planned_set": planned})


def _records(session: Session, athlete: str, activity_id: str) -> list[StoredRecord]:
    lock(session, athlete)
    number = int(activity_id) if activity_id.isascii() and activity_id.isdigit() else 0
    records = records_of(session, athlete, SOURCE_RECORDS.c.activity_id == number)
    if not records:
        raise unknown_activity(activity_id)
    return records


def unknown_activity(activity_id: str) -> StoreError:
    """The error of every verb that is given an id nobody has."""
    return StoreError(
        f"There is no activity {activity_id}.",
        "Ids are the numbers in the first column of the list; a merged activity keeps the lower one.",
        "See niggled activities list.",
    )


def _mark(
    session: Session,
    athlete: str,
    records: list[StoredRecord],
    values: dict[str, Any],
    overlap: float = OVERLAP,
) -> dict[int, int]:
    ids = [record.record_id for record in records]
    session.execute(SOURCE_RECORDS.update().where(SOURCE_RECORDS.c.id.in_(ids)).values(values))
    touched = [
        Touched(record.record_id, record.activity_id, record.span.start, record.span.seconds)
        for record in records
    ]
    return settle(session, athlete, touched, overlap).activity_of
