"""Guessing passcodes and links over HTTP, for a day of the page's own clock: it gets nowhere, it is told in the log, and the
runner still gets in."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from fakes.clock import SteeredClock
from fakes.command import Environment
from fakes.open_question import ASKED, ask
from fakes.steered_page import SteeredPage, steered_page

from daemon.links import answer_link
from daemon.page_key import page_key
from daemon.store.engine import open_store

from .conftest import Lived

PASSCODE = "seven quiet stairs"
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
DAYS_WORTH = 40
"""More tries than a day allows: five free ones, six that wait up to half an hour, then one an hour."""
TIMEOUT_S = 30.0


@contextmanager
def guarded(lived: Lived, folder: Path, environment: Environment, *, more: str = "") -> Iterator[SteeredPage]:
    """The page of the runner of the season, behind a passcode; `more` are lines of [page]."""
    home = Path(environment["NIGGLED_HOME"])
    home.mkdir(mode=0o700)
    shutil.copy(lived.database, home / "niggled.db")
    config = folder / "config.toml"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config.write_text(
            f'[athletes.demo]\npasscode = "{PASSCODE}"\n[page]\naddress = "http://knee.home:{port}"\n{more}\n'
        )
        config.chmod(0o600)
        clock_file = folder / "clock"
        clock = SteeredClock.started(clock_file, lived.until, 1.0)
        with steered_page(config, clock, clock_file, environment, listening) as page:
            yield page


class Guesser:
    """Somebody with a script; `pose` makes each try look as if it came from elsewhere."""

    def __init__(self, page: SteeredPage, *, pose: bool = False) -> None:
        self._page = page
        self._browser = requests.Session()
        self._browser.trust_env = False
        self._pose = pose
        self.tries = 0

    def passcode(self, guess: str) -> requests.Response:
        form = self._browser.get(f"{self._page.url}/sign-in", timeout=TIMEOUT_S)
        (proof,) = re.findall(r'name="csrf" value="([^"]+)"', form.text)
        return self._browser.post(
            f"{self._page.url}/sign-in",
            data={"csrf": proof, "passcode": guess},
            headers=self._headers(),
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )

    def link(self, link: str) -> requests.Response:
        return self._browser.get(f"{self._page.url}/a/{link}", headers=self._headers(), timeout=TIMEOUT_S)

    def see(self, path: str) -> requests.Response:
        return self._browser.get(self._page.url + path, allow_redirects=False, timeout=TIMEOUT_S)

    def _headers(self) -> dict[str, str]:
        self.tries += 1
        return {"X-Forwarded-For": f"198.51.{self.tries // 250}.{self.tries % 250 + 1}"} if self._pose else {}


def guess_for(
    span: timedelta, page: SteeredPage, attempt: Callable[[str], requests.Response], wrong: int
) -> tuple[int, int]:
    """One guess after the other, waiting exactly as long as told: how many were looked at, and how many turned away."""
    end, looked_at, turned_away = page.clock.now() + span, 0, 0
    while page.clock.now() < end:
        answer = attempt(secrets.token_hex(8))
        assert answer.status_code in (wrong, 429), answer.text
        if answer.status_code == wrong:
            looked_at += 1
            continue
        turned_away += 1
        page.clock.jump(page.clock.now() + timedelta(seconds=int(answer.headers["Retry-After"])))
    return looked_at, turned_away


def forged(guess: str) -> str:
    token = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(sign, 16)] for sign in guess)[:10]
    return f"{token}-{secrets.token_urlsafe(12)}"


def test_a_day_of_guessing_passcodes_is_a_few_dozen_tries_and_the_runner_still_gets_in(
    lived: Lived, tmp_path: Path, clean_environment: Environment
) -> None:
    with guarded(lived, tmp_path, clean_environment) as page:
        guesser = Guesser(page)
        looked_at, turned_away = guess_for(A_DAY, page, guesser.passcode, wrong=403)
        print(f"{looked_at} passcodes looked at in a day, {turned_away} tries turned away")
        assert 20 < looked_at < DAYS_WORTH
        guesser.passcode("one more, so that there is something to wait for")
        hammering = [guesser.passcode(PASSCODE).status_code for _ in range(30)]
        assert hammering == [429] * 30, "not even the right one is looked at in between"
        page.clock.jump(page.clock.now() + AN_HOUR)
        runner = Guesser(page)
        opened = runner.passcode(PASSCODE)
        assert (opened.status_code, opened.headers["Location"]) == (303, "/")
        assert runner.see("/settings").status_code == 200
        log = page.log.read_text()
    assert log.count("A wrong passcode from 127.0.0.1") == looked_at + 1
    assert f"A wrong passcode from 127.0.0.1, {looked_at} in a row" in log
    assert PASSCODE not in log


def test_a_sender_cannot_pose_as_many_unless_a_proxy_says_so(
    lived: Lived, tmp_path: Path, clean_environment: Environment
) -> None:
    with guarded(lived, tmp_path, clean_environment) as page:
        looked_at, _ = guess_for(AN_HOUR, page, Guesser(page, pose=True).passcode, wrong=403)
        assert looked_at < 15
        assert "A wrong passcode from 198.51" not in page.log.read_text()


def test_guesses_from_ever_new_addresses_are_slowed_together(
    lived: Lived, tmp_path: Path, clean_environment: Environment
) -> None:
    with guarded(lived, tmp_path, clean_environment, more='behind_proxy = "on"') as page:
        guesser = Guesser(page, pose=True)
        looked_at, turned_away = guess_for(AN_HOUR, page, guesser.passcode, wrong=403)
        print(f"{looked_at} passcodes of ever new addresses looked at in an hour, {turned_away} turned away")
        assert 100 <= looked_at <= 165
        page.clock.jump(page.clock.now() + timedelta(minutes=1))
        assert Guesser(page).passcode(PASSCODE).status_code == 303
        assert "A wrong passcode from 198.51.0.2, 1 in a row" in page.log.read_text()


def test_a_day_of_guessing_links_is_a_few_dozen_tries_and_the_right_one_still_opens(
    lived: Lived, tmp_path: Path, clean_environment: Environment
) -> None:
    with guarded(lived, tmp_path, clean_environment) as page:
        home = Path(clean_environment["NIGGLED_HOME"])
        guesser = Guesser(page)
        looked_at, turned_away = guess_for(A_DAY, page, lambda guess: guesser.link(forged(guess)), wrong=404)
        print(f"{looked_at} links looked at in a day, {turned_away} tries turned away")
        assert 20 < looked_at < DAYS_WORTH
        page.clock.jump(page.clock.now() + AN_HOUR)
        whole = answer_link(page.url, page_key(home), asked_now(home, page))
        opened = requests.get(whole, timeout=TIMEOUT_S)
        assert (opened.status_code, ASKED in opened.text) == (200, True)
        log = page.log.read_text()
    assert log.count("A link that is not ours from 127.0.0.1") == looked_at
    assert whole.rpartition("/")[2] not in log


def asked_now(home: Path, page: SteeredPage) -> str:
    """The token of a question that has just gone out."""
    store = open_store(f"sqlite:///{home / 'niggled.db'}")
    try:
        return ask(store, "demo", page.clock.now())
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["passcode", "link"])
def test_who_is_turned_away_reads_how_long_to_wait(
    kind: str, lived: Lived, tmp_path: Path, clean_environment: Environment
) -> None:
    with guarded(lived, tmp_path, clean_environment) as page:
        guesser = Guesser(page)
        attempt = guesser.passcode if kind == "passcode" else lambda guess: guesser.link(forged(guess))
        answers = [attempt(secrets.token_hex(8)) for _ in range(6)]
    assert [answer.status_code for answer in answers].count(429) == 1
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Wait a minute, then try again." in answers[-1].text
