"""Time off, strength reminders and the weekly digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from fakes.talk import POLICY, as_sent, assessed, at, run, told, week

from rules.facts import (
    History,
    PromptKind,
    ReplyKind,
    Runner,
)
from rules.facts import PainReply as Reply
from rules.outcome import (
    Assessment,
    Finding,
    Level,
    MessageKind,
    PainState,
    PainView,
    Sent,
    StrengthPlan,
)
from rules.reminders import skipped_today
from rules.triage import triage


def time_off(when: datetime) -> Finding:
    return Finding("D1", Level.NUDGE, "gap:2026-05-25", when, {"gap_days": 14})


def test_two_weeks_off_are_told_once_with_both_explanations() -> None:
    now = at("12:00")
    (message,) = told(now, [], time_off(now))
    assert message.text == (
        "14 days without a run here. If you ran: check the watch sync. "
        "If not: first run back from Wednesday, up to 10.5 km."
    )
    assert told(at("12:00", 1), [], time_off(now), sent=as_sent((message,))) == ()


def test_nobody_is_called_back_to_running_in_red() -> None:
    now = at("12:00")
    red = replace(assessed(now, time_off(now)), pain=PainView(PainState.RED))
    assert triage(red, History(), (), POLICY, now) == ()


def test_the_digest_lists_what_rode_on_no_message() -> None:
    sunday = at("18:00", 6)
    easy = run("a", at("10:45", 2))
    assessment = replace(
        assessed(sunday, week(easy, Level.NOTE)),
        week_km=31.2,
        usual_week_km=28.4,
        strength=StrengthPlan(done=1),
        pain=PainView(PainState.GREEN),
    )
    replies = (
        Reply("r1", at("12:00", 2), ReplyKind.DURING, 1),
        Reply("r2", at("07:40", 3), ReplyKind.MORNING, 0),
    )
    history = History(activities=(easy,), replies=replies)
    assert triage(assessment, history, (), POLICY, at("17:59", 6)) == ()
    (message,) = triage(assessment, history, (), POLICY, sunday)
    assert message.key == "digest:2026-W24"
    assert message.title == "Week 24"
    assert message.text == (
        "31 km (usual 28), knee 0–1, strength 1 of 2.\n"
        "Next: from Tuesday, up to 10.5 km.\n"
        "Wednesday: 34 km in 7 days, 36 % above your usual week (25)."
    )
    assert triage(assessment, history, as_sent((message,)), POLICY, sunday) == ()


def test_the_digest_never_has_more_than_twelve_lines() -> None:
    sunday = at("18:00", 6)
    runs = [run(f"r{number}", at("10:00", number % 6)) for number in range(20)]
    assessment = replace(assessed(sunday, *(week(one, Level.NOTE) for one in runs)), week_km=31.0)
    (message,) = triage(assessment, History(activities=tuple(runs)), (), POLICY, sunday)
    assert len(message.text.splitlines()) == 12
    assert message.text.splitlines()[-1] == "And 11 more."


def test_a_digest_missed_on_sunday_evening_comes_on_monday_morning_but_not_later() -> None:
    easy = run("a", at("10:45", 2))
    (message,) = told(at("07:30", 7), [easy], week(easy, Level.NOTE))
    assert message.key == "digest:2026-W24"
    assert told(at("12:00", 7), [easy], week(easy, Level.NOTE)) == ()


def test_an_empty_week_has_no_digest() -> None:
    assert told(at("18:00", 6), []) == ()


def test_the_digest_says_that_a_warning_was_withdrawn() -> None:
    sent = (Sent("load:gone:warn", MessageKind.LOAD, at("12:00", 1), ("R1|gone|-|warn",), alert=True),)
    (message,) = told(at("18:00", 6), [], sent=sent)
    assert "Withdrawn: the warning of Tuesday; its run was deleted or corrected." in message.text


def with_slot(now: datetime, slot: datetime) -> Assessment:
    plan = StrengthPlan(next_slot=slot, exercises=("Box squat 3×8", "Hip thrust 3×10"))
    return replace(assessed(now), strength=plan)


def test_strength_is_reminded_of_on_its_day_at_five() -> None:
    slot = at("18:00", 1)
    for now in (at("17:00"), at("16:59", 1)):
        assert triage(with_slot(now, slot), History(), (), POLICY, now) == ()
    (message,) = triage(with_slot(at("17:00", 1), slot), History(), (), POLICY, at("17:00", 1))
    assert (message.title, message.text) == ("Strength today", "20 min: box squat 3×8; hip thrust 3×10.")
    assert message.level is Level.NUDGE


def test_a_strength_reminder_waits_its_turn_for_three_hours_at_most() -> None:
    now, slot = at("17:00", 1), at("18:00", 1)
    recent = (Sent("ask:a", MessageKind.AFTER_RUN, at("16:30", 1)),)
    (message,) = triage(with_slot(now, slot), History(), recent, POLICY, now)
    assert message.due_at == at("18:30", 1)
    busy = (*recent, Sent("stop:x", MessageKind.STOP, at("18:20", 1)))
    assert triage(with_slot(now, slot), History(), busy, POLICY, now) == ()


def test_the_digest_makes_the_offer_to_warn_later() -> None:
    sunday = at("18:00", 6)
    assessment = replace(assessed(sunday), week_km=31.0)
    (message,) = triage(assessment, History(), (), POLICY, sunday, offer=True)
    assert message.text.endswith(
        "None of your last 12 warnings was followed by a sore morning. Warn a little later? Reply `yes`."
    )
    assert message.question is not None
    assert (message.question.kind, message.question.expires_at) == (
        PromptKind.OFFER,
        sunday + timedelta(days=7),
    )


def test_a_session_skipped_in_advance_is_not_reminded_of() -> None:
    now, slot = at("17:00", 1), at("18:00", 1)
    skipped = as_sent((skipped_today(Runner(), POLICY, at("09:00", 1)),))
    assert triage(with_slot(now, slot), History(), skipped, POLICY, now) == ()


def test_a_new_watch_is_told_once_because_the_hill_rules_wait_for_it() -> None:
    old = replace(run("old", at("10:00", -3)), device="old watch")
    new = replace(run("new", at("10:00", 2)), device="new watch")
    line = "New watch: hill rules wait for 4 runs with it."
    texts = []
    for days in (6, 13):
        sunday = at("18:00", days)
        later = replace(run("later", at("10:00", 9)), device="new watch")
        history = History(activities=(old, new, later))
        texts += [
            one.text for one in triage(replace(assessed(sunday), week_km=9.0), history, (), POLICY, sunday)
        ]
    assert [line in text for text in texts] == [True, False]
