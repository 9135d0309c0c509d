"""The door of the page: the daemon holds its socket, and starts the process behind it when somebody comes.

A process that nobody has visited for a while ends by itself, so that a resting daemon stays small; `warm` starts one ahead
of a visit that is to be expected. What waits in the socket meanwhile is not lost.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from ipaddress import ip_address

from daemon.config_page import PageConfig
from daemon.in_force import ConfigurationInForce
from daemon.jobs.child import inherited

log = logging.getLogger(__name__)

WAITING_VISITORS = 64
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
END_WITHIN_S, KILLED_WITHIN_S = 5.0, 1.0
_CLOSED_TEXT = b"niggled's page cannot be opened; its log says why (journalctl -u niggled).\n"
_CLOSED = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_CLOSED_TEXT), _CLOSED_TEXT)
)


class PageDoor:
    """Opened and closed as the configuration says. `command` starts the process; " --socket N" is added to it."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._in_force: ConfigurationInForce | None = None
        self._wanted: PageConfig | None = None
        self._open: PageConfig | None = None
        self._complained = ""
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._closing = threading.Event()
        self._wake_read, self._wake_write = -1, -1
        self._lock = threading.Lock()

    def want(self, page: PageConfig | None, in_force: ConfigurationInForce | None = None) -> None:
        """What the configuration says; a process that runs is replaced, as it was started from the old one."""
        self.close()
        self._in_force = in_force
        self._wanted = page if page is not None and page.on else None
        self.open()

    def open(self) -> None:
        """Listen, if that is wanted and not so yet; what is in the way is told once. Never raises."""
        page = self._wanted
        if page is None or self._socket is not None:
            return
        try:
            self._socket = listening_at(page)
        except OSError as error:
            complaint = _complaint(page, error)
            if complaint != self._complained:
                log.warning("%s", complaint)
            self._complained = complaint
            return
        self._complained, self._open = "", page
        self._closing.clear()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._keeper = threading.Thread(target=self._keep, name="page", daemon=True)
        self._keeper.start()
        log.info("The page is on %s:%d", page.written_host, page.port)

    def warm(self) -> None:
        """Somebody will come soon: start the process now."""
        self._wake()

    def close(self) -> None:
        """Stop listening; the process finishes the answers it is giving."""
        keeper, listening = self._keeper, self._socket
        if keeper is None or listening is None:
            return
        self._closing.set()
        self._wake()
        for end, within_s in (("terminate", END_WITHIN_S), ("kill", KILLED_WITHIN_S)):
            with self._lock:
                if self._process is not None:
                    getattr(self._process, end)()
            keeper.join(within_s)
        with self._lock:
            # Whoever would wake it now must not write to a number that means something else by then.
            self._keeper = self._socket = self._open = None
            listening.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _wake(self) -> None:
        with self._lock:
            if self._keeper is not None:
                with suppress(BlockingIOError):  # it has been told often enough
                    os.write(self._wake_write, b".")

    def _keep(self) -> None:
        """For as long as the door is open: wait for a visitor, have a process serve them, wait again."""
        pause_s = FIRST_PAUSE_S
        listening = self._socket
        assert listening is not None  # noqa: S101
        while not self._closing.is_set():
            select.select([listening.fileno(), self._wake_read], [], [])
            self._drain()
            if self._closing.is_set():
                return
            status = self._served(listening)
            if status == 0 or self._closing.is_set():
                pause_s = FIRST_PAUSE_S
                continue
            log.warning("The page's process ended with status %d; the lines before this one say why", status)
            if status > 0:
                # It said no by itself; one that was killed may do better at once.
                _turn_away(listening)
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _served(self, listening: socket.socket) -> int:
        """One process from its start to its end; its exit status."""
        number = listening.fileno()
        with self._lock:
            if self._closing.is_set():
                return 0
            # The command is our own: the interpreter and a verb of niggled. It ends when the pipe to it does.
            self._process = process = subprocess.Popen(  # noqa: S603
                [*self._command, "--socket", str(number)],
                stdin=subprocess.PIPE,
                **inherited(self._in_force, number),
            )
        try:
            return process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()
            with self._lock:
                self._process = None

    def _drain(self) -> None:
        try:
            while os.read(self._wake_read, 64):
                pass
        except BlockingIOError:
            return


def _turn_away(listening: socket.socket) -> None:
    """Whoever waits is told that there is nobody, rather than left hanging."""
    for _ in range(WAITING_VISITORS):
        try:
            visitor, _address = listening.accept()
        except OSError:
            return
        with visitor, suppress(OSError):
            visitor.setblocking(False)
            visitor.send(_CLOSED)


def page_command(config_path: str | None) -> list[str]:
    chosen = ["--config", config_path] if config_path else []
    return [sys.executable, "-m", "daemon.cli.main", "page", *chosen]


def listening_at(page: PageConfig) -> socket.socket:
    """A socket that waits for visitors; of IPv4 or IPv6, as the address is."""
    family = socket.AF_INET6 if ip_address(page.host).version == 6 else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((page.host, page.port))
        found.listen(WAITING_VISITORS)
        found.setblocking(False)
    except OSError:
        found.close()
        raise
    return found


def _complaint(page: PageConfig, error: OSError) -> str:
    where = f"{page.written_host}:{page.port}"
    match error.errno:
        case errno.EADDRINUSE:
            why = "another program listens there. Choose another port: [page] listen"
        case errno.EADDRNOTAVAIL:
            why = "this machine does not have that address (yet). It is tried again every minute"
        case errno.EACCES:
            why = "ports below 1024 are not for it. Choose a higher one: [page] listen"
        case _:
            why = error.strerror or type(error).__name__
    return f"The page cannot listen on {where}: {why}."
