"""The page of the installed daemon: a process behind its socket, there for as long as somebody comes."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from fakes.command import Environment
from fakes.ports import free_port

from .test_reload import Running, daemon

WITHIN_S = 90.0


class Door:
    """A running daemon's page."""

    def __init__(self, running: Running, config: Path, port: int) -> None:
        self.running = running
        self.config = config
        self.port = port

    def visit(self, path: str = "/sign-in") -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Those behind the door: children of the daemon that run `page`."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if b"page" in words and parent == self.running.process.pid:
                found.append(int(folder.name))
        return found


def eventually(happened: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not happened():
        assert time.monotonic() < until, f"{what} did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def written(config: Path, port: int, more: str = "") -> None:
    config.write_text(f'[backup]\ndaily = "off"\n[athletes.me]\n[page]\nlisten = "127.0.0.1:{port}"\n{more}')


@pytest.fixture
def door(clean_environment: Environment, tmp_path: Path) -> Iterator[Door]:
    config, port = tmp_path / "config.toml", free_port()
    written(config, port)
    with daemon(clean_environment, config, tmp_path) as running:
        running.wait_for(f"The page is on 127.0.0.1:{port}")
        yield Door(running, config, port)


def test_nothing_runs_behind_the_door_until_somebody_comes_and_a_killed_process_is_replaced(
    door: Door,
) -> None:
    assert door.processes() == []
    assert door.visit() == 303, "on this machine the only runner is signed in already"
    (first,) = door.processes()
    assert door.visit("/assets/icon.svg") == 200
    assert door.processes() == [first]
    os.kill(first, signal.SIGKILL)
    assert door.visit("/assets/icon.svg") == 200
    (second,) = door.processes()
    assert second != first


def test_a_killed_daemon_leaves_no_page_behind(door: Door) -> None:
    door.visit()
    (page,) = door.processes()
    door.running.process.kill()
    door.running.process.wait()
    eventually(lambda: not alive(page), "the end of the page")


def test_a_stopped_daemon_takes_its_page_along(door: Door) -> None:
    door.visit()
    (page,) = door.processes()
    door.running.process.terminate()
    assert door.running.process.wait(WITHIN_S) == 0
    assert not alive(page)
    with pytest.raises(ConnectionRefusedError):
        door.visit()


def test_a_reload_opens_the_page_where_the_new_configuration_says(door: Door) -> None:
    door.visit()
    (page,) = door.processes()
    other = free_port()
    written(door.config, other)
    door.running.reload("Configuration read again")
    assert not alive(page)
    with pytest.raises(ConnectionRefusedError):
        door.visit()
    assert Door(door.running, door.config, other).visit("/assets/icon.svg") == 200
    written(door.config, other, 'on = "off"\n')
    door.running.reload("Configuration read again")
    with pytest.raises(ConnectionRefusedError):
        Door(door.running, door.config, other).visit()


def test_a_taken_port_is_told_once_and_the_daemon_goes_on_without(
    clean_environment: Environment, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as taken:
        written(config, port, "[service]\ntick_s = 1\n")
        with daemon(clean_environment, config, tmp_path) as running:
            running.wait_for(f"The page cannot listen on 127.0.0.1:{port}: another program listens there.")
            running.wait_for("Watching for me")
            taken.close()
            running.wait_for(f"The page is on 127.0.0.1:{port}")
            assert Door(running, config, port).visit("/assets/icon.svg") == 200
            assert running.said().count("The page cannot listen") == 1


def test_a_page_that_cannot_be_opened_safely_stays_closed_and_says_why(
    clean_environment: Environment, tmp_path: Path
) -> None:
    config, port = tmp_path / "config.toml", free_port()
    config.write_text(f'[athletes.me]\npasscode = "12345"\n[page]\nlisten = "127.0.0.1:{port}"\n')
    with daemon(clean_environment, config, tmp_path) as running:
        running.wait_for("The page is on")
        assert Door(running, config, port).visit() == 503
        assert "The page stays closed. The passcode of me has fewer than 6 characters." in running.said()
        assert "The page's process ended with status 1" in running.said()
