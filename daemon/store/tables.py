"""The tables. Every row carries its athlete; everything that becomes due has an indexed UTC `due_at`.

Instants are stored as naive UTC and come back aware. What a source told is kept as it was told (`source_records`);
an activity is computed from its records and can be computed again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Named, TypedColumns

from daemon.store.columns import CONSTRAINT_NAMES, Measured, UTCDateTime

METADATA = sa.MetaData(naming_convention=CONSTRAINT_NAMES)


class _Athletes(TypedColumns):
    """One row an athlete: the lock for savers, the next activity number, and when to assess next (empty: at once)."""

    athlete: Named[str] = Column(primary_key=True)
    next_activity_id: Named[int] = Column(default=1)
    assess_at: Named[datetime | None] = Column(UTCDateTime)


ATHLETES = sa.Table("athletes", METADATA, _Athletes)


class _ActivityKey(TypedColumns):
    athlete: Named[str] = Column(primary_key=True)
    id: Named[int] = Column(primary_key=True, autoincrement=False)
    source: Named[str]


class _Activities(Measured, _ActivityKey):
    """One run of one body. `id` counts up per athlete from 1 and is never given twice."""


ACTIVITIES = sa.Table("activities", METADATA, _Activities, sa.Index(None, "athlete", "start"))


class _Told(TypedColumns):
    id: Named[int] = Column(primary_key=True)
    athlete: Named[str]
    source: Named[str]
    external_id: Named[str]
    content_hash: Named[str]
    activity_id: Named[int | None]
    origin: Named[str]
    warning: Named[str | None]
    stored_at: Named[datetime] = Column(UTCDateTime)
    split: Named[bool] = Column(default=False)
    family_set: Named[str | None]
    sport_set: Named[str | None]
    excluded_set: Named[bool] = Column(default=False)
    race_set: Named[bool] = Column(default=False)
    planned_set: Named[bool] = Column(default=False)
    gives_samples: Named[bool] = Column(default=False)
    terrain: Named[str | None]
    series_seconds: Named[int | None]
    series_has_altitude: Named[bool | None]


class _SourceRecords(Measured, _Told):
    """One activity as one source told it; the `*_set` columns are what the runner said about it.

    `gives_samples` marks the one record whose profile and series are the activity's; `terrain` is that profile's class,
    None without samples. `activity_id` is empty only between saving and merging, inside one transaction. The blobs stand last, so that SQLite reads the columns before them without touching them.
    """

    profile: Named[bytes | None]
    series: Named[bytes | None]
    raw: Named[bytes | None]


SOURCE_RECORDS = sa.Table(
    "source_records",
    METADATA,
    _SourceRecords,
    sa.UniqueConstraint("athlete", "source", "external_id"),
    sa.ForeignKeyConstraint(["athlete", "activity_id"], ["activities.athlete", "activities.id"]),
    sa.Index(None, "athlete", "start"),
    sa.Index(None, "athlete", "activity_id"),
)


class _Loads(TypedColumns):
    """A measured load of one activity, under the policy whose hash it carries: a cache, free to be dropped."""

    athlete: Named[str] = Column(primary_key=True)
    activity_id: Named[int] = Column(primary_key=True, autoincrement=False)
    policy_hash: Named[str]
    load: Named[bytes]


LOADS = sa.Table(
    "loads",
    METADATA,
    _Loads,
    sa.ForeignKeyConstraint(
        ["athlete", "activity_id"], ["activities.athlete", "activities.id"], ondelete="CASCADE"
    ),
)


class _Checkpoints(TypedColumns):
    """The fold's state as of `at`."""

    athlete: Named[str] = Column(primary_key=True)
    formula_version: Named[int] = Column(primary_key=True, autoincrement=False)
    policy_hash: Named[str] = Column(primary_key=True)
    at: Named[datetime] = Column(UTCDateTime, primary_key=True)
    state: Named[bytes]


CHECKPOINTS = sa.Table("checkpoints", METADATA, _Checkpoints)


class _Findings(TypedColumns):
    """What a rule noticed, for ever: `withdrawn_at` is set while its cause is gone."""

    id: Named[int] = Column(primary_key=True)
    athlete: Named[str]
    key: Named[str]
    rule: Named[str]
    level: Named[str]
    subject: Named[str]
    at: Named[datetime] = Column(UTCDateTime)
    numbers: Named[dict[str, Any]] = Column(sa.JSON)
    activity_id: Named[str | None]
    side: Named[str | None]
    first_seen_at: Named[datetime] = Column(UTCDateTime)
    withdrawn_at: Named[datetime | None] = Column(UTCDateTime)


