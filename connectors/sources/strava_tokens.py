"""The access token of one runner: read from the key file, renewed in time, stored before it is used.

Strava gives a new refresh token with every new access token, and the old one may be dead from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.errors import Broken, ConnectorError, NeedsLogin
from connectors.http import Session, json_of, unreachable
from connectors.keyfile import KeyFile
from connectors.sources.strava_refusals import CHECK_APP, LOG_IN, TITLE, token_refusal

OAUTH_HOST = "https://www.strava.com"
RENEW_BEFORE = timedelta(hours=1)
"""Asked for earlier, Strava answers with the token we have."""


@dataclass(frozen=True, slots=True)
class StravaApp:
    """The API application that the runner made on strava.com/settings/api."""

    client_id: str
    client_secret: str = field(repr=False)


class Tokens:
    """The token of one key file, which other processes may renew as well."""

    def __init__(
        self,
        keys: KeyFile,
        now: Callable[[], datetime],
        app: StravaApp | None = None,
        base_url: str | None = None,
    ) -> None:
        self._keys = keys
        self._now = now
        self._app = app
        self._base_url = base_url
        self._renewed = ""

    def current(self) -> str:
        """A token that is good for a while. Raises NeedsLogin, Unavailable or Broken."""
        content = self._keys.load()
        token = access_token(content)
        # What Strava gave just now is used as it is, whatever our clock makes of its end.
        if token == self._renewed or self._now() + RENEW_BEFORE < expiry(content):
            return token
        return self._renew(content)

    def renewed(self, refused: str) -> str:
        """Another token than the one that was refused. Raises NeedsLogin, Unavailable or Broken."""
        content = self._keys.load()
        token = access_token(content)
        return token if token != refused else self._renew(content)

    def _renew(self, content: Mapping[str, Any]) -> str:
        app = application(self._app, content)
        spent = str(content.get("refresh_token") or "")
        if not spent:
            raise NeedsLogin("login", LOG_IN, f"The login to {TITLE} is not complete")
        # Where nothing can be stored, a new token would be lost and the old one dead.
        self._keys.save(dict(content))
        from connectors.sources.strava_library import refreshed

        try:
            answer = asked_for_tokens(
                lambda session: refreshed(session, app.client_id, app.client_secret, spent),
                self._base_url,
                self._now(),
            )
        except NeedsLogin:
            latest = self._keys.load()
            if latest.get("refresh_token") in (None, spent):
                raise
            self._renewed = access_token(latest)
            return self._renewed
        self._keys.update(**token_entries(answer))
        self._renewed = str(answer["access_token"])
        return self._renewed


def access_token(content: Mapping[str, Any]) -> str:
    """The token as it was saved. Raises NeedsLogin where there is none."""
    token = content.get("access_token")
    if not isinstance(token, str) or not token:
        raise NeedsLogin("login", LOG_IN, f"Nobody is logged in to {TITLE} yet")
    return token


def expiry(content: Mapping[str, Any]) -> datetime:
    """When the saved token ends; long ago where that is not known."""
    try:
        return datetime.fromtimestamp(int(content["expires_at"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def application(app: StravaApp | None, content: Mapping[str, Any]) -> StravaApp:
    """The configured application, else the saved one. Raises NeedsLogin where there is none."""
    if app is not None:
        return app
    client_id, secret = content.get("client_id"), content.get("client_secret")
    if not client_id or not secret:
        raise NeedsLogin("login", CHECK_APP, f"The client_id or client_secret for {TITLE} is missing")
    return StravaApp(str(client_id), str(secret))


def asked_for_tokens[Answer](
    ask: Callable[[requests.Session], Answer], base_url: str | None, now: datetime
) -> Answer:
    """What the token endpoint answers, its failures in our words and without what was sent."""
    try:
        with OAuthSession(base_url) as session:
            return ask(session)
    except requests.HTTPError as error:
        failure: ConnectorError = (
            unreachable(TITLE, error) if error.response is None else token_refusal(error.response, now)
        )
    except requests.RequestException as error:
        failure = unreachable(TITLE, error)
    except (LookupError, TypeError, ValueError):
        failure = Broken(f"{TITLE} answered a login with something that is no token")
    raise failure


def token_entries(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the key file keeps of a token answer. Raises Broken for one that makes no sense."""
    access, refresh, expires_at = (
        answer.get(name) for name in ("access_token", "refresh_token", "expires_at")
    )
    texts = all(isinstance(text, str) and text for text in (access, refresh))
    if not texts or isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        raise Broken(f"{TITLE} answered a login with something that is no token")
    return {"access_token": access, "refresh_token": refresh, "expires_at": int(expires_at)}


class OAuthSession(Session):
    """Speaks to Strava's login, or to `base_url` in its place; what is no JSON never gets any further."""

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__()
        self._host = (base_url or OAUTH_HOST).rstrip("/")

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        address = self._host + str(url).removeprefix(OAUTH_HOST)
        response = super().request(method, address, *args, **options | {"allow_redirects": False})
        if response.is_redirect:
            raise requests.HTTPError("redirected", response=response)
        if response.ok:
            json_of(TITLE, response)
        return response
