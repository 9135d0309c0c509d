"""A finding is new once, withdrawn when its cause is gone, and it is known whether anybody was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from daemon.store.engine import Store
from daemon.store.findings import Recorded, StoredFinding, find_finding, list_findings, record_findings
from daemon.store.outbox import claim_due, enqueue, mark_sent
from rules.facts import Side
from rules.outcome import Finding, Level, Message, MessageKind

NOW = datetime(2024, 5, 6, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)

LONG = Finding("R1", Level.WARN, "run:2024-05-06T08:00:00+02:00", NOW, {"km": 16.2, "ratio": 1.385}, "7")
KNEE = Finding("P1", Level.STOP, "episode:2024-05-01", NOW - 5 * DAY, {"score": 6}, side=Side.LEFT)


def record(
    store: Store, *findings: Finding, now: datetime = NOW, window_from: datetime | None = None
) -> Recorded:
    with store.session() as session:
        return record_findings(session, "me", findings, now, window_from=window_from)


def send(store: Store, *findings: Finding) -> None:
    told = Message(
        "load|7",
        MessageKind.LOAD,
        Level.WARN,
        "t",
        "x",
        NOW,
        NOW,
        NOW + DAY,
        tuple(one.key for one in findings),
    )
    with store.session() as session:
        enqueue(session, "me", told, ["phone", "mail"], NOW)
        mark_sent(session, claim_due(session, "w", NOW, DAY)[0], NOW, "ntfy")


def keys(some: tuple[StoredFinding, ...]) -> list[str]:
    return [one.finding.key for one in some]


def test_a_finding_is_new_once(store: Store) -> None:
    assert keys(record(store, LONG, KNEE).new) == [KNEE.key, LONG.key]
    assert record(store, KNEE, LONG, now=NOW + DAY) == Recorded()
    with store.reading() as session:
        stored = list_findings(session, "me")
        assert find_finding(session, "me", stored[0].id) == stored[0]
        assert find_finding(session, "me", "99") is find_finding(session, "me", "R1") is None
        assert list_findings(session, "anna") == []
        assert [one.finding for one in list_findings(session, "me", since=NOW)] == [LONG]
    assert [one.finding for one in stored] == [KNEE, LONG]
    assert {one.first_seen_at for one in stored} == {NOW}


def test_corrected_figures_are_kept_without_making_it_new(store: Store) -> None:
    record(store, LONG)
    corrected = replace(LONG, numbers={"km": 15.9, "ratio": 1.36}, at=NOW - timedelta(minutes=3))
    assert record(store, corrected) == Recorded()
    with store.reading() as session:
        assert [one.finding for one in list_findings(session, "me")] == [corrected]


def test_a_deleted_run_withdraws_its_warning_and_says_whether_it_had_been_sent(store: Store) -> None:
    record(store, LONG, KNEE)
    send(store, LONG)
    gone = record(store, now=NOW + DAY).withdrawn
    assert [(one.finding.key, one.was_sent, one.message_keys) for one in gone] == [
        (KNEE.key, False, ()),
        (LONG.key, True, ("load|7",)),
    ]
    assert record(store, now=NOW + 2 * DAY) == Recorded()
    with store.reading() as session:
        assert list_findings(session, "me") == []
        withdrawn = list_findings(session, "me", withdrawn=True, since=NOW + DAY)
        assert list_findings(session, "me", withdrawn=True, since=NOW + 2 * DAY) == []
    assert {one.withdrawn_at for one in withdrawn} == {NOW + DAY}


def test_a_finding_that_comes_back_is_not_new(store: Store) -> None:
    record(store, LONG)
    send(store, LONG)
    record(store, now=NOW + DAY)
    back = record(store, LONG, now=NOW + 2 * DAY)
    assert (keys(back.new), keys(back.returned)) == ([], [LONG.key])
    assert back.returned[0].was_sent
    assert back.returned[0].withdrawn_at is None
    assert back.returned[0].first_seen_at == NOW


def test_an_assessment_of_a_window_leaves_what_is_older_alone(store: Store) -> None:
    record(store, LONG, KNEE)
    assert keys(record(store, window_from=NOW - DAY).withdrawn) == [LONG.key]
    with store.reading() as session:
        assert [one.finding for one in list_findings(session, "me")] == [KNEE]


def test_a_finding_that_moves_into_the_window_is_still_the_same(store: Store) -> None:
    record(store, KNEE)
    moved = replace(KNEE, at=NOW)
    assert record(store, moved, window_from=NOW - DAY) == Recorded()
    with store.reading() as session:
        assert [one.finding for one in list_findings(session, "me")] == [moved]
