"""Findings under their stable keys: each is new once, and withdrawn when its cause is gone (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.tables import DELIVERIES, FINDINGS, MESSAGE_FINDINGS
from rules.facts import Side
from rules.outcome import Finding, Level


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding with its short `id` for `explain`, and its life so far.

    `message_keys` are the messages that tell it, oldest first; `was_sent`: at least one of them reached a channel.
    """

    id: str
    finding: Finding
    first_seen_at: datetime
    withdrawn_at: datetime | None
    message_keys: tuple[str, ...] = ()
    was_sent: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What changed, in order of time: seen for the first time; gone; back again after it had gone."""

    new: tuple[StoredFinding, ...] = ()
    withdrawn: tuple[StoredFinding, ...] = ()
    returned: tuple[StoredFinding, ...] = ()


def record_findings(
    session: Session,
    athlete: str,
    findings: Sequence[Finding],
    now: datetime,
    *,
    window_from: datetime | None = None,
) -> Recorded:
    """Bring the stored findings in line with an assessment.

    `window_from`: the assessment answers only for what is at or after it; older findings stay as they are. Figures
    of a known finding are brought up to date without making it new.
    """
    current = {finding.key: finding for finding in findings}
    stored = {row.key: row for row in _in_question(session, athlete, current, window_from)}
    new = [finding for key, finding in current.items() if key not in stored]
    returned = [key for key in current if key in stored and stored[key].withdrawn_at is not None]
    gone = [key for key, row in stored.items() if key not in current and row.withdrawn_at is None]
    if new:
        session.execute(sa.insert(FINDINGS), [_row(athlete, finding, now) for finding in new])
    for key, finding in current.items():
        if key in stored and (values := _changes(stored[key], finding)):
            session.execute(FINDINGS.update().where(FINDINGS.c.id == stored[key].id).values(values))
    if gone:
        away = FINDINGS.c.id.in_([stored[key].id for key in gone])
        session.execute(FINDINGS.update().where(away).values(withdrawn_at=now))
    if not (new or returned or gone):
        return Recorded()
    changed = _with_lives(session, athlete, FINDINGS.c.key.in_([one.key for one in new] + returned + gone))
    return Recorded(
        new=tuple(one for one in changed if one.finding.key not in stored),
        withdrawn=tuple(one for one in changed if one.withdrawn_at is not None),
        returned=tuple(one for one in changed if one.finding.key in stored and one.withdrawn_at is None),
    )


def list_findings(
    session: Session, athlete: str, *, since: datetime | None = None, withdrawn: bool = False
) -> list[StoredFinding]:
    """Findings that stand, or (`withdrawn`) those whose cause is gone, in order of time.

    `since` bounds when a standing finding became true, or when a withdrawn one was withdrawn.
    """
    instant = FINDINGS.c.withdrawn_at if withdrawn else FINDINGS.c.at
    where: sa.ColumnElement[bool] = (
        FINDINGS.c.withdrawn_at.isnot(None) if withdrawn else FINDINGS.c.withdrawn_at.is_(None)
    )
    if since is not None:
        where &= instant >= since
    return _with_lives(session, athlete, where)


def findings_about(
    session: Session, athlete: str, activity_ids: Iterable[str], since: datetime, until: datetime
) -> list[StoredFinding]:
    """Standing findings about these activities that became true between the two instants, in order of time."""
    where = FINDINGS.c.activity_id.in_(list(activity_ids)) & FINDINGS.c.withdrawn_at.is_(None)
    return _with_lives(session, athlete, where & (FINDINGS.c.at >= since) & (FINDINGS.c.at <= until))


def find_finding(session: Session, athlete: str, finding_id: str) -> StoredFinding | None:
    """The finding with that short id, standing or withdrawn."""
    number = int(finding_id) if finding_id.isascii() and finding_id.isdigit() and len(finding_id) < 10 else 0
    return next(iter(_with_lives(session, athlete, FINDINGS.c.id == number)), None)


def findings_by_key(session: Session, athlete: str, keys: Sequence[str]) -> list[StoredFinding]:
    """Findings with these keys in their order, standing or withdrawn; keys that name none are left out."""
    found = {one.finding.key: one for one in _with_lives(session, athlete, FINDINGS.c.key.in_(keys))}
    return [found[key] for key in keys if key in found]


def findings_of(session: Session, athlete: str, rules: Sequence[str], since: datetime) -> list[Finding]:
    """Standing findings of these rules since then, in order of time, without their lives."""
    return list(numbered_findings(session, athlete, rules, since).values())


def numbered_findings(
    session: Session, athlete: str, rules: Sequence[str], since: datetime
) -> dict[str, Finding]:
    """The same by their short ids."""
    query = (
        sa.select(FINDINGS)
        .where(
            FINDINGS.c.athlete == athlete,
            FINDINGS.c.rule.in_(rules),
            FINDINGS.c.at >= since,
            FINDINGS.c.withdrawn_at.is_(None),
        )
        .order_by(FINDINGS.c.at, FINDINGS.c.id)
    )
    return {str(row.id): _finding(row) for row in session.execute(query)}


def _in_question(
    session: Session, athlete: str, current: Mapping[str, Finding], window_from: datetime | None
) -> list[Any]:
    """Rows that the assessment speaks about: inside the window, or found again."""
    query = sa.select(FINDINGS).where(FINDINGS.c.athlete == athlete)
    if window_from is None:
        return list(session.execute(query))
    # A key names its run or day, so a finding that is found again lies near the window; its row may lie before it.
    inside = list(session.execute(query.where(FINDINGS.c.at >= window_from)))
    missing = list(current.keys() - {row.key for row in inside})
    return inside + (list(session.execute(query.where(FINDINGS.c.key.in_(missing)))) if missing else [])


def _row(athlete: str, finding: Finding, now: datetime) -> dict[str, Any]:
    return {
        "athlete": athlete,
        "key": finding.key,
        "rule": finding.rule,
        "level": finding.level.value,
        "subject": finding.subject,
        "at": finding.at,
        "numbers": dict(finding.numbers),
        "activity_id": finding.activity_id,
        "side": None if finding.side is None else finding.side.value,
        "first_seen_at": now,
        "withdrawn_at": None,
    }


def _changes(row: Any, finding: Finding) -> dict[str, Any]:
    """What a row says otherwise than the finding, which stands."""
    told = {
        "at": finding.at,
        "subject": finding.subject,
        "numbers": dict(finding.numbers),
        "withdrawn_at": None,
    }
    return {name: value for name, value in told.items() if getattr(row, name) != value}


def _with_lives(session: Session, athlete: str, where: sa.ColumnElement[bool]) -> list[StoredFinding]:
    rows = session.execute(
        sa.select(FINDINGS).where(FINDINGS.c.athlete == athlete, where).order_by(FINDINGS.c.at, FINDINGS.c.id)
    ).all()
    sent_at = (
        sa.select(sa.func.count(DELIVERIES.c.sent_at))
        .where(
            DELIVERIES.c.athlete == MESSAGE_FINDINGS.c.athlete,
            DELIVERIES.c.message_key == MESSAGE_FINDINGS.c.message_key,
        )
        .scalar_subquery()
    )
    told: dict[str, list[tuple[str, int]]] = {}
    keys = sa.select(FINDINGS.c.key).where(FINDINGS.c.athlete == athlete, where)
    for finding_key, message_key, sent in session.execute(
        sa.select(MESSAGE_FINDINGS.c.finding_key, MESSAGE_FINDINGS.c.message_key, sent_at)
        .where(MESSAGE_FINDINGS.c.athlete == athlete, MESSAGE_FINDINGS.c.finding_key.in_(keys))
        .order_by(MESSAGE_FINDINGS.c.message_key)
    ):
        told.setdefault(finding_key, []).append((message_key, sent))
    return [
        StoredFinding(
            id=str(row.id),
            finding=_finding(row),
            first_seen_at=row.first_seen_at,
            withdrawn_at=row.withdrawn_at,
            message_keys=tuple(key for key, _ in told.get(row.key, ())),
            was_sent=any(sent for _, sent in told.get(row.key, ())),
        )
        for row in rows
    ]


def _finding(row: Any) -> Finding:
    return Finding(
        rule=row.rule,
        level=Level(row.level),
        subject=row.subject,
        at=row.at,
        numbers=row.numbers,
        activity_id=row.activity_id,
        side=None if row.side is None else Side(row.side),
    )
