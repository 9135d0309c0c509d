"""What the two doors of Garmin have in common: the way to ask, and what an answer that is no success means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import requests

from connectors.errors import Broken, ConnectorError, Unavailable
from connectors.http import retry_at

if TYPE_CHECKING:
    from connectors.sources.garmin_nights import NightTable

ACTIVITIES = "/activitylist-service/activities/search/activities"
ACTIVITY = "/activity-service/activity"
LOGIN_CURE = "Run `niggled login garmin`."

BLOCKED_FOR = timedelta(hours=4)
"""How long to keep away when Garmin's guard, not Garmin, has answered: every further request makes it longer."""
_GUARD_STATUSES = (403, 427)


class Refused(ConnectorError):
    """An answer with a status that its reader may know how to take. `page`: with a web page instead of data."""

    def __init__(self, status: int, *, page: bool = False) -> None:
        super().__init__(f"Garmin refused a request (HTTP {status})")
        self.status = status
        self.page = page


class GarminClient(Protocol):
    """One way into a Garmin account. Everything raises Refused, Unavailable, NeedsLogin or Broken."""

    night_tables: Sequence[NightTable]
    """Where this way has recovery."""

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        """The JSON of an answer; None where it has no content."""
        ...

    def activities(self, start: int, filters: Mapping[str, str]) -> Any:
        """The rows of the listing from number `start` on, as many as this way gives at once."""
        ...

    def download(self, activity_id: str) -> bytes:
        """The file the watch sent, in a ZIP."""
        ...


def is_page(response: requests.Response) -> bool:
    """Whether an answer is a web page, which no service of Garmin's sends."""
    return response.content.lstrip()[:1] == b"<"


def failure_of(response: requests.Response, now: datetime, wait: timedelta) -> ConnectorError:
    """What an answer that is no success means. `wait`: for how long to stay away after a 429 that names no time."""
    if response.status_code == 429:
        return Unavailable("Garmin allows no more requests for now", retry_at(response, now) or now + wait)
    page = is_page(response)
    if response.status_code == 427 or (page and response.status_code in _GUARD_STATUSES):
        return Unavailable(
            f"Garmin keeps this computer out for a while (HTTP {response.status_code})",
            retry_at(response, now) or now + BLOCKED_FOR,
        )
    return Refused(response.status_code, page=page)


def plain_failure(refused: Refused) -> Unavailable | Broken:
    """What a refusal means to whoever can make nothing of it."""
    if refused.status >= 500 or refused.page:
        return Unavailable(f"Garmin has trouble of its own (HTTP {refused.status})")
    return Broken(f"Garmin refused a request (HTTP {refused.status})")
