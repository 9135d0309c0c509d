"""What an answer means: which facts it adds, and what is asked next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakes.talk import POLICY, at, run

from rules.facts import (
    Activity,
    Adaptation,
    Grade,
    History,
    MuscleGroup,
    PainReply,
    Pause,
    Prompt,
    PromptKind,
    ReplyKind,
    Side,
    StrengthSession,
)
from rules.open_questions import heard
from rules.replying import SPOT_AFTER, Mark, Meaning, meaning

RUN = run("a", at("12:00"))
AFTER_RUN, NOW = at("13:15"), at("14:00")


def asked(kind: PromptKind, sent: datetime = AFTER_RUN, run_id: str | None = "a") -> Prompt:
    return Prompt(f"{kind.value}:{sent:%d%H%M}", kind, sent, sent + timedelta(hours=12), run_id)


def means(
    text: str,
    *prompts: Prompt,
    runs: tuple[Activity, ...] = (RUN,),
    replies: tuple[PainReply, ...] = (),
    when: ReplyKind | None = None,
    now: datetime = NOW,
    history: History | None = None,
    told_at: datetime | None = None,
) -> Meaning:
    history = history or History(activities=runs, prompts=prompts, replies=replies)
    moment = told_at or now
    return meaning(heard(text, history, POLICY, moment, when=when), history, POLICY, moment, now)


def told(meant: Meaning) -> list[tuple[ReplyKind, int | None, bool | None]]:
    return [(reply.kind, reply.score, reply.settled) for reply in meant.replies]


# Numbers


def test_a_bare_number_within_twelve_hours_of_a_run_is_the_pain_of_that_run() -> None:
    (reply,) = means("2", now=at("23:59")).replies
    assert (reply.kind, reply.score, reply.activity_id) == (ReplyKind.DURING, 2, "a")


def test_the_number_of_a_question_belongs_to_its_run_and_kind() -> None:
    morning = asked(PromptKind.MORNING, at("07:30", 1))
    (reply,) = means("1", morning, now=at("07:40", 1)).replies
    assert (reply.kind, reply.activity_id, reply.prompt_id) == (ReplyKind.MORNING, "a", morning.id)
    (reply,) = means("1", asked(PromptKind.WEEKLY, run_id=None)).replies
    assert (reply.kind, reply.activity_id) == (ReplyKind.WEEKLY, None)


def test_an_evening_s_morning_question_takes_two_numbers() -> None:
    morning = asked(PromptKind.MORNING, at("07:30", 1))
    meant = means("1 3", morning, runs=(run("a", at("21:50")),), now=at("07:40", 1))
    assert told(meant) == [(ReplyKind.MORNING, 1, None), (ReplyKind.DURING, 3, None)]
    assert {(reply.activity_id, reply.prompt_id) for reply in meant.replies} == {("a", morning.id)}
    assert meant.question == "", "the morning says whether it has settled"


def test_a_number_long_after_any_run_is_how_it_is_now() -> None:
    assert told(means("2", now=at("00:01", 2))) == [(ReplyKind.SPOT, 2, None)]
    assert told(means("2", runs=())) == [(ReplyKind.SPOT, 2, None)]


def test_a_run_that_does_not_count_takes_no_number() -> None:
    assert told(means("2", runs=(replace(RUN, excluded=True),))) == [(ReplyKind.SPOT, 2, None)]


def test_said_of_the_run_the_morning_or_now_it_is_that() -> None:
    for when in (ReplyKind.DURING, ReplyKind.MORNING, ReplyKind.SPOT):
        (reply,) = means("2", asked(PromptKind.AFTER_RUN), when=when).replies
        assert (reply.kind, reply.prompt_id) == (when, None)
    assert told(means("2", when=ReplyKind.AFTER)) == [(ReplyKind.AFTER, 2, None)]


def test_each_side_limp_and_pills_are_kept() -> None:
    replies = means("left 5 right 2 pills", asked(PromptKind.AFTER_RUN)).replies
    assert [(one.side, one.score, one.painkillers) for one in replies] == [
        (Side.LEFT, 5, True),
        (Side.RIGHT, 2, True),
    ]
    assert len({reply.id for reply in replies}) == 2
    assert means("2 limp", asked(PromptKind.AFTER_RUN)).replies[0].limp


def test_three_buttons_store_grades_and_fine_after_a_run_has_settled() -> None:
    fine = means("Fine", asked(PromptKind.AFTER_RUN))
    assert [(one.kind, one.grade, one.settled) for one in fine.replies] == [
        (ReplyKind.DURING, Grade.GREEN, None),
        (ReplyKind.AFTER, None, True),
    ]
    sore = means("Sore", asked(PromptKind.AFTER_RUN))
    assert [(one.kind, one.grade) for one in sore.replies] == [(ReplyKind.DURING, Grade.AMBER)]
    assert sore.question == ""
    (bad,) = means("bad", asked(PromptKind.MORNING, at("13:30"))).replies
    assert (bad.kind, bad.grade) == (ReplyKind.MORNING, Grade.RED)


# During the run, or now?


ANSWERED = PainReply("d", at("13:20"), ReplyKind.DURING, 1, activity_id="a")
SETTLED = PainReply("s", at("13:20"), ReplyKind.AFTER, settled=True, activity_id="a")


def waiting() -> tuple[Meaning, History]:
    history = History(activities=(RUN,), replies=(ANSWERED, SETTLED))
    meant = means("4", history=history)
    return meant, replace(history, prompts=meant.prompts, replies=(*history.replies, *meant.replies))


def test_a_number_after_a_run_that_was_told_is_asked_back_and_counts_as_now_without_an_answer() -> None:
    meant, _ = waiting()
    assert (meant.question, meant.waits) == ("During the run, or now?", True)
    assert told(meant) == [(ReplyKind.SPOT, 4, None)]
    assert meant.replies[0].at == NOW + SPOT_AFTER


@pytest.mark.parametrize(
    ("word", "kind", "run_id"), [("run", ReplyKind.DURING, "a"), ("now", ReplyKind.SPOT, None)]
)
def test_the_next_word_says_what_the_number_was_about(word: str, kind: ReplyKind, run_id: str | None) -> None:
    first, history = waiting()
    later = NOW + timedelta(minutes=1)
    meant = means(word, history=history, now=later)
    (reply,) = meant.replies
    assert (reply.id, reply.kind, reply.score) == (first.replies[0].id, kind, 4)
    assert (reply.at, reply.activity_id) == (later, run_id)
    assert [(prompt.kind, prompt.skipped) for prompt in meant.prompts] == [(PromptKind.CLARIFY, True)]


def test_it_is_asked_back_once_only() -> None:
    first, history = waiting()
    again = means("5", history=history, now=NOW + timedelta(minutes=1))
    assert not again.waits
    assert [(one.id, one.score) for one in again.replies] == [(first.replies[0].id, 5)]
    assert again.prompts[0].skipped


def test_a_number_of_an_earlier_hour_does_not_wait() -> None:
    history = History(activities=(RUN,), replies=(ANSWERED, SETTLED))
    meant = means("4", history=history, told_at=at("13:40"))
    assert [(reply.kind, reply.at) for reply in meant.replies] == [(ReplyKind.SPOT, at("13:40"))]


# Settled?


def test_pain_told_an_hour_after_the_run_brings_the_question_with_the_answer() -> None:
    meant = means("4", asked(PromptKind.AFTER_RUN), now=at("13:20"))
    assert meant.question == "Settled to before-run level? y / n"
    (prompt,) = meant.prompts
    assert (prompt.kind, prompt.activity_id, prompt.sent_at) == (PromptKind.SETTLED, "a", at("13:20"))
    assert prompt.expires_at == at("01:20", 1)


def test_later_the_question_names_the_hour() -> None:
    meant = means("4", asked(PromptKind.AFTER_RUN))
    assert meant.question == "Settled to before-run level an hour after? y / n"


@pytest.mark.parametrize(
    ("text", "clock"), [("0", "13:20"), ("7", "13:20"), ("3 limp", "13:20"), ("3 y", "13:20"), ("3", "12:30")]
)
def test_it_is_not_asked_of_no_pain_of_a_stop_of_what_was_said_or_too_early(text: str, clock: str) -> None:
    meant = means(text, now=at(clock))
    assert (meant.question, meant.prompts) == ("", ())


def test_in_a_pause_nothing_is_asked() -> None:
    history = History(activities=(RUN,), pauses=(Pause(at("13:00")),))
    assert means("4", history=history, now=at("13:20")).question == ""


HURT = PainReply("d", at("13:20"), ReplyKind.DURING, 4, activity_id="a")


@pytest.mark.parametrize(
    ("text", "score", "settled"),
    [
        ("y", None, True),
        ("yes", None, True),
        ("n", None, False),
        ("n 5", 5, False),
        ("none", None, True),
        ("fine", None, True),
    ],
)
def test_the_answer_says_whether_it_has_settled(text: str, score: int | None, settled: bool) -> None:
    for prompts in ((asked(PromptKind.SETTLED, at("13:20")),), ()):
        if not prompts and text in ("none", "fine"):
            continue
        meant = means(text, *prompts, replies=(HURT,))
        assert told(meant) == [(ReplyKind.AFTER, score, settled)]


def test_the_pain_of_the_run_may_be_corrected_in_the_same_breath() -> None:
    meant = means("3 y", asked(PromptKind.SETTLED, at("13:20")), replies=(HURT,))
    assert told(meant) == [(ReplyKind.DURING, 3, None), (ReplyKind.AFTER, None, True)]
    assert told(means("4 n 5 L", asked(PromptKind.AFTER_RUN))) == [
        (ReplyKind.DURING, 4, None),
        (ReplyKind.AFTER, 5, False),
    ]


# Safety


CHECKLIST = asked(PromptKind.CHECKLIST, at("13:30"), None)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("none", ["none"]),
        ("no", ["none"]),
        ("locked, and hot", ["locked", "hot"]),
        ("chest", ["chest"]),
        ("yes", ["any"]),
    ],
)
def test_the_checklist_takes_its_items_none_or_a_bare_yes(text: str, flags: list[str]) -> None:
    meant = means(text, CHECKLIST)
    assert [reply.flag for reply in meant.replies] == flags
    assert {reply.kind for reply in meant.replies} == {ReplyKind.FLAG}
    assert meant.question.startswith("Which one?") == (flags == ["any"])


def test_after_a_bare_yes_the_item_may_still_be_named() -> None:
    first = means("yes", CHECKLIST)
    meant = means("gave way", CHECKLIST, replies=first.replies)
    assert [reply.flag for reply in meant.replies] == ["gave_way"]


def test_a_word_of_alarm_brings_up_the_checklist_at_once_whatever_else_was_said() -> None:
    for text in ("3 and it is swollen", "it popped"):
        meant = means(text, asked(PromptKind.AFTER_RUN))
        assert meant.question.startswith("Any of these?")
        assert [prompt.kind for prompt in meant.prompts] == [PromptKind.CHECKLIST]
    assert means("it popped", CHECKLIST).question == "", "as an answer to the checklist it is an item"


def test_seen_and_cleared_are_answers() -> None:
    assert [means(word).replies[0].kind for word in ("seen", "cleared")] == [
        ReplyKind.SEEN,
        ReplyKind.CLEARED,
    ]


# Commands


def test_done_is_a_session_of_the_groups_named_else_of_all() -> None:
    (session,) = means("done q c easy 1").strength
    assert session.groups == {MuscleGroup.QUADRICEPS, MuscleGroup.CALVES}
    assert (session.effort, session.pain, session.minutes) == (5, 1, 20)
    assert session.start == NOW - timedelta(minutes=20)
    assert means("done").strength[0].groups == set(MuscleGroup)


def test_easy_or_hard_rates_the_session_of_today() -> None:
    session = StrengthSession("done:x", at("13:00"), 20)
    history = History(strength=(session,))
    assert means("hard", history=history).strength == (replace(session, effort=8),)
    assert means("hard", history=history, now=at("14:00", 1)) == Meaning()


def test_skip_closes_the_newest_question_without_silence() -> None:
    prompt = asked(PromptKind.AFTER_RUN)
    assert means("skip", prompt).prompts == (replace(prompt, skipped=True),)
    assert means("skip") == Meaning()


def test_a_pause_lasts_as_long_as_said_and_resume_ends_every_one() -> None:
    assert means("pause 7d").pauses == (Pause(NOW, NOW + timedelta(days=7)),)
    assert means("stop").pauses == (Pause(NOW),)
    assert means("snooze 3d").pauses == (Pause(NOW, NOW + timedelta(days=3)),)
    over, standing = Pause(at("08:00"), at("09:00")), Pause(at("10:00"))
    assert means("resume", history=History(pauses=(over, standing))).pauses == (replace(standing, until=NOW),)


@pytest.mark.parametrize("word", ["race", "wrong", "planned"])
def test_a_mark_is_about_the_newest_run(word: str) -> None:
    older = run("old", at("12:00", -1))
    meant = means(word, asked(PromptKind.MORNING, run_id="old"), runs=(older, RUN))
    assert (meant.mark, meant.activity) == (Mark(word), RUN)
    assert means(word, runs=()).activity is None


def test_the_offer_is_accepted_by_yes_and_declined_by_no() -> None:
    offer = asked(PromptKind.OFFER, run_id=None)
    assert means("yes", offer, runs=()).adaptations == (Adaptation(NOW, True),)
    assert means("no", offer, runs=()).adaptations == (Adaptation(NOW, False),)


def test_words_that_change_nothing_mean_nothing() -> None:
    for word in ("status", "?", "later"):
        assert means(word, asked(PromptKind.AFTER_RUN)) == Meaning()
