"""From a run in the watched folder to an answer in the store, with the installed daemon and a phone: two taps."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.chromium import PAGE_HOST
from fakes.clock import WEDNESDAY_NOON, ToldClock
from fakes.command import NIGGLED, Environment, database_of, niggled, rows
from fakes.pockets import NtfyPhone
from fakes.ports import free_port
from fakes.recordings import level_run
from fakes.tab import tab
from playwright.sync_api import Browser, expect

from connectors.formats.fit_encode import encode_activity

from .conftest import PASSCODE

ENDED_AGO = timedelta(minutes=85)
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Runner:
    """Anna with a phone: what it shows, and where her page is."""

    phone: NtfyPhone
    environment: Environment
    origin: str

    def replies(self) -> list[tuple[str, int | None, str]]:
        """What is stored of her answers: kind, number, note."""
        return rows(database_of(self.environment), "SELECT kind, score, note FROM replies ORDER BY at, id")

    def prompt(self) -> dict[str, Any]:
        """The first message with a question, as it arrives."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            asked = [one for one in self.phone.alerts if "click" in one]
            if asked:
                return asked[0]
            time.sleep(0.1)
        raise AssertionError(f"no question in {json.dumps(self.phone.alerts)}")


def write_run(folder: Path, ago: timedelta, km: float) -> None:
    """A run on the flat that ended so long ago; it appears whole."""
    start = WEDNESDAY_NOON - ago - timedelta(minutes=6 * km)
    unfinished = folder / f"{start:%Y%m%dT%H%M}.part"
    unfinished.write_bytes(encode_activity(level_run(start, km)))
    unfinished.rename(unfinished.with_suffix(".fit"))


@pytest.fixture
def runner(browser: Browser, tmp_path: Path, clean_environment: Environment) -> Iterator[Runner]:
    """Six usual weeks, then the daemon runs, with a page on the home network and the phone subscribed."""
    clock = ToldClock()
    inbox, past = tmp_path / "inbox", tmp_path / "past"
    inbox.mkdir()
    past.mkdir()
    for day in (2, 5, 7, 9, 12, 14, 16, 19, 21, 23, 26, 28, 30, 33, 35, 37, 40):
        write_run(past, timedelta(days=day), 6.0)
    port = free_port()
    with NtfyPhone(clock.now) as phone:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[page]\nlisten = "127.0.0.1:{port}"\naddress = "http://{PAGE_HOST}:{port}"\n'
            f'[athletes.anna]\ntimezone = "UTC"\npasscode = "{PASSCODE}"\nsources.files.folder = "{inbox}"\n'
            f"[athletes.anna.channels.phone]\n{phone.settings}"
        )
        config.chmod(0o600)
        environment = clean_environment | clock.environment | {"NIGGLED_CONFIG": str(config)}
        imported = niggled(environment, "import", past)
        assert imported.returncode == 0, imported.stderr
        with daemon(environment, tmp_path / "daemon.log"):
            write_run(inbox, ENDED_AGO, 6.0)
            yield Runner(phone, environment, f"http://{PAGE_HOST}:{port}")


@contextlib.contextmanager
def daemon(environment: Environment, log: Path) -> Iterator[None]:
    with log.open("wb") as written:
        process = subprocess.Popen([*NIGGLED, "run"], env=environment, stderr=written, start_new_session=True)
    try:
        yield
        process.terminate()
        assert process.wait(90) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(log.read_text(), file=sys.stderr)


def test_a_question_is_answered_in_two_taps(runner: Runner, browser: Browser) -> None:
    message = runner.prompt()
    assert message["title"] == "Knee?"
    assert runner.replies() == []
    with tab(browser, runner.origin) as look:
        assert look.open(message["click"]).status == 200  # the first tap, on the message
        assert "Worst knee pain during the run, 0–10?" in look.words
        look.tap(look.number(4))  # the second
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("4 noted")
        assert runner.replies() == [("D", 4, "")]
        assert "Next: from" in look.words
        assert look.troubles == []
        # It may be corrected from the same link; the last one counts.
        look.page.get_by_text("Correct it").tap()
        look.tap(look.number(2))
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("2 noted")
        assert runner.replies() == [("D", 4, ""), ("D", 2, "")]
        assert "you said 2" in look.words
