"""The tables. Every row carries its athlete; everything that becomes due has an indexed UTC `due_at`.

Instants are stored as naive UTC and come back aware. What a source told is kept as it was told (`source_records`);
an activity is computed from its records and can be computed again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from daemon.store.instants import UTCDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar = {datetime: UTCDateTime, list[Any]: sa.JSON, dict[str, Any]: sa.JSON}


def table_of(row: type[Base]) -> sa.Table:
    """The plain table behind a row class, for statements over many rows."""
    return cast("sa.Table", row.__table__)


class AthleteRow(Base):
    """One row an athlete: the lock that makes savers take turns, the next activity number, and when the next assessment is
    due; empty where something has come in since the last one."""

    __tablename__ = "athletes"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    next_activity_id: Mapped[int] = mapped_column(default=1)
    assess_at: Mapped[datetime | None]


class _Measured:
    """The fields of `rules.facts.Activity` that a source tells and an activity keeps, under the same names."""

    family: Mapped[str]
    sport: Mapped[str]
    start: Mapped[datetime]
    distance_m: Mapped[float | None]
    moving_s: Mapped[float | None]
    elapsed_s: Mapped[float | None]
    utc_offset_s: Mapped[int | None]
    indoor: Mapped[bool]
    manual: Mapped[bool]
    race: Mapped[bool]
    excluded: Mapped[bool]
    planned: Mapped[bool]
    ascent_m: Mapped[float | None]
    descent_m: Mapped[float | None]
    mean_heart_rate_bpm: Mapped[float | None]
    max_heart_rate_bpm: Mapped[float | None]
    mean_cadence_spm: Mapped[float | None]
    device: Mapped[str | None]
    title: Mapped[str]
    effort: Mapped[float | None] = mapped_column(sort_order=9)
    feel: Mapped[int | None] = mapped_column(sort_order=9)
    first_seen_at: Mapped[datetime]


class ActivityRow(_Measured, Base):
    """One run of one body. `id` counts up per athlete from 1 and is never given twice."""

    __tablename__ = "activities"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    __table_args__ = (sa.Index(None, "athlete", "start"),)


class SourceRecordRow(_Measured, Base):
    """One activity as one source told it; the `*_set` columns are what the runner said about it.

    `gives_samples` marks the one record whose profile and series are the activity's; `terrain` is that profile's class,
    None without samples. `activity_id` is empty only between saving and merging, inside one transaction. The blobs stand last, so that SQLite reads the columns before them without touching them.
    """

    __tablename__ = "source_records"
    id: Mapped[int] = mapped_column(primary_key=True)
    athlete: Mapped[str]
    source: Mapped[str]
    external_id: Mapped[str]
    content_hash: Mapped[str]
    activity_id: Mapped[int | None]
    origin: Mapped[str]
    warning: Mapped[str | None]
    stored_at: Mapped[datetime]
    split: Mapped[bool] = mapped_column(default=False)
    family_set: Mapped[str | None]
    sport_set: Mapped[str | None]
    excluded_set: Mapped[bool] = mapped_column(default=False)
    race_set: Mapped[bool] = mapped_column(default=False)
    planned_set: Mapped[bool] = mapped_column(default=False)
    gives_samples: Mapped[bool] = mapped_column(default=False)
    terrain: Mapped[str | None]
    series_seconds: Mapped[int | None]
    series_has_altitude: Mapped[bool | None]
    profile: Mapped[bytes | None] = mapped_column(deferred=True, sort_order=10)
    series: Mapped[bytes | None] = mapped_column(deferred=True, sort_order=11)
    raw: Mapped[bytes | None] = mapped_column(deferred=True, sort_order=12)
    __table_args__ = (
        sa.UniqueConstraint("athlete", "source", "external_id"),
        sa.ForeignKeyConstraint(["athlete", "activity_id"], ["activities.athlete", "activities.id"]),
        sa.Index(None, "athlete", "start"),
        sa.Index(None, "athlete", "activity_id"),
    )


class LoadRow(Base):
    """A measured load of one activity, under the policy whose hash it carries: a cache, free to be dropped."""

    __tablename__ = "loads"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy_hash: Mapped[str]
    load: Mapped[bytes]
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["athlete", "activity_id"], ["activities.athlete", "activities.id"], ondelete="CASCADE"
        ),
    )


class CheckpointRow(Base):
    """The fold's state as of `at`."""

    __tablename__ = "checkpoints"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    formula_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy_hash: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[bytes]


class FindingRow(Base):
    """What a rule noticed, for ever: `withdrawn_at` is set while its cause is gone."""

    __tablename__ = "findings"
    id: Mapped[int] = mapped_column(primary_key=True)
    athlete: Mapped[str]
    key: Mapped[str]
    rule: Mapped[str]
    level: Mapped[str]
    subject: Mapped[str]
    at: Mapped[datetime]
    numbers: Mapped[dict[str, Any]]
    activity_id: Mapped[str | None]
    side: Mapped[str | None]
    first_seen_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("athlete", "key"),
        sa.Index(None, "athlete", "at"),
        sa.Index(None, "athlete", "withdrawn_at"),
    )


