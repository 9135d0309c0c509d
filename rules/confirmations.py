"""The direct answers to what a runner said: what was understood, and what it means for the next run (RULES 9, VOICE)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.answers import Answer, AnswerKind, Question
from rules.facts import Activity, Grade, PainReply, Prompt, ReplyKind, Runner, Side
from rules.headlines import EMERGENCY
from rules.messages import next_sentence, race_text, refer_text, sentences
from rules.outcome import LEVEL_ORDER, Assessment, Finding, Level, Message, PainState, StrengthPlan
from rules.phrases import capital, clock_words, day, distance, listing, local_date
from rules.wording import CLINICIAN_FIRST, WALK_OR_BIKE, finding_sentence

WHEN_QUESTION = "During the run, or now?"
WHICH_ITEM = (
    "Which one? With chest pain, breathlessness or a newly swollen calf call your emergency number now."
)
NO_RUN = "There is no run yet that this could be about."
NO_QUESTION = "No question is waiting."
NO_SESSION = "There is no session of today to rate: send `done` first."
ACCEPTED = "From now on warnings come a little later, until one is followed by a sore morning."
DECLINED = "Nothing changes."
TOO_LATE = "Too late to count: kept as a note."
ASKED_BACK = {
    Question.SETTLED: "Settled to before-run level: y or n?",
    Question.CHECKLIST: "`none`, or the words that apply?",
    Question.WHEN: "`run` or `now`?",
    Question.OFFER: "`yes` or `no`?",
}
HELP = (
    "A number 0–10 or `none`; `left 5 right 2`; `pills` or `limp` after it. "
    "`done`, `skip`, `race`, `wrong`, `planned`, `pause 7d`, `resume`, `status`."
)
HEARD_CHARACTERS = 40
EASY = "flat and easy, slower and 20 % shorter, 4 min run / 1 min walk. Above 2 on the way: walk home."
SIDE_WORDS = {Side.LEFT: "left", Side.RIGHT: "right"}
GRADE_WORDS = {Grade.GREEN: "Fine", Grade.AMBER: "Sore", Grade.RED: "Bad"}
SORE_RULES = ("P4", "P3", "P2", "P1")
"""Of equal levels the longer lasting trouble is the one to speak of."""


def pain_confirmation(
    replies: Sequence[PainReply], new: Sequence[Finding], assessment: Assessment, runner: Runner
) -> str:
    """What one answer about pain means now. `replies` are its parts (a side each), `new` the findings it raised,
    `assessment` what holds after it."""
    worst = _worst(new)
    if worst is not None and worst.level in (Level.EMERGENCY, Level.REFER):
        return refer_text(worst, assessment, runner)
    state = assessment.pain.overall
    if state is PainState.REFERRED:
        return sentences(f"{_noted(replies)}.", CLINICIAN_FIRST)
    if worst is None or worst.rule == "P1":
        heard = f"{_noted(replies)}{_addition(replies, worst)}."
    else:
        heard = finding_sentence(worst, runner)
    if state is PainState.RED:
        return sentences(heard, f"No running yet; {WALK_OR_BIKE}.")
    if worst is not None and worst.rule == "P3" and worst.level is Level.WARN:
        return sentences(heard, f"No run today; {WALK_OR_BIKE}.")
    if worst is not None and worst.rule == "P4" and worst.level in (Level.WARN, Level.STOP):
        return sentences(heard, "Rest until it is back to normal.")
    following = next_sentence(assessment, runner)
    if state is PainState.AMBER and "up to" in following:
        return sentences(heard, _easily(following))
    return sentences(heard, following)


def overtaken_confirmation(replies: Sequence[PainReply], assessment: Assessment, runner: Runner) -> str:
    """After an answer that was delayed, and overtaken by one given later."""
    return sentences(f"{_noted(replies)}; your later answer counts.", next_sentence(assessment, runner))


def _worst(new: Sequence[Finding]) -> Finding | None:
    """The loudest of the findings about pain; P5 and O1 are for the digest."""
    candidates = [finding for finding in new if finding.rule in SORE_RULES or finding.rule == "P6"]
    return max(
        candidates,
        key=lambda one: (
            LEVEL_ORDER.index(one.level),
            -SORE_RULES.index(one.rule) if one.rule in SORE_RULES else 1,
        ),
        default=None,
    )


def _noted(replies: Sequence[PainReply]) -> str:
    """ "4 noted", "Left 5 and right 2 noted", "Fine noted", "Settled"."""
    if replies and all(reply.kind is ReplyKind.AFTER and reply.settled for reply in replies):
        return "Settled"
    if any(reply.side for reply in replies) and len(replies) > 1:
        parts = [f"{SIDE_WORDS[reply.side]} {_value(reply)}" for reply in replies if reply.side]
        return f"{capital(listing(parts))} noted"
    kinds = [reply.kind for reply in replies if reply.kind in (ReplyKind.MORNING, ReplyKind.DURING)]
    if kinds == [ReplyKind.MORNING, ReplyKind.DURING]:
        return f"{_value(replies[0])} this morning and {_value(replies[1])} in the run noted"
    return f"{_value(replies[0])} noted" if replies else "Noted"


def _value(reply: PainReply) -> str:
    if reply.score is not None:
        return str(reply.score)
    if reply.flag == "none":
        return "None of these"
    return GRADE_WORDS.get(reply.grade or Grade.UNKNOWN, "Answer")


def _addition(replies: Sequence[PainReply], worst: Finding | None) -> str:
    if worst is not None and worst.numbers.get("reason") == "painkillers":
        return ", with painkillers: it counts as sore"
    if worst is not None and worst.numbers.get("reason") == "limp":
        return ", with a limp"
    if worst is not None and worst.numbers.get("reason") == "rising":
        return ", more than last time"
    settled = replies[0].kind is not ReplyKind.AFTER and any(
        reply.kind is ReplyKind.AFTER and reply.settled for reply in replies
    )
    return ", settled" if settled and worst is None else ""


def _easily(following: str) -> str:
    """The next run of a sore knee: slower and shorter always together (RULES 1.4)."""
    return f"{following.removesuffix('.').removesuffix(', flat')}, {EASY}"


def unclear_question(answer: Answer, text: str, question: Question = Question.SCORE) -> str:
    """Asked back once, with the beginning of what the runner wrote."""
    heard = " ".join(text.split())
    heard = heard if len(heard) <= HEARD_CHARACTERS else f"{heard[:HEARD_CHARACTERS]}…"
    read = f'I read "{heard}". ' if heard else ""
    if len(answer.candidates) == 2 and question in (Question.SCORE, Question.MORNING_AND_RUN):
        first, second = answer.candidates
        return f"{read}Which one: {first} or {second}?"
    return f"{read}{ASKED_BACK.get(question, 'Which number, 0–10?')}"


def cleared_confirmation(assessment: Assessment, runner: Runner, *, was_stopped: bool) -> str:
    """After `cleared`."""
    if not was_stopped:
        return "Noted; nothing was stopped."
    return sentences("Cleared, noted.", next_sentence(assessment, runner))


def status_confirmation(assessment: Assessment, runner: Runner) -> str:
    """After `status`: the state in a line, and what is fine next."""
    states = f"Knee {assessment.pain.overall.value.lower()}, load {assessment.load.value}."
    return sentences(states, next_sentence(assessment, runner))


def mark_confirmation(kind: AnswerKind, run: Activity, assessment: Assessment, runner: Runner) -> str:
    """After `race`, `wrong` or `planned`: which run it was understood of."""
    if kind is AnswerKind.RACE:
        return f"Race: {race_text(run, assessment, runner, '')}"
    when = day(local_date(run.start, runner), local_date(assessment.now, runner))
    ran = f"{distance((run.distance_m or 0) / 1000, runner)} of {when}"
    if kind is AnswerKind.WRONG:
        return f"Left out of everything: {ran}."
    return f"Planned, then: {ran}. Its findings still count and are told no more."


def later_confirmation(prompt: Prompt | None, runner: Runner, now: datetime) -> str:
    """After `later`: a question is not repeated, but it stays open."""
    if prompt is None:
        return NO_QUESTION
    until = local_date(prompt.expires_at, runner)
    on = "" if until == local_date(now, runner) else f"{day(until, local_date(now, runner))} "
    return f"Later, then: your answer counts until {on}{clock_words(prompt.expires_at, runner)}."


def put_off_confirmation(again: Message | None, runner: Runner) -> str:
    """After `later` to a reminder of strength work; None: it does not come again today."""
    if again is None:
        return "Another day, then; I will find the next one."
    return f"Later, then: at {clock_words(again.due_at, runner)}."


def strength_confirmation(plan: StrengthPlan) -> str:
    """After `done`: the week's count."""
    return f"Done: {plan.done} of {plan.wanted} this week."


def pause_confirmation(until: datetime | None, runner: Runner, now: datetime) -> str:
    if until is None:
        return "Paused until you send `resume`."
    return f"Paused until {day(local_date(until, runner), local_date(now, runner))}. `resume` ends it."


COMMAND_CONFIRMATIONS = {
    AnswerKind.SKIP: "Skipped.",
    AnswerKind.RESUME: "Back again.",
    AnswerKind.EFFORT: "Effort noted.",
    AnswerKind.SEEN: "Seen. I will not repeat it.",
    AnswerKind.HELP: HELP,
}


def alarm_confirmation(words: Sequence[str]) -> str:
    """Before the checklist: chest and breath bring the emergency text first (RULES 5.3)."""
    return EMERGENCY if {"chest", "breath"}.intersection(words) else ""
