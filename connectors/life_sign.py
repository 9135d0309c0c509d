"""A dead-man switch: a web address that expects to hear from us, and raises the alarm when it does not.

Healthchecks' protocol (start, success, fail) where the address is one of its own; any other address gets the success only.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import requests

from connectors.errors import Broken, Unavailable
from connectors.http import Session, unreachable

type Sign = Literal["start", "success", "fail"]

ANSWERS_WITHIN_S = 10.0
# What a self-hosted Healthchecks takes by default.
LONGEST_BODY = 10_000
NAME = "The watch over life signs"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def check(url: str) -> None:
    """Raises Broken for something that is no web address; the address itself is not told."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Broken("ping_url is no web address. Example: https://hc-ping.com/ and the number of your check")


def knows_more_than_success(url: str) -> bool:
    """Whether this is an address of Healthchecks: it ends in a check's number, or goes by hc-ping.com or …/ping/…."""
    parts = urlsplit(url)
    words = parts.path.strip("/").split("/")
    return not parts.query and (
        parts.hostname == "hc-ping.com" or "ping" in words[:-1] or bool(_UUID.fullmatch(words[-1]))
    )


def give(url: str, sign: Sign, body: str = "", round_id: str | None = None) -> None:
    """Give one sign; `round_id` ties a start to its end. Raises Unavailable, whose text holds no part of the address."""
    full = knows_more_than_success(url)
    if not full and sign != "success":
        return
    parts = urlsplit(url)
    ending = "" if sign == "success" else f"/{sign}"
    target = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}{ending}"))
    content = body.encode()[-LONGEST_BODY:]
    try:
        with Session(read_s=ANSWERS_WITHIN_S, whole_s=ANSWERS_WITHIN_S) as session:
            if full:
                answer = session.post(target, params={"rid": round_id} if round_id else None, data=content)
            else:
                answer = session.get(target)
    except requests.RequestException as error:
        raise unreachable(NAME, error) from None
    if not answer.ok:
        raise Unavailable(f"{NAME} answered with status {answer.status_code}")
