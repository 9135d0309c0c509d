"""Whatever the history: one answer, in any order, from any checkpoint, and never a louder one for resting."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules.assess import OutOfOrder, State, advance, assess, facts_until, fold, judge, start
from rules.checkpoint import dump, load
from rules.facts import Activity, Family, History, PainReply, Prompt, PromptKind, ReplyKind, Runner, Side
from rules.fold import Fact, order_key
from rules.outcome import Assessment, PainState
from rules.policy import Policy

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
POLICY = Policy()
RUNNER = Runner(timezone="Europe/Berlin", birth_year=1984)
QUICK = settings(max_examples=25, deadline=None)


def activity_of(index: int, begins: datetime, km: float, climb: float | None, *, walk: bool) -> Activity:
    seconds = km * (720 if walk else 345)
    return Activity(
        id=f"{index:03}",
        family=Family.WALK if walk else Family.RUN,
        sport="hike" if walk else "run",
        start=begins,
        distance_m=km * 1000,
        moving_s=seconds,
        elapsed_s=seconds + 60,
        utc_offset_s=3600,
        ascent_m=climb,
        source="watch",
        device="watch",
    )


def question(activity: Activity) -> Prompt:
    sent = activity.start + timedelta(seconds=activity.elapsed_s or 0, minutes=75)
    return Prompt(f"ask {activity.id}", PromptKind.AFTER_RUN, sent, sent + timedelta(hours=12), activity.id)


@st.composite
def histories(draw: st.DrawFn, *, longest_gap: int = 6, answers: bool = True) -> History:
    """Two to three months of running, with answers to some questions."""
    activities: list[Activity] = []
    replies: list[PainReply] = []
    prompts: list[Prompt] = []
    day = 0
    for index in range(draw(st.integers(10, 32))):
        day += draw(st.integers(0 if index else 1, longest_gap))
        begins = FIRST + timedelta(days=day, hours=draw(st.integers(5, 20)), minutes=index)
        km = draw(st.sampled_from((3.0, 5.0, 6.0, 8.0, 8.8, 10.0, 12.5, 16.0)))
        climb = draw(st.sampled_from((None, 30.0, 60.0, 250.0)))
        run = activity_of(index, begins, km, climb, walk=draw(st.integers(0, 9)) == 0)
        activities.append(run)
        if not answers:
            continue
        if run.family is Family.RUN and draw(st.booleans()):
            prompts.append(question(run))
        end = begins + timedelta(seconds=run.elapsed_s or 0)
        pain = draw(st.sampled_from((None, None, 0, 1, 2, 3, 4, 7)))
        side = draw(st.sampled_from((None, None, Side.LEFT)))
        if pain is not None:
            replies.append(
                PainReply(
                    f"d{index:03}",
                    end + timedelta(minutes=80),
                    ReplyKind.DURING,
                    pain,
                    side=side,
                    activity_id=run.id if draw(st.booleans()) and run.family is Family.RUN else None,
                )
            )
        morning = draw(st.sampled_from((None, 0, 0, 1, 2, 4)))
        if morning is not None:
            at = datetime(begins.year, begins.month, begins.day, 6, 30, index, tzinfo=UTC) + timedelta(days=1)
            replies.append(PainReply(f"m{index:03}", at, ReplyKind.MORNING, morning, side=side))
    return History(RUNNER, tuple(activities), tuple(replies), tuple(prompts))


def after(history: History) -> datetime:
    ends = [activity.start + timedelta(hours=30) for activity in history.activities]
    return max([*ends, *(reply.at for reply in history.replies)]) + timedelta(minutes=1)


def load_keys(assessment: Assessment) -> set[str]:
    return {finding.key for finding in assessment.findings if finding.rule.startswith("R")}


def folded(facts: Iterable[Fact]) -> State:
    state = start(RUNNER, POLICY)
    for fact in facts:
        state = advance(state, fact, POLICY)
    return state


@QUICK
@given(histories(), st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_give_the_same_answer(history: History, chance: Random) -> None:
    parts = {}
    for name in ("activities", "replies", "prompts"):
        shuffled = list(getattr(history, name))
        chance.shuffle(shuffled)
        parts[name] = tuple(shuffled)
    now = after(history)
    assert assess(replace(history, **parts), POLICY, now) == assess(history, POLICY, now)


@QUICK
@given(histories(), st.randoms(use_true_random=False))
def test_facts_that_arrive_late_by_days_change_nothing(history: History, chance: Random) -> None:
    now = after(history)
    core = start(RUNNER, POLICY).core
    in_order = list(facts_until(history, now))
    delayed = sorted(
        in_order, key=lambda fact: order_key(fact, core)[0] + timedelta(hours=chance.uniform(0, 60))
    )
    try:
        late = folded(delayed)
    except OutOfOrder:
        # The state says so itself; then only a fold from scratch may answer.
        assume(False)
    assert judge(late, POLICY, now) == assess(history, POLICY, now)


@QUICK
@given(histories(), st.floats(0.2, 0.95))
def test_a_checkpoint_in_the_middle_gives_the_same_answer_as_a_fold_from_scratch(
    history: History, part: float
) -> None:
    now = after(history)
    facts = list(facts_until(history, now))
    half = int(len(facts) * part)
    state = load(json.loads(json.dumps(dump(folded(facts[:half])))), POLICY)
    for fact in facts[half:]:
        state = advance(state, fact, POLICY)
    assert judge(state, POLICY, now) == assess(history, POLICY, now)


@QUICK
@given(histories(), st.integers(1, 40))
def test_resting_never_adds_a_load_finding(history: History, days: int) -> None:
    now = after(history)
    rested = assess(history, POLICY, now + timedelta(days=days))
    assert load_keys(rested) <= load_keys(assess(history, POLICY, now))


@QUICK
@given(histories())
def test_the_longest_next_run_stays_below_its_caps(history: History) -> None:
    now = after(history)
    assessment = assess(history, POLICY, now)
    runs = [activity for activity in history.activities if activity.family is Family.RUN]
    longest = max((activity.distance_m or 0.0 for activity in runs), default=0.0)
    flat = assessment.budget.longest_run_km.flat
    if flat is not None:
        assert flat <= max(POLICY.cap.green[0] * longest / 1000, POLICY.budget.floor_km) + 1e-9
        rolling, downhill = (
            assessment.budget.longest_run_km.rolling,
            assessment.budget.longest_run_km.downhill,
        )
        assert rolling is not None
        assert downhill is not None
        assert flat >= rolling >= downhill >= 0
    if assessment.pain.overall in (PainState.RED, PainState.REFERRED):
        assert flat == 0


@QUICK
@given(histories(longest_gap=4, answers=False), st.floats(1.2, 3.0))
def test_a_spike_does_not_earn_a_longer_next_run(history: History, times: float) -> None:
    runs = [activity for activity in history.activities if activity.family is Family.RUN]
    assume(len(runs) > 8)
    spike_at = after(history)
    longest_km = max(activity.distance_m or 0.0 for activity in runs) / 1000
    spike = activity_of(999, spike_at, max(longest_km * times, longest_km + 1.2), None, walk=False)
    now = spike_at + timedelta(hours=20)
    obeyed = assess(history, POLICY, now).budget.longest_run_km.flat
    disobeyed = assess(
        replace(history, activities=(*history.activities, spike)), POLICY, now
    ).budget.longest_run_km.flat
    assert obeyed is not None
    assert disobeyed is not None
    assert disobeyed <= obeyed


@QUICK
@given(histories(), st.integers(0, 31))
def test_a_run_that_is_taken_away_takes_its_findings_along(history: History, index: int) -> None:
    assume(index < len(history.activities))
    gone = history.activities[index].id
    kept = tuple(activity for activity in history.activities if activity.id != gone)
    assessment = assess(replace(history, activities=kept), POLICY, after(history))
    assert all(finding.activity_id != gone for finding in assessment.findings)
    excluded = tuple(replace(activity, excluded=activity.id == gone) for activity in history.activities)
    by_word = assess(replace(history, activities=excluded), POLICY, after(history))
    assert load_keys(by_word) == load_keys(assessment)
    assert by_word.budget == assessment.budget


@QUICK
@given(histories())
def test_cached_loads_only_save_time(history: History) -> None:
    now = after(history)
    state = fold(history, POLICY, now)
    assert assess(replace(history, loads=state.loads), POLICY, now) == assess(history, POLICY, now)
