"""Who gets in: passcodes, sessions, forms that are ours, and what every answer carries."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.visitor import FROM_HERE, Seen, Visitor, seen, visitor_of

from daemon.config_page import PageConfig
from daemon.credentials import Secret
from daemon.store.engine import Store
from daemon.web.serving import PasscodeError

from .conftest import Lived

LAN = PageConfig(host="192.168.1.20", address="https://niggled.example.org")


@pytest.fixture
def household(lived: Lived, season_store: Store, tmp_path: Path) -> Visitor:
    """A page that the home network reaches: the runner of the season, and Ben, each with a passcode."""
    demo = replace(lived.athlete, passcode=Secret("plain", "open sesame"))
    ben = replace(lived.athlete, name="ben", passcode=Secret("plain", "bens own"))
    return visitor_of(season_store, tmp_path, {"demo": demo, "ben": ben}, lived.until, page=LAN)


def test_the_only_runner_on_a_page_of_this_machine_needs_no_passcode(visitor: Visitor) -> None:
    assert visitor.get("/settings").status == 200
    assert visitor.get("/sign-in").location == "/"


def test_a_page_of_the_home_network_asks_for_the_passcode_and_goes_on_to_where_one_wanted(
    household: Visitor,
) -> None:
    asked = household.get("/trends")
    assert (asked.status, asked.location) == (303, "/sign-in?next=%2Ftrends")
    form = household.get(asked.location)
    assert form.status == 200
    assert "ben" not in form.html, "the page names nobody"
    wrong = household.post("/sign-in", passcode="let me in", next="/trends")
    assert (wrong.status, "That is not it." in wrong.words) == (403, True)
    right = household.post("/sign-in", follow=False, passcode="open sesame", next="/trends")
    assert (right.status, right.location) == (303, "/trends")
    assert household.get("/trends").status == 200


def test_a_passcode_opens_the_page_of_its_own_runner_only(household: Visitor) -> None:
    household.get("/sign-in")
    household.post("/sign-in", passcode="bens own")
    assert "Nothing has been said yet." in household.get("/messages").words


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/sign-in?x"]
)
def test_signing_in_leads_to_no_other_site(household: Visitor, elsewhere: str) -> None:
    household.get("/sign-in")
    assert household.post("/sign-in", follow=False, passcode="open sesame", next=elsewhere).location == "/"


def test_the_cookie_is_for_this_page_alone(household: Visitor) -> None:
    cookie = household.get("/sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Secure", "Path=/"} <= set(cookie.split("; "))


def test_another_passcode_ends_every_session(household: Visitor, lived: Lived, tmp_path: Path) -> None:
    household.get("/sign-in")
    household.post("/sign-in", passcode="open sesame")
    changed = replace(lived.athlete, passcode=Secret("plain", "changed it"))
    later = visitor_of(household.store, tmp_path, {"demo": changed}, lived.until, page=LAN)
    cookie = household.client.get_cookie("niggled", domain="localhost")
    assert cookie is not None
    later.client.set_cookie("niggled", cookie.value, domain="localhost")
    assert later.get("/settings").location == "/sign-in?next=%2Fsettings"


def test_a_session_ends_after_ninety_days(household: Visitor) -> None:
    household.get("/sign-in")
    household.post("/sign-in", passcode="open sesame")
    household.clock.at += timedelta(days=89)
    assert household.get("/settings").status == 200
    household.clock.at += timedelta(days=2)
    assert household.get("/settings").status == 303


def test_signing_out_is_told_once(household: Visitor) -> None:
    household.get("/sign-in")
    household.post("/sign-in", passcode="open sesame")
    household.get("/settings")
    assert "Signed out on this device." in household.post("/sign-out").words
    assert "Signed out" not in household.get("/sign-in").words
    assert household.get("/settings").status == 303


@pytest.mark.parametrize(
    "cookie", ["", "x", "demo.1.a.b", "ben.99999999999.x.AAAA", "a.b.c.d.e", "demo..x.y", "é.1.2.3"]
)
def test_a_forged_cookie_opens_nothing(household: Visitor, cookie: str) -> None:
    told = household.client.get("/settings", headers={"Cookie": f"niggled={cookie}"}, **FROM_HERE)
    assert told.status_code == 303


def test_a_form_that_is_not_ours_stores_nothing(visitor: Visitor) -> None:
    visitor.get("/settings")
    for proof in ("", "x", "A" * 48, visitor.csrf()[:-2]):
        refused = visitor.post("/settings/pause", csrf=proof, days="1")
        assert (refused.status, "nothing was stored" in refused.words) == (403, True)
    assert "Paused" not in visitor.get("/settings").words


def test_a_form_sent_from_another_site_stores_nothing(visitor: Visitor) -> None:
    visitor.get("/settings")
    sent = visitor.client.post(
        "/settings/pause",
        data={"csrf": visitor.csrf(), "days": "1"},
        headers={"Sec-Fetch-Site": "cross-site"},
        **FROM_HERE,
    )
    assert sent.status_code == 403


def test_a_name_that_leads_here_from_outside_opens_nothing(visitor: Visitor) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[", ""):
        told = seen(visitor.client.get("/", **FROM_HERE, headers={"Host": host}))
        assert (told.status, "niggled" in told.html) == (421, True), host
    for host in ("127.0.0.1:8642", "[::1]:8642", "LOCALHOST", "localhost."):
        assert visitor.client.get("/settings", headers={"Host": host}, **FROM_HERE).status_code == 200


def guess(visitor: Visitor, passcode: str) -> Seen:
    visitor.get("/sign-in")
    return visitor.post("/sign-in", follow=False, passcode=passcode)


def test_wrong_passcodes_are_slowed_and_told_in_the_log(
    household: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    household.get("/sign-in")
    with caplog.at_level(logging.WARNING):
        answers = [guess(household, f"guess {number}").status for number in range(7)]
    assert answers == [403] * 5 + [429] * 2
    assert "A wrong passcode from 127.0.0.1, 5 in a row" in caplog.text
    assert "guess" not in caplog.text
    slowed = guess(household, "open sesame")
    assert (slowed.status, slowed.headers["Retry-After"]) == (429, "60")
    assert "Wait a minute" in slowed.words
    household.clock.at += timedelta(seconds=61)
    assert guess(household, "open sesame").status == 303


def test_each_answer_carries_what_keeps_it_to_itself(visitor: Visitor) -> None:
    for path in ("/settings", "/nowhere", "/sign-in", "/assets/icon.svg", "/manifest.webmanifest"):
        headers = visitor.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers
    assert visitor.get("/settings").headers["Cache-Control"] == "no-store"


def test_what_does_not_exist_is_said_kindly(visitor: Visitor) -> None:
    missing = visitor.get("/nowhere")
    assert (missing.status, "There is no such page." in missing.words) == (404, True)
    wrong = visitor.post("/trends")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, HEAD")
    assert seen(visitor.client.get("/settings/", **FROM_HERE)).status == 200


def test_passcodes_that_keep_nobody_out_keep_the_page_closed(
    lived: Lived, season_store: Store, tmp_path: Path
) -> None:
    short = replace(lived.athlete, passcode=Secret("plain", "12345"))
    with pytest.raises(PasscodeError, match="The passcode of demo has fewer than 6 characters"):
        visitor_of(season_store, tmp_path, {"demo": short}, lived.until)
    one = replace(lived.athlete, passcode=Secret("plain", "the same"))
    with pytest.raises(PasscodeError, match="Two athletes have the same passcode"):
        visitor_of(season_store, tmp_path, {"demo": one, "ben": replace(one, name="ben")}, lived.until)


def test_answers_are_packed_for_whoever_takes_it(visitor: Visitor) -> None:
    packed = visitor.client.get("/settings", headers={"Accept-Encoding": "gzip"}, **FROM_HERE)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.get_data()) == int(packed.headers["Content-Length"])
    assert "Content-Encoding" not in visitor.get("/settings").headers
