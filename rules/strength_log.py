"""What counts as a strength session, and what the sessions so far make of every exercise (RULES 10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from rules.core import Core
from rules.exercises import EXERCISES
from rules.facts import Activity, Family, History, ReplyKind
from rules.gates import end_of, moving_seconds
from rules.policy import Policy
from rules.progression import Dose, Outcome, doses
from rules.sports import normalise
from rules.strength import Session, Training, session

TITLED_SPORTS = frozenset(
    {"workout", "highintensityintervaltraining", "hiit", "pilates", "yoga", "indoorcardio"}
)
"""Sports that are strength work where their title says so."""

MORNING = time(8)
RAN_BEFORE = timedelta(hours=36)


def counts_as_strength(activity: Activity, policy: Policy) -> bool:
    """Whether an activity is a strength session of at least `strength.min_minutes`."""
    if activity.excluded or moving_seconds(activity) < policy.strength.min_minutes * 60:
        return False
    if activity.family is Family.STRENGTH:
        return True
    title = activity.title.lower()
    return (
        activity.family is Family.OTHER
        and normalise(activity.sport) in TITLED_SPORTS
        and any(word in title for word in policy.strength.title_words)
    )


def sessions_of(history: History, since: datetime, policy: Policy) -> list[Session]:
    """Sessions told by `done` and those a watch recorded, from `since` on, in order of start."""
    told = [
        Session(session.start, session.start + timedelta(minutes=session.minutes), session.groups)
        for session in history.strength
        if session.start >= since and session.minutes >= policy.strength.min_minutes
    ]
    recorded = [
        Session(activity.start, end_of(activity))
        for activity in history.activities
        if activity.start >= since and counts_as_strength(activity, policy)
    ]
    return sorted((*told, *recorded), key=lambda session: session.start)


def doses_of(core: Core, training: Training, policy: Policy) -> dict[str, Dose]:
    """The next dose of every exercise; only a `done` tells effort and pain."""
    outcomes: list[Outcome] = []
    for said in sorted(core.recent.strength, key=lambda one: one.start):
        day = date.fromordinal(core.date(said.start))
        earlier = tuple(one for one in training.sessions if one.start < said.start)
        rows = session(replace(training, sessions=earlier, doses={}), policy, day)
        next_day = day.toordinal() + 1
        outcomes.append(
            Outcome(
                date=day,
                exercises=tuple(row.name for row in rows if not said.groups or row.group in said.groups),
                effort=said.effort,
                pain=said.pain,
                morning_above=_morning_above(core, next_day),
                ran_between=_ran_before_morning(core, next_day),
            )
        )
    return doses(EXERCISES, outcomes)


def _morning_above(core: Core, day: int) -> int | None:
    mornings = [one for side in core.pain.sides.values() for one in side.mornings]
    return max((one.above for one in mornings if one.date == day), default=None)


def _ran_before_morning(core: Core, day: int) -> bool:
    """Whether a run ended in the 36 h before the morning answer of a date."""
    answered = [
        reply.at
        for reply in core.recent.replies
        if reply.kind is ReplyKind.MORNING and core.date(reply.at) == day
    ]
    usual = datetime.combine(date.fromordinal(day), MORNING, core.zone).astimezone(UTC)
    morning = max(answered, default=usual)
    return any(
        not record.walk and timedelta() <= morning - record.end <= RAN_BEFORE for record in core.records
    )
