"""SIGHUP to the installed daemon: a good configuration is taken, a bad one changes nothing."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from fakes.clock import time_now
from fakes.command import NIGGLED, Environment, database_of, rows
from fakes.ports import own_page
from fakes.scripted_week import write_run

WITHIN_S = 90.0
ASSESSED = "SELECT count(*) FROM activities JOIN athletes USING (athlete) WHERE assess_at IS NOT NULL"


class Running:
    """A daemon with its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def reload(self, until: str) -> None:
        """SIGHUP, and wait for the words that end it."""
        before = self.said().count(until)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(until, before + 1)

    def wait_for(self, words: str, times: int = 1) -> None:
        self.wait_until(lambda: self.said().count(words) >= times)

    def wait_until(self, reached: Callable[[], bool]) -> None:
        until = time.monotonic() + WITHIN_S
        while not reached():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)


@contextmanager
def daemon(environment: Environment, config: Path, folder: Path) -> Iterator[Running]:
    log = folder / "daemon.log"
    with log.open("wb") as stream:
        process = subprocess.Popen([*NIGGLED, "run", "--config", str(config)], env=environment, stderr=stream)
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        process.wait(timeout=WITHIN_S)


def test_a_wrong_configuration_leaves_the_old_one_in_force(
    clean_environment: Environment, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    good = f'{own_page()}[backup]\ndaily = "off"\n[athletes.me]\n'
    config.write_text(good, encoding="utf-8")
    with daemon(clean_environment, config, tmp_path) as running:
        running.wait_for("Watching for me")

        config.write_text(good + 'knee = "middle"\n', encoding="utf-8")
        running.reload("The changed configuration is not used, the old one stays")
        assert "knee" in running.said()
        # Everything that the daemon has others do goes on as well.
        write_run(
            Path(clean_environment["NIGGLED_HOME"]) / "inbox" / "me", time_now() - timedelta(days=2), 5.0
        )
        running.wait_until(lambda: rows(database_of(clean_environment), ASSESSED) == [(1,)])
        config.unlink()
        write_run(
            Path(clean_environment["NIGGLED_HOME"]) / "inbox" / "me", time_now() - timedelta(days=1), 5.0
        )
        running.wait_until(lambda: rows(database_of(clean_environment), ASSESSED) == [(2,)])
        assert "ended with status" not in running.said()

        config.write_text(good + "[athletes.anna]\n", encoding="utf-8")
        running.reload("Configuration read again")
        inboxes = Path(clean_environment["NIGGLED_HOME"]) / "inbox"
        until = time.monotonic() + WITHIN_S
        while not (inboxes / "anna").is_dir():
            assert time.monotonic() < until, "the new athlete was not taken in"
            time.sleep(0.05)
    assert running.process.returncode == 0
