"""What an export holds: one table a file. docs/export.md explains every column, and a test keeps the two in step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from daemon.store.fields import FIELDS
from daemon.store.tables import (
    ActivityRow,
    AdaptationRow,
    Base,
    DeliveryRow,
    FindingRow,
    IncomingRow,
    MessageFindingRow,
    MessageRow,
    NightRow,
    PauseRow,
    PreferenceRow,
    PromptRow,
    ReplyRow,
    SourceRecordRow,
    StrengthSessionRow,
    table_of,
)


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One file of the export: its name, the rows, their columns, and the columns that order them."""

    name: str
    rows: type[Base]
    columns: tuple[str, ...]
    ordered_by: tuple[str, ...]

    @property
    def all_columns(self) -> tuple[str, ...]:
        """With those that come from other tables."""
        return (*self.columns, "findings", "deliveries") if self.rows is MessageRow else self.columns


_MEASURED = ("family", *FIELDS)

TABLES = (
    ExportTable("activities", ActivityRow, ("id", *_MEASURED), ("start", "id")),
    ExportTable(
        "records",
        SourceRecordRow,
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
        FindingRow,
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
        MessageRow,
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
        ReplyRow,
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
        IncomingRow,
        ("id", "channel", "at", "heard_at", "text", "message_key", "outcome", "confirmation"),
        ("at", "id"),
    ),
    ExportTable(
        "prompts",
        PromptRow,
        ("id", "kind", "sent_at", "expires_at", "activity_id", "skipped"),
        ("sent_at", "id"),
    ),
    ExportTable(
        "strength",
        StrengthSessionRow,
        ("id", "start", "minutes", "groups", "effort", "pain"),
        ("start", "id"),
    ),
    ExportTable("nights", NightRow, ("date", "sleep_h", "ln_rmssd", "resting_heart_rate_bpm"), ("date",)),
    ExportTable("pauses", PauseRow, ("start", "until"), ("start",)),
    ExportTable("adaptations", AdaptationRow, ("at", "accepted"), ("at",)),
    ExportTable("preferences", PreferenceRow, ("name", "value", "set_at"), ("name",)),
)


def rows_of(session: Session, athlete: str, table: ExportTable) -> Iterator[dict[str, Any]]:
    """The rows of one athlete, oldest first, as JSON has them: instants are UTC text."""
    columns = table_of(table.rows).c
    query = sa.select(*(columns[name] for name in table.columns)).where(columns.athlete == athlete)
    query = query.order_by(*(columns[name] for name in table.ordered_by))
    beside = _beside_messages(session, athlete) if table.rows is MessageRow else None
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
    findings = sa.select(MessageFindingRow).where(MessageFindingRow.athlete == athlete)
    for finding in session.scalars(
        findings.order_by(MessageFindingRow.message_key, MessageFindingRow.position)
    ):
        told.setdefault(finding.message_key, []).append(finding.finding_key)
    went: dict[str, list[dict[str, Any]]] = {}
    deliveries = sa.select(DeliveryRow).where(DeliveryRow.athlete == athlete).order_by(DeliveryRow.id)
    for one in session.scalars(deliveries):
        delivery = {"channel": one.channel, "state": one.state, "sent_at": _plain(one.sent_at)}
        went.setdefault(one.message_key, []).append(delivery)
    return lambda key: {"findings": told.get(key, []), "deliveries": went.get(key, [])}
