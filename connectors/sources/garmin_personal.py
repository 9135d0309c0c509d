"""The official door: Garmin's own client for the Personal API, with a key that the runner has made.

The key is exchanged for a pass that lasts a day. We keep the pass ourselves, beside the key: the client's own cache
loses it where its file cannot be written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.http import Session, json_of, unreachable
from connectors.keyfile import KeyFile
from connectors.sources.garmin_client import (
    ACTIVITIES,
    LOGIN_CURE,
    Refused,
    failure_of,
    is_page,
    plain_failure,
)
from connectors.sources.garmin_key import fingerprint, no_key, usable_keys, with_refusal
from connectors.sources.garmin_nights import PERSONAL_TABLES, NightTable

if TYPE_CHECKING:
    from garmin_personal_api.client import GarminPersonalApiClient

BASE_URL = "https://personal.connectapi.garmin.com"
LARGEST_PAGE, SMALLEST_PAGE = 40, 5
"""Garmin answers 500 to pages above some size it does not tell; it was 45 once."""
TRY_LARGER_AFTER = timedelta(days=7)
PASS_LEFT = timedelta(minutes=10)
"""A pass that ends sooner is exchanged before it is used."""
WAIT_AFTER_429 = timedelta(minutes=15)
PASS_ENTRIES = ("bearer", "bearer_expires_at", "bearer_for")
LONGEST_PASS = timedelta(days=7)
TIMEOUT_S = 30.0
NOT_A_JWT = "Garmin sent something other than a pass for the key"

_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)


class PersonalClient:
    """See `connectors.sources.garmin_client.GarminClient`. `api_key` is the configured one, for where none is saved."""

    night_tables: Sequence[NightTable] = PERSONAL_TABLES

    def __init__(
        self, keys: KeyFile, now: Callable[[], datetime], *, api_key: str | None, base_url: str | None = None
    ) -> None:
        self._keys = keys
        self._now = now
        self._configured = api_key
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._kept: dict[str, Any] = {}
        self._last = requests.Response()
        self._session = Session(read_s=TIMEOUT_S)
        # The client's errors carry no headers, and `Retry-After` is one.
        self._session.hooks["response"].append(self._note)

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        return self._with_pass(lambda client: client.get(path, params=params))

    def activities(self, start: int, filters: Mapping[str, str]) -> Any:
        """One page, in the largest size that Garmin bears; a smaller one is remembered once it has worked."""
        first_size = size = self._page_size()
        while True:
            try:
                rows = self.get(ACTIVITIES, {**filters, "start": str(start), "limit": str(size)})
            except Refused as refused:
                if refused.status != 500 or size <= SMALLEST_PAGE:
                    raise
                size = max(size // 2, SMALLEST_PAGE)
                continue
            if size != first_size:
                self._remember(page_size=size, page_size_on=self._now().date().isoformat())
            return rows

    def download(self, activity_id: str) -> bytes:
        def original(client: GarminPersonalApiClient) -> bytes:
            from garmin_personal_api.errors import GarminPersonalApiError, HttpError

            try:
                return client.download_activity(activity_id)
            except HttpError:
                raise
            except GarminPersonalApiError:
                return b""

        return self._with_pass(original)

    def exchange(self, key: str) -> None:
        """Get a pass for a key and keep it. Raises Refused (401, 403) where Garmin does not take the key."""
        from garmin_personal_api.auth import PersonalApiAuthenticator

        # Its cache is led astray on purpose: a fresh pass must not depend on a file being writable.
        authenticator = PersonalApiAuthenticator(
            session=self._session, timeout=TIMEOUT_S, bearer_token_cache_file=os.devnull
        )
        authenticator.base_url = self._base_url
        token = self._asked(lambda: authenticator.obtain_token(key, force_refresh=True))
        if not _JWT.fullmatch(token.access_token):
            raise Broken(NOT_A_JWT)
        life_s = min(max(token.expires_at - self._now().timestamp(), 0.0), LONGEST_PASS.total_seconds())
        self._kept = {
            "bearer": token.access_token,
            "bearer_expires_at": self._now().timestamp() + life_s,
            "bearer_for": self._owner(key),
        }
        self._remember(**self._kept)

    def _with_pass[Answer](self, ask: Callable[[GarminPersonalApiClient], Answer]) -> Answer:
        """Ask with the pass at hand, and once more with a new one where Garmin does not take it."""
        from garmin_personal_api.client import GarminPersonalApiClient

        for fresh in (False, True):
            client = GarminPersonalApiClient(
                self._bearer(fresh=fresh), timeout=TIMEOUT_S, session=self._session
            )
            client.base_url = self._base_url
            try:
                return self._asked(partial(ask, client))
            except Refused as refused:
                if refused.status != 401:
                    raise
        raise NeedsLogin("login", LOGIN_CURE, "Garmin takes the key and still shows nothing.")

    def _bearer(self, *, fresh: bool) -> str:
        """A pass that Garmin should take. Raises NeedsLogin, without a request, where every key was refused before."""
        saved = self._keys.load()
        for key in usable_keys(saved, self._configured):
            for kept in (self._kept, saved):
                if not fresh and self._is_valid(kept, key):
                    return str(kept["bearer"])
            try:
                self.exchange(key)
            except Refused as refused:
                if refused.status not in (401, 403) or refused.page:
                    raise plain_failure(refused) from None
                self._remember(refused=with_refusal(saved, key), **dict.fromkeys(PASS_ENTRIES))
                self._kept = {}
                saved = self._keys.load()
                continue
            return str(self._kept["bearer"])
        raise no_key(saved, self._configured)

    def _is_valid(self, kept: Mapping[str, Any], key: str) -> bool:
        ends = kept.get("bearer_expires_at")
        return (
            bool(kept.get("bearer"))
            and isinstance(ends, (int, float))
            and ends - self._now().timestamp() > PASS_LEFT.total_seconds()
            and kept.get("bearer_for") == self._owner(key)
        )

    def _owner(self, key: str) -> str:
        """What a pass belongs to: a key at a host."""
        return fingerprint(f"{self._base_url}\0{key}")

    def _asked[Answer](self, ask: Callable[[], Answer]) -> Answer:
        """The answer of Garmin's client, its errors in our words: theirs hold addresses and whole answers."""
        from garmin_personal_api.errors import GarminPersonalApiError, HttpError

        try:
            return ask()
        except requests.JSONDecodeError:
            json_of("Garmin", self._last)
            raise
        except requests.RequestException as error:
            raise unreachable("Garmin", error) from None
        except HttpError:
            raise failure_of(self._last, self._now(), WAIT_AFTER_429) from None
        except GarminPersonalApiError:
            if is_page(self._last):
                raise Unavailable("Garmin answered with a web page instead of a pass") from None
            raise Broken(NOT_A_JWT) from None

    def _note(self, response: requests.Response, **_: Any) -> None:
        self._last = response

    def _page_size(self) -> int:
        saved = self._keys.load()
        size, day = saved.get("page_size"), saved.get("page_size_on")
        try:
            is_recent = self._now().date() - date.fromisoformat(str(day)) < TRY_LARGER_AFTER
        except ValueError:
            return LARGEST_PAGE
        return (
            size
            if is_recent and isinstance(size, int) and size in range(SMALLEST_PAGE, LARGEST_PAGE)
            else LARGEST_PAGE
        )

    def _remember(self, **changes: Any) -> None:
        # All of it can be found out again, so a full disk does not stop a pass over the activities.
        with suppress(Broken):
            self._keys.update(**changes)
