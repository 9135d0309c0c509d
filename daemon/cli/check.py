"""`niggled check --km 18 [--descent 400] [--climb 400] [--fast 20]`."""

from __future__ import annotations

from datetime import datetime

import click

from daemon.cli.context import (
    athlete_options,
    json_option,
    now,
    opened,
    print_json,
)
from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from rules.whatif import Planned, WhatIf, what_if
from rules.whatif_words import verdict_sentences
from rules.wording import finding_sentence


@click.command(name="check")
@click.option("--km", type=click.FloatRange(0, 400, min_open=True), required=True, help="How far.")
@click.option("--descent", type=click.FloatRange(0, 20_000), default=0.0, metavar="M", help="Metres down.")
@click.option("--climb", type=click.FloatRange(0, 20_000), default=0.0, metavar="M", help="Metres up.")
@click.option("--fast", type=click.FloatRange(0, 600), default=0.0, metavar="MIN", help="Fast minutes.")
@athlete_options
@json_option
def command(
    km: float,
    descent: float,
    climb: float,
    fast: float,
    config_path: str | None,
    athlete_name: str | None,
    as_json: bool,
) -> None:
    """What if I ran this next? What it would pass, and what the rules would say about it."""
    moment = now()
    with opened(config_path, athlete_name) as (store, athlete):
        seen = look(store, athlete, moment)
    found = what_if(seen.state, seen.policy, moment, Planned(km, descent, climb, fast), seen.assessment)
    if as_json:
        print_json(_as_json(found, athlete))
    else:
        _tell(found, athlete, moment)


def _tell(found: WhatIf, athlete: AthleteConfig, moment: datetime) -> None:
    for sentence in verdict_sentences(found, athlete.runner, moment):
        click.echo(sentence)
    if found.findings:
        click.echo("\nAfterwards you would read:")
        for finding in found.findings:
            click.echo(f"  {finding.level.value:<5} {finding_sentence(finding, athlete.runner)}")


def _as_json(found: WhatIf, athlete: AthleteConfig) -> dict[str, object]:
    return {
        "km": found.planned.km,
        "descent_m": found.planned.descent_m,
        "climb_m": found.planned.climb_m,
        "fast_min": found.planned.fast_min,
        "longest_km": found.longest_km,
        "binding": found.binding,
        "over": list(found.over),
        "load_after": found.load_after.value,
        "findings": [
            {
                "rule": finding.rule,
                "level": finding.level.value,
                "numbers": dict(finding.numbers),
                "text": finding_sentence(finding, athlete.runner),
            }
            for finding in found.findings
        ],
    }
