"""`niggled resume`."""

from __future__ import annotations

import click

from daemon.cli.context import athlete_options
from daemon.cli.pause import say


@click.command(name="resume")
@athlete_options
def command(config_path: str | None, athlete_name: str | None) -> None:
    """End a pause."""
    say("resume", config_path, athlete_name)
