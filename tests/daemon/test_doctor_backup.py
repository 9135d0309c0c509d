"""What the doctor says of the daily backup."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes.kept_home import fill
from fakes.source_records import MONDAY

from daemon.config_backup import BackupConfig
from daemon.doctor.backup import backup_verdicts, installed_at
from daemon.jobs.backup import daily_file
from daemon.store.engine import Store

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
CURE = "`niggled backup --daily` makes one now, or says why it cannot."


def said(
    folder: Path, since: datetime | None = LONG_AGO, zone: str = "UTC", at: time = time(3, 30)
) -> list[str]:
    settings = BackupConfig(folder, at=at)
    verdicts = backup_verdicts(settings, since, NOW, ZoneInfo(zone))
    return [f"{one.check} {one.mark.value}: {one.what} {one.cure}".rstrip() for one in verdicts]


def made(folder: Path, *days: int) -> None:
    for day in days:
        daily_file(folder, date(2026, 11, day)).write_bytes(b"x" * 1_234_567)


def test_the_newest_is_told_with_its_age_and_its_size(tmp_path: Path) -> None:
    made(tmp_path, 23, 24, 25)
    assert said(tmp_path) == [
        f"backup ok: The newest daily backup is 9 hours old, 1.2 MB: {tmp_path}/niggled-2026-11-25.db."
    ]


def test_its_hour_is_of_this_machine(tmp_path: Path) -> None:
    made(tmp_path, 25)
    assert "is 14 hours old, " in said(tmp_path, zone="Asia/Karachi")[0]


def test_one_of_this_hour_has_no_hours(tmp_path: Path) -> None:
    made(tmp_path, 25)
    assert "is less than an hour old, " in said(tmp_path, zone="America/Sao_Paulo", at=time(9, 20))[0]


def test_one_missed_night_is_no_news_and_two_are(tmp_path: Path) -> None:
    made(tmp_path, 24)
    assert said(tmp_path)[0].startswith("backup ok: The newest daily backup is 33 hours old, ")
    daily_file(tmp_path, date(2026, 11, 24)).unlink()
    made(tmp_path, 21)
    assert said(tmp_path) == [
        f"backup warning: The newest daily backup is 4 days old: {tmp_path}/niggled-2026-11-21.db. {CURE}"
    ]


def test_a_backup_of_a_day_to_come_does_not_count(tmp_path: Path) -> None:
    made(tmp_path, 21, 29)
    assert "is 4 days old" in said(tmp_path)[0]


@pytest.mark.parametrize("since", [None, NOW - timedelta(days=1)])
def test_a_new_installation_has_none_yet(tmp_path: Path, since: datetime | None) -> None:
    assert said(tmp_path / "backups", since) == [
        f"backup ok: No daily backup yet; `niggled run` makes the first one in {tmp_path}/backups."
    ]


def test_an_old_one_without_any_is_worth_a_word(tmp_path: Path) -> None:
    assert said(tmp_path / "nas") == [f"backup warning: There is no daily backup in {tmp_path}/nas. {CURE}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_closed_folder_is_told_as_that(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    (told,) = said(tmp_path)
    tmp_path.chmod(0o700)
    assert told.startswith(
        f"backup warning: The folder of the daily backups, {tmp_path}, may not be looked into."
    )


def test_an_installation_is_as_old_as_its_first_activity(store: Store) -> None:
    with store.reading() as session:
        assert installed_at(session) is None
    fill(store, "anna")
    with store.reading() as session:
        assert installed_at(session) == MONDAY
