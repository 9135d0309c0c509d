"""What an understood answer means for the history: which facts it adds or corrects, and what is asked next (RULES 9).

A number without a question is resolved here and nowhere else, so that every channel and the command line agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rules.answers import Answer, AnswerKind
from rules.confirmations import WHEN_QUESTION, WHICH_ITEM
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
from rules.gates import end_of
from rules.open_questions import (
    CHECKLIST_IN_REPLY,
    Heard,
    newest_counted_run,
    newest_run,
    open_prompts,
    unsettled_run,
)
from rules.policy import Policy
from rules.prompts import CHECKLIST_EXPIRY, CHECKLIST_TEXT
from rules.settling import settled_text
from rules.timing import paused_at

SESSION_MINUTES = 20.0
SESSION_RATED_WITHIN = timedelta(hours=24)
ALL_GROUPS = frozenset(MuscleGroup)
SPOT_AFTER = timedelta(minutes=10)
"""A number that may be about a run or about now waits so long for the word that tells; then it is about now."""
KIND_OF_PROMPT = {
    PromptKind.AFTER_RUN: ReplyKind.DURING,
    PromptKind.MORNING: ReplyKind.MORNING,
    PromptKind.WEEKLY: ReplyKind.WEEKLY,
}
"""Which answer a number is when it answers a question of that kind."""


class Mark(StrEnum):
    """What the runner says about a run."""

    RACE = "race"
    WRONG = "wrong"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to add to the history or to correct in it; a fact with a known id replaces the one that is there.

    `mark` is about `activity`. `prompts` are questions that the answer closes or that the direct answer asks: those end with
    the sentence `question`. `waits` if a number waits for the word that says what it is about.
    """

    replies: tuple[PainReply, ...] = ()
    strength: tuple[StrengthSession, ...] = ()
    pauses: tuple[Pause, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    adaptations: tuple[Adaptation, ...] = ()
    mark: Mark | None = None
    activity: Activity | None = None
    question: str = ""
    waits: bool = False


def meaning(
    said: Heard, history: History, policy: Policy, at: datetime, now: datetime, *, note: str = ""
) -> Meaning:
    """The facts behind an answer that tells of `at` and was given at `now`.

    `history` holds the numbers that wait too (`Meaning.waits`). Answers that change nothing (`status`, `?`) mean nothing.
    """
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    means = _facts(said, history, policy, at, now, note)
    if said.answer.alarms and said.prompt_kind is not PromptKind.CHECKLIST:
        return _with_checklist(means, history, now)
    return means


def checklist_asked(now: datetime) -> Prompt:
    """The checklist as a question of the direct answer."""
    return Prompt(f"{CHECKLIST_IN_REPLY}{now.isoformat()}", PromptKind.CHECKLIST, now, now + CHECKLIST_EXPIRY)


def _facts(said: Heard, history: History, policy: Policy, at: datetime, now: datetime, note: str) -> Meaning:
    answer, prompt = said.answer, said.prompt
    match answer.kind:
        case AnswerKind.PAIN | AnswerKind.YES | AnswerKind.NO:
            return _answered(said, history, policy, at, now, note)
        case AnswerKind.RUN | AnswerKind.NOW:
            return _told_when(said, history, policy, at, now)
        case AnswerKind.DONE:
            return _done(answer, at)
        case AnswerKind.EFFORT:
            return _rated(answer, history, at)
        case AnswerKind.SEEN | AnswerKind.CLEARED:
            kind = ReplyKind(answer.kind.value)
            return Meaning(replies=(PainReply(_name(at, kind), at, kind, note=note),))
        case AnswerKind.PAUSE | AnswerKind.SNOOZE:
            return Meaning(pauses=(Pause(at, None if answer.span is None else at + answer.span),))
        case AnswerKind.RESUME:
            return Meaning(pauses=tuple(_ended(history, at)))
        case AnswerKind.SKIP if prompt is not None:
            return Meaning(prompts=(replace(prompt, skipped=True),))
        case AnswerKind.RACE | AnswerKind.WRONG | AnswerKind.PLANNED:
            return Meaning(mark=Mark(answer.kind.value), activity=_marked(prompt, history, at))
        case _:
            return Meaning()


def _answered(
    said: Heard, history: History, policy: Policy, at: datetime, now: datetime, note: str
) -> Meaning:
    answer, prompt = said.answer, said.prompt
    kind = said.when
    if prompt is not None:
        if prompt.kind is PromptKind.CHECKLIST:
            unnamed = answer.kind is AnswerKind.YES and not answer.flags
            return Meaning(replies=tuple(_flags(answer, at, prompt)), question=WHICH_ITEM if unnamed else "")
        if prompt.kind is PromptKind.OFFER:
            return _offered(answer, at, prompt)
        kind = _settling(answer) if prompt.kind is PromptKind.SETTLED else KIND_OF_PROMPT.get(prompt.kind)
    run_id = prompt.activity_id if prompt is not None else None
    if kind is None:
        unanswered = _run_without_answer(history, policy, at)
        if unanswered is not None:
            kind, run_id = ReplyKind.DURING, unanswered.id
        elif _ran_recently(history, policy, at) and now - at < timedelta(minutes=1):
            return _asked_when(answer, history, at, note)
        else:
            kind = ReplyKind.SPOT
    shared = PainReply(
        _name(at, kind),
        at,
        kind,
        painkillers=answer.painkillers,
        limp=answer.limp,
        activity_id=run_id,
        prompt_id=prompt.id if prompt else None,
        note=note,
    )
    replies = list(_replies(answer, shared))
    if answer.run_score is not None:
        during = replace(shared, id=_name(at, ReplyKind.DURING), kind=ReplyKind.DURING)
        replies.append(replace(during, score=answer.run_score, painkillers=False, limp=False, note=""))
    return _with_follow_up(Meaning(replies=tuple(replies)), history, policy, now)


def _settling(answer: Answer) -> ReplyKind:
    """ "3 y" corrects the pain of the run and says that it has settled; "y" says only that."""
    told_again = answer.scores and answer.settled is not None and answer.kind is AnswerKind.PAIN
    return ReplyKind.DURING if told_again else ReplyKind.AFTER


def _replies(answer: Answer, shared: PainReply) -> Iterator[PainReply]:
    """One reply a side, and after pain of a run whether it has settled where the answer says so."""
    scores: dict[Side | None, int | None] = {**answer.scores} or {None: None}
    for side, score in scores.items():
        own = replace(shared, id=_sided(shared.id, side), side=side)
        if shared.kind is ReplyKind.AFTER:
            yield _settled(answer, own, score)
            continue
        yield replace(own, score=score, grade=answer.grade)
        if shared.kind is ReplyKind.DURING and (answer.settled is not None or answer.grade is Grade.GREEN):
            yield PainReply(
                id=_sided(_name(shared.at, ReplyKind.AFTER), side),
                at=shared.at,
                kind=ReplyKind.AFTER,
                score=answer.settled_score,
                settled=answer.settled is not False,
                side=side,
                activity_id=shared.activity_id,
                prompt_id=shared.prompt_id,
            )


def _settled(answer: Answer, own: PainReply, score: int | None) -> PainReply:
    """`y`, `n`, `n 5`; a number alone is the level now, a button its colour."""
    if answer.grade is not None:
        settled = True if answer.grade is Grade.GREEN else None
        return replace(own, settled=settled, grade=None if settled else answer.grade)
    number = answer.settled_score if answer.settled_score is not None else score
    settled = True if answer.settled is None and number == 0 else answer.settled
    return replace(own, settled=settled, score=None if settled else number)


def _with_follow_up(means: Meaning, history: History, policy: Policy, now: datetime) -> Meaning:
    """Pain of a run that ended an hour ago or earlier: the direct answer asks whether it has settled."""
    kinds = {reply.kind for reply in means.replies}
    if ReplyKind.DURING not in kinds or ReplyKind.MORNING in kinds or paused_at(now, history.pauses):
        return means
    known = {reply.id for reply in means.replies}
    earlier = (reply for reply in history.replies if reply.id not in known)
    run = unsettled_run(replace(history, replies=(*earlier, *means.replies)), policy, now)
    if run is None:
        return means
    prompt = Prompt(
        f"settled:{run.id}",
        PromptKind.SETTLED,
        now,
        now + timedelta(hours=policy.prompt.expiry_h),
        run.id,
    )
    return replace(means, prompts=(*means.prompts, prompt), question=settled_text(end_of(run), now))


def _with_checklist(means: Meaning, history: History, now: datetime) -> Meaning:
    """One of the words that bring up the checklist at once; of two questions it is the one to ask (RULES 5.3)."""
    kept = tuple(prompt for prompt in means.prompts if prompt.kind is not PromptKind.SETTLED)
    if not any(prompt.kind is PromptKind.CHECKLIST for prompt in open_prompts(history, now)):
        kept = (*kept, checklist_asked(now))
    return replace(means, prompts=kept, question=CHECKLIST_TEXT)


def _asked_when(answer: Answer, history: History, at: datetime, note: str) -> Meaning:
    """The number waits; asked back once: a second number is about now."""
    asked = next((one for one in open_prompts(history, at) if one.kind is PromptKind.CLARIFY), None)
    prompt = asked or Prompt(f"clarify:{at.isoformat()}", PromptKind.CLARIFY, at, at + timedelta(hours=12))
    counts_at = at if asked else at + SPOT_AFTER
    spot = PainReply(
        prompt.id,
        counts_at,
        ReplyKind.SPOT,
        painkillers=answer.painkillers,
        limp=answer.limp,
        prompt_id=prompt.id,
        note=note,
    )
    replies = tuple(_replies(answer, spot))
    if asked is not None:
        return Meaning(replies=replies, prompts=(replace(asked, skipped=True),))
    return Meaning(replies=replies, prompts=(prompt,), question=WHEN_QUESTION, waits=True)


def _told_when(said: Heard, history: History, policy: Policy, at: datetime, now: datetime) -> Meaning:
    """ "run" or "now": the number that waited is about the newest run, or about this moment."""
    prompt = said.prompt
    if prompt is None:
        return Meaning()
    waiting = [reply for reply in history.replies if reply.prompt_id == prompt.id]
    closed = (replace(prompt, skipped=True),)
    run = newest_counted_run(history, policy, at)
    if said.answer.kind is AnswerKind.NOW or run is None:
        return Meaning(replies=tuple(replace(reply, at=at) for reply in waiting), prompts=closed)
    about_run = tuple(replace(reply, at=at, kind=ReplyKind.DURING, activity_id=run.id) for reply in waiting)
    return _with_follow_up(Meaning(replies=about_run, prompts=closed), history, policy, now)


def _flags(answer: Answer, at: datetime, prompt: Prompt) -> Iterator[PainReply]:
    """The items that apply; `none`, or a yes that names no item, are answers too."""
    flags = answer.flags or (("none",) if answer.kind is AnswerKind.NO else ("any",))
    for flag in flags:
        yield PainReply(
            f"{_name(at, ReplyKind.FLAG)}:{flag}", at, ReplyKind.FLAG, prompt_id=prompt.id, flag=flag
        )


def _offered(answer: Answer, at: datetime, prompt: Prompt) -> Meaning:
    accepted = answer.kind is AnswerKind.YES
    return Meaning(adaptations=(Adaptation(at, accepted),), prompts=(replace(prompt, skipped=True),))


def _done(answer: Answer, at: datetime) -> Meaning:
    start = at - timedelta(minutes=SESSION_MINUTES)
    groups = answer.groups or ALL_GROUPS
    name = f"done:{at.isoformat()}"
    return Meaning(
        strength=(StrengthSession(name, start, SESSION_MINUTES, groups, answer.effort, answer.score),)
    )


def _rated(answer: Answer, history: History, at: datetime) -> Meaning:
    """`easy` or `hard` after `done`."""
    recent = [one for one in history.strength if timedelta() <= at - one.start <= SESSION_RATED_WITHIN]
    newest = max(recent, key=lambda one: (one.start, one.id), default=None)
    return Meaning() if newest is None else Meaning(strength=(replace(newest, effort=answer.effort),))


def _ended(history: History, at: datetime) -> Iterator[Pause]:
    for pause in history.pauses:
        if pause.start <= at and (pause.until is None or pause.until > at):
            yield replace(pause, until=at)


def _marked(prompt: Prompt | None, history: History, at: datetime) -> Activity | None:
    """The run of the question that it answers, else the newest one."""
    asked = prompt.activity_id if prompt else None
    about = next((one for one in history.activities if one.id == asked), None)
    return about or newest_run(history, at)


def _run_without_answer(history: History, policy: Policy, at: datetime) -> Activity | None:
    """The newest run, if it ended so recently that a bare number must be about it and it has no number yet."""
    newest = newest_counted_run(history, policy, at)
    if newest is None or at - end_of(newest) > timedelta(hours=policy.answer.bare_h):
        return None
    told = any(
        reply.kind is ReplyKind.DURING
        and (reply.activity_id == newest.id or (reply.activity_id is None and reply.at >= end_of(newest)))
        for reply in history.replies
    )
    return None if told else newest


def _ran_recently(history: History, policy: Policy, at: datetime) -> bool:
    newest = newest_counted_run(history, policy, at)
    return newest is not None and at - end_of(newest) <= timedelta(hours=policy.pain.attribute_h)


def _name(at: datetime, kind: ReplyKind) -> str:
    return f"{kind.value}:{at.isoformat()}"


def _sided(name: str, side: Side | None) -> str:
    return f"{name}:{side.value}" if side else name