FINDINGS = sa.Table(
    "findings",
    METADATA,
    _Findings,
    sa.UniqueConstraint("athlete", "key"),
    sa.Index(None, "athlete", "at"),
    sa.Index(None, "athlete", "withdrawn_at"),
)


class _Messages(TypedColumns):
    """A message as it was decided; its deliveries say what became of it. `token` is what an answer to it carries."""

    athlete: Named[str] = Column(primary_key=True)
    key: Named[str] = Column(primary_key=True)
    kind: Named[str]
    level: Named[str]
    title: Named[str]
    text: Named[str]
    decided_at: Named[datetime] = Column(UTCDateTime)
    due_at: Named[datetime] = Column(UTCDateTime)
    expires_at: Named[datetime] = Column(UTCDateTime)
    alert: Named[bool]
    question: Named[dict[str, Any] | None] = Column(sa.JSON)
    token: Named[str | None]


MESSAGES = sa.Table(
    "messages", METADATA, _Messages, sa.Index(None, "athlete", "due_at"), sa.Index(None, "token", unique=True)
)


class _MessageFindings(TypedColumns):
    """Which message tells which finding, in the order told."""

    athlete: Named[str] = Column(primary_key=True)
    message_key: Named[str] = Column(primary_key=True)
    position: Named[int] = Column(primary_key=True, autoincrement=False)
    finding_key: Named[str]


MESSAGE_FINDINGS = sa.Table(
    "message_findings",
    METADATA,
    _MessageFindings,
    sa.ForeignKeyConstraint(["athlete", "message_key"], ["messages.athlete", "messages.key"]),
    sa.Index(None, "athlete", "finding_key"),
)


class _Deliveries(TypedColumns):
    """The outbox: one row a message and channel. `done_at` is set once it is sent, failed or expired; `reference` is the
    channel's own name of what was sent."""

    id: Named[int] = Column(primary_key=True)
    athlete: Named[str]
    message_key: Named[str]
    channel: Named[str]
    state: Named[str]
    due_at: Named[datetime] = Column(UTCDateTime)
    expires_at: Named[datetime] = Column(UTCDateTime)
    claimed_by: Named[str | None]
    claimed_until: Named[datetime | None] = Column(UTCDateTime)
    attempt_started_at: Named[datetime | None] = Column(UTCDateTime)
    attempts: Named[int] = Column(default=0)
    reasons: Named[list[Any]] = Column(sa.JSON)
    sent_at: Named[datetime | None] = Column(UTCDateTime)
    done_at: Named[datetime | None] = Column(UTCDateTime)
    service: Named[str | None]
    reference: Named[str | None]


DELIVERIES = sa.Table(
    "deliveries",
    METADATA,
    _Deliveries,
    sa.UniqueConstraint("athlete", "message_key", "channel"),
    sa.ForeignKeyConstraint(["athlete", "message_key"], ["messages.athlete", "messages.key"]),
    sa.Index(None, "done_at", "due_at"),
    sa.Index(None, "athlete", "state"),
)


class _Incoming(TypedColumns):
    """What the runner sent to a channel, heard once for ever. `outcome` is what became of it; `confirmation` is the direct
    answer, which has not got through until `confirmed_at`."""

    athlete: Named[str] = Column(primary_key=True)
    channel: Named[str] = Column(primary_key=True)
    id: Named[str] = Column(primary_key=True)
    at: Named[datetime] = Column(UTCDateTime)
    heard_at: Named[datetime] = Column(UTCDateTime)
    text: Named[str]
    message_key: Named[str | None]
    reference: Named[str]
    outcome: Named[str]
    confirmation: Named[str]
    quiet: Named[bool]
    confirmed_at: Named[datetime | None] = Column(UTCDateTime)


INCOMING = sa.Table(
    "incoming",
    METADATA,
    _Incoming,
    sa.Index(None, "athlete", "channel", "heard_at"),
    sa.Index(None, "athlete", "confirmed_at"),
)


class _Hearing(TypedColumns):
    """How far a channel has been read, by whom just now, and how many strangers wrote to it."""

    athlete: Named[str] = Column(primary_key=True)
    channel: Named[str] = Column(primary_key=True)
    position: Named[str | None]
    strangers: Named[int]
    last_stranger_at: Named[datetime | None] = Column(UTCDateTime)
    failing_since: Named[datetime | None] = Column(UTCDateTime)
    failure: Named[str | None]
    claimed_by: Named[str | None]
    claimed_until: Named[datetime | None] = Column(UTCDateTime)


HEARING = sa.Table("hearing", METADATA, _Hearing)


