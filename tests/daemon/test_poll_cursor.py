"""The note of how far a source was read, and what is asked for next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.sources.live import BEGINNING
from daemon.jobs.poll_cursor import (
    Cursor,
    Window,
    after,
    everything,
    newest_window,
    older_window,
    read_cursor,
    write_cursor,
)

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SETTLED = Cursor(BEGINNING, complete=True, newest=NOW - 2 * DAY, listed_at=NOW, relisted_at=NOW)


def test_a_note_comes_back_as_it_was_written() -> None:
    full = replace(
        SETTLED,
        read=812,
        began_at=NOW - DAY,
        account_since=NOW - 900 * DAY,
        nights_asked_at=NOW,
        nights_through=date(2026, 3, 3),
        night=date(2026, 3, 2),
    )
    assert read_cursor(write_cursor(full)) == full
    assert read_cursor(write_cursor(Cursor())) == Cursor()


@pytest.mark.parametrize("text", [None, "", "nonsense", "[]", '{"back_to": 7}', '{"read": "x"}', "null"])
def test_a_note_that_cannot_be_read_only_means_reading_again(text: str | None) -> None:
    assert read_cursor(text) == Cursor()


def test_a_newer_version_may_have_written_more() -> None:
    assert read_cursor('{"complete": true, "colour": "blue"}') == Cursor(complete=True)


def test_the_first_look_is_90_days_and_goes_on_where_it_was_interrupted() -> None:
    assert newest_window(Cursor(), NOW) == Window("first", NOW - 90 * DAY)
    begun = Cursor(back_to=NOW - 40 * DAY)
    assert newest_window(begun, NOW) == Window("first", NOW - 90 * DAY, NOW - 40 * DAY + SECOND)


def test_then_it_asks_for_what_is_newer_than_the_newest_and_every_six_hours_for_a_fortnight_again() -> None:
    newer = Window("newest", NOW - 2 * DAY + SECOND)
    for hours, part in ((0, "newest"), (5.99, "newest"), (6, "again"), (-1, "again")):
        assert newest_window(SETTLED, NOW + timedelta(hours=hours)).part == part
    assert newest_window(SETTLED, NOW + DAY / 8) == newer
    assert newest_window(SETTLED, NOW + DAY / 4) == Window("again", NOW - 14 * DAY)
    assert newest_window(SETTLED, NOW, again=True).part == "again"


def test_after_an_outage_the_fortnight_is_that_before_it() -> None:
    assert newest_window(SETTLED, NOW + 40 * DAY) == Window("again", NOW - 14 * DAY)


def test_a_runner_who_had_not_run_for_long_is_asked_for_from_the_last_run_on() -> None:
    long_ago = replace(SETTLED, newest=NOW - 200 * DAY)
    assert newest_window(long_ago, NOW + DAY) == Window("again", NOW - 200 * DAY + SECOND)


def test_without_a_known_run_it_asks_for_a_fortnight() -> None:
    assert newest_window(replace(SETTLED, newest=None), NOW + DAY / 8) == Window("newest", NOW - 14 * DAY)


def test_older_history_follows_from_where_reading_has_come() -> None:
    assert older_window(Cursor(back_to=NOW - 90 * DAY)) == Window("older", None, NOW - 90 * DAY + SECOND)


def test_a_listing_that_did_not_end_moves_nothing_that_the_next_one_starts_from() -> None:
    again = Window("again", NOW - 14 * DAY)
    half = after(SETTLED, again, NOW - 7 * DAY, NOW, NOW + DAY)
    assert half == SETTLED
    whole = after(SETTLED, again, NOW - 14 * DAY, NOW, NOW + DAY)
    assert (whole.newest, whole.listed_at, whole.relisted_at) == (NOW, NOW + DAY, NOW + DAY)


def test_history_is_complete_at_its_beginning_and_stays_so_while_it_is_read_again() -> None:
    cursor = Cursor(back_to=NOW - 90 * DAY)
    cursor = after(cursor, older_window(cursor), NOW - 400 * DAY, NOW, NOW)
    assert (cursor.back_to, cursor.complete) == (NOW - 400 * DAY, False)
    cursor = after(cursor, older_window(cursor), BEGINNING, NOW, NOW)
    assert cursor.complete
    again = after(cursor, everything(), NOW - 10 * DAY, NOW, NOW)
    assert again == cursor


def test_the_time_left_follows_from_the_pace_so_far() -> None:
    cursor = Cursor(
        back_to=NOW - 100 * DAY, began_at=NOW - timedelta(minutes=10), account_since=NOW - 400 * DAY
    )
    assert cursor.time_left(NOW) == timedelta(minutes=30)
    assert replace(cursor, account_since=None).time_left(NOW) is None
    assert replace(cursor, complete=True).time_left(NOW) is None
    assert replace(cursor, began_at=NOW + DAY).time_left(NOW) is None
