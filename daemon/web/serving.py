"""The page's own process: it answers on a socket that the daemon holds, and ends when nobody has come for a while.

Beside nobody's visits the page costs no memory. A connection that arrives while it ends waits in the socket, which
stays open, for the next one.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress.server import create_server

from daemon.clock import Clock
from daemon.config import Config
from daemon.page_key import page_key
from daemon.store.engine import Store
from daemon.web.app import Page
from daemon.web.frame import environment
from daemon.web.visit import House

log = logging.getLogger(__name__)

QUIET_FOR_S = 900.0
# Visitors that send nothing, or too slowly, are let go.
SLOW_S = 20
THREADS = 2
CONNECTIONS = 50
LARGEST_HEADER_BYTES = 16 * 1024
LARGEST_BODY_BYTES = 128 * 1024
SHORTEST_PASSCODE = 6
LAST_ANSWERS_S = 2.0


class PasscodeError(Exception):
    """The page cannot be opened safely; the text says why, and the cure."""


def passcodes_of(config: Config) -> dict[str, str]:
    """The passcode of every athlete, empty where there is none. Raises PasscodeError, SecretError."""
    found = {
        # Spaces help to read a passcode, and do not count.
        name: "" if athlete.passcode is None else "".join(athlete.passcode.value().split())
        for name, athlete in config.athletes.items()
    }
    for name, passcode in found.items():
        if passcode and len(passcode) < SHORTEST_PASSCODE:
            raise PasscodeError(
                f"The passcode of {name} has fewer than {SHORTEST_PASSCODE} characters. Choose a longer one."
            )
    given = [passcode for passcode in found.values() if passcode]
    if len(set(given)) < len(given):
        raise PasscodeError(
            "Two athletes have the same passcode. It says who somebody is: give each their own."
        )
    return found


def house_of(config: Config, store: Store, clock: Clock) -> House:
    """What the page needs. Raises PasscodeError, SecretError, PageKeyError."""
    return House(
        config=config,
        store=store,
        clock=clock,
        key=page_key(config.home),
        passcodes=passcodes_of(config),
        pages=environment(),
    )


def serve(house: House, listening: socket.socket, *, quiet_for_s: float = QUIET_FOR_S) -> None:
    """Answer until told to stop (SIGTERM, SIGINT), or nobody has come for `quiet_for_s`."""
    last_s = [time.monotonic()]

    def heard() -> None:
        last_s[0] = time.monotonic()

    proxy = house.config.page.behind_proxy
    server = create_server(
        Page(house, heard),
        sockets=[listening],
        threads=THREADS,
        ident=None,
        channel_timeout=SLOW_S,
        cleanup_interval=SLOW_S // 2,
        connection_limit=CONNECTIONS,
        max_request_header_size=LARGEST_HEADER_BYTES,
        max_request_body_size=LARGEST_BODY_BYTES,
        expose_tracebacks=False,
        clear_untrusted_proxy_headers=True,
        trusted_proxy="127.0.0.1" if proxy else None,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"} if proxy else set(),
    )
    logging.getLogger("waitress").setLevel(logging.ERROR)

    def ends(number: int, frame: FrameType | None) -> None:
        # What waitress's loop ends on, after the answers in hand.
        raise SystemExit(0)

    earlier = {number: signal.signal(number, ends) for number in (signal.SIGTERM, signal.SIGINT)}
    over = threading.Event()
    waited = (lambda: time.monotonic() - last_s[0], quiet_for_s, server, over)
    if math.isfinite(quiet_for_s):
        threading.Thread(target=_end_when_quiet, args=waited, daemon=True).start()
    try:
        server.run()
    finally:
        over.set()
        for number, handler in earlier.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """End as soon as stdin does: the daemon holds its other end, and a killed daemon leaves nobody behind."""

    def wait() -> None:
        try:
            # Not through sys.stdin: whoever waits there keeps an interpreter from ending.
            while os.read(0, 64):
                pass
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _end_when_quiet(quiet_s: Callable[[], float], limit_s: float, server: Any, over: threading.Event) -> None:
    """Stop taking connections once it has been quiet for so long, let the last ones finish, and end."""
    while not over.wait(max(0.05, limit_s - quiet_s())):
        if quiet_s() < limit_s:
            continue
        server.accepting = False  # waitress looks at it before it takes a connection
        before = quiet_s()
        if over.wait(min(LAST_ANSWERS_S, limit_s)):
            return
        if quiet_s() > before:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        server.accepting = True
