"""The wizard's first part: where the runs come from, connected and tried at once, and the first reading."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from daemon import logs
from daemon.cli.context import now, opened_store, reading_bar
from daemon.cli.failures import failure_sentence
from daemon.cli.import_files import tell as tell_import
from daemon.cli.login_garmin import connect_garmin
from daemon.cli.login_strava import connect_strava
from daemon.cli.setup_asking import answered, existing_path, one_of, seen
from daemon.cli.setup_desk import Desk, stays
from daemon.cli.watching import watched
from daemon.config import ConfigError
from daemon.config_sources import GARMIN, LIVE_SOURCES, STRAVA
from daemon.connections import TITLES, account_since, connected, every, key_countdown, open_door, open_source
from daemon.jobs.poll import SourceBusyError, poll
from daemon.jobs.poll_cursor import read_cursor
from daemon.setup_config import Tables
from daemon.store.history import list_activities
from daemon.store.leases import WORKER
from daemon.store.sources import source_state

FILES = "files"
SOURCES = """\
Where do your runs come from?
  garmin   a Garmin watch: free, with a key that you make in Garmin Connect
  strava   Strava: needs a paid subscription since June 2026, because niggled reads through an application of yours
  files    an export of Strava or Garmin, or a folder that FIT, GPX or TCX files appear in"""
FILES_TEXT = """\
An export (.zip), or a folder of FIT, GPX and TCX files, is read now. Enter alone: nothing yet."""
LAST_YEAR = timedelta(days=365)
MORE_LOOKS = 4
LATER = "The rest is read by `niggled run`."


@dataclass(frozen=True, slots=True)
class SourceAnswers:
    """What was said about the source by options; None is asked where it is needed."""

    source: str | None = None
    door: str | None = None
    key_file: str | None = None
    ends: str | None = None
    client_id: str | None = None
    client_secret_file: str | None = None
    paste: bool = False
    port: int | None = None
    export: str | None = None
    inbox: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether another try would say the same again."""
        return self.key_file is not None or (self.client_secret_file is not None and not self.paste)


def connect(desk: Desk, said: SourceAnswers) -> list[str]:
    """Connect a source unless one is: the live ones that are connected then; none of them where it is files."""
    known = [name for name in LIVE_SOURCES if _lets_us_in(desk, name)]
    if said.source in LIVE_SOURCES and said.source not in known:
        return [*known, _connected(desk, said)]
    if known:
        click.echo(f"{' and '.join(TITLES[name] for name in known)}: connected already.")
        return known
    if said.source is None and not said.export and _has_runs_or_inbox(desk):
        return []
    chosen = _connected(desk, said)
    return [] if chosen == FILES else [chosen]


def read_newest(desk: Desk, sources: list[str]) -> None:
    """The newest 90 days of each, then as much of the last year as is quickly had; failures are told and passed over."""
    # What a look has to say is said below; a defect still shows where it happened.
    logs.configure(level=logging.ERROR)
    for source in sources:
        if _was_read(desk, source):
            continue
        try:
            _read(desk, source)
        except SourceBusyError as busy:
            click.echo(f"! {busy}", err=True)


def read_files(desk: Desk, said: SourceAnswers) -> None:
    """Import the export that was named, or what lies in the inbox."""
    from daemon.jobs.sync import import_paths

    paths = [Path(said.export).expanduser()] if said.export else []
    inbox = desk.athlete.inbox
    if not paths and inbox.is_dir():
        paths = [inbox]
    if not paths:
        return
    with opened_store(desk.config) as store, reading_bar() as progress:
        report = import_paths(store, desk.athlete, paths, now(), progress)
    if report.saved or report.aside or said.export:
        tell_import(report)


def _connected(desk: Desk, said: SourceAnswers) -> str:
    """Ask and try until a source lets us in; its name."""
    if said.source is None and not said.export:
        click.echo(SOURCES)
    while True:
        given = said.source or (FILES if said.export or said.inbox else None)
        source = answered("Source?", one_of((GARMIN, STRAVA, FILES)), "--source", given, proposal=None)
        try:
            if source == GARMIN:
                connect_garmin(desk.config, desk.athlete, said.door, said.key_file, said.ends)
            elif source == STRAVA:
                connect_strava(
                    desk.config,
                    desk.athlete,
                    said.client_id,
                    said.client_secret_file,
                    paste=said.paste or not _has_screen(),
                    port=said.port,
                )
            else:
                _choose_inbox(desk, said)
        except ConnectorError as failure:
            if said.is_whole:
                raise
            click.echo(f"✘ {failure_sentence(failure)}\n  Or try it here once more.", err=True)
        except click.ClickException as problem:
            if said.is_whole or not sys.stdin.isatty():
                raise
            click.echo(f"✘ {problem.format_message()}\n  Once more.", err=True)
        else:
            return source


