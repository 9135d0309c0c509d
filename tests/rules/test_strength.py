"""When strength work fits, at which level, and what the log shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.exercises import EXERCISES, LEVELS, choices, order
from rules.facts import MuscleGroup, Pause, PlannedRun, Runner
from rules.outcome import Level, PainState, PainView
from rules.policy import Policy
from rules.progression import Dose, Outcome, doses
from rules.strength import KneeDay, Session, TrainedRun, Training, level_on, merged, plan
from rules.strength_findings import strength_findings

POLICY = Policy()
MONDAY = datetime(2026, 6, 8, tzinfo=UTC)
TODAY = MONDAY.date()
CALM = Training(Runner())


def at(clock: str, days: int = 0) -> datetime:
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=days, hours=int(hour), minutes=int(minute))


def session(start: datetime, *groups: MuscleGroup) -> Session:
    return Session(start, start + timedelta(minutes=25), frozenset(groups))


def run(start: datetime, km: float, *, fast_min: float = 0.0, descent_m: float = 0.0) -> TrainedRun:
    return TrainedRun(start, start + timedelta(minutes=6 * km), start.date(), km, fast_min, descent_m)


def weekly(weekday: int, clock: str, km: float, **more: float) -> tuple[TrainedRun, ...]:
    """A run on one weekday of each of the last eight weeks."""
    return tuple(run(at(clock, weekday - 7 * week), km, **more) for week in range(8, 0, -1))


def test_the_next_slot_is_the_next_preferred_day_at_its_hour() -> None:
    assert plan(CALM, POLICY, at("12:00")).next_slot == at("18:00", 1)
    assert plan(CALM, POLICY, at("18:01", 1)).next_slot == at("18:00", 4)


def test_the_hour_is_the_runners_own() -> None:
    berlin = replace(CALM, runner=Runner(timezone="Europe/Berlin"))
    assert plan(berlin, POLICY, at("12:00")).next_slot == at("16:00", 1)


def test_two_sessions_are_a_week_and_a_third_is_offered_only_while_sore() -> None:
    done = replace(CALM, sessions=(session(at("08:00")), session(at("08:00", 2))))
    calm = plan(done, POLICY, at("12:00", 2))
    assert (calm.done, calm.wanted) == (2, 2)
    assert calm.next_slot == at("18:00", 8)
    sore = replace(done, pain=PainView(PainState.AMBER))
    assert plan(sore, POLICY, at("12:00", 2)).next_slot == at("18:00", 4)


def test_48_hours_lie_between_sessions_and_the_plan_says_why_it_moved() -> None:
    late = replace(CALM, sessions=(session(at("19:00", -1)),))
    moved = plan(late, POLICY, at("12:00"))
    assert moved.next_slot == at("18:00", 2)
    assert moved.moved_because == "48 h since the last session"


def test_a_session_done_on_its_day_moves_nothing() -> None:
    done = replace(CALM, sessions=(session(at("08:00", 1)),))
    assert plan(done, POLICY, at("12:00", 1)).next_slot == at("18:00", 4)


def test_no_session_within_a_day_before_the_usual_long_run() -> None:
    long_wednesdays = weekly(2, "08:00", 18.0) + weekly(5, "08:00", 6.0)
    training = replace(CALM, runs=tuple(sorted(long_wednesdays, key=lambda each: each.start)))
    moved = plan(training, POLICY, at("12:00"))
    assert moved.next_slot == at("18:00", 2)
    assert moved.moved_because == "the usual long run within a day"


def test_a_planned_hard_run_moves_the_session_too() -> None:
    training = replace(CALM, planned=(PlannedRun(at("07:00", 2), hard=True),))
    moved = plan(training, POLICY, at("12:00"))
    assert (moved.next_slot, moved.moved_because) == (at("18:00", 2), "a planned run within a day")


def test_a_hard_run_of_the_day_needs_six_hours_and_an_easy_one_none() -> None:
    hard = replace(CALM, runs=(run(at("12:30", 1), 10, fast_min=20),))
    easy = replace(CALM, runs=(run(at("16:00", 1), 8),))
    assert plan(hard, POLICY, at("15:00", 1)).next_slot == at("18:00", 2)
    assert plan(easy, POLICY, at("17:30", 1)).next_slot == at("18:00", 1)


def test_a_red_morning_moves_the_session_and_leaves_level_a() -> None:
    red = replace(
        CALM,
        pain=PainView(PainState.RED),
        days=(KneeDay(TODAY + timedelta(days=1), PainState.RED, 5),),
        red_morning=TODAY + timedelta(days=1),
    )
    moved = plan(red, POLICY, at("09:00", 1))
    assert moved.next_slot == at("18:00", 2)
    assert moved.level == "A"


def test_nothing_is_planned_in_a_pause_or_while_a_clinician_is_waited_for() -> None:
    paused = replace(CALM, pauses=(Pause(at("00:00"), at("00:00", 3)),))
    assert plan(paused, POLICY, at("12:00")).next_slot == at("18:00", 3)
    referred = plan(replace(CALM, pain=PainView(PainState.REFERRED)), POLICY, at("12:00"))
    assert (referred.next_slot, referred.exercises) == (None, ())


def knee(state: PainState, days: int, *, morning: int = 0, calm_runs: int = 0) -> tuple[KneeDay, ...]:
    return tuple(
        KneeDay(TODAY - timedelta(days=back), state, morning, calm_runs) for back in range(days - 1, -1, -1)
    )


@pytest.mark.parametrize(
    ("training", "level"),
    [
        (CALM, "B"),
        (replace(CALM, days=knee(PainState.RED, 1)), "A"),
        (replace(CALM, days=knee(PainState.RETURNING, 9, calm_runs=2)), "A"),
        (replace(CALM, days=knee(PainState.RETURNING, 9, calm_runs=3)), "B"),
        (replace(CALM, days=knee(PainState.GREEN, 9, morning=3)), "A"),
        (replace(CALM, green_since=TODAY - timedelta(days=13)), "B"),
        (replace(CALM, green_since=TODAY - timedelta(days=20)), "C"),
    ],
)
def test_the_level_follows_the_knee(training: Training, level: str) -> None:
    assert level_on(training, TODAY) == level


def test_the_level_goes_down_at_once_and_up_after_seven_days() -> None:
    days = (
        *knee(PainState.RED, 1),
        *(KneeDay(TODAY + timedelta(days=day), PainState.UNKNOWN) for day in range(1, 9)),
    )
    training = replace(CALM, days=days)
    levels = [level_on(training, TODAY + timedelta(days=day)) for day in range(9)]
    assert levels == ["A"] * 8 + ["B"]


def names(training: Training, now: datetime) -> list[str]:
    return [exercise.split(" 3×")[0].split(" 4×")[0] for exercise in plan(training, POLICY, now).exercises]


def test_a_session_has_one_exercise_a_group_and_alternates() -> None:
    first = names(CALM, at("12:00"))
    assert first == [
        "Box squat 0-60 degrees",
        "Single-leg bridge",
        "Band side walk",
        "Calf raise on a step, straight knee",
    ]
    second = names(replace(CALM, sessions=(session(at("08:00")),)), at("12:00"))
    assert second == [
        "Low step-up (15-20 cm)",
        "Romanian deadlift, light",
        "Hip thrust",
        "Calf raise, bent knee",
    ]


def test_level_a_ends_with_the_thigh_and_leaves_it_out_on_a_sore_morning() -> None:
    red = replace(CALM, pain=PainView(PainState.RED), days=knee(PainState.RED, 1, morning=2))
    assert names(red, at("12:00"))[-1] == "Wall sit, shallow"
    sore = replace(red, days=knee(PainState.RED, 1, morning=3))
    assert "Wall sit, shallow" not in names(sore, at("12:00"))


def test_hops_come_only_after_four_weeks_in_level_c() -> None:
    once = replace(CALM, sessions=(session(at("08:00")),))
    early = replace(once, green_since=TODAY - timedelta(days=40))
    late = replace(once, green_since=TODAY - timedelta(days=41))
    assert "Single-leg calf raise" in names(early, at("12:00"))
    assert "Small double-leg hops" in names(late, at("12:00"))


def test_entries_less_than_three_hours_apart_are_one_session() -> None:
    watch, said = session(at("18:00")), session(at("20:30"), MuscleGroup.CALVES)
    (one,) = merged((said, watch))
    assert one.groups == {MuscleGroup.CALVES}
    assert len(merged((watch, session(at("21:26"))))) == 2


def test_every_group_has_two_exercises_at_every_level() -> None:
    assert len(EXERCISES) == 24
    for level in LEVELS:
        assert len(order(level)) == 4
        for group in MuscleGroup:
            assert len(choices(group, level)) == 2


def findings(training: Training, now: datetime) -> set[tuple[str, Level, str]]:
    return {(one.rule, one.level, one.subject) for one in strength_findings(training, POLICY, now)}


def test_a_short_week_is_mentioned_from_friday_on() -> None:
    once = replace(CALM, sessions=(session(at("08:00", -7)), session(at("08:00"))))
    assert findings(once, at("12:00", 3)) == set()
    assert findings(once, at("12:00", 4)) == {("S1", Level.NUDGE, "week:2026-W24")}
    twice = replace(once, sessions=(*once.sessions, session(at("08:00", 3))))
    assert findings(twice, at("12:00", 4)) == set()


def test_two_weeks_without_strength_are_noted() -> None:
    assert findings(CALM, at("12:00")) == {("S1", Level.NOTE, "week:2026-W24")}


def test_a_forgotten_muscle_group_is_noted_once_sessions_are_tagged() -> None:
    tagged = replace(CALM, sessions=(session(at("08:00", -3), *(set(MuscleGroup) - {MuscleGroup.CALVES})),))
    assert findings(tagged, at("12:00")) == {("S2", Level.NOTE, "week:2026-W24:c")}
    untagged = replace(CALM, sessions=(session(at("08:00", -3)),))
    assert findings(untagged, at("12:00")) == set()


def test_leg_work_just_before_a_long_run_is_noted() -> None:
    runs = tuple(sorted(weekly(5, "08:00", 18.0), key=lambda each: each.start))
    friday = replace(CALM, runs=runs, sessions=(session(at("18:00", -3)), session(at("18:00", -10))))
    assert ("S3", Level.NOTE, "date:2026-06-05") in findings(friday, at("12:00"))
    thursday = replace(friday, sessions=(session(at("06:00", -4)), session(at("18:00", -10))))
    assert not any(rule == "S3" for rule, _, _ in findings(thursday, at("12:00")))


def outcome(days: int, **more: int | bool) -> Outcome:
    return Outcome(
        TODAY + timedelta(days=days),
        ("Split squat", "Slider curl"),
        effort=int(more.get("effort", 6)),
        pain=int(more.get("pain", 1)),
        morning_above=int(more.get("morning_above", 0)),
        ran_between=bool(more.get("ran_between", False)),
    )


def test_two_easy_sessions_move_one_exercise_on_in_turn() -> None:
    after_two = doses(EXERCISES, [outcome(0), outcome(3)])
    assert (after_two["Split squat"], after_two["Slider curl"]) == (Dose(9), Dose(6))
    after_four = doses(EXERCISES, [outcome(day) for day in (0, 3, 7, 10)])
    assert (after_four["Split squat"], after_four["Slider curl"]) == (Dose(9), Dose(7))


def test_at_the_top_of_the_range_the_weight_goes_up_and_repetitions_start_again() -> None:
    many = doses(EXERCISES, [outcome(day) for day in range(20)])
    assert many["Split squat"] == Dose(8, load_steps=1)


def test_a_sore_session_goes_back_to_the_last_dose() -> None:
    history = [outcome(0), outcome(3), outcome(7, pain=4)]
    assert doses(EXERCISES, history)["Split squat"] == Dose(8)
    excused = [outcome(0), outcome(3), outcome(7, morning_above=1, ran_between=True)]
    assert doses(EXERCISES, excused)["Split squat"] == Dose(9)


def test_a_painful_session_goes_one_level_down_for_two_weeks() -> None:
    painful = doses(EXERCISES, [outcome(0), outcome(3), outcome(7, pain=6)])
    assert painful["Split squat"].level_down_until == TODAY + timedelta(days=21)
    training = replace(CALM, green_since=date(2026, 1, 1), doses={"Split squat": painful["Split squat"]})
    assert names(training, at("12:00"))[0] == "Box squat 0-60 degrees"
    assert names(training, at("12:00", 21))[0] == "Split squat"
