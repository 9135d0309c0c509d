"""Ports that nobody listens on, for servers of tests and for the page of a daemon."""

from __future__ import annotations

import os
import random
import socket

# Below those that Linux gives to whoever asks for any: none of these is taken by chance before it is used.
_CANDIDATES = iter(random.Random(os.getpid()).sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """One of this machine's loopback; never the same twice."""
    for port in _CANDIDATES:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is left")


def own_page() -> str:
    """The table of a configuration that gives a daemon's page a port of its own: others run at the same time."""
    return f'[page]\nlisten = "127.0.0.1:{free_port()}"\n'
