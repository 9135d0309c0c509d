"""One GET at a time to Strava's API: which host, which token, within which limits, and what its refusals mean.

The API moves from www.strava.com to a host of its own on 4 January 2027. Whichever answers is remembered; a 404 counts
as "no such activity" only from a host that has answered a listing or the athlete before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.errors import Broken, Unavailable
from connectors.http import Session, json_of, unreachable
from connectors.keyfile import KeyFile
from connectors.sources.strava_limits import Purpose, Usage, pause, restored, saved, usage_of
from connectors.sources.strava_refusals import TITLE, lacks_scope, refusal
from connectors.sources.strava_tokens import StravaApp, Tokens

PATH = "/api/v3"
OLD_API = f"https://www.strava.com{PATH}"
NEW_APIS = ("https://api-v3.strava.com", "https://www.api-v3.strava.com")
"""Strava's changelog names the first, its letter to developers the second."""
MOVES_AT = datetime(2027, 1, 4, tzinfo=UTC)
SAVED_EVERY = 10
"""Requests after which the figures are saved, where nothing else saves them."""


class StravaApi:
    """The API as one runner's token sees it. Raises Unavailable, NeedsLogin or Broken; never sleeps."""

    def __init__(
        self,
        keys: KeyFile,
        now: Callable[[], datetime],
        *,
        app: StravaApp | None = None,
        base_url: str | None = None,
    ) -> None:
        self._keys = keys
        self._now = now
        self._tokens = Tokens(keys, now, app, base_url)
        self._session = Session()
        self._fixed = None if base_url is None else base_url.rstrip("/") + PATH
        self._answering: str | None = None
        self._usage: Usage | None = None
        self._usage_loaded = False
        self._unsaved = 0

    def rows(self, parameters: Mapping[str, int]) -> list[Any]:
        """One page of the runner's activities, as it came."""
        response = self._get("/athlete/activities", parameters, "list")
        if response.status_code == 404:
            raise Broken(f"{TITLE} does not know the list of activities (404); update niggled")
        content = json_of(TITLE, response)
        if not isinstance(content, list):
            raise Broken(f"{TITLE} answered with something else than a list of activities")
        return content

    def has_activity(self, activity_id: str) -> bool:
        """Whether the activity is still there; only Strava's own "not found" says no."""
        response = self._get(f"/activities/{activity_id}", {"include_all_efforts": "false"}, "list")
        if response.status_code == 404:
            return False
        content = json_of(TITLE, response)
        if not isinstance(content, dict) or "id" not in content:
            raise Broken(f"{TITLE} answered with something else than an activity")
        return True

    def samples(self, path: str, parameters: Mapping[str, Any]) -> requests.Response:
        """The answer to a request for streams: a success, or a 404."""
        return self._get(path, parameters, "samples")

    def save_usage(self) -> None:
        """Keep the figures and the host for the next process; they are not worth a failure."""
        if not self._unsaved:
            return
        self._unsaved = 0
        base = None if self._fixed else self._answering
        changes = {} if base is None else {"api_base": base}
        try:
            self._keys.update(**changes, usage=None if self._usage is None else saved(self._usage))
        except Broken:
            return

    def _get(self, path: str, parameters: Mapping[str, Any], purpose: Purpose) -> requests.Response:
        """A success, or a 404: for an activity only from a host that has the API."""
        try:
            if self._answering is None and not path.startswith("/athlete"):
                self._find_host(purpose)
            response = self._found(path, parameters, purpose)
        except BaseException:
            self.save_usage()
            raise
        if self._unsaved >= SAVED_EVERY:
            self.save_usage()
        return response

    def _find_host(self, purpose: Purpose) -> None:
        response = self._found("/athlete", {}, purpose)
        if response.status_code == 404:
            raise Broken(f"{TITLE} does not know its own athlete (404); update niggled")

    def _found(self, path: str, parameters: Mapping[str, Any], purpose: Purpose) -> requests.Response:
        token = self._tokens.current()
        response = self._answer(path, parameters, token, purpose)
        if response.status_code == 401 and not lacks_scope(response):
            token = self._tokens.renewed(token)
            response = self._answer(path, parameters, token, purpose)
        if response.status_code == 404 and response.content.lstrip()[:1] == b"<":
            # A page of whoever stands before Strava says nothing about an activity.
            raise Unavailable(f"{TITLE} answered with a web page instead of data")
        if response.status_code in (200, 404):
            return response
        raise refusal(response, self._usage, self._now())

    def _answer(
        self, path: str, parameters: Mapping[str, Any], token: str, purpose: Purpose
    ) -> requests.Response:
        """The answer of the host that has the API, any status."""
        if self._answering is not None:
            return self._send(self._answering, path, parameters, token, purpose)
        moved: list[requests.Response] = []
        failures: list[_NoConnection] = []
        for base in self._bases():
            try:
                response = self._send(base, path, parameters, token, purpose)
            except _NoConnection as failure:
                failures.append(failure)
                continue
            if not response.is_redirect and response.status_code not in (404, 410):
                self._answering = base
                return response
            moved.append(response)
        # A host that cannot be reached may be the one that has the API.
        if failures:
            raise failures[0]
        return moved[0]

    def _bases(self) -> tuple[str, ...]:
        if self._fixed is not None:
            return (self._fixed,)
        usual = (OLD_API, *NEW_APIS) if self._now() < MOVES_AT else (*NEW_APIS, OLD_API)
        last = self._keys.load().get("api_base")
        return tuple(sorted(usual, key=lambda base: base != last))

    def _send(
        self, base: str, path: str, parameters: Mapping[str, Any], token: str, purpose: Purpose
    ) -> requests.Response:
        self._stop_if_used_up(purpose)
        try:
            response = self._session.get(
                base + path,
                params=dict(parameters),
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                allow_redirects=False,
            )
        except requests.ConnectionError as error:
            raise _NoConnection(str(unreachable(TITLE, error))) from None
        except requests.RequestException as error:
            raise unreachable(TITLE, error) from None
        self._usage = usage_of(response.headers, self._now()) or self._usage
        self._unsaved += 1
        return response

    def _stop_if_used_up(self, purpose: Purpose) -> None:
        if not self._usage_loaded:
            self._usage = restored(self._keys.load().get("usage"))
            self._usage_loaded = True
        if self._usage is None:
            return
        stop = pause(self._usage, self._now(), purpose)
        if stop is not None:
            said, back = stop
            raise Unavailable(said, back, paced=True)


class _NoConnection(Unavailable):
    """No answer at all from this host; another one may have the API."""
