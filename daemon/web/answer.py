"""The page behind a link in a message: its one question, and afterwards what was understood and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from werkzeug.wrappers import Response

from daemon.jobs.answering import prompt_of
from daemon.web.questions import (
    CLEARED,
    Form,
    Incomplete,
    Way,
    message_text,
    prompt_text,
    question_form,
    take_form,
    word_form,
)
from daemon.web.told import Told, told_to, when_words
from daemon.web.visit import Visit
from rules.choices import READ, SESSION
from rules.facts import PromptKind, ReplyKind, Side
from rules.headlines import CALL_NOW_TITLE, EMERGENCY
from rules.messages import READ as READ_SENTENCE
from rules.messages import READ_AND_CLEARED
from rules.open_questions import counts_until, open_prompts
from rules.outcome import Message, MessageKind, PainState
from rules.phrases import local_date
from rules.prompts import CHECKLIST_TEXT
from rules.settling import SETTLED_LATE_TEXT, SETTLED_TEXT
from rules.timing import at_clock_time

CORRECTED_WITHIN = timedelta(hours=12)
READ_ID, CLEARED_ID = "read", "cleared"
TO_BE_READ = (READ_AND_CLEARED, READ_SENTENCE)
ASKED_TOO = frozenset({PromptKind.SETTLED, PromptKind.CHECKLIST})
"""What the direct answer to a number may ask."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message and what was answered to it so far; `until` it can be answered or corrected."""

    message: Message
    told: Told | None
    until: datetime
    open: bool


def show(visit: Visit, message: Message) -> Response:
    """The question, or what came of it."""
    return _page(visit, _exchange(visit, message))


def take(visit: Visit, message: Message) -> Response:
    """One answer: to the question, to what the direct answer asked, or a correction."""
    exchange = _exchange(visit, message)
    wanted = visit.field("question", 500)
    form = next((one for one in _forms(visit, exchange) if one.id == wanted), None)
    if form is None or visit.asked is None:
        # Answered or closed since the page was loaded: what holds now is the answer to that.
        return visit.see_other(visit.request.path) if exchange.open else _page(visit, exchange)
    try:
        take_form(visit, form, token=visit.asked.token)
    except Incomplete as error:
        return _page(visit, exchange, error.form)
    return visit.see_other(visit.request.path)


def _exchange(visit: Visit, message: Message) -> Exchange:
    with visit.house.store.reading() as session:
        told = told_to(session, visit.athlete.name, message)
    until = _until(visit, message)
    if told is not None and message.question is not None:
        until = min(until, told.first_at + CORRECTED_WITHIN)
    return Exchange(message, told, until, visit.now <= until)


def _until(visit: Visit, message: Message) -> datetime:
    """Until when an answer counts: a reminder's is about its own day."""
    prompt = prompt_of(message)
    if prompt is not None:
        return counts_until(prompt, visit.look().policy)
    if message.kind is not MessageKind.NUDGE:
        return message.expires_at
    runner = visit.athlete.runner
    tomorrow = local_date(message.due_at, runner) + timedelta(days=1)
    return max(message.expires_at, at_clock_time(tomorrow, "00:00", runner))


def _forms(visit: Visit, exchange: Exchange) -> list[Form]:
    """Everything that can be answered here now, the question of the message first."""
    return [*_own_forms(visit, exchange), *_asked_too(visit, exchange)] if exchange.open else []


def _own_forms(visit: Visit, exchange: Exchange) -> Iterator[Form]:
    message, prompt = exchange.message, prompt_of(exchange.message)
    text = message_text(message)
    if prompt is not None:
        form = question_form(visit, prompt, message.title, text)
        if exchange.told is not None:
            form = _with_answer(replace(form, text=prompt_text(prompt, visit.look())), exchange.told)
        if exchange.told is None or not _stopped(exchange.told):
            yield form
    elif message.kind is MessageKind.NUDGE:
        yield word_form("session", message.title, text, SESSION)
    else:
        yield word_form(READ_ID, message.title, text, READ)
        if visit.look().assessment.pain.overall is PainState.REFERRED:
            yield word_form(CLEARED_ID, "", "", CLEARED)


def _with_answer(form: Form, told: Told) -> Form:
    """A form with the number that was given."""
    scores = [one for one in told.replies if one.score is not None and one.kind is not ReplyKind.AFTER]
    if form.way is not Way.SCALE or not scores:
        return form
    side = {Side.LEFT: "left", Side.RIGHT: "right", None: form.side}[scores[0].side]
    return replace(form, chosen=scores[0].score, side=side)


def _stopped(told: Told) -> bool:
    """Whether an item of the checklist was told: what a clinician has to see is not taken back here."""
    return any(one.kind is ReplyKind.FLAG and one.flag not in ("none", "any") for one in told.replies)


def _asked_too(visit: Visit, exchange: Exchange) -> Iterator[Form]:
    """The question that the direct answer has asked, if it waits still."""
    if exchange.told is None or prompt_of(exchange.message) is None:
        return
    if exchange.told.confirmation.endswith(TO_BE_READ):
        yield word_form(READ_ID, "", "Have you read this?", READ)
        return
    for prompt in open_prompts(visit.look().history, visit.now):
        about_this = prompt.kind is PromptKind.CHECKLIST or (
            prompt.activity_id == exchange.message.question.activity_id  # type: ignore[union-attr]
        )
        if prompt.id != exchange.message.key and prompt.kind in ASKED_TOO and about_this:
            yield question_form(visit, prompt, "", prompt_text(prompt, visit.look()))
            return


def _page(visit: Visit, exchange: Exchange, lacking: Form | None = None) -> Response:
    runner, message, told = visit.athlete.runner, exchange.message, exchange.told
    asked = when_words(message.due_at, runner, visit.now)
    if not exchange.open:
        return visit.page(
            "answer_closed",
            status=410,
            message=message,
            recorded=told,
            asked=asked,
            answered=None if told is None else when_words(told.at, runner, visit.now),
            until=when_words(exchange.until, runner, visit.now),
        )
    own = [_again(one, lacking) for one in _own_forms(visit, exchange)]
    if told is None:
        return visit.page("answer", message=message, asked=asked, forms=own)
    heading, meaning = told_apart(told)
    return visit.page(
        "answer_taken",
        message=message,
        recorded=told,
        heading=heading,
        meaning=meaning,
        urgent=heading == CALL_NOW_TITLE,
        answered=when_words(told.at, runner, visit.now),
        until=when_words(exchange.until, runner, visit.now),
        forms=[one for one in own if one.id != READ_ID],
        asked_too=[_again(one, lacking) for one in _asked_too(visit, exchange)],
    )


def _again(form: Form, lacking: Form | None) -> Form:
    """The form as it came back, if it was this one that lacked something."""
    return lacking if lacking is not None and lacking.id == form.id else form


def told_apart(told: Told) -> tuple[str, str]:
    """What was understood, and what it means, without the question that stands below it as a form."""
    text = told.confirmation
    if EMERGENCY in text:
        return CALL_NOW_TITLE, text.replace(f"{CALL_NOW_TITLE}.", "").strip()
    for question in (CHECKLIST_TEXT, SETTLED_TEXT, SETTLED_LATE_TEXT, *TO_BE_READ):
        text = text.removesuffix(question).strip()
    first, _, rest = text.partition(". ")
    return first.removesuffix(".") or f"{told.words} noted", rest
