"""Garmin as a source, by whichever door: pages of the listing, look-ups, recordings, nights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.errors import Broken
from connectors.formats.leg import Leg
from connectors.sources.door import Listed, Page
from connectors.sources.file_records import GARMIN
from connectors.sources.garmin_client import ACTIVITY, GarminClient, Refused, plain_failure
from connectors.sources.garmin_facts import is_parent, read_row, without_distances
from connectors.sources.garmin_nights import read_nights
from connectors.sources.garmin_recording import recording_in
from rules.facts import Activity, Night
from rules.sports import SportLists

ONE_DAY = timedelta(days=1)
"""Garmin filters and orders by the local clock of wherever the runner was, which is up to a day away from UTC."""
LONG_PAGE_ROWS = 10
OVERLAP_ROWS = 2
"""Rows of a long page that are asked for again with the next one: so many deletions in between skip nothing."""
SAME_PAGES = 2
"""Pages without anything new that mean a server going round in circles; one alone is a listing that has shifted."""


class GarminDoor:
    """See `connectors.sources.door.Door`."""

    source = GARMIN
    title = "Garmin"

    def __init__(self, client: GarminClient, sports: SportLists, now: Callable[[], datetime]) -> None:
        self._client = client
        self._sports = sports
        self._now = now

    def pages(self, since: datetime | None, until: datetime | None) -> Iterator[Page]:
        """Newest first; ends with the page that reaches behind `since`, or with an empty one."""
        # Garmin hides the legs of a multi-sport activity unless told otherwise.
        filters = {"excludeChildren": "false"}
        if since is not None:
            filters["startDate"] = (since - ONE_DAY).date().isoformat()
        if until is not None:
            filters["endDate"] = (until + ONE_DAY).date().isoformat()
        start, repeats, overlap = 0, 0, 0
        seen: set[str] = set()
        while items := self._items(start, filters):
            rows = [read_row(item) for item in items if not is_parent(item)]
            found = {str(item.get("activityId")) for item in items if isinstance(item, dict)}
            if len(items) <= overlap and not found - seen:
                return
            repeats = 0 if found - seen else repeats + 1
            if repeats >= SAME_PAGES:
                raise Broken("Garmin sends the same page of activities again and again")
            seen |= found
            starts = [row.leg.start for row in rows if isinstance(row, Listed)]
            yield Page(without_distances(rows, self._sports), self._told_back_to(starts))
            if since is not None and starts and starts[-1] < since:
                return
            # What is deleted meanwhile moves the rest up by a row, past our eyes.
            overlap = OVERLAP_ROWS if len(items) >= LONG_PAGE_ROWS else 0
            start += len(items) - overlap

    def exists(self, external_id: str) -> bool:
        """Whether Garmin still has it; anything but a clear "not found" is a yes."""
        try:
            self._client.get(f"{ACTIVITY}/{quote(external_id, safe='')}", {})
        except Refused as refused:
            if refused.status == 404 and not refused.page:
                return False
            if refused.status == 403:
                return True
            raise plain_failure(refused) from None
        return True

    def recording(self, external_id: str, activity: Activity) -> Leg | None:
        """The leg of the original file that belongs to the activity."""
        if activity.manual:
            return None
        try:
            data = self._client.download(external_id)
        except Refused as refused:
            if refused.status == 404 and not refused.page:
                return None
            raise plain_failure(refused) from None
        return recording_in(data, activity, self._sports)

    def nights(self, first: date, last: date) -> Sequence[Night]:
        """Sleep, heart rate variability and resting heart rate; what Garmin cannot give of these stays unknown."""
        try:
            return read_nights(self._client.get, self._client.night_tables, first, last)
        except Refused as refused:
            raise plain_failure(refused) from None

    def _told_back_to(self, starts: Sequence[datetime]) -> datetime | None:
        return min(min(starts) + ONE_DAY, self._now()) if starts else None

    def _items(self, start: int, filters: dict[str, str]) -> list[Any]:
        try:
            items = self._client.activities(start, filters)
        except Refused as refused:
            raise plain_failure(refused) from None
        if not items:
            return []
        if not isinstance(items, list):
            raise Broken("Garmin sent something other than a list of activities")
        return items
