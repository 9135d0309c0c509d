"""`niggled deliver`: what the daemon starts as a child when messages are due. Not a verb for people."""

from __future__ import annotations

import click

from daemon import logs
from daemon.channels import open_channel
from daemon.cli.context import config_option, opened_store, read_config
from daemon.clock import SystemClock
from daemon.jobs.child import told_to_stop
from daemon.jobs.deliver import deliver_due


@click.command(name="deliver", hidden=True)
@config_option
def command(config_path: str | None) -> None:
    """Send the messages that are due, once."""
    logs.configure()
    config = read_config(config_path)
    with opened_store(config) as store:
        clock = SystemClock()
        deliver_due(
            store,
            config.athletes,
            clock,
            lambda athlete, channel: open_channel(athlete, channel, config.home, clock.now),
            told_to_stop(),
        )
