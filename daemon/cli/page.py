"""`niggled page`: what the daemon starts when somebody visits; not for people."""

from __future__ import annotations

import socket

import click

from daemon import logs
from daemon.cli.context import config_option, opened_store, read_config
from daemon.clock import SystemClock
from daemon.credentials import SecretError
from daemon.page_key import PageKeyError


@click.command(name="page", hidden=True)
@click.option(
    "--socket", "descriptor", type=click.IntRange(3), required=True, help="The open, listening socket."
)
@config_option
def command(descriptor: int, config_path: str | None) -> None:
    """Serve the page on a socket that was handed down, until nobody has come for a while."""
    from daemon.web.serving import PasscodeError, end_with_parent, house_of, serve

    logs.configure()
    config = read_config(config_path)
    end_with_parent()
    with opened_store(config) as store, socket.socket(fileno=descriptor) as listening:
        try:
            house = house_of(config, store, SystemClock())
        except (PasscodeError, SecretError, PageKeyError) as error:
            raise click.ClickException(f"The page stays closed. {error}") from error
        serve(house, listening)
