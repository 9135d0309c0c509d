"""Whatever happens, the message budget holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from fakes.talk import POLICY, QUESTION, as_sent, assessed, at, run, spike, week
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import Activity, History, Pause, PromptKind, Runner
from rules.gates import end_of
from rules.limits import BYPASS, COUNTED_PUSHES, QUESTIONS
from rules.outcome import Finding, Level, Message, MessageKind, PromptWanted, StrengthPlan
from rules.timing import first_seen_at, quiet_window
from rules.triage import triage

WEEK = timedelta(days=7)
MINUTES = st.integers(min_value=0, max_value=9 * 24 * 60)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")


@st.composite
def lives(draw: st.DrawFn) -> tuple[Runner, list[Activity], list[Finding], tuple[Pause, ...], list[datetime]]:
    """Nine days of runs with findings, stops and emergencies, and the moments at which triage looks."""
    starts = draw(st.lists(MINUTES, min_size=1, max_size=14, unique=True))
    activities: list[Activity] = []
    findings: list[Finding] = []
    for number, minute in enumerate(sorted(starts)):
        end = at("06:00") + timedelta(minutes=minute)
        late = draw(st.sampled_from([None, 5, 100, 700, 4000]))
        seen = None if late is None else end + timedelta(minutes=late)
        activity = run(f"r{number}", end, seen=seen, race=draw(st.booleans()) and draw(st.booleans()))
        activities.append(activity)
        findings += draw(
            st.sampled_from(
                [
                    (),
                    (spike(activity),),
                    (spike(activity), week(activity)),
                    (week(activity, Level.NOTE),),
                    (week(activity),),
                ]
            )
        )
    for minute in draw(st.lists(MINUTES, max_size=4)):
        when = at("06:00") + timedelta(minutes=minute)
        level = draw(st.sampled_from([Level.STOP, Level.REFER, Level.EMERGENCY]))
        rule = "P1" if level is Level.STOP else "P6"
        subject = f"date:{when:%Y-%m-%d}"
        findings.append(Finding(rule, level, subject, when, {"pain": 7, "cause": "calf"}))
    pauses = tuple(
        Pause(at("06:00") + timedelta(minutes=minute), at("06:00") + timedelta(minutes=minute + 700))
        for minute in draw(st.lists(MINUTES, max_size=1))
    )
    looks = sorted(at("06:00") + timedelta(minutes=minute) for minute in draw(st.lists(MINUTES, max_size=60)))
    looks += [look + timedelta(minutes=1) for look in looks]
    return Runner(timezone=draw(st.sampled_from(ZONES))), activities, findings, pauses, sorted(looks)


def prompts_of(activities: list[Activity], now: datetime) -> tuple[PromptWanted, ...]:
    after = [
        PromptWanted(PromptKind.AFTER_RUN, due, due + timedelta(hours=12), QUESTION, activity.id)
        for activity in activities
        if (due := max(first_seen_at(activity), end_of(activity) + timedelta(minutes=75))) < now + WEEK
    ]
    morning = now.replace(hour=7, minute=30, second=0)
    mornings = (
        PromptWanted(PromptKind.MORNING, when, when + timedelta(hours=12), "Knee this morning, 0–10?")
        for when in (morning, morning + timedelta(days=1))
    )
    return (*after, *mornings)


def most_in(times: list[datetime], span: timedelta) -> int:
    return max((sum(1 for time in times if start <= time < start + span) for start in times), default=0)


@settings(max_examples=100, deadline=None)
@given(lives())
def test_no_message_goes_beyond_the_budget_whatever_happens(
    life: tuple[Runner, list[Activity], list[Finding], tuple[Pause, ...], list[datetime]],
) -> None:
    runner, activities, findings, pauses, looks = life
    said: list[Message] = []
    for now in looks:
        known = [activity for activity in activities if first_seen_at(activity) <= now]
        ids = {activity.id for activity in known}
        true = [
            one for one in findings if one.at <= now and (one.activity_id is None or one.activity_id in ids)
        ]
        history = History(runner=runner, activities=tuple(known), pauses=pauses)
        slot = now.replace(hour=18, minute=0)
        plan = StrengthPlan(next_slot=slot if slot > now else None, exercises=("Hip thrust 3×10",))
        asking = assessed(now, *true, prompts=prompts_of(known, now), strength=plan)
        new = triage(asking, history, as_sent(tuple(said)), POLICY, now)
        said += new
        assert triage(asking, history, as_sent(tuple(said)), POLICY, now) == ()
    assert_within_budget(said, runner)


def assert_within_budget(said: list[Message], runner: Runner) -> None:
    zone = ZoneInfo(runner.timezone)
    keys = [message.key for message in said]
    assert len(keys) == len(set(keys))
    alerts = [message.due_at for message in said if message.alert]
    assert most_in(alerts, WEEK) <= 2
    dates = [alert.astimezone(zone).date() for alert in alerts]
    assert len(dates) == len(set(dates))
    pushes = [message.due_at for message in said if message.alert or message.kind in COUNTED_PUSHES]
    assert most_in(pushes, WEEK) <= 10
    asked = [message.due_at.astimezone(zone).date() for message in said if message.kind in QUESTIONS]
    assert all(asked.count(date) <= 2 for date in asked)
    nudges = [
        message.due_at.astimezone(zone).date().isocalendar()[:2]
        for message in said
        if message.kind is MessageKind.NUDGE
    ]
    assert all(nudges.count(iso_week) <= 2 for iso_week in nudges)
    ordinary = sorted(message.due_at for message in said if message.kind not in BYPASS)
    assert all(later - earlier >= timedelta(hours=2) for earlier, later in pairwise(ordinary))
    for message in said:
        assert message.decided_at <= message.due_at <= message.expires_at
        assert len(message.text) <= 240 or message.kind is MessageKind.DIGEST
        quiet = quiet_window(message.due_at, POLICY.msg.quiet, runner)
        if message.kind in (MessageKind.STOP, MessageKind.REFER):
            assert quiet is None or message.due_at == message.decided_at
        elif message.kind is not MessageKind.EMERGENCY:
            assert quiet is None
