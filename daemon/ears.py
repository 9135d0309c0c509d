"""The channels that bring answers back, each listened to in a thread of its own for as long as the daemon runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.jobs.listen import Ear, leave, listen, worker_in
from daemon.logs import about
from daemon.store.engine import Store


@dataclass(frozen=True, slots=True)
class _Listening:
    ears: tuple[Ear, ...]
    threads: tuple[threading.Thread, ...]
    stop: threading.Event


class Ears:
    """Starts and stops listening; `heard` is told whose answer came in.

    A listener in the middle of a long wait ends when that is over, so its thread is let go: until then it holds the lease
    of its channel, and whoever comes next waits for that.
    """

    def __init__(self, store: Store, clock: Clock, heard: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._heard = heard
        # One answer at a time: what it means hangs on those before it.
        self._turn = threading.Lock()
        self._listening: _Listening | None = None

    def start(self, ears: Sequence[Ear]) -> None:
        """Listen to these, and to nothing else."""
        self.stop(0.0)
        stop = threading.Event()
        threads = tuple(
            threading.Thread(
                target=self._listen,
                args=(ear, stop),
                name=f"ear-{ear.athlete.name}-{ear.channel}",
                daemon=True,
            )
            for ear in ears
        )
        self._listening = _Listening(tuple(ears), threads, stop)
        for thread in threads:
            thread.start()

    def _listen(self, ear: Ear, stop: threading.Event) -> None:
        with about(athlete=ear.athlete.name, channel=ear.channel):
            listen(self._store, ear, self._clock, stop, self._turn, self._heard)

    def leave(self, within_s: float) -> None:
        """Stop for good: the process ends with the threads that still wait, so that nobody has to wait for them."""
        listening = self._listening
        self.stop(within_s)
        if listening is None:
            return
        for ear, thread in zip(listening.ears, listening.threads, strict=True):
            if thread.ident is not None and thread.is_alive():
                leave(self._store, ear, worker_in(thread.ident))

    def stop(self, within_s: float) -> None:
        """Listen no more. An answer that is being taken in is finished first, if that takes no longer than `within_s`."""
        if self._listening is None:
            return
        self._listening.stop.set()
        until_s = time.monotonic() + within_s
        if self._turn.acquire(timeout=max(0.0, within_s)):
            self._turn.release()
        for thread in self._listening.threads:
            thread.join(min(0.2, max(0.0, until_s - time.monotonic())))
        self._listening = None
