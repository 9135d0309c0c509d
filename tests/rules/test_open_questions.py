"""Which question an answer is to, where several wait or none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.talk import POLICY, at, run

from rules.answers import AnswerKind, Question
from rules.facts import Family, History, PainReply, Prompt, PromptKind, ReplyKind
from rules.open_questions import Heard, heard, open_prompts, question_of, unsettled_run

RUN = run("a", at("12:00"))


def asked(kind: PromptKind, clock: str = "13:15", days: int = 0, run_id: str | None = "a") -> Prompt:
    sent = at(clock, days)
    return Prompt(f"{kind.value}:{clock}:{days}", kind, sent, sent + timedelta(hours=12), run_id)


def during(
    score: int, clock: str = "13:20", *, prompt_id: str | None = None, limp: bool = False
) -> PainReply:
    return PainReply(
        f"d{clock}", at(clock), ReplyKind.DURING, score, limp=limp, activity_id="a", prompt_id=prompt_id
    )


def read(text: str, *prompts: Prompt, replies: tuple[PainReply, ...] = (), clock: str = "14:00") -> Heard:
    return heard(text, History(activities=(RUN,), prompts=prompts, replies=replies), POLICY, at(clock))


def test_a_number_answers_the_newest_question_that_wants_one() -> None:
    after, morning = asked(PromptKind.AFTER_RUN), asked(PromptKind.MORNING, "13:30")
    assert read("3", after, morning).prompt == morning
    assert read("3", after).prompt == after


def test_an_answered_skipped_or_expired_question_waits_no_longer() -> None:
    after = asked(PromptKind.AFTER_RUN)
    answered = History(prompts=(after,), replies=(during(2, prompt_id=after.id),))
    assert open_prompts(answered, at("14:00")) == []
    assert open_prompts(History(prompts=(replace(after, skipped=True),)), at("14:00")) == []
    assert open_prompts(History(prompts=(after,)), after.expires_at) == []
    assert open_prompts(History(prompts=(after,)), at("13:00")) == []


def test_a_number_passes_over_the_checklist_and_its_words_pass_over_the_morning() -> None:
    checklist, morning = asked(PromptKind.CHECKLIST, "13:40"), asked(PromptKind.MORNING, "13:30")
    assert read("2", morning, checklist).prompt == morning
    assert read("2", checklist).prompt is None
    later = asked(PromptKind.MORNING, "13:50")
    said = read("it locked twice", checklist, later)
    assert (said.prompt, said.answer.flags) == (checklist, ("locked",))


def test_none_is_no_pain_or_none_of_these_by_the_newest_question() -> None:
    checklist, morning = asked(PromptKind.CHECKLIST, "13:40"), asked(PromptKind.MORNING, "13:50")
    assert read("none", checklist, morning).prompt == morning
    assert read("none", checklist).answer.kind is AnswerKind.NO


@pytest.mark.parametrize(
    ("text", "kind"), [("y", AnswerKind.YES), ("n 5", AnswerKind.NO), ("fine", AnswerKind.PAIN)]
)
def test_yes_and_no_answer_whether_it_has_settled(text: str, kind: AnswerKind) -> None:
    settled, morning = asked(PromptKind.SETTLED), asked(PromptKind.MORNING, "13:30")
    expected = morning if text == "fine" else settled
    said = read(text, settled, morning, replies=(during(3),))
    assert (said.answer.kind, said.prompt) == (kind, expected)
    assert read(text, settled, replies=(during(3),)).prompt == settled


def test_a_number_alone_does_not_say_whether_it_has_settled_but_zero_does() -> None:
    settled = asked(PromptKind.SETTLED)
    assert read("4", settled, replies=(during(3),)).prompt is None
    assert read("none", settled, replies=(during(3),)).prompt == settled
    corrected = read("4 y", settled, replies=(during(3),))
    assert (corrected.prompt, corrected.answer.settled) == (settled, True)


def test_yes_without_a_question_is_about_pain_that_was_told_and_may_have_settled() -> None:
    said = read("y", replies=(during(3),))
    assert (said.when, said.answer.settled) == (ReplyKind.AFTER, True)
    assert read("y", replies=(during(0),)).answer.kind is AnswerKind.UNCLEAR
    assert read("y").answer.kind is AnswerKind.UNCLEAR


def test_the_run_is_unsettled_from_an_hour_after_its_end_for_half_a_day() -> None:
    history = History(activities=(RUN,), replies=(during(3, "12:10"),))
    found = [
        clock for clock in ("12:59", "13:00", "23:59") if unsettled_run(history, POLICY, at(clock)) == RUN
    ]
    assert found == ["13:00", "23:59"]
    assert unsettled_run(history, POLICY, at("00:01", 1)) is None


@pytest.mark.parametrize(
    "told",
    [
        (during(0),),
        (during(6),),
        (during(3, limp=True),),
        (during(3), PainReply("s", at("13:21"), ReplyKind.AFTER, settled=True, activity_id="a")),
        (PainReply("m", at("13:20"), ReplyKind.MORNING, 3, activity_id="a"),),
    ],
)
def test_it_is_not_asked_of_no_pain_of_a_stop_or_twice(told: tuple[PainReply, ...]) -> None:
    assert unsettled_run(History(activities=(RUN,), replies=told), POLICY, at("14:00")) is None


def test_the_morning_asks_two_numbers_where_the_run_was_not_asked_after() -> None:
    morning = asked(PromptKind.MORNING, "07:30", 1)
    late = run("a", at("21:50"))
    evening = History(activities=(late,), prompts=(morning,))
    assert question_of(morning, evening) is Question.MORNING_AND_RUN
    said = heard("1 3", evening, POLICY, at("07:40", 1))
    assert (said.answer.score, said.answer.run_score, said.prompt) == (1, 3, morning)
    afterwards = replace(evening, prompts=(morning, asked(PromptKind.AFTER_RUN)))
    assert question_of(morning, afterwards) is Question.SCORE
    assert question_of(morning, replace(evening, replies=(during(2),))) is Question.SCORE
    hike = replace(late, family=Family.WALK)
    assert question_of(morning, replace(evening, activities=(hike,))) is Question.SCORE


def test_an_answer_with_the_token_of_a_question_is_to_that_question() -> None:
    after, morning = asked(PromptKind.AFTER_RUN), asked(PromptKind.MORNING, "13:30")
    history = History(activities=(RUN,), prompts=(after, morning))
    assert heard("3", history, POLICY, at("14:00"), prompt=after).prompt == after
    late = heard("3", history, POLICY, at("14:00", 1), prompt=after)
    assert late.prompt == after, "an expired question still takes the answer with its token"
    checklist = asked(PromptKind.CHECKLIST)
    assert heard("3", history, POLICY, at("14:00"), prompt=checklist).prompt == morning


def test_a_word_that_needs_no_question_closes_none_but_skip_does() -> None:
    after = asked(PromptKind.AFTER_RUN)
    assert read("race", after).prompt is None
    assert read("skip", after).prompt == after
