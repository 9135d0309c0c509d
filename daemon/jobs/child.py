"""Work in a short-lived child process: what it loads, leaks or breaks goes away with it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypedDict

from daemon.in_force import ConfigurationInForce

log = logging.getLogger(__name__)

DEADLINE_S = 300.0
# A child that is told to end may finish the message it is sending (connectors.channels.apprise: at most 60 s).
GRACE_S = 15.0
_LOOK_EVERY_S = 0.2
# Only the daemon itself may speak to systemd.
_NOT_INHERITED = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class ChildFailedError(Exception):
    """A child ended badly, by itself or (`overdue`) past its deadline; its own lines in the log say why."""

    def __init__(self, text: str, *, overdue: bool = False) -> None:
        super().__init__(text)
        self.overdue = overdue


def run_child(
    command: Sequence[str],
    stop: threading.Event,
    deadline_s: float = DEADLINE_S,
    grace_s: float = GRACE_S,
    *,
    in_force: ConfigurationInForce | None = None,
) -> None:
    """Run `command` to its end. Raises ChildFailedError where that is not a good one.

    Past `deadline_s`, or once `stop` is set, it is asked to end (SIGTERM) and after `grace_s` made to (SIGKILL).
    """
    status, overdue, _ = _run(command, None, stop, deadline_s, grace_s, in_force)
    if status != 0 and not stop.is_set():
        raise _failure(command, status, overdue=overdue)


def ask_child(
    command: Sequence[str],
    said: str,
    deadline_s: float = DEADLINE_S,
    *,
    in_force: ConfigurationInForce | None = None,
) -> str:
    """What `command` answers on its standard output to what is `said` on its standard input.

    Raises ChildFailedError where it does not end well.
    """
    status, overdue, answer = _run(command, said, threading.Event(), deadline_s, GRACE_S, in_force)
    if status != 0:
        raise _failure(command, status, overdue=overdue)
    return answer


def _failure(command: Sequence[str], status: int, *, overdue: bool) -> ChildFailedError:
    ending = f"status {status}" if status > 0 else f"signal {-status}"
    return ChildFailedError(
        f"`{_shown(command)}` ended with {ending}; the log lines before this one say why", overdue=overdue
    )


def _run(
    command: Sequence[str],
    said: str | None,
    stop: threading.Event,
    deadline_s: float,
    grace_s: float,
    in_force: ConfigurationInForce | None,
) -> tuple[int, bool, str]:
    """(exit status, whether it took longer than it may, what it wrote). Nothing is read unless something is said."""
    # The command is our own: the interpreter and a verb of niggled.
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL if said is None else subprocess.PIPE,
        stdout=None if said is None else subprocess.PIPE,
        text=True,
        **inherited(in_force),
    )
    began = time.monotonic()
    try:
        written = _written(process, command, said, stop, deadline_s, grace_s)
        return process.returncode, time.monotonic() - began >= deadline_s, written or ""
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _written(
    process: subprocess.Popen[str],
    command: Sequence[str],
    said: str | None,
    stop: threading.Event,
    deadline_s: float,
    grace_s: float,
) -> str | None:
    """What it wrote until it ended, or was made to; None where nobody reads that."""
    deadline = time.monotonic() + deadline_s
    try:
        while not stop.is_set() and time.monotonic() < deadline:
            try:
                return process.communicate(said, timeout=_LOOK_EVERY_S)[0]
            except subprocess.TimeoutExpired:
                said = None  # what has been begun goes on by itself
        if not stop.is_set():
            log.warning("%s took longer than %.0f s and is stopped", _shown(command), deadline_s)
        process.terminate()
        return process.communicate(timeout=grace_s)[0]
    except subprocess.TimeoutExpired:
        log.warning("%s does not stop and is killed", _shown(command))
        process.kill()
        return process.communicate()[0]


class Inherited(TypedDict):
    """The arguments of Popen that say what a child gets from the daemon."""

    env: dict[str, str]
    pass_fds: tuple[int, ...]


def inherited(in_force: ConfigurationInForce | None, *descriptors: int) -> Inherited:
    """The environment without what is between systemd and the daemon alone; the configuration, and other `descriptors`."""
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    if in_force is None:
        return Inherited(env=environment, pass_fds=descriptors)
    return Inherited(env=environment | in_force.environment, pass_fds=(in_force.descriptor, *descriptors))


def _shown(command: Sequence[str]) -> str:
    """The words that name the job; further ones may hold paths of the runner."""
    return " ".join(command[:4])


def told_to_stop() -> Callable[[], bool]:
    """In the child: from now on a stop signal only makes the answer True, so that a message in hand is finished."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: told.append(number))
    return lambda: bool(told)
