"""Answers, loads, checkpoints, source states: what else is remembered, and when it is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.source_records import MONDAY, days, profile, record, run, series

from connectors.sources.contract import Deleted, SetAside
from daemon.store.answers import (
    load_adaptations,
    morning_times,
    save_adaptation,
    save_night,
    save_pause,
    save_prompt,
    save_reply,
    save_strength,
)
from daemon.store.checkpoints import KEPT, Checkpoint, save_checkpoint, stored_states
from daemon.store.engine import Store
from daemon.store.history import load_history
from daemon.store.loads import save_loads
from daemon.store.packing import unpack
from daemon.store.records import delete_record, save_record, save_records
from daemon.store.sources import (
    SourceCondition,
    claim_source,
    list_set_aside,
    record_failure,
    record_success,
    register_source,
    set_aside,
    source_state,
    source_states,
)
from rules.facts import (
    Adaptation,
    Estimates,
    Grade,
    History,
    MuscleGroup,
    Night,
    PainReply,
    Pause,
    Prompt,
    PromptKind,
    ReplyKind,
    RunLoad,
    Runner,
    Side,
    StrengthSession,
    TerrainClass,
)

NOW = MONDAY + days(10)
LOAD = RunLoad(
    10_000, 3600, None, 12.5, 0.0, 10.4, 9.9, None, TerrainClass.ESTIMATED, basis=Estimates(2.8, 3.4)
)

REPLY = PainReply(
    "r1", NOW, ReplyKind.AFTER, 4, False, Grade.AMBER, Side.LEFT, True, True, "1", "p1", "fell", "on stairs"
)
BARE = PainReply("r2", NOW + days(3), ReplyKind.SPOT)
PROMPT = Prompt("p1", PromptKind.MORNING, NOW, NOW + days(1), "1", skipped=True)
DONE = StrengthSession("s1", NOW, 25.0, frozenset({MuscleGroup.CALVES, MuscleGroup.QUADRICEPS}), 7, 2)
NIGHT = Night("2024-05-16", 7.25, 4.1, 48.0)
PAUSE = Pause(MONDAY, None)


def history(store: Store, since: datetime | None = None) -> History:
    with store.reading() as session:
        return load_history(session, "me", Runner(), since=since)


def test_everything_the_runner_told_comes_back(store: Store) -> None:
    with store.session() as session:
        for reply in (BARE, REPLY):
            save_reply(session, "me", reply)
        save_prompt(session, "me", PROMPT)
        save_strength(session, "me", DONE)
        save_night(session, "me", NIGHT)
        save_pause(session, "me", PAUSE)
    everything = History(
        replies=(REPLY, BARE), prompts=(PROMPT,), strength=(DONE,), nights=(NIGHT,), pauses=(PAUSE,)
    )
    assert history(store) == everything
    assert history(store, NOW) == everything
    later = history(store, NOW + days(3))
    assert later == History(replies=(BARE,), pauses=(PAUSE,))


def test_a_corrected_answer_replaces_the_first(store: Store) -> None:
    with store.session() as session:
        save_reply(session, "me", REPLY)
        save_reply(session, "me", replace(REPLY, score=3))
        save_pause(session, "me", PAUSE)
        save_pause(session, "me", Pause(MONDAY, NOW))
    assert history(store).replies == (replace(REPLY, score=3),)
    assert history(store).pauses == (Pause(MONDAY, NOW),)


def test_answers_to_the_offer_to_warn_later_come_back_in_order(store: Store) -> None:
    yes, no = Adaptation(MONDAY, True), Adaptation(NOW, False)
    with store.session() as session:
        save_adaptation(session, "me", no)
        save_adaptation(session, "me", yes)
        save_adaptation(session, "anna", yes)
        assert load_adaptations(session, "me", until=NOW) == [yes, no]
        assert load_adaptations(session, "me", until=NOW - days(1)) == [yes]
        save_adaptation(session, "me", replace(yes, accepted=False))
        assert load_adaptations(session, "me", until=MONDAY) == [replace(yes, accepted=False)]


def test_the_times_of_answered_mornings_are_found_without_the_rest(store: Store) -> None:
    mornings = [PainReply(f"m{n}", NOW + days(n), ReplyKind.MORNING, 0) for n in range(3)]
    with store.session() as session:
        for reply in (*mornings, BARE):
            save_reply(session, "me", reply)
        assert morning_times(session, "me", NOW + days(1)) == [NOW + days(1), NOW + days(2)]


def test_a_cached_load_is_for_one_policy_and_goes_with_any_change_of_its_run(store: Store) -> None:
    with store.session() as session:
        save_records(session, "me", [record("a", "1"), record("a", "2", run(MONDAY + days(2)))], NOW)
        save_loads(session, "me", {"1": LOAD, "2": LOAD, "99": LOAD}, "policy one")
    with store.session() as session:
        assert load_history(session, "me", Runner()).loads == {}
        assert load_history(session, "me", Runner(), policy_hash="another").loads == {}
        assert load_history(session, "me", Runner(), policy_hash="policy one").loads == {"1": LOAD, "2": LOAD}
        recent = load_history(session, "me", Runner(), policy_hash="policy one", since=MONDAY + days(1))
        assert recent.loads == {"2": LOAD}
        assert [one.id for one in recent.activities] == ["2"]
        save_record(session, "me", record("b", "1", run(km=10.2)), NOW)
        delete_record(session, "me", Deleted("a", "2"))
        assert load_history(session, "me", Runner(), policy_hash="policy one").loads == {}
        save_loads(session, "me", {"1": LOAD}, "policy one")
        save_loads(session, "me", {"1": replace(LOAD, k1=11.0)}, "policy two")
        assert load_history(session, "me", Runner(), policy_hash="policy two").loads["1"].k1 == 11.0


@pytest.mark.parametrize(
    ("wanted", "with_series"), [("all", ["1", "2"]), ("unmeasured", ["2"]), ("none", [])]
)
def test_series_come_along_only_where_they_are_wanted(
    store: Store, wanted: str, with_series: list[str]
) -> None:
    sampled = [run(MONDAY + days(n), profile=profile(), series=series(60)) for n in range(2)]
    with store.session() as session:
        save_records(session, "me", [record("a", str(n), one) for n, one in enumerate(sampled)], NOW)
        save_loads(session, "me", {"1": LOAD}, "p")
        read = load_history(session, "me", Runner(), policy_hash="p", series=wanted)  # type: ignore[arg-type]
    assert [one.id for one in read.activities if one.series is not None] == with_series
    assert all(one.profile == profile() for one in read.activities)


def checkpoint(day: int, policy_hash: str = "p", formula_version: int = 1) -> Checkpoint:
    return Checkpoint(MONDAY + days(day), formula_version, policy_hash, {"day": day, "runs": [1.5, None]})


def newest(
    store: Store,
    until: datetime | None = None,
    *,
    athlete: str = "me",
    formula_version: int = 1,
    policy_hash: str = "p",
) -> Checkpoint | None:
    with store.reading() as session:
        states = list(stored_states(session, athlete, formula_version, policy_hash, until=until))
    return Checkpoint(states[0][0], formula_version, policy_hash, unpack(states[0][1])) if states else None


def save_all(store: Store, *checkpoints: Checkpoint) -> None:
    with store.session() as session:
        for one in checkpoints:
            save_checkpoint(session, "me", one)


def test_the_newest_checkpoint_of_this_formula_and_policy_is_found(store: Store) -> None:
    save_all(store, checkpoint(1), checkpoint(3), checkpoint(2))
    assert newest(store) == checkpoint(3)
    assert newest(store, MONDAY + days(2)) == checkpoint(2)
    assert newest(store, MONDAY) is None
    assert newest(store, formula_version=2) is None
    assert newest(store, policy_hash="other") is None
    assert newest(store, athlete="anna") is None


def test_old_checkpoints_and_those_of_another_policy_go(store: Store) -> None:
    save_all(store, *(checkpoint(day) for day in range(KEPT + 3)))
    assert newest(store, MONDAY + days(3)) == checkpoint(3)
    assert newest(store, MONDAY + days(2)) is None
    save_all(store, checkpoint(1, "new policy"))
    assert newest(store) is None


def test_a_late_fact_drops_the_checkpoints_after_it_and_no_others(store: Store) -> None:
    facts = {
        "a run": lambda session: save_record(session, "me", record("a", "1", run(MONDAY + days(2.5))), NOW),
        "an edit": lambda session: save_record(session, "me", record("a", "1", run(MONDAY + days(4))), NOW),
        "a deletion": lambda session: delete_record(session, "me", Deleted("a", "1")),
        "a reply": lambda session: save_reply(session, "me", replace(BARE, at=MONDAY + days(2.5))),
        "a correction": lambda session: save_reply(session, "me", replace(BARE, at=MONDAY + days(5))),
        "a night": lambda session: save_night(session, "me", Night("2024-05-09", 6.0)),
    }
    remains = {"a deletion": 3}
    for name, happens in facts.items():
        save_all(store, *(checkpoint(day) for day in range(1, 6)))
        with store.session() as session:
            happens(session)
        assert newest(store) == checkpoint(remains.get(name, 2)), name
    save_all(store, checkpoint(3))
    with store.session() as session:
        save_record(session, "anna", record("a", "1"), NOW)
    assert newest(store) == checkpoint(3)


def test_a_source_is_claimed_by_one_worker_when_it_is_due(store: Store) -> None:
    minute = timedelta(minutes=1)
    with store.session() as session:
        register_source(session, "me", "garmin", NOW)
        register_source(session, "anna", "files", NOW - minute)
        register_source(session, "me", "garmin", NOW - days(1))
        assert claim_source(session, "one", NOW - 2 * minute, minute) is None
        first = claim_source(session, "one", NOW, minute)
        second = claim_source(session, "two", NOW, minute)
        assert first is not None
        assert second is not None
        assert [(athlete, state.source) for athlete, state in (first, second)] == [
            ("anna", "files"),
            ("me", "garmin"),
        ]
        assert claim_source(session, "three", NOW, minute) is None
        record_success(session, "me", "garmin", NOW, due_at=NOW + days(1), new_activities=0, cursor="2019")
        again = claim_source(session, "three", NOW + 2 * minute, minute)
        assert again is not None
        assert again[0] == "anna"
        assert claim_source(session, "four", NOW + 2 * minute, minute) is None


def test_an_outage_has_a_beginning_a_cure_and_an_end(store: Store) -> None:
    def fail(now: datetime) -> SourceCondition:
        with store.session() as session:
            return record_failure(
                session,
                "me",
                "strava",
                now,
                SourceCondition.NEEDS_LOGIN,
                due_at=now + days(1),
                reason="inactive",
                cure="niggled login strava",
            ).state

    with store.session() as session:
        record_success(session, "me", "strava", NOW, due_at=NOW, new_activities=2, cursor="c")
    assert [fail(NOW + days(1)), fail(NOW + days(2))] == [SourceCondition.OK, SourceCondition.NEEDS_LOGIN]
    with store.reading() as session:
        down = source_state(session, "me", "strava")
    assert down is not None
    assert (down.failing_since, down.reason, down.cure, down.cursor) == (
        NOW + days(1),
        "inactive",
        "niggled login strava",
        "c",
    )
    with store.session() as session:
        before = record_success(
            session, "me", "strava", NOW + days(3), due_at=NOW, new_activities=0, cursor="d"
        )
        (after,) = source_states(session, "me")
    assert before.failing_since == NOW + days(1)
    assert (after.state, after.failing_since, after.cure) == (SourceCondition.OK, None, None)
    assert (after.last_success_at, after.last_new_activity_at) == (NOW + days(3), NOW)


def test_a_bad_file_is_set_aside_counted_and_gone_once_it_can_be_read(store: Store) -> None:
    bad = SetAside("files", "1.fit", "cut short", "copy it again")
    with store.session() as session:
        set_aside(session, "me", bad, NOW)
        set_aside(session, "me", replace(bad, reason="wrong CRC"), NOW + days(1))
        set_aside(session, "me", replace(bad, origin="2.fit"), NOW)
        first, second = list_set_aside(session, "me")
    assert (first.origin, first.reason, first.cure, first.count) == ("1.fit", "wrong CRC", "copy it again", 2)
    assert (first.first_seen_at, first.last_seen_at) == (NOW, NOW + days(1))
    with store.session() as session:
        save_record(session, "me", record("files", "x", origin="1.fit"), NOW)
        assert list_set_aside(session, "me") == [second]


def test_instants_come_back_aware_and_in_utc(store: Store) -> None:
    with store.session() as session:
        local = MONDAY.astimezone(tz=None).replace(tzinfo=None).astimezone()
        save_record(session, "me", record("a", "1", run(local)), NOW)
    (one,) = history(store).activities
    assert (one.start, one.start.tzinfo) == (MONDAY, UTC)
