"""`niggled strength [today|done|skip|plan]`."""

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
from daemon.jobs.skipping import skip_reminder
from daemon.replies import take_answer
from rules.exercises import EFFORT_AND_REST, planned_set
from rules.outcome import StrengthPlan
from rules.phrases import capital, day


@click.group(name="strength", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Today's exercises, the plan, and telling that a session is done."""
    if context.invoked_subcommand is None:
        context.invoke(today)


@command.command()
@athlete_options
@json_option
def today(config_path: str | None = None, athlete_name: str | None = None, as_json: bool = False) -> None:
    """What a session holds now: one exercise for each muscle group, with how to do it."""
    moment = now()
    with opened(config_path, athlete_name) as (store, athlete):
        plan = look(store, athlete, moment).assessment.strength
    if as_json:
        print_json(_as_json(plan, athlete))
        return
    click.echo(_line(plan, athlete, moment))
    for exercise in plan.exercises:
        planned = planned_set(exercise)
        click.echo(f"\n{capital(exercise)}")
        if planned is not None:
            click.echo(f"  tempo {planned.row.tempo}. {planned.row.instruction}")
    if plan.exercises:
        click.echo(f"\n{EFFORT_AND_REST} Then: niggled strength done")


@command.command()
@click.argument("words", nargs=-1, metavar="[q h g c] [easy|hard] [PAIN]")
@athlete_options
def done(words: tuple[str, ...], config_path: str | None, athlete_name: str | None) -> None:
    """A session is done. `q h g c` name thigh, hamstring, hip and calf if it was not all of them."""
    with opened(config_path, athlete_name) as (store, athlete):
        taken = take_answer(store, athlete, " ".join(("done", *words)), now(), now())
    if not taken.understood:
        raise click.UsageError(
            f"{' '.join(words)!r} is not understood. Examples: done, done q c, done easy 1"
        )
    click.echo(taken.text)


@command.command()
@athlete_options
def skip(config_path: str | None, athlete_name: str | None) -> None:
    """No reminder today."""
    moment = now()
    with opened(config_path, athlete_name) as (store, athlete):
        skip_reminder(store, athlete, moment)
    click.echo("Skipped: no reminder today.")


@command.command(name="plan")
@athlete_options
def plan_(config_path: str | None, athlete_name: str | None) -> None:
    """This week: how many are done, when the next one fits, and why it moved."""
    moment = now()
    with opened(config_path, athlete_name) as (store, athlete):
        click.echo(_line(look(store, athlete, moment).assessment.strength, athlete, moment))


def _line(plan: StrengthPlan, athlete: AthleteConfig, moment: datetime) -> str:
    zone = ZoneInfo(athlete.runner.timezone)
    text = f"Strength {plan.done} of {plan.wanted} this week, level {plan.level}."
    if plan.next_slot is None:
        return f"{text} Nothing is planned."
    slot = plan.next_slot.astimezone(zone)
    text += f" Next: {day(slot.date(), moment.astimezone(zone).date())} {slot:%H:%M}."
    return f"{text} Moved: {plan.moved_because}." if plan.moved_because else text


def _as_json(plan: StrengthPlan, athlete: AthleteConfig) -> dict[str, object]:
    zone = ZoneInfo(athlete.runner.timezone)
    return {
        "done": plan.done,
        "wanted": plan.wanted,
        "level": plan.level,
        "next": None if plan.next_slot is None else plan.next_slot.astimezone(zone).isoformat(),
        "moved_because": plan.moved_because,
        "exercises": list(plan.exercises),
    }
