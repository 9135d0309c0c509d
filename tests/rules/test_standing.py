"""How a runner stands, in words; the scale and the checklist where there is room for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.advice import TABLE
from rules.answers import AnswerKind, Question, read
from rules.choices import CALL_NOW, CLINICIAN, SCALE_WORDS
from rules.facts import Runner
from rules.outcome import (
    Advice,
    Assessment,
    Budget,
    Finding,
    Level,
    LoadState,
    LongestRun,
    PainState,
    PainView,
)
from rules.pain_rules import EMERGENCY_FLAGS, STOPPING_FLAGS
from rules.standing import CALL_NOW_TITLE, standing
from rules.wording import LEARNING, NEXT_NOT_KNOWN, STOPPED

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
FINE = Budget(LongestRun(10.0, 9.8, 7.0), NOW.date(), 12.0, 100, 10, "distance")
STOPPED_PAIN = (PainState.RED, PainState.REFERRED)


def assessed(
    pain: PainState, load: LoadState, budget: Budget = FINE, *, learning: bool = False
) -> Assessment:
    advice = Advice("", TABLE.get((pain, load), ()))
    return Assessment(NOW, pain=PainView(pain), load=load, budget=budget, learning=learning, advice=advice)


@pytest.mark.parametrize("pain", PainState)
@pytest.mark.parametrize("load", LoadState)
def test_every_state_has_words_and_one_sentence_that_is_not_said_twice(
    pain: PainState, load: LoadState
) -> None:
    found = standing(assessed(pain, load), Runner())
    assert found.states[0].isupper()
    assert found.states.count(",") == 1
    assert found.headline
    assert found.headline not in found.advice
    assert ("km" in found.headline) is (pain not in STOPPED_PAIN)


def test_a_stop_says_nothing_of_what_to_reply() -> None:
    found = standing(assessed(PainState.REFERRED, LoadState.GREEN), Runner())
    assert (found.headline, found.advice) == (STOPPED, ())


def test_an_emergency_that_was_told_goes_before_everything_until_it_is_seen() -> None:
    told = Finding("P6", Level.EMERGENCY, "date:2026-06-10:chest", NOW, {"cause": "chest"})
    state = replace(assessed(PainState.REFERRED, LoadState.GREEN), findings=(told,))
    assert standing(state, Runner()).headline == CALL_NOW_TITLE
    assert standing(state, Runner()).is_emergency
    earlier = NOW - timedelta(hours=1)
    assert standing(state, Runner(), seen_at=earlier).headline == CALL_NOW_TITLE
    assert standing(state, Runner(), seen_at=NOW).headline == STOPPED


def test_learning_is_the_sentence_while_nothing_else_is_known_and_goes_with_it_afterwards() -> None:
    nothing = standing(assessed(PainState.UNKNOWN, LoadState.GREEN, Budget(), learning=True), Runner())
    assert nothing.headline == LEARNING
    assert LEARNING not in nothing.advice
    later = standing(assessed(PainState.UNKNOWN, LoadState.GREEN, Budget()), Runner())
    assert later.headline == NEXT_NOT_KNOWN
    some = standing(assessed(PainState.UNKNOWN, LoadState.GREEN, learning=True), Runner())
    assert some.headline == "Next: up to 10.0 km."
    assert some.advice[0] == LEARNING


def test_every_box_of_the_checklist_is_read_as_its_item_alone_and_with_others() -> None:
    boxes = [box.answer for box in (*CALL_NOW, *CLINICIAN)]
    each = {box: read(box, Question.CHECKLIST) for box in boxes}
    assert all(answer.kind is AnswerKind.YES and len(answer.flags) == 1 for answer in each.values())
    codes = {flag for answer in each.values() for flag in answer.flags}
    assert codes == STOPPING_FLAGS - {"any", "giving_way"} | {"constant"}
    assert {flag for box in CALL_NOW for flag in each[box.answer].flags} == EMERGENCY_FLAGS
    assert set(read(", ".join(boxes), Question.CHECKLIST).flags) == codes


def test_the_words_of_the_scale_say_what_it_feels_like_and_nothing_of_what_is_safe() -> None:
    assert list(SCALE_WORDS) == [0, 2, 5, 10]
    assert not {"ok", "fine", "safe", "run", "stop"} & set(" ".join(SCALE_WORDS.values()).split())
