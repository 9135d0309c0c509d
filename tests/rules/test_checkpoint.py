"""A state written down and read again, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from rules.assess import OutOfOrder, State, advance, fold, judge
from rules.checkpoint import dump, load, policy_hash
from rules.facts import Activity, Family, History, Night, PainReply, PlannedRun, ReplyKind, Runner
from rules.policy import Policy, with_overrides

POLICY = Policy()
RUNNER = Runner("Europe/Rome", birth_year=1980)
FIRST = datetime(2026, 3, 2, 7, tzinfo=UTC)
NOW = FIRST + timedelta(days=80)


def run(day: int, km: float) -> Activity:
    start = FIRST + timedelta(days=day)
    return Activity(
        f"run {day}", Family.RUN, "run", start, km * 1000, km * 350, km * 350, 3600, ascent_m=20.0 + day
    )


def state_of(days: int = 78) -> State:
    history = History(
        RUNNER,
        activities=tuple(run(day, 6.0 + day % 5) for day in range(0, days, 2)),
        replies=tuple(
            PainReply(f"m{day}", FIRST + timedelta(days=day, hours=1), ReplyKind.MORNING, day % 3)
            for day in range(1, days, 3)
        ),
        nights=tuple(
            Night((FIRST + timedelta(days=day)).date().isoformat(), 7.0, 4.0, 50.0) for day in range(days)
        ),
        planned=(PlannedRun(NOW + timedelta(days=2), 12_000.0, hard=True),),
    )
    return fold(history, POLICY, NOW)


def written_and_read(state: State) -> State:
    return load(json.loads(json.dumps(dump(state))), POLICY)


def test_a_state_comes_back_as_it_was() -> None:
    state = state_of()
    again = written_and_read(state)
    assert again.core == state.core
    assert again.planned == state.planned
    assert judge(again, POLICY, NOW) == judge(state, POLICY, NOW)


def test_a_state_of_years_is_no_larger_than_one_of_months() -> None:
    state = state_of()
    months = len(json.dumps(dump(state)))
    for day in range(80, 900, 2):
        state = advance(state, run(day, 6.0 + day % 5), POLICY)
    assert len(json.dumps(dump(state))) < 2 * months


def test_recent_facts_may_still_come_late_to_a_state_that_was_read() -> None:
    late = PainReply("late", FIRST + timedelta(days=76, hours=3), ReplyKind.DURING, 4)
    assert judge(advance(written_and_read(state_of()), late, POLICY), POLICY, NOW) == judge(
        advance(state_of(), late, POLICY), POLICY, NOW
    )


def test_an_old_fact_asks_for_a_fold_from_scratch() -> None:
    with pytest.raises(OutOfOrder):
        advance(state_of(), run(31, 9.0), POLICY)


def test_the_same_fact_twice_asks_for_a_fold_from_scratch() -> None:
    with pytest.raises(OutOfOrder):
        advance(state_of(), run(76, 7.0), POLICY)


@pytest.mark.parametrize("spoilt", [{}, {"core": []}, {"facts": [{"kind": "Gift"}]}, {"core": None}])
def test_anything_else_is_refused(spoilt: dict[str, object]) -> None:
    data = {**dump(state_of()), **spoilt} if spoilt else {}
    with pytest.raises(ValueError, match="not a checkpoint"):
        load(data, POLICY)


def test_another_policy_has_another_hash() -> None:
    assert policy_hash(POLICY) == policy_hash(Policy())
    assert policy_hash(with_overrides(POLICY, {"r1": {"ratio": 1.2}})) != policy_hash(POLICY)
