"""Every sentence a runner reads: right, short, and none of the claims that must not be made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rules import adaptation, advice, confirmations, messages, prompts, settling, wording
from rules.exercises import EXERCISES
from rules.facts import Activity, Family, PainReply, ReplyKind, Runner
from rules.headlines import HEADLINES
from rules.outcome import (
    Assessment,
    Budget,
    Finding,
    Level,
    LoadState,
    LongestRun,
    Number,
    PainState,
    PainView,
    StrengthPlan,
)
from rules.policy import Policy

NOW = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
KM, MILES = Runner(), Runner(miles=True)


def numbers(**values: Number) -> dict[str, Number]:
    return values


SAMPLES: tuple[tuple[str, Level, dict[str, Number]], ...] = (
    ("R1", Level.WARN, {"km": 13.0, "longest_30d_km": 10.5, "ratio": 1.238, "band": "10-30"}),
    ("R1", Level.WARN, {"km": 16.2, "longest_30d_km": 10.5, "ratio": 1.543, "band": "30-100"}),
    ("R1", Level.WARN, {"km": 11.0, "longest_30d_km": 5.0, "ratio": 2.2, "band": ">100"}),
    ("R9", Level.WARN, {"km": 7.0, "return_km": 5.0, "ratio": 1.4, "gap_days": 18}),
    ("R2", Level.NOTE, {"ratio": 1.15, "terrain_class": "estimated"}),
    ("R2", Level.WARN, {"ratio": 1.45, "terrain_class": "measured"}),
    ("R3", Level.NOTE, {"week_km": 30.0, "usual_week_km": 22.0, "highest_week_km": 24.0, "ratio": 1.364}),
    (
        "R3",
        Level.WARN,
        {"week_km": 38.0, "usual_week_km": 20.0, "highest_week_km": 22.0, "ratio": 1.9, "alone": 1},
    ),
    (
        "R4",
        Level.WARN,
        {
            "descent_m": 420,
            "ascent_m": 380,
            "most_descent_30d_m": 210,
            "steep_min": 4,
            "most_steep_30d_min": 3,
        },
    ),
    (
        "R4",
        Level.NOTE,
        {"descent_m": 320, "most_descent_30d_m": 210, "steep_min": 4, "most_steep_30d_min": 3},
    ),
    (
        "R4",
        Level.WARN,
        {
            "descent_m": 200,
            "ascent_m": 190,
            "most_descent_30d_m": 210,
            "steep_min": 14,
            "most_steep_30d_min": 5,
        },
    ),
    ("R4", Level.WARN, {"descent_m": 250, "ascent_m": 250, "most_descent_30d_m": 0, "most_steep_30d_min": 0}),
    ("R5", Level.NOTE, {"ascent_m": 470, "most_ascent_30d_m": 320}),
    ("R5", Level.WARN, {"ascent_m": 525, "descent_m": 300, "most_ascent_30d_m": 320}),
    ("R6", Level.NOTE, {"fast_7d_min": 20, "usual_fast_week_min": 0, "fast_min": 20, "first": 1}),
    ("R6", Level.WARN, {"fast_7d_min": 45, "usual_fast_week_min": 20, "fast_min": 25}),
    ("R7", Level.WARN, {"dimensions": "terrain+volume"}),
    ("R7", Level.WARN, {"dimensions": "intensity+terrain+volume"}),
    ("R8", Level.NOTE, {"drift": -0.051, "late": 1}),
    ("R8", Level.WARN, {"drift": -0.06}),
    ("R10up", Level.NOTE, {"ascent_7d_m": 650, "descent_7d_m": 610, "highest_week_m": 250, "ratio": 2.6}),
    ("R10down", Level.WARN, {"ascent_7d_m": 650, "descent_7d_m": 610, "highest_week_m": 250, "ratio": 2.4}),
    ("P1", Level.NOTE, {"pain": 2, "reason": "painkillers"}),
    ("P1", Level.WARN, {"pain": 4}),
    ("P1", Level.WARN, {"pain": "amber"}),
    ("P1", Level.STOP, {"pain": 7}),
    ("P1", Level.STOP, {"pain": 3, "reason": "limp"}),
    ("P1", Level.STOP, {"pain": 4, "reason": "rising"}),
    ("P2", Level.WARN, {"delta": 1}),
    ("P2", Level.STOP, {"delta": 3}),
    ("P3", Level.NOTE, {"above": 1, "morning": 2}),
    ("P3", Level.WARN, {"above": 2, "morning": 3}),
    ("P3", Level.WARN, {"above": 1, "morning": 4}),
    ("P3", Level.STOP, {"above": 3, "morning": 3}),
    ("P4", Level.NOTE, {"hours": 30}),
    ("P4", Level.WARN, {"hours": 50}),
    ("P4", Level.STOP, {"hours": 75}),
    ("P5", Level.NOTE, {"rise": 1}),
    ("P5", Level.WARN, {"rise": 2}),
    *(
        ("P6", Level.REFER, numbers(cause=cause))
        for cause in (
            "bone",
            "locked",
            "constant",
            "red_weeks",
            "high_mornings",
            "lingering",
            "second_red",
            "physio",
        )
    ),
    *(("P6", Level.EMERGENCY, numbers(cause=cause)) for cause in ("chest", "breath", "calf")),
    ("P7", Level.NOTE, {"more_km": 3.1}),
    ("S1", Level.NOTE, {"done": 0}),
    ("S1", Level.NUDGE, {"done": 1, "wanted": 2}),
    ("S1", Level.NUDGE, {"done": 0, "wanted": 2}),
    *(("S2", Level.NOTE, numbers(group=group)) for group in "qhgc"),
    ("S3", Level.NOTE, {}),
    *(("H1", Level.NOTE, numbers(reason=reason)) for reason in ("sleep", "hrv", "resting_heart_rate")),
    ("D1", Level.NUDGE, {"gap_days": 14}),
    ("O1", Level.NOTE, {"runs": 9, "mornings": 5}),
)
FINDINGS = tuple(
    Finding(rule, level, "run:2026-06-08T10:00:00+00:00", NOW, numbers, activity_id="a")
    for rule, level, numbers in SAMPLES
)
BUDGETS = (
    Budget(),
    Budget(LongestRun(10.5, 10.2, 7.9), date(2026, 6, 11), 11.4, 190, 8, "distance"),
    Budget(LongestRun(4.0), date(2026, 6, 8), 0.0, 0, 0, "hurt"),
    Budget(LongestRun(0.0), None, 0.0, 0, 0, "pain"),
    Budget(LongestRun(0.0), date(2026, 6, 9), 0.0, 0, 0, "hurt", walk_min=30),
    Budget(LongestRun(0.0), date(2026, 6, 9), 0.0, 0, 0, "ladder", ladder_step=2),
)

FORBIDDEN = {
    "a risk in percent": r"risk|injur|\bhazard",
    "a medical purpose": r"prevent|\btreat|diagnos|detect|monitor|\bcure|\bheal",
    "a zone": r"danger|sweet spot|\bsafe|10 % rule|acute|chronic",
    "units of force or damage": r"newton|damag|cartilage|\bwear\b|\bunits?\b",
    "a cause": r"downhill causes|speed work (does|causes)",
    "fear or praise": r"be careful|take it easy|listen to your body|well done|great|danger|!",
    "a recovery time": r"recover(s|ed)? in|healed by",
    "painkillers as advice": r"take (a |some )?(pill|painkiller|ibuprofen)",
    "cadence or forefoot as a cure": r"forefoot",
    "a vendor": r"garmin says|strava says|better than",
    "rest or running as always right": r"rest is always|always fine",
}


def assessment(budget: Budget, pain: PainState, load: LoadState) -> Assessment:
    return Assessment(now=NOW, budget=budget, pain=PainView(pain), load=load, learning=False)


def states() -> Iterator[Assessment]:
    for budget in BUDGETS:
        for pain in PainState:
            for load in LoadState:
                yield assessment(budget, pain, load)


def pushes() -> Iterator[str]:
    """Every message body that can go to a lock screen."""
    race = Activity("a", Family.RUN, "running", NOW, 21100, 7200)
    plan = StrengthPlan(exercises=tuple(f"{row.name} {row.dose()}" for row in EXERCISES[:4]))
    for runner in (KM, MILES):
        for state in states():
            yield messages.next_sentence(state, runner)
            yield messages.race_text(race, state, runner, prompts.AFTER_RUN_TEXT)
            for finding in FINDINGS:
                if finding.rule.startswith("R"):
                    for others in ((), FINDINGS[:3], FINDINGS[8:11]):
                        yield messages.run_text((finding, *others), state, runner, prompts.AFTER_RUN_TEXT)[0]
                if finding.rule == "P6":
                    yield messages.refer_text(finding, state, runner)
                if finding.rule == "D1":
                    yield messages.time_off_text(finding, state, runner, NOW)
        for finding in FINDINGS:
            yield wording.finding_sentence(finding, runner)
            yield messages.question_text("6.1 km.", (finding, *FINDINGS[:2]), runner, prompts.AFTER_RUN_TEXT)[
                0
            ]
            if finding.level is Level.STOP:
                yield messages.stop_text((finding,), runner, prompts.CHECKLIST_TEXT)
    yield from (prompts.MORNING_TEXT, prompts.EVENING_RUN_TEXT, prompts.WEEKLY_TEXT)
    yield messages.strength_text(plan, "One 20-minute session by Sunday keeps your two.")


def answers() -> Iterator[str]:
    """Every direct answer to a reply, and the sentences of the matrix."""
    for state in states():
        yield confirmations.pain_confirmation((PainReply("r", NOW, ReplyKind.DURING, 4),), (), state, KM)
        for finding in FINDINGS:
            if finding.rule.startswith("P"):
                reply = PainReply("r", NOW, ReplyKind.DURING, 4)
                yield confirmations.pain_confirmation((reply,), (finding,), state, KM)
    yield from confirmations.COMMAND_CONFIRMATIONS.values()
    yield from confirmations.ASKED_BACK.values()
    yield from wording.BINDING_WORDS.values()
    yield from (confirmations.WHEN_QUESTION, confirmations.WHICH_ITEM, confirmations.NO_RUN)
    yield from (confirmations.NO_QUESTION, confirmations.NO_SESSION, confirmations.TOO_LATE)
    yield from (settling.SETTLED_TEXT, settling.SETTLED_LATE_TEXT)
    yield from (" ".join(cell) for cell in advice.TABLE.values())
    yield from (
        advice.COMFORT_SENTENCE,
        advice.REFERRED_SENTENCE,
        advice.NO_SPEED_SENTENCE,
        advice.FLAT_SENTENCE,
    )
    yield adaptation.offer_sentence(Policy())
    yield adaptation.adapted_sentence(NOW, KM, NOW)
    yield from (confirmations.ACCEPTED, confirmations.DECLINED)


def everything() -> Iterator[str]:
    yield from pushes()
    yield from answers()
    yield from (wording.title(finding) for finding in FINDINGS)
    yield from (wording.aside(finding) for finding in FINDINGS)
    yield from (row.instruction for row in EXERCISES)
    yield from (row.name for row in EXERCISES)


def test_every_term_of_the_longest_run_has_its_words() -> None:
    folder = Path(wording.__file__).parent
    source = "".join((folder / name).read_text() for name in ("budget.py", "budget_terms.py"))
    named = set(
        re.findall(
            r'Term\(\s*"(\w+)"|binding="(\w+)"|km, name = [^,]+, "(\w+)"|return [\w.]+, "(\w+)"', source
        )
    )
    names = {name for group in named for name in group if name} | {"distance", "return"}
    assert len(names) >= 14
    assert names <= wording.BINDING_WORDS.keys()


def test_every_rule_has_a_sample_here() -> None:
    assert {finding.rule for finding in FINDINGS} == set(HEADLINES)


@pytest.mark.parametrize("claim", FORBIDDEN)
def test_no_sentence_makes_a_claim_that_must_not_be_made(claim: str) -> None:
    pattern = re.compile(FORBIDDEN[claim], re.IGNORECASE)
    found = {text for text in everything() if pattern.search(text)}
    assert found == set()


def test_slow_never_stands_without_short() -> None:
    lonely = {
        text
        for text in (*pushes(), *answers())
        if re.search(r"\bslow(er)?\b", text, re.IGNORECASE) and not re.search(r"short|fewer minutes", text)
    }
    assert lonely == set()


def test_a_push_fits_a_lock_screen() -> None:
    longest = max(pushes(), key=len)
    assert len(longest) <= 240, longest


def test_no_sentence_has_a_hole_or_a_double_blank() -> None:
    broken = {text for text in everything() if re.search(r"None(?! of)|nan|inf\b|  |\.\.|:\s*$", text)}
    assert broken == set()


def test_the_medical_sentence_exists_and_says_when_to_see_a_clinician() -> None:
    assert "not medical advice" in wording.NOT_MEDICAL_ADVICE
    assert "see a clinician" in wording.NOT_MEDICAL_ADVICE


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        (0, "13.0 km: 24 % beyond your longest in 30 days (10.5)."),
        (2, "11.0 km: more than double your longest in a month (5.0)."),
        (3, "7.0 km, back after 18 days off: more than your return size (5.0 km)."),
        (4, "About 15 % more for the kneecap than any run of your last 30 days."),
        (6, "30 km in 7 days, 36 % above your usual week (22)."),
        (7, "38 km in 7 days; your highest recent week was 22."),
        (8, "420 m down and 380 m up: double your month's most downhill (210 m)."),
        (9, "320 m down: 52 % beyond your month's most downhill (210 m)."),
        (10, "200 m down and 190 m up, 14 min of it steep downhill: your month's most was 5 min."),
        (13, "525 m up and 300 m down: your most climbing in a month (before: 320 m)."),
        (14, "First fast session in a month: 20 min."),
        (15, "45 fast minutes in 7 days; your usual week has 20."),
        (16, "Distance and hills both rose this week."),
        (17, "Distance, speed and hills all rose this week."),
        (18, "Steps 5 % longer than usual late in the run."),
        (20, "650 m up and 610 m down in 7 days; your recent weeks had at most 250 m up."),
        (21, "610 m down and 650 m up in 7 days; your recent weeks had at most 250 m down."),
        (24, "Sore during the run."),
        (31, "2 above your normal this morning."),
        (32, "4 this morning."),
        (36, "Three days sore: that was too much."),
    ],
)
def test_a_finding_carries_its_numbers(sample: int, sentence: str) -> None:
    assert wording.finding_sentence(FINDINGS[sample], KM) == sentence


def test_miles_are_the_runners_own_and_hills_stay_in_metres() -> None:
    assert (
        wording.finding_sentence(FINDINGS[0], MILES) == "8.1 mi: 24 % beyond your longest in 30 days (6.5)."
    )
    assert wording.finding_sentence(FINDINGS[8], MILES).startswith("420 m down and 380 m up")
    budget = BUDGETS[1]
    # 10.5 km are 6.52 miles; 4.0 km are 2.485: rounded down.
    assert wording.budget_sentence(budget, MILES, NOW) == "Next: from Thursday, up to 6.5 mi."
    smaller = replace(budget, longest_run_km=LongestRun(4.0))
    assert wording.budget_sentence(smaller, MILES, NOW) == "Next: from Thursday, up to 2.4 mi."


@pytest.mark.parametrize(
    ("budget", "pain", "load", "sentence"),
    [
        (0, PainState.UNKNOWN, LoadState.GREEN, ""),
        (1, PainState.GREEN, LoadState.GREEN, "Next: from Thursday, up to 10.5 km."),
        (2, PainState.AMBER, LoadState.AMBER, "Next: up to 4.0 km, flat."),
        (2, PainState.GREEN, LoadState.RED, "Next two runs: easy, flat, up to 4.0 km."),
        (3, PainState.RED, LoadState.GREEN, "No running yet; walk or bike if it stays at 2 or less."),
        (3, PainState.RETURNING, LoadState.RED, "No running before two calm mornings."),
        (3, PainState.REFERRED, LoadState.GREEN, wording.CLINICIAN_FIRST),
        (4, PainState.AMBER, LoadState.GREEN, "Next: from Tuesday, 30 min walk."),
        (5, PainState.RETURNING, LoadState.GREEN, "Next: from Tuesday, 6×(3 min walk, 2 min run)."),
    ],
)
def test_a_limit_is_an_offer_with_a_day_and_a_number(
    budget: int, pain: PainState, load: LoadState, sentence: str
) -> None:
    assert wording.budget_sentence(BUDGETS[budget], KM, NOW, pain=pain, load=load) == sentence


def test_a_hilly_run_is_followed_by_flat_ground() -> None:
    text, _ = messages.run_text((FINDINGS[8],), assessment(BUDGETS[1], PainState.GREEN, LoadState.AMBER), KM)
    assert text == (
        "420 m down and 380 m up: double your month's most downhill (210 m). "
        "Downhill loads the kneecap more per km than flat. Next: from Thursday, up to 10.5 km, flat."
    )


def test_what_does_not_fit_one_push_stays_for_the_digest() -> None:
    state = assessment(BUDGETS[1], PainState.GREEN, LoadState.AMBER)
    chosen = (FINDINGS[10], FINDINGS[8], FINDINGS[21], FINDINGS[13])
    text, told = messages.run_text(chosen, state, KM, prompts.AFTER_RUN_TEXT)
    assert len(text) <= 240
    assert told == chosen[: len(told)]
    assert len(told) < len(chosen)
