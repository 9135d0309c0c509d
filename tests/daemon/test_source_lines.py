"""What `niggled status` says of a source: its state, since when and why, the cure, how far it has been read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sources.garmin_key import key_countdown
from daemon import connections
from daemon.cli.source_lines import SourceAffairs, source_affairs, source_json, source_lines
from daemon.config import AthleteConfig
from daemon.jobs.poll_cursor import Cursor, write_cursor
from daemon.store import sources
from daemon.store.engine import Store
from daemon.store.sources import SourceCondition, SourceState
from rules.facts import Runner

NOW = datetime(2026, 11, 25, 20, 15, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 18, tzinfo=UTC)
RUNNER = Runner(timezone="Europe/Berlin")
READ = Cursor(back_to=datetime(1970, 1, 1, tzinfo=UTC), complete=True, read=936)
FINE = SourceState("strava", SourceCondition.OK, due_at=NOW, last_success_at=NOW)


def lines(state: SourceState, cursor: Cursor = READ, ends: date | None = None) -> list[str]:
    key = None if ends is None else key_countdown(ends, 90, NOW.date())
    return source_lines(SourceAffairs(state, cursor, key), RUNNER, NOW)


def test_all_is_well() -> None:
    assert lines(FINE) == ["Strava: fine, read 21:15."]
    told = replace(FINE, last_new_activity_at=TUESDAY)
    assert lines(told) == ["Strava: fine, read 21:15, last new activity Tuesday 19:00."]


def test_connected_and_not_read_yet() -> None:
    fresh = SourceState("garmin", SourceCondition.OK, due_at=NOW)
    assert lines(fresh, Cursor()) == ["Garmin: connected, not read yet; `niggled run` does so."]


def test_a_refused_login_tells_since_when_and_the_cure() -> None:
    state = SourceState(
        "garmin",
        SourceCondition.NEEDS_LOGIN,
        due_at=NOW,
        reason="Garmin no longer accepts the key",
        cure="Make a new one",
        failing_since=TUESDAY,
    )
    assert lines(state) == [
        "✘ Garmin: needs you since Tuesday 19:00. Garmin no longer accepts the key. Make a new one."
    ]


def test_an_outage_tells_when_it_is_tried_again() -> None:
    state = SourceState(
        "strava",
        SourceCondition.WAITING,
        due_at=NOW + timedelta(hours=2),
        reason="Strava did not answer in time",
        failing_since=TUESDAY,
    )
    assert lines(state) == [
        "! Strava: waiting since Tuesday 19:00, next try 23:15. Strava did not answer in time."
    ]
    broken = replace(state, state=SourceCondition.BROKEN, reason="Strava sent nonsense.")
    assert lines(broken) == ["✘ Strava: broken since Tuesday 19:00. Strava sent nonsense. Next try 23:15."]


def test_requests_that_are_used_up_are_no_trouble() -> None:
    state = replace(
        FINE,
        state=SourceCondition.WAITING,
        due_at=NOW + timedelta(minutes=10),
        reason="Strava: 70 of 100 reads used; going on at 20:30 UTC",
    )
    assert lines(state) == [
        "Strava: waiting, next try 21:25. Strava: 70 of 100 reads used; going on at 20:30 UTC."
    ]


def test_a_history_that_is_still_being_read_tells_how_far_and_how_long() -> None:
    cursor = Cursor(
        back_to=NOW - timedelta(days=500),
        read=1204,
        began_at=NOW - timedelta(minutes=10),
        account_since=NOW - timedelta(days=1000),
    )
    assert lines(FINE, cursor) == [
        "Strava: fine, read 21:15. "
        "History: 50 %, read back to July 2025, 1,204 activities, about 10 minutes to go."
    ]
    unknown = replace(cursor, account_since=None)
    assert lines(FINE, unknown)[0].endswith("History: read back to July 2025, 1,204 activities.")


@pytest.mark.parametrize(
    ("days", "line"),
    [
        (60, None),
        (20, "Garmin key: ends in 20 days (2026-12-15)."),
        (14, "! Garmin key: ends in 14 days (2026-12-09)."),
        (1, "! Garmin key: ends tomorrow (2026-11-26)."),
        (0, "! Garmin key: ends today (2026-11-25)."),
        (-2, "! Garmin key: it was to end on Monday."),
    ],
)
def test_a_key_that_ends_soon_has_a_line_of_its_own(days: int, line: str | None) -> None:
    state = replace(FINE, source="garmin")
    told = lines(state, ends=NOW.date() + timedelta(days=days))
    assert told[1:] == ([] if line is None else [line])


def test_only_what_is_connected_is_told(store: Store, athlete: AthleteConfig, tmp_path: Path) -> None:
    with store.session() as session:
        sources.register_source(session, "me", "strava", NOW)
        sources.save_cursor(session, "me", "strava", write_cursor(READ))
        assert source_affairs(session, athlete, tmp_path, NOW) == []
        for name in ("garmin", "strava"):
            connections.key_file(tmp_path, "me", name).save({"key_ends": "2027-06-30"})
        garmin, strava = source_affairs(session, athlete, tmp_path, NOW)
    assert garmin.state.last_success_at is None
    told = source_json(garmin)
    assert (told["state"], told["complete"], told["key_ends"]) == ("ok", False, "2027-06-30")
    assert (source_json(strava)["read"], source_json(strava)["key_ends"]) == (936, None)
