"""What the runner told and what was asked: replies, prompts, strength sessions, nights, pauses, and whether to warn later.

A fact that comes, changes or goes drops the checkpoints after it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from daemon.store.checkpoints import drop_checkpoints
from daemon.store.tables import (
    ActivityRow,
    AdaptationRow,
    Base,
    NightRow,
    PauseRow,
    PromptRow,
    ReplyRow,
    StrengthSessionRow,
    table_of,
)
from daemon.store.upsert import upsert
from rules.facts import (
    Adaptation,
    Family,
    Grade,
    History,
    MuscleGroup,
    Night,
    PainReply,
    Pause,
    Prompt,
    PromptKind,
    ReplyKind,
    Side,
    StrengthSession,
)


def save_reply(session: Session, athlete: str, reply: PainReply) -> None:
    """Keep an answer; one with the same id is corrected."""
    _save(session, ReplyRow, athlete, asdict(reply), "at")


def save_prompt(session: Session, athlete: str, prompt: Prompt) -> None:
    """Keep a question that was asked; one with the same id is corrected."""
    _save(session, PromptRow, athlete, asdict(prompt), "sent_at")


def save_strength(session: Session, athlete: str, done: StrengthSession) -> None:
    """Keep a reported session; one with the same id is corrected."""
    _save(session, StrengthSessionRow, athlete, asdict(done) | {"groups": sorted(done.groups)}, "start")


def is_answered(session: Session, athlete: str, prompt_id: str) -> bool:
    """Whether a question has had an answer."""
    found = (
        sa.select(ReplyRow.id).where(ReplyRow.athlete == athlete, ReplyRow.prompt_id == prompt_id).limit(1)
    )
    return session.execute(found).first() is not None


def strength_since(session: Session, athlete: str, since: datetime) -> bool:
    """Whether a session was told, or recorded by a watch, that began then or later."""
    told = sa.select(StrengthSessionRow.id).where(
        StrengthSessionRow.athlete == athlete, StrengthSessionRow.start >= since
    )
    recorded = sa.select(ActivityRow.id).where(
        ActivityRow.athlete == athlete,
        ActivityRow.family == Family.STRENGTH.value,
        ActivityRow.start >= since,
    )
    return any(session.execute(query.limit(1)).first() is not None for query in (told, recorded))


def save_night(session: Session, athlete: str, night: Night) -> None:
    """Keep a night; a later telling of the same morning replaces it."""
    upsert(session, NightRow, [{"athlete": athlete} | asdict(night)])
    morning = datetime.combine(datetime.fromisoformat(night.date), time.min, UTC)
    # A local day begins up to 14 h before the UTC day of its name.
    drop_checkpoints(session, athlete, since=morning - timedelta(hours=14))


def save_pause(session: Session, athlete: str, pause: Pause) -> None:
    """Keep a pause; one that began at the same instant gets the new end."""
    _save(session, PauseRow, athlete, asdict(pause), "start")


def save_adaptation(session: Session, athlete: str, adaptation: Adaptation) -> None:
    """Keep the answer to the offer to warn later. No checkpoint goes: the state under another policy is another one."""
    upsert(session, AdaptationRow, [{"athlete": athlete} | asdict(adaptation)])


def load_adaptations(session: Session, athlete: str, *, until: datetime) -> list[Adaptation]:
    """The answers to the offer so far, in order of time."""
    query = (
        sa.select(AdaptationRow)
        .where(AdaptationRow.athlete == athlete, AdaptationRow.at <= until)
        .order_by(AdaptationRow.at)
    )
    return [Adaptation(row.at, row.accepted) for row in session.scalars(query)]


def morning_times(session: Session, athlete: str, since: datetime) -> list[datetime]:
    """When mornings were answered."""
    query = sa.select(ReplyRow.at).where(
        ReplyRow.athlete == athlete, ReplyRow.kind == ReplyKind.MORNING.value, ReplyRow.at >= since
    )
    return list(session.scalars(query.order_by(ReplyRow.at)))


def _save(session: Session, table: type[Base], athlete: str, values: dict[str, Any], instant: str) -> None:
    columns = table_of(table).c
    before: list[datetime] = []
    if "id" in values:
        same = (columns.athlete == athlete) & (columns.id == values["id"])
        before += session.execute(sa.select(columns[instant]).where(same)).scalars()
    upsert(session, table, [{"athlete": athlete} | values])
    drop_checkpoints(session, athlete, since=min([values[instant], *before]))


def load_answers(session: Session, athlete: str, since: datetime | None) -> History:
    """A history that holds everything but activities and loads; pauses are whole whatever `since` says."""

    def rows(table: type[Base], instant: str) -> list[dict[str, Any]]:
        columns = table_of(table).c
        query = sa.select(*(column for column in columns if column.name != "athlete"))
        query = query.where(columns.athlete == athlete).order_by(columns[instant])
        if since is not None and table is not PauseRow:
            bound: object = (since - timedelta(days=1)).date().isoformat() if table is NightRow else since
            query = query.where(columns[instant] >= bound)
        return [dict(row) for row in session.execute(query).mappings()]

    return History(
        replies=tuple(_reply(row) for row in rows(ReplyRow, "at")),
        prompts=tuple(
            Prompt(**row | {"kind": PromptKind(row["kind"])}) for row in rows(PromptRow, "sent_at")
        ),
        strength=tuple(
            StrengthSession(**row | {"groups": frozenset(map(MuscleGroup, row["groups"]))})
            for row in rows(StrengthSessionRow, "start")
        ),
        nights=tuple(Night(**row) for row in rows(NightRow, "date")),
        pauses=tuple(Pause(**row) for row in rows(PauseRow, "start")),
    )


def _reply(row: dict[str, Any]) -> PainReply:
    grade, side = row["grade"], row["side"]
    return PainReply(
        **row
        | {
            "kind": ReplyKind(row["kind"]),
            "grade": None if grade is None else Grade(grade),
            "side": None if side is None else Side(side),
        }
    )
