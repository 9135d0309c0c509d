"""Why something was noticed: the rule, its numbers, its settings and the paper behind it, for every door that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.config import AthleteConfig
from daemon.config_example import toml_value
from daemon.store.findings import StoredFinding
from rules.citations import GRADES, RULES, RuleSource
from rules.outcome import Finding, Number
from rules.settings import Setting, listed
from rules.wording import finding_sentence


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding with everything behind it. `at` and `withdrawn_at` are the runner's own time; `settings` are those of the
    policy in force that its rule reads."""

    stored: StoredFinding
    sentence: str
    at: datetime
    withdrawn_at: datetime | None
    source: RuleSource
    settings: tuple[Setting, ...]

    @property
    def finding(self) -> Finding:
        return self.stored.finding

    @property
    def numbers(self) -> Mapping[str, Number]:
        return self.finding.numbers

    @property
    def evidence(self) -> str:
        """ "grade B (large cohort of runners, or a trial in another group)"."""
        return f"grade {self.source.grade} ({GRADES[self.source.grade[0]]})"


def explained(stored: StoredFinding, athlete: AthleteConfig) -> Explanation:
    """`athlete` has the policy that holds now."""
    finding, zone = stored.finding, ZoneInfo(athlete.runner.timezone)
    source = RULES[finding.rule]
    withdrawn = stored.withdrawn_at
    return Explanation(
        stored,
        finding_sentence(finding, athlete.runner),
        finding.at.astimezone(zone),
        None if withdrawn is None else withdrawn.astimezone(zone),
        source,
        tuple(own for own in listed(athlete.policy) if own.name in source.settings),
    )


def setting_value(own: Setting) -> str:
    """ "1.1" or "40 h": the value with its unit."""
    value = toml_value(own.default)
    return f"{value} {own.unit}" if own.unit else value
