"""The message budget as arithmetic over what was sent or queued (RULES 11.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from rules.facts import Runner
from rules.outcome import MessageKind, Sent
from rules.phrases import local_date
from rules.policy import Policy
from rules.timing import at_clock_time, quiet_until

BYPASS = frozenset({MessageKind.EMERGENCY, MessageKind.REFER, MessageKind.STOP})
QUESTIONS = frozenset({MessageKind.AFTER_RUN, MessageKind.MORNING})
COUNTED_PUSHES = frozenset(
    {
        MessageKind.LOAD,
        MessageKind.TIME_OFF,
        MessageKind.RESOLVE,
        MessageKind.DIGEST,
        MessageKind.OPERATIONS,
    }
)
WEEK = timedelta(days=7)
LATER_SUFFIX = ":later"
"""What the key of a reminder ends with that comes a second time because the runner asked for it: no further nudge."""


def free_at(due: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> datetime:
    """The first instant from `due` on outside quiet hours and at least `msg.gap_h` from every other push."""
    gap = timedelta(hours=policy.msg.gap_h)
    others = sorted(message.due_at for message in sent if message.due_at > due - gap)
    while True:
        moved = quiet_until(due, policy.msg.quiet, runner) or due
        for other in others:
            if abs(other - moved) < gap:
                moved = other + gap
        if moved == due:
            return due
        due = moved


def alert_allowed(due: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> bool:
    """Whether one more load alert may go at `due`: the limits per local date and per 7 x 24 h."""
    alerts = [message.due_at for message in sent if message.alert]
    if any(local_date(alert, runner) == local_date(due, runner) for alert in alerts):
        return False
    return _fits(due, alerts, policy.msg.alerts_7d) and push_allowed(due, sent, policy)


def push_allowed(due: datetime, sent: Sequence[Sent], policy: Policy) -> bool:
    """Whether one more load alert, resolve, digest or word about the machine may go in any 7 x 24 h."""
    counted = [message.due_at for message in sent if message.alert or message.kind in COUNTED_PUSHES]
    return _fits(due, counted, policy.msg.pushes_7d)


def push_free_at(now: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> datetime | None:
    """The first free instant from `now` on; None where a full week forbids the push, be it only until then."""
    due = free_at(now, sent, policy, runner)
    allowed = push_allowed(now, sent, policy) and push_allowed(due, sent, policy)
    return due if allowed else None


def question_allowed(due: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> bool:
    """Whether one more question may be asked on the local date of `due`."""
    on = local_date(due, runner)
    asked = sum(
        1 for message in sent if message.kind in QUESTIONS and local_date(message.due_at, runner) == on
    )
    return asked < policy.msg.questions_day


def question_free_at(due: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> datetime:
    """The first free instant from `due` on, on a date that has a question left."""
    while True:
        free = free_at(due, sent, policy, runner)
        if question_allowed(free, sent, policy, runner):
            return free
        due = at_clock_time(local_date(free, runner) + timedelta(days=1), "00:00", runner)


def nudge_allowed(due: datetime, sent: Sequence[Sent], policy: Policy, runner: Runner) -> bool:
    """Whether one more nudge may go in the ISO week of `due`."""
    week = iso_week(local_date(due, runner))
    nudges = sum(
        1
        for message in sent
        if message.kind is MessageKind.NUDGE
        and not message.key.endswith(LATER_SUFFIX)
        and iso_week(local_date(message.due_at, runner)) == week
    )
    return nudges < policy.strength.per_week


def iso_week(when: date) -> tuple[int, int]:
    """(ISO year, ISO week)."""
    return when.isocalendar()[:2]


def _fits(due: datetime, times: Iterable[datetime], limit: int) -> bool:
    """Whether `due` joins `times` without more than `limit` of them in any 7 x 24 h."""
    near = sorted([*(time for time in times if abs(time - due) <= WEEK), due])
    return all(later - earlier > WEEK for earlier, later in zip(near, near[limit:], strict=False))
