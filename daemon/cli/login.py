"""`niggled login strava|garmin|telegram`."""

from __future__ import annotations

import click

from daemon.cli.login_garmin import garmin
from daemon.cli.login_strava import strava
from daemon.cli.login_telegram import telegram


@click.group(name="login")
def command() -> None:
    """Connect a service, or connect it again after it has refused us."""


command.add_command(garmin)
command.add_command(strava)
command.add_command(telegram)
