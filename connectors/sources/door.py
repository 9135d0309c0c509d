"""What one service has to offer for `connectors.sources.live` to read it: pages, look-ups, samples, nights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from connectors.formats.leg import Leg
from rules.facts import Activity, Night


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a listing: a leg without samples, and the row itself as JSON without positions or names of places."""

    external_id: str
    leg: Leg
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that makes no sense; `reason` is a clause: "the field start_date is missing". The id is "" where it has none."""

    external_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they came. `back_to`: with this page everything that started then or later has been seen; None where the
    order of the listing does not allow to say so before its end."""

    rows: Sequence[Listed | Unread]
    back_to: datetime | None = None


class Door(Protocol):
    """One account at one service. Every method raises Unavailable, NeedsLogin or Broken.

    Requests are made one at a time. Where the service's own limits (or ours) leave none for now, a method raises
    Unavailable with `paced` and the instant to come back; nothing here ever sleeps.
    """

    source: str
    """The name its records carry: "strava" or "garmin", the same as in an account export."""
    title: str
    """What people call it: "Strava"."""

    def pages(self, since: datetime | None, until: datetime | None) -> Iterator[Page]:
        """The listing of the window, newest first where the service allows it; rows outside of the window may be among
        them. An iteration that is left early asks for no further page."""
        ...

    def exists(self, external_id: str) -> bool:
        """Whether the service still has this activity: False only if it says so itself."""
        ...

    def recording(self, external_id: str, activity: Activity) -> Leg | None:
        """The samples of an activity, with what else only a recording knows (device, offset, climb); None where there are
        none, now and later."""
        ...

    def nights(self, first: date, last: date) -> Sequence[Night]:
        """Recovery of the nights that ended on these local dates, both included; only those with a figure."""
        ...
