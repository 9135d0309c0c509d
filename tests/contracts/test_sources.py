"""What every source promises, each statement tried on each of them: files, an export, the demo, and the live doors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.account_builders import from_fit, recorded
from fakes.clock import StoppedClock
from fakes.kept_sources import KINDS, DemoKept, KeptSource, LiveKept, kept, life, stored
from fakes.places import MARKS

from connectors.sources.contract import Deleted, Reached, SetAside, SourceItem, SourceRecord
from rules.facts import Family

NOW = datetime(2024, 6, 1, 12, 7, tzinfo=UTC)
FAMILIES = {"run": Family.RUN, "walk": Family.WALK, "hike": Family.WALK, "weight training": Family.STRENGTH}


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptSource]:
    with kept(request.param, tmp_path, life(NOW), StoppedClock(NOW)) as one:
        yield one


def listings(items: list[SourceItem]) -> list[SourceRecord]:
    """The records themselves, without what is added to them later."""
    return [item for item in items if isinstance(item, SourceRecord) and not item.adds]


def everything(source: KeptSource) -> list[SourceItem]:
    return list(source.fetch({}))


def test_everything_held_is_told_once(source: KeptSource) -> None:
    told = listings(everything(source))
    assert sorted(record.activity.start for record in told) == sorted(held.start for held in source.account)
    assert max(Counter(record.external_id for record in told).values()) == 1


def test_what_is_known_and_did_not_change_is_no_news(source: KeptSource) -> None:
    known = stored(everything(source))
    again = [item for item in source.fetch(known) if not isinstance(item, Reached)]
    if source.tells_rows_again:
        again = [
            item
            for item in again
            if not isinstance(item, SourceRecord) or item.content_hash != known[item.external_id].content_hash
        ]
    assert again == []


def test_ids_and_hashes_are_the_same_in_every_pass(source: KeptSource) -> None:
    first, second = (
        {one.external_id: one.content_hash for one in listings(everything(source))} for _ in (1, 2)
    )
    assert first == second


def test_an_edit_is_told_under_the_same_id_with_another_hash(source: KeptSource) -> None:
    if not source.keeps_ids:
        pytest.skip("a changed file is another file")
    known = stored(everything(source))
    edited = source.account.newest_first()[2]
    source.account.edit(edited.id, distance_m=4321.0)
    changed = {
        item.external_id: item.activity.distance_m
        for item in source.fetch(known)
        if isinstance(item, SourceRecord) and item.content_hash != known[item.external_id].content_hash
    }
    assert changed == {str(edited.id): 4321.0}


def test_a_late_upload_is_told_wherever_it_lies(source: KeptSource) -> None:
    if isinstance(source, DemoKept):
        pytest.skip("the season is over")
    known = stored(everything(source))
    late = recorded(NOW - timedelta(days=8), 0.5)
    held = next(iter(from_fit([late], source.account.next_id())))
    source.account.add(held)
    told = [
        item for item in source.fetch(known, since=NOW - timedelta(days=14)) if isinstance(item, SourceRecord)
    ]
    assert {record.activity.start for record in told if record.external_id not in known} == {held.start}


def test_starts_are_aware_and_in_utc(source: KeptSource) -> None:
    offsets = {record.activity.start.utcoffset() for record in listings(everything(source))}
    assert offsets == {timedelta(0)}


def test_one_odd_record_is_set_aside_and_the_others_arrive(source: KeptSource) -> None:
    source.spoil_one()
    items = everything(source)
    (aside,) = [item for item in items if isinstance(item, SetAside)]
    assert aside.reason.endswith(".")
    assert aside.cure.endswith(".")
    assert len(listings(items)) >= len(source.account) - 1


def test_runs_walks_rides_and_strength_come_typed(source: KeptSource) -> None:
    told = {record.activity.start: record.activity.family for record in listings(everything(source))}
    held = {
        one.start: FAMILIES.get(one.sport.removeprefix("treadmill "), Family.OTHER) for one in source.account
    }
    assert told == held
    assert {Family.RUN, Family.WALK, Family.STRENGTH} <= set(told.values())


def test_no_place_and_no_owner_is_in_anything_told(source: KeptSource) -> None:
    for item in everything(source):
        text = repr(item)
        assert [mark for mark in MARKS if mark in text] == []


def test_what_is_kept_of_the_payload_is_json(source: KeptSource) -> None:
    payloads = [record.raw for record in listings(everything(source)) if record.raw is not None]
    assert all(isinstance(json.loads(payload), dict) for payload in payloads)
    assert len(payloads) == (len(source.account) if isinstance(source, LiveKept) else 0)


def test_nothing_is_believed_gone_without_the_service_saying_so(source: KeptSource) -> None:
    known = stored(everything(source))
    source.account.delete(source.account.newest_first()[0].id)
    gone = [item for item in source.fetch(known) if isinstance(item, Deleted)]
    assert len(gone) == (1 if isinstance(source, LiveKept) else 0)
