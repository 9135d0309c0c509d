"""The channels that bring answers back, each listened to in a thread of its own for as long as the daemon runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.jobs.listen import Ear, listen
from daemon.store.engine import Store


@dataclass(frozen=True, slots=True)
class _Listening:
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
                target=listen,
                args=(self._store, ear, self._clock, stop, self._turn, self._heard),
                name=f"ear-{ear.athlete.name}-{ear.channel}",
                daemon=True,
            )
            for ear in ears
        )
        self._listening = _Listening(threads, stop)
        for thread in threads:
            thread.start()

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
