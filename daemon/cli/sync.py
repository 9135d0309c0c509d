"""`niggled sync [SOURCE]`."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import click

from connectors.errors import ConnectorError, Unavailable
from daemon import logs
from daemon.cli.context import (
    athlete_options,
    choose_athlete,
    json_option,
    now,
    opened_store,
    print_json,
    read_config,
)
from daemon.cli.failures import failure_sentence
from daemon.cli.inbox_once import look_into_inbox
from daemon.cli.watching import watched
from daemon.config import AthleteConfig, Config
from daemon.config_sources import LIVE_SOURCES
from daemon.connections import (
    TITLES,
    account_since,
    connected,
    every,
    key_countdown,
    login_cure,
    open_source,
)
from daemon.jobs.poll import NEW, Polled, SourceBusyError, poll
from daemon.store.engine import Store
from daemon.store.leases import WORKER
from daemon.store.records import Outcome

FILES = "files"
NONE_CONNECTED = (
    "No service is connected. `niggled login garmin` or `niggled login strava` connects one; "
    "`niggled sync files` looks into the inbox."
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a look brought, in activities. `recordings` came of activities that were known and are otherwise unchanged."""

    new: int
    changed: int
    recordings: int
    deleted: int
    set_aside: int


@click.command(name="sync")
@click.argument("source", required=False, metavar="[garmin|strava|files]")
@click.option("--full", is_flag=True, help="Read everything again, from the newest to the oldest.")
@click.option("--scheduled", is_flag=True, hidden=True)
@athlete_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    source: str | None,
    full: bool,
    scheduled: bool,
    config_path: str | None,
    athlete_name: str | None,
    as_json: bool,
) -> None:
    """One look now at every connected service, or at one; `files` is the inbox.

    Reads what is new, changed or gone, and whatever of the history was not read yet. Ends with 1 where a source failed.
    """
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    if scheduled:
        _look_scheduled(config, athlete, _known(source or ""))
        return
    if source == FILES:
        context.exit(look_into_inbox(config, athlete, as_json=as_json))
    # What a look has to say is said below; a defect still shows where it happened.
    logs.configure(level=logging.ERROR)
    chosen = connected(athlete, config.home) if source is None else [_known(source)]
    if not chosen:
        raise click.ClickException(NONE_CONNECTED)
    failed = changed = False
    with opened_store(config) as store:
        for name in chosen:
            polled, counts = _look(store, config, athlete, name, full=full, hidden=as_json)
            changed = changed or polled.changed
            failed = failed or _is_failure(polled.report.failure)
            if as_json:
                print_json(_as_json(polled, counts))
            else:
                _tell(polled, counts)
        if changed:
            from daemon.jobs.assess import assess_athlete

            assess_athlete(store, athlete, now())
    context.exit(1 if failed else 0)


def _known(source: str) -> str:
    if source not in LIVE_SOURCES:
        import difflib

        near = difflib.get_close_matches(source, (*LIVE_SOURCES, FILES), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join((*LIVE_SOURCES, FILES))}."
        raise click.UsageError(f"there is no source {source}. {hint}")
    return source


def _look_scheduled(config: Config, athlete: AthleteConfig, source: str) -> None:
    """What the daemon starts as a child, which has claimed the source and assesses afterwards."""
    logs.configure()
    with logs.about(athlete=athlete.name, source=source), opened_store(config) as store:
        poll(
            store,
            athlete,
            source,
            lambda: open_source(athlete, source, config.home, now),
            now,
            every=every(athlete, source, config.home),
            keep_days=athlete.sources[source].keep_days,
            scheduled=True,
            account_since=account_since(athlete, source, config.home),
            key=key_countdown(athlete, source, config.home, _today(athlete)),
        )


def _look(
    store: Store, config: Config, athlete: AthleteConfig, source: str, *, full: bool, hidden: bool
) -> tuple[Polled, Counts]:
    if source not in connected(athlete, config.home):
        raise click.ClickException(f"{TITLES[source]} is not connected. {login_cure(source)}")
    with watched(source, hidden=hidden) as line:
        try:
            polled = poll(
                store,
                athlete,
                source,
                lambda: line.opened(lambda: open_source(athlete, source, config.home, now)),
                now,
                every=every(athlete, source, config.home),
                keep_days=athlete.sources[source].keep_days,
                full=full,
                worker=WORKER,
                account_since=account_since(athlete, source, config.home),
                key=key_countdown(athlete, source, config.home, _today(athlete)),
                progress=line.progress,
            )
        except SourceBusyError as busy:
            raise click.ClickException(str(busy)) from None
    return polled, _counts(polled, line.completed)


def _counts(polled: Polled, completed: Collection[str]) -> Counts:
    """A known activity whose recording came later has not changed for whoever looks at it."""
    report = polled.report
    new = {one.external_id for one in report.saved if one.outcome in NEW}
    changed = {one.external_id for one in report.saved if one.outcome is Outcome.CHANGED} - new
    return Counts(
        new=len(new),
        changed=len(changed - set(completed)),
        recordings=len(changed & set(completed)),
        deleted=report.deleted,
        set_aside=len(report.aside),
    )


def _today(athlete: AthleteConfig) -> date:
    return now().astimezone(ZoneInfo(athlete.runner.timezone)).date()


def _is_failure(failure: ConnectorError | None) -> bool:
    """Requests that are used up for now are no failure: the rest comes by itself."""
    return failure is not None and not (isinstance(failure, Unavailable) and failure.paced)


def _tell(polled: Polled, counts: Counts) -> None:
    report, title = polled.report, TITLES[polled.source]
    for item in report.aside:
        click.echo(f"✘ {item.origin}: {item.reason} {item.cure}", err=True)
    for warning in report.warnings:
        click.echo(f"! {warning}", err=True)
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (counts.new, "new"),
            (counts.changed, "changed"),
            (counts.deleted, "gone"),
            (counts.set_aside, "not read"),
            (counts.recordings, "more recordings read" if counts.recordings > 1 else "more recording read"),
        )
        if count
    ]
    failure = report.failure
    if parts or not _is_failure(failure):
        click.echo(f"{title}: {', '.join(parts) or 'nothing new'}.")
    if failure is not None and _is_failure(failure):
        said = failure_sentence(failure)
        click.echo(f"✘ {said if title in said else f'{title}: {said}'}", err=True)
    elif failure is not None:
        said = failure_sentence(failure).removeprefix(f"{title}: ")
        said = f"It {said.removeprefix(f'{title} ')}" if said.startswith(f"{title} ") else said
        click.echo(f"  {said} `niggled run` goes on by itself.")


def _as_json(polled: Polled, counts: Counts) -> dict[str, object]:
    report, failure = polled.report, polled.report.failure
    return {
        "source": polled.source,
        "new": counts.new,
        "changed": counts.changed,
        "deleted": counts.deleted,
        "recordings": counts.recordings,
        "nights": polled.nights,
        "set_aside": [{"origin": i.origin, "reason": i.reason, "cure": i.cure} for i in report.aside],
        "warnings": report.warnings,
        "complete": polled.cursor.complete,
        "back_to": None if polled.cursor.back_to is None else polled.cursor.back_to.isoformat(),
        "failure": None if failure is None else failure_sentence(failure),
    }
