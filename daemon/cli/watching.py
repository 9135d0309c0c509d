"""How far a look at a source has come, on one line for people who look on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from connectors.sources.contract import Known, SourceItem, SourceRecord
from daemon.cli.progress import progress_words
from daemon.connections import TITLES
from daemon.jobs.poll_progress import Progress
from rules.facts import Night

if TYPE_CHECKING:
    from connectors.sources.live import LiveSource

_CLEARED = "\r\x1b[K"


class Watched:
    """Draws the line again whenever something has come in. `completed` are activities known before of which nothing is new
    but that their recording was read."""

    def __init__(self, source: str, *, shown: bool) -> None:
        self._title = TITLES[source]
        self._shown = shown
        self._history = "reading"
        self._recordings = 0
        self.completed: set[str] = set()

    def opened(self, open_source: Callable[[], LiveSource]) -> WatchedSource:
        """The source, which is heard while it is read."""
        return WatchedSource(open_source(), self._heard)

    def progress(self, progress: Progress) -> None:
        """For `daemon.jobs.poll.poll`."""
        self._history = progress_words(progress)
        self._draw()

    def _heard(self, item: SourceItem, known: Known | None) -> None:
        if not isinstance(item, SourceRecord):
            return
        if item.adds:
            self._recordings += 1
            self._draw()
        if item.adds and known is not None and known.wants_samples:
            self.completed.add(item.external_id)

    def _draw(self) -> None:
        if self._shown:
            count = self._recordings
            recordings = [f"{count} {'recording' if count == 1 else 'recordings'}"] if count else []
            sys.stderr.write(f"{_CLEARED}{self._title}: {', '.join([self._history, *recordings])}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write(_CLEARED)
            sys.stderr.flush()


class WatchedSource:
    """A source whose items are also told to `heard`, with what was known of them."""

    def __init__(self, source: LiveSource, heard: Callable[[SourceItem, Known | None], None]) -> None:
        self.name = source.name
        self._source = source
        self._heard = heard

    def fetch(
        self, since: datetime | None, known: Mapping[str, Known], until: datetime | None = None
    ) -> Iterator[SourceItem]:
        for item in self._source.fetch(since, known, until):
            self._heard(item, known.get(item.external_id) if isinstance(item, SourceRecord) else None)
            yield item

    def nights(self, first: date, last: date) -> Sequence[Night]:
        return self._source.nights(first, last)


@contextmanager
def watched(source: str, *, hidden: bool) -> Iterator[Watched]:
    """A line on a terminal; nothing elsewhere, and nothing is left of it at the end."""
    line = Watched(source, shown=sys.stderr.isatty() and not hidden)
    try:
        yield line
    finally:
        line.clear()
