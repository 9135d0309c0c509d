"""What a runner may silence, and what is left of a message then (RULES 11.12)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from rules.desk import RULE_ORDER
from rules.limits import QUESTIONS
from rules.outcome import Level, Message, MessageKind
from rules.questions import KNEE, under_knee

KIND, RULE = "kind:", "rule:"
"""How a subject begins: "kind:nudge" is every reminder, "rule:R3" every load alert of that rule."""

MUTABLE_KINDS = (
    MessageKind.AFTER_RUN,
    MessageKind.MORNING,
    MessageKind.NUDGE,
    MessageKind.DIGEST,
    MessageKind.RESOLVE,
    MessageKind.TIME_OFF,
)
"""Never what sends somebody to a clinician or stops the running, nor what the machine itself needs."""

MUTABLE_RULES = RULE_ORDER


def may_be_muted(subject: str) -> bool:
    """Whether this is a subject, and one that may be silenced."""
    if subject.startswith(KIND):
        return subject.removeprefix(KIND) in MUTABLE_KINDS
    return subject.startswith(RULE) and subject.removeprefix(RULE) in MUTABLE_RULES


def still_wanted(message: Message, muted: Collection[str]) -> Message | None:
    """The message without what `muted` (subjects) silences; None where nothing is left of it.

    A warning is silenced if every finding in it is of a muted rule. Of a warning that carries a question the other half
    stays, in its own words.
    """
    if not muted:
        return message
    asks = message.kind in QUESTIONS
    kind_muted = message.kind in MUTABLE_KINDS and f"{KIND}{message.kind}" in muted
    if not message.alert:
        return None if kind_muted else message
    warning_muted = bool(message.findings) and all(f"{RULE}{_rule(key)}" in muted for key in message.findings)
    if warning_muted:
        return None if kind_muted or not asks else _question_alone(message)
    return _warning_alone(message) if kind_muted else message


def _rule(finding_key: str) -> str:
    return finding_key.partition("|")[0]


def _question_alone(message: Message) -> Message:
    text = message.text if message.question is None else under_knee(message.question.text)
    return replace(message, level=Level.ASK, title=KNEE, text=text, alert=False)


def _warning_alone(message: Message) -> Message:
    text = message.text
    if message.question is not None:
        text = text.removesuffix(message.question.text).rstrip()
    return replace(message, kind=MessageKind.LOAD, text=text, question=None)
