"""The key of Garmin's Personal API: what one looks like, which one to use, and when it is time for the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from connectors.errors import NeedsLogin

SHORTEST_KEY, LONGEST_KEY = 8, 4096
SHORT_VALIDITY_DAYS = 30
REMIND_DAYS = (14, 3)
REMIND_DAYS_SHORT = (5, 1)
REMEMBERED_REFUSALS = 5
KEY_CURE = (
    "Make a new key in Garmin Connect on the web → Settings → Personal API, "
    "then paste it on your page or run `niggled login garmin`."
)


@dataclass(frozen=True, slots=True)
class KeyCountdown:
    """How long the key still works. `reminder` is the last threshold (in days) that was passed, None while there is
    nothing to say; say each of them once."""

    ends: date
    days_left: int
    reminder: int | None


def key_countdown(ends: date, validity_days: int | None, today: date) -> KeyCountdown:
    """Reminders come 14 and 3 days before the end, for a key of 30 days 5 and 1 days before.

    `validity_days`: how long the key was made for, None where nobody said.
    """
    short = validity_days is not None and validity_days <= SHORT_VALIDITY_DAYS
    days_left = (ends - today).days
    passed = [days for days in (REMIND_DAYS_SHORT if short else REMIND_DAYS) if 0 <= days_left <= days]
    return KeyCountdown(ends, days_left, min(passed, default=None))


def key_problem(text: str) -> str | None:
    """Why a pasted text is no key, as a sentence; None where it may be one."""
    if not text.strip():
        return "There is nothing there."
    if len(text.strip().splitlines()) > 1:
        return "A key is one line."
    if any(character.isspace() for character in text.strip()):
        return "A key has no blanks in it."
    if not text.strip().isascii() or not text.strip().isprintable():
        return "A key has only plain letters, digits and signs."
    if not SHORTEST_KEY <= len(text.strip()) <= LONGEST_KEY:
        return (
            "A key is longer than that."
            if len(text.strip()) < SHORTEST_KEY
            else "A key is shorter than that."
        )
    return None


def fingerprint(secret: str) -> str:
    """What stands for a key or token where it must be recognised and not be read."""
    return sha256(secret.encode()).hexdigest()


def usable_keys(saved: Mapping[str, Any], configured: str | None) -> Iterator[str]:
    """The keys worth asking with: the saved one, then the configured one, without those that Garmin has refused."""
    tried: set[str] = set(saved.get("refused") or ())
    for key in (saved.get("api_key"), configured):
        if isinstance(key, str) and key.strip() and fingerprint(key.strip()) not in tried:
            tried.add(fingerprint(key.strip()))
            yield key.strip()


def with_refusal(saved: Mapping[str, Any], key: str) -> list[str]:
    """The fingerprints of refused keys, this one among them."""
    return [*(one for one in saved.get("refused") or () if one != fingerprint(key)), fingerprint(key)][
        -REMEMBERED_REFUSALS:
    ]


def no_key(saved: Mapping[str, Any], configured: str | None) -> NeedsLogin:
    """What to say where no usable key is left."""
    if saved.get("api_key") or configured:
        return NeedsLogin("key_expired", KEY_CURE, "Garmin no longer accepts the key.")
    return NeedsLogin("login", "Run `niggled login garmin`.", "There is no key for Garmin yet.")
