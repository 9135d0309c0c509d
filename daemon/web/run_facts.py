"""What is known of one activity: its parts, its limits, what was found about it, and what the knee said."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.config import AthleteConfig
from daemon.jobs.assess import estimates_key
from daemon.store.engine import Session
from daemon.store.findings import StoredFinding, findings_about
from daemon.store.history import ActivityDetail
from daemon.store.runs import estimates_before, first_activities, leaf, measured_between
from daemon.web.run_answers import Told, told_about
from rules.core import zone_named
from rules.estimates import estimates_for
from rules.facts import Activity, Estimates, Family, RunLoad
from rules.gates import end_of, gate_reason
from rules.load import measure
from rules.policy import Policy
from rules.records import Record, around, local_start, record_of
from rules.run_limits import Limit, limits_of
from rules.run_shape import Shape, shape_of
from rules.timeoff import Experience

log = logging.getLogger(__name__)

REACH = timedelta(days=34)
"""The month before a run, the three weeks before its week, and a date line either way."""
NEXT = 5
"""Of the runs that follow, one at least should count: later answers are its own."""
FOUND_WITHIN = timedelta(days=12)
"""An answer may lead to a finding about its run days later."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """`why_not` is why it does not count, as `gate_reason` has it; then there are no `limits`. `shape` is None without a
    distance, or where its samples cannot be read. `earlier` and `later` are the numbers of its neighbours."""

    detail: ActivityDetail
    why_not: str | None
    learning: bool
    load: RunLoad
    estimates: Estimates
    shape: Shape | None
    limits: tuple[Limit, ...]
    findings: tuple[StoredFinding, ...]
    told: Told
    earlier: str | None
    later: str | None

    @property
    def activity(self) -> Activity:
        return self.detail.activity


def run_facts(session: Session, athlete: AthleteConfig, detail: ActivityDetail, now: datetime) -> RunFacts:
    """Everything about one run or walk; `athlete` has the policy in force."""
    activity, policy, name = detail.activity, athlete.policy, athlete.name
    key = estimates_key(athlete)
    records = _records_until(session, athlete, activity, key)
    own = next((record for record in records if record.id == activity.id), None)
    estimates = None if own is None else own.load.basis
    if estimates is None:
        estimates = estimates_before(session, name, key, activity.start)
    if estimates is None:
        date = local_start(activity, zone_named(athlete.runner.timezone)).toordinal()
        estimates = estimates_for((), (), athlete.runner, date, policy)
    load = own.load if own is not None else measure(activity, estimates, policy)
    on_foot = activity.family in (Family.RUN, Family.WALK)
    why_not = gate_reason(activity, policy, now)
    limits, learning = _limits(session, athlete, own, records) if own and why_not is None else ((), False)
    number = int(activity.id)
    earlier = leaf(session, name, limit=1, before=number).activities
    later = leaf(session, name, limit=NEXT, after=number).activities
    return RunFacts(
        detail=detail,
        why_not=why_not,
        learning=learning,
        load=load,
        estimates=estimates,
        shape=_shape(activity, load, estimates, policy) if on_foot and load.distance_m > 0 else None,
        limits=limits,
        findings=tuple(
            findings_about(session, name, [activity.id], activity.start, end_of(activity) + FOUND_WITHIN)
        ),
        told=told_about(session, name, activity, later[::-1], athlete.runner, policy),
        earlier=earlier[0].id if earlier else None,
        later=later[-1].id if later else None,
    )


def _shape(activity: Activity, load: RunLoad, estimates: Estimates, policy: Policy) -> Shape | None:
    try:
        return shape_of(activity, load, estimates, policy)
    except ValueError as error:
        log.warning("The samples of activity %s cannot be read: %s", activity.id, error)
        return None


def _records_until(session: Session, athlete: AthleteConfig, activity: Activity, key: str) -> list[Record]:
    """What counts of the weeks up to an activity, itself included, as it was measured, in order of start."""
    zone = zone_named(athlete.runner.timezone)
    measured = measured_between(session, athlete.name, key, activity.start - REACH, activity.start)
    return [
        record_of(told, load, zone) for told, load in measured if gate_reason(told, athlete.policy) is None
    ]


def _limits(
    session: Session, athlete: AthleteConfig, own: Record, records: list[Record]
) -> tuple[tuple[Limit, ...], bool]:
    """(the comparisons, whether what is usual was still being learned)."""
    policy, zone = athlete.policy, zone_named(athlete.runner.timezone)
    first = [
        local_start(activity, zone).toordinal()
        for activity in first_activities(session, athlete.name, 2 * policy.learn.runs + 1)
        if gate_reason(activity, policy) is None and activity.start < own.start
    ]
    experience = Experience(min(first, default=own.date), len(first))
    learning = experience.learning(own.date, policy)
    windows = around([record for record in records if record is not own], own.date, own)
    limits = limits_of(own, windows, policy, learning=learning, weeks_known=experience.weeks_known(own.date))
    return limits, learning
