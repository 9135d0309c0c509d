"""Logging in to Strava and out again: the page to open, what comes back from it, and the tokens for it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.errors import NeedsLogin
from connectors.http import Session, unreachable
from connectors.keyfile import KeyFile
from connectors.sources.strava_refusals import LOG_IN_ALL_BOXES, TITLE, token_refusal
from connectors.sources.strava_tokens import (
    OAUTH_HOST,
    StravaApp,
    access_token,
    application,
    asked_for_tokens,
    token_entries,
)

if TYPE_CHECKING:
    from stravalib.protocol import Scope

SCOPES: list[Scope] = ["read", "activity:read_all"]
NEEDED_SCOPE = "activity:read_all"
"""Without it Strava leaves out private activities, and a private run counts like any other."""
OWN_ACCOUNT = (
    "Log in to your own on strava.com, then run `niggled login strava`; if you have changed accounts, "
    "run `niggled logout strava` first."
)


def authorization_url(app: StravaApp, redirect_uri: str, state: str, base_url: str | None = None) -> str:
    """The page of Strava's that the runner opens; `state` must come back with the answer."""
    from connectors.sources.strava_library import page_to_authorize

    page = page_to_authorize(app.client_id, redirect_uri, state, SCOPES)
    return (base_url or OAUTH_HOST).rstrip("/") + page.removeprefix(OAUTH_HOST)


def code_from(redirect: str, state: str) -> str:
    """The code in the address that Strava sent the browser to, given whole or as its query.

    Raises NeedsLogin for a refusal, a missing permission, and an address of another login.
    """
    answer = _answer_in(redirect)
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise NeedsLogin(
            "login",
            "Run `niggled login strava` again and use the address of its last page.",
            "This address does not belong to this login",
        )
    if "error" in answer:
        refused = answer["error"] == "access_denied"
        raise NeedsLogin(
            "login",
            "Run `niggled login strava` and press Authorize on Strava's page.",
            f"{TITLE} was not allowed to share your activities" if refused else f"{TITLE} ended the login",
        )
    if not answer.get("code") or "scope" not in answer:
        raise NeedsLogin(
            "login",
            "Copy the whole address from the browser, to its end.",
            "This address is not complete",
        )
    if NEEDED_SCOPE not in answer["scope"].replace(" ", ",").split(","):
        raise NeedsLogin("scope", LOG_IN_ALL_BOXES, "The box for private activities was not ticked")
    return answer["code"]


def _answer_in(redirect: str) -> dict[str, str]:
    """The fields of an address, or of its query, as people paste it; none of what is no address."""
    # A byte that is no text must not end in a traceback, nor must the quotes that a chat puts around an address.
    text = redirect.encode("utf-8", "replace").decode().strip(" \t\r\n\"'<>")
    try:
        return {
            name: values[-1] for name, values in parse_qs(urlsplit(text).query or text.lstrip("?")).items()
        }
    except ValueError:
        return {}


def exchange(
    app: StravaApp,
    code: str,
    keys: KeyFile,
    now: Callable[[], datetime],
    base_url: str | None = None,
    *,
    keep_app: bool = False,
) -> None:
    """Turn a code into tokens and save them; `keep_app` saves the application too, where no configuration has it.

    Raises NeedsLogin, Unavailable or Broken, and then what was saved before is untouched: also where the browser was logged
    in as somebody else, whose account would make the runner's own activities look deleted.
    """
    from connectors.sources.strava_library import exchanged

    answer, athlete = asked_for_tokens(
        lambda session: exchanged(session, app.client_id, app.client_secret, code), base_url, now()
    )
    created, number = ((athlete or {}).get(name) for name in ("created_at", "id"))
    before = keys.load().get("athlete_id")
    if before is not None and number is not None and number != before:
        raise NeedsLogin("login", OWN_ACCOUNT, f"This is another account at {TITLE} than before")
    keys.update(
        **token_entries(answer),
        scope=",".join(SCOPES),
        athlete_created_at=created if isinstance(created, str) else None,
        athlete_id=before if number is None else number,
        client_id=app.client_id if keep_app else None,
        client_secret=app.client_secret if keep_app else None,
        api_base=None,
        usage=None,
    )


def revoke(
    keys: KeyFile,
    now: Callable[[], datetime],
    base_url: str | None = None,
    *,
    app: StravaApp | None = None,
) -> None:
    """Have Strava forget our tokens, then forget them too. Raises Unavailable or Broken where Strava did not do it,
    and NeedsLogin where nobody is logged in; a login that Strava has already ended is forgotten silently."""
    content = keys.load()
    token = access_token(content)
    known = application(app, content)
    session, host = Session(), (base_url or OAUTH_HOST).rstrip("/")
    bearer = {"Authorization": f"Bearer {token}"}
    try:
        # The older way ends on 1 June 2027; the newer one exists since June 2026.
        response = session.post(
            f"{host}/oauth/revoke",
            data={"token": content.get("refresh_token") or token},
            auth=(known.client_id, known.client_secret),
            allow_redirects=False,
        )
        if response.status_code in (404, 405, 410):
            response = session.post(f"{host}/oauth/deauthorize", headers=bearer, allow_redirects=False)
    except requests.RequestException as error:
        raise unreachable(TITLE, error) from None
    finally:
        session.close()
    if response.status_code not in (200, 204, 401):
        raise token_refusal(response, now())
    keys.update(access_token=None, refresh_token=None, expires_at=None, scope=None, usage=None)
