"""Which findings of a run become messages, when, and which stay silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from fakes.talk import POLICY, QUESTION, as_sent, assessed, at, question, run, spike, told, week

from rules.facts import (
    History,
    Pause,
    Prompt,
    PromptKind,
    Runner,
)
from rules.outcome import (
    Level,
    MessageKind,
    PromptWanted,
    Sent,
)
from rules.triage import triage


def test_a_spike_and_its_question_are_one_message() -> None:
    now = at("12:00")
    long_run = run("a", at("10:00"), seen=now)
    (message,) = told(now, [long_run], spike(long_run), prompts=(question(long_run, now),))
    assert message.title == "Long run"
    assert message.text == (
        "13.0 km: 24 % beyond your longest in 30 days (10.5). Unusually long for you. "
        "Next: from Wednesday, up to 10.5 km. Worst knee pain during the run, 0–10?"
    )
    assert message.key == "load:a:warn"
    assert message.kind is MessageKind.AFTER_RUN
    assert message.alert
    assert message.question is not None
    assert message.due_at <= now < message.expires_at


def test_a_spike_goes_at_once_where_no_question_is_wanted() -> None:
    now = at("12:00")
    long_run = run("a", at("12:00"))
    (message,) = told(now, [long_run], spike(long_run))
    assert message.kind is MessageKind.LOAD
    assert message.due_at == now
    assert "0–10" not in message.text


def test_a_spike_waits_for_its_question_but_not_beyond_90_minutes() -> None:
    long_run = run("a", at("12:00"))
    due = at("13:15")
    (message,) = told(at("12:01"), [long_run], spike(long_run), prompts=(question(long_run, due),))
    assert message.due_at == due
    (message,) = told(at("12:01"), [long_run], spike(long_run), prompts=(question(long_run, at("13:31")),))
    assert message.kind is MessageKind.LOAD
    assert message.due_at == at("12:01")


def test_a_second_look_says_nothing_new() -> None:
    now = at("12:00")
    long_run = run("a", at("10:00"), seen=now)
    first = told(now, [long_run], spike(long_run), week(long_run), prompts=(question(long_run, now),))
    again = told(
        now + timedelta(minutes=1),
        [long_run],
        spike(long_run),
        week(long_run),
        prompts=(question(long_run, now),),
        sent=as_sent(first),
    )
    assert len(first) == 1
    assert again == ()


def test_all_findings_of_a_run_share_its_message_worst_first() -> None:
    now = at("12:00")
    long_run = run("a", at("12:00"))
    (message,) = told(now, [long_run], week(long_run, Level.NOTE), spike(long_run))
    assert message.text == (
        "13.0 km: 24 % beyond your longest in 30 days (10.5).\n"
        "34 km in 7 days, 36 % above your usual week (25).\n"
        "Next: from Wednesday, up to 10.5 km."
    )
    assert message.findings == tuple(sorted((spike(long_run).key, week(long_run, Level.NOTE).key)))


def test_a_note_rides_on_the_question_and_is_no_alert() -> None:
    now = at("12:00")
    easy = run("a", at("10:45"))
    (message,) = told(now, [easy], week(easy, Level.NOTE), prompts=(question(easy, now),))
    assert message.title == "Knee?"
    assert message.text == f"13.0 km.\n34 km in 7 days, 36 % above your usual week (25).\n{QUESTION}"
    assert not message.alert


def test_a_calm_run_is_asked_about_when_its_question_is_due() -> None:
    easy = run("a", at("10:45"), km=6.1)
    wanted = (question(easy, at("12:00")),)
    assert told(at("11:49"), [easy], prompts=wanted) == ()
    assert told(at("11:50"), [easy], prompts=wanted)[0].due_at == at("12:00")
    (message,) = told(at("12:00"), [easy], prompts=wanted)
    assert message.text == f"6.1 km, inside your usual. {QUESTION}"
    assert message.key == "ask:a"


def test_a_note_alone_is_never_a_push() -> None:
    easy = run("a", at("10:45"))
    assert told(at("12:00"), [easy], week(easy, Level.NOTE)) == ()


def test_the_first_import_never_pushes_but_the_run_after_it_does() -> None:
    history = History(first_import_until=at("11:00"))
    imported = run("old", at("09:00"), seen=at("10:59"))
    dropped = run("new", at("10:00"), seen=at("12:00"))
    assert told(at("12:00"), [imported], spike(imported), history=history) == ()
    assert told(at("12:00"), [imported], prompts=(question(imported, at("12:00")),), history=history) == ()
    (message,) = told(at("12:00"), [imported, dropped], spike(imported), spike(dropped), history=history)
    assert message.key == "load:new:warn"


def test_a_run_first_seen_after_two_days_is_for_the_digest_only() -> None:
    late = run("a", at("10:00"), seen=at("10:01", 2))
    in_time = run("b", at("10:00"), seen=at("10:00", 2))
    assert told(at("10:01", 2), [late], spike(late)) == ()
    assert len(told(at("10:00", 2), [in_time], spike(in_time))) == 1


def test_quiet_hours_hold_a_warning_until_the_morning() -> None:
    zone = History(runner=Runner(timezone="Europe/Berlin"))
    evening = run("a", at("20:30"))  # 22:30 in Berlin
    (message,) = told(at("20:30"), [evening], spike(evening), history=zone)
    assert message.due_at == at("05:00", 1)


def test_a_warning_held_by_quiet_hours_rides_on_the_morning_question() -> None:
    evening = run("a", at("23:00"))
    morning = PromptWanted(
        PromptKind.MORNING, at("07:30", 1), at("19:30", 1), "Knee this morning, 0–10?", evening.id
    )
    (message,) = told(at("23:00"), [evening], spike(evening), prompts=(morning,))
    assert message.kind is MessageKind.MORNING
    assert message.due_at == at("07:30", 1)
    assert message.text.endswith("Knee this morning, 0–10?")


def test_one_alert_a_day_and_the_second_stays_in_the_digest_for_good() -> None:
    first, second = run("a", at("09:00")), run("b", at("18:00"))
    sent = as_sent(told(at("09:00"), [first], spike(first)))
    assert told(at("18:00"), [first, second], spike(first), spike(second), sent=sent) == ()
    # The next day has room again, but the warning is stale.
    later = told(at("08:00", 1), [first, second], spike(first), spike(second), sent=sent)
    assert not any(message.alert for message in later)


def test_two_alerts_in_seven_days_are_enough() -> None:
    runs = [run(name, at("09:00", days)) for name, days in (("a", 0), ("b", 2), ("c", 5), ("d", 8))]
    sent: tuple[Sent, ...] = ()
    alerts = []
    for day, activity in zip((0, 2, 5, 8), runs, strict=True):
        new = told(at("09:00", day), runs, *map(spike, runs[: runs.index(activity) + 1]), sent=sent)
        alerts += [message.key for message in new if message.alert]
        sent += as_sent(new)
    assert alerts == ["load:a:warn", "load:b:warn", "load:d:warn"]


def test_at_the_alert_limit_the_question_still_goes() -> None:
    first, second = run("a", at("09:00")), run("b", at("16:45"))
    sent = as_sent(told(at("09:00"), [first], spike(first)))
    (message,) = told(
        at("18:00"),
        [first, second],
        spike(first),
        spike(second),
        prompts=(question(second, at("18:00")),),
        sent=sent,
    )
    assert message.key == "ask:b"
    assert not message.alert
    assert "beyond" not in message.text


def test_pushes_keep_two_hours_apart() -> None:
    easy = run("a", at("10:45"))
    sent = (Sent("digest:x", MessageKind.DIGEST, at("11:00")),)
    (message,) = told(at("12:00"), [easy], prompts=(question(easy, at("12:00")),), sent=sent)
    assert message.due_at == at("13:00")


def test_a_third_question_of_the_day_waits_and_is_dropped_at_its_expiry() -> None:
    sent = (
        Sent("ask:x", MessageKind.AFTER_RUN, at("08:00")),
        Sent("ask:y", MessageKind.AFTER_RUN, at("11:00")),
    )
    noon, evening = run("a", at("12:45")), run("b", at("19:00"))
    assert told(at("14:00"), [noon], prompts=(question(noon, at("14:00")),), sent=sent) == ()
    (message,) = told(at("20:15"), [evening], prompts=(question(evening, at("20:15")),), sent=sent)
    assert message.due_at == at("07:00", 1)


def test_a_race_keeps_its_findings_for_the_digest() -> None:
    race = run("a", at("10:45"), km=21.1, race=True)
    assert told(at("12:00"), [race], spike(race)) == ()
    (message,) = told(at("12:00"), [race], spike(race), prompts=(question(race, at("12:00")),))
    assert message.title == "Race"
    assert message.text == (
        f"21.1 km. Findings are in the digest. Next: from Wednesday, up to 10.5 km. {QUESTION}"
    )
    assert message.findings == ()


def test_a_planned_run_is_told_no_more() -> None:
    planned = run("a", at("10:45"), planned=True)
    assert told(at("12:00"), [planned], spike(planned)) == ()
    (weekly,) = told(
        at("18:30", 6),
        [planned],
        spike(planned),
        sent=(Sent("x", MessageKind.LOAD, at("12:00"), ("R1|y|-|warn",), alert=True),),
    )
    assert weekly.kind is MessageKind.DIGEST
    assert "13.0 km" not in weekly.text


def test_nothing_is_pushed_in_a_pause_nor_afterwards() -> None:
    paused = History(pauses=(Pause(at("00:00"), at("00:00", 1)),))
    long_run = run("a", at("12:00"))
    assert told(at("12:00"), [long_run], spike(long_run), history=paused) == ()
    assert told(at("08:00", 1), [long_run], spike(long_run), history=paused) == ()


def test_an_unanswered_question_says_what_it_means_for_growth() -> None:
    asked = Prompt("p", PromptKind.AFTER_RUN, at("12:00"), at("19:30", 1), "old")
    easy = run("a", at("10:45", 2), km=6.1)
    history = History(activities=(easy,), prompts=(asked,))
    now = at("12:00", 2)
    (message,) = triage(assessed(now, prompts=(question(easy, now),)), history, (), POLICY, now)
    assert message.text == (
        f"6.1 km, inside your usual. Monday unanswered, so no growth: up to 10.5 km. {QUESTION}"
    )


@pytest.mark.parametrize("days", [0, 40])
def test_dates_are_weekdays_within_a_week_and_written_out_beyond(days: int) -> None:
    now = at("12:00")
    long_run = run("a", at("12:00"))
    assessment = assessed(now, spike(long_run))
    budget = replace(assessment.budget, not_before=date(2026, 6, 9) + timedelta(days=days))
    (message,) = triage(replace(assessment, budget=budget), History(activities=(long_run,)), (), POLICY, now)
    assert ("from Tuesday," if days == 0 else "from 19 July,") in message.text


def test_whether_pain_has_settled_is_asked_as_the_question_of_its_run() -> None:
    ran = run("a", at("12:00"), km=6.0)
    due = at("13:15")
    question = PromptWanted(
        PromptKind.SETTLED, due, at("01:15", 1), "Settled to before-run level? y / n", "a"
    )
    (message,) = told(at("13:10"), [ran], prompts=(question,))
    assert (message.key, message.kind, message.due_at) == ("settled:a", MessageKind.AFTER_RUN, due)
    assert (message.title, message.text) == (
        "Knee?",
        "6.0 km, inside your usual. Settled to before-run level? y / n",
    )
    assert told(at("13:16"), [ran], prompts=(question,), sent=as_sent((message,))) == ()
    two = (
        Sent("ask:morning:x", MessageKind.MORNING, at("07:30")),
        Sent("ask:b", MessageKind.AFTER_RUN, at("10:00")),
    )
    assert told(at("13:15"), [ran], prompts=(question,), sent=two) == (), "a third question of the day"
    gap = (Sent("strength:x", MessageKind.NUDGE, at("12:00")),)
    assert told(at("13:15"), [ran], prompts=(question,), sent=gap) == (), "too late once the gap is over"


def test_a_warning_carries_whether_pain_has_settled() -> None:
    ran = run("a", at("12:00"))
    question = PromptWanted(
        PromptKind.SETTLED, at("13:15"), at("01:15", 1), "Settled to before-run level? y / n", "a"
    )
    (message,) = told(at("12:05"), [ran], spike(ran), prompts=(question,))
    assert (message.due_at, message.title) == (at("13:15"), "Long run")
    assert message.text.endswith("Settled to before-run level? y / n")
    again = told(at("13:15"), [ran], spike(ran), prompts=(question,), sent=as_sent((message,)))
    assert again == ()
