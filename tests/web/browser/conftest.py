"""A browser for all of these tests, and the page of the season to look at."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from fakes import chromium
from fakes.clock import SteeredClock
from fakes.command import environment_in
from fakes.steered_page import SteeredPage, steered_page
from fakes.tab import Screen, Tab, tab
from playwright.sync_api import Browser

from connectors.sources.demo import TIMEZONE

from ..conftest import Lived

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


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get(PICTURES) or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
