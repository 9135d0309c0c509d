"""`niggled login telegram`: finds the runner's chat with their bot by a code that only they can send."""

from __future__ import annotations

import time

import click

from daemon.channels import TELEGRAM_API, chat_file
from daemon.cli.context import athlete_options, choose_athlete, make_home, now, read_config
from daemon.config import AthleteConfig, ConfigError
from daemon.config_channels import TELEGRAM, ChannelConfig

WAITED_S = 600.0
POLL_S = 10
NO_CHANNEL = """\
{athlete} has no channel of kind telegram. Make a bot by writing /newbot to @BotFather, then write for example:
  [athletes.{athlete}.channels.chat]
  kind = "telegram"
  token = {{ credential = "telegram-token" }}"""


@click.command(name="telegram")
@click.argument("channel_name", metavar="[CHANNEL]", required=False)
@athlete_options
def telegram(channel_name: str | None, config_path: str | None, athlete_name: str | None) -> None:
    """Telegram: pair the chat that messages go to.

    Whoever sends the code to the bot is the runner. The daemon must not be running with this bot meanwhile.
    """
    from connectors.channels.telegram_pairing import new_pairing_code, paired_chat, pairing_link

    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    channel = _chosen(athlete, channel_name)
    make_home(config)
    token = "" if channel.token is None else channel.token.value()
    server = channel.server or TELEGRAM_API
    code = new_pairing_code()
    link = pairing_link(channel.name, token, code, now, base_url=server)
    click.echo(f"Open this on the phone and press Start:\n\n  {link}\n\nOr send your bot:  /start {code}")
    until_s = time.monotonic() + WAITED_S
    chat = paired_chat(
        channel.name,
        token,
        code,
        now,
        lambda: time.monotonic() >= until_s,
        base_url=server,
        poll_s=POLL_S,
    )
    if chat is None:
        raise click.ClickException(
            f"Nobody sent the code within {WAITED_S / 60:.0f} minutes, so nothing was changed. "
            "Run `niggled login telegram` again."
        )
    chat_file(config.home, athlete.name, channel.name).save({"chat": chat})
    click.echo(f"Paired. `niggled test-alert {channel.name}` sends a first message.")


def _chosen(athlete: AthleteConfig, name: str | None) -> ChannelConfig:
    chats = [one for one in athlete.channels if one.kind == TELEGRAM and name in (None, one.name)]
    if not chats:
        if name is not None and any(one.kind == TELEGRAM for one in athlete.channels):
            raise click.UsageError(f"there is no channel {name} of kind telegram")
        raise ConfigError([NO_CHANNEL.format(athlete=athlete.name)])
    if len(chats) > 1:
        raise click.UsageError(f"there are several: name one of {', '.join(one.name for one in chats)}")
    return chats[0]
