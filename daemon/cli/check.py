"""`niggled check --km 18 [--descent 400] [--climb 400] [--fast 20]`."""

from __future__ import annotations

from datetime import datetime
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
from daemon.jobs.assess import look
from rules.phrases import day, distance
from rules.whatif import Planned, WhatIf, what_if
from rules.wording import BINDING_WORDS, budget_sentence, finding_sentence


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
    found = what_if(seen.state, seen.policy, moment, Planned(km, descent, climb, fast))
    if as_json:
        print_json(_as_json(found, athlete))
    else:
        _tell(found, athlete, moment)


def _tell(found: WhatIf, athlete: AthleteConfig, moment: datetime) -> None:
    runner, planned, before = athlete.runner, found.planned, found.before
    budget = before.budget
    if found.longest_km is None:
        click.echo("What fits is not known yet.")
    elif not found.over:
        click.echo(f"Fits: on such a route up to {distance(found.longest_km, runner)}.")
    if "distance" in found.over and found.longest_km is not None:
        click.echo(
            f"{distance(planned.km, runner)} is {distance(planned.km - found.longest_km, runner)} more than fits now: "
            f"on such a route up to {distance(found.longest_km, runner)}, set by {BINDING_WORDS[found.binding]}."
        )
    if "descent" in found.over:
        click.echo(f"{planned.descent_m:.0f} m down; {budget.descent_m} m are left this week.")
    if "fast" in found.over:
        click.echo(f"{planned.fast_min:.0f} fast minutes; {budget.fast_min} are left this week.")
    if "week" in found.over and budget.week_km is not None:
        click.echo(f"Your week has {distance(budget.week_km, runner)} left.")
    if found.over == ("too_soon",) and budget.not_before is not None:
        today = moment.astimezone(ZoneInfo(runner.timezone)).date()
        click.echo(f"Too soon: not before {day(budget.not_before, today)}.")
    if found.over:
        click.echo(budget_sentence(budget, runner, moment, pain=before.pain.overall, load=before.load))
    if found.findings:
        click.echo("\nAfterwards you would read:")
        for finding in found.findings:
            click.echo(f"  {finding.level.value:<5} {finding_sentence(finding, runner)}")


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
