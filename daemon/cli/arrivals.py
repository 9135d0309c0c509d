"""`niggled arrivals`: what the daemon starts as a child when files appear in an inbox. Not a verb for people."""

from __future__ import annotations

from pathlib import Path

import click

from daemon import logs
from daemon.cli.context import athlete_options, choose_athlete, now, opened_store, read_config
from daemon.jobs.arrivals import take_in_arrivals


@click.command(name="arrivals", hidden=True)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@athlete_options
def command(paths: tuple[Path, ...], config_path: str | None, athlete_name: str | None) -> None:
    """Import these files; one that cannot be read is told to the runner and is no failure."""
    logs.configure()
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    with logs.about(athlete=athlete.name, source="files"), opened_store(config) as store:
        take_in_arrivals(store, athlete, paths, now())