class MessageRow(Base):
    """A message as it was decided; its deliveries say what became of it. `token` is what an answer to it carries."""

    __tablename__ = "messages"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    level: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    decided_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    alert: Mapped[bool]
    question: Mapped[dict[str, Any] | None]
    token: Mapped[str | None]
    __table_args__ = (sa.Index(None, "athlete", "due_at"), sa.Index(None, "token", unique=True))


class MessageFindingRow(Base):
    """Which message tells which finding, in the order told."""

    __tablename__ = "message_findings"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    message_key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    finding_key: Mapped[str]
    __table_args__ = (
        sa.ForeignKeyConstraint(["athlete", "message_key"], ["messages.athlete", "messages.key"]),
        sa.Index(None, "athlete", "finding_key"),
    )


class DeliveryRow(Base):
    """The outbox: one row a message and channel. `done_at` is set once it is sent, failed or expired; `reference` is the
    channel's own name of what was sent."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    athlete: Mapped[str]
    message_key: Mapped[str]
    channel: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    attempt_started_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[list[Any]]
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    service: Mapped[str | None]
    reference: Mapped[str | None]
    __table_args__ = (
        sa.UniqueConstraint("athlete", "message_key", "channel"),
        sa.ForeignKeyConstraint(["athlete", "message_key"], ["messages.athlete", "messages.key"]),
        sa.Index(None, "done_at", "due_at"),
        sa.Index(None, "athlete", "state"),
    )


class IncomingRow(Base):
    """What the runner sent to a channel, heard once for ever. `outcome` is what became of it; `confirmation` is the direct
    answer, which has not got through until `confirmed_at`."""

    __tablename__ = "incoming"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    heard_at: Mapped[datetime]
    text: Mapped[str]
    message_key: Mapped[str | None]
    reference: Mapped[str]
    outcome: Mapped[str]
    confirmation: Mapped[str]
    quiet: Mapped[bool]
    confirmed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.Index(None, "athlete", "channel", "heard_at"),
        sa.Index(None, "athlete", "confirmed_at"),
    )


class HearingRow(Base):
    """How far a channel has been read, by whom just now, and how many strangers wrote to it."""

    __tablename__ = "hearing"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[str | None]
    strangers: Mapped[int]
    last_stranger_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]


class ReplyRow(Base):
    """One answer about a knee: `rules.facts.PainReply`."""

    __tablename__ = "replies"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    score: Mapped[int | None]
    settled: Mapped[bool | None]
    grade: Mapped[str | None]
    side: Mapped[str | None]
    limp: Mapped[bool]
    painkillers: Mapped[bool]
    activity_id: Mapped[str | None]
    prompt_id: Mapped[str | None]
    flag: Mapped[str | None]
    note: Mapped[str]
    __table_args__ = (sa.Index(None, "athlete", "at"),)


class PromptRow(Base):
    """A question that was asked: `rules.facts.Prompt`."""

    __tablename__ = "prompts"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    activity_id: Mapped[str | None]
    skipped: Mapped[bool]
    __table_args__ = (sa.Index(None, "athlete", "sent_at"),)


class StrengthSessionRow(Base):
    """A session that the runner reported: `rules.facts.StrengthSession`."""

    __tablename__ = "strength_sessions"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime]
    minutes: Mapped[float]
    groups: Mapped[list[Any]]
    effort: Mapped[int | None]
    pain: Mapped[int | None]
    __table_args__ = (sa.Index(None, "athlete", "start"),)


class NightRow(Base):
    """Recovery of one night: `rules.facts.Night`; `date` is the local morning, ISO."""

    __tablename__ = "nights"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[str] = mapped_column(primary_key=True)
    sleep_h: Mapped[float | None]
    ln_rmssd: Mapped[float | None]
    resting_heart_rate_bpm: Mapped[float | None]


class PauseRow(Base):
    """A time without pushes: `rules.facts.Pause`."""

    __tablename__ = "pauses"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]


class AdaptationRow(Base):
    """An answer to the offer to warn later: `rules.facts.Adaptation`."""

    __tablename__ = "adaptations"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[bool]


class PreferenceRow(Base):
    """What the runner set while niggled runs, over the configuration: quiet hours, and what is not to be sent."""

    __tablename__ = "preferences"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    set_at: Mapped[datetime]


class SourceStateRow(Base):
    """How one source of one athlete is doing, and when it is to be asked next."""

    __tablename__ = "source_states"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    cure: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_new_activity_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    cursor: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(index=True)
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]


class SetAsideRow(Base):
    """A record that could not be read, until it can."""

    __tablename__ = "set_aside"
    athlete: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    cure: Mapped[str]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    count: Mapped[int]