def _has_screen() -> bool:
    """Whether a browser may open here; elsewhere (ssh) the address of the failed page is pasted."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _lets_us_in(desk: Desk, source: str) -> bool:
    """Whether keys are there; nothing is asked of the service."""
    if source not in connected(desk.athlete, desk.home):
        return False
    try:
        open_door(desk.athlete, source, desk.home, now)
    except NeedsLogin:
        return False
    except Broken as failure:
        raise click.ClickException(str(failure)) from None
    return True


def _has_runs_or_inbox(desk: Desk) -> bool:
    if desk.is_set("sources.files.folder"):
        click.echo(f"Files: read from {desk.athlete.inbox}.")
        return True
    return False


def _choose_inbox(desk: Desk, said: SourceAnswers) -> None:
    """The inbox stands in the configuration from now on; an export is remembered by whoever reads it."""
    if desk.is_set("sources.files.folder"):
        if said.inbox:
            click.echo(stays("sources.files.folder", desk), err=True)
        return
    proposal = str(desk.athlete.inbox)
    given = said.inbox or (proposal if said.export else None)

    def settings(folder: Path) -> Tables:
        return {f"{desk.table}.sources.files": {"folder": str(folder)}}

    def read(text: str) -> Path:
        folder = _folder(text)
        try:
            desk.drafted(settings(folder))
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return folder

    folder = answered("Folder that new files will appear in?", read, "--inbox", given, proposal=proposal)
    folder.mkdir(parents=True, exist_ok=True)
    desk.add(settings(folder))
    click.echo(f"New files in {folder} will be read by themselves.")


def asked_export(said: SourceAnswers) -> str | None:
    """An export to read now, where the runner has one."""
    if said.export is not None:
        return str(answered("", existing_path, "--export", said.export))
    click.echo(FILES_TEXT)
    return answered(
        "Export or folder to read?",
        lambda text: str(existing_path(text)) if text else None,
        "--export",
        proposal="",
    )


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if seen(path) and not path.is_dir():
        raise ValueError(f"{path} is no folder")
    above = next(parent for parent in (path, *path.parents) if parent.exists())
    if not os.access(above, os.R_OK | os.W_OK | os.X_OK):
        raise ValueError(f"{path} is not yours to write in")
    return path


def _was_read(desk: Desk, source: str) -> bool:
    """Whether a look at it has come to its end before; what came since is the daemon's."""
    with opened_store(desk.config) as store, store.reading() as session:
        state = source_state(session, desk.name, source)
    return state is not None and read_cursor(state.cursor).listed_at is not None


def _read(desk: Desk, source: str) -> None:
    athlete, home = desk.athlete, desk.home
    click.echo(f"Reading the last 90 days of {TITLES[source]}; Ctrl-C is safe, what was read stays.")
    today = now().astimezone(ZoneInfo(athlete.runner.timezone)).date()
    with opened_store(desk.config) as store, watched(source, hidden=False) as line:
        for _ in range(1 + MORE_LOOKS):
            polled = poll(
                store,
                athlete,
                source,
                lambda: line.opened(lambda: open_source(athlete, source, home, now)),
                now,
                every=every(athlete, source, home),
                keep_days=athlete.sources[source].keep_days,
                scheduled=True,
                worker=WORKER,
                account_since=account_since(athlete, source, home),
                key=key_countdown(athlete, source, home, today),
                progress=line.progress,
            )
            cursor, failure = polled.cursor, polled.report.failure
            if (
                failure is not None
                or cursor.complete
                or (cursor.back_to and now() - cursor.back_to >= LAST_YEAR)
            ):
                break
        line.clear()
        with store.reading() as session:
            count = len(list_activities(session, athlete.name))
    for item in polled.report.aside:
        click.echo(f"✘ {item.origin}: {item.reason} {item.cure}", err=True)
    partly = not cursor.complete and cursor.back_to is not None
    back = f", back to {cursor.back_to:%B %Y}. {LATER}" if partly else "."
    click.echo(f"{TITLES[source]}: {count:,} {'activity' if count == 1 else 'activities'} read{back}")
    if isinstance(failure, Unavailable) and failure.paced:
        click.echo(f"  {failure_sentence(failure)} `niggled run` goes on by itself.")
    elif failure is not None:
        click.echo(f"! {TITLES[source]}: {failure_sentence(failure)}", err=True)
