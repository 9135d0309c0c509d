"""When the clock alone may give triage something new to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rules.digest import DIGEST_AT
from rules.facts import Runner
from rules.outcome import Assessment
from rules.phrases import local_date
from rules.policy import Policy
from rules.timing import at_clock_time
from rules.week_view import week_end

DAY = timedelta(days=1)


def next_moment(assessment: Assessment, policy: Policy, runner: Runner, now: datetime) -> datetime:
    """The first of these after `now`: a question that becomes due, the hour of the strength reminder, the hour of the
    digest, and midnight, when what happened grows a day older."""
    today = local_date(now, runner)
    moments = [
        *(prompt.due_at.astimezone(UTC) for prompt in assessment.prompts),
        *(at_clock_time(day, policy.strength.nudge, runner) for day in (today, today + DAY)),
        next_digest_at(runner, now),
        *(at_clock_time(today + number * DAY, "00:00", runner) for number in (1, 2)),
    ]
    return min(moment for moment in moments if moment > now)


def next_digest_at(runner: Runner, now: datetime) -> datetime:
    """The first Sunday 18:00 of the runner after `now`."""
    sunday = week_end(local_date(now, runner))
    due = at_clock_time(sunday, DIGEST_AT, runner)
    return due if due > now else at_clock_time(sunday + 7 * DAY, DIGEST_AT, runner)
