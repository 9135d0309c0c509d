"""Every check in the order in which one would mend things: configuration, place, database, backup, daemon, sources,
channels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.cli.source_lines import source_affairs
from daemon.config import AthleteConfig, Config, machine_zone
from daemon.credentials import SecretError
from daemon.doctor import backup, channels, clock, configuration, database, page, parts, place, sources, unit
from daemon.doctor.verdict import Verdict, bad, counted, good, warning, when
from daemon.store.conversation import hearings
from daemon.store.engine import Session
from daemon.store.errors import StoreError
from daemon.store.outbox import WAITING, DeliveryState, list_deliveries
from daemon.store.sources import AsideRecord, list_set_aside, source_states

LATELY = timedelta(days=14)
OVERDUE_AFTER = timedelta(minutes=30)

type Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine around niggled is asked through."""

    ask: unit.Ask = unit.asked
    booted: Path = unit.BOOTED
    proc: Path = Path("/proc")


def examine(
    config: Config,
    athletes: Sequence[AthleteConfig],
    now: Now,
    *,
    send: bool = False,
    online: bool = False,
    around: Surroundings = Surroundings(),
) -> Iterator[Verdict]:
    """What every check comes to. Nothing is written; nothing leaves this machine but by `send` and `online`. A check that
    breaks is told as that and stops no other."""
    service = unit.unit_facts(around.ask, around.booted)
    yield from _checked("program", parts.program_verdicts)
    yield from _checked("configuration", lambda: configuration.file_verdicts(config, os.getegid()))
    yield from _checked("secret", lambda: configuration.secret_verdicts(config, service))
    yield from _checked("life signs", lambda: configuration.life_sign_verdicts(config, service))
    for athlete in athletes:
        yield from _checked("zone", partial(configuration.zone_verdicts, config, athlete))
    try:
        url = config.store_url.value()
    except SecretError:
        return  # told among the secrets; without the database nothing else can be said
    yield from _checked("parts", lambda: parts.part_verdicts(config, url))
    file = database.database_file(url)
    yield from _checked("modes", lambda: place.mode_verdicts(config.home, file))
    yield from _checked("disk", lambda: place.room_verdicts([config.home, *([file.parent] if file else [])]))
    yield from _checked("database", lambda: database.database_verdicts(url))
    with ExitStack() as stack:
        usable = database.usable(url)
        session = (
            stack.enter_context(stack.enter_context(database.opened_to_look(url)).reading())
            if usable
            else None
        )
        yield from _checked("backup", lambda: _backup(config, url, session, now()))
        yield from _checked("clock", lambda: _clock(session, athletes, now(), around))
        daemon = unit.running(config.home, service, embedded=file is not None)
        booted = around.booted.is_dir()
        yield from _checked("unit", lambda: unit.unit_verdicts(service, daemon, booted=booted))
        yield from _checked(
            "daemon", lambda: unit.daemon_verdicts(config.home, daemon, service, now(), config.tick_s)
        )
        yield from _checked("page", lambda: page.page_verdicts(config, daemon))
        yield from _checked("memory", lambda: unit.memory_verdicts(daemon, around.proc))
        for athlete in athletes:
            yield from _athlete(config, athlete, session, now, service)
    if online:
        from daemon.doctor.online import online_verdicts

        yield from _checked("reach", lambda: online_verdicts(athletes, config.home, now))
    if send:
        for athlete in athletes:
            yield from _checked("sent", partial(channels.sent_verdicts, athlete, config.home, now))


def _athlete(
    config: Config, athlete: AthleteConfig, session: Session | None, now: Now, service: unit.Unit | None
) -> Iterator[Verdict]:
    moment = now()
    yield from _checked("inbox", lambda: place.inbox_verdicts(athlete.inbox, athlete.name))
    if session is not None:
        aside = list_set_aside(session, athlete.name)
        yield from _checked("source", lambda: _sources(session, athlete, config.home, aside, moment))
        yield from _checked("set aside", lambda: set_aside_verdicts(aside, athlete, moment))
    yield from _checked("channel", lambda: channels.settings_verdicts(athlete, config.home, now, service))
    if session is not None:
        heard = {one.channel: one for one in hearings(session, athlete.name)}
        unheard = "nobody has listened for answers yet; `niggled run` does so."
        yield from _checked("answers", lambda: channels.hearing_verdicts(athlete, heard, unheard, moment))
        waiting = list_deliveries(session, athlete.name, WAITING)
        failed = list_deliveries(session, athlete.name, [DeliveryState.FAILED], since=moment - LATELY)
        yield from _checked(
            "outbox", lambda: channels.delivery_verdicts(athlete, waiting, failed, moment, OVERDUE_AFTER)
        )


def _sources(
    session: Session, athlete: AthleteConfig, home: Path, aside: list[AsideRecord], now: datetime
) -> Iterator[Verdict]:
    for one in source_affairs(session, athlete, home, now):
        name = one.state.source
        unread = sum(record.source == name for record in aside)
        yield from sources.source_verdicts(one, athlete, unread, now)
        yield from sources.key_verdicts(athlete, name, home, one, now)


def set_aside_verdicts(aside: list[AsideRecord], athlete: AthleteConfig, now: datetime) -> Iterator[Verdict]:
    """The quarantine: files and records that could not be read, and stopped nothing."""
    lately = [one for one in aside if now - one.last_seen_at <= LATELY]
    if lately:
        latest = lately[0]
        at = when(latest.last_seen_at, now, athlete.runner.timezone)
        yield warning(
            "set aside",
            f"{counted(len(lately), 'record')} could not be read, the latest {latest.origin} ({at}): {latest.reason}",
            latest.cure,
            athlete.name,
        )
    else:
        yield good("set aside", f"Nothing unreadable{' lately' if aside else ''}.", athlete.name)


def _backup(config: Config, url: str, session: Session | None, now: datetime) -> Iterator[Verdict]:
    file = database.database_file(url)
    if config.backup.wanted(url) and (file is None or file.exists()):
        since = None if session is None else backup.installed_at(session)
        yield from backup.backup_verdicts(config.backup, since, now, ZoneInfo(machine_zone()))


def _clock(
    session: Session | None, athletes: Sequence[AthleteConfig], now: datetime, around: Surroundings
) -> Iterator[Verdict]:
    instants = (
        []
        if session is None
        else [
            at
            for athlete in athletes
            for state in source_states(session, athlete.name)
            for at in (state.last_success_at, state.failing_since)
            if at is not None
        ]
    )
    return clock.clock_verdicts(
        now, max(instants, default=None), clock.synchronised(around.ask, around.booted)
    )


def _checked(check: str, look: Callable[[], Iterable[Verdict]]) -> Iterator[Verdict]:
    try:
        yield from look()
    except StoreError as error:
        yield bad(check, f"{error.what} {error.why}", error.cure)
    except OSError as error:
        place_ = f"{error.filename}: " if error.filename else ""
        yield bad(
            check, f"{place_}{error.strerror or type(error).__name__}.", "Check the rights, and the disk."
        )
    except Exception as error:
        yield bad(check, f"This could not be looked at ({type(error).__name__}).", "Report this line.")
