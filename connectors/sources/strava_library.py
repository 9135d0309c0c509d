"""The only module that loads stravalib, and only loaded where that is needed: it costs half a second.

On import it turns on all warnings of the process and sends them to the log, so both are put back.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import requests

os.environ.setdefault("SILENCE_TOKEN_WARNINGS", "1")
with warnings.catch_warnings():
    from stravalib import Client
    from stravalib.exc import ObjectNotFound
    from stravalib.protocol import AccessInfo, ApiV3, Scope
logging.captureWarnings(False)

OAUTH_HOST = f"https://{ApiV3.server}"


class OwnApi(ApiV3):
    """stravalib's protocol without its look into the environment for an application of another program."""

    def _check_credentials(self) -> None:
        self.client_id = self.client_secret = None


def page_to_authorize(client_id: str, redirect_uri: str, state: str, scopes: list[Scope]) -> str:
    """The address to open in a browser. It always asks, so that boxes left empty before can be ticked."""
    return OwnApi().authorization_url(
        _number(client_id), redirect_uri, approval_prompt="force", scope=scopes, state=state
    )


def exchanged(
    session: requests.Session, client_id: str, client_secret: str, code: str
) -> tuple[AccessInfo, dict[str, Any] | None]:
    """A code -> tokens and the athlete. Raises what requests raises, HTTPError with its answer for a refusal."""
    return OwnApi(requests_session=session).exchange_code_for_token(
        _number(client_id), client_secret, code, return_athlete=True
    )


def refreshed(
    session: requests.Session, client_id: str, client_secret: str, refresh_token: str
) -> AccessInfo:
    """A refresh token -> new tokens; the old refresh token may be dead from here on. Raises as `exchanged`."""
    return OwnApi(requests_session=session).refresh_access_token(
        _number(client_id), client_secret, refresh_token
    )


def streams(
    session: requests.Session, activity_id: int, kinds: Sequence[str]
) -> Mapping[str, Sequence[Any] | None] | None:
    """The streams of an activity by name; None where it has none. Raises ValueError for an answer of another shape."""
    client = Client(rate_limit_requests=False)
    client.protocol = OwnApi(requests_session=session)
    try:
        found = client.get_activity_streams(activity_id, types=list(kinds))
    except ObjectNotFound:
        return None
    except (requests.HTTPError, AttributeError, TypeError) as error:
        raise ValueError("the streams have another shape") from error
    return {kind: stream.data for kind, stream in found.items()}


class Relay(requests.Session):
    """Hands every GET of stravalib to `get` as path and parameters, so that all requests go one way."""

    def __init__(self, get: Callable[[str, Mapping[str, Any]], requests.Response]) -> None:
        super().__init__()
        self._get = get

    def get(self, url: str | bytes, **options: Any) -> requests.Response:
        path = str(url).removeprefix(f"{OAUTH_HOST}{ApiV3.api_base}")
        return self._get(path, options.get("params") or {})


def _number(client_id: str) -> int:
    # Strava's ids are numbers; anything else goes as it is, for Strava to refuse.
    return int(client_id) if client_id.isdecimal() else cast("int", client_id)
