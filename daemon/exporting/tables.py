"""What an export holds: one table a file. docs/export.md explains every column, and a test keeps the two in step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.fields import FIELDS
from daemon.store.tables import (
    ACTIVITIES,
    ADAPTATIONS,
    DELIVERIES,
    FINDINGS,
    INCOMING,
    MESSAGE_FINDINGS,
    MESSAGES,
    NIGHTS,
    PAUSES,
    PREFERENCES,
    PROMPTS,
    REPLIES,
    SOURCE_RECORDS,
    STRENGTH_SESSIONS,
)


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One file of the export: its name, the rows, their columns, and the columns that order them."""

    name: str
    rows: sa.Table[Any]
    columns: tuple[str, ...]
    ordered_by: tuple[str, ...]

    @property
    def all_columns(self) -> tuple[str, ...]:
        """With those that come from other tables."""
        return (*self.columns, "findings", "deliveries") if self.rows is MESSAGES else self.columns


_MEASURED = ("family", *FIELDS)

TABLES = (
    ExportTable("activities", ACTIVITIES, ("id", *_MEASURED), ("start", "id")),
    ExportTable(
        "records",
        SOURCE_RECORDS,
        (
            "id",
            "activity_id",
            "external_id",
            "origin",
            "warning",
            *_MEASURED,
            "family_set",
            "sport_set",
            "excluded_set",
            "race_set",
            "planned_set",
            "split",
            "gives_samples",
            "terrain",
            "stored_at",
        ),
        ("start", "id"),
    ),
    ExportTable(
        "findings",
        FINDINGS,
        (
            "id",
            "key",
            "rule",
            "level",
            "subject",
            "at",
            "numbers",
            "activity_id",
            "side",
            "first_seen_at",
            "withdrawn_at",
        ),
        ("at", "id"),
    ),
    ExportTable(
        "messages",
        MESSAGES,
        (
            "key",
            "kind",
            "level",
            "title",
            "text",
            "decided_at",
            "due_at",
            "expires_at",
            "alert",
            "question",
        ),
        ("due_at", "key"),
    ),
    ExportTable(
        "replies",
        REPLIES,
        (
            "id",
            "at",
            "kind",
            "score",
            "settled",
            "grade",
            "side",
            "limp",
            "painkillers",
            "activity_id",
            "prompt_id",
            "flag",
            "note",
        ),
        ("at", "id"),
    ),
    ExportTable(
        "incoming",
        INCOMING,
        ("id", "channel", "at", "heard_at", "text", "message_key", "outcome", "confirmation"),
        ("at", "id"),
    ),
    ExportTable(
        "prompts",
        PROMPTS,
        ("id", "kind", "sent_at", "expires_at", "activity_id", "skipped"),
        ("sent_at", "id"),
    ),
    ExportTable(
        "strength",
        STRENGTH_SESSIONS,
        ("id", "start", "minutes", "groups", "effort", "pain"),
        ("start", "id"),
    ),
    ExportTable("nights", NIGHTS, ("date", "sleep_h", "ln_rmssd", "resting_heart_rate_bpm"), ("date",)),
    ExportTable("pauses", PAUSES, ("start", "until"), ("start",)),
    ExportTable("adaptations", ADAPTATIONS, ("at", "accepted"), ("at",)),
    ExportTable("preferences", PREFERENCES, ("name", "value", "set_at"), ("name",)),
)


def rows_of(session: Session, athlete: str, table: ExportTable) -> Iterator[dict[str, Any]]:
    """The rows of one athlete, oldest first, as JSON has them: instants are UTC text."""
    columns = table.rows.c
    query = sa.select(*(columns[name] for name in table.columns)).where(columns.athlete == athlete)
    query = query.order_by(*(columns[name] for name in table.ordered_by))
    beside = _beside_messages(session, athlete) if table.rows is MESSAGES else None
    for row in session.execute(query, execution_options={"stream_results": True}).mappings():
        shown = {name: _plain(row[name]) for name in table.columns}
        yield shown if beside is None else shown | beside(str(row["key"]))


def cell(value: Any) -> Any:
    """A value as CSV has it: nothing where it is not known, JSON for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _plain(value: Any) -> Any:
    return (
        f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z" if isinstance(value, datetime) else value
    )


def _beside_messages(session: Session, athlete: str) -> Callable[[str], dict[str, Any]]:
    """Message key -> the keys of the findings it told, and what became of it on each channel."""
    told: dict[str, list[str]] = {}
    findings = sa.select(MESSAGE_FINDINGS).where(MESSAGE_FINDINGS.c.athlete == athlete)
    for finding in session.execute(
        findings.order_by(MESSAGE_FINDINGS.c.message_key, MESSAGE_FINDINGS.c.position)
    ):
        told.setdefault(finding.message_key, []).append(finding.finding_key)
    went: dict[str, list[dict[str, Any]]] = {}
    deliveries = sa.select(DELIVERIES).where(DELIVERIES.c.athlete == athlete).order_by(DELIVERIES.c.id)
    for one in session.execute(deliveries):
        delivery = {"channel": one.channel, "state": one.state, "sent_at": _plain(one.sent_at)}
        went.setdefault(one.message_key, []).append(delivery)
    return lambda key: {"findings": told.get(key, []), "deliveries": went.get(key, [])}
