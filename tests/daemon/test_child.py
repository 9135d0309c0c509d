"""Short-lived children: real processes."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from daemon.jobs.child import ChildFailedError, ask_child, run_child

STUBBORN = (
    "import signal, sys, time, pathlib\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "pathlib.Path(sys.argv[1]).touch()\n"
    "time.sleep(60)\n"
)


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def set_once_there(path: Path) -> threading.Event:
    """An event that is set once the child has made `path`."""
    stop = threading.Event()

    def wait() -> None:
        while not path.exists():
            time.sleep(0.01)
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    return stop


def test_a_child_that_ends_well_says_nothing(tmp_path: Path) -> None:
    run_child(
        python("import sys, pathlib; pathlib.Path(sys.argv[1]).touch()", str(tmp_path / "done")),
        threading.Event(),
    )
    assert (tmp_path / "done").exists()


def test_a_child_that_fails_is_told_with_its_status() -> None:
    with pytest.raises(ChildFailedError, match="ended with status 3"):
        run_child(python("raise SystemExit(3)"), threading.Event())


def test_a_child_that_is_killed_is_told_with_the_signal() -> None:
    with pytest.raises(ChildFailedError, match="ended with signal 9"):
        run_child(python("import os; os.kill(os.getpid(), 9)"), threading.Event())


def test_a_child_past_its_deadline_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(ChildFailedError, match="ended with signal 15"):
        run_child(python("import time; time.sleep(60)"), threading.Event(), deadline_s=0.3)
    assert time.monotonic() - began < 30


def test_a_child_that_does_not_heed_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    began = time.monotonic()
    run_child(python(STUBBORN, str(ready)), set_once_there(ready), grace_s=0.3)
    assert time.monotonic() - began < 30


def test_a_child_that_is_told_to_stop_may_finish_what_it_does(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time, pathlib\n"
        "told = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: told.append(1))\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not told: time.sleep(0.01)\n"
        "pathlib.Path(sys.argv[2]).touch()\n"
    )
    ready, finished = tmp_path / "ready", tmp_path / "finished"
    run_child(python(code, str(ready), str(finished)), set_once_there(ready))
    assert finished.exists()


def test_a_child_does_not_speak_to_systemd_in_our_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    code = "import os, sys; sys.exit('NOTIFY_SOCKET' in os.environ or 'WATCHDOG_USEC' in os.environ)"
    run_child(python(code), threading.Event())


def test_a_child_answers_what_it_is_asked() -> None:
    told = "5 – “sore”\n" * 20_000  # more than a pipe holds
    assert ask_child(python("import sys; sys.stdout.write(sys.stdin.read())"), told) == told


def test_a_child_that_is_asked_and_fails_is_told_with_its_status() -> None:
    with pytest.raises(ChildFailedError, match="ended with status 3"):
        ask_child(python("raise SystemExit(3)"), "x" * 1_000_000)


def test_a_child_that_is_asked_and_hangs_is_ended() -> None:
    with pytest.raises(ChildFailedError, match="ended with signal 15") as failure:
        ask_child(python("import time; time.sleep(60)"), "4", deadline_s=0.3)
    assert failure.value.overdue
