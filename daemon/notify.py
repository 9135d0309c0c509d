"""Telling systemd how the daemon is (sd_notify); silent everywhere else."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send lines such as "READY=1" or "STATUS=…" to the service manager. False where there is none or it is gone."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendall("\n".join(lines).encode())
    except OSError:
        return False
    return True


def reloading_lines() -> tuple[str, str]:
    """What a reload begins with; "READY=1" ends it."""
    return "RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"


def watchdog_limit_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Seconds of silence after which systemd kills this process (WatchdogSec=), `None` where it does not watch."""
    limit = environ.get("WATCHDOG_USEC", "")
    meant_for = environ.get("WATCHDOG_PID", "") or str(os.getpid())
    if not limit.isdigit() or int(limit) == 0 or meant_for != str(os.getpid()):
        return None
    return int(limit) / 1_000_000
