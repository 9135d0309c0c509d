"""The unofficial door: Garmin Connect as the runner's own app sees it, with the tokens of one login.

The tokens are all there is: Garmin lets nobody log in often, so a daemon never does. They change with every renewal and
are saved at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.http import json_of, unreachable
from connectors.keyfile import KeyFile
from connectors.sources.garmin_client import (
    ACTIVITIES,
    LOGIN_CURE,
    Refused,
    failure_of,
    is_page,
    plain_failure,
)
from connectors.sources.garmin_key import fingerprint, with_refusal
from connectors.sources.garmin_nights import LOGIN_TABLES, NightTable

if TYPE_CHECKING:
    from connectors.sources.garmin_connect import ConnectClient, RenewalFailedError

PAGE_SIZE = 100
WAIT_AFTER_429 = timedelta(hours=1)
DOWNLOADS = "/download-service/files/activity"


class LoginClient:
    """See `connectors.sources.garmin_client.GarminClient`."""

    night_tables: Sequence[NightTable] = LOGIN_TABLES

    def __init__(self, keys: KeyFile, now: Callable[[], datetime], *, base_url: str | None = None) -> None:
        self._keys = keys
        self._now = now
        self._base_url = base_url
        self._client: ConnectClient | None = None
        self._tokens = ""

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        response = self._ask(path, params)
        return json_of("Garmin", response) if response.content else None

    def activities(self, start: int, filters: Mapping[str, str]) -> Any:
        return self.get(ACTIVITIES, {**filters, "start": str(start), "limit": str(PAGE_SIZE)})

    def download(self, activity_id: str) -> bytes:
        content: bytes = self._ask(f"{DOWNLOADS}/{quote(activity_id, safe='')}", {}, accept="*/*").content
        return content

    def _ask(self, path: str, params: Mapping[str, str], *, accept: str = "application/json") -> Any:
        from garminconnect.exceptions import GarminConnectConnectionError

        from connectors.sources.garmin_connect import RenewalFailedError

        client = self._ready()
        try:
            return client.ask(path, params, accept=accept)
        except RenewalFailedError as failure:
            raise self._renewal_failure(failure) from None
        except GarminConnectConnectionError as error:
            raise self._failure(error.response) from None
        except requests.RequestException as error:
            raise unreachable("Garmin", error) from None

    def _ready(self) -> ConnectClient:
        """A client with the saved tokens, whoever saved them. Raises NeedsLogin, without a request, for dead ones."""
        saved = self._keys.load()
        tokens = saved.get("tokens")
        if not isinstance(tokens, str):
            raise NeedsLogin("login", LOGIN_CURE, "Garmin is not connected yet.")
        if fingerprint(tokens) in (saved.get("refused") or ()):
            raise self._dead()
        if self._client is None or tokens != self._tokens:
            self._client = self._opened(tokens)
            self._tokens = tokens
        return self._client

    def _opened(self, tokens: str) -> ConnectClient:
        from garminconnect.exceptions import GarminConnectConnectionError

        from connectors.sources.garmin_connect import ConnectClient

        client = ConnectClient(
            self._now, self._base_url, before_renewal=self._see_that_saving_works, renewed=self._save
        )
        try:
            client.loads(tokens)
        except GarminConnectConnectionError:
            raise NeedsLogin("login", LOGIN_CURE, "The saved login for Garmin cannot be read.") from None
        return client

    def _see_that_saving_works(self) -> None:
        # A renewal ends the old tokens: with the new ones unsaved, the runner would have to log in again.
        self._keys.save(self._keys.load())

    def _save(self, tokens: str) -> None:
        self._keys.update(tokens=tokens)
        self._tokens = tokens

    def _renewal_failure(self, failure: RenewalFailedError) -> ConnectorError:
        if failure.response is None:
            return Unavailable(f"Garmin could not be reached ({failure.cause})")
        if failure.response.status_code in (400, 401) and not is_page(failure.response):
            return self._latched()
        if failure.response.ok:
            try:
                json_of("Garmin", failure.response)
            except ConnectorError as problem:
                return problem
            return Broken("Garmin sent something other than tokens")
        return _plain(failure_of(failure.response, self._now(), WAIT_AFTER_429))

    def _failure(self, response: Any) -> ConnectorError:
        if response is None:
            return Broken("Garmin was asked in a way that its client does not allow")
        if response.status_code == 401 and not is_page(response):
            return self._latched()
        return failure_of(response, self._now(), WAIT_AFTER_429)

    def _latched(self) -> ConnectorError:
        """The tokens are dead, and are not tried again; other ones that were saved meanwhile are, next time."""
        with suppress(Broken):
            saved = self._keys.update(refused=with_refusal(self._keys.load(), self._tokens))
            if saved.get("tokens") not in (None, self._tokens):
                return Unavailable("Garmin got a new login in between")
        return self._dead()

    def _dead(self) -> NeedsLogin:
        return NeedsLogin("login", LOGIN_CURE, "Garmin no longer accepts the login.")


def _plain(failure: ConnectorError) -> ConnectorError:
    return plain_failure(failure) if isinstance(failure, Refused) else failure
