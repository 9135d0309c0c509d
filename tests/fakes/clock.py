"""Clocks for tests: one that stands still until it is told, one that runs fast."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class StoppedClock:
    """Shows `at` until it is set or slept on."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class AcceleratedClock:
    """Starts at `start` and runs `factor` times as fast as the machine's; `origin_s` is the monotonic second of the start,
    so that a process started later shows the same time as one that was killed."""

    def __init__(self, start: datetime, factor: float, origin_s: float | None = None) -> None:
        self._start = start
        self._factor = factor
        self._origin_s = time.monotonic() if origin_s is None else origin_s

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._origin_s) * self._factor)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self._factor)
