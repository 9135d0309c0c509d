"""What every service is read like: summaries first, deletions confirmed, samples last, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.scripted_door import ScriptedDoor

from connectors.errors import Broken, Unavailable
from connectors.formats.leg import Leg
from connectors.sources.contract import Deleted, Known, Reached, SetAside, SourceItem, SourceRecord
from connectors.sources.file_records import Desk
from connectors.sources.live import BEGINNING, CONFIRMED_AT_ONCE, LiveSource
from rules.policy import Policy
from rules.resample import Samples

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def leg(days_ago: float, km: float = 10.0, sport: str = "Run", **fields: object) -> Leg:
    plain = {"distance_m": km * 1000, "moving_s": 3600.0, "elapsed_s": 3600.0, "ascent_m": 30.0} | fields
    return Leg(sport=sport, start=NOW - timedelta(days=days_ago), **plain)  # type: ignore[arg-type]


def recorded(of: Leg, **fields: object) -> Leg:
    """The recording of a level run with a hill in it."""
    seconds = list(range(0, 3601, 5))
    samples = Samples(
        time_s=seconds,
        distance_m=[s * 10_000 / 3600 for s in seconds],
        altitude_m=[max(0.0, 40 - abs(s - 1800) / 30) for s in seconds],
    )
    return Leg(sport=of.sport, start=of.start, samples=samples, **fields)  # type: ignore[arg-type]


def source(door: ScriptedDoor) -> LiveSource:
    return LiveSource(door, Desk(Policy(), NOW))


def known_from(items: list[SourceItem]) -> dict[str, Known]:
    """What a store would hold after these."""
    known: dict[str, Known] = {}
    for item in items:
        if isinstance(item, SourceRecord):
            before = known.get(item.external_id)
            sampled = item.activity.series is not None or bool(item.adds and before and before.sampled)
            known[item.external_id] = Known(item.activity, item.content_hash, sampled)
    return known


def records(items: list[SourceItem]) -> list[SourceRecord]:
    return [item for item in items if isinstance(item, SourceRecord)]


def passes(
    door: ScriptedDoor, known: dict[str, Known] | None = None, since: datetime | None = None
) -> list[SourceItem]:
    return list(source(door).fetch(since, known or {}))


def test_all_summaries_come_before_the_first_recording_is_asked_for() -> None:
    door = ScriptedDoor(held={"1": leg(3), "2": leg(2), "3": leg(1)})
    door.recordings = {"3": recorded(door.held["3"])}
    found = records(passes(door))
    assert [one.external_id for one in found] == ["3", "2", "1", "3", "2", "1"]
    assert door.calls == ["page 1", "page 2", "recording 3", "recording 2", "recording 1"]
    assert found[0].activity.series is None
    assert found[3].activity.series is not None
    assert found[3].content_hash.startswith(found[0].content_hash + "+")


def test_what_has_no_samples_is_asked_once_and_never_again() -> None:
    door = ScriptedDoor(held={"1": leg(1)})
    first = passes(door)
    assert records(first)[-1].content_hash.endswith("+none")
    door.calls.clear()
    assert records(passes(door, known_from(first))) == []
    assert door.calls == ["page 1"]


def test_a_known_activity_that_did_not_change_is_not_told_again() -> None:
    door = ScriptedDoor(held={"1": leg(2), "2": leg(1)})
    door.recordings = {number: recorded(one) for number, one in door.held.items()}
    known = known_from(passes(door))
    assert records(passes(door, known)) == []


def test_a_new_title_keeps_the_samples() -> None:
    door = ScriptedDoor(held={"1": leg(1, title="Morning Run")})
    door.recordings = {"1": recorded(door.held["1"], device="garmin fr965", effort=7.0, feel=75)}
    known = known_from(passes(door))
    door.calls.clear()
    door.edit("1", title="Hill repeats")
    (told,) = records(passes(door, known))
    assert (told.activity.title, told.activity.device, told.adds) == ("Hill repeats", "garmin fr965", True)
    assert (told.activity.effort, told.activity.feel) == (7.0, 75), "what the runner told the watch"
    assert told.content_hash.partition("+")[2] == known["1"].content_hash.partition("+")[2]
    assert door.calls == ["page 1"]


def test_a_cropped_run_gets_its_samples_anew() -> None:
    door = ScriptedDoor(held={"1": leg(1)})
    door.recordings = {"1": recorded(door.held["1"])}
    known = known_from(passes(door))
    door.edit("1", elapsed_s=3000.0, moving_s=3000.0, distance_m=8300.0)
    listing, sampled = records(passes(door, known))
    assert (listing.adds, sampled.adds) == (False, True)
    assert sampled.activity.distance_m == 8300.0


def test_samples_of_rides_manual_entries_and_old_runs_are_not_asked_for() -> None:
    door = ScriptedDoor(
        held={"1": leg(1, sport="Ride"), "2": leg(2, manual=True), "3": leg(120), "4": leg(3, sport="Hike")}
    )
    passes(door)
    assert [call for call in door.calls if call.startswith("recording")] == ["recording 4"]


def test_a_treadmill_recording_takes_the_hills_away() -> None:
    door = ScriptedDoor(held={"1": leg(1)})
    door.recordings = {"1": recorded(door.held["1"], indoor=True)}
    told = records(passes(door))[-1]
    assert (told.activity.indoor, told.activity.ascent_m) == (True, None)


def test_samples_that_cannot_be_had_now_are_fetched_by_the_next_pass_and_hold_up_nothing() -> None:
    door = ScriptedDoor(held={"1": leg(2), "2": leg(1)}, page_size=5)
    door.recordings = {number: recorded(one) for number, one in door.held.items()}
    door.fails = {"recording 2": Unavailable("Strava did not answer in time")}
    told = passes(door)
    assert [one.external_id for one in records(told)] == ["2", "1", "1"]
    door.fails.clear()
    door.calls.clear()
    (later,) = records(passes(door, known_from(told)))
    assert later.external_id == "2"
    assert later.activity.series is not None
    assert door.calls == ["page 1", "recording 2"]


def test_samples_that_cannot_be_had_are_given_up_some_days_after_their_run_was_told() -> None:
    door = ScriptedDoor(held={"1": leg(30)})
    door.fails = {"recording 1": Broken("Strava answered with something that is not JSON")}
    first = passes(door)
    assert [one.content_hash.endswith("+none") for one in records(first)] == [False]
    known = known_from(first)
    for days, given_up in ((2.9, False), (3, True)):
        stored = {"1": replace(known["1"], stored_at=NOW - timedelta(days=days))}
        assert [one.content_hash.endswith("+none") for one in records(passes(door, stored))] == [
            True
        ] * given_up


def test_a_bad_hour_of_the_service_costs_old_runs_no_recording() -> None:
    door = ScriptedDoor(held={str(number): leg(10 + number) for number in range(1, 6)}, page_size=10)
    door.recordings = {number: recorded(one) for number, one in door.held.items()}
    door.fails = {f"recording {number}": Unavailable("no answer") for number in range(1, 6)}
    told: list[SourceItem] = []
    with pytest.raises(Unavailable):
        told.extend(source(door).fetch(None, {}))
    door.fails.clear()
    later = records(passes(door, known_from(told)))
    assert [one.external_id for one in later] == ["1", "2", "3", "4", "5"]
    assert all(one.activity.series is not None for one in later)


def test_a_service_that_fails_at_every_recording_is_not_asked_on_and_on() -> None:
    door = ScriptedDoor(held={str(number): leg(number) for number in range(1, 9)}, page_size=10)
    door.fails = {f"recording {number}": Unavailable("no answer") for number in range(1, 9)}
    with pytest.raises(Unavailable, match="no answer"):
        passes(door)
    assert [call for call in door.calls if call.startswith("recording")] == [
        f"recording {number}" for number in (1, 2, 3)
    ]


def test_a_service_that_says_when_to_come_back_is_left_alone_at_once() -> None:
    door = ScriptedDoor(held={"1": leg(1), "2": leg(2)})
    door.fails = {"recording 1": Unavailable("98 of 100 reads used", NOW, paced=True)}
    with pytest.raises(Unavailable, match="98 of 100"):
        passes(door)
    assert door.calls[-1] == "recording 1"


def test_an_activity_that_cannot_be_looked_up_is_not_believed_gone() -> None:
    door = ScriptedDoor(held={"1": leg(1, sport="Ride"), "2": leg(2, sport="Ride")}, page_size=10)
    known = known_from(passes(door))
    door.held.clear()
    door.fails = {"exists 1": Unavailable("no answer")}
    found = passes(door, known)
    assert [item for item in found if isinstance(item, Deleted)] == [Deleted("strava", "2")]


def test_an_activity_is_deleted_only_when_the_service_itself_says_so() -> None:
    door = ScriptedDoor(held={str(number): leg(number) for number in range(1, 5)}, page_size=10)
    known = known_from(passes(door))
    door.hidden = {"2"}
    del door.held["3"]
    door.calls.clear()
    assert [item for item in passes(door, known) if isinstance(item, Deleted)] == [Deleted("strava", "3")]
    assert sorted(call for call in door.calls if call.startswith("exists")) == ["exists 2", "exists 3"]


def test_what_lies_outside_of_the_window_is_not_missed() -> None:
    door = ScriptedDoor(held={"1": leg(40), "2": leg(1)})
    known = known_from(passes(door))
    door.calls.clear()
    found = passes(door, known, since=NOW - timedelta(days=14))
    assert [item for item in found if not isinstance(item, Reached)] == []
    assert not [call for call in door.calls if call.startswith("exists")]


def test_a_listing_that_lacks_many_is_asked_about_a_few_at_a_time() -> None:
    held = {str(number): leg(number, sport="Ride") for number in range(1, 41)}
    door = ScriptedDoor(held=held, page_size=100)
    known = known_from(passes(door))
    door.hidden = set(door.held) - {"1"}
    door.calls.clear()
    assert [item for item in passes(door, known) if isinstance(item, Deleted)] == []
    assert len([call for call in door.calls if call.startswith("exists")]) == CONFIRMED_AT_ONCE


@pytest.mark.parametrize("listed", [{}, {"901": leg(1), "902": leg(2)}])
def test_another_account_deletes_nothing_of_the_first(listed: dict[str, Leg]) -> None:
    door = ScriptedDoor(held={str(number): leg(number) for number in range(1, 6)}, page_size=100)
    known = known_from(passes(door))
    door.held = listed
    assert [item for item in passes(door, known) if isinstance(item, Deleted)] == []
    assert not [call for call in door.calls if call.startswith("exists")]


def test_one_odd_record_is_set_aside_and_the_others_arrive() -> None:
    door = ScriptedDoor(held={str(number): leg(number) for number in range(1, 5)}, page_size=10)
    door.unreadable = {"2": "the field start_date is missing"}
    found = passes(door)
    (aside,) = [item for item in found if isinstance(item, SetAside)]
    assert (aside.origin, aside.reason) == ("Strava activity 2", "The field start_date is missing.")
    assert {one.external_id for one in records(found)} == {"1", "3", "4"}


def test_a_page_of_which_nothing_is_understood_is_no_odd_record() -> None:
    door = ScriptedDoor(held={str(number): leg(number) for number in range(1, 5)}, page_size=10)
    door.unreadable = dict.fromkeys(door.held, "the field distance is missing")
    with pytest.raises(Broken, match=r"Strava sent 4 activities .* \(the field distance is missing\)"):
        passes(door)


def test_a_known_activity_that_can_no_longer_be_read_is_no_odd_record() -> None:
    door = ScriptedDoor(held={"1": leg(1)})
    known = known_from(passes(door))
    door.unreadable = {"1": "the field distance is missing"}
    with pytest.raises(Broken, match="Update niggled"):
        passes(door, known)


@pytest.mark.parametrize("stopped_after", range(1, 9))
def test_a_pass_that_is_stopped_anywhere_goes_on_without_a_gap(stopped_after: int) -> None:
    held = {str(number): leg(number / 2, sport="Ride") for number in range(1, 12)}
    door = ScriptedDoor(held=held, page_size=3)
    told: list[SourceItem] = []
    for item in source(door).fetch(None, {}):
        told.append(item)
        if len(told) == stopped_after:
            break
    reached = [item.back_to for item in told if isinstance(item, Reached)]
    known = known_from(told)
    told += source(door).fetch(None, known, until=reached[-1] if reached else None)
    assert {one.external_id for one in records(told)} == set(held)
    assert told[-1] == Reached(BEGINNING)


def test_rows_that_come_twice_are_told_once() -> None:
    door = ScriptedDoor(held={"1": leg(1, sport="Ride")})
    pages = list(door.pages(None, None)) * 2
    door.pages = lambda since, until: iter(pages)  # type: ignore[method-assign]
    assert len(records(passes(door))) == 1
