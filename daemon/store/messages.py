"""Messages as they were decided: what triage remembers, and what `explain` shows."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.tables import MESSAGE_FINDINGS, MESSAGES
from daemon.store.upsert import insert_new
from rules.choices import buttons
from rules.facts import PromptKind
from rules.outcome import Level, Message, MessageKind, PromptWanted, Sent

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TOKEN_LENGTH = 10


def insert_message(session: Session, athlete: str, message: Message) -> None:
    """Store a message and what it tells; one with that key is left as it is. What can be answered gets a token."""
    row = {
        "athlete": athlete,
        "key": message.key,
        "kind": message.kind.value,
        "level": message.level.value,
        "title": message.title,
        "text": message.text,
        "decided_at": message.decided_at,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
        "alert": message.alert,
        "question": _packed_question(message.question),
        "token": new_token() if buttons(message) else None,
    }
    insert_new(session, MESSAGES, [row])
    insert_new(
        session,
        MESSAGE_FINDINGS,
        [
            {"athlete": athlete, "message_key": message.key, "position": position, "finding_key": key}
            for position, key in enumerate(message.findings)
        ],
    )


def new_token() -> str:
    """Fifty random bits in letters and digits that nobody mistakes for one another."""
    return "".join(secrets.choice(BASE32) for _ in range(TOKEN_LENGTH))


def token_of(session: Session, athlete: str, key: str) -> str | None:
    """What an answer to this message carries; None where nothing can be answered."""
    query = sa.select(MESSAGES.c.token).where(MESSAGES.c.athlete == athlete, MESSAGES.c.key == key)
    return session.execute(query).scalar_one_or_none()


def sent_messages(session: Session, athlete: str, since: datetime, *, alerts_since: datetime) -> list[Sent]:
    """Messages due at or after `since`, alerts also back to `alerts_since`, that were ever put into the outbox, in order of
    their due time.

    Those that wait, failed or expired are among them: what was decided once is not decided again.
    """
    remembered = (MESSAGES.c.due_at >= since) | (MESSAGES.c.alert & (MESSAGES.c.due_at >= alerts_since))
    told: dict[str, list[str]] = {}
    rows: dict[str, tuple[str, datetime, bool]] = {}
    query = (
        sa.select(
            MESSAGES.c.key,
            MESSAGES.c.kind,
            MESSAGES.c.due_at,
            MESSAGES.c.alert,
            MESSAGE_FINDINGS.c.finding_key,
        )
        .join(
            MESSAGE_FINDINGS,
            (MESSAGE_FINDINGS.c.athlete == MESSAGES.c.athlete)
            & (MESSAGE_FINDINGS.c.message_key == MESSAGES.c.key),
            isouter=True,
        )
        .where(MESSAGES.c.athlete == athlete, remembered)
        .order_by(MESSAGES.c.due_at, MESSAGES.c.key, MESSAGE_FINDINGS.c.position)
    )
    for key, kind, due_at, alert, finding in session.execute(query):
        rows[key] = kind, due_at, alert
        told.setdefault(key, []).extend([] if finding is None else [finding])
    return [
        Sent(key, MessageKind(kind), due_at, tuple(told[key]), alert)
        for key, (kind, due_at, alert) in rows.items()
    ]


def alert_times(session: Session, athlete: str, since: datetime) -> list[datetime]:
    """When load alerts were due."""
    query = sa.select(MESSAGES.c.due_at).where(
        MESSAGES.c.athlete == athlete, MESSAGES.c.alert, MESSAGES.c.due_at >= since
    )
    return list(session.scalars(query.order_by(MESSAGES.c.due_at)))


def load_messages(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]:
    """Messages by (athlete, key); those unknown are left out."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = session.execute(
        sa.select(MESSAGES).where(sa.tuple_(MESSAGES.c.athlete, MESSAGES.c.key).in_(wanted))
    )
    told = _told(session, wanted)
    return {
        (row.athlete, row.key): Message(
            key=row.key,
            kind=MessageKind(row.kind),
            level=Level(row.level),
            title=row.title,
            text=row.text,
            decided_at=row.decided_at,
            due_at=row.due_at,
            expires_at=row.expires_at,
            findings=told.get((row.athlete, row.key), ()),
            alert=row.alert,
            question=_unpacked_question(row.question),
        )
        for row in rows
    }


def _told(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    wanted = list(keys)
    if not wanted:
        return {}
    told: dict[tuple[str, str], list[str]] = {}
    rows = session.execute(
        sa.select(MESSAGE_FINDINGS.c.athlete, MESSAGE_FINDINGS.c.message_key, MESSAGE_FINDINGS.c.finding_key)
        .where(sa.tuple_(MESSAGE_FINDINGS.c.athlete, MESSAGE_FINDINGS.c.message_key).in_(wanted))
        .order_by(MESSAGE_FINDINGS.c.message_key, MESSAGE_FINDINGS.c.position)
    )
    for athlete, message_key, finding_key in rows:
        told.setdefault((athlete, message_key), []).append(finding_key)
    return {key: tuple(findings) for key, findings in told.items()}


def _packed_question(question: PromptWanted | None) -> dict[str, Any] | None:
    if question is None:
        return None
    return asdict(question) | {
        "due_at": question.due_at.isoformat(),
        "expires_at": question.expires_at.isoformat(),
    }


def _unpacked_question(told: dict[str, Any] | None) -> PromptWanted | None:
    if told is None:
        return None
    return PromptWanted(
        kind=PromptKind(told["kind"]),
        due_at=datetime.fromisoformat(told["due_at"]),
        expires_at=datetime.fromisoformat(told["expires_at"]),
        text=told["text"],
        activity_id=told["activity_id"],
    )
