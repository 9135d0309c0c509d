"""What the page says no to, as somebody in front of a browser sees it: kindly, and with nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.chromium import PAGE_HOST
from fakes.open_question import ASKED
from fakes.tab import Tab, tab
from playwright.sync_api import Browser

from .conftest import PASSCODE, Locked


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


SENDS_IT_THRICE = """async () => {
  const form = document.querySelector("form");
  const body = new URLSearchParams(new FormData(form));
  body.set("value", "4");
  const answers = await Promise.all([1, 2, 3].map(() => fetch(form.action, { method: "POST", body })));
  return answers.map((answer) => answer.status);
}"""


def test_a_form_that_is_sent_thrice_is_one_answer_and_the_used_link_shows_it(
    look: Tab, locked: Locked
) -> None:
    look.open(locked.link)
    before = locked.replies()
    assert look.page.evaluate(SENDS_IT_THRICE) == [200, 200, 200]
    assert locked.replies() == [*before, ("D", 4, "")]
    look.open(locked.link)
    assert "you said 4" in look.words
    assert look.number(4).count() == 0, "until one wants to correct it"


def test_an_expired_link_says_so_and_takes_nothing(look: Tab, locked: Locked) -> None:
    look.open(locked.link)
    before = locked.stored()
    locked.page.clock.jump(locked.page.clock.now() + timedelta(days=3))
    look.tap(look.number(4))
    assert "This question is closed" in look.words
    assert look.open(locked.link).status == 410
    assert "This question is closed" in look.words
    assert look.page.locator("button[value]").count() == 0
    assert look.violations() == []
    assert locked.stored() == before
