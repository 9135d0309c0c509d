"""What a network fault means for a message that was on its way."""

from __future__ import annotations

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from connectors.errors import Unavailable
from connectors.http import unreachable


def not_posted(service: str, error: requests.RequestException) -> Unavailable:
    """As `unreachable`, and `may_have_arrived` unless the connection never came about."""
    plain = unreachable(service, error)
    if _never_connected(error):
        return plain
    return Unavailable(f"{plain}; the message may still have arrived", may_have_arrived=True)


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | ValueError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | SSLError)
