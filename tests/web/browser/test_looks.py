"""Every page in a real browser: in two sizes, light and dark, with JavaScript and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from fakes.tab import DESK, NARROWEST, PHONE, Screen, Tab

from daemon.web.routes import ROUTES, Door

from .conftest import Tabs, TakesPictures

PAGES = {
    "today": "/",
    "trends": "/trends",
    "runs": "/runs",
    "run": "/runs/<number>",
    "what-if": "/what-if",
    "strength": "/strength",
    "messages": "/messages",
    "message": "/messages/<key>",
    "finding": "/findings/<number>",
    "settings": "/settings",
    "not-here": "/nowhere",
}
LISTED = {"run": "runs", "message": "messages", "finding": "run"}
"""The page that leads to a page without a place of its own."""
SCREENS = (
    PHONE,
    DESK,
    Screen(PHONE.width, PHONE.height, script=False),
    Screen(DESK.width, DESK.height, script=False),
)
LARGEST_BYTES, LARGEST_TRENDS_BYTES = 60_000, 100_000

type Addresses = Callable[[str], str]


@pytest.fixture(scope="session")
def addresses(tabs: Tabs) -> Addresses:
    """The name of a page -> its address, as one gets there."""

    @cache
    def address(name: str) -> str:
        pattern = PAGES[name]
        if name not in LISTED:
            return pattern
        look = tabs(PHONE)
        look.open(address(LISTED[name]))
        links = look.page.locator(f'a[href^="{pattern.partition("<")[0]}"]')
        assert links.count(), f"no link to {pattern} on {look.path}"
        return links.first.get_attribute("href") or ""

    return address


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_on_every_screen(
    name: str, addresses: Addresses, tabs: Tabs, picture: TakesPictures
) -> None:
    for screen in SCREENS:
        look = tabs(screen)
        response = look.open(addresses(name))
        assert response.status == (404 if name == "not-here" else 200)
        assert look.page.locator("h1").count() == 1
        picture(look, f"{name}-{screen}")
        expect_nothing(look.troubles, str(screen))
        expect_nothing(look.slips(), "read on the page")
        size = len(response.body())
        assert size < (LARGEST_TRENDS_BYTES if name == "trends" else LARGEST_BYTES)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(name: str, addresses: Addresses, tabs: Tabs) -> None:
    for screen in (PHONE, DESK):
        look = tabs(screen)
        look.open(addresses(name))
        for dark in (False, True):
            look.turn(dark=dark)
            expect_nothing(look.violations(), f"{screen}, {'dark' if dark else 'light'}")
        if screen is PHONE:
            open_everything(look)
            expect_nothing(look.violations(), "with everything open")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_screen_or_smaller_than_a_fingertip(
    name: str, addresses: Addresses, tabs: Tabs
) -> None:
    for screen in (PHONE, NARROWEST):
        look = tabs(screen)
        look.open(addresses(name))
        open_everything(look)
        expect_nothing(look.sideways(), f"wider than {screen}")
        expect_nothing(look.small_targets(), f"too small at {screen}")
        expect_nothing(look.crowded(), f"less than 8 px apart at {screen}")


@pytest.mark.parametrize("name", PAGES)
def test_the_tab_key_reaches_everything_and_shows_where_it_is(
    name: str, addresses: Addresses, tabs: Tabs
) -> None:
    look = tabs(PHONE)
    look.open(addresses(name))
    expect_nothing(look.not_reached_by_tab(), "by the Tab key")


def test_every_page_is_found_by_links_from_today(tabs: Tabs) -> None:
    wanted = {route.path for route in ROUTES if route.method == "GET" and route.door is Door.SIGNED_IN}
    patterns = {path: re.compile(re.sub(r"<[^>]+>", ".+", path)) for path in wanted}
    found: dict[str, str] = {}
    waiting, seen = ["/"], {"/"}
    look = tabs(DESK)
    while waiting and wanted - found.keys():
        path = waiting.pop(0)
        assert look.open(path).status == 200, path
        assert look.troubles == []
        found |= {one: path for one, form in patterns.items() if form.fullmatch(path.partition("?")[0])}
        for link in look.page.locator('a[href^="/"]').evaluate_all(
            "all => all.map(a => a.getAttribute('href'))"
        ):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    assert found.keys() == wanted


def expect_nothing(found: list[str], where: str) -> None:
    assert not found, "\n".join([where, *found])


def open_everything(look: Tab) -> None:
    look.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
