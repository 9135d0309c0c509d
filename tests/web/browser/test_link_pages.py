"""What a link out of a message opens: one question, for a thumb, a keyboard, or a browser without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.open_question import ASKED
from fakes.tab import DESK, NARROWEST, PHONE, Screen, Tab, tab
from playwright.sync_api import Browser, expect

from .conftest import Locked, TakesPictures

WITHOUT_SCRIPT = Screen(PHONE.width, PHONE.height, script=False)


def look_at(look: Tab) -> None:
    """In both colours, and everything that can be measured."""
    if look.has_script:
        for dark in (False, True):
            look.turn(dark=dark)
            assert look.violations() == []
        assert look.sideways() == []
        assert look.small_targets() == []
        assert look.crowded() == []
    assert look.troubles == []
    assert look.slips() == []


@pytest.mark.parametrize("screen", [PHONE, NARROWEST, DESK, WITHOUT_SCRIPT], ids=str)
def test_a_question_its_answer_and_its_end_are_whole(
    locked: Locked, browser: Browser, picture: TakesPictures, screen: Screen
) -> None:
    with tab(browser, locked.origin, screen) as look:
        look.open(locked.link)
        picture(look, f"question-{screen}")
        look_at(look)
        look.number(4).click()
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("4 noted")
        picture(look, f"answered-{screen}")
        look_at(look)
        locked.page.clock.jump(locked.page.clock.now() + timedelta(days=3))
        look.open(locked.link)
        assert "This question is closed" in look.words
        picture(look, f"closed-{screen}")
        look_at(look)
        look.open("/trends")
        assert look.path == "/sign-in"
        picture(look, f"sign-in-{screen}")
        look_at(look)
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
