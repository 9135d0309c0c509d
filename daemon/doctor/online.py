"""Only on request: whether the hosts that this configuration needs can be reached, and what time they have."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from connectors.http import Session, unreachable
from daemon.channels import MAIL_PORTS, NTFY_SERVER, TELEGRAM_API
from daemon.config import AthleteConfig
from daemon.config_channels import EMAIL, NTFY, TELEGRAM, ChannelConfig
from daemon.connections import connected
from daemon.credentials import Secret, SecretError
from daemon.doctor.clock import compared
from daemon.doctor.sources import host
from daemon.doctor.verdict import Verdict, bad, good

ANSWERS_WITHIN_S = 5.0
CURE = "Check the network and its DNS; if they work, the service is down: wait."


def online_verdicts(
    athletes: Iterable[AthleteConfig], home: Path, now: Callable[[], datetime]
) -> Iterator[Verdict]:
    """Each host once; the clock beside the first that tells its time."""
    told_time: datetime | None = None
    server = ""
    for address in dict.fromkeys(_addresses(athletes, home)):
        parts = urlsplit(address)
        if parts.scheme in ("http", "https"):
            verdict, at = reached_by_web(address)
            if at is not None and told_time is None:
                told_time, server = at, parts.hostname or ""
                yield compared(now(), server, told_time)
        else:
            verdict = reached_by_socket(parts.hostname or "", parts.port or MAIL_PORTS[parts.scheme][0])
        yield verdict


def reached_by_web(address: str) -> tuple[Verdict, datetime | None]:
    """Ask for the head of nothing in particular: any answer will do. Also the server's own time, where it tells it."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    try:
        with Session(read_s=ANSWERS_WITHIN_S, whole_s=ANSWERS_WITHIN_S) as session:
            answer = session.head(f"{parts.scheme}://{parts.netloc}/", allow_redirects=False)
    except requests.RequestException as error:
        return bad(f"reach {name}", f"{unreachable(name, error)}.", CURE), None
    return good(f"reach {name}", f"{name} answers."), _time_of(answer)


def reached_by_socket(name: str, port: int) -> Verdict:
    """A mail server: whether it takes a connection."""
    try:
        socket.create_connection((name, port), timeout=ANSWERS_WITHIN_S).close()
    except OSError as error:
        why = (
            "its name is not known"
            if isinstance(error, socket.gaierror)
            else error.strerror or "no answer in time"
        )
        return bad(f"reach {name}", f"{name} could not be reached on port {port} ({why}).", CURE)
    return good(f"reach {name}", f"{name} takes connections on port {port}.")


def _time_of(answer: requests.Response) -> datetime | None:
    try:
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError, IndexError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _addresses(athletes: Iterable[AthleteConfig], home: Path) -> Iterator[str]:
    for athlete in athletes:
        for source in connected(athlete, home):
            yield host(athlete, source, home)
        for channel in athlete.channels:
            yield from _of_channel(channel)


def _of_channel(channel: ChannelConfig) -> Iterator[str]:
    """Scheme, host and port only: the rest may be secret. Where an Apprise URL leads is Apprise's business."""
    if channel.kind == NTFY:
        yield channel.server or NTFY_SERVER
    elif channel.kind == TELEGRAM:
        yield channel.server or TELEGRAM_API
    elif channel.kind == EMAIL:
        for secret in (channel.smtp, channel.imap):
            if address := _place(secret):
                yield address


def _place(secret: Secret | None) -> str | None:
    if secret is None:
        return None
    try:
        parts = urlsplit(secret.value())
        port = parts.port
    except (SecretError, ValueError):
        return None  # told where the channel's settings are looked at
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port or MAIL_PORTS[parts.scheme][0]}"
