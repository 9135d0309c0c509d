"""The outbox: every message once on every channel, whoever sends it and whatever breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from daemon.store.engine import Store, open_store
from daemon.store.messages import sent_messages
from daemon.store.outbox import (
    WAITING,
    Claim,
    DeliveryState,
    claim_due,
    count_due,
    deliveries_of,
    enqueue,
    expire_overdue,
    list_deliveries,
    mark_failed,
    mark_retry,
    mark_sent,
    next_due_at,
    start_attempt,
)
from rules.facts import PromptKind
from rules.outcome import Level, Message, MessageKind, PromptWanted, Sent

NOW = datetime(2024, 5, 6, 10, 0, tzinfo=UTC)
LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)


def message(key: str = "load|1", **fields: object) -> Message:
    told: dict[str, object] = {
        "key": key,
        "kind": MessageKind.LOAD,
        "level": Level.WARN,
        "title": "Longest run in a month",
        "text": "16.2 km. Your longest in 30 days was 11.7 km.",
        "decided_at": NOW,
        "due_at": NOW,
        "expires_at": NOW + 12 * HOUR,
        "findings": ("R1|1|-|warn", "R4|1|-|note"),
        "alert": True,
    }
    return Message(**told | fields)  # type: ignore[arg-type]


def put(store: Store, told: Message, *channels: str, athlete: str = "me") -> bool:
    with store.session() as session:
        return enqueue(session, athlete, told, channels, NOW)


def claim(store: Store, worker: str = "one", now: datetime = NOW) -> list[Claim]:
    with store.session() as session:
        return claim_due(session, worker, now, LEASE)


def state(store: Store, key: str = "load|1") -> list[str]:
    with store.reading() as session:
        return [f"{one.channel} {one.state}" for one in deliveries_of(session, "me", key)]


def test_a_message_is_queued_once_on_each_channel(store: Store) -> None:
    assert put(store, message(), "phone", "mail")
    assert not put(store, message(), "phone", "mail", "phone")
    assert state(store) == ["phone queued", "mail queued"]
    assert put(store, message(text="other words"), "tablet")
    assert len(state(store)) == 3
    assert put(store, message(), "phone", athlete="anna")


def test_the_claim_holds_the_message_as_it_was_decided(store: Store) -> None:
    question = PromptWanted(PromptKind.AFTER_RUN, NOW, NOW + HOUR, "Worst knee pain, 0-10?", "1")
    told = message(question=question)
    put(store, told, "phone")
    (ours,) = claim(store)
    assert (ours.athlete, ours.channel, ours.message) == ("me", "phone", told)
    assert (ours.worker, ours.until, ours.attempts) == ("one", NOW + LEASE, 0)
    assert not ours.may_have_been_sent


def test_only_what_is_due_and_not_expired_is_claimed_longest_waiting_first(store: Store) -> None:
    put(store, message("second"), "phone")
    put(store, message("later", due_at=NOW + HOUR), "phone")
    put(store, message("too late", due_at=NOW - 2 * HOUR, expires_at=NOW), "phone")
    with store.session() as session:
        enqueue(session, "anna", message("first", due_at=NOW - HOUR), ["phone"], NOW - HOUR)
    with store.reading() as session:
        assert count_due(session, NOW) == 2
        assert next_due_at(session) == NOW - HOUR
    assert [one.message.key for one in claim(store)] == ["first", "second"]
    assert claim(store) == []
    assert [one.message.key for one in claim(store, now=NOW + HOUR)] == ["first", "second", "later"]


def test_deliveries_of_athletes_whom_the_worker_does_not_know_are_left_to_others(store: Store) -> None:
    put(store, message("mine"), "phone")
    put(store, message("hers"), "phone", athlete="anna")
    with store.session() as session:
        assert count_due(session, NOW, ["anna"]) == 1
        (ours,) = claim_due(session, "one", NOW, LEASE, athletes=["anna"])
    assert ours.message.key == "hers"
    assert [one.message.key for one in claim(store)] == ["mine"]


def test_two_workers_never_hold_one_delivery(store: Store, store_url: str) -> None:
    for number in range(20):
        put(store, message(f"m{number}"), "phone")
    ready = Barrier(2)
    held: dict[str, list[int]] = {"one": [], "two": []}

    def work(worker: str) -> None:
        mine = open_store(store_url)
        ready.wait(timeout=30)
        while found := claim(mine, worker):
            held[worker] += [one.delivery_id for one in found]
        mine.close()

    workers = [Thread(target=work, args=(worker,)) for worker in held]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    everything = held["one"] + held["two"]
    assert len(everything) == len(set(everything)) == 20


def test_a_crash_before_the_call_frees_the_delivery_after_the_lease(store: Store) -> None:
    put(store, message(), "phone")
    claim(store, "crashed")
    assert claim(store, "two", NOW + LEASE) == []
    (again,) = claim(store, "two", NOW + LEASE + timedelta(seconds=1))
    assert not again.may_have_been_sent


def test_a_crash_inside_the_call_is_known_to_the_next_worker(store: Store) -> None:
    put(store, message(), "phone")
    (ours,) = claim(store, "crashed")
    with store.session() as session:
        assert start_attempt(session, ours, NOW)
    (again,) = claim(store, "two", NOW + HOUR)
    assert again.may_have_been_sent
    assert again.attempts == 1


def test_who_lost_the_lease_neither_calls_nor_ends_the_others_attempt(store: Store) -> None:
    put(store, message(), "phone")
    (slow,) = claim(store, "slow")
    (ours,) = claim(store, "ours", NOW + HOUR)
    with store.session() as session:
        assert not start_attempt(session, slow, NOW + HOUR)
        mark_retry(session, slow, NOW + HOUR, NOW + 2 * HOUR, "429")
        mark_failed(session, slow, NOW + HOUR, "gone")
        assert start_attempt(session, ours, NOW + HOUR)
    assert state(store) == ["phone claimed"]
    with store.session() as session:
        mark_sent(session, slow, NOW + HOUR, "ntfy")
    assert state(store) == ["phone sent"]


def test_the_same_worker_does_not_start_an_attempt_on_a_lease_that_ran_out(store: Store) -> None:
    put(store, message(), "phone")
    (ours,) = claim(store)
    with store.session() as session:
        assert not start_attempt(session, ours, ours.until)


def test_sent_is_the_end_and_the_service_is_told(store: Store) -> None:
    put(store, message(), "phone", "mail")
    first, second = claim(store)
    with store.session() as session:
        start_attempt(session, first, NOW)
        mark_sent(session, first, NOW + timedelta(seconds=1), "ntfy")
        mark_sent(session, first, NOW + HOUR, "later")
        mark_failed(session, second, NOW, "NOMATCH: mail has no such service")
        assert next_due_at(session) is None
    with store.reading() as session:
        sent, failed = list_deliveries(session, "me", [DeliveryState.SENT, DeliveryState.FAILED])
    assert (sent.service, sent.sent_at, sent.attempts) == ("ntfy", NOW + timedelta(seconds=1), 1)
    assert [(one.at, one.text) for one in failed.reasons] == [(NOW, "NOMATCH: mail has no such service")]
    assert claim(store, now=NOW + HOUR) == []


def test_a_retry_is_due_when_the_caller_says_and_keeps_its_reasons(store: Store) -> None:
    put(store, message(), "phone")
    now = NOW
    for number in range(25):
        (ours,) = claim(store, now=now)
        with store.session() as session:
            start_attempt(session, ours, now)
            mark_retry(session, ours, now, now + timedelta(minutes=5), f"attempt {number}: 503")
        assert claim(store, now=now + timedelta(minutes=4)) == []
        now += timedelta(minutes=5)
    with store.reading() as session:
        (waiting,) = list_deliveries(session, "me", WAITING)
    assert (waiting.state, waiting.attempts, waiting.due_at) == ("retry", 25, now)
    assert len(waiting.reasons) == 20
    assert waiting.reasons[-1].text == "attempt 24: 503"
    (ours,) = claim(store, now=now)
    assert not ours.may_have_been_sent


def test_what_is_overdue_expires_unless_it_is_being_sent(store: Store) -> None:
    put(store, message("short", expires_at=NOW + timedelta(minutes=1)), "phone", "mail")
    (ours,) = [one for one in claim(store) if one.channel == "mail"]
    with store.session() as session:
        mark_retry(session, ours, NOW, NOW + HOUR, "503")
        assert expire_overdue(session, NOW + timedelta(minutes=1)) == 1
    assert state(store, "short") == ["phone claimed", "mail expired"]
    with store.session() as session:
        assert expire_overdue(session, NOW + HOUR) == 1
        assert expire_overdue(session, NOW + HOUR) == 0
    assert claim(store, now=NOW + HOUR) == []


def test_triage_remembers_what_was_decided_whatever_became_of_it(store: Store) -> None:
    week_ago, month_ago = NOW - timedelta(days=7), NOW - timedelta(days=30)
    put(store, message("forgotten", due_at=NOW - timedelta(days=31)), "phone")
    put(store, message("old alert", due_at=NOW - timedelta(days=9), findings=()), "phone")
    put(
        store,
        message("old digest", due_at=NOW - timedelta(days=9), kind=MessageKind.DIGEST, alert=False),
        "phone",
    )
    put(store, message(), "phone", "mail")
    put(store, message("b", kind=MessageKind.DIGEST, level=Level.NOTE, alert=False, findings=()), "mail")
    for ours in claim(store):
        with store.session() as session:
            mark_failed(session, ours, NOW, "no")
    with store.reading() as session:
        remembered = sent_messages(session, "me", week_ago, alerts_since=month_ago)
        assert sent_messages(session, "anna", week_ago, alerts_since=month_ago) == []
    assert remembered == [
        Sent("old alert", MessageKind.LOAD, NOW - timedelta(days=9), alert=True),
        Sent("b", MessageKind.DIGEST, NOW),
        Sent("load|1", MessageKind.LOAD, NOW, ("R1|1|-|warn", "R4|1|-|note"), alert=True),
    ]


def test_a_naive_instant_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="a naive datetime cannot be stored"):
        put(store, message(due_at=datetime(2024, 5, 6)), "phone")  # noqa: DTZ001
