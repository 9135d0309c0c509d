"""What the services' doors promise beyond every source: few requests, three kinds of failure, nothing lost, no secret out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.account import Account
from fakes.account_builders import made_up
from fakes.clock import StoppedClock
from fakes.kept_sources import LIVE_KINDS, GarminPersonalKept, LiveKept, StravaKept, kept, life, stored
from fakes.strava_server import INACTIVE
from fakes.vendor_faults import (
    CUT,
    CUT_AFTER_HANDLING,
    CUT_IN_BODY,
    DIES_AFTER_ANSWER,
    OTHER_SHAPE,
    PAGE,
    PAGE_404,
    REPEATS_FIRST_PAGE,
    TRUNCATED,
    Fault,
    refused,
    renamed,
    too_many,
)

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.sources.contract import Deleted, Known, Reached, SetAside, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from connectors.sources.live import BEGINNING
from rules.policy import Policy

NOW = datetime(2024, 6, 1, 12, 7, tzinfo=UTC)
WINDOW = timedelta(days=14)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture(params=LIVE_KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock) -> Iterator[LiveKept]:
    """A short life with recordings."""
    with kept(request.param, tmp_path, life(NOW), clock) as one:
        assert isinstance(one, LiveKept)
        yield one


@pytest.fixture(params=LIVE_KINDS)
def long_life(request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock) -> Iterator[LiveKept]:
    """450 activities, two of the same second at the end of every door's first page."""
    account = made_up(450, NOW)
    newest = account.newest_first()
    for last in (39, 99, 199):
        account.edit(newest[last].id, start=newest[last + 1].start)
    with kept(request.param, tmp_path, account, clock) as one:
        assert isinstance(one, LiveKept)
        yield one


def listed(source: LiveKept, known: dict[str, Known], until: datetime | None = None) -> Iterator[SourceItem]:
    """A pass over everything, left when the listing is through: what follows are samples."""
    for item in source.fetch(known, None, until):
        yield item
        if item == Reached(BEGINNING):
            return


def synced(source: LiveKept) -> dict[str, Known]:
    return stored(source.fetch({}))


def failure_of(
    source: LiveKept, known: dict[str, Known] | None = None
) -> tuple[list[SourceItem], ConnectorError]:
    """What was told before a pass failed, and how it did."""
    told: list[SourceItem] = []
    with pytest.raises(ConnectorError) as raised:
        told.extend(listed(source, known or {}))
    shown = repr(raised.value) + str(raised.value) + str(getattr(raised.value, "cure", ""))
    assert [secret for secret in source.secrets() if secret in shown] == []
    return told, raised.value


def ids(account: Account) -> set[str]:
    return {str(held.id) for held in account}


def test_a_look_with_nothing_new_costs_one_request(source: LiveKept) -> None:
    known = synced(source)
    newest = source.account.newest_first()[0]
    assert source.requests_of(source.fetch(known, newest.start + SECOND)) == [source.listing]


def test_a_look_at_the_last_two_weeks_costs_two_requests_at_most(source: LiveKept) -> None:
    known = synced(source)
    assert source.requests_of(source.fetch(known, NOW - WINDOW)) in ([source.listing], [source.listing] * 2)


def test_two_thousand_activities_of_strava_cost_twelve_requests(tmp_path: Path, clock: StoppedClock) -> None:
    with kept("strava", tmp_path, made_up(2000, NOW), clock) as strava:
        assert isinstance(strava, StravaKept)
        known: dict[str, Known] = {}
        assert strava.requests_of(listed(strava, known)) == [strava.listing] * 12