class _Replies(TypedColumns):
    """One answer about a knee: `rules.facts.PainReply`."""

    athlete: Named[str] = Column(primary_key=True)
    id: Named[str] = Column(primary_key=True)
    at: Named[datetime] = Column(UTCDateTime)
    kind: Named[str]
    score: Named[int | None]
    settled: Named[bool | None]
    grade: Named[str | None]
    side: Named[str | None]
    limp: Named[bool]
    painkillers: Named[bool]
    activity_id: Named[str | None]
    prompt_id: Named[str | None]
    flag: Named[str | None]
    note: Named[str]


REPLIES = sa.Table("replies", METADATA, _Replies, sa.Index(None, "athlete", "at"))


class _Prompts(TypedColumns):
    """A question that was asked: `rules.facts.Prompt`."""

    athlete: Named[str] = Column(primary_key=True)
    id: Named[str] = Column(primary_key=True)
    kind: Named[str]
    sent_at: Named[datetime] = Column(UTCDateTime)
    expires_at: Named[datetime] = Column(UTCDateTime)
    activity_id: Named[str | None]
    skipped: Named[bool]


PROMPTS = sa.Table("prompts", METADATA, _Prompts, sa.Index(None, "athlete", "sent_at"))


class _StrengthSessions(TypedColumns):
    """A session that the runner reported: `rules.facts.StrengthSession`."""

    athlete: Named[str] = Column(primary_key=True)
    id: Named[str] = Column(primary_key=True)
    start: Named[datetime] = Column(UTCDateTime)
    minutes: Named[float]
    groups: Named[list[Any]] = Column(sa.JSON)
    effort: Named[int | None]
    pain: Named[int | None]


STRENGTH_SESSIONS = sa.Table(
    "strength_sessions", METADATA, _StrengthSessions, sa.Index(None, "athlete", "start")
)


class _Nights(TypedColumns):
    """Recovery of one night: `rules.facts.Night`; `date` is the local morning, ISO."""

    athlete: Named[str] = Column(primary_key=True)
    date: Named[str] = Column(primary_key=True)
    sleep_h: Named[float | None]
    ln_rmssd: Named[float | None]
    resting_heart_rate_bpm: Named[float | None]


NIGHTS = sa.Table("nights", METADATA, _Nights)


class _Pauses(TypedColumns):
    """A time without pushes: `rules.facts.Pause`."""

    athlete: Named[str] = Column(primary_key=True)
    start: Named[datetime] = Column(UTCDateTime, primary_key=True)
    until: Named[datetime | None] = Column(UTCDateTime)


PAUSES = sa.Table("pauses", METADATA, _Pauses)


class _Adaptations(TypedColumns):
    """An answer to the offer to warn later: `rules.facts.Adaptation`."""

    athlete: Named[str] = Column(primary_key=True)
    at: Named[datetime] = Column(UTCDateTime, primary_key=True)
    accepted: Named[bool]


ADAPTATIONS = sa.Table("adaptations", METADATA, _Adaptations)


class _Preferences(TypedColumns):
    """What the runner set while niggled runs, over the configuration: quiet hours, and what is not to be sent."""

    athlete: Named[str] = Column(primary_key=True)
    name: Named[str] = Column(primary_key=True)
    value: Named[dict[str, Any]] = Column(sa.JSON)
    set_at: Named[datetime] = Column(UTCDateTime)


PREFERENCES = sa.Table("preferences", METADATA, _Preferences)


class _SourceStates(TypedColumns):
    """How one source of one athlete is doing, and when it is to be asked next."""

    athlete: Named[str] = Column(primary_key=True)
    source: Named[str] = Column(primary_key=True)
    state: Named[str]
    reason: Named[str | None]
    cure: Named[str | None]
    retry_at: Named[datetime | None] = Column(UTCDateTime)
    last_success_at: Named[datetime | None] = Column(UTCDateTime)
    last_new_activity_at: Named[datetime | None] = Column(UTCDateTime)
    failing_since: Named[datetime | None] = Column(UTCDateTime)
    cursor: Named[str | None]
    due_at: Named[datetime] = Column(UTCDateTime, index=True)
    claimed_by: Named[str | None]
    claimed_until: Named[datetime | None] = Column(UTCDateTime)


SOURCE_STATES = sa.Table("source_states", METADATA, _SourceStates)


class _SetAside(TypedColumns):
    """A record that could not be read, until it can."""

    athlete: Named[str] = Column(primary_key=True)
    source: Named[str] = Column(primary_key=True)
    origin: Named[str] = Column(primary_key=True)
    reason: Named[str]
    cure: Named[str]
    first_seen_at: Named[datetime] = Column(UTCDateTime)
    last_seen_at: Named[datetime] = Column(UTCDateTime)
    count: Named[int]


SET_ASIDE = sa.Table("set_aside", METADATA, _SetAside)
