"""A session on the phone: exercises are ticked, holds are timed, and at the end it is told."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.clock import SteeredClock
from fakes.command import environment_in
from fakes.steered_page import steered_page
from fakes.tab import PHONE, Screen, Tab, tab
from playwright.sync_api import Browser, Locator, expect

from connectors.sources.demo import TIMEZONE

from ..conftest import Lived

RETURNING = timedelta(days=92)
"""So long before the end of the season the knee was on its way back, and a session held a wall sit."""


@pytest.fixture
def address(lived: Lived, tmp_path: Path) -> Iterator[str]:
    """The page at a time when there was something to hold."""
    environment = environment_in(tmp_path)
    home = Path(environment["NIGGLED_HOME"])
    home.mkdir(mode=0o700)
    shutil.copy(lived.database, home / "niggled.db")
    config = tmp_path / "config.toml"
    born = lived.athlete.runner.birth_year
    config.write_text(f'[athletes.demo]\ntimezone = "{TIMEZONE}"\nbirth_year = {born}\n')
    clock = SteeredClock.started(tmp_path / "clock", lived.until - RETURNING, 1.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        steered_page(config, clock, tmp_path / "clock", environment, listening) as page,
    ):
        yield page.url


def card(look: Tab, name: str) -> Locator:
    return look.page.locator(".strength-exercise", has_text=name)


def test_a_session_is_ticked_held_and_done(browser: Browser, address: str) -> None:
    with tab(browser, address, PHONE) as look:
        look.page.clock.install()
        look.open("/strength")
        done = look.page.locator("[data-done]")
        expect(done).to_have_text("Done: all 4")

        card(look, "Clam").or_(card(look, "Side-lying leg raise")).get_by_label("Done").check()
        expect(done).to_have_text("Done: 1 of 4")
        look.page.reload()
        expect(done).to_have_text("Done: 1 of 4")

        sit = card(look, "Wall sit, shallow")
        digits, status = sit.locator(".strength-digits"), sit.get_by_role("status")
        for number in range(1, 5):
            sit.get_by_role("button", name="Start 30 s").click()
            expect(digits).to_have_text("30")
            expect(sit.get_by_text(f"Hold, set {number} of 4")).to_be_visible()
            expect(status).to_have_text("")
            look.page.clock.run_for(12_000)
            expect(digits).to_have_text("18")
            look.page.clock.run_for(19_000)
            expect(digits).to_be_hidden()
        expect(status).to_have_text("All 4 sets held.")
        expect(sit.get_by_label("Done")).to_be_checked()
        expect(done).to_have_text("Done: 2 of 4")

        look.page.get_by_role("radio", name="Easy").check()
        look.page.get_by_role("radio", name="1", exact=True).check()
        done.click()
        expect(look.page.locator(".told")).to_have_text("Done: 1 of 2 this week.")
        expect(look.page.locator("[data-done]")).to_have_text("Done: all 4")
        assert look.troubles == []


def test_one_clock_runs_at_a_time_and_can_be_stopped(browser: Browser, address: str) -> None:
    with tab(browser, address, PHONE) as look:
        look.page.clock.install()
        look.open("/strength")
        rests = look.page.get_by_role("button", name="Rest 60 s")
        rests.nth(0).click()
        expect(look.page.get_by_role("timer")).to_have_text("60")
        rests.nth(0).click()
        expect(look.page.get_by_role("timer")).to_have_count(1)
        look.page.get_by_role("button", name="Stop").click()
        expect(look.page.get_by_role("timer")).to_have_count(0)
        rests.nth(0).click()
        look.page.clock.run_for(61_000)
        expect(look.page.get_by_role("status").first).to_have_text("Rested: next set within half a minute.")
        assert look.troubles == []


def test_without_a_script_the_seconds_stand_there_and_it_can_be_told(browser: Browser, address: str) -> None:
    with tab(browser, address, Screen(script=False)) as look:
        look.open("/strength")
        assert "4×30 s" in look.words
        assert "Start 30 s" not in look.words
        look.page.locator("[data-done]").click()
        assert "Done: 1 of 2 this week." in look.words
