"""garminconnect's client made fit for a daemon. All that we touch of its inner parts is in this module.

Loaded only where it is used: it brings a browser's worth of libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from garminconnect.client import Client
from garminconnect.client.tokens import _decode_jwt_payload
from garminconnect.exceptions import GarminConnectAuthenticationError

from connectors.http import Session

REFRESH_BEFORE = timedelta(minutes=15)
TIMEOUT_S = 30.0


class NoLastingTokensError(GarminConnectAuthenticationError):
    """Garmin let us in and gave nothing to come back with."""


class RenewalFailedError(Exception):
    """The tokens could not be renewed. `response` is what Garmin said, None where nothing came."""

    def __init__(self, response: requests.Response | None, cause: Exception) -> None:
        super().__init__("the tokens could not be renewed")
        self.response = response
        self.cause = type(cause).__name__


class ConnectClient(Client):
    """Renews its tokens, says so where it cannot, and logs in nowhere by itself.

    `before_renewal` and `renewed` are called around every renewal; what they raise goes through. `renewed` gets the new
    tokens before they are used, for Garmin never takes the old ones again. Without them it is a client for logging in.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        base_url: str | None = None,
        *,
        before_renewal: Callable[[], None] | None = None,
        renewed: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._now = now
        self._before_renewal = before_renewal
        self._renewed = renewed
        self._token_answer: Any = None
        self._api_session = Session(read_s=TIMEOUT_S)
        self._api_session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if base_url:
            self._move_to(base_url.rstrip("/"))

    def ask(self, path: str, params: Mapping[str, str], *, accept: str = "application/json") -> Any:
        """The response to a GET; its errors carry theirs as `response`."""
        return self.request(
            "GET", "connectapi", path, params=params, headers={"Accept": accept}, timeout=TIMEOUT_S
        )

    def _move_to(self, base_url: str) -> None:
        self._sso = self._connect = self._connectapi = base_url
        self._ios_service_url = f"{base_url}/gcm/ios"
        self._mobile_sso_service_url = f"{base_url}/gcm/android"
        self._portal_service_url = f"{base_url}/app"
        self._di_token_url = f"{base_url}/di-oauth2-service/oauth/token"

    def _token_expires_soon(self) -> bool:
        claims = _decode_jwt_payload(str(self.di_token)) or {}
        ends = claims.get("exp")
        if not isinstance(ends, (int, float)) or isinstance(ends, bool):
            return False
        return self._now().timestamp() > ends - REFRESH_BEFORE.total_seconds()

    def _refresh_session(self) -> None:
        """The original swallows every failure; so it does still while the login tries one way after the other."""
        if self._before_renewal is None or self._renewed is None:
            super()._refresh_session()
            return
        self._before_renewal()
        self._token_answer = None
        try:
            self._refresh_di_token()
        except Exception as error:
            raise RenewalFailedError(_plain(self._token_answer), error) from None
        self._renewed(self.dumps())

    def _di_token_post(self, client_id: str, accept: str, data: dict[str, str]) -> Any:
        self._token_answer = super()._di_token_post(client_id, accept, data)
        return self._token_answer

    def _establish_session(self, ticket: str, sess: Any = None, service_url: str | None = None) -> None:
        """The original falls back on a cookie that ends with the day and is of no use to a daemon."""
        try:
            self._exchange_service_ticket(ticket, service_url=service_url)
        except Exception as error:
            raise NoLastingTokensError("no tokens for the ticket") from error
        if not self.di_refresh_token:
            raise NoLastingTokensError("no token to renew with")


def _plain(answer: Any) -> requests.Response | None:
    """An answer of whatever library asked, as one of requests."""
    if answer is None:
        return None
    response = requests.Response()
    response.status_code = answer.status_code
    response._content = answer.content
    response.headers.update(dict(answer.headers))
    return response
