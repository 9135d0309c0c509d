"""Runs, findings and assessments for the tests of messages, around Monday 8 June 2026, UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.facts import (
    Activity,
    Family,
    History,
    PromptKind,
    RunLoad,
    TerrainClass,
)
from rules.outcome import (
    Assessment,
    Budget,
    Finding,
    Level,
    LoadState,
    LongestRun,
    Message,
    Number,
    PromptWanted,
    Sent,
    StrengthPlan,
)
from rules.policy import Policy
from rules.records import Record, record_of
from rules.triage import triage

POLICY = Policy()
MONDAY = datetime(2026, 6, 8, tzinfo=UTC)
QUESTION = "Worst knee pain during the run, 0–10?"


def at(clock: str, days: int = 0) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=days, hours=int(hour), minutes=int(minute))


def run(
    run_id: str,
    end: datetime,
    *,
    seen: datetime | None = None,
    km: float = 13.0,
    race: bool = False,
    planned: bool = False,
) -> Activity:
    minutes = km * 6
    return Activity(
        id=run_id,
        family=Family.RUN,
        sport="running",
        start=end - timedelta(minutes=minutes),
        distance_m=km * 1000,
        moving_s=minutes * 60,
        utc_offset_s=0,
        first_seen_at=seen,
        race=race,
        planned=planned,
    )


def recorded(activity: Activity, descent_m: float | None = None) -> Record:
    """The run as a look at the history has counted it."""
    known = TerrainClass.NONE if descent_m is None else TerrainClass.MEASURED
    metres, seconds = activity.distance_m or 0.0, activity.moving_s or 0.0
    load = RunLoad(metres, seconds, descent_m, descent_m, None, None, None, None, known)
    return record_of(activity, load, ZoneInfo("UTC"))


def spike(activity: Activity, level: Level = Level.WARN) -> Finding:
    end = activity.start + timedelta(seconds=activity.moving_s or 0)
    numbers: dict[str, Number] = {"km": 13.0, "longest_30d_km": 10.5, "ratio": 1.238, "band": "10-30"}
    return Finding("R1", level, f"run:{activity.start:%FT%T}", end, numbers, activity.id)


def week(activity: Activity, level: Level = Level.WARN) -> Finding:
    end = activity.start + timedelta(seconds=activity.moving_s or 0)
    return Finding(
        "R3",
        level,
        f"run:{activity.start:%FT%T}",
        end,
        {"week_km": 34.0, "usual_week_km": 25.0, "ratio": 1.36},
        activity.id,
    )


def question(activity: Activity, due: datetime) -> PromptWanted:
    return PromptWanted(PromptKind.AFTER_RUN, due, due + timedelta(hours=12), QUESTION, activity.id)


def assessed(
    now: datetime,
    *findings: Finding,
    prompts: tuple[PromptWanted, ...] = (),
    strength: StrengthPlan | None = None,
) -> Assessment:
    return Assessment(
        now=now,
        findings=findings,
        load=LoadState.AMBER,
        learning=False,
        budget=Budget(
            longest_run_km=LongestRun(flat=10.5),
            not_before=now.date() + timedelta(days=2),
            descent_m=80,
            binding="distance",
        ),
        prompts=prompts,
        strength=strength or StrengthPlan(),
    )


def told(
    now: datetime,
    activities: list[Activity],
    *findings: Finding,
    prompts: tuple[PromptWanted, ...] = (),
    sent: tuple[Sent, ...] = (),
    history: History | None = None,
) -> tuple[Message, ...]:
    base = history or History()
    base = replace(base, activities=tuple(activities))
    return triage(assessed(now, *findings, prompts=prompts), base, sent, POLICY, now)


def as_sent(messages: tuple[Message, ...]) -> tuple[Sent, ...]:
    return tuple(Sent(each.key, each.kind, each.due_at, each.findings, each.alert) for each in messages)
