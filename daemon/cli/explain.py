"""`niggled explain [ID]`."""

from __future__ import annotations

from datetime import timedelta

import click

from daemon.cli.context import (
    athlete_options,
    json_option,
    now,
    opened,
    print_json,
)
from daemon.config import AthleteConfig
from daemon.explanation import Explanation, explained, setting_value
from daemon.jobs.adapt import in_force
from daemon.store.findings import StoredFinding, find_finding, list_findings
from rules.wording import NOT_MEDICAL_ADVICE

RECENT = timedelta(days=90)


@click.command(name="explain")
@click.argument("finding_id", metavar="[ID]", required=False)
@athlete_options
@json_option
def command(finding_id: str | None, config_path: str | None, athlete_name: str | None, as_json: bool) -> None:
    """The numbers, the rule, the setting and the paper behind a finding. Without ID: the findings of 90 days."""
    with opened(config_path, athlete_name) as (store, athlete), store.reading() as session:
        athlete = in_force(session, athlete, now())
        if finding_id is None:
            _list(list_findings(session, athlete.name, since=now() - RECENT), athlete, as_json)
            return
        stored = find_finding(session, athlete.name, finding_id)
    if stored is None:
        raise click.ClickException(f"There is no finding {finding_id}. `niggled explain` lists the latest.")
    if as_json:
        print_json(_as_json(explained(stored, athlete)))
        return
    _tell(explained(stored, athlete))


def _list(found: list[StoredFinding], athlete: AthleteConfig, as_json: bool) -> None:
    for why in (explained(stored, athlete) for stored in found):
        if as_json:
            print_json(_as_json(why))
            continue
        click.echo(f"{why.stored.id:>5}  {why.at:%a %Y-%m-%d}  {why.finding.level.value:<5} {why.sentence}")
    if not found and not as_json:
        click.echo("Nothing was noticed in the last 90 days.")


def _tell(why: Explanation) -> None:
    finding, source = why.finding, why.source
    click.echo(why.sentence)
    click.echo(f"\nNoticed {why.at:%A %d %B %Y %H:%M}, about {finding.subject}.")
    click.echo(f"Rule {finding.rule} ({source.name}), level {finding.level.value}: {source.formula}")
    click.echo("\nNumbers")
    for name, value in why.numbers.items():
        click.echo(f"  {name} = {value:.4g}" if isinstance(value, float) else f"  {name} = {value}")
    click.echo("\nSettings")
    for own in why.settings:
        click.echo(f"  {own.name} = {setting_value(own)}: {own.sentence} [{own.source}]")
    click.echo(f"\nEvidence: {why.evidence}. {source.cite}")
    if why.withdrawn_at is not None:
        click.echo(f"\nWithdrawn {why.withdrawn_at:%A %d %B %Y}: what caused it is gone.")
    elif why.stored.was_sent:
        click.echo("\nThis was sent to you.")
    click.echo(f"\n{NOT_MEDICAL_ADVICE}")


def _as_json(why: Explanation) -> dict[str, object]:
    finding = why.finding
    return {
        "id": why.stored.id,
        "rule": finding.rule,
        "level": finding.level.value,
        "subject": finding.subject,
        "at": why.at.isoformat(),
        "numbers": dict(why.numbers),
        "text": why.sentence,
        "settings": {own.name: own.default for own in why.settings},
        "grade": why.source.grade,
        "cite": why.source.cite,
        "withdrawn": why.withdrawn_at is not None,
        "sent": why.stored.was_sent,
    }
