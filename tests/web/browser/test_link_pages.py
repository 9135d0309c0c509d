"""What a link out of a message opens: one question, for a thumb, a keyboard, or a browser without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fakes.open_question import ASKED
from fakes.tab import DESK, NARROWEST, PHONE, Screen, Tab, tab
from playwright.sync_api import Browser, expect

from .conftest import Locked

WITHOUT_SCRIPT = Screen(PHONE.width, PHONE.height, script=False)


def look_at(look: Tab, name: str, screen: Screen, pictures: Path) -> None:
    """Pictures in both colours, and everything that can be measured."""
    for dark in (False, True):
        look.turn(dark=dark)
        look.screenshot(pictures, f"{name}-{screen}-{'dark' if dark else 'light'}")
        if screen.script:
            assert look.violations() == []
    if screen.script:
        assert look.sideways() == []
        assert look.small_targets() == []
        assert look.crowded() == []
    assert look.troubles == []
    assert look.slips() == []


@pytest.mark.parametrize("screen", [PHONE, NARROWEST, DESK, WITHOUT_SCRIPT], ids=str)
def test_a_question_its_answer_and_its_end_look_whole(
    locked: Locked, browser: Browser, pictures: Path, screen: Screen
) -> None:
    with tab(browser, locked.origin, screen) as look:
        look.open(locked.link)
        look_at(look, "question", screen, pictures)
        look.number(4).click()
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("4 noted")
        look_at(look, "answered", screen, pictures)
        locked.page.clock.jump(locked.page.clock.now() + timedelta(days=3))
        look.open(locked.link)
        assert "This question is closed" in look.words
        look_at(look, "closed", screen, pictures)
        look.open("/trends")
        assert look.path == "/sign-in"
        look_at(look, "sign-in", screen, pictures)
    assert locked.replies()[-1] == ("D", 4, "")


def test_the_keyboard_answers_too(locked: Locked, browser: Browser) -> None:
    with tab(browser, locked.origin) as look:
        look.open(locked.link)
        assert look.not_reached_by_tab() == []
        keyboard = look.page.keyboard
        look.page.get_by_text("A note, painkillers, a limp").focus()
        keyboard.press("Enter")
        look.page.get_by_role("textbox").focus()
        keyboard.type("stairs")
        look.number(3).focus()
        keyboard.press("Enter")
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("3 noted")
        assert look.troubles == []
    assert locked.replies()[-1] == ("D", 3, "stairs")


def test_a_link_opens_its_question_and_nothing_else(locked: Locked, browser: Browser) -> None:
    with tab(browser, locked.origin) as look:
        look.open(locked.link)
        assert ASKED in look.words
        assert "demo" not in look.page.content()
        assert look.page.get_by_role("navigation").count() == 0
        for path in ("/", "/trends", "/messages/ask%3Aopen"):
            look.open(path)
            assert look.path == "/sign-in", path
