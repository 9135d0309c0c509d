"""`niggled test-alert [CHANNEL]`."""

from __future__ import annotations

import click

from connectors.errors import ConnectorError
from daemon.channels import open_channel
from daemon.cli.context import athlete_options, choose_athlete, now, read_config
from daemon.config import Config, ConfigError
from daemon.credentials import SecretError
from daemon.trial_message import trial_message


@click.command(name="test-alert")
@click.argument("channel_name", metavar="[CHANNEL]", required=False)
@athlete_options
@click.pass_context
def command(
    context: click.Context, channel_name: str | None, config_path: str | None, athlete_name: str | None
) -> None:
    """Send a test message through each channel, or through one."""
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    chosen = [channel for channel in athlete.channels if channel_name in (None, channel.name)]
    if not chosen:
        names = ", ".join(channel.name for channel in athlete.channels)
        if names:
            raise click.UsageError(f"there is no channel {channel_name}; there is {names}")
        raise ConfigError([_no_channel(config, athlete.name)])
    failed = False
    for channel in chosen:
        try:
            receipt = open_channel(athlete, channel, config.home, now).send(trial_message(now()))
        except ConnectorError as error:
            failed = True
            click.echo(f"✘ {error}", err=True)
        except SecretError as error:
            failed = True
            click.echo(f"✘ {channel.name}: {error}.", err=True)
        else:
            click.echo(f"✔ {channel.name}: {receipt.service} took it in {receipt.elapsed_s:.1f} s.")
    context.exit(1 if failed else 0)


def _no_channel(config: Config, athlete: str) -> str:
    place = config.path or "No configuration file"
    return (
        f"{place}: {athlete} has no channel, so there is nothing to test. Write for example:\n"
        f"  [athletes.{athlete}.channels.phone]\n"
        '  url = "ntfys://ntfy.sh/my-long-secret-topic"'
    )
