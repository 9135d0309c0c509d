"""What the other tests look with does see what is wrong, and the browser leaves this machine alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.tab import PHONE, Tab, tab
from playwright.sync_api import Browser, Error

ORIGIN = "http://127.0.0.1:9"
BAD = """<!doctype html><html lang="en"><title>Bad</title>
<meta name="viewport" content="width=device-width"><style>a, button { outline: none !important }</style>
<h1>Bad</h1><p style="color: #ddd">pale</p><button>A</button><button>B</button><a href="/x">x</a>
<div style="width: 900px">wide</div><p>PainReply(id='1', score=None)</p>
<img src="http://127.0.0.1:9/other.png" alt=""><script>throw new Error("bad script")</script>"""


@pytest.fixture
def look(browser: Browser) -> Iterator[Tab]:
    with tab(browser, ORIGIN) as look:
        yield look


def serve(look: Tab, body: str, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    look.page.route(
        f"{ORIGIN}/bad", lambda route: route.fulfill(body=body, content_type="text/html", headers=named)
    )
    look.open("/bad")


def test_a_bad_page_is_found_out(look: Tab) -> None:
    serve(look, BAD)
    assert any(one.startswith("script: ") and "bad script" in one for one in look.troubles)
    assert any(one.startswith("color-contrast: ") for one in look.violations())
    assert look.sideways()[0] == "the page: 908"
    assert [one.split(" #")[0] for one in look.small_targets()] == ["button A", "button B", "a x"]
    assert look.crowded() == ["button A #0 and button B #1"]
    assert "no ring: button A #0" in look.not_reached_by_tab()
    assert look.slips() == ["PainReply(id='1',"]


def test_a_breach_of_the_content_policy_and_a_look_elsewhere_are_found_out(look: Tab) -> None:
    serve(look, BAD, Content_Security_Policy="default-src 'none'")
    assert any("Content Security Policy" in one for one in look.troubles)
    look.open("/bad")
    look.page.evaluate("() => { new Image().src = 'http://elsewhere.example/x.png'; }")
    serve(look, BAD.replace("127.0.0.1:9/other", "elsewhere.example/other"))
    look.page.wait_for_load_state()
    assert "asked somebody else: http://elsewhere.example/other.png" in look.troubles


def test_what_the_tab_key_does_not_reach_is_found_out(look: Tab) -> None:
    serve(look, '<button>A</button><button onfocus="this.blur()">trap</button><button>C</button>')
    assert "not reached: button C #2" in look.not_reached_by_tab()


@pytest.mark.parametrize("address", ["http://example.org/", "http://192.0.2.1/", "https://[2001:db8::1]/"])
def test_the_browser_reaches_nothing_but_this_machine(browser: Browser, address: str) -> None:
    with tab(browser, ORIGIN, PHONE) as look, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        look.page.goto(address)
