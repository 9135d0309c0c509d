"""What an understood answer means for the history: which question it answers, and which facts it adds (RULES 9).

A number without a question is resolved here and nowhere else, so that every channel and the command line agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rules.answers import Answer, AnswerKind, Question
from rules.facts import (
    Activity,
    Family,
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
from rules.gates import end_of
from rules.policy import Policy

SESSION_MINUTES = 20.0
ALL_GROUPS = frozenset(MuscleGroup)
KIND_OF_PROMPT = {
    PromptKind.AFTER_RUN: ReplyKind.DURING,
    PromptKind.MORNING: ReplyKind.MORNING,
    PromptKind.WEEKLY: ReplyKind.WEEKLY,
}
"""Which answer a number is when it answers a question of that kind."""


class Mark(StrEnum):
    """What the runner says about their newest run."""

    RACE = "race"
    WRONG = "wrong"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to add to the history. `mark` is about `activity_id`; `ask_when` means that a number came without a question
    after a recent run, so the runner is asked back once whether it was during the run or is now."""

    replies: tuple[PainReply, ...] = ()
    strength: tuple[StrengthSession, ...] = ()
    pauses: tuple[Pause, ...] = ()
    skipped: Prompt | None = None
    mark: Mark | None = None
    activity_id: str | None = None
    ask_when: bool = False


def question_of(prompt: Prompt | None) -> Question:
    """How the words of an answer to this prompt are to be read."""
    if prompt is None:
        return Question.SCORE
    kinds = {PromptKind.CHECKLIST: Question.CHECKLIST, PromptKind.CLARIFY: Question.WHEN}
    return kinds.get(prompt.kind, Question.SCORE)


def open_prompt(history: History, now: datetime) -> Prompt | None:
    """The newest question that was asked, still counts and has no answer yet."""
    answered = {reply.prompt_id for reply in history.replies}
    waiting = [
        prompt
        for prompt in history.prompts
        if prompt.sent_at <= now < prompt.expires_at and not prompt.skipped and prompt.id not in answered
    ]
    return max(waiting, key=lambda prompt: (prompt.sent_at, prompt.id), default=None)


def meaning(
    answer: Answer,
    history: History,
    policy: Policy,
    now: datetime,
    *,
    when: ReplyKind | None = None,
    prompt: Prompt | None = None,
    note: str = "",
) -> Meaning:
    """The facts behind an answer given at `now`.

    `prompt` is the question whose token it carried, `when` what the runner said it is about; without either the newest
    open question counts, then a run without an answer. Answers that change nothing (`status`, `?`) mean nothing here.
    """
    now = now.astimezone(UTC)
    match answer.kind:
        case AnswerKind.PAIN | AnswerKind.YES | AnswerKind.NO:
            return _pain(answer, history, policy, now, when, prompt, note)
        case AnswerKind.DONE:
            return _done(answer, now)
        case AnswerKind.SEEN | AnswerKind.CLEARED:
            kind = ReplyKind(answer.kind.value)
            return Meaning(replies=(PainReply(_id(now, kind), now, kind, note=note),))
        case AnswerKind.PAUSE | AnswerKind.SNOOZE:
            return Meaning(pauses=(Pause(now, None if answer.span is None else now + answer.span),))
        case AnswerKind.RESUME:
            return Meaning(pauses=tuple(_ended(history, now)))
        case AnswerKind.SKIP:
            chosen = prompt or open_prompt(history, now)
            return Meaning(skipped=None if chosen is None else replace(chosen, skipped=True))
        case AnswerKind.RACE | AnswerKind.WRONG | AnswerKind.PLANNED:
            newest = newest_run(history, now)
            return Meaning(mark=Mark(answer.kind.value), activity_id=newest.id if newest else None)
        case _:
            return Meaning()


def newest_run(history: History, now: datetime) -> Activity | None:
    """The run that ended last."""
    ended = [one for one in history.activities if one.family is Family.RUN and end_of(one) <= now]
    return max(ended, key=lambda one: (end_of(one), one.id), default=None)


