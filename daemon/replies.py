"""Taking an answer in: read it, add what it means to the history, assess, and say what it means now (DESIGN 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from daemon.config import AthleteConfig
from daemon.jobs.assess import Assessed, assess_athlete, channels_of, look
from daemon.store import marks
from daemon.store.answers import (
    load_answers,
    save_adaptation,
    save_pause,
    save_prompt,
    save_reply,
    save_strength,
)
from daemon.store.engine import Session, Store
from daemon.store.outbox import enqueue
from rules import confirmations as confirm
from rules.answers import Answer, AnswerKind, read
from rules.choices import later_reminder
from rules.facts import History, PainReply, Prompt, PromptKind, ReplyKind, Side
from rules.messages import sentences
from rules.open_questions import Heard, counts_until, heard
from rules.outcome import LEVEL_ORDER, Finding, Level, Message, MessageKind, PainState
from rules.prompts import CHECKLIST_TEXT
from rules.replying import SPOT_AFTER, Mark, Meaning, checklist_asked, meaning

LOUD_FROM = LEVEL_ORDER.index(Level.WARN)
GRAVE = frozenset({Level.STOP, Level.REFER, Level.EMERGENCY})


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer. `text` is what the runner reads; `understood` is False where nothing was stored. `quiet`: all
    is well and nothing is asked, so that reading it can wait."""

    text: str
    understood: bool
    quiet: bool = False


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
    about: Message | None = None,
    note: str = "",
    arrived: Callable[[Session], None] = lambda session: None,
) -> Taken:
    """Store one answer given `at`; `when` and `side` are said apart from the text by some doors, `prompt` is the question
    and `about` the message whose token it carried. `arrived` belongs to the transaction that stores what it means.

    A doubtful answer stores nothing else and is asked back. Raises StoreError.
    """
    before = look(store, athlete, now)
    if about is not None and about.kind is MessageKind.NUDGE:
        put_off = read(text).kind
        if put_off in (AnswerKind.LATER, AnswerKind.SKIP):
            return _put_off(store, replace(athlete, policy=before.policy), about, put_off, now, arrived)
    history = _with_waiting(store, athlete.name, before.history, at)
    said = heard(text, history, athlete.policy, at, when=when, prompt=prompt)
    said = replace(said, answer=_noted(_sided(said.answer, side), note, athlete.policy.checklist.words))
    answer = said.answer
    if answer.kind is AnswerKind.UNCLEAR and not answer.alarms:
        return _not_taken(store, arrived, confirm.unclear_question(answer, text, said.question))
    means = meaning(said, history, athlete.policy, at, now, note=note)
    missing = _missing(said, means)
    if missing:
        return _not_taken(store, arrived, missing)
    with store.session() as session:
        arrived(session)
        _keep(session, athlete.name, means)
    if means.waits and not answer.alarms:
        # Not assessed yet: what the number means hangs on the next word.
        return Taken(means.question, understood=True)
    assessed = assess_athlete(store, athlete, now)
    new = [stored.finding for stored in (*assessed.recorded.new, *assessed.recorded.returned)]
    asked = _asked(store, athlete, means, assessed, new, now)
    alarm = "" if said.prompt_kind is PromptKind.CHECKLIST else confirm.alarm_confirmation(answer.alarms)
    was_stopped = before.assessment.pain.overall is PainState.REFERRED
    told = _told(said, means, assessed, new, athlete, at, now, history.replies, was_stopped=was_stopped)
    loud = alarm or asked or any(LEVEL_ORDER.index(one.level) >= LOUD_FROM for one in new)
    return Taken(sentences(alarm, told, asked), understood=True, quiet=not loud)


def _not_taken(store: Store, arrived: Callable[[Session], None], question: str) -> Taken:
    with store.session() as session:
        arrived(session)
    return Taken(question, understood=False)


def _put_off(
    store: Store,
    athlete: AthleteConfig,
    reminder: Message,
    answer: AnswerKind,
    now: datetime,
    arrived: Callable[[Session], None],
) -> Taken:
    """`later` and `skip` to a reminder of strength work: no question waits, so they mean the session."""
    later = None
    with store.session() as session:
        arrived(session)
        if answer is AnswerKind.LATER:
            later = later_reminder(reminder, athlete.policy, athlete.runner, now)
        if later is not None:
            enqueue(session, athlete.name, later, channels_of(athlete, later), now)
    if answer is AnswerKind.SKIP:
        return Taken(confirm.COMMAND_CONFIRMATIONS[answer], understood=True, quiet=True)
    return Taken(confirm.put_off_confirmation(later, athlete.runner), understood=True, quiet=True)


def _with_waiting(store: Store, name: str, history: History, at: datetime) -> History:
    """The history with the numbers that wait for the word that says what they are about."""
    with store.reading() as session:
        stored = load_answers(session, name, at - SPOT_AFTER).replies
    known = {reply.id for reply in history.replies}
    return replace(history, replies=(*history.replies, *(reply for reply in stored if reply.id not in known)))


