"""Opening the channels of an athlete: configuration, saved keys and connectors meet here. Everything is loaded late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from connectors.channels.contract import Channel, Listener
from connectors.errors import Broken, NeedsLogin
from connectors.keyfile import KeyFile
from daemon.config import AthleteConfig
from daemon.config_channels import APPRISE, EMAIL, NTFY, TELEGRAM, ChannelConfig
from daemon.credentials import Secret

if TYPE_CHECKING:
    from connectors.channels.email import EmailChannel
    from connectors.channels.email_server import MailServer, Security
    from connectors.channels.ntfy import NtfyOptions
    from connectors.channels.telegram_api import TelegramOptions


@runtime_checkable
class Checked(Protocol):
    """A channel that can tell whether its settings make sense."""

    def check(self) -> None: ...


type Now = Callable[[], datetime]

TELEGRAM_API = "https://api.telegram.org"
NTFY_SERVER = "https://ntfy.sh"
MAIL_PORTS: dict[str, tuple[int, Security]] = {
    "smtps": (465, "tls"),
    "smtp": (587, "starttls"),
    "imaps": (993, "tls"),
    "imap": (143, "starttls"),
}
"""By scheme: the usual port and the encryption. A plain connection is for this machine only."""
EXAMPLES = {
    "smtp": "smtps://me%40example.org:PASSWORD@mail.example.org",
    "imap": "imaps://me%40example.org:PASSWORD@mail.example.org",
}


def hears(channel: ChannelConfig) -> bool:
    """Whether answers come back on this channel."""
    match channel.kind:
        case "ntfy":
            return channel.reply_topic is not None
        case "telegram":
            return True
        case "email":
            return channel.imap is not None
    return False


def chat_file(home: Path, athlete: str, channel: str) -> KeyFile:
    """Where pairing keeps the number of the runner's chat."""
    # No name may hold a dot, so no two of a household get the same file.
    return KeyFile(home / "keys" / f"{athlete}.channel.{channel}.json")


def open_channel(athlete: AthleteConfig, channel: ChannelConfig, home: Path, now: Now) -> Channel:
    """The channel, ready to send. Raises SecretError where a reference leads nowhere, Broken for settings that cannot work,
    NeedsLogin for a chat that was never paired."""
    if channel.kind == NTFY:
        from connectors.channels.ntfy import NtfyChannel

        return NtfyChannel(channel.name, _ntfy(channel), now)
    if channel.kind == TELEGRAM:
        from connectors.channels.telegram import TelegramChannel

        return TelegramChannel(channel.name, _telegram(athlete, channel, home), now)
    if channel.kind == EMAIL:
        return _mail(channel, now)
    assert channel.kind == APPRISE  # noqa: S101 - the configuration knows no other
    from connectors.channels import apprise

    apprise.load()
    return apprise.AppriseChannel(channel.name, _value(channel.url))


def check_channel(athlete: AthleteConfig, channel: ChannelConfig, home: Path, now: Now) -> None:
    """Raises SecretError or Broken for settings that cannot work; nothing is sent. A chat that waits for its pairing is
    no mistake of the configuration."""
    if channel.kind == TELEGRAM:
        from connectors.channels.telegram_api import check as check_token

        check_token(channel.name, _value(channel.token))
    with suppress(NeedsLogin):
        opened = open_channel(athlete, channel, home, now)
        if channel.kind == NTFY:
            from connectors.channels.ntfy import check

            check(channel.name, _ntfy(channel))
        elif isinstance(opened, Checked):
            opened.check()
        if hears(channel):
            open_listener(athlete, channel, home, now)


def open_listener(
    athlete: AthleteConfig, channel: ChannelConfig, home: Path, now: Now, neighbours: tuple[str, ...] = ()
) -> Listener:
    """The way back of a channel that `hears`. `neighbours` are the mail addresses of the rest of the household. Raises as
    `open_channel`."""
    if channel.kind == NTFY:
        from connectors.channels.ntfy_listener import NtfyListener

        return NtfyListener(channel.name, _ntfy(channel), now)
    if channel.kind == TELEGRAM:
        from connectors.channels.telegram_listener import TelegramListener

        return TelegramListener(channel.name, _telegram(athlete, channel, home), now)
    from connectors.channels.email_imap import EmailListener

    server = _mail_server(channel, "imap", _value(channel.imap))
    return EmailListener(_mail(channel, now), server, (str(channel.to),), now, neighbours=neighbours)


def _value(secret: Secret | None) -> str:
    return "" if secret is None else secret.value()


def _ntfy(channel: ChannelConfig) -> NtfyOptions:
    from connectors.channels.ntfy import NtfyOptions
    from connectors.channels.ntfy_server import Login

    return NtfyOptions(
        topic=_value(channel.topic),
        reply_topic=_value(channel.reply_topic) or None,
        server=channel.server or NTFY_SERVER,
        phone_server=channel.phone_server,
        login=Login(token=_value(channel.token) or None),
        reply_token=_value(channel.reply_token) or None,
    )


def _telegram(athlete: AthleteConfig, channel: ChannelConfig, home: Path) -> TelegramOptions:
    from connectors.channels.telegram_api import TelegramOptions

    chat = channel.chat or chat_file(home, athlete.name, channel.name).load().get("chat")
    if not isinstance(chat, int):
        cure = f"Run `niggled login telegram {channel.name}`."
        raise NeedsLogin("login", cure, f"{channel.name}: no chat is paired with the bot yet. {cure}")
    return TelegramOptions(_value(channel.token), chat, channel.server or TELEGRAM_API)


def _mail(channel: ChannelConfig, now: Now) -> EmailChannel:
    from connectors.channels.email import EmailChannel
    from connectors.channels.email_message import Addresses

    addresses = Addresses(ours=str(channel.from_), runner=str(channel.to), plus=channel.plus_address)
    return EmailChannel(channel.name, _mail_server(channel, "smtp", _value(channel.smtp)), addresses, now)


def _mail_server(channel: ChannelConfig, option: str, url: str) -> MailServer:
    """A mail server from its URL, the login inside; a host that is this machine may go without encryption."""
    from connectors.channels.email_server import MailServer

    wrong = Broken(
        f"{channel.name}: {option} is no address of a mail server. Example: {EXAMPLES[option]}; a character like @ or / "
        "in the name or password is written as %40 or %2F."
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in (option, f"{option}s") or not parts.hostname or parts.path.strip("/"):
        raise wrong
    usual, security = MAIL_PORTS[parts.scheme]
    if security == "starttls" and parts.hostname in ("localhost", "127.0.0.1", "::1"):
        security = "plain"
    return MailServer(
        host=parts.hostname,
        port=port or usual,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=channel.ca_file,
    )
