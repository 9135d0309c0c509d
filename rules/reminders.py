"""Time off and strength: pushes that follow no run (RULES 5.3 D1, 10, 11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rules.desk import Desk
from rules.facts import Runner
from rules.limits import free_at, nudge_allowed, push_free_at
from rules.messages import strength_text, time_off_text
from rules.outcome import Finding, Level, Message, MessageKind, PainState
from rules.phrases import local_date
from rules.policy import Policy
from rules.timing import at_clock_time
from rules.wording import finding_sentence, title

TIME_OFF_LASTS = timedelta(days=2)
NO_RUNNING = frozenset({PainState.RED, PainState.REFERRED})


def time_off_messages(desk: Desk) -> Iterator[Message]:
    """Accepts and yields the one message of a gap (D1); none while running is stopped anyway."""
    if desk.assessment.pain.overall in NO_RUNNING:
        return
    for finding in desk.untold():
        if finding.rule == "D1" and desk.fresh(finding.at):
            message = _time_off(desk, finding)
            if message is not None:
                yield desk.accept(message)


def _time_off(desk: Desk, finding: Finding) -> Message | None:
    due = push_free_at(desk.now, desk.sent, desk.policy, desk.runner)
    if due is None:
        return None
    return Message(
        key=f"time_off:{finding.subject}",
        kind=MessageKind.TIME_OFF,
        level=Level.NUDGE,
        title=title(finding),
        text=time_off_text(finding, desk.assessment, desk.runner, desk.now),
        decided_at=desk.now,
        due_at=due,
        expires_at=due + TIME_OFF_LASTS,
        findings=(finding.key,),
    )


def strength_messages(desk: Desk) -> Iterator[Message]:
    """Accepts and yields today's reminder: from 17:00 on the date of the slot, with the week's S1 if it is due."""
    slot = desk.assessment.strength.next_slot
    today = local_date(desk.now, desk.runner)
    at = reminder_at(desk)
    weekly = next(
        (
            finding
            for finding in desk.untold()
            if finding.rule == "S1" and finding.level is Level.NUDGE and desk.fresh(finding.at)
        ),
        None,
    )
    if slot is None or desk.now < at or desk.now >= at + timedelta(hours=desk.policy.strength.delay_h):
        return
    key = f"strength:{today.isoformat()}"
    if desk.was_sent(key) or local_date(slot, desk.runner) != today:
        return
    due = free_at(desk.now, desk.sent, desk.policy, desk.runner)
    late = due > at + timedelta(hours=desk.policy.strength.delay_h)
    if late or not nudge_allowed(due, desk.sent, desk.policy, desk.runner):
        return
    yield desk.accept(_reminder(desk, key, due, weekly))


def skipped_today(runner: Runner, policy: Policy, now: datetime) -> Message:
    """Today's reminder as a message that was said already: the answer `skip` before it came."""
    today = local_date(now, runner)
    due = at_clock_time(today, policy.strength.nudge, runner)
    return Message(
        key=f"strength:{today.isoformat()}",
        kind=MessageKind.NUDGE,
        level=Level.NUDGE,
        title="Strength today",
        text="Skipped.",
        decided_at=now,
        due_at=due,
        expires_at=due + timedelta(hours=policy.strength.delay_h),
    )


def reminder_at(desk: Desk) -> datetime:
    """Today's hour of the strength reminder."""
    return at_clock_time(local_date(desk.now, desk.runner), desk.policy.strength.nudge, desk.runner)


def _reminder(desk: Desk, key: str, due: datetime, weekly: Finding | None) -> Message:
    week = finding_sentence(weekly, desk.runner) if weekly is not None else ""
    return Message(
        key=key,
        kind=MessageKind.NUDGE,
        level=Level.NUDGE,
        title="Strength today",
        text=strength_text(desk.assessment.strength, week),
        decided_at=desk.now,
        due_at=due,
        expires_at=due + timedelta(hours=desk.policy.strength.delay_h),
        findings=(weekly.key,) if weekly is not None else (),
    )
