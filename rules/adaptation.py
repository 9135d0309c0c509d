"""Offered, never silent: warn a little later where no warning was followed by a flare (RULES 11.10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rules.facts import Adaptation, Runner
from rules.outcome import Finding
from rules.phrases import day, local_date
from rules.policy import Policy

FOLLOWED_WITHIN = timedelta(hours=36)
ALERTS_COUNT_FOR = timedelta(days=730)
EXCESS_FACTOR = 1.10
FLARE_RULES = ("P3", "P4")
FLARE_ABOVE = 2
OFFER_LASTS, OFFER_REPEATS = timedelta(days=7), timedelta(days=28)
"""How long the answer counts, and how soon an offer without one comes again."""


def flare_times(findings: Iterable[Finding]) -> list[datetime]:
    """When a morning was at least two above the usual, or a flare not over after a day (RULES 11.11)."""
    return [
        finding.at
        for finding in findings
        if finding.rule == "P4"
        or (finding.rule == "P3" and float(finding.numbers.get("above", 0)) >= FLARE_ABOVE)
    ]


def accepted_at(
    answers: Sequence[Adaptation], alerts: Sequence[datetime], flares: Sequence[datetime]
) -> datetime | None:
    """Since when warnings come later; None where the last answer was no, or a flare took it back. `answers` are in order."""
    if not answers or not answers[-1].accepted:
        return None
    at = answers[-1].at
    return None if withdrawn(at, alerts, flares) else at


def offer_due(
    alerts: Sequence[datetime],
    mornings: Sequence[datetime],
    flares: Sequence[datetime],
    policy: Policy,
    now: datetime,
) -> bool:
    """Whether the digest should offer it.

    `alerts` are load alerts that were sent, `mornings` morning answers, `flares` as of `flare_times`, all as instants.
    """
    answered = [
        alert for alert in sorted(alerts) if now - alert <= ALERTS_COUNT_FOR and _followed(alert, mornings)
    ][-policy.adapt.alerts :]
    return len(answered) == policy.adapt.alerts and not any(_followed(alert, flares) for alert in answered)


def offer_sentence(policy: Policy) -> str:
    return (
        f"None of your last {policy.adapt.alerts} warnings was followed by a sore morning. "
        "Warn a little later? Reply `yes`."
    )


def adapted_sentence(since: datetime, runner: Runner, now: datetime) -> str:
    """What `status` says of it."""
    when = day(local_date(since, runner), local_date(now, runner))
    return f"Adapted since {when}: warnings come a little later, until one is followed by a sore morning."


def withdrawn(accepted: datetime, alerts: Sequence[datetime], flares: Sequence[datetime]) -> bool:
    """Whether a flare after a later alert takes the accepted offer back."""
    return any(alert > accepted and _followed(alert, flares) for alert in alerts)


def relaxed(policy: Policy) -> Policy:
    """The policy after `yes`: the ratio excesses of R1, R2, R4, R5, R6 and R10 are 10 % larger (1.10 becomes 1.11)."""
    return replace(
        policy,
        r1=replace(policy.r1, ratio=_wider(policy.r1.ratio)),
        r2=replace(
            policy.r2,
            note=_wider(policy.r2.note),
            warn_k3=_wider(policy.r2.warn_k3),
            warn_k1=_wider(policy.r2.warn_k1),
        ),
        r4=replace(policy.r4, note=_wider(policy.r4.note), warn=_wider(policy.r4.warn)),
        r5=replace(policy.r5, note=_wider(policy.r5.note), warn=_wider(policy.r5.warn)),
        r6=replace(policy.r6, ratio=_wider(policy.r6.ratio)),
        r10=replace(policy.r10, note=_wider(policy.r10.note), warn=_wider(policy.r10.warn)),
    )


def _wider(ratio: float) -> float:
    return round(1 + (ratio - 1) * EXCESS_FACTOR, 4)


def _followed(alert: datetime, instants: Sequence[datetime]) -> bool:
    return any(timedelta() < instant - alert <= FOLLOWED_WITHIN for instant in instants)
