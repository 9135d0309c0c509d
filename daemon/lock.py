"""One daemon for one home: a lock that the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.store.unfinished import give_to_owner_of


class AlreadyRunningError(Exception):
    """Another daemon holds this home; the text says which and what to do. `holder` is its process, as far as known."""

    def __init__(self, text: str, holder: str) -> None:
        super().__init__(text)
        self.holder = holder


@contextmanager
def only_daemon_of(home: Path) -> Iterator[None]:
    """Hold `home` for the length of the block. Raises AlreadyRunningError at once where another daemon has it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / "daemon.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        give_to_owner_of(home, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunningError(
                f"Another niggled already runs on {home} (process {holder}). "
                "Stop it first, or give this one a home of its own: NIGGLED_HOME=/some/folder.",
                holder,
            ) from None
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
