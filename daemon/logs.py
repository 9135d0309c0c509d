"""Log lines on stderr: plain with UTC time, or with the journal's priorities; never a secret."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TextIO

HIDDEN = "***"
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
    handler = logging.StreamHandler(target)
    handler.setFormatter(DiscreetFormatter(secrets, for_journal=under_journal(target)))
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


class DiscreetFormatter(logging.Formatter):
    """Hides the given secrets and everything behind `scheme://`, in messages and tracebacks alike."""

    def __init__(self, secrets: Iterable[str] = (), *, for_journal: bool = False) -> None:
        plain = "%(message)s" if for_journal else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        super().__init__(plain, datefmt="%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        text = hide(super().format(record), self._secrets)
        if not self._for_journal:
            return text
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines() or [""])


def hide(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the secrets, without what follows `scheme://`, and without tokens that name themselves."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _TOKEN.sub(rf"\1{HIDDEN}", _ADDRESS.sub(rf"\1://{HIDDEN}", text))
