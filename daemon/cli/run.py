"""`niggled run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import click

from connectors.channels.contract import Incoming
from daemon import logs, paths
from daemon.channels import hears, open_listener
from daemon.cli.context import config_option, read_config
from daemon.clock import SystemClock
from daemon.config import AthleteConfig, Config, machine_zone
from daemon.connections import askable, connected
from daemon.jobs.backup import DailyBackup, last_before, tell_failure
from daemon.jobs.child import ask_child, run_child
from daemon.jobs.inbox import Inbox
from daemon.jobs.incoming import DirectAnswer
from daemon.jobs.listen import Ear
from daemon.jobs.poll_outcome import lost
from daemon.jobs.wire import answer_of, incoming_as_json
from daemon.life_signs import LifeSigns, pings_to
from daemon.lock import only_daemon_of
from daemon.page_door import PageDoor, page_command
from daemon.polling import LiveJobs
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store.conversation import release_hearings
from daemon.store.engine import Store, open_store


@click.command(name="run")
@config_option
def command(config_path: str | None) -> int:
    """The daemon, in the foreground: watches the inbox, warns, asks. Ends cleanly on SIGTERM."""
    logs.configure()
    config = read_config(config_path)
    paths.make_private_folder(config.home)
    only_one = _has_one_daemon(config)
    with only_daemon_of(config.home) if only_one else nullcontext():
        store = open_store(config.store_url.value())
        try:
            if only_one:
                _forget_killed_listeners(store)
            clock = SystemClock()
            service = Service(
                clock,
                store,
                _jobs(store, config, config_path),
                tick_s=config.tick_s,
                reload=lambda: _jobs(store, read_config(config_path), config_path),
                signs=LifeSigns(config.home, store, clock, pings_to(config.ping_url)),
                door=PageDoor(page_command(config_path)),
            )
            return service.run()
        finally:
            store.close()


def _has_one_daemon(config: Config) -> bool:
    """Several may share one PostgreSQL; an SQLite file has one."""
    return config.store_url.value().startswith("sqlite")


def _forget_killed_listeners(store: Store) -> None:
    """A daemon that was killed still has its channels on lease: its answers must not wait for that."""
    with store.session() as session:
        release_hearings(session)


def _jobs(store: Store, config: Config, config_path: str | None) -> Jobs:
    return Jobs(
        athletes=tuple(
            _athlete_jobs(store, athlete, config, config_path) for athlete in config.athletes.values()
        ),
        assess=lambda stop: _child(stop, "assess", config_path),
        deliver=lambda stop: _child(stop, "deliver", config_path),
        ears=tuple(_ears(config, config_path)),
        back_up=_daily_backup(store, config, config_path),
        page=config.page,
    )


def _daily_backup(
    store: Store, config: Config, config_path: str | None
) -> Callable[[datetime, Event], None] | None:
    settings, zone = config.backup, ZoneInfo(machine_zone())
    if not settings.wanted(config.store_url.value()):
        return None

    def told(reason: str, now: datetime) -> None:
        tell_failure(store, config.athletes.values(), last_before(settings, now, zone), reason, now)

    return DailyBackup(
        settings, zone, lambda stop: _child(stop, "backup", config_path, "--daily", "--scheduled"), told
    ).look


def _ears(config: Config, config_path: str | None) -> Iterator[Ear]:
    """Every channel that brings answers back. Mailboxes may be shared: each knows the addresses of the others."""

    def hear(athlete: str, channel: str, *options: str) -> Callable[[Incoming], DirectAnswer | None]:
        command = _command("hear", config_path, "--athlete", athlete, "--channel", channel, *options)
        # An answer that is being taken in is finished also where the daemon ends.
        return lambda incoming: answer_of(ask_child(command, incoming_as_json(incoming)))

    now = SystemClock().now
    addresses = {
        channel.to for athlete in config.athletes.values() for channel in athlete.channels if channel.to
    }
    for athlete in config.athletes.values():
        for channel in filter(hears, athlete.channels):
            neighbours = tuple(addresses - {channel.to})
            yield Ear(
                athlete,
                channel.name,
                partial(open_listener, athlete, channel, config.home, now, neighbours),
                hear(athlete.name, channel.name),
                hear(athlete.name, channel.name, "--again"),
            )


def _athlete_jobs(
    store: Store, athlete: AthleteConfig, config: Config, config_path: str | None
) -> AthleteJobs:
    def take_in(files: Sequence[Path], _now: datetime) -> bool:
        _child(Event(), "arrivals", config_path, "--athlete", athlete.name, "--", *map(str, files))
        return True

    asked = connected if _has_one_daemon(config) else askable
    return AthleteJobs(
        name=athlete.name,
        take_in=Inbox(athlete.inbox, take_in).look,
        live=LiveJobs(
            connected=lambda: asked(athlete, config.home),
            sync=lambda source, stop: _child(
                stop, "sync", config_path, "--athlete", athlete.name, "--scheduled", source
            ),
            lost=lambda source, reason, now: lost(store, athlete, source, reason, now),
        ),
    )


def _child(stop: Event, verb: str, config_path: str | None, *arguments: str) -> None:
    run_child(_command(verb, config_path, *arguments), stop)


def _command(verb: str, config_path: str | None, *arguments: str) -> list[str]:
    """Another niggled for heavy work; what it loads goes away with it."""
    chosen = ("--config", config_path) if config_path else ()
    return [sys.executable, "-m", "daemon.cli.main", verb, *chosen, *arguments]
