"""What may be silenced, in words, and why the rest may not (RULES 11.12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.limits import QUESTIONS
from rules.muting import KIND, MUTABLE_KINDS, MUTABLE_RULES, RULE
from rules.outcome import Message, MessageKind

KIND_WORDS: Mapping[MessageKind, str] = {
    MessageKind.AFTER_RUN: "questions after a run",
    MessageKind.MORNING: "morning questions",
    MessageKind.NUDGE: "strength reminders",
    MessageKind.DIGEST: "the weekly digest",
    MessageKind.RESOLVE: "word that it is calm again",
    MessageKind.TIME_OFF: "word about weeks without a run",
}
RULE_WORDS: Mapping[str, str] = {
    "R1": "a long run",
    "R2": "a run that was heavy for the knee",
    "R3": "the week",
    "R4": "downhill",
    "R5": "uphill",
    "R6": "fast running",
    "R7": "several things rising at once",
    "R8": "longer steps",
    "R9": "a long first run back",
    "R10up": "uphill in a week",
    "R10down": "downhill in a week",
    "P7": "more than was planned",
}
SAFETY = "This kind cannot be muted: it stops the running or sends you to somebody who can look at the knee."
MACHINE = "This kind cannot be muted: it says what niggled needs, or nothing else would reach you."
NO_GROWTH = "Without an answer nothing grows: the next runs stay at the size of the last ones."


def subject_words(subject: str) -> str:
    """ "kind:nudge" -> "strength reminders", "rule:R3" -> "warnings about the week"."""
    if subject.startswith(KIND):
        return KIND_WORDS[MessageKind(subject.removeprefix(KIND))]
    return f"warnings about {RULE_WORDS[subject.removeprefix(RULE)]}"


def what_silence_costs(subject: str) -> str:
    """Empty where it costs nothing."""
    asks = {f"{KIND}{kind}" for kind in QUESTIONS}
    return NO_GROWTH if subject in asks else ""


def subjects_of(message: Message) -> Iterator[str]:
    """What could be muted to get fewer like this one; nothing for what is never muted."""
    if message.alert:
        rules = dict.fromkeys(key.partition("|")[0] for key in message.findings)
        yield from (f"{RULE}{rule}" for rule in rules if rule in MUTABLE_RULES)
    if message.kind in MUTABLE_KINDS:
        yield f"{KIND}{message.kind}"


def why_never(message: Message) -> str:
    """Why a message of this kind cannot be muted; empty where it can."""
    if next(subjects_of(message), None) is not None:
        return ""
    return MACHINE if message.kind is MessageKind.OPERATIONS else SAFETY