def _pain(
    answer: Answer,
    history: History,
    policy: Policy,
    now: datetime,
    when: ReplyKind | None,
    prompt: Prompt | None,
    note: str,
) -> Meaning:
    if prompt is None and when is None:
        prompt = open_prompt(history, now)
    if prompt is not None and prompt.kind is PromptKind.CHECKLIST:
        return Meaning(replies=tuple(_flags(answer, now, prompt)))
    kind = when or (KIND_OF_PROMPT.get(prompt.kind) if prompt else None)
    activity_id = prompt.activity_id if prompt and kind is ReplyKind.DURING else None
    if kind is None:
        unanswered = _run_without_answer(history, policy, now)
        if unanswered is not None:
            kind, activity_id = ReplyKind.DURING, unanswered.id
        elif _ran_recently(history, policy, now):
            return Meaning(ask_when=True)
        else:
            kind = ReplyKind.SPOT
    prompt_id = prompt.id if prompt else None
    return Meaning(replies=tuple(_replies(answer, kind, now, activity_id, prompt_id, note)))


def _replies(
    answer: Answer, kind: ReplyKind, now: datetime, activity_id: str | None, prompt_id: str | None, note: str
) -> Iterator[PainReply]:
    scores: dict[Side | None, int | None] = {**answer.scores} or {None: None}
    for side, score in scores.items():
        shared = PainReply(
            id=_id(now, kind, side),
            at=now,
            kind=kind,
            score=score,
            grade=answer.grade,
            side=side,
            limp=answer.limp,
            painkillers=answer.painkillers,
            activity_id=activity_id,
            prompt_id=prompt_id,
            note=note,
        )
        if kind is ReplyKind.AFTER:
            settled = answer.settled if answer.settled is not None else answer.grade is Grade.GREEN
            number = answer.settled_score if answer.settled_score is not None else score
            yield replace(shared, settled=settled, score=None if settled else number)
            continue
        yield shared
        if kind is ReplyKind.DURING and (answer.settled is not None or answer.grade is Grade.GREEN):
            yield replace(
                shared,
                id=_id(now, ReplyKind.AFTER, side),
                kind=ReplyKind.AFTER,
                settled=answer.settled is not False,
                score=answer.settled_score,
                grade=None,
                limp=False,
                painkillers=False,
            )
    if answer.run_score is not None:
        yield PainReply(
            _id(now, ReplyKind.DURING), now, ReplyKind.DURING, answer.run_score, prompt_id=prompt_id
        )


def _flags(answer: Answer, now: datetime, prompt: Prompt) -> Iterator[PainReply]:
    for flag in answer.flags:
        yield PainReply(
            f"{_id(now, ReplyKind.FLAG)}:{flag}", now, ReplyKind.FLAG, prompt_id=prompt.id, flag=flag
        )


def _done(answer: Answer, now: datetime) -> Meaning:
    start = now - timedelta(minutes=SESSION_MINUTES)
    pain = answer.score
    groups = answer.groups or ALL_GROUPS
    session = StrengthSession(f"done:{now.isoformat()}", start, SESSION_MINUTES, groups, answer.effort, pain)
    return Meaning(strength=(session,))


def _ended(history: History, now: datetime) -> Iterator[Pause]:
    for pause in history.pauses:
        if pause.start <= now and (pause.until is None or pause.until > now):
            yield replace(pause, until=now)


def _run_without_answer(history: History, policy: Policy, now: datetime) -> Activity | None:
    """The newest run, if it ended so recently that a bare number must be about it and it has no number yet."""
    newest = newest_run(history, now)
    if newest is None or now - end_of(newest) > timedelta(hours=policy.answer.bare_h):
        return None
    told = any(
        reply.kind is ReplyKind.DURING
        and (reply.activity_id == newest.id or (reply.activity_id is None and reply.at >= end_of(newest)))
        for reply in history.replies
    )
    return None if told else newest


def _ran_recently(history: History, policy: Policy, now: datetime) -> bool:
    newest = newest_run(history, now)
    return newest is not None and now - end_of(newest) <= timedelta(hours=policy.pain.attribute_h)


def _id(now: datetime, kind: ReplyKind, side: Side | None = None) -> str:
    return f"{kind.value}:{now.isoformat()}{f':{side.value}' if side else ''}"
