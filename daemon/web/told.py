"""What was answered to a question, in words for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.store.answers import replies_to
from daemon.store.conversation import Outcome, said_to
from daemon.store.engine import Session
from rules.answers import AnswerKind, Question, read
from rules.choices import CALL_NOW, CLINICIAN, OF_QUESTION, READ, SESSION, Button
from rules.confirmations import GRADE_WORDS, SIDE_WORDS
from rules.facts import PainReply, PromptKind, ReplyKind, Runner
from rules.outcome import Message
from rules.phrases import capital, clock_words, day, listing, local_date

NUDGED = frozenset({AnswerKind.DONE, AnswerKind.LATER, AnswerKind.SKIP, AnswerKind.SEEN, AnswerKind.CLEARED})
OFFERED = frozenset({AnswerKind.YES, AnswerKind.NO})
BUTTONS: tuple[Button, ...] = (*SESSION, *READ, *(one for own in OF_QUESTION.values() for one in own))
LABELS = {one.answer: one.label for one in BUTTONS}
ITEMS = {one.answer.replace(" ", "_"): one.label for one in (*CALL_NOW, *CLINICIAN)} | {
    "deformity": "It looks deformed",
    "none": "None of these",
    "any": "Yes",
}


@dataclass(frozen=True, slots=True)
class Told:
    """The answer that counts: its words, when the first one and the last one came, and what was said to the last;
    `replies` are its parts that are about pain."""

    words: str
    first_at: datetime
    at: datetime
    confirmation: str
    replies: tuple[PainReply, ...] = ()


def told_to(session: Session, athlete: str, message: Message) -> Told | None:
    """What was answered to a message, on whichever channel; None where nothing was."""
    said = [one for one in said_to(session, athlete, message.key) if one.outcome is Outcome.TAKEN]
    question = message.question
    if question is not None and question.kind is not PromptKind.OFFER:
        replies = replies_to(session, athlete, message.key)
        if not replies:
            return None
        newest = newest_replies(replies)
        after = [one for one in said if one.at >= replies[-1].at]
        confirmation = after[-1].confirmation if after else ""
        return Told(reply_words(newest), replies[0].at, replies[-1].at, confirmation, newest)
    # "later" puts a question off, but it is an answer to a reminder.
    kinds = NUDGED if question is None else OFFERED
    way = Question.SCORE if question is None else Question.OFFER
    answers = [one for one in said if read(one.text, way).kind in kinds]
    if not answers:
        return None
    last = answers[-1]
    words = LABELS.get(last.text, capital(last.text))
    return Told(words, answers[0].at, last.at, last.confirmation)


def newest_replies(replies: Sequence[PainReply]) -> tuple[PainReply, ...]:
    """Of several answers to one question the last of each kind and side; of the checklist all items of the last time."""
    last_flags = max((one.at for one in replies if one.kind is ReplyKind.FLAG), default=None)
    newest: dict[tuple[object, ...], PainReply] = {}
    for one in sorted(replies, key=lambda each: each.at):
        if one.kind is ReplyKind.FLAG and one.at != last_flags:
            continue
        newest[one.kind, one.side, one.flag] = one
    return tuple(newest.values())


def reply_words(replies: Sequence[PainReply]) -> str:
    """ "4", "Left 5 and right 2", "1 this morning and 3 in the run", "Settled"; empty where there is no answer about pain."""
    flags = [ITEMS.get(one.flag or "", one.flag or "") for one in replies if one.kind is ReplyKind.FLAG]
    if flags:
        return listing([flags[0], *(label[:1].lower() + label[1:] for label in flags[1:])])
    scored = [one for one in replies if one.kind is not ReplyKind.AFTER and _value(one)]
    if not scored:
        settled = [one for one in replies if one.kind is ReplyKind.AFTER]
        return "" if not settled else "Settled" if settled[-1].settled else "Not settled"
    kinds = {one.kind for one in scored}
    if kinds == {ReplyKind.MORNING, ReplyKind.DURING}:
        where = {ReplyKind.MORNING: "this morning", ReplyKind.DURING: "in the run"}
        return listing([f"{_value(one)} {where[one.kind]}" for one in scored])
    if len(scored) == 1 and scored[0].side is None:
        return _value(scored[0])
    return capital(listing([" ".join(filter(None, (_side(one), _value(one)))) for one in scored]))


def when_words(instant: datetime, runner: Runner, now: datetime) -> str:
    """ "today at 19:42", "on Tuesday at 19:42"."""
    on = day(local_date(instant, runner), local_date(now, runner))
    return f"{on if on == 'today' else f'on {on}'} at {clock_words(instant, runner)}"


def _side(reply: PainReply) -> str:
    return SIDE_WORDS[reply.side] if reply.side else ""


def _value(reply: PainReply) -> str:
    if reply.score is not None:
        return str(reply.score)
    return GRADE_WORDS.get(reply.grade, "") if reply.grade is not None else ""
