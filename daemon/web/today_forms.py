"""What can be answered on Today: the question that waits, the last answer once more, and how the knee is now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from daemon.store.answers import save_prompt
from daemon.store.messages import load_messages
from daemon.web.questions import (
    CLEARED,
    Form,
    Way,
    message_text,
    prompt_text,
    question_form,
    scale_form,
    word_form,
)
from daemon.web.told import newest_replies, reply_words, when_words
from daemon.web.visit import Visit
from rules.choices import READ
from rules.facts import History, PainReply, Prompt, PromptKind, ReplyKind, Side
from rules.gates import end_of
from rules.open_questions import counts_until, newest_counted_run, open_prompts
from rules.outcome import PainState, PromptWanted
from rules.replying import KIND_OF_PROMPT

CORRECTED_WITHIN = timedelta(hours=12)
RUN_WITHIN = timedelta(hours=48)
"""A run is told about unasked so long after it."""
KNEE = "Knee?"
UNASKED, AGAIN, CLEARED_ID, SEEN_ID = "page:", "again:", "cleared", "seen"
NUMBERS = frozenset({ReplyKind.DURING, ReplyKind.MORNING, ReplyKind.SPOT, ReplyKind.WEEKLY})
WHEN = {"now": ReplyKind.SPOT, "morning": ReplyKind.MORNING, "run": ReplyKind.DURING}
SIDE_VALUES = {Side.LEFT: "left", Side.RIGHT: "right"}


@dataclass(frozen=True, slots=True)
class Again:
    """The last answer: what it was, when, and the form that corrects it."""

    words: str
    when: str
    form: Form


def waiting_form(visit: Visit) -> Form | None:
    """The question to answer now: the newest that was asked, else one that is due and that no channel has asked yet."""
    seen = visit.look()
    waiting = [one for one in open_prompts(seen.history, visit.now) if not _was_told(one, seen.history)]
    if waiting:
        return _asked_form(visit, waiting[0])
    due = (one for one in seen.assessment.prompts if one.due_at <= visit.now < one.expires_at)
    wanted = next(due, None)
    return None if wanted is None else _unasked_form(visit, wanted)


def correction(visit: Visit) -> Again | None:
    """The newest number told within twelve hours; None where there is none, or it counts too little to be corrected."""
    history = visit.look().history
    told = [
        one
        for one in history.replies
        if one.kind in NUMBERS and timedelta() <= visit.now - one.at <= CORRECTED_WITHIN and _has_value(one)
    ]
    if not told:
        return None
    last = max(told, key=lambda one: one.at)
    parts = newest_replies([one for one in told if one.at == last.at and one.prompt_id == last.prompt_id])
    prompt = next((one for one in history.prompts if one.id == last.prompt_id), None)
    if prompt is not None and prompt.kind is not PromptKind.CLARIFY:
        if visit.now > counts_until(prompt, visit.look().policy):
            return None
        form = question_form(visit, prompt, "", "")
    else:
        # The new one takes the very place of the old one, so it is told of the same instant.
        form = replace(scale_form(visit, "", ""), when=last.kind, at=last.at)
    first = parts[0]
    side = form.side if first.side is None else SIDE_VALUES[first.side]
    form = replace(form, id=f"{AGAIN}{last.at.isoformat()}", chosen=first.score, side=side)
    return Again(reply_words(parts), when_words(last.at, visit.athlete.runner, visit.now), form)


def knee_form(visit: Visit) -> Form:
    """How the knee is now, or was this morning or in the last run."""
    form = scale_form(visit, "", "My knee now")
    return replace(form, when=WHEN.get(visit.field("when"), ReplyKind.SPOT))


def can_tell_of_run(visit: Visit) -> bool:
    """Whether a run ended lately enough to be told about."""
    seen = visit.look()
    run = newest_counted_run(seen.history, seen.policy, visit.now)
    return run is not None and visit.now - end_of(run) <= RUN_WITHIN


def cleared_form(visit: Visit) -> Form | None:
    """While running is stopped for a clinician: that they agree."""
    stopped = visit.look().assessment.pain.overall is PainState.REFERRED
    return word_form(CLEARED_ID, "", "", CLEARED) if stopped else None


def seen_form() -> Form:
    """That an emergency was read."""
    return word_form(SEEN_ID, "", "", READ)


def form_named(visit: Visit, name: str) -> Form | None:
    """The form that came back; None where its question was answered, is over, or another one came since."""
    if not name:
        return knee_form(visit)
    if name == CLEARED_ID:
        return cleared_form(visit)
    if name == SEEN_ID:
        return seen_form()
    if name.startswith(AGAIN):
        again = correction(visit)
        return again.form if again is not None and again.form.id == name else None
    waiting = waiting_form(visit)
    if waiting is not None and waiting.id == name:
        return waiting
    # A number can only be meant for the question above it; a yes could be taken for one to what was asked since.
    for prompt in open_prompts(visit.look().history, visit.now):
        if prompt.id == name:
            form = _asked_form(visit, prompt)
            return form if form.way is Way.SCALE else None
    return None


def note_asked(visit: Visit, form: Form) -> None:
    """A checklist that this page was the first to show is a question from now on."""
    prompt = form.prompt
    if prompt is not None and prompt.id.startswith(UNASKED) and prompt.kind is PromptKind.CHECKLIST:
        with visit.house.store.session() as session:
            save_prompt(session, visit.athlete.name, prompt)


def _was_told(prompt: Prompt, history: History) -> bool:
    """Whether the same was told since without naming the question."""
    kind = KIND_OF_PROMPT.get(prompt.kind)
    return kind is not None and any(
        one.kind is kind and one.prompt_id is None and one.at >= prompt.sent_at for one in history.replies
    )


def _asked_form(visit: Visit, prompt: Prompt) -> Form:
    name = visit.athlete.name
    with visit.house.store.reading() as session:
        message = load_messages(session, [(name, prompt.id)]).get((name, prompt.id))
    if message is None:
        return question_form(visit, prompt, KNEE, prompt_text(prompt, visit.look()))
    return question_form(visit, prompt, message.title, message_text(message))


def _unasked_form(visit: Visit, wanted: PromptWanted) -> Form:
    about = wanted.activity_id or wanted.due_at.isoformat()
    prompt = Prompt(
        f"{UNASKED}{wanted.kind}:{about}", wanted.kind, wanted.due_at, wanted.expires_at, wanted.activity_id
    )
    return question_form(visit, prompt, KNEE, prompt_text(prompt, visit.look()))


def _has_value(reply: PainReply) -> bool:
    return reply.score is not None or reply.grade is not None
