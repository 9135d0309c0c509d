"""What the runner reads about a source that fails: once, with the cure, and once that it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock
from fakes.scripted_source import ScriptedAccount, Watcher, out_between

from connectors.errors import Broken, LoginReason, NeedsLogin, Unavailable
from connectors.sources.garmin_key import key_countdown
from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.jobs.outages import tell_key_ends
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.outbox import DeliveryState
from daemon.store.records import starts_of
from daemon.store.sources import SourceCondition, list_set_aside, make_due

# A Tuesday, 18:00 in Berlin.
TUESDAY = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFUSED = NeedsLogin("login", "Run `niggled login strava`.", "Strava refuses our login")
DOWN = Unavailable("Strava answered with a web page instead of data")


@pytest.fixture
def anna() -> AthleteConfig:
    channels = {"phone": {"url": "ntfy://ntfy.sh/x"}}
    raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": channels}}}
    return configuration.build(raw, "", None, Path("/nowhere")).athletes["anna"]


@pytest.fixture
def watcher(store: Store, anna: AthleteConfig) -> Watcher:
    account = ScriptedAccount(clock=StoppedClock(TUESDAY - 2 * DAY))
    account.weeks_of_runs(6, TUESDAY - 2 * DAY)
    watcher = Watcher(store, anna, account, draw=lambda: 0.5)
    watcher.look_until(TUESDAY - HOUR / 60)
    with store.session() as session:
        make_due(session, "anna", "strava", TUESDAY)
    return watcher


def told(watcher: Watcher) -> list[tuple[str, str]]:
    with watcher.store.reading() as session:
        found = outbox.list_deliveries(session, watcher.athlete.name, DeliveryState)
    return [(one.message.title, one.message.text) for one in found]


def test_a_refused_login_is_told_at_once_and_its_end_with_the_runs_caught_up(watcher: Watcher) -> None:
    account = watcher.account
    account.trouble = out_between(TUESDAY, TUESDAY + 3 * DAY, REFUSED)
    watcher.look_until(TUESDAY + HOUR)
    outage = (
        "niggled needs you",
        "Strava has refused our login since Tuesday 18:00. Run `niggled login strava`. "
        "Nothing is lost; I will catch up.",
    )
    assert told(watcher) == [outage]
    for number in range(3):
        account.run(TUESDAY + number * DAY)
    watcher.look_until(TUESDAY + 6 * DAY)
    assert told(watcher) == [outage, ("niggled", "Strava is back. 3 runs caught up.")]
    assert watcher.state().failing_since is None


def test_a_service_that_stumbles_is_told_of_only_after_six_hours(watcher: Watcher) -> None:
    account = watcher.account
    account.trouble = out_between(TUESDAY, TUESDAY + 5 * HOUR, DOWN)
    watcher.look_until(TUESDAY + DAY)
    assert told(watcher) == []
    with watcher.store.session() as session:
        make_due(session, "anna", "strava", TUESDAY + DAY + HOUR / 60)
    account.trouble = out_between(TUESDAY + DAY, TUESDAY + 3 * DAY, DOWN)
    watcher.look_until(TUESDAY + 4 * DAY)
    assert told(watcher) == [
        (
            "niggled needs you",
            "Strava cannot be read since Wednesday 18:01. Strava answered with a web page instead of data. "
            "Nothing is lost; I will catch up.",
        ),
        ("niggled", "Strava is back. Nothing was missed."),
    ]


def test_what_makes_no_sense_is_told_in_its_own_words(watcher: Watcher) -> None:
    senseless = Broken(
        "Strava sent 5 activities and nothing of it could be understood (the field start_date is missing). "
        "Update niggled, or report it with this line: the service has probably changed its answers."
    )
    watcher.account.trouble = out_between(TUESDAY, TUESDAY + DAY, senseless)
    watcher.look_until(TUESDAY + DAY / 2)
    ((_, text),) = told(watcher)
    assert text == f"Strava cannot be read since Tuesday 18:00. {senseless} Nothing is lost; I will catch up."
    assert watcher.state().state is SourceCondition.BROKEN


def test_a_login_refused_within_an_outage_is_still_told_once(watcher: Watcher) -> None:
    def trouble(now: datetime) -> Exception | None:
        if not TUESDAY <= now < TUESDAY + 4 * DAY:
            return None
        return DOWN if now < TUESDAY + DAY or now > TUESDAY + 2 * DAY else REFUSED

    watcher.account.trouble = trouble
    watcher.look_until(TUESDAY + 6 * DAY)
    assert [text.partition(".")[0] for _, text in told(watcher)] == [
        "Strava cannot be read since Tuesday 18:00",
        "Strava has refused our login since Tuesday 18:00",
        "Strava is back",
    ]


def test_two_outages_are_two_messages_each(watcher: Watcher) -> None:
    first, second = TUESDAY, TUESDAY + 5 * DAY

    def trouble(now: datetime) -> Exception | None:
        return REFUSED if first <= now < first + DAY or second <= now < second + DAY else None

    watcher.account.trouble = trouble
    watcher.look_until(TUESDAY + 9 * DAY)
    assert len(told(watcher)) == 4


@pytest.mark.parametrize(
    ("reason", "cure", "text"),
    [
        (
            "key_expired",
            "Make a new key, then run `niggled login garmin`.",
            "Strava has refused the key since Tuesday 18:00. Make a new key, then run `niggled login garmin`. ",
        ),
        (
            "scope",
            "Run `niggled login strava` and leave every box ticked.",
            "Strava has not let us read all activities since Tuesday 18:00. "
            "Run `niggled login strava` and leave every box ticked. ",
        ),
        (
            "inactive",
            "Subscribe to Strava.",
            "Strava has refused our app since Tuesday 18:00. Subscribe to Strava. ",
        ),
    ],
)
def test_every_refusal_has_its_own_words_and_cure(
    watcher: Watcher, reason: LoginReason, cure: str, text: str
) -> None:
    watcher.account.trouble = out_between(TUESDAY, TUESDAY + DAY, NeedsLogin(reason, cure))
    watcher.look_until(TUESDAY + HOUR)
    assert told(watcher) == [("niggled needs you", f"{text}Nothing is lost; I will catch up.")]


def test_a_source_that_was_never_connected_is_not_called_refused(store: Store, anna: AthleteConfig) -> None:
    account = ScriptedAccount(clock=StoppedClock(TUESDAY))
    account.trouble = lambda now: NeedsLogin(
        "login", "Run `niggled login strava`.", "Strava is not connected yet."
    )
    watcher = Watcher(store, anna, account)
    watcher.look()
    ((_, text),) = told(watcher)
    assert text.startswith("Strava is not connected yet. Run `niggled login strava`.")


def test_used_up_requests_are_never_told(watcher: Watcher) -> None:
    def trouble(now: datetime) -> Exception | None:
        if TUESDAY <= now < TUESDAY + 2 * DAY:
            return Unavailable("The requests of the day are used up", TUESDAY + 2 * DAY, paced=True)
        return None

    watcher.account.trouble = trouble
    watcher.look_until(TUESDAY + 3 * DAY)
    assert told(watcher) == []


def test_at_night_an_outage_waits_for_the_morning(watcher: Watcher) -> None:
    night = TUESDAY + 5 * HOUR
    watcher.account.trouble = out_between(night, night + DAY, REFUSED)
    watcher.look_until(night + HOUR)
    with watcher.store.reading() as session:
        (delivery,) = outbox.list_deliveries(session, "anna", DeliveryState)
    assert delivery.due_at == datetime(2026, 3, 4, 8, 45, tzinfo=UTC)


def test_an_outage_that_is_over_before_the_morning_is_not_told_at_all(watcher: Watcher) -> None:
    watcher.account.trouble = out_between(TUESDAY, TUESDAY + 10 * HOUR, DOWN)
    watcher.look_until(TUESDAY + 8 * HOUR)
    with watcher.store.reading() as session:
        (waiting,) = outbox.list_deliveries(session, "anna", [DeliveryState.QUEUED])
    assert waiting.due_at == datetime(2026, 3, 4, 8, 45, tzinfo=UTC)
    watcher.look_until(TUESDAY + DAY)
    with watcher.store.reading() as session:
        assert outbox.list_deliveries(session, "anna", [DeliveryState.QUEUED]) == []
    assert len(told(watcher)) == 1


def test_a_record_that_cannot_be_read_is_told_once_with_its_name_and_reason(watcher: Watcher) -> None:
    account = watcher.account
    bad = account.run(TUESDAY - HOUR)
    account.unreadable = {bad: "the field distance is missing"}
    account.run(TUESDAY)
    watcher.look_until(TUESDAY + 2 * DAY)
    assert told(watcher) == [
        (
            "niggled needs you",
            f"Strava activity {bad} could not be read: The field distance is missing. "
            "Look at it on Strava; it is tried again at every look.",
        )
    ]
    with watcher.store.reading() as session:
        (aside,) = list_set_aside(session, "anna")
        assert len(starts_of(session, "anna", "strava")) == 19
    assert aside.count > 5
    account.unreadable = {}
    watcher.look_until(TUESDAY + 3 * DAY)
    with watcher.store.reading() as session:
        assert list_set_aside(session, "anna") == []


def test_without_a_channel_for_such_words_nothing_is_told_nor_taken_back(
    watcher: Watcher, anna: AthleteConfig
) -> None:
    watcher.athlete = replace(anna, channels=(replace(anna.channels[0], sends=("warning",)),))
    watcher.account.trouble = out_between(TUESDAY, TUESDAY + DAY, REFUSED)
    watcher.look_until(TUESDAY + 3 * DAY)
    assert told(watcher) == []


@pytest.mark.parametrize(
    ("validity_days", "days_left", "expected"), [(None, (14, 3), 2), (30, (5, 1), 2), (365, (15, 4), 1)]
)
def test_a_key_that_ends_is_told_once_for_each_reminder(
    store: Store, anna: AthleteConfig, validity_days: int | None, days_left: tuple[int, int], expected: int
) -> None:
    ends = date(2026, 6, 30)
    for left in range(60, min(days_left) - 1, -1):
        today = ends - timedelta(days=left)
        for hour in (9, 20):
            now = datetime(today.year, today.month, today.day, hour, tzinfo=UTC)
            with store.session() as session:
                tell_key_ends(session, anna, "garmin", key_countdown(ends, validity_days, today), now)
    with store.reading() as session:
        texts = [one.message.text for one in outbox.list_deliveries(session, "anna", DeliveryState)]
    assert len(texts) == expected
    assert texts[0] == (
        "The Garmin key ends on Tuesday. "
        "Make a new key in Garmin Connect on the web → Settings → Personal API, "
        "then paste it on your page or run `niggled login garmin`."
        if validity_days == 30
        else "The Garmin key ends on 30 June. "
        "Make a new key in Garmin Connect on the web → Settings → Personal API, "
        "then paste it on your page or run `niggled login garmin`."
    )
