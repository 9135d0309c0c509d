"""`niggled config check|show|example`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from connectors import life_sign
from connectors.errors import Broken
from daemon import config_example
from daemon.channels import check_channel
from daemon.cli.context import config_option, json_option, now, print_json, read_config
from daemon.config import Config, ConfigError
from daemon.credentials import Secret, SecretError
from daemon.options import OPTIONS, Option
from rules.policy import settings
from rules.settings import listed

if TYPE_CHECKING:
    from daemon.store.preferences import Mute


@dataclass(frozen=True, slots=True)
class Row:
    """A value in force, and whence: configuration, page or default. `instead_of` is what the page has overruled."""

    value: str
    comes_from: str
    instead_of: str = ""

    @property
    def origin(self) -> str:
        if self.comes_from == "page":
            return f"   # set on the page, over {self.instead_of}"
        return "   # default" if self.comes_from == "default" else ""

    def as_json(self) -> dict[str, object]:
        return {"value": self.value, "set": self.comes_from != "default", "from": self.comes_from}


@click.group(name="config")
def command() -> None:
    """Check, show, or print an example configuration."""


@command.command()
@config_option
def check(config_path: str | None) -> None:
    """Tell everything that is wrong with the configuration at once."""
    config = read_config(config_path)
    problems = list(_unusable(config))
    if problems:
        raise ConfigError(problems)
    names = ", ".join(config.athletes)
    click.echo(f"{config.path or 'No configuration file, so the defaults hold'}: fine. Athletes: {names}.")


def _unusable(config: Config) -> Iterator[str]:
    """References that lead nowhere, and URLs that no service answers to."""
    try:
        config.store_url.value()
    except SecretError as error:
        yield f"{config.path}: store.url: {error}."
    try:
        if config.ping_url is not None:
            life_sign.check(config.ping_url.value())
    except (SecretError, Broken) as error:
        yield f"{config.path}: service.ping_url: {error}."
    for athlete in config.athletes.values():
        for channel in athlete.channels:
            key = f"athletes.{athlete.name}.channels.{channel.name}"
            try:
                check_channel(athlete, channel, config.home, now)
            except (SecretError, Broken) as error:
                yield f"{config.path}: {key}: {str(error).rstrip('.')}."
        for source in athlete.sources.values():
            for name, secret in (("client_secret", source.client_secret), ("key", source.key)):
                try:
                    if secret is not None:
                        secret.value()
                except SecretError as error:
                    yield f"{config.path}: athletes.{athlete.name}.sources.{source.name}.{name}: {error}."


@command.command()
@config_option
@json_option
def show(config_path: str | None, as_json: bool) -> None:
    """Every option as it holds now, and where it came from. Secrets are shown as references only.

    What was set on the page goes before the configuration.
    """
    from daemon.cli.preference_lines import mute_words
    from daemon.cli.preferences_in_force import chosen_on_page

    config = read_config(config_path)
    chosen, unread = chosen_on_page(config, now())
    rows = {
        key: Row(value, "configuration" if is_set else "default")
        for key, value, is_set in (*_option_rows(config), *_policy_rows(config))
    }
    rows |= {
        key: Row(config_example.toml_value(value), "page", instead_of=rows[key].value)
        for name, one in chosen.items()
        for key, value in ((f"{_policy_prefix(config, name)}.msg.quiet", one.quiet),)
        if value is not None
    }
    if as_json:
        muted = {
            f"athletes.{name}.muted.{mute.subject}": Row(_until(mute), "page")
            for name, one in chosen.items()
            for mute in one.muted
        }
        print_json({key: row.as_json() for key, row in (rows | muted).items()})
        return
    click.echo(f"# {config.path or 'no configuration file'}; data in {config.home}")
    for key, row in rows.items():
        click.echo(f"{key} = {row.value}{row.origin}")
    for name, one in chosen.items():
        for mute in one.muted:
            words = mute_words(mute, config.athletes[name].runner, now())
            click.echo(f"# {name}: muted on the page: {words}")
    if unread:
        click.echo(f"# {unread}")


@command.command()
def example() -> None:
    """Print the example configuration."""
    click.echo(config_example.example(), nl=False)


def _option_rows(config: Config) -> list[tuple[str, str, bool]]:
    rows = []
    for option in OPTIONS:
        given = [key for key in config.values if _fits(option.key, key)]
        for key in given:
            value = config.values[key]
            shown = value.shown() if isinstance(value, Secret) else config_example.toml_value(value)
            rows.append((key, shown, True))
        if not given and "channels" not in option.key:
            default = _in_force(config, option)
            rows.append((option.key.replace("*", next(iter(config.athletes)), 1), default, False))
    return rows


def _in_force(config: Config, option: Option) -> str:
    """What holds where nothing is set: the machine's zone and folders are named, not described."""
    athlete = next(iter(config.athletes.values()))
    found = {
        "timezone": athlete.runner.timezone,
        "folder": str(athlete.inbox),
        "url": f"sqlite:///{config.home / 'niggled.db'}",
    }
    if option.key == "backup.folder":
        return str(config.backup.folder)
    if option.default is None and option.name in found:
        return found[option.name]
    return (
        f"unset: {option.if_unset}" if option.default is None else config_example.toml_value(option.default)
    )


def _policy_prefix(config: Config, athlete: str) -> str:
    return f"athletes.{athlete}.policy" if len(config.athletes) > 1 else "policy"


def _until(mute: Mute) -> str:
    return "for good" if mute.until is None else f"until {mute.until.isoformat()}"


def _policy_rows(config: Config) -> list[tuple[str, str, bool]]:
    rows = []
    for athlete in config.athletes.values():
        prefix = _policy_prefix(config, athlete.name)
        for usual, own in zip(settings(), listed(athlete.policy), strict=True):
            shown = config_example.toml_value(own.default)
            rows.append((f"{prefix}.{own.name}", shown, own.default != usual.default))
    return rows


def _fits(pattern: str, key: str) -> bool:
    parts, words = pattern.split("."), key.split(".")
    return len(parts) == len(words) and all(p in ("*", w) for p, w in zip(parts, words, strict=True))
