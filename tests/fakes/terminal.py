"""Somebody at a terminal: the installed command on a pseudo-terminal, what it shows, and what is typed into it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from fakes.command import NIGGLED, Environment

SHOWN_WITHIN_S = 60.0
PRESSED_AGAIN_AFTER_S, PRESSED_AT_MOST = 3.0, 10
# Ctrl-C reaches whoever the terminal belongs to, and a shell that has put us into the background ignores it for us.
CONTROLLED = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`transcript` is everything that was on the screen, without colours. Leaving it ends the command."""

    def __init__(self, environment: Environment, *arguments: str) -> None:
        self.transcript = ""
        self._read_to = 0
        self._screen, keyboard = pty.openpty()
        with os.fdopen(keyboard, "rb", buffering=0) as keys:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CONTROLLED, *NIGGLED, *arguments],
                env=environment | {"TERM": "dumb", "COLUMNS": "120"},
                stdin=keys,
                stdout=keys,
                stderr=keys,
                start_new_session=True,
            )

    @property
    def screen(self) -> str:
        """The transcript as it reads: of a line that was drawn again and again, how it looked last."""
        return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in self.transcript.split("\n"))

    def until(self, words: str) -> str:
        """Wait until these words appear behind those waited for last; what was shown up to them."""
        until_s = time.monotonic() + SHOWN_WITHIN_S
        while (at := self.transcript.find(words, self._read_to)) < 0:
            assert self._more(until_s), f"{words!r} never came:\n{self.transcript}"
        shown = self.transcript[self._read_to : at + len(words)]
        self._read_to = at + len(words)
        return shown

    def answer(self, question: str, *lines: str) -> str:
        """Wait for a question and type an answer, or several to a question that comes again; what was shown before."""
        shown = ""
        for line in lines:
            shown += self.until(question)
            self.type(line)
        return shown

    def type(self, line: str) -> None:
        os.write(self._screen, f"{line}\n".encode())

    def interrupt(self) -> int:
        """Ctrl-C; the exit status. Pressed again where nothing happens: between showing a question and listening for its
        answer Python notes a signal and does not act on it."""
        for _ in range(PRESSED_AT_MOST):
            os.write(self._screen, b"\x03")
            until_s = time.monotonic() + PRESSED_AGAIN_AFTER_S
            while self._more(until_s):
                pass
            try:
                return self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError(f"Ctrl-C ends nothing:\n{self.transcript}")

    def finish(self) -> int:
        """The exit status, once everything was shown."""
        until_s = time.monotonic() + SHOWN_WITHIN_S
        while self._more(until_s):
            pass
        return self._process.wait(SHOWN_WITHIN_S)

    def _more(self, until_s: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(0.0, until_s - time.monotonic()))
        if not ready:
            return False
        try:
            read = os.read(self._screen, 4096)
        except OSError:
            return False
        self.transcript += _CONTROL.sub("", read.decode("utf-8", "replace")).replace("\r\n", "\n")
        return bool(read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)
