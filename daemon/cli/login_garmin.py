"""`niggled login garmin`: with a key that the runner made, or by mail address and password."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING

import click

from connectors.errors import NeedsLogin
from connectors.keyfile import KeyFile
from daemon.cli.asking import ask, ask_secret
from daemon.cli.connecting import make_due_at_once, tell_what_is_next
from daemon.cli.context import athlete_options, choose_athlete, make_home, now, read_config
from daemon.cli.failures import failure_sentence
from daemon.config import AthleteConfig, Config
from daemon.config_sources import GARMIN, SourceConfig
from daemon.connections import garmin_door, key_file, secret_value
from daemon.garmin_key import (
    HOW_KEYS_ARE,
    WHERE_KEYS_ARE,
    LastDayError,
    first_answer,
    keep_last_day,
    last_day,
    today_of,
)

if TYPE_CHECKING:
    from connectors.sources.garmin_login import Connected, NeedsCode

MAKE_A_KEY = f"""\
Garmin gives you a key for your own data, to read only:
  1. {WHERE_KEYS_ARE}
  2. {HOW_KEYS_ARE}"""
MISSING_KEY = "Garmin's key is missing: --key-file FILE, or paste it when asked"
HOW_LONG = "How many days is the key valid (30, 90, 180, 365), or until which day (YYYY-MM-DD)?"
NO_REMINDER = "! You did not say when the key ends, so niggled cannot remind you in time: --ends 90, or --ends 2027-06-30."
UNOFFICIAL = """\
Garmin does not support this way and may close it; the key (--door personal) is the safe one.
Mail address and password are used once and stored nowhere."""
MISSING_MAIL = "the mail address is missing: type it when asked"
MISSING_PASSWORD = "the password is missing: type it when asked"  # noqa: S105
MISSING_CODE = "Garmin has sent you a code, and it is missing: type it when asked"
CODES_TRIED = 3


@click.command(name="garmin")
@click.option(
    "--door",
    type=click.Choice(["personal", "login"]),
    help="By a key for your own data (personal, the usual way), or by mail address and password (login).",
)
@click.option("--key-file", "secret_file", metavar="FILE", help="Holds the key; - for standard input.")
@click.option("--ends", metavar="DAYS|DAY", help="How long the key is valid: 90, or 2027-06-30.")
@athlete_options
def garmin(
    door: str | None,
    secret_file: str | None,
    ends: str | None,
    config_path: str | None,
    athlete_name: str | None,
) -> None:
    """Garmin, by a key that you make there.

    The key is tried at once. The same again when the key has ended. Where it fails, nothing is changed.
    """
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    connect_garmin(config, athlete, door, secret_file, ends)
    tell_what_is_next(config, GARMIN, athlete)


def connect_garmin(
    config: Config, athlete: AthleteConfig, door: str | None, secret_file: str | None, ends: str | None
) -> None:
    """Ask for what is missing, try it, save it, and tell what Garmin has answered. Raises ConnectorError or a usage error;
    nothing is changed then."""
    make_home(config)
    keys = key_file(config.home, athlete.name, GARMIN)
    if door is None and (secret_file is not None or ends is not None):
        # Only a key comes in a file and has an end.
        door = "personal"
    if _chosen_door(athlete.sources[GARMIN], keys, door) == "login":
        connected = _by_login(athlete.sources[GARMIN], keys)
    else:
        connected = _by_key(athlete, keys, secret_file, ends)
    make_due_at_once(config, athlete, GARMIN, now())
    click.echo(first_answer(connected, athlete))


def _chosen_door(settings: SourceConfig, keys: KeyFile, door: str | None) -> str:
    """The door asked for, where the configuration leaves the choice; else the one that is in use."""
    if door is not None and settings.door not in (None, door):
        raise click.UsageError(f"door is {settings.door} in the configuration: change it there")
    if door == "login" and settings.door is None and settings.key is not None:
        raise click.UsageError(
            'there is a key in the configuration, which goes first: put door = "login" beside it'
        )
    return door or garmin_door(settings, keys.load())


def _by_key(athlete: AthleteConfig, keys: KeyFile, secret_file: str | None, ends: str | None) -> Connected:
    from connectors.sources.garmin_login import check_key

    settings = athlete.sources[GARMIN]
    today = today_of(athlete, now())
    told = None if ends is None else _last_day(ends, today)
    configured = secret_value(settings.key)
    connected = None
    if configured is not None and secret_file is None:
        try:
            connected = check_key(configured, keys, now, keep=False, base_url=settings.base_url)
        except NeedsLogin as refusal:
            click.echo(f"! The key in the configuration: {failure_sentence(refusal)}", err=True)
    if connected is None:
        if secret_file is None:
            click.echo(MAKE_A_KEY)
        key = ask_secret("Key", MISSING_KEY, secret_file)
        connected = check_key(key, keys, now, base_url=settings.base_url)
    if settings.key_ends is None:
        _keep_last_day(keys, told or _asked_last_day(today), today)
    return connected


def _keep_last_day(keys: KeyFile, day: date | None, today: date) -> None:
    if day is None:
        click.echo(NO_REMINDER, err=True)
    else:
        keep_last_day(keys, day, today)


def _asked_last_day(today: date) -> date | None:
    """When the key ends, for Garmin does not tell; None where nobody says."""
    while sys.stdin.isatty():
        try:
            return _last_day(click.prompt(HOW_LONG), today)
        except click.UsageError as problem:
            click.echo(problem.message, err=True)
    line = sys.stdin.readline().strip()
    return _last_day(line, today) if line else None


def _last_day(text: str, today: date) -> date:
    try:
        return last_day(text, today)
    except LastDayError as problem:
        raise click.UsageError(str(problem)) from None


def _by_login(settings: SourceConfig, keys: KeyFile) -> Connected:
    from connectors.sources.garmin_login import NeedsCode, begin

    click.echo(UNOFFICIAL)
    mail = ask("Mail address", MISSING_MAIL)
    password = ask_secret("Password", MISSING_PASSWORD)
    click.echo("Logging in. This may take a minute.")
    answer = begin(mail, password, keys, now, base_url=settings.base_url)
    return _with_code(answer, settings, keys) if isinstance(answer, NeedsCode) else answer


def _with_code(needed: NeedsCode, settings: SourceConfig, keys: KeyFile) -> Connected:
    from connectors.sources.garmin_login import finish

    def finished() -> Connected:
        code = ask("The code that Garmin has sent you", MISSING_CODE)
        return finish(needed, code, keys, now, base_url=settings.base_url)

    for _ in range(CODES_TRIED - 1):
        try:
            return finished()
        except NeedsLogin as refusal:
            click.echo(failure_sentence(refusal), err=True)
    return finished()
