"""Single rules at the front door: gates, windows, devices, cadence, pain over weeks, recovery and time
off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.assess import assess
from rules.facts import (
    Activity,
    Bin,
    Family,
    Grade,
    History,
    Night,
    PainReply,
    Profile,
    Prompt,
    PromptKind,
    ReplyKind,
    Runner,
    Side,
    TerrainClass,
)
from rules.outcome import Assessment, Colour, Finding, Level, LoadState, PainState
from rules.policy import Policy, with_overrides

DAY_0 = datetime(2026, 6, 7, tzinfo=UTC)
WEEK = ((1, 7.0), (3, 7.0), (5, 12.0))


def at(day: float, hour: float = 9.0) -> datetime:
    return DAY_0 + timedelta(days=day, hours=hour)


def run(day: float, km: float, hour: float = 6.5, **changed: object) -> Activity:
    values: dict[str, object] = {
        "id": f"{day:g}/{hour:g}",
        "family": Family.RUN,
        "sport": "run",
        "start": at(day, hour),
        "distance_m": km * 1000,
        "moving_s": km * 360,
        "elapsed_s": km * 360,
        "utc_offset_s": 0,
        "source": "watch",
        "device": "old watch",
    }
    return Activity(**{**values, **changed})  # type: ignore[arg-type]


def weeks(first: int = -5, last: int = -1, **changed: object) -> list[Activity]:
    return [run(7 * week + day, km, **changed) for week in range(first, last + 1) for day, km in WEEK]


def reply(day: float, kind: ReplyKind, score: int | None, hour: float = 7.0, **changed: object) -> PainReply:
    return PainReply(f"{day:06.1f}/{hour:05.2f}/{kind}", at(day, hour), kind, score, **changed)  # type: ignore[arg-type]


def morning(day: float, score: int | None, **changed: object) -> PainReply:
    return reply(day, ReplyKind.MORNING, score, **changed)


def judged(
    activities: Sequence[Activity],
    replies: Sequence[PainReply] = (),
    now: datetime | None = None,
    policy: Policy | None = None,
    **more: object,
) -> Assessment:
    history = History(activities=tuple(activities), replies=tuple(replies), **more)  # type: ignore[arg-type]
    return assess(history, policy or Policy(), now or at(0, 12))


def found(assessment: Assessment, rule: str) -> list[Finding]:
    return [finding for finding in assessment.findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"distance_m": None}, "gate.empty"),
        ({"moving_s": 0.0, "elapsed_s": None}, "gate.empty"),
        ({"distance_m": 30_000.0, "moving_s": 3600.0}, "gate.speed_max_kmh"),
        ({"distance_m": 900.0, "moving_s": 3600.0}, "gate.speed_min_kmh"),
        ({"distance_m": 300_000.0, "moving_s": 73 * 3600.0}, "gate.time_max_h"),
        ({"distance_m": 401_000.0, "moving_s": 70 * 3600.0}, "gate.distance_max_km"),
        ({"start": datetime(1999, 12, 31, tzinfo=UTC)}, "gate.date"),
        ({"start": at(2, 0)}, "gate.date"),
        ({"excluded": True}, "excluded"),
    ],
)
def test_an_implausible_activity_is_set_aside_with_a_reason(changed: dict[str, object], reason: str) -> None:
    odd = replace(run(0, 15.0), **changed)  # type: ignore[arg-type]
    assessment = judged([*weeks(), odd])
    assert assessment.excluded == {odd.id: reason}
    assert assessment.load is LoadState.GREEN
    assert assessment.week_km == pytest.approx(26.0)


def test_elapsed_time_stands_in_where_moving_time_is_missing() -> None:
    assessment = judged([*weeks(), run(0, 15.0, moving_s=None)])
    assert [finding.rule for finding in assessment.findings if finding.rule == "R1"] == ["R1"]


def test_the_local_date_of_the_place_decides_what_is_in_the_window() -> None:
    # 30 days and a few hours before: in the window by the date of Tokyo, out of it by UTC.
    early = run(-31, 14.0, hour=16.0, utc_offset_s=9 * 3600)
    others = [run(day, 5.0) for day in (-20, -14, -8, -3)]
    today = run(0, 8.0, utc_offset_s=9 * 3600)
    assert found(judged([early, *others, today]), "R1") == []
    assert found(judged([replace(early, utc_offset_s=0), *others, today]), "R1") != []


def test_a_nonsense_offset_falls_back_to_the_runners_zone() -> None:
    early = run(-31, 14.0, hour=16.0, utc_offset_s=-876_000)
    others = [run(day, 5.0) for day in (-20, -14, -8, -3)]
    history = History(Runner("Asia/Tokyo"), (early, *others, run(0, 8.0)))
    assert found(assess(history, Policy(), at(0, 12)), "R1") == []


def test_the_subject_of_a_finding_is_the_wall_clock_start_where_it_was_run() -> None:
    spike = run(0, 16.0, utc_offset_s=2 * 3600)
    (finding,) = found(judged([*weeks(), spike]), "R1")
    assert finding.subject == "run:2026-06-07T08:30:00+02:00"
    assert finding.at == spike.start + timedelta(minutes=96)


def test_a_new_watch_restarts_the_hill_baselines() -> None:
    hilly = weeks(ascent_m=40.0)
    steep = run(0, 9.0, ascent_m=300.0)
    assert {"R4", "R5"} <= {finding.rule for finding in judged([*hilly, steep]).findings}
    other = judged([*hilly, replace(steep, device="new watch")])
    assert {"R4", "R5", "R10up", "R2"}.isdisjoint({finding.rule for finding in other.findings})


def test_four_runs_with_a_new_watch_do_not_make_a_hill_week() -> None:
    hilly = weeks(ascent_m=120.0)
    new = [run(day, 6.0, hour=17.0, ascent_m=120.0, device="new watch") for day in (-4, -3, -2, -1, 0)]
    assert found(judged([*hilly, *new]), "R10up") == []


def test_a_source_that_only_ever_says_zero_has_no_terrain() -> None:
    assert judged([*weeks(ascent_m=0.0), run(0, 7.0, ascent_m=0.0)]).budget.descent_m is None
    speaking = judged([*weeks(ascent_m=30.0), run(0, 7.0, ascent_m=0.0)])
    assert speaking.budget.descent_m is not None


def test_estimated_terrain_never_warns_of_knee_load() -> None:
    hilly = judged([*weeks(ascent_m=30.0), run(0, 17.0, ascent_m=500.0)])
    (finding,) = found(hilly, "R2")
    assert finding.level is Level.NOTE
    assert finding.numbers["terrain_class"] == "estimated"


def profile(speed: float, spm: float, late_spm: float | None = None, minutes: float = 40) -> Profile:
    seconds = minutes * 60
    last = late_spm if late_spm is not None else spm
    return Profile(
        formula_version=1,
        terrain=TerrainClass.NONE,
        histogram={(11, 0, int(spm // 5), False): Bin(speed * seconds, seconds, spm * minutes, 0.0)},
        dh_m=0.0,
        steep_min=0.0,
        ascent_m=None,
        descent_m=None,
        running=Bin(speed * seconds, seconds, spm * minutes, 0.0),
        level=Bin(speed * seconds, seconds, spm * minutes, 0.0),
        last_third=Bin(speed * seconds / 3, seconds / 3, last * minutes / 3, 0.0),
        best_20min_mps=speed,
        best_30s_heart_rate_bpm=None,
    )


def paced(day: float, spm: float, late_spm: float | None = None) -> Activity:
    return run(day, 6.67, profile=profile(2.78, spm, late_spm))


def test_longer_steps_late_in_a_run_are_noted_once_in_two_weeks() -> None:
    usual = [paced(day, 168.0) for day in range(-40, -1, 3)]
    assessment = judged([*usual, paced(-1, 168.0, 158.0), paced(0, 160.0)])
    (finding,) = found(assessment, "R8")
    assert finding.activity_id == "-1/6.5"
    assert finding.numbers["late"] == 1
    assert finding.numbers["drift"] == pytest.approx(158 / 168 - 1)
    assert assessment.load is LoadState.GREEN


def test_longer_steps_warn_when_the_run_hurt() -> None:
    usual = [paced(day, 168.0) for day in range(-40, 0, 3)]
    sore = [reply(0, ReplyKind.DURING, 4, hour=9)]
    (finding,) = found(judged([*usual, paced(0, 160.0)], sore), "R8")
    assert finding.level is Level.WARN
    assert "late" not in finding.numbers
    assert finding.at == at(0, 9)


def test_buttons_count_as_their_colours() -> None:
    runs = [*weeks(), run(0, 7.0)]
    sore = judged(runs, [reply(0, ReplyKind.DURING, None, hour=9, grade=Grade.AMBER)])
    assert sore.pain.overall is PainState.AMBER
    assert found(sore, "P1")[0].level is Level.WARN
    bad = judged(runs, [morning(0, None, hour=9, grade=Grade.RED)])
    assert bad.pain.overall is PainState.RED
    assert found(bad, "P3")[0].numbers["above"] == 3


def test_mornings_that_creep_up_week_on_week_are_told_once() -> None:
    mornings = [morning(day, 0) for day in range(-13, -6)] + [morning(day, 2) for day in range(-6, 1)]
    trend = found(judged(weeks(), mornings), "P5")
    assert [finding.level for finding in trend] == [Level.WARN]
    assert trend[0].numbers["rise"] == 2


def test_a_week_of_high_mornings_needs_a_clinician() -> None:
    mornings = [morning(day, 6) for day in range(-4, 1)]
    causes = [finding.numbers["cause"] for finding in found(judged(weeks(), mornings), "P6")]
    assert "high_mornings" in causes


def test_sore_for_a_week_without_a_break_needs_a_clinician() -> None:
    mornings = [morning(day, 2) for day in range(-8, 1)]
    assessment = judged(weeks(), mornings)
    assert [finding.level for finding in found(assessment, "P4")] == [Level.NOTE, Level.WARN, Level.STOP]
    causes = [finding.numbers["cause"] for finding in found(assessment, "P6")]
    assert causes.count("lingering") == 1


def test_three_red_weeks_of_eight_need_a_clinician_and_a_seen_one_fades() -> None:
    answers = [
        entry
        for week in (-5, -3, -1)
        for entry in (morning(7 * week, 6), morning(7 * week + 3, 0), morning(7 * week + 5, 0))
    ]
    causes = [finding.numbers["cause"] for finding in found(judged(weeks(), answers), "P6")]
    assert "red_weeks" in causes
    later = at(70, 12)
    assert found(judged(weeks(), answers, later), "P6") != []
    seen = [*answers, reply(1, ReplyKind.SEEN, None)]
    assert found(judged(weeks(), seen, later), "P6") == []


def test_an_asked_run_that_nobody_answers_makes_green_unknown() -> None:
    asked = run(0, 7.0)
    sent = at(0, 9)
    prompts = (Prompt("q", PromptKind.AFTER_RUN, sent, sent + timedelta(hours=12), asked.id),)
    calm = [morning(-1, 0)]
    before = judged([*weeks(), asked], calm, at(1, 19), prompts=prompts)
    assert before.pain.overall is PainState.GREEN
    after = judged([*weeks(), asked], calm, at(1, 20), prompts=prompts)
    assert after.pain.overall is PainState.UNKNOWN
    skipped = (replace(prompts[0], skipped=True),)
    assert judged([*weeks(), asked], calm, at(1, 20), prompts=skipped).pain.overall is PainState.GREEN


def test_an_answer_that_comes_days_after_its_question_is_a_note_only() -> None:
    asked = run(-3, 7.0)
    prompts = (Prompt("q", PromptKind.AFTER_RUN, at(-3, 9), at(-3, 21), asked.id),)
    late = reply(0, ReplyKind.DURING, 8, hour=10, prompt_id="q", activity_id=asked.id)
    assert judged([*weeks(), asked], [late], prompts=prompts).pain.overall is PainState.UNKNOWN


def test_a_side_without_a_name_is_the_default_side() -> None:
    history = History(
        Runner(default_side=Side.LEFT),
        tuple(weeks()),
        (morning(0, 1), morning(0, 0, side=Side.RIGHT, hour=8)),
    )
    pain = assess(history, Policy(), at(0, 12)).pain
    assert set(pain.sides) == {Side.LEFT, Side.RIGHT}


def test_two_weeks_off_are_told_once_with_the_size_to_come_back_with() -> None:
    assert found(judged(weeks(), now=at(11, 12)), "D1") == []
    (finding,) = found(judged(weeks(), now=at(12, 12)), "D1")
    assert (finding.level, finding.subject) == (Level.WARN, "date:2026-06-19")
    assert finding.numbers == {"gap_days": 14, "return_km": 6.0}
    (later,) = found(judged(weeks(), now=at(20, 12)), "D1")
    assert later.key == finding.key


def test_four_calm_weeks_are_worth_a_note() -> None:
    mornings = [morning(day, 0) for day in (-20, -13, -6, 0)]
    assert [finding.level for finding in found(judged(weeks(), mornings), "O1")] == [Level.NOTE]
    sore = [*mornings, morning(-10, 3)]
    assert found(judged(weeks(), sore), "O1") == []


def nights(hours: Sequence[float], **changed: object) -> tuple[Night, ...]:
    first = -len(hours) + 1
    return tuple(
        Night((DAY_0 + timedelta(days=first + index)).date().isoformat(), sleep_h=own, **changed)  # type: ignore[arg-type]
        for index, own in enumerate(hours)
    )


def test_short_nights_hold_growth_only_while_all_is_green() -> None:
    calm = [morning(0, 0)]
    rested = judged(weeks(), calm, nights=nights([7.5] * 7))
    tired = judged(weeks(), calm, nights=nights([7.5] * 3 + [5.5] * 4))
    assert rested.budget.longest_run_km.flat == pytest.approx(13.2)
    assert tired.budget.longest_run_km.flat == pytest.approx(12.0)
    assert [finding.level for finding in found(tired, "H1")] == [Level.NOTE]
    assert found(judged(weeks(), nights=nights([5.5] * 7)), "H1") == []


def test_nights_far_below_the_own_mean_are_short_too() -> None:
    calm = [morning(0, 0)]
    assert found(judged(weeks(), calm, nights=nights([8.5] * 56 + [7.2] * 4)), "H1") != []
    assert found(judged(weeks(), calm, nights=nights([7.5] * 56 + [7.2] * 4)), "H1") == []


def test_recovery_holds_growth_on_at_most_half_of_the_days() -> None:
    calm = [morning(day, 0) for day in range(-40, 1, 5)]
    held = []
    for day in range(-27, 1):
        past = [activity for activity in weeks(-9) if activity.start < at(day)]
        held.append(bool(found(judged(past, calm, at(day, 12), nights=nights([5.0] * 40)), "H1")))
    assert sum(held) == 14


def test_a_raised_resting_pulse_holds_growth() -> None:
    usual = nights([8.0] * 40, resting_heart_rate_bpm=48.0)[:-3]
    raised = nights([8.0] * 3, resting_heart_rate_bpm=54.0)
    (finding,) = found(judged(weeks(), [morning(0, 0)], nights=(*usual, *raised)), "H1")
    assert finding.numbers["reason"] == "resting_heart_rate"


@pytest.mark.parametrize(
    ("activities", "replies", "colour"),
    [
        ([], [], Colour.GREY),
        ([], [morning(0, 0)], Colour.GREEN),
        ([run(0, 15.0)], [], Colour.AMBER),
        ([run(0, 26.0)], [], Colour.RED),
        ([], [morning(0, 2)], Colour.AMBER),
        ([], [morning(0, 5)], Colour.RED),
    ],
)
def test_one_colour_says_it_all(activities: list[Activity], replies: list[PainReply], colour: Colour) -> None:
    assert judged([*weeks(), *activities], replies).colour is colour


def test_the_advice_names_its_cell() -> None:
    sore = judged([*weeks(), run(0, 15.0)], [reply(0, ReplyKind.DURING, 4, hour=10)])
    assert sore.advice.cell == "amber/amber"
    assert "No fast running for 7 days and one more rest day." in sore.advice.sentences


def test_taping_is_mentioned_once_in_a_long_sore_spell() -> None:
    sore = [morning(day, 4) for day in range(-20, 1)]
    mentions = [
        any("taping" in sentence for sentence in judged(weeks(), sore, at(day, 12)).advice.sentences)
        for day in range(-20, 1)
    ]
    assert mentions.count(True) == 1
    assert mentions.index(True) == 14


def test_own_thresholds_change_what_is_found() -> None:
    strict = with_overrides(Policy(), {"r1": {"ratio": 1.3}})
    spike = [*weeks(), run(0, 15.0)]
    assert found(judged(spike), "R1") != []
    assert found(judged(spike, policy=strict), "R1") == []


def test_a_late_sore_answer_raises_the_level_of_its_run() -> None:
    climbs = [replace(activity, ascent_m=60.0) for activity in weeks()]
    climb = run(0, 7.0, ascent_m=230.0)
    calm = judged([*climbs, climb])
    assert [(finding.level, finding.at) for finding in found(calm, "R5")] == [(Level.NOTE, at(0, 7.2))]
    sore = judged([*climbs, climb], [reply(0, ReplyKind.DURING, 3, hour=10)])
    assert [(finding.level, finding.at) for finding in found(sore, "R5")] == [(Level.WARN, at(0, 10))]
