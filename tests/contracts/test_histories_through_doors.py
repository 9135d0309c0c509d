"""A whole real history comes in through a door as it comes in from the person's own export."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.account import Account
from fakes.account_builders import from_strava_export
from fakes.account_exports import garmin_export
from fakes.clock import StoppedClock
from fakes.kept_sources import LiveKept, kept, life

from connectors.sources.contract import Reached, SourceItem, SourceRecord
from connectors.sources.files import FilesSource
from connectors.sources.live import BEGINNING
from rules.facts import Activity
from rules.policy import Policy

HISTORIES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "histories"
ZONES = {"r05": "Asia/Tokyo", "r06": "Asia/Shanghai", "r11": "America/New_York"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)

with_histories = pytest.mark.skipif(not HISTORIES.is_dir(), reason="../shared/data is absent")


def by_id(items: Iterable[SourceItem]) -> dict[str, Activity]:
    return {item.external_id: item.activity for item in items if isinstance(item, SourceRecord)}


def through(kind: str, folder: Path, account: Account, now: datetime = NOW) -> dict[str, Activity]:
    """What a door tells: the listing, and the samples where there are files."""
    with kept(kind, folder, account, StoppedClock(now)) as source:
        assert isinstance(source, LiveKept)
        told: list[SourceItem] = []
        for item in source.fetch({}):
            told.append(item)
            if item == Reached(BEGINNING) and not any(held.fit for held in account):
                break
        return by_id(told)


def imported(path: Path, now: datetime = NOW) -> dict[str, Activity]:
    return by_id(FilesSource([path], Policy(), now).fetch(None, frozenset()))


@with_histories
@pytest.mark.parametrize("runner", ZONES)
def test_strava_s_door_tells_what_its_export_tells(runner: str, tmp_path: Path) -> None:
    """But for the offset from UTC, which only the door knows."""
    export = HISTORIES / f"export_{runner}.zip"
    told = through("strava", tmp_path, from_strava_export(export, ZONES[runner]))
    assert {key: replace(one, utc_offset_s=None) for key, one in told.items()} == imported(export)


@with_histories
@pytest.mark.parametrize("kind", ["garmin by key", "garmin by login"])
@pytest.mark.parametrize("runner", ZONES)
def test_garmin_s_doors_tell_what_its_export_tells(runner: str, kind: str, tmp_path: Path) -> None:
    account = from_strava_export(HISTORIES / f"export_{runner}.zip", ZONES[runner])
    export = tmp_path / "export.zip"
    export.write_bytes(garmin_export(account))
    assert through(kind, tmp_path, account) == imported(export)


@pytest.mark.parametrize("kind", ["garmin by key", "garmin by login"])
def test_recorded_runs_of_garmin_s_export_have_the_same_samples(kind: str, tmp_path: Path) -> None:
    now = datetime(2024, 6, 1, 12, tzinfo=UTC)
    account = life(now)
    export = tmp_path / "export.zip"
    export.write_bytes(garmin_export(account))
    told, read = through(kind, tmp_path, account, now), imported(export, now)
    runs = [str(held.id) for held in account.newest_first() if held.sport in ("run", "walk")][:3]
    assert [told[one].series for one in runs] == [read[one].series for one in runs]
    assert None not in [told[one].series for one in runs]
