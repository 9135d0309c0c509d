"""Time off, strength reminders and the weekly digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fakes.talk import POLICY, as_sent, assessed, at, recorded, run, told, week

from rules.facts import (
    Grade,
    History,
    PromptKind,
    ReplyKind,
    Runner,
    StrengthSession,
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
from rules.records import Record
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


def weeks_of(*kilometres: float, descent_m: float | None = None) -> list[Record]:
    """One run on the Wednesday of each week, the last one in the week of the tests."""
    first = 2 - 7 * (len(kilometres) - 1)
    return [
        recorded(run(f"w{index}", at("10:00", first + 7 * index), km=km), descent_m)
        for index, km in enumerate(kilometres)
    ]


def test_the_digest_lists_what_rode_on_no_message() -> None:
    sunday = at("18:00", 6)
    easy = run("a", at("10:45", 2))
    assessment = replace(
        assessed(sunday, week(easy, Level.NOTE)),
        usual_week_km=28.4,
        counted=tuple(weeks_of(28.4, 28.4, 28.4, 31.2)),
        strength=StrengthPlan(done=1),
        pain=PainView(PainState.GREEN),
    )
    replies = (
        Reply("r1", at("12:00", 2), ReplyKind.DURING, 1),
        Reply("r2", at("07:40", 3), ReplyKind.MORNING, 0),
    )
    history = History(
        activities=(easy,), replies=replies, strength=(StrengthSession("s1", at("18:00", 1), 20.0),)
    )
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
    assessment = replace(
        assessed(sunday, *(week(one, Level.NOTE) for one in runs)), counted=tuple(weeks_of(31.0))
    )
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
    assessment = replace(assessed(sunday), counted=tuple(weeks_of(31.0)))
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
        ran = replace(assessed(sunday), counted=tuple(recorded(one) for one in (old, new, later)))
        texts += [one.text for one in triage(ran, history, (), POLICY, sunday)]
    assert [line in text for text in texts] == [True, False]


def digest_line(sunday: datetime, history: History, **told: Any) -> str:
    (message,) = triage(replace(assessed(sunday), **told), history, (), POLICY, sunday)
    return message.text.splitlines()[0]


def test_the_week_is_told_with_its_hills_where_there_are_any() -> None:
    runs = tuple(weeks_of(28.4, 28.4, 28.4, 31.2, descent_m=300.0))
    hilly = (*runs[:3], replace(runs[3], load=replace(runs[3].load, descent_m=340.0)))
    sunday = at("18:00", 6)
    line = digest_line(sunday, History(), counted=hilly, usual_week_km=28.4)
    assert line == "31 km (usual 28), 340 m down (usual 300)."
    miles = digest_line(sunday, History(runner=Runner(miles=True)), counted=hilly, usual_week_km=28.4)
    assert miles == "19 mi (usual 18), 340 m down (usual 300)."
    flat = tuple(weeks_of(28.4, 28.4, 28.4, 31.2, descent_m=40.0))
    assert digest_line(sunday, History(), counted=flat, usual_week_km=28.4) == "31 km (usual 28)."


def test_answers_by_button_are_told_in_the_words_of_the_buttons() -> None:
    sunday = at("18:00", 6)
    replies = (
        Reply("r1", at("12:00", 2), ReplyKind.DURING, grade=Grade.AMBER),
        Reply("r2", at("07:40", 3), ReplyKind.MORNING, grade=Grade.GREEN),
    )
    counted = tuple(weeks_of(31.2))
    assert digest_line(sunday, History(replies=replies), counted=counted) == "31 km, knee sore at worst."
    assert digest_line(sunday, History(replies=replies[1:]), counted=counted) == "31 km, knee fine."


def test_on_monday_morning_the_digest_still_tells_of_the_week_that_ended() -> None:
    monday = at("07:30", 7)
    runs = (*weeks_of(28.4, 28.4, 28.4, 31.2), recorded(run("monday", at("07:00", 7), km=5.0)))
    sessions = (StrengthSession("s1", at("18:00", 1), 20.0), StrengthSession("s2", at("18:00", 4), 20.0))
    line = digest_line(
        monday,
        History(strength=sessions),
        counted=runs,
        usual_week_km=25.0,
        strength=StrengthPlan(done=0, next_slot=at("18:00", 8)),
    )
    assert line == "31 km (usual 28), strength 2 of 2."
