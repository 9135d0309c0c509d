"""A browser for all of these tests, and the page of the season to look at."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from fakes import chromium
from fakes.chromium import PAGE_HOST
from fakes.clock import SteeredClock
from fakes.command import Environment, environment_in, everything, rows
from fakes.open_question import ask
from fakes.steered_page import SteeredPage, steered_page
from fakes.tab import Screen, Tab, tab
from playwright.sync_api import Browser

from connectors.sources.demo import TIMEZONE
from daemon.links import answer_link
from daemon.page_key import page_key
from daemon.store.engine import open_store

from ..conftest import Lived

PASSCODE = "seven quiet stairs"
PICTURES = "NIGGLED_SCREENSHOTS"
"""Names the folder in which the pictures of every page are left to be looked at."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="session")
def season_page(
    browser: Browser, lived: Lived, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SteeredPage]:
    """The page of the season's runner at its end, for this machine alone; nobody writes on it."""
    folder = tmp_path_factory.mktemp("season-page")
    environment = environment_in(folder)
    home = Path(environment["NIGGLED_HOME"])
    home.mkdir(mode=0o700)
    shutil.copy(lived.database, home / "niggled.db")
    born = lived.athlete.runner.birth_year
    config = folder / "config.toml"
    config.write_text(f'[athletes.demo]\ntimezone = "{TIMEZONE}"\nbirth_year = {born}\n')
    clock = SteeredClock.started(folder / "clock", lived.until, 1.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        steered_page(config, clock, folder / "clock", environment, listening) as page,
    ):
        yield page


type Tabs = Callable[[Screen], Tab]


@pytest.fixture(scope="session")
def tabs(browser: Browser, season_page: SteeredPage) -> Iterator[Tabs]:
    """A tab on the page of the season for each screen, used again and again."""
    with ExitStack() as open_:
        yield cache(lambda screen: open_.enter_context(tab(browser, season_page.url, screen)))


type TakesPictures = Callable[[Tab, str], None]


@pytest.fixture(scope="session")
def picture() -> TakesPictures:
    """Leaves the page in a tab as two pictures, light and dark, where somebody wants to look at them."""
    folder = os.environ.get(PICTURES)

    def take(look: Tab, name: str) -> None:
        if folder:
            for dark in (False, True):
                look.turn(dark=dark)
                look.screenshot(Path(folder), f"{name}-{'dark' if dark else 'light'}")

    return take


@dataclass(frozen=True, slots=True)
class Locked:
    """The runner's page behind a passcode, one question open, and what is in the store."""

    page: SteeredPage
    origin: str
    link: str
    database: Path

    def stored(self) -> object:
        """Every row of every table."""
        return everything(self.database)

    def replies(self) -> list[tuple[str, int | None, str]]:
        """The runner's answers: kind, number, note."""
        return rows(self.database, "SELECT kind, score, note FROM replies ORDER BY at, id")


@pytest.fixture
def locked(
    browser: Browser, lived: Lived, tmp_path: Path, clean_environment: Environment
) -> Iterator[Locked]:
    home = Path(clean_environment["NIGGLED_HOME"])
    home.mkdir(mode=0o700)
    database = home / "niggled.db"
    shutil.copy(lived.database, database)
    store = open_store(f"sqlite:///{database}")
    token = ask(store, "demo", lived.until)
    store.close()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"http://{PAGE_HOST}:{listening.getsockname()[1]}"
        config = tmp_path / "config.toml"
        config.write_text(
            f'[page]\naddress = "{origin}"\n[athletes.demo]\ntimezone = "{TIMEZONE}"\npasscode = "{PASSCODE}"\n'
        )
        config.chmod(0o600)
        clock = SteeredClock.started(tmp_path / "clock", lived.until, 1.0)
        with steered_page(config, clock, tmp_path / "clock", clean_environment, listening) as page:
            yield Locked(page, origin, answer_link(origin, page_key(home), token), database)
