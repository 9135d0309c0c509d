"""`niggled logout strava|garmin`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from connectors.errors import Broken, ConnectorError, NeedsLogin
from connectors.keyfile import KeyFile
from daemon.cli.context import athlete_options, choose_athlete, now, opened_store, read_config
from daemon.cli.failures import failure_sentence
from daemon.config import AthleteConfig
from daemon.config_sources import LIVE_SOURCES, STRAVA, SourceConfig
from daemon.connections import TITLES, connected, key_file, strava_app
from daemon.store.engine import Store

ELSEWHERE = {
    "strava": "Remove the application on https://www.strava.com/settings/apps to be sure.",
    "garmin": "Delete the key in Garmin Connect on the web → Settings → Personal API if nothing else uses it.",
}
"""Where the runner can end the access on the service's own side."""


@click.command(name="logout")
@click.argument("source", type=click.Choice(LIVE_SOURCES))
@athlete_options
def command(source: str, config_path: str | None, athlete_name: str | None) -> None:
    """Disconnect a service: its keys are forgotten. Activities stay, and so does all that was learned from them."""
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    settings, title = athlete.sources[source], TITLES[source]
    if source not in connected(athlete, config.home):
        click.echo(f"{title} is not connected.")
        return
    keys = key_file(config.home, athlete.name, source)
    with opened_store(config) as store, _not_being_asked(store, athlete, source):
        from daemon.store.sources import forget_source

        at_the_service = _end_access(settings, keys) if source == STRAVA else ELSEWHERE[source]
        keys.delete()
        with store.session() as session:
            forget_source(session, athlete.name, source)
    click.echo(f"{title} is disconnected and its keys are forgotten. Your activities stay. {at_the_service}")
    if settings.configured:
        table = f"[athletes.{athlete.name}.sources.{source}]"
        click.echo(
            f"! {table} is still in {config.path}: take it out, or `niggled run` goes on asking {title}."
        )


@contextmanager
def _not_being_asked(store: Store, athlete: AthleteConfig, source: str) -> Iterator[None]:
    """Nobody looks at the source meanwhile: a look at work would save its tokens again, and tell of an outage."""
    from daemon.jobs.poll import SourceBusyError
    from daemon.jobs.poll_timing import LEASE
    from daemon.store.leases import WORKER
    from daemon.store.sources import claim_this, register_source, release_source

    with store.session() as session:
        register_source(session, athlete.name, source, now())
        if not claim_this(session, athlete.name, source, WORKER, now(), LEASE):
            raise click.ClickException(str(SourceBusyError(source)))
    try:
        yield
    finally:
        with store.session() as session:
            release_source(session, athlete.name, source, WORKER)


def _end_access(settings: SourceConfig, keys: KeyFile) -> str:
    """Have Strava forget us too; the keys are forgotten here whatever it says."""
    from connectors.sources.strava_login import revoke

    try:
        content = keys.load()
    except Broken:
        return ELSEWHERE[settings.name]
    try:
        revoke(keys, now, settings.base_url, app=strava_app(settings, content))
    except NeedsLogin:
        return ELSEWHERE[settings.name]
    except ConnectorError as error:
        return f"{failure_sentence(error)} {ELSEWHERE[settings.name]}"
    return "Strava has ended the access."
