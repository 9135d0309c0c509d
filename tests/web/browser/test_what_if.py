"""What if I ran this next: a slider moves, and the verdict follows without a new page; without JavaScript a button asks."""

from __future__ import annotations

import re

import pytest
from fakes.tab import DESK, PHONE, Screen, Tab
from playwright.sync_api import Locator, expect

from .conftest import Tabs

WITHOUT_SCRIPT = Screen(PHONE.width, PHONE.height, script=False)


def verdict(look: Tab) -> Locator:
    return look.page.locator(".what-if-verdict output")


def slider(look: Tab, name: str) -> Locator:
    return look.page.locator(f'input[type="range"][data-of="{name}"]')


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=str)
def test_the_sliders_move_the_verdict_and_name_what_binds(tabs: Tabs, screen: Screen) -> None:
    look = tabs(screen)
    look.open("/what-if")
    before = verdict(look).inner_text()
    slider(look, "km").fill("0.5")
    expect(verdict(look)).not_to_have_text(before)
    short = verdict(look).inner_text()
    for name, value in (("km", "20"), ("descent", "500"), ("fast", "30")):
        said = verdict(look).inner_text()
        slider(look, name).fill(value)
        expect(look.page.locator(f"#{name}")).to_have_value(value)
        if name == "km":
            expect(verdict(look)).not_to_have_text(said)
    expect(verdict(look)).to_contain_text("20.0 km")
    assert verdict(look).inner_text() != short
    expect(look.page.locator('[data-part="why"]')).to_contain_text(re.compile("longest|month|week"))
    expect(look.page, "the address leads back to what was asked").to_have_url(re.compile("km=20"))
    assert look.troubles == []


def test_the_keyboard_moves_a_slider_and_the_number_beside_it(tabs: Tabs) -> None:
    look = tabs(PHONE)
    look.open("/what-if?km=5")
    slider(look, "km").focus()
    before = float(look.page.locator("#km").input_value())
    look.page.keyboard.press("ArrowRight")
    after = float(look.page.locator("#km").input_value())
    assert before < after < before + 1.1
    expect(verdict(look)).to_contain_text(f"{after:.1f} km")


def test_without_javascript_the_button_asks(tabs: Tabs) -> None:
    look = tabs(WITHOUT_SCRIPT)
    look.open("/what-if")
    assert slider(look, "km").first.is_hidden()
    look.page.get_by_label("Distance").first.fill("20")
    look.tap(look.page.get_by_role("button", name="Ask"))
    assert "20.0 km" in verdict(look).inner_text()
    assert look.troubles == []


def test_looking_at_what_if_stores_nothing_and_what_makes_no_sense_is_said(tabs: Tabs) -> None:
    look = tabs(WITHOUT_SCRIPT)
    assert look.open("/what-if?km=-3").status == 400
    assert look.page.locator('[aria-invalid="true"]').count() == 1
    assert look.page.locator("#km-problem").inner_text()
