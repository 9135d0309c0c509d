"""Which question an answer is to, and how its words are read in that light (RULES 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.answers import Answer, AnswerKind, Question, read
from rules.facts import Activity, Family, History, Prompt, PromptKind, ReplyKind
from rules.gates import end_of, gate_reason
from rules.policy import Policy
from rules.settling import ASKED_UNTIL, SETTLES_WITHIN, asked_or_told, hurt, newest_by_side, worth_asking

QUESTION_OF = {
    PromptKind.CHECKLIST: Question.CHECKLIST,
    PromptKind.CLARIFY: Question.WHEN,
    PromptKind.SETTLED: Question.SETTLED,
    PromptKind.OFFER: Question.OFFER,
}
CHECKLIST_IN_REPLY = "checklist:"
"""How the id of a checklist begins that a direct answer has asked."""
ABOUT_ANYTHING = frozenset(AnswerKind) - {
    AnswerKind.PAIN,
    AnswerKind.YES,
    AnswerKind.NO,
    AnswerKind.RUN,
    AnswerKind.NOW,
    AnswerKind.UNCLEAR,
}
"""Words that mean the same whatever was asked."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it was read. `question` is what it was read as an answer to, `prompt` the question with its time and run;
    None where none of those that wait is meant. `when` is set where the runner or the words said what it is about."""

    answer: Answer
    question: Question
    prompt: Prompt | None = None
    when: ReplyKind | None = None

    @property
    def prompt_kind(self) -> PromptKind | None:
        return self.prompt.kind if self.prompt else None


def question_of(prompt: Prompt | None, history: History) -> Question:
    """How the words of an answer to this prompt are to be read."""
    if prompt is None:
        return Question.SCORE
    if prompt.kind is PromptKind.MORNING and _asks_about_the_run_too(prompt, history):
        return Question.MORNING_AND_RUN
    return QUESTION_OF.get(prompt.kind, Question.SCORE)


def counts_until(prompt: Prompt, policy: Policy) -> datetime:
    """Until when an answer to this prompt is more than a note (RULES 6); the checklist is open for longer than the rest."""
    return max(prompt.sent_at + timedelta(hours=policy.answer.token_h), prompt.expires_at)


def open_prompts(history: History, now: datetime) -> list[Prompt]:
    """Questions that were asked, still count and have no answer yet, the newest first."""
    answered = {
        reply.prompt_id for reply in history.replies if reply.at <= now and reply.flag != "any"
    }  # a bare yes to the checklist still lacks its item
    return sorted(
        (
            prompt
            for prompt in history.prompts
            if prompt.sent_at <= now < prompt.expires_at
            and not prompt.skipped
            and (prompt.kind is PromptKind.CLARIFY or prompt.id not in answered)
        ),
        key=lambda prompt: (prompt.sent_at, prompt.id),
        reverse=True,
    )


def heard(
    text: str,
    history: History,
    policy: Policy,
    now: datetime,
    *,
    when: ReplyKind | None = None,
    prompt: Prompt | None = None,
) -> Heard:
    """Read `text`, said at `now`.

    `prompt` is the question whose token it carried, `when` what the runner said it is about. Without either it answers the
    newest open question that such words can answer, else none.
    """
    words = policy.checklist.words
    if when is not None:
        question = Question.SETTLED if when is ReplyKind.AFTER else Question.SCORE
        return Heard(read(text, question, words), question, None, when)
    if prompt is not None:
        since = _asked_in_reply(text, prompt, history, now, words)
        if since is not None:
            return since
        question = question_of(prompt, history)
        answer = read(text, question, words)
        if answer.kind in ABOUT_ANYTHING or answer.kind is AnswerKind.UNCLEAR or _fits(answer, question):
            return Heard(answer, question, prompt)
    waiting = open_prompts(history, now)
    newest = waiting[0] if waiting else None
    plain = Heard(read(text, question_of(newest, history), words), question_of(newest, history))
    if plain.answer.kind in ABOUT_ANYTHING:
        closes = plain.answer.kind in (AnswerKind.SKIP, AnswerKind.LATER)
        return Heard(plain.answer, plain.question, newest if closes else None)
    settled = read(text, Question.SETTLED, words)
    yes_or_no = settled.kind in (AnswerKind.YES, AnswerKind.NO)
    for one in waiting:
        question = question_of(one, history)
        answer = read(text, question, words)
        # "n 5" holds a number, but a question for a number is not answered with no.
        if _fits(answer, question) and not (yes_or_no and answer.kind is AnswerKind.PAIN):
            return Heard(answer, question, one)
    if yes_or_no:
        if unsettled_run(history, policy, now, asks=False) is not None:
            return Heard(settled, Question.SETTLED, None, ReplyKind.AFTER)
        return Heard(replace(settled, kind=AnswerKind.UNCLEAR), Question.SCORE)
    bare = read(text, Question.SCORE, words)
    return Heard(bare, Question.SCORE) if bare.kind is AnswerKind.PAIN else plain


def _asked_in_reply(
    text: str, prompt: Prompt, history: History, now: datetime, words: Sequence[str]
) -> Heard | None:
    """The answer to what the direct answer to `prompt` has asked: in a mail's thread it carries the token of the first
    question. A number alone corrects that one; None then."""
    numbered = any(character.isdecimal() for character in text)
    for one in open_prompts(history, now):
        same_run = one.kind is PromptKind.SETTLED and one.activity_id == prompt.activity_id
        # A checklist that came as a message of its own has a token of its own.
        checklist = one.id.startswith(CHECKLIST_IN_REPLY) and not numbered
        if one.sent_at <= prompt.sent_at or not (same_run or checklist):
            continue
        question = question_of(one, history)
        answer = read(text, question, words)
        if answer.kind in (AnswerKind.YES, AnswerKind.NO):
            return Heard(answer, question, one)
    return None


def newest_run(history: History, now: datetime) -> Activity | None:
    """The run that ended last."""
    ended = [one for one in history.activities if one.family is Family.RUN and end_of(one) <= now]
    return max(ended, key=lambda one: (end_of(one), one.id), default=None)


def newest_counted_run(history: History, policy: Policy, now: datetime) -> Activity | None:
    """The run that ended last of those that count."""
    counted = tuple(one for one in history.activities if gate_reason(one, policy) is None)
    return newest_run(History(activities=counted), now)


def unsettled_run(history: History, policy: Policy, now: datetime, *, asks: bool = True) -> Activity | None:
    """The newest run, if pain was told of it and nothing yet of its settling, while that is worth asking, or without
    `asks` worth hearing."""
    run = newest_counted_run(history, policy, now)
    if run is None or not SETTLES_WITHIN <= now - end_of(run) <= ASKED_UNTIL:
        return None
    about = [
        reply
        for reply in history.replies
        if reply.activity_id == run.id or (reply.activity_id is None and end_of(run) <= reply.at <= now)
    ]
    told = newest_by_side(reply for reply in about if reply.kind is ReplyKind.DURING)
    open_still = worth_asking(told, policy.p1.amber) if asks else hurt(told)
    return run if open_still and not asked_or_told(about, history.prompts, run.id) else None


def _asks_about_the_run_too(prompt: Prompt, history: History) -> bool:
    """An evening's run that could not be asked about before the night (RULES 9)."""
    run_id = prompt.activity_id
    run = next((one for one in history.activities if one.id == run_id), None)
    if run is None or run.family is not Family.RUN:
        return False
    asked = any(one.activity_id == run_id and one.kind is PromptKind.AFTER_RUN for one in history.prompts)
    told = any(
        reply.kind is ReplyKind.DURING and reply.activity_id == run_id and reply.prompt_id != prompt.id
        for reply in history.replies
    )
    return not asked and not told


def _fits(answer: Answer, question: Question) -> bool:
    """Whether an answer read as one to this question can be one."""
    match question:
        case Question.SCORE | Question.MORNING_AND_RUN:
            return answer.kind is AnswerKind.PAIN
        case Question.SETTLED:
            # A number alone would as well be the pain of the run once more, or of now.
            clear = answer.grade is not None or answer.settled is not None or answer.score == 0
            return answer.kind in (AnswerKind.YES, AnswerKind.NO) or (
                answer.kind is AnswerKind.PAIN and clear
            )
        case Question.WHEN:
            return answer.kind in (AnswerKind.RUN, AnswerKind.NOW)
        case Question.CHECKLIST | Question.OFFER:
            return answer.kind in (AnswerKind.YES, AnswerKind.NO)
