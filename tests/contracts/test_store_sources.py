"""Who asks a source, and for how long: claims, pacing, and what is forgotten with a source."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from fakes.source_records import MONDAY, days, record, run

from daemon.store.engine import Store
from daemon.store.records import newest_start, save_record, starts_of
from daemon.store.sources import (
    SourceCondition,
    claim_source,
    claim_this,
    forget_source,
    holds_claim,
    keep_claim,
    make_due,
    record_failure,
    record_pacing,
    record_success,
    register_source,
    release_source,
    save_cursor,
    source_state,
    source_states,
)

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
LEASE, HOUR = timedelta(minutes=6), timedelta(hours=1)


def test_two_workers_never_ask_one_source_at_once(store: Store) -> None:
    athletes = [f"a{number}" for number in range(12)]
    with store.session() as session:
        for athlete in athletes:
            register_source(session, athlete, "strava", NOW)
    claims: list[tuple[str, str]] = []
    ready = threading.Barrier(4)

    def work(worker: str) -> None:
        ready.wait(20)
        while True:
            with store.session() as session:
                claimed = claim_source(session, worker, NOW, LEASE)
            if claimed is None:
                return
            claims.append((claimed[0], worker))

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(athlete for athlete, _ in claims) == sorted(athletes)


def test_only_what_is_connected_here_is_claimed(store: Store) -> None:
    with store.session() as session:
        for athlete, source in (("anna", "garmin"), ("anna", "strava"), ("ben", "strava")):
            register_source(session, athlete, source, NOW)
        among = {("ben", "strava")}
        claimed = claim_source(session, "one", NOW, LEASE, among)
        assert claimed is not None
        assert claimed[0] == "ben"
        assert claim_source(session, "one", NOW, LEASE, among) is None
        assert claim_source(session, "one", NOW, LEASE, ()) is None


def test_one_source_is_claimed_due_or_not_but_not_from_another(store: Store) -> None:
    with store.session() as session:
        register_source(session, "anna", "strava", NOW + HOUR)
        assert claim_this(session, "anna", "strava", "by hand", NOW, LEASE)
        assert not claim_this(session, "anna", "strava", "other", NOW + LEASE, LEASE)
        assert holds_claim(session, "anna", "strava", "by hand")
        assert not holds_claim(session, "anna", "strava", "other")
        keep_claim(session, "anna", "strava", "by hand", NOW + 2 * LEASE)
        keep_claim(session, "anna", "strava", "other", NOW)
        assert not claim_this(session, "anna", "strava", "other", NOW + 2 * LEASE, LEASE)
        release_source(session, "anna", "strava", "other")
        assert holds_claim(session, "anna", "strava", "by hand")
        release_source(session, "anna", "strava", "by hand")
        assert claim_this(session, "anna", "strava", "other", NOW, LEASE)


def test_a_lease_from_a_clock_that_was_put_back_binds_nobody(store: Store) -> None:
    with store.session() as session:
        register_source(session, "anna", "strava", NOW)
        assert claim_this(session, "anna", "strava", "killed", NOW + 1000 * 24 * HOUR, LEASE)
        assert claim_source(session, "one", NOW, LEASE) is not None


def test_what_is_due_beyond_every_wait_is_due_now(store: Store) -> None:
    with store.session() as session:
        register_source(session, "anna", "strava", NOW + 47 * HOUR)
        assert claim_source(session, "one", NOW, LEASE) is None
        make_due(session, "anna", "strava", NOW + 49 * HOUR)
        assert claim_source(session, "one", NOW, LEASE) is not None


def test_a_recorded_look_gives_the_claim_back_and_a_cursor_stays_with_a_failure(store: Store) -> None:
    with store.session() as session:
        register_source(session, "anna", "strava", NOW)
        claim_this(session, "anna", "strava", "one", NOW, LEASE)
        save_cursor(session, "anna", "strava", '{"read": 7}')
        record_failure(
            session, "anna", "strava", NOW, SourceCondition.WAITING, due_at=NOW + HOUR, reason="500"
        )
        state = source_state(session, "anna", "strava")
        assert state is not None
        assert state.cursor == '{"read": 7}'
        assert not holds_claim(session, "anna", "strava", "one")


def test_pacing_is_no_outage_and_ends_one_only_where_something_was_answered(store: Store) -> None:
    def pace(at: datetime, *, answered: bool) -> None:
        record_pacing(
            session,
            "anna",
            "strava",
            at,
            due_at=at + HOUR,
            reason="used up",
            retry_at=at + HOUR,
            answered=answered,
        )

    with store.session() as session:
        record_failure(
            session, "anna", "strava", NOW, SourceCondition.WAITING, due_at=NOW + HOUR, reason="500"
        )
        pace(NOW + HOUR, answered=False)
        state = source_state(session, "anna", "strava")
        assert state is not None
        assert (state.state, state.failing_since, state.last_success_at) == ("waiting", NOW, None)
        pace(NOW + 2 * HOUR, answered=True)
        state = source_state(session, "anna", "strava")
        assert state is not None
        assert (state.failing_since, state.last_success_at) == (None, NOW + 2 * HOUR)


def test_an_outage_noted_by_a_clock_that_was_wrong_begins_anew(store: Store) -> None:
    def fail(at: datetime) -> datetime | None:
        record_failure(
            session, "anna", "strava", at, SourceCondition.WAITING, due_at=at + HOUR, reason="no network"
        )
        state = source_state(session, "anna", "strava")
        return state.failing_since if state else None

    with store.session() as session:
        record_success(session, "anna", "strava", NOW, due_at=NOW, new_activities=0, cursor=None)
        at_boot = datetime(2000, 1, 1, tzinfo=UTC)
        assert fail(at_boot) == at_boot
        assert fail(NOW + HOUR) == NOW + HOUR
        assert fail(NOW + 2 * HOUR) == NOW + HOUR


def test_a_source_that_is_forgotten_leaves_its_records(store: Store) -> None:
    with store.session() as session:
        register_source(session, "anna", "strava", NOW)
        register_source(session, "ben", "strava", NOW)
        save_record(session, "anna", record("strava", "1"), NOW)
        forget_source(session, "anna", "strava")
        assert source_states(session, "anna") == []
        assert len(source_states(session, "ben")) == 1
        assert starts_of(session, "anna", "strava") == [MONDAY]


def test_the_newest_start_leaves_out_the_future_and_other_sources(store: Store) -> None:
    with store.session() as session:
        for number, ahead in enumerate((0, 2, 900)):
            save_record(session, "anna", record("strava", f"{number}", run(MONDAY + days(ahead))), NOW)
        save_record(session, "anna", record("garmin", "1", run(MONDAY + days(3))), NOW)
        assert newest_start(session, "anna", "strava", until=MONDAY + days(10)) == MONDAY + days(2)
        assert newest_start(session, "ben", "strava", until=MONDAY + days(10)) is None
