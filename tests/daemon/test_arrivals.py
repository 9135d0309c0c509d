"""What arrives in the inbox is imported; what cannot be read is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Recording
from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.jobs.arrivals import take_in_arrivals
from daemon.store import outbox
from daemon.store.engine import Store, open_store
from daemon.store.outbox import DeliveryState

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    yield opened
    opened.close()


@pytest.fixture
def anna() -> AthleteConfig:
    channels = {"phone": {"url": "ntfy://ntfy.sh/x"}, "hook": {"url": "json://x", "sends": ["warning"]}}
    raw = {"athletes": {"anna": {"timezone": "Europe/Berlin", "channels": channels}}}
    return configuration.build(raw, "", None, Path("/nowhere")).athletes["anna"]


def told(store: Store) -> list[tuple[str, str]]:
    with store.reading() as session:
        return [
            (one.channel, one.message.text) for one in outbox.list_deliveries(session, "anna", DeliveryState)
        ]


def bad_file(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(f"<html>please log in for {name}</html>".encode())
    return path


def test_a_good_file_is_imported_and_nothing_is_said_about_it(
    store: Store, anna: AthleteConfig, tmp_path: Path
) -> None:
    path = tmp_path / "run.fit"
    path.write_bytes(encode_activity(Recording(NOON - timedelta(hours=3), 3600.0, distance_m=10_000.0)))
    assert take_in_arrivals(store, anna, [path], NOON).changed
    assert not take_in_arrivals(store, anna, [path], NOON).changed
    assert told(store) == []


def test_a_bad_file_among_good_ones_is_told_once_with_its_name_reason_and_cure(
    store: Store, anna: AthleteConfig, tmp_path: Path
) -> None:
    good = tmp_path / "run.fit"
    good.write_bytes(encode_activity(Recording(NOON - timedelta(hours=3), 3600.0, distance_m=10_000.0)))
    bad = bad_file(tmp_path, "login.fit")
    report = take_in_arrivals(store, anna, [bad, good], NOON)
    assert (len(report.saved), len(report.aside)) == (1, 1)
    ((channel, text),) = told(store)
    assert channel == "phone"
    assert text.startswith("login.fit could not be read: ")
    assert report.aside[0].reason in text
    assert report.aside[0].cure.rstrip(".") in text
    take_in_arrivals(store, anna, [bad], NOON + timedelta(minutes=1))
    assert len(told(store)) == 1


def test_many_bad_files_are_one_message(store: Store, anna: AthleteConfig, tmp_path: Path) -> None:
    take_in_arrivals(store, anna, [bad_file(tmp_path, f"{number}.fit") for number in range(4)], NOON)
    ((_, text),) = told(store)
    assert text.startswith("0.fit could not be read: ")
    assert text.endswith("So could not 3 more; `niggled status` lists them.")


def test_at_night_a_bad_file_waits_for_the_morning(store: Store, anna: AthleteConfig, tmp_path: Path) -> None:
    night = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
    take_in_arrivals(store, anna, [bad_file(tmp_path, "login.fit")], night)
    with store.reading() as session:
        (delivery,) = outbox.list_deliveries(session, "anna", DeliveryState)
    assert delivery.due_at == datetime(2026, 3, 4, 8, 45, tzinfo=UTC)
