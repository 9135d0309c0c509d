"""Weeks with a live source that misbehaves: nothing is skipped, nothing is asked too often, each outage is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock
from fakes.scripted_source import ScriptedAccount, Watcher, out_between

from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.jobs.poll import Polled
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.findings import list_findings
from daemon.store.history import first_import_until, list_activities
from daemon.store.outbox import DeliveryState
from daemon.store.sources import SourceCondition
from rules.outcome import MessageKind

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN, END = NOON + 5 * DAY, NOON + 15 * DAY
OVER = NOON + 30 * DAY


@pytest.fixture
def anna() -> AthleteConfig:
    channels = {"phone": {"url": "ntfy://ntfy.sh/x"}}
    raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": channels}}}
    return configuration.build(raw, "", None, Path("/nowhere")).athletes["anna"]


@pytest.fixture
def watcher(store: Store, anna: AthleteConfig) -> Watcher:
    account = ScriptedAccount(clock=StoppedClock(NOON))
    account.weeks_of_runs(20, NOON)
    for number in range(25):
        account.run(NOON + number * DAY + HOUR)
    return Watcher(store, anna, account, every=HOUR)


def messages(watcher: Watcher, kind: MessageKind) -> list[str]:
    with watcher.store.reading() as session:
        found = outbox.list_deliveries(session, "anna", DeliveryState)
    return [one.message.text for one in found if one.message.kind is kind]


def arrived(watcher: Watcher) -> int:
    with watcher.store.reading() as session:
        return len(list_activities(session, "anna"))


@pytest.mark.parametrize(
    ("failure", "condition", "most_in_outage"),
    [
        (Unavailable("Strava answered 500"), SourceCondition.WAITING, 60),
        (Unavailable("Strava is busy (429)", NOON + 6 * DAY), SourceCondition.WAITING, 60),
        (Broken("Strava sent what makes no sense."), SourceCondition.BROKEN, 60),
        (NeedsLogin("login", "Run `niggled login strava`."), SourceCondition.NEEDS_LOGIN, 12),
        (NeedsLogin("inactive", "Subscribe to Strava."), SourceCondition.NEEDS_LOGIN, 12),
        (KeyError("nonsense"), SourceCondition.BROKEN, 60),
    ],
)
def test_after_ten_days_of_trouble_every_run_is_there_and_two_messages_told_of_it(
    watcher: Watcher, failure: Exception, condition: SourceCondition, most_in_outage: int
) -> None:
    account = watcher.account
    account.trouble = out_between(BEGIN, END, failure)
    watcher.look_until(END - HOUR)
    assert watcher.state().state is condition
    watcher.look_until(OVER)
    assert watcher.state().state is SourceCondition.OK
    assert arrived(watcher) == len(account.held)
    told = messages(watcher, MessageKind.OPERATIONS)
    assert len(told) == 2
    assert told[1].startswith("Strava is back.")
    looks_in_outage = [at for at in account.looks if BEGIN <= at < END]
    assert 10 <= len(looks_in_outage) <= most_in_outage
    by_day = Counter(at.date() for at in account.looks)
    assert max(by_day.values()) <= 30


def test_trouble_that_comes_and_goes_by_the_hour_is_never_told(watcher: Watcher) -> None:
    watcher.account.trouble = lambda now: Unavailable("Strava answered 500") if now.hour % 3 == 0 else None
    watcher.look_until(OVER)
    assert messages(watcher, MessageKind.OPERATIONS) == []
    assert arrived(watcher) == len(watcher.account.held)


def test_a_clock_that_is_put_back_skips_nothing(watcher: Watcher) -> None:
    watcher.look_until(NOON + 10 * DAY)
    watcher.clock.at -= 3 * DAY
    assert watcher.look().report.failure is None
    watcher.look_until(OVER)
    assert arrived(watcher) == len(watcher.account.held)
    assert messages(watcher, MessageKind.OPERATIONS) == []


def test_two_runners_with_one_service_do_not_mix(
    store: Store, anna: AthleteConfig, athlete: AthleteConfig, watcher: Watcher
) -> None:
    other = ScriptedAccount(clock=StoppedClock(NOON))
    other.weeks_of_runs(4, NOON)
    beside = Watcher(store, athlete, other)
    watcher.account.trouble = out_between(NOON, NOON + 40 * DAY, Unavailable("Strava answered 500"))
    beside.look_until(NOON + DAY)
    watcher.look_until(NOON + DAY)
    with store.reading() as session:
        assert len(list_activities(session, athlete.name)) == 12
    assert arrived(watcher) == 0
    assert beside.state().state is SourceCondition.OK


def assessing(watcher: Watcher) -> Callable[[Polled], None]:
    """What the daemon does after a look."""

    def assess(polled: Polled) -> None:
        assess_athlete(watcher.store, watcher.athlete, watcher.clock.now())

    return assess


def spike(account: ScriptedAccount, at: datetime) -> None:
    account.run(at, 21.0)


@pytest.mark.parametrize("scheduled", [True, False])
def test_neither_the_first_look_nor_older_history_writes_a_message_or_fills_a_digest(
    store: Store, anna: AthleteConfig, scheduled: bool
) -> None:
    account = ScriptedAccount(clock=StoppedClock(NOON))
    account.weeks_of_runs(150, NOON)
    for days_ago in (12, 30, 75, 120, 200, 500):
        spike(account, NOON - days_ago * DAY - 6 * HOUR)
    watcher = Watcher(store, anna, account, every=HOUR)
    if scheduled:
        watcher.look_until(NOON + HOUR, assessing(watcher))
    else:
        assessing(watcher)(watcher.look(scheduled=False))
    watcher.look_until(NOON + 10 * DAY, assessing(watcher))
    with store.reading() as session:
        assert [one for one in list_findings(session, "anna") if one.finding.rule == "R1"]
        activities = list_activities(session, "anna")
        first = first_import_until(session, "anna")
        told = {one.message.kind for one in outbox.list_deliveries(session, "anna", DeliveryState)}
    assert len(activities) == len(account.held)
    assert {one.first_seen_at for one in activities} == {first}
    assert told <= {MessageKind.NUDGE, MessageKind.DIGEST}
    assert not [text for text in messages(watcher, MessageKind.DIGEST) if "double" in text]


def test_a_run_that_comes_while_older_history_is_read_is_warned_about(
    store: Store, anna: AthleteConfig
) -> None:
    account = ScriptedAccount(clock=StoppedClock(NOON))
    account.weeks_of_runs(150, NOON)
    watcher = Watcher(store, anna, account, every=HOUR)
    watcher.look()
    spike(account, NOON - 2 * HOUR)
    watcher.look_until(NOON + 3 * HOUR, assessing(watcher))
    (text,) = messages(watcher, MessageKind.AFTER_RUN)
    assert text.startswith("21.0 km: more than double your longest in a month (6.0).")


def test_a_second_service_connected_later_brings_no_old_news(store: Store, anna: AthleteConfig) -> None:
    garmin = ScriptedAccount(clock=StoppedClock(NOON), source="garmin", title="Garmin")
    garmin.weeks_of_runs(10, NOON - 40 * DAY)
    first = Watcher(store, anna, garmin)
    first.look_until(NOON + HOUR)
    strava = ScriptedAccount(clock=StoppedClock(NOON + DAY))
    strava.weeks_of_runs(12, NOON)
    spike(strava, NOON - 20 * DAY - 6 * HOUR)
    second = Watcher(store, anna, strava, every=HOUR)
    second.look_until(NOON + 9 * DAY, assessing(second))
    with store.reading() as session:
        assert any(one.finding.rule == "R1" for one in list_findings(session, "anna"))
    assert messages(second, MessageKind.DIGEST)
    assert not [text for text in messages(second, MessageKind.DIGEST) if "double" in text]
    assert messages(second, MessageKind.LOAD) == []
