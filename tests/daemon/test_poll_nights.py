"""Nights: sixty at first, then the last few in the morning until today's is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fakes.clock import StoppedClock
from fakes.scripted_source import ScriptedAccount, Watcher

from connectors.errors import NeedsLogin, Unavailable
from daemon.config import AthleteConfig
from daemon.jobs.poll_cursor import Cursor, read_cursor
from daemon.jobs.poll_nights import nights_wanted, save_nights
from daemon.store.answers import load_answers
from daemon.store.engine import Store
from daemon.store.sources import SourceCondition
from rules.facts import Night

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 3)


def at(hour: int, minute: int = 0, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def kept(store: Store) -> dict[str, Night]:
    with store.reading() as session:
        return {night.date: night for night in load_answers(session, "me", None).nights}


def test_at_first_sixty_nights_are_asked_for_at_any_hour() -> None:
    assert nights_wanted(Cursor(), at(23), "Europe/Berlin") == (date(2026, 1, 3), TODAY)


ASKED = Cursor(nights_asked_at=at(8, day=date(2026, 3, 2)), nights_through=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (at(4, 59), None),
        (at(5), (date(2026, 3, 1), TODAY)),
        (at(13, 59), (date(2026, 3, 1), TODAY)),
        (at(14), None),
    ],
)
def test_later_the_last_three_are_asked_for_in_the_morning(
    now: datetime, wanted: tuple[date, date] | None
) -> None:
    assert nights_wanted(ASKED, now, "Europe/Berlin") == wanted


def test_not_again_within_three_hours_nor_once_todays_night_is_there() -> None:
    early = Cursor(nights_asked_at=at(6), nights_through=TODAY)
    assert nights_wanted(early, at(8, 59), "Europe/Berlin") is None
    assert nights_wanted(early, at(9), "Europe/Berlin") is not None
    there = Cursor(nights_asked_at=at(6), nights_through=TODAY, night=TODAY)
    assert nights_wanted(there, at(9), "Europe/Berlin") is None


def test_after_an_outage_no_night_is_left_out() -> None:
    long_ago = Cursor(nights_asked_at=at(6, day=date(2026, 2, 10)), nights_through=date(2026, 2, 10))
    assert nights_wanted(long_ago, at(7), "Europe/Berlin") == (date(2026, 2, 10), TODAY)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_on_the_days_that_the_clocks_change_the_morning_is_the_runners_own(day: date) -> None:
    before = Cursor(
        nights_asked_at=at(8, day=day - timedelta(days=1)), nights_through=day - timedelta(days=1)
    )
    assert nights_wanted(before, at(4, 59, day), "Europe/Berlin") is None
    assert nights_wanted(before, at(5, 0, day), "Europe/Berlin") == (day - timedelta(days=2), day)


def test_a_figure_that_a_later_answer_leaves_open_stays(store: Store) -> None:
    with store.session() as session:
        assert save_nights(session, "me", [Night("2026-03-03", sleep_h=7.5, ln_rmssd=4.0)]) == 1
        assert save_nights(session, "me", [Night("2026-03-03", sleep_h=7.25, resting_heart_rate_bpm=48)]) == 1
        assert save_nights(session, "me", [Night("2026-03-03", sleep_h=7.25)]) == 0
    assert kept(store) == {"2026-03-03": Night("2026-03-03", 7.25, 4.0, 48)}


@pytest.fixture
def watcher(store: Store, athlete: AthleteConfig) -> Watcher:
    account = ScriptedAccount(clock=StoppedClock(at(12)))
    account.slept = {
        (TODAY - timedelta(days=back)).isoformat(): Night(
            (TODAY - timedelta(days=back)).isoformat(), sleep_h=7.0
        )
        for back in range(70)
    }
    account.weeks_of_runs(3, at(12))
    return Watcher(store, athlete, account, draw=lambda: 0.5)


def test_a_week_asks_for_each_night_until_it_is_there_and_no_more(watcher: Watcher) -> None:
    account = watcher.account
    watcher.look()
    assert len(kept(watcher.store)) == 60
    account.nights_asked.clear()
    for ahead in range(1, 8):
        day = TODAY + timedelta(days=ahead)
        account.slept.pop(day.isoformat(), None)
        watcher.look_until(at(9, day=day))
        account.slept[day.isoformat()] = Night(day.isoformat(), sleep_h=6.0)
    watcher.look_until(at(23, day=TODAY + timedelta(days=7)))
    assert kept(watcher.store)[(TODAY + timedelta(days=7)).isoformat()].sleep_h == 6.0
    # About five and eight are too early, about eleven brings it.
    assert 7 * 2 <= len(account.nights_asked) <= 7 * 3


def test_nights_that_cannot_be_had_are_no_outage_and_no_hot_loop(watcher: Watcher) -> None:
    account = watcher.account
    original = account.trouble

    def no_nights(now: datetime) -> Exception | None:
        return Unavailable("Strava answered 500") if account.calls[-1].startswith("nights") else original(now)

    account.trouble = no_nights
    polled = watcher.look()
    assert polled.report.failure is None
    assert polled.report.warnings == ["The nights of Strava could not be read: Strava answered 500"]
    assert watcher.state().state is SourceCondition.OK
    watcher.look_until(at(12) + timedelta(hours=24))
    assert len([call for call in account.calls if call.startswith("nights")]) <= 9
    account.trouble = original
    watcher.look_until(at(12) + timedelta(hours=48))
    assert read_cursor(watcher.state().cursor).nights_through is not None
    assert "2026-01-10" in kept(watcher.store)


def test_a_service_that_says_at_the_nights_when_to_come_back_is_left_alone_until_then(
    watcher: Watcher,
) -> None:
    account, back = watcher.account, at(16)
    account.trouble = lambda now: (
        Unavailable("Garmin keeps this computer out", back)
        if account.calls[-1].startswith("nights")
        else None
    )
    polled = watcher.look(scheduled=False)
    assert polled.report.failure is not None
    assert account.calls[-1].startswith("nights")
    assert watcher.state().state is SourceCondition.WAITING
    assert watcher.state().due_at >= back
    # What only the nights meet is no outage of the runs.
    watcher.clock.at = at(12, 30)
    assert watcher.look().report.failure is None
    assert watcher.state().state is SourceCondition.OK


def test_a_login_that_is_refused_for_nights_is_refused(watcher: Watcher) -> None:
    refused = NeedsLogin("login", "Run `niggled login strava`.", "Strava refuses our login")
    watcher.account.trouble = lambda now: refused if watcher.account.calls[-1].startswith("nights") else None
    watcher.look()
    assert watcher.state().state is SourceCondition.NEEDS_LOGIN


def test_the_nights_of_several_runners_stay_apart(watcher: Watcher, athlete: AthleteConfig) -> None:
    watcher.look()
    with watcher.store.reading() as session:
        assert load_answers(session, "anna", None).nights == ()
    assert len(kept(watcher.store)) == 60
