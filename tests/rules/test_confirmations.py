"""What a runner reads right after an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.talk import assessed, at, run

from rules.answers import AnswerKind, Question, read
from rules.confirmations import (
    COMMAND_CONFIRMATIONS,
    HELP,
    alarm_confirmation,
    cleared_confirmation,
    later_confirmation,
    mark_confirmation,
    pain_confirmation,
    pause_confirmation,
    status_confirmation,
    strength_confirmation,
    unclear_question,
)
from rules.facts import Grade, PainReply, Prompt, PromptKind, ReplyKind, Runner, Side
from rules.outcome import Assessment, Finding, Level, PainState, PainView, StrengthPlan

NOW = at("12:00")
RUNNER = Runner()


def in_state(state: PainState) -> Assessment:
    return replace(assessed(NOW), pain=PainView(state))


def reply(score: int | None, kind: ReplyKind = ReplyKind.DURING, **more: object) -> PainReply:
    return replace(PainReply("r", NOW, kind, score), **more)  # type: ignore[arg-type]


def finding(rule: str, level: Level, **numbers: float | str) -> Finding:
    return Finding(rule, level, "run:x", NOW, numbers, "a")


def confirmed(state: PainState, *new: Finding, replies: tuple[PainReply, ...] = (reply(4),)) -> str:
    return pain_confirmation(replies, new, in_state(state), RUNNER)


def test_a_settled_green_answer_says_what_is_fine_next() -> None:
    both = (reply(2), reply(None, ReplyKind.AFTER, settled=True))
    assert (
        confirmed(PainState.GREEN, replies=both) == "2 noted, settled. Next: from Wednesday, up to 10.5 km."
    )


def test_a_sore_run_is_followed_by_a_slower_and_shorter_one() -> None:
    text = confirmed(PainState.AMBER, finding("P1", Level.WARN, pain=4))
    assert text == (
        "4 noted. Next: from Wednesday, up to 10.5 km, flat and easy, slower and 20 % shorter, "
        "4 min run / 1 min walk. Above 2 on the way: walk home."
    )
    assert len(text) <= 240


@pytest.mark.parametrize(
    ("new", "start"),
    [
        (finding("P1", Level.STOP, pain=4), "4 noted."),
        (finding("P1", Level.STOP, pain=4, reason="limp"), "4 noted, with a limp."),
        (finding("P1", Level.STOP, pain=4, reason="rising"), "4 noted, more than last time."),
        (finding("P2", Level.STOP, delta=2), "Still 2 up an hour later: past your limit."),
        (finding("P3", Level.STOP, above=3, morning=3), "3 above your normal this morning."),
        (finding("P3", Level.STOP, above=3), "Bad this morning."),
        (finding("P4", Level.STOP, hours=75), "Three days sore: that was too much."),
    ],
)
def test_a_stop_says_why_and_what_is_left(new: Finding, start: str) -> None:
    assert confirmed(PainState.RED, new) == f"{start} No running yet; walk or bike if it stays at 2 or less."


def test_a_sore_morning_is_a_day_without_a_run() -> None:
    rest = "No run today; walk or bike if it stays at 2 or less."
    numbered = finding("P3", Level.WARN, above=2, morning=2)
    assert confirmed(PainState.AMBER, numbered) == f"2 above your normal this morning. {rest}"
    assert confirmed(PainState.AMBER, finding("P3", Level.WARN, above=2)) == f"Sore this morning. {rest}"


def test_two_sore_days_ask_for_rest() -> None:
    both = (finding("P3", Level.WARN, above=2), finding("P4", Level.WARN, hours=50))
    assert (
        confirmed(PainState.AMBER, *both)
        == "Two days sore: that was too much. Rest until it is back to normal."
    )


def test_painkillers_are_named_as_what_they_count_for() -> None:
    text = confirmed(PainState.AMBER, finding("P1", Level.NOTE, pain=4, reason="painkillers"))
    assert text.startswith("4 noted, with painkillers: it counts as sore. Next:")


def test_both_knees_are_named() -> None:
    sides = (reply(5, side=Side.LEFT), reply(2, side=Side.RIGHT))
    assert confirmed(PainState.GREEN, replies=sides).startswith("Left 5 and right 2 noted. Next:")


def test_a_button_is_confirmed_by_its_word() -> None:
    assert confirmed(PainState.GREEN, replies=(reply(None, grade=Grade.GREEN),)).startswith(
        "Fine noted. Next:"
    )


def test_a_referral_goes_before_everything_else() -> None:
    text = confirmed(
        PainState.RED, finding("P1", Level.STOP, pain=8), finding("P6", Level.REFER, cause="second_red")
    )
    assert text.startswith("The second stop in four weeks. This needs a clinician, not an app.")
    assert confirmed(PainState.REFERRED) == (
        "4 noted. Stopped until a clinician has seen it. Reply `cleared` after that."
    )


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("4 or 5", 'I read "4 or 5". Which one: 4 or 5?'),
        ("7.5", 'I read "7.5". Which one: 7 or 8?'),
        ("same", 'I read "same". Which number, 0–10?'),
        ("", "Which number, 0–10?"),
        ("a" * 50, f'I read "{"a" * 40}…". Which number, 0–10?'),
    ],
)
def test_an_unclear_answer_is_asked_back(text: str, question: str) -> None:
    assert unclear_question(read(text), text) == question


def test_commands_are_confirmed_in_a_few_words() -> None:
    assert pause_confirmation(None, RUNNER, NOW) == "Paused until you send `resume`."
    assert (
        pause_confirmation(NOW + timedelta(days=3), RUNNER, NOW) == "Paused until Thursday. `resume` ends it."
    )
    assert strength_confirmation(StrengthPlan(done=2, wanted=2)) == "Done: 2 of 2 this week."
    assert COMMAND_CONFIRMATIONS[AnswerKind.HELP] == HELP
    assert alarm_confirmation(("breath",)).endswith("Call your emergency number now.")
    assert alarm_confirmation(("swollen",)) == ""


def test_whether_it_has_settled_is_confirmed_in_a_word() -> None:
    settled = (reply(None, ReplyKind.AFTER, settled=True),)
    assert confirmed(PainState.GREEN, replies=settled) == "Settled. Next: from Wednesday, up to 10.5 km."
    still = (reply(5, ReplyKind.AFTER, settled=False),)
    text = confirmed(PainState.RED, finding("P2", Level.STOP, delta=3), replies=still)
    assert text.startswith("Still 3 up an hour later: past your limit. No running yet;")


def test_none_of_the_checklist_is_confirmed() -> None:
    none = (reply(None, ReplyKind.FLAG, flag="none"),)
    assert confirmed(PainState.RED, replies=none).startswith("None of these noted. No running yet;")


@pytest.mark.parametrize(
    ("question", "back"),
    [
        (Question.SETTLED, 'I read "4 or 5". Settled to before-run level: y or n?'),
        (Question.CHECKLIST, 'I read "4 or 5". `none`, or the words that apply?'),
        (Question.WHEN, 'I read "4 or 5". `run` or `now`?'),
        (Question.OFFER, 'I read "4 or 5". `yes` or `no`?'),
        (Question.MORNING_AND_RUN, 'I read "4 or 5". Which one: 4 or 5?'),
    ],
)
def test_what_is_asked_back_fits_the_question(question: Question, back: str) -> None:
    assert unclear_question(read("4 or 5", question), "4 or 5", question) == back


def test_a_mark_names_the_run_it_was_understood_of() -> None:
    ran, state = run("a", at("11:00"), km=6.1), in_state(PainState.GREEN)
    assert (
        mark_confirmation(AnswerKind.WRONG, ran, state, RUNNER) == "Left out of everything: 6.1 km of today."
    )
    assert mark_confirmation(AnswerKind.RACE, ran, state, RUNNER) == (
        "Race: 6.1 km. Findings are in the digest. Next: from Wednesday, up to 10.5 km."
    )
    assert mark_confirmation(AnswerKind.PLANNED, ran, state, RUNNER).startswith(
        "Planned, then: 6.1 km of today."
    )


def test_cleared_later_and_status_say_what_holds() -> None:
    returning = in_state(PainState.RETURNING)
    assert cleared_confirmation(returning, RUNNER, was_stopped=True).startswith("Cleared, noted. Next: ")
    assert cleared_confirmation(returning, RUNNER, was_stopped=False) == "Noted; nothing was stopped."
    prompt = Prompt("p", PromptKind.AFTER_RUN, NOW, at("01:15", 1))
    assert later_confirmation(prompt, RUNNER, NOW) == "Later, then: your answer counts until Tuesday 01:15."
    assert later_confirmation(None, RUNNER, NOW) == "No question is waiting."
    assert status_confirmation(in_state(PainState.AMBER), RUNNER) == (
        "Knee amber, load amber. Next: from Wednesday, up to 10.5 km, flat."
    )
