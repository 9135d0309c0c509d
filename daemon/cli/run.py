"""`niggled run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import click

from connectors.channels.contract import Incoming
from daemon import config as configuration
from daemon import logs, paths
from daemon.channels import hears, open_listener
from daemon.cli.context import config_option
from daemon.clock import SystemClock
from daemon.config import AthleteConfig, Config, machine_zone
from daemon.connections import askable, connected
from daemon.in_force import ConfigurationInForce
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
    config, children = _read(config_path)
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
                _jobs(store, config, children),
                tick_s=config.tick_s,
                reload=lambda: _jobs(store, *_read(config_path)),
                signs=LifeSigns(config.home, store, clock, pings_to(config.ping_url)),
                door=PageDoor(page_command(config_path)),
            )
            return service.run()
        finally:
            store.close()


@dataclass(frozen=True, slots=True)
class Children:
    """Other niggleds for heavy work, with the configuration `in_force`: what they load goes away with them."""

    config_path: str | None
    in_force: ConfigurationInForce

    def run(self, stop: Event, verb: str, *arguments: str) -> None:
        run_child(self._command(verb, arguments), stop, in_force=self.in_force)

    def ask(self, said: str, verb: str, *arguments: str) -> str:
        return ask_child(self._command(verb, arguments), said, in_force=self.in_force)

    def _command(self, verb: str, arguments: tuple[str, ...]) -> list[str]:
        # They read nothing there, and name the file in what they say.
        chosen = ("--config", self.config_path) if self.config_path else ()
        return [sys.executable, "-m", "daemon.cli.main", verb, *chosen, *arguments]


def _read(config_path: str | None) -> tuple[Config, Children]:
    """The configuration as it is now. Raises ConfigError."""
    path = paths.config_file(config_path)
    text = configuration.text_of(path)
    config = configuration.parse(text, path, paths.home_folder())
    return config, Children(config_path, ConfigurationInForce(text))


def _has_one_daemon(config: Config) -> bool:
    """Several may share one PostgreSQL; an SQLite file has one."""
    return config.store_url.value().startswith("sqlite")


def _forget_killed_listeners(store: Store) -> None:
    """A daemon that was killed still has its channels on lease: its answers must not wait for that."""
    with store.session() as session:
        release_hearings(session)


def _jobs(store: Store, config: Config, children: Children) -> Jobs:
    return Jobs(
        athletes=tuple(
            _athlete_jobs(store, athlete, config, children) for athlete in config.athletes.values()
        ),
        assess=lambda stop: children.run(stop, "assess"),
        deliver=lambda stop: children.run(stop, "deliver"),
        ears=tuple(_ears(config, children)),
        back_up=_daily_backup(store, config, children),
        page=config.page,
        in_force=children.in_force,
    )


def _daily_backup(
    store: Store, config: Config, children: Children
) -> Callable[[datetime, Event], None] | None:
    settings, zone = config.backup, ZoneInfo(machine_zone())
    if not settings.wanted(config.store_url.value()):
        return None

    def told(reason: str, now: datetime) -> None:
        tell_failure(store, config.athletes.values(), last_before(settings, now, zone), reason, now)

    return DailyBackup(
        settings, zone, lambda stop: children.run(stop, "backup", "--daily", "--scheduled"), told
    ).look


def _ears(config: Config, children: Children) -> Iterator[Ear]:
    """Every channel that brings answers back. Mailboxes may be shared: each knows the addresses of the others."""

    def hear(athlete: str, channel: str, *options: str) -> Callable[[Incoming], DirectAnswer | None]:
        words = ("--athlete", athlete, "--channel", channel, *options)
        # An answer that is being taken in is finished also where the daemon ends.
        return lambda incoming: answer_of(children.ask(incoming_as_json(incoming), "hear", *words))

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


def _athlete_jobs(store: Store, athlete: AthleteConfig, config: Config, children: Children) -> AthleteJobs:
    def take_in(files: Sequence[Path], _now: datetime) -> bool:
        children.run(Event(), "arrivals", "--athlete", athlete.name, "--", *map(str, files))
        return True

    asked = connected if _has_one_daemon(config) else askable
    return AthleteJobs(
        name=athlete.name,
        take_in=Inbox(athlete.inbox, take_in).look,
        live=LiveJobs(
            connected=lambda: asked(athlete, config.home),
            sync=lambda source, stop: children.run(
                stop, "sync", "--athlete", athlete.name, "--scheduled", source
            ),
            lost=lambda source, reason, now: lost(store, athlete, source, reason, now),
        ),
    )
