"""The secret of the page: what signs its cookies and the links in messages. One file beside the data, made when first
wanted; without it every device signs in again and links that wait open nothing."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from daemon.store.unfinished import give_to_owner_of

NAME = "page.key"
LENGTH = 32


class PageKeyError(Exception):
    """The key cannot be had; the text says why, and the cure."""


def page_key(home: Path) -> bytes:
    """The key of this home, made where there is none. Raises PageKeyError."""
    path = home / NAME
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise PageKeyError(
            f"{path}: {error.strerror}. niggled must be able to read and write there."
        ) from error
    if len(found) != LENGTH:
        raise PageKeyError(f"{path} is damaged. Remove it: a new one is made, and devices sign in again.")
    return found


def derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what signs links cannot sign cookies."""
    return hmac.digest(key, purpose.encode(), "sha256")


def _make(path: Path) -> None:
    """Whole or not at all; of two that are made at once the first stays."""
    unfinished = path.with_name(f".{NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            give_to_owner_of(path.parent, file.fileno())
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            return
    finally:
        unfinished.unlink(missing_ok=True)
