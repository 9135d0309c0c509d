"""What systemd hears."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from daemon.notify import notify, reloading_lines, watchdog_limit_s


def test_without_a_service_manager_nothing_is_said() -> None:
    assert notify("READY=1", environ={}) is False


def test_lines_go_out_as_one_message(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        assert notify("READY=1", "STATUS=Idle", environ={"NOTIFY_SOCKET": address}) is True
        assert manager.recv(100) == b"READY=1\nSTATUS=Idle"


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"niggled-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        assert notify("WATCHDOG=1", environ={"NOTIFY_SOCKET": f"@{name}"}) is True
        assert manager.recv(100) == b"WATCHDOG=1"


def test_a_manager_that_is_gone_does_not_stop_the_daemon(tmp_path: Path) -> None:
    assert notify("READY=1", environ={"NOTIFY_SOCKET": str(tmp_path / "gone")}) is False


def test_a_reload_names_the_moment_by_the_monotonic_clock() -> None:
    first, second = reloading_lines()
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert int(second.partition("=")[2]) > 0


@pytest.mark.parametrize(
    ("environ", "limit_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_patience_is_read_only_where_it_is_meant_for_us(
    environ: dict[str, str], limit_s: float | None
) -> None:
    assert watchdog_limit_s(environ) == limit_s
