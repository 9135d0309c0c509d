"""`niggled deliver`: what the daemon starts as a child when messages are due. Not a verb for people."""

from __future__ import annotations

import click

from daemon import logs
from daemon.cli.context import config_option, opened_store, read_config
from daemon.clock import SystemClock
from daemon.jobs.child import told_to_stop
from daemon.jobs.deliver import apprise_channel, deliver_due


@click.command(name="deliver", hidden=True)
@config_option
def command(config_path: str | None) -> None:
    """Send the messages that are due, once."""
    logs.configure()
    config = read_config(config_path)
    with opened_store(config) as store:
        deliver_due(store, config.athletes, SystemClock(), apprise_channel, told_to_stop())
