"""Cases found by comparing the rules with a second model of them, and by reading real messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from fakes.talk import POLICY, as_sent, assessed, at, run, spike, told

from rules.facts import (
    Activity,
    Family,
    History,
    PainReply,
    ReplyKind,
    RunLoad,
    Runner,
    TerrainClass,
)
from rules.outcome import (
    Budget,
    Finding,
    Level,
    LoadState,
    LongestRun,
    MessageKind,
    PainState,
    PainView,
)
from rules.replay import replay
from rules.triage import triage
from rules.wording import finding_sentence


def hilly_run(name: str, start: datetime, descent_m: float, steep_min: float) -> tuple[Activity, RunLoad]:
    activity = Activity(
        id=name,
        family=Family.RUN,
        sport="run",
        start=start,
        distance_m=8000,
        moving_s=2880,
        utc_offset_s=0,
    )
    load = RunLoad(8000, 2880, descent_m, descent_m, steep_min, 8.0, 8.0, 0.0, TerrainClass.MEASURED)
    return activity, load


def physio(when: datetime) -> Finding:
    return Finding("P6", Level.REFER, "date:2026-06-08:physio", when, {"cause": "physio"})


def test_a_referral_that_a_new_date_brings_waits_for_the_morning() -> None:
    midnight, soon = at("00:00"), at("00:05")
    (message,) = told(soon, [], physio(midnight))
    assert message.due_at == at("07:00")


def test_the_same_referral_after_an_answer_comes_at_once() -> None:
    answer = PainReply("r", at("23:00"), ReplyKind.MORNING, score=3)
    (message,) = told(at("23:05"), [], physio(at("23:00")), history=History(replies=(answer,)))
    assert message.due_at == at("23:05")


def test_two_findings_of_one_cause_are_repeated_as_one() -> None:
    first, second = (
        Finding("P6", Level.REFER, f"date:2026-06-{day}", when, {"cause": "second_red"})
        for day, when in (("08", at("12:00")), ("11", at("12:00", 3)))
    )
    sent = as_sent(told(at("12:00"), [], first))
    sent += as_sent(told(at("12:00", 3), [], first, second, sent=sent))
    assert told(at("12:00", 7), [], first, second, sent=sent) == ()
    (again,) = told(at("12:00", 10), [], first, second, sent=sent)
    assert again.findings == (second.key,)
    assert told(at("12:00", 14), [], first, second, sent=sent + as_sent((again,))) == ()
    third = replace(second, subject="date:2026-06-18", at=at("12:00", 10))
    assert [message.findings for message in told(at("12:00", 10), [], second, third, sent=sent)] == [
        (third.key,)
    ]


def test_a_load_that_is_over_says_nothing_calm_while_running_is_stopped() -> None:
    doubled = run("a", at("10:00"))
    numbers = {"km": 13.0, "longest_30d_km": 5.0, "ratio": 2.6, "band": ">100"}
    finding = replace(spike(doubled), numbers=numbers)
    history = History(activities=(doubled,))
    sent = as_sent(told(at("12:00"), [doubled], finding))
    now = at("08:00", 7)

    def kinds(pain: PainState) -> list[MessageKind]:
        over = replace(assessed(now, finding), pain=PainView(pain), load=LoadState.GREEN)
        return [message.kind for message in triage(over, history, sent, POLICY, now)]

    assert MessageKind.RESOLVE in kinds(PainState.GREEN)
    assert kinds(PainState.RED) == []
    assert kinds(PainState.REFERRED) == []


def test_running_is_not_called_open_where_the_next_session_is_a_walk() -> None:
    stop = Finding("P1", Level.STOP, "run:x", at("12:00"), {"pain": 7}, "a")
    sent = as_sent(told(at("12:05"), [], stop))
    now = at("08:00", 3)
    ladder = Budget(longest_run_km=LongestRun(0.0, 0.0, 0.0), not_before=now.date(), ladder_step=0)
    calm = replace(assessed(now), pain=PainView(PainState.RETURNING), budget=ladder)
    (message,) = triage(calm, History(), sent, POLICY, now)
    assert message.text == (
        "The knee has settled: the way back begins step by step. Next: 30 min walk without pain."
    )


def test_a_run_on_the_walk_run_steps_is_held_against_its_step() -> None:
    numbers = {"more_km": 4.1, "km": 4.1, "figure_km": 0.0, "ladder_step": 1}
    finding = Finding("P7", Level.NOTE, "run:x", at("12:00"), numbers, "a")
    assert finding_sentence(finding, Runner()) == "Planned was: 6×(4 min walk, 1 min run)."


def test_steep_minutes_that_warn_alone_are_what_the_warning_tells() -> None:
    days = [at("18:00", 2 * day) for day in range(20)]
    runs = [hilly_run(f"r{index}", start, 200.0, 4.0) for index, start in enumerate(days)]
    runs.append(hilly_run("steep", at("18:00", 41), 230.0, 14.0))
    history = History(
        activities=tuple(activity for activity, _ in runs),
        loads={activity.id: load for activity, load in runs},
    )
    told_of = [event for event in replay(history, POLICY) if event.rule == "R4"]
    assert [(event.level, event.text) for event in told_of] == [
        (
            "warn",
            "230 m down and 230 m up, 14 min of it steep downhill: your month's most was 4 min.",
        )
    ]


def test_a_run_while_running_is_stopped_is_no_matter_of_kilometres() -> None:
    days = [at("18:00", 2 * day) for day in range(20)]
    runs = [hilly_run(f"r{index}", start, 0.0, 0.0) for index, start in enumerate(days)]
    sore = PainReply("r", days[-1] + timedelta(hours=2), ReplyKind.DURING, score=7)
    runs.append(hilly_run("anyway", at("18:00", 40), 0.0, 0.0))
    history = History(
        activities=tuple(activity for activity, _ in runs),
        loads={activity.id: load for activity, load in runs},
        replies=(sore,),
    )
    told_of = [event.text for event in replay(history, POLICY) if event.rule == "P7"]
    assert told_of == ["No running was planned yet."]
