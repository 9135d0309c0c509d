"""How a button says which question it answers, and with what: one line of "<token><sign><answer>"."""

from __future__ import annotations

import re

_MARKED = re.compile(r"(?P<token>[A-Za-z0-9_-]{8,48})(?P<sign>[.:])(?P<answer>\S.*)")


def marked(token: str, answer: str, sign: str) -> str:
    return f"{token}{sign}{answer}"


def parted(text: str, sign: str) -> tuple[str, str] | None:
    """Token and answer; None for anything that has not the form of a button's line. Whether the token is real is not
    known here."""
    found = _MARKED.fullmatch(text.strip())
    return (found["token"], found["answer"]) if found and found["sign"] == sign else None
