"""The line that somebody who looks on sees while a source is read."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from fakes.source_records import record

from connectors.sources.contract import Known, Reached, SourceItem
from daemon.cli.progress import progress_words, span_words
from daemon.cli.watching import watched
from daemon.jobs.poll_progress import Progress
from rules.facts import Night

MARCH = datetime(2021, 3, 9, tzinfo=UTC)


class Scripted:
    name = "strava"

    def __init__(self, items: Sequence[SourceItem]) -> None:
        self._items = items

    def fetch(
        self, since: datetime | None, known: Mapping[str, Known], until: datetime | None = None
    ) -> Iterator[SourceItem]:
        yield from self._items

    def nights(self, first: date, last: date) -> Sequence[Night]:
        return [Night("2021-03-09")]


def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal in place of stderr; not as a fixture, for pytest puts its own stderr back after those."""
    shown = io.StringIO()
    shown.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def test_the_line_tells_how_far_the_history_is_and_how_many_recordings_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = screen(monkeypatch)
    items = [record("strava", "1"), Reached(MARCH), record("strava", "1", adds=True)]
    with watched("strava", hidden=False) as line:
        source = line.opened(lambda: Scripted(items))  # type: ignore[arg-type,return-value]
        told = source.fetch(None, {})
        assert next(told) is items[0]
        line.progress(Progress(1204, MARCH, 0.62, timedelta(minutes=2)))
        assert list(told) == items[1:]
        assert [night.date for night in source.nights(MARCH.date(), MARCH.date())] == ["2021-03-09"]
    assert line.completed == set()
    drawn = shown.getvalue().split("\r\x1b[K")
    assert drawn[1] == "Strava: 62 %, read back to March 2021, 1,204 activities, about 2 minutes to go"
    assert drawn[-2] == f"{drawn[1]}, 1 recording"
    # Nothing of it is left at the end.
    assert drawn[-1] == ""


def test_nothing_is_drawn_where_nobody_looks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch)
    with watched("garmin", hidden=True) as line:
        line.progress(Progress(1, MARCH, None, None))
    assert shown.getvalue() == ""


def test_how_far_is_said_without_what_is_not_known() -> None:
    assert progress_words(Progress(1, MARCH, None, None)) == "read back to March 2021, 1 activity"
    assert (
        progress_words(Progress(936, MARCH, 1.0, timedelta()))
        == "100 %, read back to March 2021, 936 activities"
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "about 1 minute"),
        (timedelta(minutes=89), "about 89 minutes"),
        (timedelta(minutes=90), "about 2 hours"),
        (timedelta(hours=30), "about 30 hours"),
    ],
)
def test_a_span_is_rounded_for_people(span: timedelta, words: str) -> None:
    assert span_words(span) == words
