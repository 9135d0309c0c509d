"""`niggled deliver`: what the daemon starts as a child when messages are due. Not a verb for people."""

from __future__ import annotations

from contextlib import ExitStack

import click

from connectors.channels.contract import Channel
from daemon import logs
from daemon.channels import open_channel
from daemon.cli.context import config_option, opened_store, read_config
from daemon.clock import SystemClock
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.jobs.child import told_to_stop
from daemon.jobs.deliver import deliver_due
from daemon.links import linker


@click.command(name="deliver", hidden=True)
@config_option
def command(config_path: str | None) -> None:
    """Send the messages that are due, once."""
    logs.configure()
    config = read_config(config_path)
    clock, stopped = SystemClock(), told_to_stop()
    with opened_store(config) as store, ExitStack() as concern:

        def opened(athlete: AthleteConfig, channel: ChannelConfig) -> Channel:
            concern.enter_context(logs.about(athlete=athlete.name, channel=channel.name))
            return open_channel(athlete, channel, config.home, clock.now)

        def between() -> bool:
            concern.close()
            return stopped()

        deliver_due(store, config.athletes, clock, opened, between, link=linker(config))
