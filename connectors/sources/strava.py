"""Strava as a door: activities newest first, recordings one by one, within what Strava allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from connectors.errors import Broken, Unavailable
from connectors.formats.leg import Leg
from connectors.http import json_of
from connectors.keyfile import KeyFile
from connectors.sources.door import Listed, Page, Unread
from connectors.sources.file_records import STRAVA
from connectors.sources.strava_api import StravaApi
from connectors.sources.strava_facts import STREAMS, listed, samples_of
from connectors.sources.strava_refusals import TITLE
from connectors.sources.strava_tokens import StravaApp
from rules.facts import Activity, Night
from rules.sports import SportLists

PAGE_ROWS = 200
RECENT = timedelta(days=31)
"""A window that begins later is asked for from its beginning, which saves the rows before it."""
RECORDINGS_AT_ONCE = 30
BETWEEN_RECORDINGS = timedelta(minutes=1)
STALE_PAGES = 2
"""Pages in a row without anything new: one may come of rows that moved on while we read, two of a broken service."""


class StravaDoor:
    """See `connectors.sources.door.Door`. Not for several threads at once."""

    source = STRAVA
    title = TITLE

    def __init__(
        self,
        keys: KeyFile,
        sports: SportLists,
        now: Callable[[], datetime],
        *,
        app: StravaApp | None = None,
        base_url: str | None = None,
    ) -> None:
        self._sports = sports
        self._now = now
        self._api = StravaApi(keys, now, app=app, base_url=base_url)
        self._recordings = 0

    def pages(self, since: datetime | None, until: datetime | None) -> Iterator[Page]:
        """See the protocol. Of a recent window Strava tells the oldest first, so that its pages have no `back_to`."""
        newest_first = since is None or self._now() - since > RECENT
        window: dict[str, int] = {"per_page": PAGE_ROWS}
        if until is not None:
            window["before"] = math.ceil(until.timestamp())
        if since is not None and not newest_first:
            window["after"] = int(since.timestamp()) - 1
        try:
            yield from self._pages(window, since, newest_first)
        finally:
            self._api.save_usage()

    def exists(self, external_id: str) -> bool:
        """See the protocol."""
        return not external_id.isdecimal() or self._api.has_activity(external_id)

    def recording(self, external_id: str, activity: Activity) -> Leg | None:
        """See the protocol. Raises Unavailable with `paced` after so many, to leave requests to others."""
        if not external_id.isdecimal():
            return None
        if self._recordings >= RECORDINGS_AT_ONCE:
            self._api.save_usage()
            raise Unavailable(
                f"{TITLE}: {self._recordings} recordings read; the next ones in a minute",
                self._now() + BETWEEN_RECORDINGS,
                paced=True,
            )
        self._recordings += 1
        from connectors.sources.strava_library import Relay, streams

        try:
            found = streams(Relay(self._streams), int(external_id), STREAMS)
        except ValueError:
            raise Broken(f"{TITLE} answered with something else than the streams of an activity") from None
        return None if found is None else samples_of(found, activity)

    def nights(self, first: date, last: date) -> Sequence[Night]:
        """Strava knows nothing of nights."""
        return ()

    def _streams(self, path: str, parameters: Any) -> Any:
        response = self._api.samples(path, parameters)
        if response.status_code != 404:
            json_of(TITLE, response)
        return response

    def _pages(self, window: dict[str, int], since: datetime | None, newest_first: bool) -> Iterator[Page]:
        seen: set[str] = set()
        stale, number = 0, 1
        while rows := [listed(row, self._sports) for row in self._api.rows(window | {"page": number})]:
            ids = {row.external_id for row in rows if row.external_id}
            oldest = _oldest(rows) if newest_first else None
            if ids and not ids - seen and number == 1 and _lies_before(rows, window):
                return
            stale = 0 if ids - seen else stale + 1
            seen |= ids
            if stale == STALE_PAGES:
                raise Broken(f"{TITLE} repeats the same activities on every page; update niggled")
            # Rows of that very second may be on the next page.
            yield Page(rows, None if oldest is None else oldest + timedelta(seconds=1))
            if oldest is None:
                number += 1
                continue
            if since is not None and oldest < since:
                return
            # By time and not by number: what is deleted meanwhile would move the rest up by a row, past our eyes.
            window, number = window | {"before": math.ceil(oldest.timestamp()) + 1}, 1


def _lies_before(rows: Sequence[Listed | Unread], window: dict[str, int]) -> bool:
    """Whether a page keeps to the window that was asked for; one without an end has nothing to keep to."""
    starts = [row.leg.start.timestamp() for row in rows if isinstance(row, Listed)]
    return "before" in window and all(start < window["before"] for start in starts)


def _oldest(rows: Sequence[Listed | Unread]) -> datetime | None:
    """Where a page that is sorted newest first has come to; None where it is not sorted."""
    starts = [row.leg.start for row in rows if isinstance(row, Listed)]
    if not starts or any(later < earlier for later, earlier in pairwise(starts)):
        return None
    return starts[-1]
