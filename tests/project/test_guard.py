"""No test reaches the internet, and a test's clock reaches its children: this proves that the guard works."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import datetime

import pytest
import requests
from fakes.clock import WEDNESDAY_NOON, ToldClock


def test_a_test_that_reaches_out_fails() -> None:
    with pytest.raises(RuntimeError, match=r"tried to reach 192\.0\.2\.1"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match=r"tried to look up example\.org"):
        requests.get("http://example.org/", timeout=1)


def test_a_child_process_that_reaches_out_fails(clean_environment: dict[str, str]) -> None:
    code = "import socket; socket.create_connection(('example.org', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], env=clean_environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "a test tried to look up example.org" in done.stderr


def test_loopback_is_allowed() -> None:
    with socket.socket() as listener, socket.socket() as caller:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        caller.connect(listener.getsockname())


def test_the_clock_of_a_child_process_is_the_test_s(clean_environment: dict[str, str]) -> None:
    clock = ToldClock()
    code = "from daemon.clock import SystemClock; print(SystemClock().now().isoformat())"
    told = subprocess.check_output(
        [sys.executable, "-c", code], env=clean_environment | clock.environment, text=True
    )
    assert WEDNESDAY_NOON < datetime.fromisoformat(told.strip()) < clock.now()
