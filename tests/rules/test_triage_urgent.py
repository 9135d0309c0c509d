"""Stops, referrals and emergencies, and the end of a bad spell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fakes.talk import POLICY, as_sent, assessed, at, run, spike, told

from rules.facts import (
    History,
    Pause,
    PromptKind,
    ReplyKind,
)
from rules.facts import PainReply as Reply
from rules.outcome import (
    Assessment,
    Finding,
    Level,
    LoadState,
    MessageKind,
    PainState,
    PainView,
    PromptWanted,
    Sent,
)
from rules.triage import triage


def stop(when: datetime) -> Finding:
    return Finding("P1", Level.STOP, "run:x", when, {"pain": 7}, "a")


def test_a_stop_bypasses_the_limits_and_answers_at_once_even_at_night() -> None:
    sent = (Sent("load:x:warn", MessageKind.LOAD, at("22:30"), (), alert=True),)
    (message,) = told(at("23:05"), [], stop(at("23:00")), sent=sent)
    assert message.kind is MessageKind.STOP
    assert message.due_at == at("23:05")
    assert message.text == "7 during the run. Walk or bike at 2 or less."
    assert told(at("23:06"), [], stop(at("23:00")), sent=sent + as_sent((message,))) == ()


def test_a_stop_that_answers_nothing_waits_for_the_morning() -> None:
    (message,) = told(at("23:20"), [], stop(at("23:00")))
    assert message.due_at == at("07:00", 1)


def emergency(when: datetime) -> Finding:
    return Finding("P6", Level.EMERGENCY, "date:2026-06-08", when, {"cause": "calf"})


def refer(when: datetime) -> Finding:
    return Finding("P6", Level.REFER, "date:2026-06-08", when, {"cause": "second_red"})


def test_an_emergency_goes_at_once_whatever_the_hour_and_the_pause() -> None:
    paused = History(pauses=(Pause(at("00:00")),))
    (message,) = told(at("23:40"), [], emergency(at("23:00")), history=paused)
    assert message.title == "Call your emergency number now"
    assert message.due_at == at("23:40")


def test_a_referral_repeats_every_week_until_it_is_seen() -> None:
    first = told(at("12:00"), [], refer(at("12:00")))
    assert first[0].text == (
        "The second stop in four weeks. This needs a clinician, not an app. "
        "Reply `seen` when you have read this."
    )
    sent = as_sent(first)
    assert told(at("11:00", 7), [], refer(at("12:00")), sent=sent) == ()
    (again,) = told(at("12:00", 7), [], refer(at("12:00")), sent=sent)
    assert again.key.endswith("#2")
    seen = History(replies=(Reply("r", at("13:00"), ReplyKind.SEEN),))
    assert told(at("12:00", 7), [], refer(at("12:00")), sent=sent, history=seen) == ()


def state(
    now: datetime, pain: PainState, *findings: Finding, load: LoadState = LoadState.GREEN
) -> Assessment:
    return replace(assessed(now, *findings), pain=PainView(pain), load=load)


def test_the_end_of_red_is_told_once_and_only_if_its_start_was() -> None:
    calm, again = state(at("08:00", 3), PainState.RETURNING), state(at("09:00", 4), PainState.RETURNING)
    sent = as_sent(told(at("23:05"), [], stop(at("23:00"))))
    (message,) = triage(calm, History(), sent, POLICY, at("08:00", 3))
    assert message.kind is MessageKind.RESOLVE
    assert message.title == "Calm again"
    assert message.text == "The knee has settled: running is open again. Next: from Saturday, up to 10.5 km."
    assert triage(again, History(), sent + as_sent((message,)), POLICY, at("09:00", 4)) == ()
    assert triage(calm, History(), (), POLICY, at("08:00", 3)) == ()


def test_back_to_normal_follows_the_return() -> None:
    sent = as_sent(told(at("23:05"), [], stop(at("23:00"))))
    sent += as_sent(
        triage(state(at("08:00", 3), PainState.RETURNING), History(), sent, POLICY, at("08:00", 3))
    )
    (message,) = triage(state(at("08:00", 20), PainState.GREEN), History(), sent, POLICY, at("08:00", 20))
    assert message.text.startswith("Your answers are back to normal. Next:")


def test_the_end_of_red_rides_on_a_question_of_the_next_six_hours() -> None:
    sent = as_sent(told(at("12:05"), [], stop(at("12:00"))))
    morning = PromptWanted(
        PromptKind.MORNING,
        at("07:30", 3),
        at("19:30", 3),
        "Knee this morning, on stairs down if you can: 0–10?",
    )
    early, due = (
        replace(state(now, PainState.RETURNING), prompts=(morning,))
        for now in (at("07:00", 3), at("07:30", 3))
    )
    assert triage(early, History(), sent, POLICY, at("07:00", 3)) == ()
    (message,) = triage(due, History(), sent, POLICY, at("07:30", 3))
    assert message.kind is MessageKind.MORNING
    assert message.text == (
        "The knee has settled: running is open again. This morning, on stairs down if you can: 0–10?"
    )
    later = replace(due, prompts=())
    assert triage(later, History(), sent + as_sent((message,)), POLICY, at("10:00", 3)) == ()


def test_the_end_of_a_red_load_is_told_where_its_warning_was() -> None:
    doubled = run("a", at("10:00"))
    finding = replace(
        spike(doubled), numbers={"km": 13.0, "longest_30d_km": 5.0, "ratio": 2.6, "band": ">100"}
    )
    sent = as_sent(told(at("12:00"), [doubled], finding))
    history = History(activities=(doubled,))
    red = state(at("08:00", 6), PainState.GREEN, finding, load=LoadState.RED)
    over = state(at("08:00", 7), PainState.GREEN, finding)
    assert not triage(red, history, sent, POLICY, at("08:00", 6))
    (message,) = [
        one for one in triage(over, history, sent, POLICY, at("08:00", 7)) if one.kind is MessageKind.RESOLVE
    ]
    assert message.text.startswith("The high load is behind you. Next:")
    assert message.key == "resolve:load:2026-06-14"
    unsent = triage(over, history, (), POLICY, at("08:00", 7))
    assert not any(one.kind is MessageKind.RESOLVE for one in unsent)


def second_stop(when: datetime) -> Finding:
    return Finding("P2", Level.STOP, "run:x", when, {"delta": 3}, "a")


def test_a_second_stop_of_the_hour_is_left_to_the_direct_answer() -> None:
    first, again = stop(at("12:00")), second_stop(at("12:59"))
    sent = as_sent(told(at("12:00"), [], first))
    assert told(at("12:59"), [], first, again, sent=sent) == ()
    assert told(at("15:00"), [], first, again, sent=sent) == (), "nor is it told later"
    (later,) = told(at("13:01"), [], first, second_stop(at("13:01")), sent=sent)
    assert later.text.startswith("Still 3 up an hour later")


def test_a_second_stop_is_pushed_where_it_brings_the_checklist() -> None:
    first, again = stop(at("12:00")), second_stop(at("12:30"))
    sent = as_sent(told(at("12:00"), [], first))
    checklist = PromptWanted(PromptKind.CHECKLIST, at("12:30"), at("12:30", 7), "Any of these?")
    (message,) = told(at("12:30"), [], first, again, prompts=(checklist,), sent=sent)
    assert message.text.endswith("Any of these?")


def test_one_more_item_of_the_checklist_is_not_pushed_again_unless_it_is_an_emergency() -> None:
    def item(flag: str, level: Level = Level.REFER) -> Finding:
        return Finding("P6", level, f"date:2026-06-08:{flag}", at("12:00"), {"cause": flag, "stops": 1})

    def referred(now: datetime, *findings: Finding, sent: tuple[Sent, ...] = ()) -> list[str]:
        assessment = state(now, PainState.REFERRED, *findings)
        return [message.title for message in triage(assessment, History(), sent, POLICY, now)]

    first = triage(state(at("12:00"), PainState.REFERRED, item("any")), History(), (), POLICY, at("12:00"))
    sent = as_sent(first)
    assert [message.title for message in first] == ["Stop running for now"]
    named = replace(item("locked"), at=at("12:02"))
    assert referred(at("12:02"), item("any"), named, sent=sent) == []
    chest = replace(item("chest", Level.EMERGENCY), at=at("12:02"))
    assert referred(at("12:02"), item("any"), chest, sent=sent) == ["Call your emergency number now"]
