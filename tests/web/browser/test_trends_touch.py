"""A touch on a week of the trends says its figures through all drawings."""

from __future__ import annotations

from datetime import date

from fakes.steered_page import SteeredPage
from fakes.tab import DESK, PHONE, tab
from playwright.sync_api import Browser, Position, expect

from daemon.web.drawings.time_axis import WIDTH, TimeAxis

AXIS = TimeAxis(date(2026, 8, 24), 13, date(2026, 11, 18))


def test_a_touched_week_tells_its_figures_and_a_second_touch_takes_them_away(
    season_page: SteeredPage, browser: Browser
) -> None:
    for screen in (PHONE, DESK):
        with tab(browser, season_page.url, screen) as look:
            look.open("/trends")
            told = look.page.locator(".trends-told")
            expect(told).to_be_hidden()
            drawing = look.page.locator(".trends-stack svg.drawing").first
            drawing.scroll_into_view_if_needed()
            box = drawing.bounding_box()
            assert box is not None
            row = look.page.locator(".trends-panel table").first.locator("tbody tr").nth(1)
            monday, km = row.locator("th").text_content(), row.locator("td").first.text_content()
            place = Position(x=AXIS.middle(11) / WIDTH * box["width"], y=box["height"] / 2)
            drawing.click(position=place)
            expect(told).to_be_visible()
            expect(told).to_contain_text(f"Week of {monday}: {km} km, ")
            drawing.click(position=place)
            expect(told).to_be_hidden()
            drawing.click(position=place)
            look.page.keyboard.press("Escape")
            expect(told).to_be_hidden()
            assert look.troubles == []
