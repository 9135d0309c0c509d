"""`niggled explain [ID]`."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import click

from daemon.cli.context import (
    athlete_options,
    json_option,
    now,
    opened,
    print_json,
)
from daemon.config import AthleteConfig
from daemon.config_example import toml_value
from daemon.store.findings import StoredFinding, find_finding, list_findings
from rules.citations import GRADES, RULES, RuleSource
from rules.outcome import Finding
from rules.settings import Setting, listed
from rules.wording import NOT_MEDICAL_ADVICE, finding_sentence

RECENT = timedelta(days=90)


@click.command(name="explain")
@click.argument("finding_id", metavar="[ID]", required=False)
@athlete_options
@json_option
def command(finding_id: str | None, config_path: str | None, athlete_name: str | None, as_json: bool) -> None:
    """The numbers, the rule, the setting and the paper behind a finding. Without ID: the findings of 90 days."""
    with opened(config_path, athlete_name) as (store, athlete), store.reading() as session:
        if finding_id is None:
            _list(list_findings(session, athlete.name, since=now() - RECENT), athlete, as_json)
            return
        stored = find_finding(session, athlete.name, finding_id)
    if stored is None:
        raise click.ClickException(f"There is no finding {finding_id}. `niggled explain` lists the latest.")
    if as_json:
        print_json(_as_json(stored, athlete))
        return
    _tell(stored, athlete)


def _list(found: list[StoredFinding], athlete: AthleteConfig, as_json: bool) -> None:
    for stored in found:
        if as_json:
            print_json(_as_json(stored, athlete))
            continue
        at = stored.finding.at.astimezone(ZoneInfo(athlete.runner.timezone))
        sentence = finding_sentence(stored.finding, athlete.runner)
        click.echo(f"{stored.id:>5}  {at:%a %Y-%m-%d}  {stored.finding.level.value:<5} {sentence}")
    if not found and not as_json:
        click.echo("Nothing was noticed in the last 90 days.")


def _tell(stored: StoredFinding, athlete: AthleteConfig) -> None:
    finding, runner = stored.finding, athlete.runner
    source = RULES[finding.rule]
    zone = ZoneInfo(runner.timezone)
    click.echo(finding_sentence(finding, runner))
    click.echo(f"\nNoticed {finding.at.astimezone(zone):%A %d %B %Y %H:%M}, about {finding.subject}.")
    click.echo(f"Rule {finding.rule} ({source.name}), level {finding.level.value}: {source.formula}")
    click.echo("\nNumbers")
    for name, value in finding.numbers.items():
        click.echo(f"  {name} = {value:.4g}" if isinstance(value, float) else f"  {name} = {value}")
    click.echo("\nSettings")
    for own in _settings(source, athlete):
        unit = f" {own.unit}" if own.unit else ""
        click.echo(f"  {own.name} = {toml_value(own.default)}{unit}: {own.sentence} [{own.source}]")
    click.echo(f"\nEvidence: grade {source.grade} ({GRADES[source.grade[0]]}). {source.cite}")
    if stored.withdrawn_at:
        click.echo(f"\nWithdrawn {stored.withdrawn_at.astimezone(zone):%A %d %B %Y}: what caused it is gone.")
    elif stored.was_sent:
        click.echo("\nThis was sent to you.")
    click.echo(f"\n{NOT_MEDICAL_ADVICE}")


def _settings(source: RuleSource, athlete: AthleteConfig) -> list[Setting]:
    return [own for own in listed(athlete.policy) if own.name in source.settings]


def _as_json(stored: StoredFinding, athlete: AthleteConfig) -> dict[str, object]:
    finding: Finding = stored.finding
    source = RULES[finding.rule]
    return {
        "id": stored.id,
        "rule": finding.rule,
        "level": finding.level.value,
        "subject": finding.subject,
        "at": finding.at.astimezone(ZoneInfo(athlete.runner.timezone)).isoformat(),
        "numbers": dict(finding.numbers),
        "text": finding_sentence(finding, athlete.runner),
        "settings": {own.name: own.default for own in _settings(source, athlete)},
        "grade": source.grade,
        "cite": source.cite,
        "withdrawn": stored.withdrawn_at is not None,
        "sent": stored.was_sent,
    }
