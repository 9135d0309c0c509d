"""What the page says no to, as somebody in front of a browser sees it: kindly, and with nothing stored."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.chromium import PAGE_HOST
from fakes.clock import SteeredClock
from fakes.command import Environment, everything
from fakes.steered_page import SteeredPage, steered_page
from fakes.tab import Tab, tab
from playwright.sync_api import Browser

from connectors.sources.demo import TIMEZONE
from daemon.links import answer_link
from daemon.page_key import page_key
from daemon.store.engine import open_store
from daemon.store.outbox import enqueue
from daemon.store.tables import MessageRow
from rules.facts import PromptKind
from rules.outcome import Level, Message, MessageKind, PromptWanted

from ..conftest import Lived

PASSCODE = "seven quiet stairs"
ASKED = "Worst knee pain during the run, 0–10?"


@dataclass(frozen=True, slots=True)
class Locked:
    """The runner's page behind a passcode, one question open, and what is in the store."""

    page: SteeredPage
    origin: str
    link: str
    database: Path

    def stored(self) -> object:
        return everything(self.database)


@pytest.fixture
def locked(
    browser: Browser, lived: Lived, tmp_path: Path, clean_environment: Environment
) -> Iterator[Locked]:
    home = Path(clean_environment["NIGGLED_HOME"])
    home.mkdir(mode=0o700)
    database = home / "niggled.db"
    shutil.copy(lived.database, database)
    token = ask(database, lived)
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


def ask(database: Path, lived: Lived) -> str:
    """A question that has just gone out; its token."""
    now, until = lived.until, lived.until + timedelta(hours=12)
    question = PromptWanted(PromptKind.AFTER_RUN, now, until, ASKED)
    message = Message(
        "ask:open",
        MessageKind.AFTER_RUN,
        Level.ASK,
        "Knee?",
        f"6.0 km. {ASKED}",
        now,
        now,
        until,
        question=question,
    )
    store = open_store(f"sqlite:///{database}")
    try:
        with store.session() as session:
            enqueue(session, "demo", message, ["terminal"], now)
            return str(
                session.scalars(sa.select(MessageRow.token).where(MessageRow.key == message.key)).one()
            )
    finally:
        store.close()


@pytest.fixture
def look(browser: Browser, locked: Locked) -> Iterator[Tab]:
    with tab(browser, locked.origin) as look:
        yield look
        assert look.troubles == []


def sign_in(look: Tab, passcode: str) -> None:
    look.page.get_by_label("Passcode").fill(passcode)
    look.tap(look.page.get_by_role("button", name="Open"))


def test_a_wrong_passcode_opens_nothing_and_the_right_one_leads_to_where_one_wanted(look: Tab) -> None:
    look.open("/trends")
    assert look.path == "/sign-in"
    assert look.violations() == []
    sign_in(look, "seven loud stairs")
    assert "That is not it." in look.words
    assert look.page.get_by_label("Passcode").input_value() == ""
    assert look.violations() == []
    sign_in(look, PASSCODE)
    assert look.path == "/trends"


def test_too_many_wrong_ones_have_to_wait_as_long_as_told(look: Tab, locked: Locked) -> None:
    look.open("/")
    for _ in range(5):
        sign_in(look, "not this one")
    sign_in(look, PASSCODE)
    assert "Wait a minute, then try again." in look.words
    locked.page.clock.jump(locked.page.clock.now() + timedelta(minutes=1))
    look.open("/")
    sign_in(look, PASSCODE)
    assert look.path == "/"
    assert look.page.get_by_role("navigation").count() == 1


def test_a_form_without_its_proof_stores_nothing(look: Tab, locked: Locked) -> None:
    look.open("/settings")
    sign_in(look, PASSCODE)
    before = locked.stored()
    for spoil in (
        "all => all.forEach(one => one.remove())",
        "all => all.forEach(one => { one.value = 'A'.repeat(48); })",
    ):
        look.open("/settings")
        look.page.locator('input[name="csrf"]').evaluate_all(spoil)
        look.tap(look.page.get_by_role("button", name="3 days").first)
        assert "nothing was stored" in look.words
        assert locked.stored() == before
        assert look.violations() == []


def test_another_site_cannot_send_a_form_in_the_runner_s_name(look: Tab, locked: Locked) -> None:
    look.open("/settings")
    sign_in(look, PASSCODE)
    proof = look.page.locator('input[name="csrf"]').first.input_value()
    before = locked.stored()
    elsewhere = locked.origin.replace(PAGE_HOST, "127.0.0.1")
    look.page.route(
        f"{elsewhere}/lure",
        lambda route: route.fulfill(body=lure(locked.origin, proof), content_type="text/html"),
    )
    look.page.goto(f"{elsewhere}/lure")
    look.tap(look.page.get_by_role("button"))
    assert "nothing was stored" in look.words
    assert locked.stored() == before
    look.troubles.clear()  # this test itself went elsewhere


def lure(origin: str, proof: str) -> str:
    return (
        f'<!doctype html><form method="post" action="{origin}/settings/pause"><input name="csrf" value="{proof}">'
        '<input name="days" value="7"><button>Win</button></form>'
    )


def test_a_link_that_is_forged_or_cut_opens_nothing(look: Tab, locked: Locked) -> None:
    before = locked.stored()
    for link in (
        locked.link[:-1],
        locked.link[:-3] + "AAA",
        locked.link.replace("-", "", 1),
        f"{locked.origin}/a/x",
    ):
        assert look.open(link).status == 404
        assert "This link is not whole" in look.words
        assert ASKED not in look.words
    assert look.violations() == []
    assert locked.stored() == before
    assert look.open(locked.link).status == 200
    assert ASKED in look.words


def test_an_answer_is_taken_once_however_often_it_is_sent(
    look: Tab, locked: Locked, browser: Browser
) -> None:
    with tab(browser, locked.origin) as other:
        for one in (look, other):
            one.open(locked.link)
        look.tap(look.number(4))
        assert "4 noted" in look.words
        after_one = locked.stored()
        look.page.go_back()
        look.page.reload()
        assert "4 noted" in look.words, "the used link shows what it was used for"
        assert locked.stored() == after_one
        other.tap(other.number(7))
        print(other.words)


def test_an_expired_link_says_so_and_takes_nothing(look: Tab, locked: Locked) -> None:
    look.open(locked.link)
    before = locked.stored()
    locked.page.clock.jump(locked.page.clock.now() + timedelta(days=3))
    look.tap(look.number(4))
    assert "This question is closed" in look.words
    assert look.open(locked.link).status in (200, 410)
    assert "This question is closed" in look.words
    assert look.page.locator("button[value]").count() == 0
    assert look.violations() == []
    assert locked.stored() == before
