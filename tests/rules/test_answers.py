"""The one grammar of what a runner may answer."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.answers import Answer, AnswerKind, Question, read
from rules.facts import Grade, MuscleGroup, Side
from rules.policy import Policy

LEFT, RIGHT = Side.LEFT, Side.RIGHT
WORDS = Policy().checklist.words
EXPECTED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "email" / "expected.json"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("4", 4),
        ("4/10", 4),
        ("4 / 10", 4),
        ("4 out of 10", 4),
        ("10/10", 10),
        ("0", 0),
        ("4.", 4),
        ("４", 4),
        ("4️⃣", 4),
        ("\u00a03\u00a0", 3),
        ("**4**", 4),
        ("four", 4),
        ("none", 0),
        ("zero", 0),
        ("no pain today", 0),
        ("No pain at all!", 0),
        ("0, no pain", 0),
        ("heute keine Schmerzen", 0),
        ("about a 3, better than yesterday", 3),
        ("3 no worse than yesterday", 3),
        ("sorry, I meant 6", 6),
        ("pain 2 – fine", 2),
        ("0 🎉", 0),
    ],
)
def test_one_number_with_words_around_it_is_the_score(text: str, score: int) -> None:
    answer = read(text)
    assert answer.kind is AnswerKind.PAIN
    assert answer.scores == {None: score}
    assert answer.score == score


@pytest.mark.parametrize(
    "text",
    [
        "",
        "same",
        "no",
        "ok thanks!",
        "11",
        "-1",
        "−1",
        "+2",
        "100",
        "3-4",
        "3 – 4",
        "3 to 4",
        "2 or maybe 6",
        "7.5",
        "2,5",
        "½",
        "4/5",
        "4/10/2026",
        "not a 4",
        "less than 3",
        "ran 12 km, knee 3",
        "ran 8 km",
        "5k",
        "10:30",
        "30 %",
        "2nd",
        "👍",
        "2\n\nRobin Example\nTel. 555 0100",
        "left 5 other 2",
        "left 1 right 2 left 3",
        "well, " * 60 + "3",
    ],
)
def test_what_is_doubtful_is_unclear_and_never_a_guess(text: str) -> None:
    assert read(text).kind is AnswerKind.UNCLEAR


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("4 or 5", (4, 5)),
        ("3-4", (3, 4)),
        ("7.5", (7, 8)),
        ("2,5", (2, 3)),
        ("same", ()),
        ("11", ()),
        ("good <3", (3,)),
    ],
)
def test_an_unclear_answer_names_what_it_may_have_meant(text: str, candidates: tuple[int, ...]) -> None:
    assert read(text).candidates == candidates


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("left knee 5 right 2", {LEFT: 5, RIGHT: 2}),
        ("5 left 2 right", {LEFT: 5, RIGHT: 2}),
        ("R 4", {RIGHT: 4}),
        ("4 L", {LEFT: 4}),
        ("4l", {LEFT: 4}),
        ("both 3", {LEFT: 3, RIGHT: 3}),
        ("3 both", {LEFT: 3, RIGHT: 3}),
        ("Knie links 4, sonst alles schön", {LEFT: 4}),
    ],
)
def test_numbers_beside_a_side_are_that_sides(text: str, scores: dict[Side, int]) -> None:
    assert read(text).scores == scores


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3 y", Answer(AnswerKind.PAIN, {None: 3}, settled=True)),
        ("3y", Answer(AnswerKind.PAIN, {None: 3}, settled=True)),
        ("4 n", Answer(AnswerKind.PAIN, {None: 4}, settled=False)),
        ("4 n 5 L", Answer(AnswerKind.PAIN, {LEFT: 4}, settled=False, settled_score=5)),
        ("2 pills", Answer(AnswerKind.PAIN, {None: 2}, painkillers=True)),
        ("3, no pills", Answer(AnswerKind.PAIN, {None: 3})),
        ("5 limp", Answer(AnswerKind.PAIN, {None: 5}, limp=True)),
        ("4 n pills R", Answer(AnswerKind.PAIN, {RIGHT: 4}, settled=False, painkillers=True)),
    ],
)
def test_letters_and_words_after_the_number_add_to_it(text: str, answer: Answer) -> None:
    assert read(text) == answer


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Fine", Grade.GREEN),
        ("ok", Grade.GREEN),
        ("good.", Grade.GREEN),
        ("sore", Grade.AMBER),
        ("bad", Grade.RED),
    ],
)
def test_a_button_is_a_grade_and_no_number(text: str, grade: Grade) -> None:
    answer = read(text)
    assert (answer.kind, answer.grade, answer.scores) == (AnswerKind.PAIN, grade, {})


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("skip", AnswerKind.SKIP, None),
        ("Skip today, please.", AnswerKind.SKIP, None),
        ("later", AnswerKind.LATER, None),
        ("snooze", AnswerKind.SNOOZE, timedelta(days=1)),
        ("snooze 3d", AnswerKind.SNOOZE, timedelta(days=3)),
        ("pause", AnswerKind.PAUSE, None),
        ("pause 7d", AnswerKind.PAUSE, timedelta(days=7)),
        ("pause 2 weeks", AnswerKind.PAUSE, timedelta(days=14)),
        ("STOP.", AnswerKind.PAUSE, None),
        ("resume", AnswerKind.RESUME, None),
        ("status", AnswerKind.STATUS, None),
        ("?", AnswerKind.HELP, None),
        ("race", AnswerKind.RACE, None),
        ("wrong", AnswerKind.WRONG, None),
        ("planned", AnswerKind.PLANNED, None),
        ("seen", AnswerKind.SEEN, None),
        ("cleared", AnswerKind.CLEARED, None),
        ("not cleared", AnswerKind.UNCLEAR, None),
        ("pause 0d", AnswerKind.UNCLEAR, None),
    ],
)
def test_commands_stand_alone(text: str, kind: AnswerKind, span: timedelta | None) -> None:
    answer = read(text)
    assert (answer.kind, answer.span) == (kind, span)


def test_done_may_carry_groups_effort_and_pain() -> None:
    assert read("done") == Answer(AnswerKind.DONE)
    assert read("done, 4") == Answer(AnswerKind.DONE, {None: 4})
    assert read("4\n\ndone") == Answer(AnswerKind.DONE, {None: 4})
    assert read("done q h g c").groups == frozenset(MuscleGroup)
    assert read("done easy").effort == 5
    assert read("hard") == Answer(AnswerKind.EFFORT, effort=8)
    assert read("not done").kind is AnswerKind.UNCLEAR
    assert read("done with this app").kind is AnswerKind.UNCLEAR


def test_the_evening_question_takes_two_numbers_and_no_other_question_does() -> None:
    answer = read("1 3", Question.MORNING_AND_RUN)
    assert (answer.scores, answer.run_score) == ({None: 1}, 3)
    assert read("1", Question.MORNING_AND_RUN).run_score is None
    assert read("1 3").kind is AnswerKind.UNCLEAR


def test_yes_and_no_answer_only_the_questions_that_ask_for_them() -> None:
    assert read("y", Question.SETTLED).settled is True
    assert read("No.", Question.SETTLED).settled is False
    assert read("n 5", Question.SETTLED).settled_score == 5
    assert read("yes", Question.OFFER).kind is AnswerKind.YES
    assert read("during the run", Question.WHEN).kind is AnswerKind.RUN
    assert read("now", Question.WHEN).kind is AnswerKind.NOW
    for text in ("yes", "no", "now", "run"):
        assert read(text).kind is AnswerKind.UNCLEAR


def test_the_checklist_takes_none_yes_or_what_applies() -> None:
    assert read("None", Question.CHECKLIST).kind is AnswerKind.NO
    assert read("yes", Question.CHECKLIST) == Answer(AnswerKind.YES)
    assert read("it locked and pain at night", Question.CHECKLIST).flags == ("locked", "night")


@pytest.mark.parametrize(
    ("text", "alarms"),
    [
        ("3, it gave way on the stairs", ("gave way",)),
        ("swollen since the morning", ("swollen",)),
        ("2 but out of breath", ("breath",)),
        ("breathless", ("breath",)),
        ("2, nice fellow runners", ()),
    ],
)
def test_words_of_the_checklist_are_heard_in_any_answer(text: str, alarms: tuple[str, ...]) -> None:
    assert read(text, alarm_words=WORDS).alarms == alarms


@given(st.text(max_size=60))
def test_no_text_breaks_the_grammar_and_no_score_leaves_its_range(text: str) -> None:
    answer = read(text, alarm_words=WORDS)
    assert all(0 <= score <= 10 for score in answer.scores.values())
    if answer.kind is AnswerKind.PAIN:
        assert answer.scores or answer.grade


@given(
    st.integers(min_value=0, max_value=10),
    st.sampled_from(["knee {}", "{} again", "  {}\n", "It was {} I think."]),
)
def test_the_number_said_is_the_number_read(score: int, frame: str) -> None:
    assert read(frame.format(score)).score == score


def as_meaning(answer: Answer) -> Any:
    """The words of expected.json for an answer."""
    if answer.kind is AnswerKind.UNCLEAR or (answer.kind is AnswerKind.PAIN and answer.grade):
        return "unclear"
    kind = {AnswerKind.PAUSE: "stop"}.get(answer.kind, answer.kind.value)
    sides = {LEFT: "left", RIGHT: "right", None: "score"}
    return {"kind": kind} | {sides[side]: score for side, score in answer.scores.items()}


@pytest.mark.skipif(not EXPECTED.is_file(), reason="../shared/data is absent")
def test_the_real_replies_mean_what_their_writers_meant() -> None:
    wrong = []
    for message in json.loads(EXPECTED.read_text())["messages"]:
        meaning = message["meaning"]
        if meaning != "unclear" and meaning["kind"] == "ignore":
            continue
        if meaning != "unclear":
            meaning = {
                name: value for name, value in meaning.items() if name not in ("for_prompt", "count_once")
            }
        read_as = as_meaning(read(message["reply"]))
        if read_as != meaning and read_as not in message.get("also_ok", ()):
            wrong.append((message["reply"], meaning, read_as))
    assert wrong == []
