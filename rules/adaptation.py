"""Offered, never silent: warn a little later where no warning was followed by a flare (RULES 11.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rules.policy import Policy

FOLLOWED_WITHIN = timedelta(hours=36)
ALERTS_COUNT_FOR = timedelta(days=730)
EXCESS_FACTOR = 1.10
OFFER = (
    "None of your last {alerts} warnings was followed by a sore morning. Warn a little later? Reply `yes`."
)


def offer_due(
    alerts: Sequence[datetime],
    mornings: Sequence[datetime],
    flares: Sequence[datetime],
    policy: Policy,
    now: datetime,
) -> bool:
    """Whether the digest should offer it.

    `alerts` are load alerts that were sent, `mornings` morning answers, `flares` answers at B+2 or more or still not back
    after 24 h (P3 from warn on, P4), all as instants.
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


def withdrawn(accepted_at: datetime, alerts: Sequence[datetime], flares: Sequence[datetime]) -> bool:
    """Whether a flare after a later alert takes the accepted offer back."""
    return any(alert > accepted_at and _followed(alert, flares) for alert in alerts)


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
