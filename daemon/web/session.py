"""Who is signed in, and the proof that a form was ours: two signed texts, nothing on the server."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.page_key import derived

LASTS = timedelta(days=90)
_NONCE_BYTES = 9
_CSRF_BYTES = 18


@dataclass(frozen=True, slots=True)
class Session:
    """A browser. `athlete` None: not signed in. `nonce` is its own and changes when it signs in."""

    athlete: str | None
    nonce: str
    since: int

    @property
    def is_signed_in(self) -> bool:
        return self.athlete is not None


def new_session(athlete: str | None, now: datetime) -> Session:
    return Session(athlete, secrets.token_urlsafe(_NONCE_BYTES), int(now.timestamp()))


def written(session: Session, key: bytes, lock: str) -> str:
    """The cookie. `lock` is the passcode it was opened with, or empty: another passcode ends every session."""
    told = f"{session.athlete or ''}.{session.since}.{session.nonce}"
    return f"{told}.{_signature(told, key, lock)}"


def read(cookie: str, key: bytes, locks: dict[str, str], now: datetime) -> Session | None:
    """The session of a cookie; None where it is not ours, too old, or opened with another passcode.

    `locks` holds the passcode of every athlete, empty where there is none.
    """
    told, dot, signature = cookie.rpartition(".")
    words = told.split(".")
    if not dot or len(words) != 3:
        return None
    athlete, since, nonce = words
    if athlete and athlete not in locks:
        return None
    if not hmac.compare_digest(signature.encode(), _signature(told, key, locks.get(athlete, "")).encode()):
        return None
    # A clock that was put back makes no session younger than new.
    if now.timestamp() - int(since) > LASTS.total_seconds():
        return None
    return Session(athlete or None, nonce, int(since))


def csrf_token(session: Session, key: bytes) -> str:
    """The proof for a form of this session; another text each time, so that compression gives nothing away."""
    proof = _proof(session, key)
    mask = secrets.token_bytes(_CSRF_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, proof)).decode()


def is_ours(token: str, session: Session, key: bytes) -> bool:
    """Whether a form's proof is of this session."""
    try:
        told = base64.b64decode(token.encode("ascii", "replace"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(told) != 2 * _CSRF_BYTES:
        return False
    return hmac.compare_digest(_xor(told[:_CSRF_BYTES], told[_CSRF_BYTES:]), _proof(session, key))


def sealed(text: str, key: bytes) -> str:
    """A sentence for the next page, as a cookie that nobody else can write."""
    packed = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{packed}.{_signature(packed, key, 'told')}"


def unsealed(cookie: str, key: bytes) -> str:
    """The sentence, or nothing."""
    packed, _, signature = cookie.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(packed, key, "told").encode()):
        return ""
    return base64.urlsafe_b64decode(packed).decode()


def _signature(told: str, key: bytes, lock: str) -> str:
    locked = hmac.digest(derived(key, "session"), lock.encode(), "sha256")
    digest = hmac.digest(locked, told.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()


def _proof(session: Session, key: bytes) -> bytes:
    return hmac.digest(derived(key, "form"), session.nonce.encode(), "sha256")[:_CSRF_BYTES]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
