"""Which questions are wanted and when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.facts import Grade, PainReply, Pause, Prompt, PromptKind, ReplyKind, Runner
from rules.outcome import Finding, Level, PainState, PainView, PromptWanted
from rules.policy import Policy
from rules.prompts import AskedRun, Talk, wanted, weekly_mode

POLICY = Policy()
MONDAY = datetime(2026, 6, 8, tzinfo=UTC)


def at(clock: str, days: int = 0) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=days, hours=int(hour), minutes=int(minute))


def run(
    end: datetime, name: str = "a", *, km: float = 6.0, seen: datetime | None = None, walk: bool = False
) -> AskedRun:
    return AskedRun(name, end, seen or end, end.date(), km * 6, km, walk)


def asked(end: datetime, name: str, *, skipped: bool = False) -> Prompt:
    sent = end + timedelta(minutes=75)
    return Prompt(f"p-{name}", PromptKind.AFTER_RUN, sent, sent + timedelta(hours=12), name, skipped)


def during(when: datetime, name: str, score: int = 0) -> PainReply:
    return PainReply(f"d-{name}", when, ReplyKind.DURING, score, activity_id=name)


def after_runs(talk: Talk, now: datetime) -> list[PromptWanted]:
    return [prompt for prompt in wanted(talk, POLICY, now) if prompt.kind is PromptKind.AFTER_RUN]


def mornings(talk: Talk, now: datetime) -> list[PromptWanted]:
    return [prompt for prompt in wanted(talk, POLICY, now) if prompt.kind is PromptKind.MORNING]


def in_state(state: PainState, talk: Talk) -> Talk:
    return replace(talk, pain=PainView(state))


def test_a_run_is_asked_about_75_minutes_after_its_end() -> None:
    (prompt,) = after_runs(Talk(Runner(), (run(at("12:00")),)), at("12:05"))
    assert prompt.due_at == at("13:15")
    assert prompt.expires_at == at("01:15", 1)
    assert prompt.text == "Worst knee pain during the run, 0–10?"


def test_a_run_first_seen_late_is_asked_about_at_once_but_not_after_twelve_hours() -> None:
    late = run(at("06:00"), seen=at("17:59"))
    (prompt,) = after_runs(Talk(Runner(), (late,)), at("17:59"))
    assert prompt.due_at == at("17:59")
    assert after_runs(Talk(Runner(), (run(at("06:00"), seen=at("18:01")),)), at("18:01")) == []


@pytest.mark.parametrize("minutes", [9, 10])
def test_short_runs_are_not_asked_about(minutes: int) -> None:
    short = replace(run(at("12:00")), minutes=minutes)
    assert len(after_runs(Talk(Runner(), (short,)), at("12:05"))) == (minutes == 10)


def test_walks_get_no_after_run_question() -> None:
    assert after_runs(Talk(Runner(), (run(at("12:00"), walk=True),)), at("12:05")) == []


def test_an_evening_run_is_asked_about_just_before_quiet_hours() -> None:
    (prompt,) = after_runs(Talk(Runner(), (run(at("21:00")),)), at("21:01"))
    assert prompt.due_at == at("21:55")


def test_a_later_evening_run_waits_twenty_minutes_at_least() -> None:
    (prompt,) = after_runs(Talk(Runner(), (run(at("21:38")),)), at("21:39"))
    assert prompt.due_at == at("21:58")


def test_a_night_run_is_asked_about_in_the_morning_with_two_numbers() -> None:
    talk = Talk(Runner(), (run(at("21:45")),))
    assert after_runs(talk, at("21:46")) == []
    (prompt,) = mornings(talk, at("21:46"))
    assert prompt.due_at == at("07:30", 1)
    assert prompt.activity_id == "a"
    assert prompt.text == "Knee this morning, 0–10? If the run was worse: its worst as a second number."


def test_a_run_of_the_small_hours_is_asked_about_the_same_morning() -> None:
    talk = Talk(Runner(), (run(at("00:40")),))
    (prompt,) = [one for one in mornings(talk, at("00:45")) if one.due_at == at("07:30")]
    assert prompt.activity_id == "a"
    early = Talk(Runner(), (run(at("06:10")),))
    assert [one.due_at for one in after_runs(early, at("06:11"))] == [at("07:25")]


def test_a_question_missed_before_the_night_is_left_to_the_morning_too() -> None:
    talk = Talk(Runner(), (run(at("20:00")),))
    assert len(after_runs(talk, at("21:59"))) == 1
    for now in (at("22:00"), at("07:10", 1)):
        assert after_runs(talk, now) == []
        (prompt,) = mornings(talk, now)
        assert prompt.text == "Knee this morning, 0–10? If the run was worse: its worst as a second number."


def test_quiet_hours_are_the_runners_own() -> None:
    talk = Talk(Runner(timezone="America/New_York"), (run(at("22:00")),))
    (prompt,) = after_runs(talk, at("22:05"))
    assert prompt.due_at == at("23:15")


def test_two_runs_close_together_share_the_question_of_the_later_one() -> None:
    talk = Talk(Runner(), (run(at("12:00"), "a"), run(at("13:30"), "b")))
    assert [prompt.activity_id for prompt in after_runs(talk, at("13:31"))] == ["b"]
    apart = Talk(Runner(), (run(at("08:00"), "a"), run(at("13:30"), "b")))
    assert [prompt.activity_id for prompt in after_runs(apart, at("13:31"))] == ["a", "b"]


def test_a_question_is_never_repeated_nor_asked_after_its_answer() -> None:
    runs = (run(at("12:00")),)
    assert after_runs(Talk(Runner(), runs, prompts=(asked(at("12:00"), "a"),)), at("13:20")) == []
    told = PainReply("r", at("12:30"), ReplyKind.DURING, 2)
    assert after_runs(Talk(Runner(), runs, replies=(told,)), at("13:20")) == []


def test_nothing_is_asked_in_a_pause_or_while_a_clinician_is_waited_for() -> None:
    talk = Talk(Runner(), (run(at("12:00")),))
    paused = replace(talk, pauses=(Pause(at("11:00"), at("18:00")),))
    assert wanted(paused, POLICY, at("12:05")) == ()
    assert after_runs(paused, at("18:30")) == []
    assert wanted(in_state(PainState.REFERRED, talk), POLICY, at("12:05")) == ()


def calm_past(number: int) -> Talk:
    """That many asked, answered and green runs on the days before Monday."""
    ends = [at("12:00", day - number) for day in range(number)]
    return Talk(
        Runner(),
        tuple(run(end, f"r{day}") for day, end in enumerate(ends)),
        prompts=tuple(asked(end, f"r{day}") for day, end in enumerate(ends)),
        replies=tuple(during(end + timedelta(hours=2), f"r{day}") for day, end in enumerate(ends)),
        pain=PainView(PainState.GREEN),
        verdicts={f"r{day}": Grade.GREEN for day in range(number)},
    )


def with_runs(talk: Talk, *runs: AskedRun) -> Talk:
    return replace(talk, runs=(*talk.runs, *runs))


def test_after_five_green_runs_only_every_third_is_asked() -> None:
    first, second, third = (run(at("12:00", day), f"n{day}") for day in range(3))
    talk = with_runs(calm_past(5), first, second, third)
    assert [prompt.activity_id for prompt in after_runs(talk, at("12:05", 2))] == ["n2"]
    assert len(after_runs(with_runs(calm_past(4), first), at("12:05"))) == 1


def test_a_finding_an_amber_answer_or_another_state_ends_the_sampling() -> None:
    today = run(at("12:00"), "n")
    talk = with_runs(calm_past(5), today)
    assert after_runs(talk, at("12:05")) == []
    noted = replace(talk, findings=(Finding("R3", Level.NOTE, "run:x", at("12:00"), {}, "n"),))
    amber = replace(talk, verdicts={**talk.verdicts, "r3": Grade.AMBER})
    for other in (noted, amber, in_state(PainState.AMBER, talk), in_state(PainState.UNKNOWN, talk)):
        assert len(after_runs(other, at("12:05"))) == 1


def silent_past(runs: int, *, skipped: bool = False) -> Talk:
    ends = [at("12:00", day - runs) for day in range(runs)]
    return Talk(
        Runner(),
        tuple(run(end, f"r{day}") for day, end in enumerate(ends)),
        prompts=tuple(asked(end, f"r{day}", skipped=skipped) for day, end in enumerate(ends)),
    )


def test_after_three_silent_runs_only_the_week_is_asked_until_any_reply() -> None:
    talk = with_runs(silent_past(3), run(at("12:00"), "n"))
    (prompt,) = wanted(talk, POLICY, at("12:05"))
    assert prompt.kind is PromptKind.WEEKLY
    assert prompt.due_at == at("18:00", 6)
    assert prompt.expires_at - prompt.due_at == timedelta(hours=24)
    spoken = replace(talk, replies=(PainReply("r", at("11:00"), ReplyKind.SPOT, 1),))
    assert len(after_runs(spoken, at("12:05"))) == 1


def test_a_skipped_question_is_no_silence() -> None:
    assert weekly_mode(silent_past(3), POLICY, at("12:00"))
    assert not weekly_mode(silent_past(2), POLICY, at("12:00"))
    assert not weekly_mode(silent_past(3, skipped=True), POLICY, at("12:00"))


def yesterday(score: int | None, km: float = 5.0, *, state: PainState = PainState.GREEN) -> Talk:
    """Longer run on Monday, this one on Tuesday; asked, and answered where a score is given."""
    end = at("12:00", 1)
    return Talk(
        Runner(),
        (run(at("12:00"), "long", km=9.0), run(end, "a", km=km)),
        prompts=(asked(end, "a"),),
        replies=() if score is None else (during(at("14:00", 1), "a", score),),
        pain=PainView(state),
    )


@pytest.mark.parametrize(
    ("talk", "wants"),
    [
        (yesterday(0), False),
        (yesterday(1), True),
        (yesterday(None), True),
        (yesterday(0, km=10.0), True),
        (replace(yesterday(0), findings=(Finding("R6", Level.NOTE, "x", at("12:00", 1), {}, "a"),)), True),
        (replace(yesterday(0), load_red_since=date(2026, 6, 8)), True),
        (replace(yesterday(0), load_red_since=date(2026, 6, 7)), False),
        (yesterday(0, state=PainState.AMBER), True),
        (yesterday(0, state=PainState.UNKNOWN), True),
        (yesterday(0, state=PainState.RETURNING), True),
    ],
)
def test_the_morning_after_is_asked_where_it_may_matter(talk: Talk, wants: bool) -> None:
    found = [prompt for prompt in mornings(talk, at("07:30", 2)) if prompt.due_at == at("07:30", 2)]
    assert bool(found) == wants


def test_an_unasked_run_has_no_morning_while_nothing_is_known() -> None:
    talk = replace(yesterday(None, state=PainState.UNKNOWN), prompts=())
    assert mornings(talk, at("07:30", 2)) == []


def test_every_morning_is_asked_while_a_flare_has_not_settled() -> None:
    talk = Talk(Runner(), pain=PainView(PainState.AMBER), episode_open=True)
    assert [prompt.due_at for prompt in mornings(talk, at("07:30"))] == [at("07:30"), at("07:30", 1)]


def test_a_hilly_hike_is_asked_about_in_the_morning() -> None:
    hike = run(at("15:00"), "h", walk=True)
    talk = Talk(Runner(), (hike,), findings=(Finding("R4", Level.WARN, "walk:x", at("15:00"), {}, "h"),))
    assert [prompt.activity_id for prompt in mornings(talk, at("16:00"))] == ["h"]


def test_a_morning_question_comes_in_the_morning_only_and_once() -> None:
    talk = yesterday(3)
    assert len(mornings(talk, at("11:29", 2))) == 1
    assert mornings(talk, at("11:30", 2)) == []
    sent = Prompt("m", PromptKind.MORNING, at("07:30", 2), at("19:30", 2), "a")
    assert mornings(replace(talk, prompts=(sent,)), at("08:00", 2)) == []
    told = PainReply("m", at("06:50", 2), ReplyKind.MORNING, 0)
    assert mornings(replace(talk, replies=(*talk.replies, told)), at("07:30", 2)) == []


def test_red_is_asked_every_morning_and_after_three_silent_ones_every_third() -> None:
    red = Talk(Runner(), pain=PainView(PainState.RED))
    silent = tuple(
        Prompt(f"m{day}", PromptKind.MORNING, at("07:30", day), at("19:30", day)) for day in range(3)
    )
    assert len(mornings(red, at("07:30"))) == 2
    backed_off = replace(red, prompts=silent)
    due = [prompt.due_at for day in (3, 4, 5) for prompt in mornings(backed_off, at("07:30", day))]
    assert sorted(set(due)) == [at("07:30", 5), at("07:30", 6)]


def test_a_stop_brings_up_the_checklist_once() -> None:
    stop = Finding("P1", Level.STOP, "run:x", at("12:00"), {"pain": 7}, "a")
    talk = Talk(Runner(), findings=(stop,), pain=PainView(PainState.RED))
    (prompt,) = [one for one in wanted(talk, POLICY, at("12:00")) if one.kind is PromptKind.CHECKLIST]
    assert prompt.expires_at == at("12:00", 7)
    sent = Prompt("c", PromptKind.CHECKLIST, at("12:00"), at("12:00", 7))
    kinds = [one.kind for one in wanted(replace(talk, prompts=(sent,)), POLICY, at("12:05"))]
    assert PromptKind.CHECKLIST not in kinds


def test_daylight_saving_moves_no_question() -> None:
    # In Berlin the clocks go forward on 29 March 2026: 07:30 is 05:30 UTC there, 06:30 UTC the day before.
    end = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
    talk = Talk(Runner(timezone="Europe/Berlin"), (run(end),), prompts=(asked(end, "a"),))
    (prompt,) = mornings(talk, end + timedelta(hours=3))
    assert prompt.due_at == datetime(2026, 3, 29, 5, 30, tzinfo=UTC)


def settled(talk: Talk, now: datetime) -> list[PromptWanted]:
    return [prompt for prompt in wanted(talk, POLICY, now) if prompt.kind is PromptKind.SETTLED]


TOLD_EARLY = Talk(Runner(), (run(at("12:00")),), replies=(during(at("12:30"), "a", 3),))


def test_pain_told_soon_after_the_run_is_followed_by_whether_it_has_settled() -> None:
    (prompt,) = settled(TOLD_EARLY, at("12:31"))
    assert (prompt.due_at, prompt.activity_id) == (at("13:15"), "a")
    assert prompt.text == "Settled to before-run level? y / n"
    assert after_runs(TOLD_EARLY, at("12:31")) == []
    assert len(settled(TOLD_EARLY, at("13:29"))) == 1
    assert settled(TOLD_EARLY, at("13:30")) == [], "not later than 90 minutes after the end"


def test_a_run_that_becomes_known_late_is_asked_the_same_of_an_hour_after() -> None:
    late = replace(TOLD_EARLY, runs=(run(at("12:00"), seen=at("15:00")),))
    (prompt,) = settled(late, at("15:00"))
    assert prompt.text == "Settled to before-run level an hour after? y / n"


@pytest.mark.parametrize(
    "reply",
    [
        during(at("12:30"), "a", 0),
        during(at("12:30"), "a", 6),
        during(at("13:00"), "a", 3),
        replace(during(at("12:30"), "a", 3), limp=True),
        replace(during(at("12:30"), "a"), score=None, grade=Grade.AMBER),
    ],
)
def test_settling_is_not_asked_of_no_pain_of_a_stop_of_a_button_or_where_the_answer_asks(
    reply: PainReply,
) -> None:
    assert settled(replace(TOLD_EARLY, replies=(reply,)), at("13:15")) == []


def test_settling_is_asked_once_and_not_where_it_was_told_or_at_night() -> None:
    told = PainReply("s", at("12:40"), ReplyKind.AFTER, settled=True, activity_id="a")
    assert settled(replace(TOLD_EARLY, replies=(*TOLD_EARLY.replies, told)), at("13:15")) == []
    sent = Prompt("settled:a", PromptKind.SETTLED, at("13:15"), at("01:15", 1), "a")
    assert settled(replace(TOLD_EARLY, prompts=(sent,)), at("13:16")) == []
    evening = Talk(Runner(), (run(at("21:00")),), replies=(during(at("21:30"), "a", 3),))
    assert settled(evening, at("21:31")) == []


def test_an_unanswered_question_of_settling_is_no_silent_run() -> None:
    ends = [at("12:00", day) for day in range(-3, 0)]
    talk = Talk(
        Runner(),
        tuple(run(end, f"r{end:%d}") for end in ends),
        prompts=tuple(
            Prompt(f"s{end:%d}", PromptKind.SETTLED, end, end + timedelta(hours=12), f"r{end:%d}")
            for end in ends
        ),
    )
    assert not weekly_mode(talk, POLICY, at("12:00"))


def test_a_second_stop_within_the_hour_does_not_bring_the_checklist_again() -> None:
    stops = tuple(
        Finding(rule, Level.STOP, "run:x", at(clock), {}, "a")
        for rule, clock in (("P1", "12:00"), ("P2", "12:20"), ("P3", "13:30"))
    )
    sent = Prompt("c", PromptKind.CHECKLIST, at("12:00"), at("12:00", 7))
    talk = Talk(Runner(), findings=stops[:2], prompts=(sent,), pain=PainView(PainState.RED))
    asked_again = [
        any(one.kind is PromptKind.CHECKLIST for one in wanted(known, POLICY, at("13:40")))
        for known in (talk, replace(talk, findings=stops))
    ]
    assert asked_again == [False, True]
