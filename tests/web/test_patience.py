"""Guessing is slowed: by address, by household, and for everybody together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from daemon.web.patience import ADDRESSES, EVERYBODY_FREE, FREE, LONGEST_WAIT, Patience

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
ZERO = timedelta(0)


def failing(patience: Patience, address: str, times: int, at: datetime = NOON) -> None:
    for _ in range(times):
        patience.failed(address, at)


def test_a_few_tries_are_free_and_then_each_waits_twice_as_long() -> None:
    patience, at = Patience(), NOON
    waits = []
    for _ in range(14):
        patience.failed("192.168.1.5", at)
        wait = patience.wait("192.168.1.5", at)
        waits.append(wait.total_seconds() / 60)
        at += wait
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_waiting_ends_and_the_right_one_forgets_what_was() -> None:
    patience = Patience()
    failing(patience, "192.168.1.5", FREE)
    assert patience.wait("192.168.1.5", NOON + timedelta(seconds=59)) == timedelta(seconds=1)
    assert patience.wait("192.168.1.5", NOON + timedelta(seconds=60)) == ZERO
    patience.succeeded("192.168.1.5")
    assert patience.wait("192.168.1.5", NOON) == ZERO
    assert patience.failed("192.168.1.5", NOON) == 1


def test_others_do_not_wait_for_a_guesser() -> None:
    patience = Patience()
    failing(patience, "192.168.1.5", 20)
    assert patience.wait("192.168.1.6", NOON) == ZERO
    assert patience.wait("192.168.1.5", NOON) == LONGEST_WAIT


def test_an_ipv6_household_is_one_address() -> None:
    patience = Patience()
    for host in range(FREE):
        patience.failed(f"2001:db8:1:2::{host:x}", NOON)
    assert patience.wait("2001:db8:1:2:ffff::1", NOON) > ZERO
    assert patience.wait("2001:db8:1:3::1", NOON) == ZERO
    failing(patience, "::ffff:10.0.0.1", FREE)
    assert patience.wait("10.0.0.1", NOON) > ZERO


def test_ever_new_addresses_have_a_limit_together() -> None:
    patience = Patience()
    for number in range(EVERYBODY_FREE):
        patience.failed(f"10.0.{number // 250}.{number % 250}", NOON)
    assert patience.wait("172.16.0.1", NOON) == timedelta(minutes=1)
    assert patience.wait("172.16.0.1", NOON + timedelta(minutes=1)) == ZERO


def test_only_so_many_addresses_are_remembered() -> None:
    patience = Patience()
    failing(patience, "192.168.1.5", FREE, NOON)
    for number in range(ADDRESSES):
        patience.failed(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", NOON)
    assert patience.wait("192.168.1.5", NOON + timedelta(hours=2)) == ZERO
    assert patience.wait("not an address", NOON + timedelta(hours=2)) == ZERO
