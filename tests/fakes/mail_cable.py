"""A cable between a client and a server on loopback that can go dead without a goodbye."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


class Cable:
    """Passes on what both sides say, until it is `dead`: then nothing arrives any more and nobody is told."""

    def __init__(self, port: int) -> None:
        self.dead = threading.Event()
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while said := one.recv(65_536):
                if not self.dead.is_set():
                    other.sendall(said)
            if not self.dead.is_set():
                other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        for end in self._ends:
            end.close()
