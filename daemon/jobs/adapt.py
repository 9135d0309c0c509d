"""The policy that holds now: warnings a little later where that was accepted (RULES 11.10), and the runner's own quiet hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.config import AthleteConfig
from daemon.store.answers import load_adaptations, morning_times
from daemon.store.engine import Session
from daemon.store.findings import findings_of
from daemon.store.messages import alert_times
from daemon.store.preferences import quiet_hours
from rules.adaptation import (
    ALERTS_COUNT_FOR,
    FLARE_RULES,
    OFFER_REPEATS,
    accepted_at,
    flare_times,
    offer_due,
    relaxed,
)
from rules.facts import Prompt, PromptKind

DIGEST_DAYS = (7, 1)
"""ISO weekdays on which a digest can be told: Sunday evening, Monday morning."""


def adapted_since(session: Session, athlete: str, now: datetime) -> datetime | None:
    """Since when this athlete is warned later; None where they are not."""
    answers = load_adaptations(session, athlete, until=now)
    if not answers or not answers[-1].accepted:
        return None
    since = answers[-1].at
    flares = flare_times(findings_of(session, athlete, FLARE_RULES, since))
    return accepted_at(answers, alert_times(session, athlete, since), flares)


def in_force(session: Session, athlete: AthleteConfig, now: datetime) -> AthleteConfig:
    """The athlete with the policy that holds now."""
    policy = athlete.policy
    if adapted_since(session, athlete.name, now) is not None:
        policy = relaxed(policy)
    quiet = quiet_hours(session, athlete.name)
    if quiet is not None:
        policy = replace(policy, msg=replace(policy.msg, quiet=quiet))
    return athlete if policy is athlete.policy else replace(athlete, policy=policy)


def offers(session: Session, athlete: AthleteConfig, prompts: Sequence[Prompt], now: datetime) -> bool:
    """Whether a digest told now offers it: not while it holds, and after an answer only for as many new alerts."""
    local = now.astimezone(ZoneInfo(athlete.runner.timezone))
    if local.isoweekday() not in DIGEST_DAYS or adapted_since(session, athlete.name, now) is not None:
        return False
    if any(one.kind is PromptKind.OFFER and now - one.sent_at < OFFER_REPEATS for one in prompts):
        return False
    since = now - ALERTS_COUNT_FOR
    answers = load_adaptations(session, athlete.name, until=now)
    if answers:
        since = max(since, answers[-1].at)
    alerts = alert_times(session, athlete.name, since)
    if len(alerts) < athlete.policy.adapt.alerts:
        return False
    mornings = morning_times(session, athlete.name, since)
    flares = flare_times(findings_of(session, athlete.name, FLARE_RULES, since))
    return offer_due(alerts, mornings, flares, athlete.policy, now)
