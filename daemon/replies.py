"""Taking an answer in: read it, add what it means to the history, assess, and say what it means now (DESIGN 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete, look
from daemon.store import marks
from daemon.store.answers import save_pause, save_prompt, save_reply, save_strength
from daemon.store.engine import Store
from rules.answers import Answer, AnswerKind, Question, read
from rules.confirmations import (
    COMMAND_CONFIRMATIONS,
    WHEN_QUESTION,
    alarm_confirmation,
    pain_confirmation,
    pause_confirmation,
    strength_confirmation,
    unclear_question,
)
from rules.facts import Prompt, ReplyKind, Side
from rules.replying import Mark, Meaning, meaning, open_prompt, question_of

NO_RUN = "There is no run yet that this could be about."


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer. `text` is what the runner reads; `understood` is False where nothing was stored."""

    text: str
    understood: bool


def take_answer(
    store: Store,
    athlete: AthleteConfig,
    text: str,
    at: datetime,
    now: datetime,
    *,
    when: ReplyKind | None = None,
    side: Side | None = None,
    prompt: Prompt | None = None,
    note: str = "",
) -> Taken:
    """Store one answer given `at`; `when` and `side` are said apart from the text by some doors.

    A doubtful answer stores nothing and is asked back. Raises StoreError.
    """
    history = look(store, athlete, now).history
    asked = prompt or (open_prompt(history, at) if when is None else None)
    question = Question.SETTLED if when is ReplyKind.AFTER else question_of(asked)
    answer = _sided(read(text, question, athlete.policy.checklist.words), side)
    alarm = alarm_confirmation(answer.alarms)
    if answer.kind is AnswerKind.UNCLEAR:
        return Taken(alarm or unclear_question(answer, text), understood=False)
    means = meaning(answer, history, athlete.policy, at, when=when, prompt=prompt, note=note)
    if means.ask_when:
        return Taken(WHEN_QUESTION, understood=False)
    if means.mark is not None and means.activity_id is None:
        return Taken(NO_RUN, understood=False)
    with store.session() as session:
        _keep(session, athlete, means)
    assessed = assess_athlete(store, athlete, now)
    new = [stored.finding for stored in (*assessed.recorded.new, *assessed.recorded.returned)]
    if means.replies and answer.kind not in (AnswerKind.SEEN, AnswerKind.CLEARED):
        said = pain_confirmation(means.replies, new, assessed.assessment, athlete.runner)
    elif means.strength:
        said = strength_confirmation(assessed.assessment.strength)
    elif answer.kind in (AnswerKind.PAUSE, AnswerKind.SNOOZE):
        said = pause_confirmation(means.pauses[0].until, athlete.runner, now)
    else:
        said = COMMAND_CONFIRMATIONS.get(answer.kind, "Noted.")
    return Taken(" ".join(part for part in (alarm, said) if part), understood=True)


def _sided(answer: Answer, side: Side | None) -> Answer:
    """The answer with its one number on the side that was named apart from it."""
    if side is None or set(answer.scores) != {None}:
        return answer
    return replace(answer, scores={side: answer.scores[None]})


def _keep(session: Session, athlete: AthleteConfig, means: Meaning) -> None:
    name = athlete.name
    for reply in means.replies:
        save_reply(session, name, reply)
    for done in means.strength:
        save_strength(session, name, done)
    for pause in means.pauses:
        save_pause(session, name, pause)
    if means.skipped is not None:
        save_prompt(session, name, means.skipped)
    if means.mark is not None and means.activity_id is not None:
        _mark(session, name, means.mark, means.activity_id)


def _mark(session: Session, athlete: str, mark: Mark, activity_id: str) -> None:
    match mark:
        case Mark.RACE:
            marks.mark_race(session, athlete, activity_id)
        case Mark.WRONG:
            marks.exclude(session, athlete, activity_id)
        case Mark.PLANNED:
            marks.mark_planned(session, athlete, activity_id)
