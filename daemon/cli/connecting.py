"""What follows once a service has let us in: its first answer, and that the daemon asks it soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from daemon.cli.context import opened_store
from daemon.config import AthleteConfig, Config
from daemon.connections import TITLES

if TYPE_CHECKING:
    from connectors.sources.door import Door

TRIED_WITH = timedelta(days=7)


def first_answer(door: Door, now: datetime) -> str:
    """One real request: what the service has of the last days, as a sentence. Raises what the door raises."""
    page = next(iter(door.pages(now - TRIED_WITH, None)), None)
    count = 0 if page is None else len(page.rows)
    activities = f"{count or 'no'} {'activity' if count == 1 else 'activities'}"
    return f"{door.title} answers: {activities} in the last {TRIED_WITH.days} days."


def make_due_at_once(config: Config, athlete: AthleteConfig, source: str, now: datetime) -> None:
    """Have the daemon ask the source at its next tick, whatever it waits for."""
    from daemon.store.sources import due_at_once

    with opened_store(config) as store, store.session() as session:
        due_at_once(session, athlete.name, source, now)


def tell_what_is_next(config: Config, source: str, athlete: AthleteConfig) -> None:
    """Whoever has just logged in wants to know what happens now."""
    more = f" --athlete {athlete.name}" if len(config.athletes) > 1 else ""
    click.echo(
        f"{TITLES[source]} is connected. `niggled run` reads the last 90 days within minutes and older ones after that; "
        f"`niggled sync {source}{more}` reads everything now."
    )
