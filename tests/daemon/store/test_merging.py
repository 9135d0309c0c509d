"""Which records are one run: the answer depends on the records, never on their order or their history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.source_records import MONDAY, days, record, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.sources.contract import Deleted, SourceRecord
from daemon.store.engine import Store, open_store
from daemon.store.history import list_activities, show_activity
from daemon.store.merging import Span, group
from daemon.store.records import delete_record, save_record, save_records
from rules.facts import Family

MINUTE = timedelta(minutes=1)
NOW = MONDAY + days(30)


def span(
    name: str, start_min: float, minutes: float, family: Family = Family.RUN, split: bool = False
) -> Span:
    return Span(("files", name), MONDAY + start_min * MINUTE, minutes * 60, family, split)


def names(groups: list[list[Span]]) -> set[str]:
    return {"+".join(sorted(one.identity[1] for one in members)) for members in groups}


spans = st.lists(
    st.builds(
        Span,
        st.tuples(st.sampled_from(["files", "garmin"]), st.integers(0, 99).map(str)),
        st.integers(0, 12).map(lambda step: MONDAY + 10 * step * MINUTE),
        st.sampled_from([0.0, 600.0, 1200.0, 3600.0]),
        st.sampled_from([Family.RUN, Family.WALK]),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.identity,
)


@given(spans, st.randoms(use_true_random=False))
def test_the_groups_are_the_same_in_any_order(some: list[Span], dice: object) -> None:
    shuffled = list(some)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(some, 0.5) == group(shuffled, 0.5)


@given(spans)
def test_every_record_is_in_one_group_and_no_group_mixes_families_or_splits(some: list[Span]) -> None:
    groups = group(some, 0.5)
    assert sorted(one.identity for members in groups for one in members) == sorted(
        one.identity for one in some
    )
    for members in groups:
        assert len({one.family for one in members}) == 1
        assert sum(one.split for one in members) <= 1


def test_a_long_record_over_two_runs_draws_them_together() -> None:
    two = [span("a", 0, 30), span("b", 30, 30)]
    assert names(group(two, 0.5)) == {"a", "b"}
    assert names(group([*two, span("both", 0, 60)], 0.5)) == {"a+b+both"}


def test_what_overlaps_two_split_records_joins_the_one_it_shares_most_with() -> None:
    apart = [span("a", 0, 60, split=True), span("b", 10, 60, split=True)]
    assert names(group([*apart, span("new", 12, 60)], 0.5)) == {"a", "b+new"}
    assert names(group([*apart, span("new", 1, 60)], 0.5)) == {"a+new", "b"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("store")
    opened = open_store(f"sqlite:///{folder / 'niggled.db'}")
    yield opened
    opened.close()


steps = st.lists(
    st.tuples(
        st.sampled_from(["save", "save", "save", "delete"]),
        st.integers(0, 4),
        st.integers(0, 9),
        st.sampled_from([0, 10, 30, 60]),
        st.sampled_from([8.0, 9.0]),
    ),
    min_size=1,
    max_size=10,
)


def activities(store: Store, athlete: str) -> list[object]:
    with store.reading() as session:
        found = list_activities(session, athlete)
        origins = [
            sorted(one.recording.identity for one in show_activity(session, athlete, activity.id).records)
            for activity in found
        ]
    told = [
        (one.start, one.elapsed_s, one.distance_m, members)
        for one, members in zip(found, origins, strict=True)
    ]
    return sorted(told, key=repr)


athlete_numbers = iter(range(10_000))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_step_by_step_ends_where_starting_afresh_does(
    store: Store, story: list[tuple[str, int, int, int, float]]
) -> None:
    slow, fresh = f"slow {(number := next(athlete_numbers))}", f"fresh {number}"
    alive: dict[str, SourceRecord] = {}
    for verb, key, start, minutes, km in story:
        name = str(key)
        with store.session() as session:
            if verb == "delete":
                alive.pop(name, None)
                delete_record(session, slow, Deleted("files", name))
            else:
                alive[name] = record("files", name, run(MONDAY + 10 * start * MINUTE, minutes, km))
                save_record(session, slow, alive[name], NOW)
    with store.session() as session:
        save_records(session, fresh, list(alive.values()), NOW)
        again = save_records(session, slow, list(alive.values()), NOW)
    assert {one.outcome for one in again} <= {"unchanged"}
    assert activities(store, slow) == activities(store, fresh)
