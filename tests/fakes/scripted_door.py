"""A service in memory: what it holds, what it was asked, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from connectors.errors import ConnectorError
from connectors.formats.leg import Leg
from connectors.sources.door import Listed, Page, Unread
from rules.facts import Activity, Night


@dataclass
class ScriptedDoor:
    """Lists `held` newest first, `page_size` a page. `fails` maps a request to what it raises, `calls` is every request."""

    held: dict[str, Leg] = field(default_factory=dict)
    recordings: dict[str, Leg] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    fails: dict[str, ConnectorError] = field(default_factory=dict)
    page_size: int = 2
    source: str = "strava"
    title: str = "Strava"
    calls: list[str] = field(default_factory=list)

    def edit(self, external_id: str, **changes: object) -> None:
        self.held[external_id] = replace(self.held[external_id], **changes)  # type: ignore[arg-type]

    def pages(self, since: datetime | None, until: datetime | None) -> Iterator[Page]:
        inside = [
            (external_id, leg)
            for external_id, leg in self.held.items()
            if (since is None or leg.start >= since)
            and (until is None or leg.start < until)
            and external_id not in self.hidden
        ]
        inside.sort(key=lambda one: one[1].start, reverse=True)
        for number, first in enumerate(range(0, len(inside) + 1, self.page_size), start=1):
            self._ask(f"page {number}")
            rows = [self._row(*one) for one in inside[first : first + self.page_size]]
            if not rows:
                return
            last = inside[min(first + self.page_size, len(inside)) - 1][1].start
            yield Page(rows, last + timedelta(seconds=1))

    def _row(self, external_id: str, leg: Leg) -> Listed | Unread:
        if external_id in self.unreadable:
            return Unread(external_id, self.unreadable[external_id])
        return Listed(external_id, leg, f'{{"id": "{external_id}"}}'.encode())

    def exists(self, external_id: str) -> bool:
        self._ask(f"exists {external_id}")
        return external_id in self.held

    def recording(self, external_id: str, activity: Activity) -> Leg | None:
        self._ask(f"recording {external_id}")
        return self.recordings.get(external_id)

    def nights(self, first: date, last: date) -> Sequence[Night]:
        return ()

    def _ask(self, request: str) -> None:
        self.calls.append(request)
        if request in self.fails:
            raise self.fails[request]
