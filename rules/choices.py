"""The buttons under a message: three at most, each an answer of the one grammar (RULES 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.facts import PromptKind, Runner
from rules.limits import LATER_SUFFIX
from rules.outcome import Level, Message, MessageKind
from rules.policy import Policy
from rules.timing import quiet_until

LATER_AFTER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Button:
    """What a button says, and the answer that it gives."""

    label: str
    answer: str


GRADED = (Button("Fine", "fine"), Button("Sore", "sore"), Button("Bad", "bad"))
NONE_OR_YES = (Button("None", "none"), Button("Yes", "yes"))
YES_OR_NO = (Button("Yes", "yes"), Button("No", "no"))
RUN_OR_NOW = (Button("During the run", "run"), Button("Now", "now"))
SESSION = (Button("Done", "done"), Button("Later", "later"), Button("Skip", "skip"))
READ = (Button("Seen", "seen"),)

OF_QUESTION = {
    PromptKind.AFTER_RUN: GRADED,
    PromptKind.MORNING: GRADED,
    PromptKind.WEEKLY: GRADED,
    PromptKind.SETTLED: YES_OR_NO,
    PromptKind.CHECKLIST: NONE_OR_YES,
    PromptKind.CLARIFY: RUN_OR_NOW,
    PromptKind.OFFER: YES_OR_NO,
}
SCORED = frozenset({PromptKind.AFTER_RUN, PromptKind.MORNING, PromptKind.WEEKLY})
"""Questions that a number from 0 to 10 answers; channels with room for eleven buttons show those instead."""
SCALE_WORDS = {0: "none", 2: "slight", 5: "hard to ignore", 10: "worst there is"}
"""What some of the numbers feel like, where there is room to say it."""

CALL_NOW = (
    Button("Chest pain", "chest"),
    Button("Short of breath", "breath"),
    Button("A newly swollen calf", "calf"),
)
CLINICIAN = (
    Button("It began with a twist, fall, blow or pop", "twist"),
    Button("I cannot take 4 steps", "steps"),
    Button("It is locked or does not straighten", "locked"),
    Button("It does not bend to a right angle", "bend"),
    Button("It gave way under me", "gave way"),
    Button("Big or fast swelling", "swelling"),
    Button("It looks deformed", "deformed"),
    Button("Hot and red, or fever", "hot"),
    Button("Pain on the bone itself", "bone"),
    Button("Pain at night or at rest, whatever I did", "night"),
    Button("Hip or groin pain", "groin"),
    Button("Pain all the time", "constant"),
)
"""The checklist item by item (RULES 5.3), where there is room to tick them."""


def buttons(message: Message) -> tuple[Button, ...]:
    """The buttons of a message; none where there is nothing to answer."""
    if message.question is not None:
        return OF_QUESTION[message.question.kind]
    if message.kind is MessageKind.NUDGE:
        return SESSION
    return READ if message.level in (Level.REFER, Level.EMERGENCY) else ()


def asks_for_a_number(message: Message) -> bool:
    return message.question is not None and message.question.kind in SCORED


def later_reminder(reminder: Message, policy: Policy, runner: Runner, now: datetime) -> Message | None:
    """The same reminder once more, three hours on; None where that is night, or where it has been put off before: then the
    planner finds the next day."""
    due = now + LATER_AFTER
    if reminder.key.endswith(LATER_SUFFIX) or quiet_until(due, policy.msg.quiet, runner) is not None:
        return None
    return Message(
        key=f"{reminder.key}{LATER_SUFFIX}",
        kind=reminder.kind,
        level=reminder.level,
        title=reminder.title,
        text=reminder.text,
        decided_at=now,
        due_at=due,
        expires_at=due + timedelta(hours=policy.strength.delay_h),
    )