@pytest.mark.parametrize("stop_after", [23, 40, 200, 201, 333])
def test_a_pass_that_is_stopped_anywhere_loses_nothing(long_life: LiveKept, stop_after: int) -> None:
    known: dict[str, Known] = {}
    until: datetime | None = None
    for _ in range(450 // stop_after + 4):
        told: list[SourceItem] = []
        for item in listed(long_life, known, until):
            told.append(item)
            if len(told) == stop_after:
                break
        known = stored(told, known)
        reached = [item.back_to for item in told if isinstance(item, Reached)]
        if reached:
            until = min(reached) + SECOND
        if BEGINNING in reached:
            break
    assert known.keys() == ids(long_life.account)


def test_the_newest_come_first_and_reached_is_true(long_life: LiveKept) -> None:
    told: list[datetime] = []
    marks = 0
    for item in listed(long_life, {}):
        if isinstance(item, SourceRecord):
            told.append(item.activity.start)
        elif isinstance(item, Reached):
            marks += 1
            later = [held.start for held in long_life.account if held.start >= item.back_to]
            assert sorted(told)[-len(later) :] == sorted(later)
    assert told == sorted(told, reverse=True)
    assert marks >= 3


@pytest.mark.parametrize(
    "fault", [CUT, CUT_IN_BODY, PAGE, TRUNCATED, refused(503), too_many()], ids=lambda fault: fault.name
)
def test_after_a_failure_on_the_second_page_the_next_pass_brings_the_rest(
    long_life: LiveKept, clock: StoppedClock, fault: Fault
) -> None:
    long_life.server.fail(fault, long_life.listing, skip=1)
    told, _ = failure_of(long_life)
    known = stored(told)
    assert 40 <= len(known) <= 200
    clock.sleep(3600)
    known = stored(listed(long_life, known), known)
    assert known.keys() == ids(long_life.account)


KINDS_OF_FAILURE = [
    (CUT, Unavailable),
    (CUT_IN_BODY, Unavailable),
    (PAGE, Unavailable),
    (refused(500), Unavailable),
    (refused(503), Unavailable),
    (too_many(60), Unavailable),
    (too_many(), Unavailable),
    (TRUNCATED, Broken),
    (OTHER_SHAPE, Broken),
    (refused(401), NeedsLogin),
]


@pytest.mark.parametrize(("fault", "kind"), KINDS_OF_FAILURE, ids=lambda one: getattr(one, "name", ""))
def test_every_failure_is_one_of_three_kinds_and_ends_with_its_cause(
    source: LiveKept, fault: Fault, kind: type[ConnectorError], clock: StoppedClock
) -> None:
    source.server.fail(fault, source.listing, times=None)
    told, failure = failure_of(source)
    assert isinstance(failure, kind)
    assert stored(told) == {}
    if fault.status == 429:
        assert isinstance(failure, Unavailable)
        assert failure.retry_at is not None
        assert failure.retry_at > NOW
        if fault.headers:
            assert failure.retry_at == NOW + timedelta(seconds=60)
    source.server.recover()
    if kind is not NeedsLogin:
        clock.sleep(24 * 3600)
        assert synced(source).keys() == ids(source.account)


def test_a_service_that_repeats_its_first_page_is_found_out(long_life: LiveKept) -> None:
    long_life.server.fail(REPEATS_FIRST_PAGE, long_life.listing, times=None)
    told, failure = failure_of(long_life)
    assert isinstance(failure, Broken)
    assert len(long_life.server.asked(long_life.listing)) <= 3
    assert stored(told)


def test_rows_that_nobody_understands_are_no_empty_listing(source: LiveKept) -> None:
    known = synced(source)
    source.server.fail(renamed(**{name: f"new_{name}" for name in source.start_fields}), source.listing)
    told, failure = failure_of(source, known)
    assert isinstance(failure, Broken)
    assert "Update niggled" in str(failure)
    assert told == []


def test_an_odd_record_is_tried_again_and_told_once_it_makes_sense(source: LiveKept) -> None:
    source.spoil_one()
    first = list(source.fetch({}))
    known = stored(first)
    (aside,) = [item for item in first if isinstance(item, SetAside)]
    (missing,) = ids(source.account) - known.keys()
    assert missing in aside.origin
    told = [item.external_id for item in source.fetch(known) if isinstance(item, SourceRecord)]
    assert set(told) == {missing}


def test_a_refused_login_says_what_to_do_and_is_no_loop(source: LiveKept) -> None:
    synced(source)
    source.expire_access()
    source.refuse_login()
    before = len(source.server.log)
    _, failure = failure_of(source)
    assert isinstance(failure, NeedsLogin)
    assert failure.reason == ("key_expired" if isinstance(source, GarminPersonalKept) else "login")
    assert failure.cure.endswith(".")
    failure_of(source)
    assert len(source.server.log) - before <= 4


def test_a_refused_pass_is_renewed_without_a_word(source: LiveKept) -> None:
    synced(source)
    source.expire_access()
    assert synced(source).keys() == ids(source.account)
    source.server.fail(refused(401), source.listing)
    assert synced(source).keys() == ids(source.account)


def test_what_was_renewed_is_saved_before_it_is_used(source: LiveKept) -> None:
    source.expire_access()
    source.server.fail(DIES_AFTER_ANSWER, source.token_endpoint)
    _, failure = failure_of(source)
    assert isinstance(failure, Unavailable)
    source.server.recover()
    renewals = len(source.server.asked(source.token_endpoint))
    assert synced(source).keys() == ids(source.account)
    assert len(source.server.asked(source.token_endpoint)) == renewals


def test_a_renewal_whose_answer_is_lost_ends_in_one_clear_word(source: LiveKept) -> None:
    source.expire_access()
    source.server.fail(CUT_AFTER_HANDLING, source.token_endpoint)
    _, failure = failure_of(source)
    assert isinstance(failure, Unavailable)
    if isinstance(source, GarminPersonalKept):
        assert synced(source).keys() == ids(source.account)  # a key can be exchanged as often as one likes
    else:
        _, failure = failure_of(source)
        assert isinstance(failure, NeedsLogin)


def test_an_inactive_application_is_a_state_of_its_own(tmp_path: Path, clock: StoppedClock) -> None:
    with kept("strava", tmp_path, life(NOW), clock) as strava:
        assert isinstance(strava, StravaKept)
        strava.server.fail(INACTIVE, times=None)
        _, failure = failure_of(strava)
    assert isinstance(failure, NeedsLogin)
    assert failure.reason == "inactive"


def test_what_the_listing_leaves_out_is_asked_for_before_it_is_believed_gone(source: LiveKept) -> None:
    known = synced(source)
    hidden, deleted = source.account.newest_first()[:2]
    source.server.hidden.add(hidden.id)
    assert [item for item in source.fetch(known, NOW - WINDOW) if isinstance(item, Deleted)] == []
    source.account.delete(deleted.id)
    gone = [item for item in source.fetch(known, NOW - WINDOW) if isinstance(item, Deleted)]
    assert [item.external_id for item in gone] == [str(deleted.id)]


@pytest.mark.parametrize(
    "fault", [refused(500), PAGE, PAGE_404, CUT, OTHER_SHAPE], ids=lambda fault: fault.name
)
def test_a_broken_look_up_deletes_nothing(source: LiveKept, fault: Fault) -> None:
    known = synced(source)
    hidden = source.account.newest_first()[0]
    source.server.hidden.add(hidden.id)
    source.server.fail(fault, f"*/{hidden.id}", times=None)
    told: list[SourceItem] = []
    with suppress(Unavailable, Broken):
        told.extend(source.fetch(known, NOW - WINDOW))
    assert source.server.asked(f"*/{hidden.id}")
    assert [item for item in told if isinstance(item, Deleted)] == []


def test_samples_of_a_run_are_those_of_its_file(source: LiveKept, tmp_path: Path) -> None:
    """Through Strava the metres are rounded to the decimetre; Garmin hands out the file itself."""
    run = source.account.newest_first()[0]
    assert run.fit is not None
    path = tmp_path / "run.fit"
    path.write_bytes(run.fit)
    (from_file,) = (
        item.activity
        for item in FilesSource([path], Policy(), NOW).fetch(None, frozenset())
        if isinstance(item, SourceRecord)
    )
    through_door = stored(source.fetch({}))[str(run.id)]
    assert through_door.sampled
    ours, theirs = through_door.activity.profile, from_file.profile
    assert ours is not None
    assert theirs is not None
    if isinstance(source, StravaKept):
        assert ours.dh_m == pytest.approx(theirs.dh_m, rel=0.02)
        assert ours.running.metres == pytest.approx(theirs.running.metres, rel=0.005)
    else:
        assert ours == theirs


def test_a_run_long_ago_and_a_ride_cost_no_request_for_samples(source: LiveKept) -> None:
    paths = " ".join(source.requests_of(source.fetch({})))
    ride = next(held for held in source.account if held.sport == "ride")
    long_ago = source.account.newest_first()[-1]
    newest = source.account.newest_first()[0]
    assert str(newest.id) in paths
    assert str(ride.id) not in paths
    assert str(long_ago.id) not in paths


def test_a_record_that_has_become_odd_is_not_believed_gone(source: LiveKept) -> None:
    known = synced(source)
    source.spoil_one()
    asides = [item for item in source.fetch(known) if not isinstance(item, Reached)]
    assert [type(item) for item in asides] == [SetAside]


def test_pages_smaller_than_asked_for_lose_nothing(long_life: LiveKept) -> None:
    if isinstance(long_life, StravaKept):
        long_life.server.short_by = 37
    elif isinstance(long_life, GarminPersonalKept):
        long_life.server.largest_page = 12
    assert stored(listed(long_life, {})).keys() == ids(long_life.account)


@pytest.mark.parametrize("ahead_h", [-7, 7])
def test_a_service_whose_clock_is_off_is_read_all_the_same(
    source: LiveKept, clock: StoppedClock, ahead_h: int
) -> None:
    source.server.skew = timedelta(hours=ahead_h)
    source.expire_access()
    known = synced(source)
    assert known.keys() == ids(source.account)
    assert len(source.server.asked(source.token_endpoint)) <= 2
    source.account.run(NOW + timedelta(hours=1))
    clock.sleep(5 * 3600)
    assert stored(source.fetch(known, NOW - WINDOW), known).keys() == ids(source.account)


@pytest.mark.parametrize("gone", [0, 41, 205, 330])
def test_a_deletion_between_two_pages_skips_nothing(long_life: LiveKept, gone: int) -> None:
    told: list[SourceItem] = []
    held = [one.id for one in long_life.account.newest_first()]
    deleted = held[gone]
    for item in listed(long_life, {}):
        told.append(item)
        if deleted in long_life.account.activities and len(told) > 210:
            long_life.account.delete(deleted)
    there = {str(number) for number in held} - {str(deleted)}
    assert there <= {item.external_id for item in told if isinstance(item, SourceRecord)}
