"""Clocks for tests: one that stands still until it is told, one that runs fast, one that the installed command is given,
one that several processes steer by."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

WEDNESDAY_NOON = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


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


class ToldClock:
    """Starts at `start` and runs on with the machine's. Every child process that has `environment` shows the same time."""

    def __init__(self, start: datetime = WEDNESDAY_NOON) -> None:
        self._start = start
        self._origin_s = time.monotonic()

    @property
    def environment(self) -> dict[str, str]:
        return {"TESTS_SAY_IT_IS": f"{self._start.isoformat()} {self._origin_s}"}

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._origin_s)


TOLD = ToldClock()
"""The one that all whole processes of a test run share, unless a test gives them another."""

time_now = TOLD.now


class SteeredClock:
    """A clock that several processes share by a file. It runs `factor` times as fast as the machine's, and jumps ahead when
    one of them says so."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def started(cls, path: Path, at: datetime, factor: float) -> Self:
        clock = cls(path)
        clock._write(at, factor)
        return clock

    def now(self) -> datetime:
        at, origin_s, factor = self._read()
        return at + timedelta(seconds=(time.monotonic() - origin_s) * factor)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self._read()[2])

    def jump(self, to: datetime) -> None:
        """Ahead to an instant; never back."""
        self._write(max(to, self.now()), self._read()[2])

    def _read(self) -> tuple[datetime, float, float]:
        told = json.loads(self._path.read_text())
        return datetime.fromisoformat(told["at"]), told["origin_s"], told["factor"]

    def _write(self, at: datetime, factor: float) -> None:
        unfinished = self._path.with_suffix(".part")
        told = {"at": at.isoformat(), "origin_s": time.monotonic(), "factor": factor}
        unfinished.write_text(json.dumps(told))
        unfinished.rename(self._path)
