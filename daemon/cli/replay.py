"""`niggled replay [PATH…]`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import click

from daemon.cli.context import (
    athlete_options,
    choose_athlete,
    existing_paths,
    json_option,
    now,
    opened_store,
    print_json,
    read_config,
    reading_bar,
)
from daemon.cli.replies_csv import read_replies
from daemon.config import AthleteConfig, Config
from daemon.store.history import load_history
from rules.facts import History
from rules.replay import Event, replay

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="replay")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@click.option(
    "--from", "since", type=DAY, metavar="DAY", help="Leave out what came before, for example 2024-01-01."
)
@click.option("--to", "until", type=DAY, metavar="DAY", help="Leave out what came after that day.")
@click.option(
    "--replies",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CSV",
    help="Pain replies: columns at, kind, score, side, flags.",
)
@athlete_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    replies: Path | None,
    config_path: str | None,
    athlete_name: str | None,
    as_json: bool,
) -> None:
    """What it would have said about the past. Nothing is sent or stored.

    Without PATH it is the stored history; with PATH those files and exports alone. Ends with 1 if something could not
    be read.
    """
    if since is not None and until is not None and since > until:
        raise click.UsageError("--from is after --to: nothing lies between them")
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    history, whole = _history(config, athlete, paths, quiet=as_json)
    if replies is not None:
        history = replace(history, replies=read_replies(replies, ZoneInfo(athlete.runner.timezone)))
    zone = ZoneInfo(athlete.runner.timezone)
    told = 0
    for event in _between(replay(history, athlete.policy), since, until, zone):
        told += 1
        if as_json:
            print_json(event.as_json(athlete.runner))
        else:
            _tell(event, zone)
    if not told and not as_json:
        click.echo(
            "It would have said nothing."
            if history.activities
            else "No activities yet. `niggled replay PATH…` reads files and exports, `niggled import PATH…` keeps them."
        )
    context.exit(0 if whole else 1)


def _history(
    config: Config, athlete: AthleteConfig, paths: tuple[str, ...], *, quiet: bool
) -> tuple[History, bool]:
    """The history as it would have been known at the time (every activity at its own end), and whether all was read."""
    whole = True
    with ExitStack() as stack:
        if paths:
            from daemon.jobs.sync import import_paths

            folder = stack.enter_context(TemporaryDirectory(prefix="niggled-replay-"))
            config = replace(
                config,
                home=Path(folder),
                store_url=replace(config.store_url, way="plain", reference=f"sqlite:///{folder}/replay.db"),
            )
            chosen = existing_paths(paths)
            store = stack.enter_context(opened_store(config))
            with reading_bar(hidden=quiet) as progress:
                report = import_paths(store, athlete, chosen, now(), progress)
            whole = not report.aside
            for item in report.aside:
                click.echo(f"✘ {item.origin}: {item.reason} {item.cure}", err=True)
        else:
            store = stack.enter_context(opened_store(config))
        with store.reading() as session:
            history = load_history(session, athlete.name, athlete.runner)
    known_at_once = tuple(replace(activity, first_seen_at=None) for activity in history.activities)
    return replace(history, activities=known_at_once, prompts=(), first_import_until=None), whole


def _between(
    events: Iterator[Event], since: datetime | None, until: datetime | None, zone: ZoneInfo
) -> Iterator[Event]:
    for event in events:
        day = event.at.astimezone(zone).date()
        if since is not None and day < since.date():
            continue
        if until is not None and day > until.date():
            return
        yield event


def _tell(event: Event, zone: ZoneInfo) -> None:
    at = event.at.astimezone(zone)
    if event.kind == "finding":
        click.secho(f"{at:%Y-%m-%d %H:%M}    {event.rule} {event.level}: {event.text}", fg="bright_black")
    else:
        click.echo(f"{at:%Y-%m-%d %H:%M} {'✉' if event.kind == 'push' else '☰'} {event.title}: {event.text}")
