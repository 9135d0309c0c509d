"""A source that answers and brings nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock
from fakes.scripted_source import ScriptedAccount, Watcher, out_between

from connectors.errors import Unavailable
from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.jobs.poll import Polled
from daemon.jobs.quiet_source import longest_gap
from daemon.store import outbox
from daemon.store.answers import save_pause
from daemon.store.engine import Store
from daemon.store.outbox import DeliveryState
from rules.facts import Pause

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
QUIET = "has brought nothing new for"


@pytest.fixture
def anna() -> AthleteConfig:
    channels = {"phone": {"url": "ntfy://ntfy.sh/x"}}
    raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": channels}}}
    return configuration.build(raw, "", None, Path("/nowhere")).athletes["anna"]


def watching(store: Store, anna: AthleteConfig, source: str = "strava") -> Watcher:
    account = ScriptedAccount(clock=StoppedClock(NOON), source=source, title=source.capitalize())
    return Watcher(store, anna, account, every=DAY / 4, draw=lambda: 0.5)


def days_go_by(watchers: list[Watcher], days: int) -> list[tuple[int, str]]:
    """Look and assess as the daemon does; (day, text) of everything told since `NOON`."""

    def assess(polled: Polled) -> None:
        first = watchers[0]
        assess_athlete(first.store, first.athlete, first.clock.now())

    end = max(watcher.clock.at for watcher in watchers) + days * DAY
    for day in range(days):
        for watcher in watchers:
            watcher.look_until(end - (days - 1 - day) * DAY, assess)
    with watchers[0].store.reading() as session:
        found = outbox.list_deliveries(session, "anna", DeliveryState)
    return [((one.message.decided_at - NOON).days, one.message.text) for one in found]


def test_where_nothing_comes_from_anywhere_there_is_one_message_and_it_is_that_about_time_off(
    store: Store, anna: AthleteConfig
) -> None:
    watcher = watching(store, anna)
    watcher.account.weeks_of_runs(8, NOON)
    told = [text for _, text in days_go_by([watcher], 40) if "watch" in text]
    assert len(told) == 1
    assert told[0].startswith("14 days without a run here.")
    assert "check the watch sync" in told[0]


def test_one_dry_source_beside_one_that_brings_runs_is_told_after_ten_days(
    store: Store, anna: AthleteConfig
) -> None:
    dry, lively = watching(store, anna, "garmin"), watching(store, anna)
    dry.account.weeks_of_runs(8, NOON)
    for number in range(20):
        lively.account.run(NOON + number * 2 * DAY)
    told = [(day, text) for day, text in days_go_by([lively, dry], 30) if "watch" in text]
    assert told == [
        (10, "Garmin has brought nothing new for 10 days. If you ran: check the watch's sync."),
    ]


def test_who_runs_every_eight_days_is_told_after_sixteen(store: Store, anna: AthleteConfig) -> None:
    dry, lively = watching(store, anna, "garmin"), watching(store, anna)
    for number in range(8):
        dry.account.run(NOON - (1 + number * 8) * DAY)
    for number in range(20):
        lively.account.run(NOON + number * 2 * DAY)
    assert [day for day, text in days_go_by([lively, dry], 30) if QUIET in text] == [16]


def test_a_pause_explains_it(store: Store, anna: AthleteConfig) -> None:
    with store.session() as session:
        save_pause(session, "anna", Pause(NOON, None))
    dry, lively = watching(store, anna, "garmin"), watching(store, anna)
    dry.account.weeks_of_runs(8, NOON)
    for number in range(20):
        lively.account.run(NOON + number * 2 * DAY)
    assert not [text for _, text in days_go_by([lively, dry], 20) if QUIET in text]


def test_a_source_in_an_outage_is_not_called_quiet(store: Store, anna: AthleteConfig) -> None:
    dry, lively = watching(store, anna, "garmin"), watching(store, anna)
    dry.account.weeks_of_runs(8, NOON)
    dry.account.trouble = out_between(NOON + DAY, NOON + 60 * DAY, Unavailable("Garmin answered 500"))
    for number in range(20):
        lively.account.run(NOON + number * 2 * DAY)
    told = [text for _, text in days_go_by([lively, dry], 30)]
    assert not [text for text in told if QUIET in text]
    assert len([text for text in told if text.startswith("Garmin cannot be read")]) == 1


def test_a_walker_who_never_runs_is_told_of_the_silence_after_time_off_had_its_turn(
    store: Store, anna: AthleteConfig
) -> None:
    watcher = watching(store, anna)
    for number in range(20):
        watcher.account.run(NOON - (1 + number * 2) * DAY, sport="Walk")
    assert [day for day, text in days_go_by([watcher], 30) if QUIET in text] == [14]


def test_the_usual_gap_is_the_longest_of_the_last_90_days() -> None:
    days_ago = [1, 4, 11, 60, 95, 300]
    assert longest_gap([NOON - day * DAY for day in days_ago], NOON) == 49
    assert longest_gap([NOON], NOON) == longest_gap([], NOON) == 0
    assert longest_gap([NOON, NOON + 900 * DAY], NOON) == 0
