"""`niggled doctor`."""

from __future__ import annotations

import os

import click

from daemon.cli.context import athlete_options, choose_athlete, json_option, now, print_json, read_config
from daemon.config import ConfigError
from daemon.doctor.verdict import Mark, Verdict, bad, counted

SIGNS = {Mark.GOOD: "✔", Mark.WARNING: "!", Mark.BAD: "✘"}
COLOURS = {Mark.GOOD: "green", Mark.WARNING: "yellow", Mark.BAD: "red"}
CONFIGURATION_ERROR = 78
OF_CONFIGURATION = ("configuration", "secret")


@click.command(name="doctor")
@click.option("--send", is_flag=True, help="Also send a test message through each channel.")
@click.option("--online", is_flag=True, help="Also see whether the services can be reached.")
@athlete_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    send: bool,
    online: bool,
    config_path: str | None,
    athlete_name: str | None,
    as_json: bool,
) -> None:
    """Look at every part: ✔ well, ! worth knowing, ✘ to be mended, each with its cure.

    Changes nothing, and asks nobody outside this machine without --send or --online. Exit code 1 where something is to be
    mended, 78 where that is the configuration.
    """
    try:
        config = read_config(config_path)
    except ConfigError as error:
        for problem in error.problems:
            _tell(
                bad("configuration", problem, "Mend it; `niggled config check` looks again."),
                as_json,
                named=False,
            )
        context.exit(CONFIGURATION_ERROR)
    athletes = (
        list(config.athletes.values()) if athlete_name is None else [choose_athlete(config, athlete_name)]
    )
    from daemon import logs
    from daemon.doctor.examine import examine

    logs.configure(level=logs.NOTHING)
    found: list[Verdict] = []
    for verdict in examine(config, athletes, now, send=send, online=online):
        found.append(verdict)
        _tell(verdict, as_json, named=len(config.athletes) > 1)
    wrong = [one for one in found if one.mark is Mark.BAD]
    if not as_json:
        click.echo(_sum(found))
    context.exit(
        0 if not wrong else CONFIGURATION_ERROR if any(one.check in OF_CONFIGURATION for one in wrong) else 1
    )


def _tell(verdict: Verdict, as_json: bool, *, named: bool) -> None:
    if as_json:
        print_json(
            {
                "check": verdict.check,
                "athlete": verdict.athlete,
                "mark": verdict.mark.value,
                "what": verdict.what,
                "cure": verdict.cure or None,
            }
        )
        return
    whose = f"{verdict.athlete}: " if named and verdict.athlete else ""
    click.secho(
        SIGNS[verdict.mark], fg=None if os.environ.get("NO_COLOR") else COLOURS[verdict.mark], nl=False
    )
    click.echo(f" {whose}{verdict.what} {verdict.cure}".rstrip())


def _sum(found: list[Verdict]) -> str:
    wrong = sum(one.mark is Mark.BAD for one in found)
    warnings = sum(one.mark is Mark.WARNING for one in found)
    if not wrong and not warnings:
        return "All is well."
    parts = [counted(wrong, "thing") + " to mend"] if wrong else []
    parts += [f"{warnings} worth knowing"] if warnings else []
    return f"{', '.join(parts)}."
