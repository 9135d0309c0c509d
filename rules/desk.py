"""What triage knows at one moment and what it has accepted so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.facts import Activity, History, Runner
from rules.gates import end_of
from rules.outcome import LEVEL_ORDER, Assessment, Finding, Message, Sent
from rules.policy import Policy
from rules.timing import first_seen_at, paused_at

RULE_ORDER = ("R9", "R1", "R2", "R4", "R5", "R3", "R10up", "R10down", "R6", "R7", "R8", "P7")
"""Among equal levels the earlier rule leads (RULES 5); R9's words replace R1's."""

HILL_WEEK = frozenset({"R10up", "R10down"})
SAME_RATIO = 0.05


@dataclass(slots=True)
class Desk:
    """The inputs of one triage; `sent` and `told` grow with every message accepted.

    `resolved` are ends of bad spells still to be told: (key, sentence).
    """

    assessment: Assessment
    history: History
    policy: Policy
    now: datetime
    sent: list[Sent]
    told: set[str] = field(default_factory=set)
    resolved: list[tuple[str, str]] = field(default_factory=list)

    @property
    def runner(self) -> Runner:
        return self.history.runner

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.runner.timezone)

    def was_sent(self, key: str) -> bool:
        return any(message.key == key for message in self.sent)

    def accept(self, message: Message) -> Message:
        self.sent.append(Sent(message.key, message.kind, message.due_at, message.findings, message.alert))
        self.told.update(message.findings)
        return message

    def untold(self) -> list[Finding]:
        return [finding for finding in self.assessment.findings if finding.key not in self.told]

    def activity(self, activity_id: str) -> Activity | None:
        # From the newest end: what triage asks about is nearly always the last activity.
        for activity in reversed(self.history.activities):
            if activity.id == activity_id:
                return activity
        return None

    def fresh(self, instant: datetime) -> bool:
        """Whether something of this instant may still be pushed: not too old, not of a pause or the first import."""
        first_import = self.history.first_import_until
        return (
            self.now - instant <= timedelta(hours=self.policy.alert.max_age_h)
            and not paused_at(instant, self.history.pauses)
            and (first_import is None or instant > first_import)
        )

    def pushable(self, activity: Activity) -> bool:
        """RULES 11.6: a run first seen late, or with the first import, goes to the digest only."""
        end, seen = end_of(activity), first_seen_at(activity)
        return (
            max(seen, self.now) - end <= timedelta(hours=self.policy.alert.max_age_h)
            and not paused_at(seen, self.history.pauses)
            and not paused_at(end, self.history.pauses)
            and not self.first_imported(activity)
        )

    def first_imported(self, activity: Activity) -> bool:
        """Whether it came with the first import, which neither warns nor asks."""
        first_import = self.history.first_import_until
        return first_import is not None and first_seen_at(activity) <= first_import


def open_desk(
    assessment: Assessment, history: History, sent: Sequence[Sent], policy: Policy, now: datetime
) -> Desk:
    desk = Desk(assessment, history, policy, now.astimezone(UTC), list(sent))
    for message in sent:
        desk.told.update(message.findings)
    return desk


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """By level, then in the order of evaluation, without those that another one says too."""
    ordered = sorted(
        findings,
        key=lambda finding: (
            -LEVEL_ORDER.index(finding.level),
            RULE_ORDER.index(finding.rule) if finding.rule in RULE_ORDER else len(RULE_ORDER),
            finding.key,
        ),
    )
    spoken: list[Finding] = []
    for finding in ordered:
        if not any(says_too(leading, finding) for leading in spoken):
            spoken.append(finding)
    return spoken


def says_too(leading: Finding, other: Finding) -> bool:
    """Whether the words of one finding play the part of another: R9's replace R1's (RULES 5.1), a hill week is said once
    for both ways, and a long run's kneecap load is no news where it is only long."""
    if leading.rule == "R9" and other.rule == "R1":
        return True
    if leading.rule in HILL_WEEK and other.rule in HILL_WEEK:
        return leading.rule != other.rule
    if leading.rule == "R1" and other.rule == "R2":
        return float(other.numbers["ratio"]) <= float(leading.numbers["ratio"]) + SAME_RATIO
    return False


def told_by(shown: Sequence[Finding], findings: Sequence[Finding]) -> tuple[str, ...]:
    """Keys of what a message tells: the findings shown and those whose part their words play."""
    also = {other.key for other in findings for leading in shown if says_too(leading, other)}
    return tuple(sorted(also | {finding.key for finding in shown}))
