"""`niggled health`: whether the daemon of this home lives, for a container that asks every few minutes."""

from __future__ import annotations

import time

import click

from daemon import paths

# A look takes up to ten minutes while a large export is read.
LAST_LOOK_WITHIN_MIN = 15


@click.command(name="health")
@click.option(
    "--within",
    "within_min",
    type=click.IntRange(min=1),
    default=LAST_LOOK_WITHIN_MIN,
    show_default=True,
    metavar="MINUTES",
    help="How long ago the last look may be.",
)
def command(within_min: int) -> int:
    """Look at one file's time, and nothing else: `niggled doctor` examines every part."""
    try:
        looked_at_s = (paths.home_folder() / paths.LAST_LOOK).stat().st_mtime
    except FileNotFoundError:
        click.echo("The daemon has not finished a look yet.")
        return 1
    ago_min = (time.time() - looked_at_s) / 60
    click.echo(f"The daemon's last look was {max(0, round(ago_min)):,} min ago.")
    # A time far ahead, after the clock was put back, is as little proof as an old one.
    return 0 if abs(ago_min) <= within_min else 1
