"""`niggled login strava`: the runner says yes in a browser, and Strava sends the browser back with a code."""

from __future__ import annotations

import os
import secrets
import sys
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from connectors.errors import Unavailable
from daemon.cli.asking import ask, ask_secret
from daemon.cli.connecting import first_answer, make_due_at_once, tell_what_is_next
from daemon.cli.context import athlete_options, choose_athlete, make_home, now, read_config
from daemon.cli.failures import failure_sentence
from daemon.cli.redirect import LISTENED_S, listening
from daemon.config import AthleteConfig, Config
from daemon.config_sources import STRAVA, SourceConfig
from daemon.connections import key_file, open_door, secret_value, strava_app

if TYPE_CHECKING:
    from connectors.sources.strava_tokens import StravaApp

APPLICATION = """\
Strava lets you in through an API application of your own:
  1. Make it on https://www.strava.com/settings/api (since June 2026 Strava wants a subscription for that).
  2. Put "localhost" as its Authorization Callback Domain.
  3. That page then shows a client ID and a client secret."""
MISSING_ID = "Strava's client ID is missing: --client-id 12345, or type it when asked"
MISSING_SECRET = "Strava's client secret is missing: --client-secret-file FILE, or type it when asked"  # noqa: S105
MISSING_ADDRESS = "the address is missing: paste what the browser shows once Strava has sent it back"
HERE = "Open this in a browser on this machine, leave every box ticked, and press Authorize:"
NO_BROWSER_HERE = (
    "Waiting for the browser. None on this machine? Ctrl-C, then `niggled login strava --paste`."
)
ANYWHERE = "Open this on any device, leave every box ticked, and press Authorize:"
PASTE = """\
The browser then goes to a page that fails to load. That is as it should be: copy the address of that page."""
NOBODY = (
    "Nobody came back from Strava within {:.0f} minutes, so nothing was changed. Run `niggled login strava` again, "
    "with --paste if the browser is on another device."
)
PASTED_FROM = "http://localhost/"


@click.command(name="strava")
@click.option("--client-id", metavar="NUMBER", help="Of your API application at Strava.")
@click.option("--client-secret-file", metavar="FILE", help="Holds its client secret; - for standard input.")
@click.option("--paste", is_flag=True, help="For a server without a browser: paste an address instead.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where this machine listens for the browser; otherwise any free port.",
)
@athlete_options
def strava(
    client_id: str | None,
    client_secret_file: str | None,
    paste: bool,
    port: int | None,
    config_path: str | None,
    athlete_name: str | None,
) -> None:
    """Strava, by your yes on its own page.

    Asks for what is missing. The same again after Strava has refused us; until it says yes, nothing is changed.
    """
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    connect_strava(config, athlete, client_id, client_secret_file, paste=paste, port=port)
    tell_what_is_next(config, STRAVA, athlete)


def connect_strava(
    config: Config,
    athlete: AthleteConfig,
    client_id: str | None,
    client_secret_file: str | None,
    *,
    paste: bool,
    port: int | None,
) -> None:
    """Ask for what is missing, have the runner say yes, save the tokens, and tell what Strava has answered. Raises
    ConnectorError or a usage error; nothing is changed then."""
    from connectors.sources.strava_login import code_from, exchange

    settings = athlete.sources[STRAVA]
    keys = key_file(config.home, athlete.name, STRAVA)
    make_home(config)
    app = _application(settings, strava_app(settings, keys.load()), client_id, client_secret_file)
    state = secrets.token_urlsafe(24)
    address = _by_paste(app, state, settings) if paste else _by_browser(app, state, settings, port)
    code = code_from(address, state)
    in_config = settings.client_id is not None and settings.client_secret is not None
    exchange(app, code, keys, now, settings.base_url, keep_app=not in_config)
    make_due_at_once(config, athlete, STRAVA, now())
    try:
        click.echo(first_answer(open_door(athlete, STRAVA, config.home, now), now()))
    except Unavailable as failure:
        click.echo(f"! The login is saved; the first look has to wait. {failure_sentence(failure)}", err=True)


def _application(
    settings: SourceConfig, known: StravaApp | None, client_id: str | None, secret_file: str | None
) -> StravaApp:
    """The application to log in with: configured, given now, saved by the last login, or asked for."""
    from connectors.sources.strava_tokens import StravaApp

    if client_id and settings.client_id not in (None, client_id):
        raise click.UsageError(f"client_id is {settings.client_id} in the configuration: change it there")
    if secret_file and settings.client_secret is not None:
        raise click.UsageError("client_secret stands in the configuration: change it there")
    if known is not None and secret_file is None and client_id in (None, known.client_id):
        return known
    chosen = client_id or settings.client_id
    secret = secret_value(settings.client_secret)
    if chosen is None or (secret is None and secret_file is None):
        click.echo(APPLICATION)
    chosen = chosen or ask("Client ID", MISSING_ID)
    return StravaApp(chosen, secret or ask_secret("Client secret", MISSING_SECRET, secret_file))


def _by_browser(app: StravaApp, state: str, settings: SourceConfig, port: int | None) -> str:
    """The address that a browser on this machine came back with."""
    from connectors.sources.strava_login import authorization_url

    try:
        with listening(port or 0) as listener:
            url = authorization_url(app, listener.address, state, settings.base_url)
            click.echo(f"{HERE}\n\n  {url}\n\n{NO_BROWSER_HERE}")
            _open_browser(url)
            address = listener.wait()
    except OSError as error:
        raise click.ClickException(
            f"This machine cannot listen on port {port or 0}: {error.strerror}. Take another --port, or --paste."
        ) from None
    if address is None:
        raise click.ClickException(NOBODY.format(LISTENED_S / 60))
    return address


def _by_paste(app: StravaApp, state: str, settings: SourceConfig) -> str:
    from connectors.sources.strava_login import authorization_url

    url = authorization_url(app, PASTED_FROM, state, settings.base_url)
    click.echo(f"{ANYWHERE}\n\n  {url}\n\n{PASTE}")
    return ask("Address", MISSING_ADDRESS)


def _open_browser(url: str) -> None:
    # Without a screen Python would start one that takes over the terminal.
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        with suppress(webbrowser.Error):
            webbrowser.get().open(url)
