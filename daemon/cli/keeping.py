"""What backup, restore and forget share: nobody else at work, and what a backup does not hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from daemon.cli.stopping import how_to_stop
from daemon.config import Config
from daemon.lock import AlreadyRunningError, only_daemon_of
from daemon.store.contents import Contents
from daemon.store.unfinished import megabytes


@contextmanager
def nobody_else(config: Config, what: str) -> Iterator[None]:
    """No daemon and no other verb uses the data, and no daemon starts meanwhile. `what` is what did not happen otherwise."""
    from daemon.cli.context import make_home
    from daemon.store.restoring import demand_alone

    make_home(config)
    if not os.access(config.home, os.W_OK | os.X_OK):
        raise click.ClickException(
            f"{what} {config.home} may not be written. Run this as the user that runs niggled; where you do, its disk "
            "is mounted read-only."
        )
    try:
        with only_daemon_of(config.home):
            demand_alone(config.store_url.value(), what)
            yield
    except AlreadyRunningError as error:
        raise click.ClickException(
            f"{what} The daemon is running (process {error.holder}). {how_to_stop(error.holder)}"
        ) from None


def told(contents: Contents) -> str:
    """ "anna 214 activities, ben 3 activities, 12.3 MB"."""
    counts = [f"{name} {number:,} activities" for name, number in contents.activities.items()]
    return ", ".join([*(counts or ["no activities"]), megabytes(contents.size_bytes)])


def left_out(config: Config) -> str:
    """What the runner has to carry over by other means."""
    configuration = f"the configuration ({config.path}), " if config.path else ""
    keys = config.home / "keys"
    return (
        f"Not in it: keys and logins ({keys}), {configuration}the secrets it refers to, files in the inbox."
    )
