"""S1 to S3: what the strength log shows (RULES 5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from rules.facts import MuscleGroup
from rules.outcome import Finding, Level, PainState
from rules.phrases import WEEKDAYS, local_date
from rules.policy import Policy
from rules.strength import Training, demanding_runs, merged, sessions_in_week
from rules.timing import at_clock_time

WEEK = timedelta(days=7)


def strength_findings(training: Training, policy: Policy, now: datetime) -> tuple[Finding, ...]:
    """S1 (week, nudge and note), S2 (balance) and S3 (spacing) as they stand now; none in REFERRED."""
    if training.pain.overall is PainState.REFERRED:
        return ()
    now = now.astimezone(UTC)
    today = local_date(now, training.runner)
    return (
        *_week(training, policy, today),
        *_balance(training, policy, today),
        *_spacing(training, policy, now),
    )


def _week_subject(when: date) -> str:
    year, week, _ = when.isocalendar()
    return f"week:{year}-W{week:02d}"


def _midnight(training: Training, when: date) -> datetime:
    return at_clock_time(when, "00:00", training.runner)


def _week(training: Training, policy: Policy, today: date) -> Iterator[Finding]:
    """S1: short of sessions from Friday on; none at all in each of the last two weeks."""
    done, wanted = sessions_in_week(training, today), policy.strength.per_week
    monday = today - timedelta(days=today.weekday())
    first_day = [day[:3] for day in WEEKDAYS].index(policy.s1.day)
    if today.weekday() >= first_day and done < wanted:
        at = _midnight(training, monday + timedelta(days=first_day))
        yield Finding("S1", Level.NUDGE, _week_subject(today), at, {"done": done, "wanted": wanted})
    if not any(sessions_in_week(training, monday - weeks * WEEK) for weeks in (1, 2)):
        yield Finding("S1", Level.NOTE, _week_subject(today), _midnight(training, monday), {"done": done})


def _balance(training: Training, policy: Policy, today: date) -> Iterator[Finding]:
    """S2: a muscle group untouched for two weeks that had at least one tagged session."""
    since = _midnight(training, today - timedelta(days=policy.s2.days - 1))
    tagged = [each for each in training.sessions if each.groups and each.start >= since]
    if not tagged:
        return
    monday = today - timedelta(days=today.weekday())
    for group in MuscleGroup:
        if not any(group in each.groups for each in tagged):
            subject = f"{_week_subject(today)}:{group.value}"
            yield Finding("S2", Level.NOTE, subject, _midnight(training, monday), {"group": group.value})


def _spacing(training: Training, policy: Policy, now: datetime) -> Iterator[Finding]:
    """S3: a session of the last days less than a day before a planned or usual long, hard or hilly run."""
    for each in merged(training.sessions):
        if timedelta() <= now - each.start < WEEK and any(
            demanding_runs(training, policy, each.end, hilly=True)
        ):
            when = local_date(each.start, training.runner)
            yield Finding("S3", Level.NOTE, f"date:{when.isoformat()}", each.end)