def _sided(answer: Answer, side: Side | None) -> Answer:
    """The answer with its one number on the side that was named apart from it."""
    if side is None or set(answer.scores) != {None}:
        return answer
    return replace(answer, scores={side: answer.scores[None]})


def _noted(answer: Answer, note: str, alarm_words: Sequence[str]) -> Answer:
    """The answer with the words of its note that bring up the checklist."""
    alarms = read(note, alarm_words=alarm_words).alarms if note else ()
    return replace(answer, alarms=tuple(dict.fromkeys((*answer.alarms, *alarms)))) if alarms else answer


def _missing(said: Heard, means: Meaning) -> str:
    """What a command lacks to mean anything; empty where nothing is missing."""
    match said.answer.kind:
        case AnswerKind.RACE | AnswerKind.WRONG | AnswerKind.PLANNED if means.activity is None:
            return confirm.NO_RUN
        case AnswerKind.SKIP if said.prompt is None:
            return confirm.NO_QUESTION
        case AnswerKind.EFFORT if not means.strength:
            return confirm.NO_SESSION
    return ""


def _asked(
    store: Store,
    athlete: AthleteConfig,
    means: Meaning,
    assessed: Assessed,
    new: list[Finding],
    now: datetime,
) -> str:
    """The one question that the direct answer ends with. The checklist goes before all others, and is asked here where no
    channel can carry it."""
    grave = assessed.assessment.pain.overall is PainState.REFERRED or any(one.level in GRAVE for one in new)
    withdrawn = [replace(one, skipped=True) for one in means.prompts if one.kind is PromptKind.SETTLED]
    unsent = any(
        message.question is not None
        and message.question.kind is PromptKind.CHECKLIST
        and not channels_of(athlete, message)
        for message in assessed.messages
    )
    if not grave:
        return means.question
    with store.session() as session:
        for prompt in (*withdrawn, *((checklist_asked(now),) if unsent else ())):
            save_prompt(session, athlete.name, prompt)
    return CHECKLIST_TEXT if unsent else "" if withdrawn else means.question


def _told(
    said: Heard,
    means: Meaning,
    assessed: Assessed,
    new: list[Finding],
    athlete: AthleteConfig,
    at: datetime,
    now: datetime,
    before: Sequence[PainReply],
    *,
    was_stopped: bool,
) -> str:
    """What the answer means now."""
    answer, runner, assessment = said.answer, athlete.runner, assessed.assessment
    match answer.kind:
        case AnswerKind.UNCLEAR:
            return ""
        case AnswerKind.CLEARED:
            return confirm.cleared_confirmation(assessment, runner, was_stopped=was_stopped)
        case AnswerKind.PAUSE | AnswerKind.SNOOZE:
            return confirm.pause_confirmation(means.pauses[0].until, runner, now)
        case AnswerKind.DONE:
            return confirm.strength_confirmation(assessment.strength)
        case AnswerKind.STATUS:
            return confirm.status_confirmation(assessment, runner)
        case AnswerKind.LATER:
            return confirm.later_confirmation(said.prompt, runner, now)
        case AnswerKind.RACE | AnswerKind.WRONG | AnswerKind.PLANNED if means.activity is not None:
            return confirm.mark_confirmation(answer.kind, means.activity, assessment, runner)
        case _ if means.adaptations:
            return confirm.ACCEPTED if means.adaptations[-1].accepted else confirm.DECLINED
        case kind if kind in confirm.COMMAND_CONFIRMATIONS:
            return confirm.COMMAND_CONFIRMATIONS[kind]
    until = None if said.prompt is None else counts_until(said.prompt, athlete.policy)
    if until is not None and at > until:
        return confirm.TOO_LATE
    counting = [one for one in before if until is None or one.at <= until]
    if _is_overtaken(means.replies, counting):
        return confirm.overtaken_confirmation(means.replies, assessment, runner)
    return confirm.pain_confirmation(means.replies, new, assessment, runner)


def _is_overtaken(replies: Sequence[PainReply], before: Sequence[PainReply]) -> bool:
    """Whether all of this answer was delayed, and one given later is known already."""
    return bool(replies) and all(
        any(
            one.at > reply.at
            and one.prompt_id is not None
            and (one.kind, one.prompt_id, one.side) == (reply.kind, reply.prompt_id, reply.side)
            for one in before
        )
        for reply in replies
    )


def _keep(session: Session, name: str, means: Meaning) -> None:
    for reply in means.replies:
        save_reply(session, name, reply)
    for done in means.strength:
        save_strength(session, name, done)
    for pause in means.pauses:
        save_pause(session, name, pause)
    for adaptation in means.adaptations:
        save_adaptation(session, name, adaptation)
    for prompt in means.prompts:
        save_prompt(session, name, prompt)
    if means.mark is not None and means.activity is not None:
        _mark(session, name, means.mark, means.activity.id)


def _mark(session: Session, athlete: str, mark: Mark, activity_id: str) -> None:
    match mark:
        case Mark.RACE:
            marks.mark_race(session, athlete, activity_id)
        case Mark.WRONG:
            marks.exclude(session, athlete, activity_id)
        case Mark.PLANNED:
            marks.mark_planned(session, athlete, activity_id)
