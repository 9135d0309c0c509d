"""One body, one run: what is saved once stays once, and what belongs together becomes one activity."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from fakes.source_records import MONDAY, days, profile, record, run, series

from connectors.sources.contract import Deleted, SourceRecord
from daemon.store.answers import save_prompt, save_reply
from daemon.store.engine import Session, Store, open_store
from daemon.store.errors import StoreError
from daemon.store.history import list_activities, load_history, show_activity
from daemon.store.marks import exclude, include, mark_planned, mark_race, set_sport, split
from daemon.store.records import (
    Outcome,
    delete_record,
    drop_raw,
    known_ids,
    known_records,
    save_record,
    save_records,
)
from daemon.store.tables import SOURCE_RECORDS
from rules.facts import Activity, Family, PainReply, Prompt, PromptKind, ReplyKind, Runner, TerrainClass

NOW = MONDAY + days(1)
MINUTE = timedelta(minutes=1)


def save(store: Store, *records: SourceRecord, athlete: str = "me", now: datetime = NOW) -> list[str]:
    with store.session() as session:
        return [f"{one.outcome} {one.activity_id}" for one in save_records(session, athlete, records, now)]


def activities(store: Store, athlete: str = "me") -> list[Activity]:
    with store.reading() as session:
        return list_activities(session, athlete)


def test_a_record_is_added_once_and_saving_it_again_changes_nothing(store: Store) -> None:
    assert save(store, record("files", "a")) == ["added 1"]
    before = activities(store)
    assert save(store, record("files", "a"), now=NOW + days(3)) == ["unchanged 1"]
    assert activities(store) == before
    with store.reading() as session:
        assert known_ids(session, "me", "files") == {"a"}
        assert known_ids(session, "me", "garmin") == known_ids(session, "anna", "files") == frozenset()


def test_an_activity_says_everything_that_its_only_record_said(store: Store) -> None:
    told = run(
        utc_offset_s=7200,
        indoor=True,
        manual=True,
        race=True,
        excluded=True,
        planned=True,
        ascent_m=0.0,
        descent_m=3.5,
        mean_heart_rate_bpm=141.5,
        max_heart_rate_bpm=170,
        mean_cadence_spm=168.0,
        device="Forerunner 255",
        title="Morgenlauf · früh",
        profile=profile(),
        series=series(),
    )
    save(store, record("files", "a", told))
    with store.reading() as session:
        read = load_history(session, "me", Runner("Europe/Berlin")).activities
        shown = show_activity(session, "me", "1").activity
    assert read == (replace(told, id="1", source="files", first_seen_at=NOW),)
    assert shown == read[0]
    assert read[0].series is not None
    assert read[0].series.columns().speed_mmps[0] == 2800


def test_the_same_run_from_two_sources_is_one_activity(store: Store) -> None:
    watch = run(MONDAY, 60, 10.0, device="Fenix")
    phone = run(MONDAY + 20 * MINUTE, 60, 9.8)
    assert save(store, record("garmin", "1", watch)) == ["added 1"]
    assert save(store, record("strava", "2", phone)) == ["merged 1"]
    assert [(one.id, one.distance_m, one.start) for one in activities(store)] == [("1", 10_000, MONDAY)]


@pytest.mark.parametrize(
    ("minutes_later", "minutes", "together"),
    [(30, 60, True), (30.1, 60, False), (45, 30, True), (46, 30, False), (0, 10, True), (60, 60, False)],
)
def test_half_of_the_shorter_one_decides(
    store: Store, minutes_later: float, minutes: float, together: bool
) -> None:
    save(
        store,
        record("a", "1", run(MONDAY, 60)),
        record("b", "2", run(MONDAY + minutes_later * MINUTE, minutes)),
    )
    assert len(activities(store)) == (1 if together else 2)


def test_legs_walks_strangers_and_endless_clocks_do_not_merge(store: Store) -> None:
    save(
        store,
        record("files", "leg 1", run(MONDAY, 30)),
        record("files", "leg 2", run(MONDAY + 30 * MINUTE, 30)),
        record("files", "walk", run(MONDAY, 30, family=Family.WALK, sport="walk")),
        record("files", "1168 hours", run(MONDAY - days(1), 1168 * 60)),
        record("files", "no time", run(MONDAY + 5 * MINUTE, 0)),
    )
    save(store, record("files", "leg 1", run(MONDAY, 30)), athlete="anna")
    assert len(activities(store)) == 5
    assert [one.id for one in activities(store, "anna")] == ["1"]


def test_a_record_between_two_activities_makes_them_one_with_the_older_id(store: Store) -> None:
    save(store, record("a", "late", run(MONDAY + 60 * MINUTE, 60)))
    save(store, record("a", "early", run(MONDAY, 60)))
    with store.session() as session:
        save_reply(session, "me", PainReply("r", NOW, ReplyKind.DURING, 3, activity_id="2"))
        asked = Prompt("p", PromptKind.AFTER_RUN, NOW, NOW + days(1), activity_id="2")
        save_prompt(session, "me", asked)
    assert save(store, record("b", "both", run(MONDAY, 120, 20.0))) == ["merged 1"]
    with store.reading() as session:
        history = load_history(session, "me", Runner())
    assert [one.id for one in history.activities] == ["1"]
    assert [one.activity_id for one in (*history.replies, *history.prompts)] == ["1", "1"]
    with store.session() as session:
        assert delete_record(session, "me", Deleted("b", "both")) == "1"
    assert sorted(one.id for one in activities(store)) == ["1", "3"]


def test_the_better_record_gives_each_field(store: Store) -> None:
    phone = run(MONDAY, 61, 10.2, ascent_m=80.0, title="Easy", series=series(), profile=profile())
    watch = run(MONDAY, 60, 10.0, ascent_m=52.0, descent_m=50.0, device="Fenix", mean_heart_rate_bpm=140.0)
    by_hand = run(MONDAY, 60, 11.0, manual=True, ascent_m=1.0, utc_offset_s=3600, race=True)
    save(store, record("strava", "s", phone), record("garmin", "g", watch), record("files", "f", by_hand))
    with store.reading() as session:
        shown = show_activity(session, "me", "1")
    run_ = shown.activity
    assert (run_.distance_m, run_.moving_s, run_.profile) == (10_200, 61 * 60, profile())
    assert (run_.ascent_m, run_.descent_m, run_.device) == (52.0, 50.0, "Fenix")
    assert (run_.mean_heart_rate_bpm, run_.utc_offset_s, run_.title) == (140.0, 3600, "Easy")
    assert (run_.race, run_.manual, run_.source) == (True, False, "strava")
    assert shown.provenance["distance_m"] == shown.provenance["profile"] == ("strava", "s")
    assert shown.provenance["ascent_m"] == shown.provenance["descent_m"] == ("garmin", "g")
    assert shown.provenance["utc_offset_s"] == ("files", "f")
    assert {one.recording.identity for one in shown.records} == {
        ("strava", "s"),
        ("garmin", "g"),
        ("files", "f"),
    }


def test_a_file_with_altitude_is_heard_before_one_without(store: Store) -> None:
    flat = run(MONDAY, 60, 10.0, profile=profile(TerrainClass.NONE), device="Pod")
    hilly = run(MONDAY, 60, 10.1, profile=profile())
    save(store, record("files", "flat", flat), record("files", "hilly", hilly))
    with store.reading() as session:
        (read,) = load_history(session, "me", Runner()).activities
    assert read.profile == profile()


def test_any_order_of_arrival_makes_the_same_activities(store: Store) -> None:
    records = [
        record("garmin", "1", run(MONDAY, 60, 10.0, descent_m=40.0, ascent_m=41.0)),
        record("strava", "2", run(MONDAY + MINUTE, 58, 9.9, series=series(), profile=profile())),
        record("files", "3", run(MONDAY + 50 * MINUTE, 90, 15.0)),
        record("files", "4", run(MONDAY + 100 * MINUTE, 60, 8.0, race=True)),
    ]
    seen = set()
    for index, order in enumerate(permutations(records)):
        athlete = f"athlete {index}"
        for one in order:
            save(store, one, athlete=athlete)
        seen.add(tuple(replace(one, id="") for one in activities(store, athlete)))
    assert len(seen) == 1


def test_an_edit_at_the_source_moves_the_record_to_where_it_belongs_now(store: Store) -> None:
    save(store, record("garmin", "1"), record("strava", "2"))
    assert len(activities(store)) == 1
    later = record("strava", "2", run(MONDAY + days(2), 60, 12.5))
    assert save(store, later) == ["changed 2"]
    assert [(one.id, one.distance_m) for one in activities(store)] == [("2", 12_500), ("1", 10_000)]
    assert save(store, record("strava", "2", run(MONDAY, 60, 12.5))) == ["changed 1"]
    assert [one.id for one in activities(store)] == ["1"]


def test_a_deletion_in_one_source_removes_only_that_record(store: Store) -> None:
    save(store, record("garmin", "1", run(km=10.0)), record("strava", "2", run(km=9.0)))
    with store.session() as session:
        assert delete_record(session, "me", Deleted("garmin", "1")) == "1"
        assert delete_record(session, "me", Deleted("garmin", "1")) is None
    assert [one.distance_m for one in activities(store)] == [9_000]
    with store.session() as session:
        delete_record(session, "me", Deleted("strava", "2"))
    assert activities(store) == []
    assert save(store, record("garmin", "1")) == ["added 2"]


def test_a_split_stays_a_split_when_everything_is_imported_again(store: Store) -> None:
    both = [record("garmin", "1", run(km=10.0)), record("strava", "2", run(km=9.0))]
    save(store, *both)
    with store.session() as session:
        assert split(session, "me", "1") == ("1", "2")
    save(store, *both)
    save(store, record("strava", "2", run(km=9.5)))
    assert {one.id: one.distance_m for one in activities(store)} == {"1": 10_000, "2": 9_500}
    third = record("files", "3", run(MONDAY + 2 * MINUTE, 60, 9.7))
    assert save(store, third)[0].startswith("merged")
    assert len(activities(store)) == 2
    with store.session() as session, pytest.raises(StoreError, match="from one source record only"):
        split(session, "me", next(one.id for one in activities(store) if one.distance_m == 9_500))


def test_what_the_runner_said_outlives_a_new_merge(store: Store) -> None:
    save(store, record("garmin", "1"))
    with store.session() as session:
        exclude(session, "me", "1")
        mark_race(session, "me", "1")
        mark_planned(session, "me", "1")
    save(store, record("strava", "2"), record("garmin", "1", run(km=10.5)))
    (one,) = activities(store)
    assert (one.excluded, one.race, one.planned) == (True, True, True)
    with store.session() as session:
        include(session, "me", "1")
        mark_race(session, "me", "1", race=False)
        mark_planned(session, "me", "1", planned=False)
    (one,) = activities(store)
    assert (one.excluded, one.race, one.planned) == (False, False, False)


def test_a_corrected_sport_counts_and_merges_as_such(store: Store) -> None:
    save(store, record("garmin", "1", run(km=10.0)))
    untyped = run(km=9.9, family=Family.OTHER, sport="")
    assert save(store, record("files", "2", untyped)) == ["added 2"]
    with store.session() as session:
        assert set_sport(session, "me", "2", "trailrun", Family.RUN) == "1"
    assert [(one.id, one.family, one.sport) for one in activities(store)] == [("1", Family.RUN, "trailrun")]


def test_an_id_that_nobody_has_is_told_with_the_cure(store: Store) -> None:
    for wrong in ("7", "x", "-1", "²"):
        with store.session() as session, pytest.raises(StoreError, match="There is no activity") as failure:
            exclude(session, "me", wrong)
        assert failure.value.cure == "See niggled activities list."
    with store.reading() as session, pytest.raises(StoreError, match="There is no activity 7"):
        show_activity(session, "me", "7")


def test_a_batch_is_answered_record_by_record(store: Store) -> None:
    twice = record("files", "b", run(MONDAY + days(1)))
    assert save(
        store,
        record("garmin", "1"),
        record("strava", "2"),
        record("files", "b", run(MONDAY + days(9))),
        twice,
    ) == ["added 1", "merged 1", "added 2", "unchanged 2"]
    assert activities(store)[0].start == MONDAY + days(1)


def test_the_vendors_payload_is_dropped_in_time_and_the_rest_stays(store: Store) -> None:
    save(store, record("strava", "old", raw=b"{}"))
    save(store, record("strava", "new", run(MONDAY + days(3)), raw=b"{}"), now=NOW + days(9))
    before = activities(store)
    with store.session() as session:
        assert drop_raw(session, "me", "strava", stored_before=NOW + days(2)) == 1
        raw = session.execute(sa.select(SOURCE_RECORDS.c.external_id).where(SOURCE_RECORDS.c.raw.isnot(None)))
        assert raw.scalars().all() == ["new"]
    assert activities(store) == before


def test_the_store_knows_what_a_source_told_and_whether_its_samples_are_here(store: Store) -> None:
    told = run(title="Track", effort=7.0, feel=75, device="fr965")
    save(store, record("strava", "1", told, content_hash="aa"))
    save(store, record("strava", "2", run(MONDAY + days(1), series=series(), profile=profile())))
    save(store, record("garmin", "3", run(MONDAY + days(2))))
    with store.reading() as session:
        known = known_records(session, "me", "strava")
        recent = known_records(session, "me", "strava", since=MONDAY + days(9))
    assert set(known) == {"1", "2"}
    assert replace(known["1"].activity, source="", first_seen_at=None) == told
    assert (known["1"].content_hash, known["1"].sampled, known["2"].sampled) == ("aa", False, True)
    assert set(recent) == {"2"}, "the newest is known whatever the window"
    assert known["1"].stored_at == NOW


def test_a_record_that_only_adds_keeps_samples_and_payload(store: Store) -> None:
    whole = record("strava", "1", run(series=series(), profile=profile()), raw=b"{}")
    save(store, whole)
    retitled = run(title="Hill repeats", ascent_m=40.0)
    added = record("strava", "1", retitled, content_hash="new+kept", adds=True)
    assert save(store, added) == ["changed 1"]
    with store.reading() as session:
        activity = show_activity(session, "me", "1").activity
        kept = session.execute(sa.select(SOURCE_RECORDS.c.raw)).scalar_one()
    assert (activity.title, activity.ascent_m, kept) == ("Hill repeats", 40.0, b"{}")
    assert activity.series == series()
    assert activity.profile == profile()
    assert save(store, record("strava", "1", retitled, content_hash="other")) == ["changed 1"]
    with store.reading() as session:
        assert show_activity(session, "me", "1").activity.series is None


def test_a_record_that_adds_to_nothing_is_a_record(store: Store) -> None:
    assert save(store, record("strava", "1", run(), adds=True)) == ["added 1"]


def test_two_imports_at_once_still_make_one_activity(store: Store, store_url: str) -> None:
    ready = Barrier(2)

    def work(source: str) -> None:
        mine = open_store(store_url)
        ready.wait(timeout=30)
        for number in range(15):
            save(mine, record(source, str(number), run(MONDAY + days(number))))
        mine.close()

    workers = [Thread(target=work, args=(source,)) for source in ("garmin", "strava")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(activities(store)) == 15
    assert len({one.id for one in activities(store)}) == 15
    with store.reading() as session:
        assert len(known_ids(session, "me", "garmin")) == len(known_ids(session, "me", "strava")) == 15


def test_nothing_of_a_failed_block_is_kept(store: Store) -> None:
    @contextmanager
    def failing() -> Iterator[Session]:
        with store.session() as session:
            yield session
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError), failing() as session:
        assert save_record(session, "me", record("files", "a"), NOW).outcome is Outcome.ADDED
    assert activities(store) == []
    with store.reading() as session:
        assert known_ids(session, "me", "files") == frozenset()
