"""Rounds over the sources that are due: each in a child, each once, and no word lost where a child says none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import StoppedClock

from daemon.config import AthleteConfig
from daemon.jobs.child import ChildFailedError
from daemon.jobs.poll_outcome import lost
from daemon.jobs.poll_timing import LEASE
from daemon.polling import LiveJobs, Polling
from daemon.store.engine import Store
from daemon.store.sources import (
    SourceCondition,
    SourceState,
    claim_this,
    forget_source,
    make_due,
    record_failure,
    record_success,
    source_states,
)

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Children:
    """Looks that do as they are told: succeed, end badly, end without a word, refuse the login."""

    store: Store
    athlete: AthleteConfig
    clock: StoppedClock
    connected: list[str] = field(default_factory=lambda: ["strava"])
    endings: dict[str, str] = field(default_factory=dict)
    looks: list[tuple[str, datetime]] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def jobs(self) -> dict[str, LiveJobs]:
        return {
            self.athlete.name: LiveJobs(
                connected=lambda: self.connected,
                sync=self.sync,
                lost=lambda source, reason, now: lost(
                    self.store, self.athlete, source, reason, now, lambda: 0.5
                ),
            )
        }

    def sync(self, source: str, stop: threading.Event) -> None:
        now = self.clock.now()
        self.looks.append((source, now))
        self.during()
        ending = self.endings.get(source, "good")
        if ending in ("good", "refused"):
            with self.store.session() as session:
                if ending == "good":
                    record_success(
                        session, "me", source, now, due_at=now + 15 * MINUTE, new_activities=0, cursor=None
                    )
                else:
                    record_failure(
                        session,
                        "me",
                        source,
                        now,
                        SourceCondition.NEEDS_LOGIN,
                        due_at=now + timedelta(hours=24),
                        reason="Strava refuses our login",
                    )
        if ending in ("bad", "overdue", "refused"):
            raise ChildFailedError("`niggled sync` ended with status 1", overdue=ending == "overdue")


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture
def children(store: Store, athlete: AthleteConfig, clock: StoppedClock) -> Children:
    return Children(store, athlete, clock)


@pytest.fixture
def polling(store: Store, clock: StoppedClock) -> Polling:
    return Polling(clock, store, "one")


def round_of(polling: Polling, children: Children, stop: threading.Event | None = None) -> list[str]:
    looked: list[str] = []
    polling.round(children.jobs(), stop or threading.Event(), looked.append)
    return looked


def state_of(children: Children, source: str = "strava") -> SourceState:
    with children.store.reading() as session:
        return next(one for one in source_states(session, "me") if one.source == source)


def test_a_connected_source_is_asked_at_once_and_then_when_it_is_due(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    assert round_of(polling, children) == ["me"]
    for _ in range(30):
        clock.sleep(60)
        round_of(polling, children)
    assert [at for _, at in children.looks] == [NOON, NOON + 15 * MINUTE, NOON + 30 * MINUTE]


def test_a_source_that_appears_is_asked_at_the_next_round_and_one_that_goes_no_more(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    round_of(polling, children)
    children.connected.append("garmin")
    clock.sleep(60)
    round_of(polling, children)
    assert [source for source, _ in children.looks] == ["strava", "garmin"]
    children.connected.remove("strava")
    for _ in range(60):
        clock.sleep(60)
        round_of(polling, children)
    assert [source for source, _ in children.looks].count("strava") == 1


def test_a_source_that_was_forgotten_and_connected_again_is_asked_at_once(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    round_of(polling, children)
    with children.store.session() as session:
        forget_source(session, "me", "strava")
    clock.sleep(60)
    round_of(polling, children)
    assert len(children.looks) == 2


def test_the_next_check_is_shown(polling: Polling, children: Children) -> None:
    assert polling.next_check == ""
    round_of(polling, children)
    assert polling.next_check == "next check of strava 2026-03-03 12:15 UTC"


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("bad", "The look ended badly; the log says why."),
        ("overdue", "The look took longer than 5 minutes and was ended."),
        ("silent", "The look ended badly; the log says why."),
    ],
)
def test_a_look_that_ends_without_a_word_is_a_failure_with_growing_waits(
    polling: Polling, children: Children, clock: StoppedClock, ending: str, reason: str
) -> None:
    children.endings["strava"] = ending
    for _ in range(24 * 60):
        round_of(polling, children)
        clock.sleep(60)
    state = state_of(children)
    assert (state.state, state.reason, state.failing_since) == (SourceCondition.WAITING, reason, NOON)
    assert len(children.looks) == 11
    children.endings.clear()
    for _ in range(7 * 60):
        round_of(polling, children)
        clock.sleep(60)
    assert state_of(children).state is SourceCondition.OK


def test_what_a_look_recorded_itself_stands_even_if_its_child_then_ends_badly(
    polling: Polling, children: Children
) -> None:
    children.endings["strava"] = "refused"
    round_of(polling, children)
    assert state_of(children).state is SourceCondition.NEEDS_LOGIN
    assert state_of(children).reason == "Strava refuses our login"


def test_one_source_in_trouble_does_not_stop_the_other(polling: Polling, children: Children) -> None:
    children.connected = ["garmin", "strava"]
    children.endings["garmin"] = "bad"
    round_of(polling, children)
    assert [source for source, _ in children.looks] == ["garmin", "strava"]
    assert state_of(children).state is SourceCondition.OK


def test_a_stop_gives_the_claim_back_and_leaves_the_source_due(polling: Polling, children: Children) -> None:
    stop = threading.Event()
    children.endings["strava"] = "silent"
    children.during = stop.set
    children.connected = ["garmin", "strava"]
    children.endings["garmin"] = "silent"
    round_of(polling, children, stop)
    assert [source for source, _ in children.looks] == ["garmin"]
    assert state_of(children, "garmin").failing_since is None
    with children.store.session() as session:
        assert claim_this(session, "me", "garmin", "other", NOON, LEASE)


def test_what_another_daemon_asks_is_left_alone_until_its_lease_has_run_out(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    other = Polling(clock, children.store, "other")
    children.during = lambda: round_of(other, quiet) and None
    quiet = Children(children.store, children.athlete, clock)
    round_of(polling, children)
    assert len(children.looks) == 1
    assert quiet.looks == []
    # This one is killed in the middle of its look.
    with children.store.session() as session:
        make_due(session, "me", "strava", clock.now())
        assert claim_this(session, "me", "strava", "killed", clock.now(), LEASE)
    for _ in range(8):
        clock.sleep(60)
        round_of(other, quiet)
    assert [at for _, at in quiet.looks] == [NOON + LEASE + MINUTE]


def test_a_clock_that_is_put_back_silences_no_source(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    clock.at = NOON + timedelta(hours=20)
    round_of(polling, children)
    clock.at = NOON
    round_of(polling, children)
    assert len(children.looks) == 2


def test_a_daemon_started_after_the_clock_was_put_back_by_years_asks_at_once(
    children: Children, clock: StoppedClock
) -> None:
    clock.at = NOON + timedelta(days=1000)
    round_of(Polling(clock, children.store, "one"), children)
    with children.store.session() as session:
        assert claim_this(session, "me", "strava", "killed", clock.now(), LEASE)
    clock.at = NOON
    round_of(Polling(clock, children.store, "two"), children)
    assert len(children.looks) == 2


def test_after_a_start_or_a_changed_configuration_a_refused_login_is_tried_again_once(
    polling: Polling, children: Children, clock: StoppedClock
) -> None:
    children.endings["strava"] = "refused"
    for _ in range(5):
        round_of(polling, children)
        clock.sleep(60)
    assert len(children.looks) == 1
    polling.forget()
    for _ in range(5):
        round_of(polling, children)
        clock.sleep(60)
    assert len(children.looks) == 2


def test_a_household_that_cannot_be_listed_costs_the_others_nothing(
    polling: Polling, children: Children
) -> None:
    def closed() -> list[str]:
        raise PermissionError(13, "Permission denied")

    broken = LiveJobs(closed, lambda source, stop: None, lambda source, reason, now: None)
    polling.round({"anna": broken} | children.jobs(), threading.Event())
    assert len(children.looks) == 1
