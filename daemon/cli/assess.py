"""`niggled assess`: what the daemon starts as a child when an assessment is due. Not a verb for people."""

from __future__ import annotations

import click

from daemon import logs
from daemon.cli.context import config_option, opened_store, read_config
from daemon.clock import SystemClock
from daemon.jobs.assessments import assess_due
from daemon.jobs.child import told_to_stop


@click.command(name="assess", hidden=True)
@config_option
def command(config_path: str | None) -> int:
    """Assess everybody who is due, once."""
    logs.configure()
    config = read_config(config_path)
    stopped = told_to_stop()
    with opened_store(config) as store:
        return 1 if assess_due(store, config.athletes, SystemClock(), stopped) else 0
