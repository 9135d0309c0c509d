"""Log lines on stderr: plain with UTC time, or to the journal with its fields; never a secret.

In the journal `journalctl NIGGLED_SOURCE=garmin` finds what concerns one source; so do NIGGLED_ATHLETE, NIGGLED_CHANNEL.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

HIDDEN = "***"
NOTHING = logging.CRITICAL + 1
"""The level of a verb that says everything itself."""
JOURNAL_SOCKET = "/run/systemd/journal/socket"
# The journal takes more by another way only; no line of ours needs it.
_LONGEST_BYTES = 48_000
# The journal's numbers (sd-daemon(3)), by Python's level.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s'\"<>)\]]+", re.IGNORECASE)
_TOKEN = re.compile(
    r"\b((?:Bearer|Basic)\s+|(?:token|password|passwd|secret|key|code)=)[^\s'\",;&]+", re.IGNORECASE
)
# Their own lines carry addresses, topics, dates and answers.
_TALKATIVE = (
    "apprise",
    "fitdecode",
    "garmin_personal_api",
    "garminconnect",
    "requests",
    "stravalib",
    # stravalib names its loggers after our own classes.
    "connectors.sources.strava_library",
    "urllib3",
)


def configure(secrets: Iterable[str] = (), level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (stderr), with `secrets` and all addresses hidden."""
    target = sys.stderr if stream is None else stream
    for_journal = under_journal(target)
    handler = JournalHandler(target, JOURNAL_SOCKET) if for_journal else logging.StreamHandler(target)
    handler.setFormatter(DiscreetFormatter(secrets, for_journal=for_journal))
    root = logging.getLogger()
    for earlier in tuple(root.handlers):
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    # daemon.service listens to the scheduler and tells its troubles itself.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def under_journal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` goes straight to the journal, which adds time and name itself."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


@contextmanager
def about(
    *, athlete: str | None = None, source: str | None = None, channel: str | None = None
) -> Iterator[None]:
    """Whatever is logged in this block, by this thread, concerns these; an inner block adds to an outer one."""
    named = {"NIGGLED_ATHLETE": athlete, "NIGGLED_SOURCE": source, "NIGGLED_CHANNEL": channel}
    before = _concerned.set(_concerned.get() | {name: value for name, value in named.items() if value})
    try:
        yield
    finally:
        _concerned.reset(before)


_concerned: ContextVar[dict[str, str]] = ContextVar("concerned", default={})  # noqa: B039  never changed in place


class JournalHandler(logging.StreamHandler[TextIO]):
    """Lines with their fields to the journal's own socket; where that is closed, to `stream` with priorities."""

    def __init__(self, stream: TextIO, path: str) -> None:
        super().__init__(stream)
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """One entry, also for a line with a traceback."""
        assert isinstance(self.formatter, DiscreetFormatter)  # noqa: S101  `configure` sets it
        fields = {
            "MESSAGE": self.formatter.plain(record),
            "PRIORITY": str(_priority(record)),
            "SYSLOG_IDENTIFIER": "niggled",
            "LOGGER": record.name,
            **_concerned.get(),
        }
        try:
            self._socket.sendto(b"".join(map(_field, fields, fields.values())), self._path)
        except OSError:
            super().emit(record)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
        super().close()


def _field(name: str, value: str) -> bytes:
    """A field as the journal's native protocol has it, which lets a value have several lines."""
    content = value.encode(errors="replace")[:_LONGEST_BYTES]
    return name.encode() + b"\n" + struct.pack("<Q", len(content)) + content + b"\n"


def _priority(record: logging.LogRecord) -> int:
    return next((number for level, number in _PRIORITIES if record.levelno >= level), 7)


class DiscreetFormatter(logging.Formatter):
    """Hides the given secrets and everything behind `scheme://`, in messages and tracebacks alike."""

    def __init__(self, secrets: Iterable[str] = (), *, for_journal: bool = False) -> None:
        plain = "%(message)s" if for_journal else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        super().__init__(plain, datefmt="%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        text = self.plain(record)
        if not self._for_journal:
            return text
        return "\n".join(f"<{_priority(record)}>{line}" for line in text.splitlines() or [""])

    def plain(self, record: logging.LogRecord) -> str:
        """Without priorities."""
        return hide(super().format(record), self._secrets)


def hide(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the secrets, without what follows `scheme://`, and without tokens that name themselves."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _TOKEN.sub(rf"\1{HIDDEN}", _ADDRESS.sub(rf"\1://{HIDDEN}", text))
