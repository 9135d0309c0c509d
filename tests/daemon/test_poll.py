"""A look at a live source: what it asks for, what it keeps, and what it leaves for the next."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fakes.clock import StoppedClock
from fakes.scripted_source import EVERY, ScriptedAccount, Watcher

from connectors.errors import Broken, NeedsLogin, Unavailable
from daemon.config import AthleteConfig
from daemon.jobs.poll import PAGES_A_LOOK, SourceBusyError
from daemon.jobs.poll_cursor import read_cursor
from daemon.jobs.poll_progress import Progress
from daemon.store.engine import Store
from daemon.store.history import list_activities
from daemon.store.records import known_records
from daemon.store.sources import SourceCondition, claim_this, register_source
from daemon.store.tables import SOURCE_RECORDS

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def account(clock: StoppedClock) -> ScriptedAccount:
    return ScriptedAccount(clock=clock)


@pytest.fixture
def watcher(store: Store, athlete: AthleteConfig, account: ScriptedAccount) -> Watcher:
    return Watcher(store, athlete, account, draw=lambda: 0.5)


def stored(watcher: Watcher) -> set[str]:
    with watcher.store.reading() as session:
        return set(known_records(session, "me", "strava"))


def count(watcher: Watcher) -> int:
    with watcher.store.reading() as session:
        return len(list_activities(session, "me"))


def test_the_first_look_brings_90_days_with_their_samples_and_later_ones_the_rest(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(150, NOW)
    first = watcher.look()
    recent = {key for key, leg in account.held.items() if leg.start >= NOW - 90 * DAY}
    assert stored(watcher) == recent
    assert {call.split()[1] for call in account.calls if call.startswith("recording")} == recent
    assert first.due_at == NOW + 2 * MINUTE
    clock.at = first.due_at
    second = watcher.look()
    assert len(stored(watcher)) == len(recent) + PAGES_A_LOOK * account.page_size
    assert second.due_at == clock.at + 2 * MINUTE
    watcher.look_until(NOW + DAY / 24)
    assert stored(watcher) == account.held.keys()
    assert watcher.state().due_at > clock.at
    assert read_cursor(watcher.state().cursor).complete
    assert len([call for call in account.calls if call.startswith("recording")]) == len(recent)


def test_while_older_history_is_read_a_new_run_does_not_wait(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(150, NOW)
    watcher.look()
    fresh = account.run(NOW, uploaded=NOW + MINUTE)
    clock.sleep(120)
    watcher.look()
    assert fresh in stored(watcher)
    assert not read_cursor(watcher.state().cursor).complete


def test_a_look_with_nothing_new_is_one_request(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.page_size = 200
    account.weeks_of_runs(20, NOW)
    watcher.look_until(NOW + DAY / 24)
    account.calls.clear()
    looks = watcher.look_until(NOW + DAY / 2)
    assert looks >= 40
    assert account.calls == ["page 1"] * looks


def test_an_edit_a_deletion_and_a_late_upload_are_found_within_hours(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(10, NOW)
    watcher.look_until(NOW + DAY / 24)
    account.edit("1002", distance_m=7000.0)
    account.held.pop("1001")
    late = account.run(NOW - 9 * DAY, uploaded=NOW + 2 * MINUTE)
    watcher.look_until(clock.at + DAY / 4 + EVERY)
    known = stored(watcher)
    assert late in known
    assert "1001" not in known
    with watcher.store.reading() as session:
        assert known_records(session, "me", "strava")["1002"].activity.distance_m == 7000.0


def test_by_hand_it_goes_to_the_end_and_shows_how_far_it_is(
    watcher: Watcher, account: ScriptedAccount
) -> None:
    account.weeks_of_runs(150, NOW)
    seen: list[Progress] = []
    since = min(leg.start for leg in account.held.values())
    polled = watcher.look(scheduled=False, progress=seen.append, account_since=since)
    assert stored(watcher) == account.held.keys()
    assert polled.cursor.complete
    assert not polled.stopped
    shares = [one.share for one in seen]
    assert shares == sorted(shares, key=lambda share: share or 0)
    assert shares[-1] == 1.0
    assert [one.read for one in seen] == sorted(one.read for one in seen)
    assert seen[-1].read == 450


def test_by_hand_what_was_edited_is_looked_for_at_once(watcher: Watcher, account: ScriptedAccount) -> None:
    account.weeks_of_runs(3, NOW)
    watcher.look(scheduled=False)
    account.held.pop("1000")
    assert watcher.look(scheduled=False).report.deleted == 1


def test_everything_again_finds_what_changed_long_ago(watcher: Watcher, account: ScriptedAccount) -> None:
    account.weeks_of_runs(60, NOW)
    watcher.look(scheduled=False)
    oldest = min(account.held, key=lambda key: account.held[key].start)
    account.edit(oldest, distance_m=21_000.0)
    assert watcher.look(scheduled=False).report.saved == []
    again = watcher.look(scheduled=False, full=True)
    assert [one.external_id for one in again.report.saved] == [oldest]


def test_history_read_so_far_and_the_time_left_are_in_the_log(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    account.weeks_of_runs(150, NOW)
    account.request_s = 1.0
    since = min(leg.start for leg in account.held.values())
    watcher.look(account_since=since)
    clock.sleep(120)
    watcher.look()
    lines = [record.getMessage() for record in caplog.records]
    assert lines[1] == "Strava of me: Read back to December 2025, 39 activities; about 7 minutes to go."
    assert lines[3] == "Strava of me: Read back to August 2024, 239 activities; about 3 minutes to go."


def test_an_account_without_anything_is_complete_at_once_and_the_first_run_arrives(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    watcher.look()
    clock.sleep(120)
    watcher.look()
    assert read_cursor(watcher.state().cursor).complete
    account.run(NOW, uploaded=NOW + DAY)
    watcher.look_until(NOW + DAY + 2 * EVERY)
    assert count(watcher) == 1


def test_a_date_in_the_future_hides_no_later_run(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(3, NOW)
    account.run(NOW + 4000 * DAY, uploaded=NOW)
    watcher.look_until(NOW + DAY / 24)
    fresh = account.run(clock.at, uploaded=clock.at + DAY / 24)
    watcher.look_until(clock.at + DAY / 24 + 2 * EVERY)
    assert fresh in stored(watcher)


def test_a_failure_half_way_keeps_what_came_before_and_skips_nothing_afterwards(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(10, NOW)
    watcher.look_until(NOW + DAY / 24)
    clock.at = NOW + 120 * DAY
    account.page_size = 5
    missed = [account.run(NOW + day * DAY) for day in range(2, 40)]
    account.fails = {"page 3": Unavailable("Strava does not answer (500)")}
    polled = watcher.look()
    assert str(polled.report.failure) == "Strava does not answer (500)"
    assert len(stored(watcher) & set(missed)) == 10
    account.fails = {}
    watcher.look()
    assert set(missed) <= stored(watcher)


def test_a_kill_between_two_pages_loses_and_repeats_nothing(
    watcher: Watcher, account: ScriptedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.weeks_of_runs(60, NOW)

    class KilledError(BaseException):
        pass

    pages = 0

    def die(progress: Progress) -> None:
        nonlocal pages
        pages += 1
        if pages == 4:
            raise KilledError

    with pytest.raises(KilledError):
        watcher.look(scheduled=False, progress=die, worker="by hand")
    kept = stored(watcher)
    # The transaction that the kill fell into is undone as a whole.
    cursor = read_cursor(watcher.state().cursor)
    assert cursor.back_to is not None
    assert kept == {key for key, leg in account.held.items() if leg.start >= cursor.back_to}
    account.calls.clear()
    watcher.look(scheduled=False, worker="by hand")
    assert stored(watcher) == account.held.keys()
    assert count(watcher) == 180


def test_a_look_that_takes_long_stops_by_itself_and_the_next_goes_on(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(13, NOW)
    account.request_s = 20.0
    first = watcher.look()
    assert first.stopped
    assert timedelta(minutes=4) <= clock.at - NOW < timedelta(minutes=5)
    assert first.due_at == clock.at + 2 * MINUTE
    asked = [call for call in account.calls if call.startswith("recording")]
    watcher.look_until(NOW + DAY / 8)
    again = [call for call in account.calls if call.startswith("recording")]
    assert len(again) == len(set(again)) == 39
    assert again[: len(asked)] == asked


def test_used_up_requests_are_no_outage(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(13, NOW)
    free_at = NOW + 15 * MINUTE
    paced = Unavailable("The requests allowed in 15 minutes are used up", free_at, paced=True)
    account.fails = {"recording 1005": paced}
    polled = watcher.look()
    state = watcher.state()
    assert (state.state, state.failing_since, state.retry_at) == (SourceCondition.WAITING, None, free_at)
    assert state.due_at == polled.due_at == free_at
    assert state.last_success_at == NOW
    account.fails = {}
    watcher.look_until(NOW + DAY / 24)
    assert watcher.state().state is SourceCondition.OK


def test_a_refused_login_waits_for_the_runner_and_says_what_to_do(
    watcher: Watcher, account: ScriptedAccount
) -> None:
    account.trouble = lambda now: NeedsLogin(
        "login", "Run `niggled login strava`.", "Strava refuses our login"
    )
    watcher.look()
    state = watcher.state()
    assert (state.state, state.reason, state.cure, state.failing_since) == (
        SourceCondition.NEEDS_LOGIN,
        "Strava refuses our login",
        "Run `niggled login strava`.",
        NOW,
    )
    assert state.due_at == NOW + DAY


def test_a_source_that_cannot_even_be_opened_is_recorded_like_any_other_failure(
    watcher: Watcher, account: ScriptedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> None:
        raise Broken("The keys cannot be read (it is not JSON). Log in again.")

    monkeypatch.setattr(account, "open", opened)
    watcher.look()
    state = watcher.state()
    assert (state.state, state.reason) == (
        SourceCondition.BROKEN,
        "The keys cannot be read (it is not JSON). Log in again.",
    )


def test_a_defect_of_ours_ends_as_broken_with_its_traceback_and_keeps_what_came_before(
    watcher: Watcher, account: ScriptedAccount, caplog: pytest.LogCaptureFixture
) -> None:
    account.weeks_of_runs(13, NOW)
    account.trouble = lambda now: KeyError("nonsense") if account.calls[-1] == "page 2" else None
    polled = watcher.look()
    assert str(polled.report.failure) == (
        "Reading it broke down (KeyError). Look into the log, and report what stands there."
    )
    assert watcher.state().state is SourceCondition.BROKEN
    assert len(stored(watcher)) == 20
    assert "Traceback" in caplog.text
    account.trouble = lambda now: None
    watcher.look()
    assert len(stored(watcher)) == 39


def test_what_cannot_be_read_is_set_aside_and_told_once(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(3, NOW)
    account.unreadable = {"1002": "the field start_date is missing"}
    polled = watcher.look(scheduled=False)
    assert [one.origin for one in polled.report.aside] == ["Strava activity 1002"]
    assert len(stored(watcher)) == 8
    clock.sleep(60)
    watcher.look(scheduled=False)
    account.unreadable = {}
    watcher.look(scheduled=False)
    assert len(stored(watcher)) == 9


def test_raw_payloads_are_forgotten_after_keep_days(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    def payloads() -> int:
        with watcher.store.reading() as session:
            kept = sa.select(sa.func.count()).where(SOURCE_RECORDS.c.raw.isnot(None))
            return session.execute(kept).scalar_one()

    account.weeks_of_runs(3, NOW)
    watcher.look(scheduled=False)
    assert payloads() == 9
    clock.sleep(6 * 86400)
    watcher.look(scheduled=False)
    assert payloads() == 9
    clock.sleep(86400 + 60)
    watcher.look(scheduled=False)
    assert payloads() == 0


def test_by_hand_a_source_that_is_being_asked_is_left_alone(
    watcher: Watcher, account: ScriptedAccount
) -> None:
    with watcher.store.session() as session:
        register_source(session, "me", "strava", NOW)
        assert claim_this(session, "me", "strava", "the daemon", NOW, timedelta(minutes=6))
    with pytest.raises(SourceBusyError, match="Strava is being asked at this moment"):
        watcher.look(worker="by hand")
    assert account.looks == []


def test_the_claim_of_a_look_by_hand_lasts_as_long_as_it_goes_on_and_ends_with_it(
    watcher: Watcher, account: ScriptedAccount, clock: StoppedClock
) -> None:
    account.weeks_of_runs(150, NOW)
    account.request_s = 30.0
    taken: list[bool] = []

    def other_worker() -> bool:
        with watcher.store.session() as session:
            return claim_this(session, "me", "strava", "other", clock.now(), timedelta(minutes=6))

    original = account._ask

    def ask(request: str) -> None:
        taken.append(other_worker())
        original(request)

    account._ask = ask  # type: ignore[method-assign]
    watcher.look(scheduled=False, worker="by hand")
    assert clock.at - NOW > timedelta(minutes=30)
    assert not any(taken)
    assert other_worker()
