"""`niggled hear`: what the daemon starts as a child when an answer comes in. Not a verb for people."""

from __future__ import annotations

import sys

import click

from daemon import logs
from daemon.cli.context import athlete_options, choose_athlete, now, opened_store, read_config
from daemon.jobs.answering import made_up_for, take_incoming
from daemon.jobs.child import told_to_stop
from daemon.jobs.wire import answer_as_json, incoming_of


@click.command(name="hear", hidden=True)
@click.option("--channel", required=True, metavar="NAME")
@click.option("--again", is_flag=True, help="It was taken before; only the direct answer is missing.")
@athlete_options
def command(channel: str, again: bool, config_path: str | None, athlete_name: str | None) -> None:
    """Take in the answer on the standard input; the direct answer goes to the standard output."""
    logs.configure()
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    told_to_stop()
    incoming = incoming_of(sys.stdin.read())
    with logs.about(athlete=athlete.name, channel=channel), opened_store(config) as store:
        answer = (
            made_up_for(store, athlete, incoming, now())
            if again
            else take_incoming(store, athlete, channel, incoming, now())
        )
    click.echo(answer_as_json(answer))
