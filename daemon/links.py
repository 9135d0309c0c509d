"""Links in messages: they open one question, and only with our signature.

`<page>/a/<token>-<signature>`. The token alone also travels in the buttons of ntfy and in mails, so it must not open
the page by itself. Single use, expiry and correction are the store's business.
"""

from __future__ import annotations

import base64
import hmac
import logging
import re
from collections.abc import Callable

from daemon.config import Config
from daemon.page_key import PageKeyError, derived, page_key
from daemon.store.messages import TOKEN_LENGTH

log = logging.getLogger(__name__)

SIGNATURE_BYTES = 12
_LINK = re.compile(rf"([A-Z2-7]{{{TOKEN_LENGTH}}})-([A-Za-z0-9_-]{{16}})")


def linker(config: Config) -> Callable[[str], str | None]:
    """What makes links of tokens; it makes none where no phone could open them, or there is no key to sign with."""
    base_url = config.page.base_url
    if base_url is None:
        return lambda token: None
    try:
        key = page_key(config.home)
    except PageKeyError as error:
        log.warning("Messages go out without links. %s", error)
        return lambda token: None
    return lambda token: answer_link(base_url, key, token)


def answer_link(base_url: str, key: bytes, token: str) -> str:
    """The address that opens the question of `token`."""
    return f"{base_url}/a/{signed(key, token)}"


def signed(key: bytes, token: str) -> str:
    """ "ABCDEFGHIJ" -> "ABCDEFGHIJ-<signature>"."""
    return f"{token}-{_signature(key, token)}"


def token_in(key: bytes, link: str) -> str | None:
    """The token of the last part of a link; None where it does not bear our signature."""
    match = _LINK.fullmatch(link)
    if match is None or not hmac.compare_digest(match[2], _signature(key, match[1])):
        return None
    return match[1]


def _signature(key: bytes, token: str) -> str:
    digest = hmac.digest(derived(key, "answer link"), token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()
