"""What the runner told and what was asked: replies, prompts, strength sessions, nights, pauses, and whether to warn later.

A fact that comes, changes or goes drops the checkpoints after it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from daemon.store.checkpoints import drop_checkpoints
from daemon.store.engine import Session
from daemon.store.tables import (
    ACTIVITIES,
    ADAPTATIONS,
    NIGHTS,
    PAUSES,
    PROMPTS,
    REPLIES,
    STRENGTH_SESSIONS,
)
from daemon.store.turns import want_assessment
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
    _save(session, REPLIES, athlete, asdict(reply), "at")


def save_prompt(session: Session, athlete: str, prompt: Prompt) -> None:
    """Keep a question that was asked; one with the same id is corrected."""
    _save(session, PROMPTS, athlete, asdict(prompt), "sent_at")


def save_strength(session: Session, athlete: str, done: StrengthSession) -> None:
    """Keep a reported session; one with the same id is corrected."""
    _save(session, STRENGTH_SESSIONS, athlete, asdict(done) | {"groups": sorted(done.groups)}, "start")


def is_answered(session: Session, athlete: str, prompt_id: str) -> bool:
    """Whether a question has had an answer."""
    found = (
        sa.select(REPLIES.c.id).where(REPLIES.c.athlete == athlete, REPLIES.c.prompt_id == prompt_id).limit(1)
    )
    return session.execute(found).first() is not None


def replies_to(session: Session, athlete: str, prompt_id: str) -> list[PainReply]:
    """What was answered to a question, in order of time."""
    columns = REPLIES.c
    query = (
        sa.select(*(column for column in columns if column.name != "athlete"))
        .where(columns.athlete == athlete, columns.prompt_id == prompt_id)
        .order_by(columns.at, columns.id)
    )
    return [_reply(dict(row)) for row in session.execute(query).mappings()]


def replies_to_all(session: Session, athlete: str, prompt_ids: Collection[str]) -> dict[str, list[PainReply]]:
    """What was answered to each of these questions, in order of time."""
    columns = REPLIES.c
    query = (
        sa.select(*(column for column in columns if column.name != "athlete"))
        .where(columns.athlete == athlete, columns.prompt_id.in_(list(prompt_ids)))
        .order_by(columns.at, columns.id)
    )
    found: dict[str, list[PainReply]] = {}
    for row in session.execute(query).mappings():
        found.setdefault(row["prompt_id"], []).append(_reply(dict(row)))
    return found


def strength_since(session: Session, athlete: str, since: datetime) -> bool:
    """Whether a session was told, or recorded by a watch, that began then or later."""
    told = sa.select(STRENGTH_SESSIONS.c.id).where(
        STRENGTH_SESSIONS.c.athlete == athlete, STRENGTH_SESSIONS.c.start >= since
    )
    recorded = sa.select(ACTIVITIES.c.id).where(
        ACTIVITIES.c.athlete == athlete,
        ACTIVITIES.c.family == Family.STRENGTH.value,
        ACTIVITIES.c.start >= since,
    )
    return any(session.execute(query.limit(1)).first() is not None for query in (told, recorded))


def save_night(session: Session, athlete: str, night: Night) -> None:
    """Keep a night; a later telling of the same morning replaces it."""
    upsert(session, NIGHTS, [{"athlete": athlete} | asdict(night)])
    morning = datetime.combine(datetime.fromisoformat(night.date), time.min, UTC)
    # A local day begins up to 14 h before the UTC day of its name.
    drop_checkpoints(session, athlete, since=morning - timedelta(hours=14))


def save_pause(session: Session, athlete: str, pause: Pause) -> None:
    """Keep a pause; one that began at the same instant gets the new end."""
    _save(session, PAUSES, athlete, asdict(pause), "start")


def save_adaptation(session: Session, athlete: str, adaptation: Adaptation) -> None:
    """Keep the answer to the offer to warn later. No checkpoint goes: the state under another policy is another one."""
    upsert(session, ADAPTATIONS, [{"athlete": athlete} | asdict(adaptation)])
    want_assessment(session, [athlete])


def load_adaptations(session: Session, athlete: str, *, until: datetime) -> list[Adaptation]:
    """The answers to the offer so far, in order of time."""
    query = (
        sa.select(ADAPTATIONS)
        .where(ADAPTATIONS.c.athlete == athlete, ADAPTATIONS.c.at <= until)
        .order_by(ADAPTATIONS.c.at)
    )
    return [Adaptation(row.at, row.accepted) for row in session.execute(query)]


def morning_times(session: Session, athlete: str, since: datetime) -> list[datetime]:
    """When mornings were answered."""
    query = sa.select(REPLIES.c.at).where(
        REPLIES.c.athlete == athlete, REPLIES.c.kind == ReplyKind.MORNING.value, REPLIES.c.at >= since
    )
    return list(session.scalars(query.order_by(REPLIES.c.at)))


def _save(session: Session, table: sa.Table[Any], athlete: str, values: dict[str, Any], instant: str) -> None:
    columns = table.c
    before: list[datetime] = []
    if "id" in values:
        same = (columns.athlete == athlete) & (columns.id == values["id"])
        before += session.execute(sa.select(columns[instant]).where(same)).scalars()
    upsert(session, table, [{"athlete": athlete} | values])
    drop_checkpoints(session, athlete, since=min([values[instant], *before]))


def load_answers(session: Session, athlete: str, since: datetime | None) -> History:
    """A history that holds everything but activities and loads; pauses are whole whatever `since` says."""

    def rows(table: sa.Table[Any], instant: str) -> list[dict[str, Any]]:
        bound: object = since
        if since is not None and table is NIGHTS:
            bound = (since - timedelta(days=1)).date().isoformat()
        return _rows(session, table, athlete, instant, bound)

    return History(
        replies=load_replies(session, athlete, since),
        prompts=tuple(Prompt(**row | {"kind": PromptKind(row["kind"])}) for row in rows(PROMPTS, "sent_at")),
        strength=load_strength(session, athlete, since),
        nights=tuple(Night(**row) for row in rows(NIGHTS, "date")),
        pauses=load_pauses(session, athlete),
    )


def load_pauses(session: Session, athlete: str) -> tuple[Pause, ...]:
    """Every time without pushes, in order of start."""
    return tuple(Pause(**row) for row in _rows(session, PAUSES, athlete, "start", None))


def load_replies(session: Session, athlete: str, since: datetime | None) -> tuple[PainReply, ...]:
    """Answers about a knee, in order of time."""
    return tuple(_reply(row) for row in _rows(session, REPLIES, athlete, "at", since))


def load_strength(session: Session, athlete: str, since: datetime | None) -> tuple[StrengthSession, ...]:
    """Sessions that the runner reported, in order of start."""
    return tuple(
        StrengthSession(**row | {"groups": frozenset(map(MuscleGroup, row["groups"]))})
        for row in _rows(session, STRENGTH_SESSIONS, athlete, "start", since)
    )


def _rows(
    session: Session, table: sa.Table[Any], athlete: str, instant: str, since: object
) -> list[dict[str, Any]]:
    columns = table.c
    query = sa.select(*(column for column in columns if column.name != "athlete"))
    query = query.where(columns.athlete == athlete).order_by(columns[instant])
    if since is not None:
        query = query.where(columns[instant] >= since)
    return [dict(row) for row in session.execute(query).mappings()]


def replies_between(session: Session, athlete: str, since: datetime, until: datetime) -> list[PainReply]:
    """Answers about a knee given from `since` to `until`, both included, in order of time."""
    columns = REPLIES.c
    query = sa.select(*(column for column in columns if column.name != "athlete")).where(
        columns.athlete == athlete, columns.at >= since, columns.at <= until
    )
    return [_reply(dict(row)) for row in session.execute(query.order_by(columns.at)).mappings()]


def prompts_about(session: Session, athlete: str, activity_id: str, since: datetime) -> list[Prompt]:
    """Questions asked about an activity, none of them before `since`, in order of time."""
    columns = PROMPTS.c
    query = sa.select(*(column for column in columns if column.name != "athlete")).where(
        columns.athlete == athlete, columns.sent_at >= since, columns.activity_id == activity_id
    )
    rows = session.execute(query.order_by(columns.sent_at)).mappings()
    return [Prompt(**dict(row) | {"kind": PromptKind(row["kind"])}) for row in rows]


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
