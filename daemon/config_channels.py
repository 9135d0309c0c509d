"""What the configuration says of the channels of one athlete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from daemon.credentials import Secret

APPRISE, NTFY, TELEGRAM, EMAIL = "apprise", "ntfy", "telegram", "email"
KINDS = (APPRISE, NTFY, TELEGRAM, EMAIL)
NEEDED = {
    APPRISE: {"url": '"ntfys://ntfy.sh/my-long-secret-topic"'},
    NTFY: {"topic": '{ credential = "ntfy-topic" }'},
    TELEGRAM: {"token": '{ credential = "telegram-token" }'},
    EMAIL: {
        "to": '"runner@example.org"',
        "from": '"niggled@example.org"',
        "smtp": '{ credential = "smtp-url" }',
    },
}
"""By kind: the options without which a channel cannot be, each with an example."""
ALLOWED = {
    APPRISE: frozenset({"url"}),
    NTFY: frozenset({"topic", "reply_topic", "server", "phone_server", "token", "reply_token"}),
    TELEGRAM: frozenset({"token", "chat", "server"}),
    EMAIL: frozenset({"to", "from", "smtp", "imap", "ca_file", "plus_address"}),
}
"""By kind: every option that means something to it. `kind`, `sends` and `fallback` do to all."""
COMMON = frozenset({"kind", "sends", "fallback"})


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel. Only `url` (Apprise), or only the options of its kind, are set; see `ALLOWED`.

    `fallback` is the channel that takes over where this one fails. `to` and `from_` are mail addresses, `smtp` and `imap`
    URLs with the login in them.
    """

    name: str
    kind: str
    url: Secret | None
    sends: tuple[str, ...]
    fallback: str | None = None
    server: str | None = None
    topic: Secret | None = None
    reply_topic: Secret | None = None
    phone_server: str | None = None
    token: Secret | None = None
    reply_token: Secret | None = None
    chat: int | None = None
    to: str | None = None
    from_: str | None = None
    smtp: Secret | None = None
    imap: Secret | None = None
    ca_file: str | None = None
    plus_address: bool = True


def channel_config(
    name: str,
    prefix: str,
    given: Iterable[str],
    values: Mapping[str, object],
    default_sends: tuple[str, ...],
    complain: Callable[[str, str], None],
) -> ChannelConfig | None:
    """The table `prefix`, in which `given` options are set, with checked `values` -> ChannelConfig; None where something
    is missing or does not belong there, which `complain` (dotted key, sentence) hears."""
    told = set(given)
    kind = str(values.get(f"{prefix}.kind", APPRISE))
    missing = {option: example for option, example in NEEDED[kind].items() if option not in told}
    for option, example in missing.items():
        complain(prefix, f"{prefix} has no {option}. Example: {option} = {example}")
    stray = sorted(told - ALLOWED[kind] - COMMON)
    for option in stray:
        owners = [other for other in KINDS if option in ALLOWED[other]]
        if owners:
            complain(
                f"{prefix}.{option}",
                f'{prefix}.{option} is for kind = "{owners[0]}", and this channel is of kind "{kind}"',
            )
    checked = {
        option: values[f"{prefix}.{option}"] for option in told - COMMON if f"{prefix}.{option}" in values
    }
    if missing or stray or len(checked) < len(told - COMMON):
        return None
    fields = {("from_" if option == "from" else option): value for option, value in checked.items()}
    fields["plus_address"] = fields.get("plus_address") != "off"
    url = cast("Secret | None", fields.pop("url", None))
    sends = cast("tuple[str, ...]", values.get(f"{prefix}.sends", default_sends))
    fallback = cast("str | None", values.get(f"{prefix}.fallback"))
    return ChannelConfig(name, kind, url, sends, fallback, **fields)  # type: ignore[arg-type]


def complain_of_fallbacks(
    prefix: str, channels: Iterable[ChannelConfig], complain: Callable[[str, str], None]
) -> None:
    """A fallback has to be another channel of the same athlete."""
    channels = list(channels)
    names = [channel.name for channel in channels]
    for channel in channels:
        if channel.fallback is None:
            continue
        others = [name for name in names if name != channel.name]
        if channel.fallback not in others:
            there = f"there is {', '.join(others)}" if others else "there is no other channel"
            complain(
                f"{prefix}.{channel.name}.fallback",
                f"{prefix}.{channel.name}.fallback must name another channel; {there}",
            )
