"""`niggled pause 7d`."""

from __future__ import annotations

import click

from daemon.cli.context import athlete_options, now, opened
from daemon.replies import take_answer


@click.command(name="pause")
@click.argument("span", required=False, metavar="[SPAN]")
@athlete_options
def command(span: str | None, config_path: str | None, athlete_name: str | None) -> None:
    """No messages for 3d, 2w, …, or without SPAN until `resume`. Only emergencies, referrals and the weekly digest still come through."""
    say(f"pause {span}" if span else "pause", config_path, athlete_name)


def say(words: str, config_path: str | None, athlete_name: str | None) -> None:
    """Answer with these words and print what they now mean."""
    with opened(config_path, athlete_name) as (store, athlete):
        taken = take_answer(store, athlete, words, now(), now())
    if not taken.understood:
        raise click.UsageError(f"{words!r} is not understood. Examples: niggled pause 7d, niggled pause 2w")
    click.echo(taken.text)
