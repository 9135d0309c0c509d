"""The page of the demo's runner, on this machine alone, until Ctrl-C."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from time import monotonic, sleep

import click

from daemon.config import AthleteConfig, Config
from daemon.config_backup import BackupConfig
from daemon.config_page import PageConfig, split_listen
from daemon.credentials import Secret
from daemon.page_door import listening_at
from daemon.store.engine import Store


class RunningOn:
    """A clock that goes on from an instant."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began_s = monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=monotonic() - self._began_s)

    def sleep(self, seconds: float) -> None:
        sleep(max(0.0, seconds))


def serve_demo(store: Store, athlete: AthleteConfig, home: Path, last: datetime, listen: str) -> None:
    """The page as of the end of the story, from which its clock runs on."""
    from daemon.web.serving import house_of, serve

    page = _private(listen)
    try:
        listening = listening_at(page)
    except OSError as error:
        raise click.ClickException(f"The page cannot listen on {listen}: {error.strerror}.") from error
    config = Config(
        path=None,
        home=home,
        athletes={athlete.name: athlete},
        store_url=Secret("plain", f"sqlite:///{home / 'niggled.db'}"),
        backup=BackupConfig(home / "backups"),
        tick_s=60,
        page=page,
    )
    click.echo(f"\nHer page: {page.here}  (Ctrl-C ends it)")
    with listening:
        serve(house_of(config, store, RunningOn(last)), listening, quiet_for_s=inf)


def _private(listen: str) -> PageConfig:
    example = "Example: --listen 127.0.0.1:8642"
    try:
        host, port = split_listen(listen)
    except ValueError as error:
        raise click.UsageError(f"--listen {listen}: {error}. {example}") from None
    page = PageConfig(host=host, port=port)
    if not page.is_private:
        raise click.UsageError(f"--listen {listen}: the demo's page is for this machine alone. {example}")
    return page
