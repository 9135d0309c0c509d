"""A season that was lived through once, and pages on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from fakes.visitor import Visitor, visitor_of

from connectors.sources.demo import make_season, write_season
from daemon.cli.demo import CHANNEL, play
from daemon.config import AthleteConfig
from daemon.store.engine import Store, open_store
from rules.policy import Policy

LAST_DAY = date(2026, 11, 18)


@dataclass(frozen=True, slots=True)
class Lived:
    """The database of a season, and the moment at which it ends."""

    database: Path
    athlete: AthleteConfig
    until: datetime


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The demo's season: 24 weeks of files, messages and answers."""
    home = tmp_path_factory.mktemp("season")
    season = make_season(LAST_DAY, 1)
    write_season(season, home / "inbox")
    athlete = AthleteConfig("demo", season.runner, Policy(), home / "inbox", (CHANNEL,))
    store = open_store(f"sqlite:///{home / 'niggled.db'}")
    _, last = play(store, athlete, season, home / "inbox", quiet=True)
    store.close()
    return Lived(home / "niggled.db", athlete, last)


@pytest.fixture
def season_store(lived: Lived, tmp_path: Path) -> Iterator[Store]:
    """A copy of the season's store, to be changed at will."""
    shutil.copy(lived.database, tmp_path / "niggled.db")
    store = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    yield store
    store.close()


@pytest.fixture
def visitor(lived: Lived, season_store: Store, tmp_path: Path) -> Visitor:
    """Somebody on the page of the runner of the season, at its end."""
    return visitor_of(season_store, tmp_path, {"demo": lived.athlete}, lived.until)


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    yield store
    store.close()


@pytest.fixture
def beginner(lived: Lived, empty_store: Store, tmp_path: Path) -> Visitor:
    """Somebody who has told nothing yet."""
    return visitor_of(empty_store, tmp_path, {"demo": lived.athlete}, lived.until)


type Opens = Callable[[Store, dict[str, AthleteConfig]], Visitor]


@pytest.fixture
def opens(lived: Lived, tmp_path: Path) -> Opens:
    """A page on any store, at the end of the season."""
    return lambda store, athletes: visitor_of(store, tmp_path, athletes, lived.until)
