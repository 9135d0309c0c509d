"""What nearly every verb needs: the configuration, one athlete, the store, the clock."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon import config as configuration
from daemon import paths
from daemon.clock import SystemClock
from daemon.config import AthleteConfig, Config
from daemon.in_force import text_in_force

if TYPE_CHECKING:
    from daemon.store.engine import Store


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE`."""
    return click.option("--config", "config_path", metavar="FILE", help="The configuration file.")(function)


def athlete_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--config FILE --athlete NAME`."""
    named = click.option(
        "--athlete", "athlete_name", metavar="NAME", help="Needed only where there are several."
    )
    return config_option(named(function))


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="For programs: JSON instead of text.")(
        function
    )


def read_config(config_path: str | None) -> Config:
    """The checked configuration; raises ConfigError."""
    path, home = paths.config_file(config_path), paths.home_folder()
    text = text_in_force()
    return configuration.load(path, home) if text is None else configuration.parse(text, path, home)


def choose_athlete(config: Config, name: str | None) -> AthleteConfig:
    """The athlete meant; a usage error where it is not clear which."""
    if name is None and len(config.athletes) == 1:
        return next(iter(config.athletes.values()))
    names = ", ".join(config.athletes)
    if name is None:
        raise click.UsageError(f"there are several athletes: add --athlete with one of {names}")
    if name not in config.athletes:
        raise click.UsageError(f"there is no athlete {name}; there is {names}")
    return config.athletes[name]


@contextmanager
def opened_store(config: Config) -> Iterator[Store]:
    """The store, created and migrated where needed, closed afterwards."""
    from daemon.store.engine import open_store

    make_home(config)
    store = open_store(config.store_url.value())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened(config_path: str | None, athlete_name: str | None) -> Iterator[tuple[Store, AthleteConfig]]:
    """The store and the athlete that a verb is about. Raises ConfigError or a usage error before anything is opened."""
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    with opened_store(config) as store:
        yield store, athlete


def make_home(config: Config) -> None:
    """The data folder; where it cannot be made, one sentence with the cure."""
    try:
        paths.make_private_folder(config.home)
    except OSError as error:
        why = " is no folder" if isinstance(error, FileExistsError) else f": {error.strerror}"
        raise click.ClickException(
            f"The data folder cannot be made. {config.home}{why}. Name one that you may write in NIGGLED_HOME."
        ) from error


@contextmanager
def reading_bar(*, hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar with the time that is left, for people who look on; gives what hears (done, total)."""
    watched = sys.stderr.isatty() and not hidden
    with click.progressbar(
        length=1, label="Reading", show_eta=True, show_pos=True, file=sys.stderr, hidden=not watched
    ) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def now() -> datetime:
    return SystemClock().now()


def print_json(value: object) -> None:
    """One JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def existing_paths(given: tuple[str, ...]) -> list[Path]:
    """Arguments -> paths; a usage error naming those that do not exist, one sentence for what cannot be looked at."""
    chosen = [Path(word).expanduser() for word in given]
    try:
        missing = [
            word or "''" for word, path in zip(given, chosen, strict=True) if not (word and path.exists())
        ]
    except OSError as error:
        raise click.ClickException(
            f"{error.filename}: {error.strerror}. Check the path and who may read it."
        ) from error
    if missing:
        raise click.UsageError(f"there is no {', no '.join(missing)}")
    return chosen
