"""A question as a form: how it is put, what its buttons answer, and how that is taken in. Shared by Today and Answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connectors.channels.contract import Incoming
from daemon.jobs.answering import take_incoming
from daemon.jobs.assess import Look
from daemon.jobs.incoming import DirectAnswer
from daemon.store.conversation import mark_confirmed
from daemon.web.errors import Refused
from daemon.web.visit import Visit
from rules.adaptation import offer_sentence
from rules.answers import Question
from rules.choices import CALL_NOW, CLINICIAN, OF_QUESTION, SCALE_WORDS, SCORED, Button
from rules.confirmations import WHEN_QUESTION
from rules.facts import Prompt, PromptKind, ReplyKind, Side
from rules.gates import end_of
from rules.messages import READ as READ_SENTENCE
from rules.messages import READ_AND_CLEARED
from rules.open_questions import question_of
from rules.outcome import Message
from rules.prompts import AFTER_RUN_TEXT, CHECKLIST_TEXT, EVENING_RUN_TEXT, MORNING_TEXT, WEEKLY_TEXT
from rules.settling import SETTLED_TEXT, settled_text

PAGE = "page"
"""The name of this page among the channels that answers come from."""
WORST = 10
SIDES = {"left": Side.LEFT, "right": Side.RIGHT}
BOTH = "both"
CLEARED = (Button("A clinician has cleared me", "cleared"),)
NONE_OF_THESE = Button("None of these", "none")
CHECKLIST_QUESTION = "Does any of these apply?"
NO_NUMBER = "Tap a number."
NOTHING_TICKED = "Nothing is ticked. Tick what applies, or press None of these."
CONTRADICTION = "You ticked something and pressed None of these. Which one is it?"
TOO_MANY = Refused(
    429,
    "Enough for now",
    "That is more than thirty answers in an hour. The last one was kept, but it does not count.",
    retry_after_s=3600,
)


class Way(StrEnum):
    """How a question is answered."""

    SCALE = "scale"
    BUTTONS = "buttons"
    CHECKLIST = "checklist"


@dataclass(frozen=True, slots=True)
class Form:
    """A question that can be answered here. `id` finds it again when the form comes back. `prompt` is the question as the
    rules know it, None where none was put; then `when` says what a number is about. `at` is when the answer that is
    corrected was given, where the new one takes its very place. `sides`: both knees are tracked. `run_too`: a second
    number, the worst of the run, may come along. `chosen` and `side` are what is known already; `ticked`, `note` and `problem`
    belong to a form that came back incomplete."""

    id: str
    way: Way
    title: str
    text: str
    prompt: Prompt | None = None
    when: ReplyKind | None = None
    at: datetime | None = None
    buttons: tuple[Button, ...] = ()
    sides: bool = False
    run_too: bool = False
    chosen: int | None = None
    side: str = ""
    ticked: tuple[str, ...] = ()
    note: str = ""
    problem: str = ""

    @property
    def once(self) -> str:
        """A name for one sending of the form, so that pressing twice answers once."""
        return secrets.token_urlsafe(9)

    @property
    def words(self) -> dict[int, str]:
        return SCALE_WORDS

    @property
    def urgent_items(self) -> tuple[Button, ...]:
        return CALL_NOW

    @property
    def items(self) -> tuple[Button, ...]:
        return CLINICIAN


class Incomplete(Exception):
    """Something lacks; `form` says what, and holds what was ticked."""

    def __init__(self, form: Form) -> None:
        super().__init__(form.problem)
        self.form = form


@dataclass(frozen=True, slots=True)
class Given:
    """What a form said, in the words of the one grammar, and what it said apart from them."""

    text: str
    side: Side | None = None
    note: str = ""


def question_form(visit: Visit, prompt: Prompt, title: str, text: str) -> Form:
    """The form of a question."""
    if prompt.kind in SCORED:
        return replace(
            scale_form(visit, title, text),
            id=prompt.id,
            prompt=prompt,
            run_too=question_of(prompt, visit.look().history) is Question.MORNING_AND_RUN,
        )
    way = Way.CHECKLIST if prompt.kind is PromptKind.CHECKLIST else Way.BUTTONS
    return Form(prompt.id, way, title, text, prompt, buttons=OF_QUESTION[prompt.kind])


def scale_form(visit: Visit, title: str, text: str) -> Form:
    """A form for a number that no question asked for."""
    two = len(visit.look().assessment.pain.sides) > 1
    usual = "left" if visit.athlete.runner.default_side is Side.LEFT else "right"
    return Form("", Way.SCALE, title, text, sides=two, side=usual)


def word_form(id_: str, title: str, text: str, buttons: tuple[Button, ...]) -> Form:
    """A form for a word that means the same whatever was asked."""
    return Form(id_, Way.BUTTONS, title, text, buttons=buttons)


def prompt_text(prompt: Prompt, seen: Look) -> str:
    """The words of a question that no message has put, or is yet to put."""
    match prompt.kind:
        case PromptKind.CHECKLIST:
            return CHECKLIST_QUESTION
        case PromptKind.CLARIFY:
            return WHEN_QUESTION
        case PromptKind.OFFER:
            return offer_sentence(seen.policy)
        case PromptKind.SETTLED:
            runs = seen.history.activities
            run = next((one for one in runs if one.id == prompt.activity_id), None)
            return plain_text(SETTLED_TEXT if run is None else settled_text(end_of(run), prompt.sent_at))
        case PromptKind.MORNING:
            both = question_of(prompt, seen.history) is Question.MORNING_AND_RUN
            return EVENING_RUN_TEXT if both else MORNING_TEXT
        case PromptKind.WEEKLY:
            return WEEKLY_TEXT
        case PromptKind.AFTER_RUN:
            return AFTER_RUN_TEXT


def message_text(message: Message) -> str:
    """The text of a message without what the buttons below it say better."""
    text = message.text
    for end in (CHECKLIST_TEXT, READ_AND_CLEARED, READ_SENTENCE):
        text = text.removesuffix(end)
    return plain_text(text)


def plain_text(text: str) -> str:
    """Without the answers that only a keyboard needs."""
    return text.strip().removesuffix(" y / n")


def take_form(visit: Visit, form: Form, *, token: str | None = None) -> DirectAnswer | None:
    """Take in what came back with a form; None where this very sending was taken before. `token` is the one of the message
    that it stood under. Raises Incomplete, Refused, StoreError."""
    said = given(visit, form)
    once = visit.field("once", 40) or secrets.token_urlsafe(9)
    at = form.at or visit.now
    answer = take_incoming(
        visit.house.store,
        visit.athlete,
        PAGE,
        Incoming(id=once, at=at, text=said.text, position="", token=token),
        visit.now,
        when=form.when,
        side=said.side,
        note=said.note,
        prompt=form.prompt,
    )
    if answer is None:
        return None
    with visit.house.store.session() as session:
        mark_confirmed(session, visit.athlete.name, PAGE, once, visit.now)
    if not answer.text:
        raise TOO_MANY
    return answer


def given(visit: Visit, form: Form) -> Given:
    """What the fields of a form say. Raises Incomplete, or Refused for what no form of ours sends."""
    match form.way:
        case Way.SCALE:
            return _number(visit, form)
        case Way.CHECKLIST:
            return Given(_ticked(visit, form))
        case Way.BUTTONS:
            answer = visit.field("answer")
            if answer not in {button.answer for button in form.buttons}:
                raise _senseless()
            return Given(answer)


def _number(visit: Visit, form: Form) -> Given:
    side, note = visit.field("side"), visit.field("note")
    flags = [word for word in ("pills", "limp") if visit.field(word)]
    if not visit.field("value"):
        lacking = replace(
            form, side=side if side in (*SIDES, BOTH) else form.side, ticked=tuple(flags), note=note
        )
        raise Incomplete(replace(lacking, problem=NO_NUMBER))
    words = [str(_score(visit.field("value")))]
    if form.run_too and visit.field("run"):
        words.append(str(_score(visit.field("run"))))
    elif side == BOTH:
        words.append(BOTH)
    return Given(" ".join((*words, *flags)), SIDES.get(side), note)


def _ticked(visit: Visit, form: Form) -> str:
    known = {button.answer for button in (*CALL_NOW, *CLINICIAN)}
    items = visit.chosen("item")
    if not known.issuperset(items):
        raise _senseless()
    answer = visit.field("answer")
    if answer == NONE_OF_THESE.answer:
        if items:
            raise Incomplete(replace(form, problem=CONTRADICTION, ticked=tuple(items)))
        return NONE_OF_THESE.answer
    if not items:
        raise Incomplete(replace(form, problem=NOTHING_TICKED))
    return ", ".join(items)


def _score(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= WORST):
        raise _senseless()
    return int(text)


def _senseless() -> Refused:
    return Refused(400, "Not understood", "This answer makes no sense to niggled. Nothing was stored.")
