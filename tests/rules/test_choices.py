"""Buttons: three at most, and every one an answer that the grammar understands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.talk import MONDAY, POLICY, at

from rules.answers import AnswerKind, Question, read
from rules.choices import asks_for_a_number, buttons, later_reminder
from rules.facts import PromptKind, Runner
from rules.limits import nudge_allowed
from rules.open_questions import QUESTION_OF
from rules.outcome import Level, Message, MessageKind, PromptWanted, Sent


def message(kind: MessageKind, level: Level = Level.ASK, question: PromptKind | None = None) -> Message:
    wanted = None
    if question is not None:
        wanted = PromptWanted(question, MONDAY, MONDAY + timedelta(hours=12), "?")
    return Message("key", kind, level, "t", "x", MONDAY, MONDAY, MONDAY + timedelta(hours=3), question=wanted)


@pytest.mark.parametrize("kind", PromptKind)
def test_every_button_of_a_question_is_an_answer_to_it(kind: PromptKind) -> None:
    shown = buttons(message(MessageKind.AFTER_RUN, question=kind))
    assert 2 <= len(shown) <= 3
    for button in shown:
        answer = read(button.answer, QUESTION_OF.get(kind, Question.SCORE))
        assert answer.kind is not AnswerKind.UNCLEAR, button


def test_a_reminder_is_answered_with_done_later_or_skip() -> None:
    shown = buttons(message(MessageKind.NUDGE, Level.NUDGE))
    assert [(one.label, read(one.answer).kind) for one in shown] == [
        ("Done", AnswerKind.DONE),
        ("Later", AnswerKind.LATER),
        ("Skip", AnswerKind.SKIP),
    ]


def test_a_referral_can_be_marked_as_seen_and_a_digest_needs_nothing() -> None:
    (seen,) = buttons(message(MessageKind.REFER, Level.REFER))
    assert read(seen.answer).kind is AnswerKind.SEEN
    assert buttons(message(MessageKind.DIGEST, Level.NOTE)) == ()


def test_only_questions_about_pain_ask_for_a_number() -> None:
    asking = {kind for kind in PromptKind if asks_for_a_number(message(MessageKind.MORNING, question=kind))}
    assert asking == {PromptKind.AFTER_RUN, PromptKind.MORNING, PromptKind.WEEKLY}


def test_later_brings_the_reminder_back_once_and_never_at_night() -> None:
    reminder = message(MessageKind.NUDGE, Level.NUDGE)
    again = later_reminder(reminder, POLICY, Runner(), at("17:05"))
    assert again is not None
    assert (again.due_at, again.text) == (at("20:05"), reminder.text)
    assert later_reminder(again, POLICY, Runner(), at("17:30")) is None
    assert later_reminder(reminder, POLICY, Runner(), at("19:30")) is None


def test_a_reminder_that_was_put_off_is_no_further_nudge_of_the_week() -> None:
    sent = [Sent("strength:2026-06-08", MessageKind.NUDGE, at("17:00"))]
    sent.append(Sent("strength:2026-06-08:later", MessageKind.NUDGE, at("20:00")))
    assert nudge_allowed(at("17:00", days=2), sent, POLICY, Runner())
    sent.append(Sent("strength:2026-06-10", MessageKind.NUDGE, at("17:00", days=2)))
    assert not nudge_allowed(at("17:00", days=4), sent, POLICY, Runner())
