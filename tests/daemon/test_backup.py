"""The daily backup: when one is due, which stay, and what the runner hears of a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes.clock import StoppedClock
from hypothesis import given
from hypothesis import strategies as st

from daemon import config as configuration
from daemon.config import AthleteConfig
from daemon.config_backup import BackupConfig
from daemon.jobs.backup import (
    DailyBackup,
    back_up,
    daily_file,
    day_due,
    days_kept,
    last_before,
    superseded,
    tell_end,
    tell_failure,
)
from daemon.jobs.child import ChildFailedError
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store import outbox
from daemon.store.contents import contents_of
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.outbox import DeliveryState
from rules.outcome import Level, Message, MessageKind

BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_THREE = time(3, 30)
DAY = timedelta(days=1)
# A Tuesday.
NIGHT = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> BackupConfig:
    return BackupConfig(tmp_path / "backups")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'niggled.db'}"


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-03T03:29", date(2026, 3, 2)),
        ("2026-03-03T03:30", date(2026, 3, 3)),
        ("2026-03-03T23:59", date(2026, 3, 3)),
        # Both nights in which the clocks change.
        ("2026-03-29T01:59", date(2026, 3, 28)),
        ("2026-03-29T03:30", date(2026, 3, 29)),
        ("2026-10-25T02:30", date(2026, 10, 24)),
        ("2026-10-25T03:30", date(2026, 10, 25)),
    ],
)
def test_a_day_s_backup_is_due_from_its_time_on(now: str, due: date) -> None:
    assert day_due(at(now), HALF_PAST_THREE, BERLIN) == due


def test_a_time_that_the_summer_skips_is_due_when_it_is_past() -> None:
    two = time(2, 30)
    assert day_due(at("2026-03-29T01:59"), two, BERLIN) == date(2026, 3, 28)
    assert day_due(at("2026-03-29T03:00"), two, BERLIN) == date(2026, 3, 29)


def test_seven_days_and_the_last_of_each_of_four_weeks_stay() -> None:
    today = date(2026, 3, 3)
    days = [today - back * DAY for back in range(60)]
    gone = superseded(days, today, 7, 4)
    kept = sorted(set(days) - set(gone))
    assert kept[-7:] == [today - back * DAY for back in reversed(range(7))]
    assert [f"{on:%a %d %b}" for on in kept[:-7]] == ["Sun 08 Feb", "Sun 15 Feb", "Sun 22 Feb", "Tue 24 Feb"]


def test_day_after_day_the_weeks_stay_a_week_apart() -> None:
    kept: list[date] = []
    for day in range(200):
        today = date(2026, 1, 1) + day * DAY
        kept.append(today)
        kept = [on for on in kept if on not in superseded(kept, today, 7, 4)]
    assert len(kept) == 11
    assert (kept[-1] - kept[0]).days in range(27, 41)


@given(
    st.sets(st.dates(date(2020, 1, 1), date(2032, 1, 1)), max_size=80),
    st.dates(date(2020, 1, 1), date(2032, 1, 1)),
    st.integers(1, 10),
    st.integers(0, 6),
)
def test_a_clock_that_is_wrong_takes_away_no_more_than_a_right_one(
    days: set[date], today: date, keep_days: int, keep_weeks: int
) -> None:
    gone = superseded(days, today, keep_days, keep_weeks)
    assert all(on <= today for on in gone)
    past = sorted(on for on in days if on <= today)
    assert not set(past[-keep_days:]) & set(gone)
    assert keep_days <= len(past) - len(gone) <= keep_days + keep_weeks or not gone


def test_a_backup_is_made_once_a_day_and_old_ones_go(store: Store, url: str, settings: BackupConfig) -> None:
    for day in range(20):
        path, made = back_up(url, settings, NIGHT + day * DAY, ZoneInfo("UTC"))
        assert made is not None
        assert path == daily_file(settings.folder, (NIGHT + day * DAY).date())
    again, made = back_up(url, settings, NIGHT + 19 * DAY + timedelta(hours=5), ZoneInfo("UTC"))
    assert (again, made) == (path, None)
    assert [f"{on:%d %b}" for on in days_kept(settings.folder)] == [
        "08 Mar", "15 Mar", *(f"{on} Mar" for on in range(16, 23)),
    ]  # fmt: skip
    assert contents_of(path).activities == {}


def test_what_a_power_cut_left_of_another_day_is_removed(
    store: Store, url: str, settings: BackupConfig
) -> None:
    settings.folder.mkdir()
    for name in (".niggled-2026-02-27.db.part", ".niggled-2026-02-27.db.part-journal"):
        (settings.folder / name).write_bytes(b"half")
    (settings.folder / "notes.txt").write_text("mine")
    back_up(url, settings, NIGHT, ZoneInfo("UTC"))
    assert sorted(path.name for path in settings.folder.iterdir()) == ["niggled-2026-03-03.db", "notes.txt"]


def test_a_folder_that_is_not_there_is_told_and_nothing_is_removed(
    store: Store, url: str, tmp_path: Path, settings: BackupConfig
) -> None:
    (tmp_path / "nas").write_text("")
    with pytest.raises(StoreError, match=r"The backup was not made\. .*nas/niggled: Not a directory\."):
        back_up(url, replace(settings, folder=tmp_path / "nas" / "niggled"), NIGHT, ZoneInfo("UTC"))


class Child:
    """Makes backups as files of its own, or fails."""

    def __init__(self, settings: BackupConfig, clock: StoppedClock) -> None:
        self.settings, self.clock = settings, clock
        self.runs = 0
        self.fails = False
        self.told: list[str] = []

    def make(self, stop: threading.Event) -> None:
        self.runs += 1
        if self.fails:
            raise ChildFailedError("`niggled backup` ended with status 1")
        self.settings.folder.mkdir(exist_ok=True)
        daily_file(self.settings.folder, day_due(self.clock.now(), HALF_PAST_THREE, UTC)).write_bytes(b"")

    def tell(self, reason: str, now: datetime) -> None:
        self.told.append(reason)


@pytest.fixture
def child(settings: BackupConfig) -> Child:
    return Child(settings, StoppedClock(NIGHT - timedelta(minutes=2)))


@pytest.fixture
def look(settings: BackupConfig, child: Child) -> Callable[..., int]:
    """Look every minute for some time; how often a backup was begun meanwhile."""
    daily = DailyBackup(settings, UTC, child.make, child.tell)

    def looks(**time_passes: float) -> int:
        before, until = child.runs, child.clock.now() + timedelta(**time_passes)
        while child.clock.now() < until:
            daily.look(child.clock.now(), threading.Event())
            child.clock.sleep(60)
        return child.runs - before

    return looks


def test_the_daemon_begins_one_backup_a_day(look: Callable[..., int]) -> None:
    assert look(minutes=1) == 1, "yesterday's was missed"
    assert look(minutes=1) == 0
    assert look(days=3) == 3


def test_days_without_the_daemon_are_made_up_for_by_one_backup(
    look: Callable[..., int], child: Child
) -> None:
    look(days=1)
    child.clock.at += 9 * DAY + timedelta(hours=5)
    assert look(hours=5) == 1


def test_a_failure_is_tried_again_every_hour_until_it_works(look: Callable[..., int], child: Child) -> None:
    child.fails = True
    assert look(hours=5) == 5
    assert child.told[0] == "The backup program ended badly; the daemon's log says why."
    child.fails = False
    assert look(hours=5) == 1


@pytest.mark.parametrize("jump", [DAY, -DAY, 365 * DAY, -365 * DAY])
def test_a_clock_that_jumps_and_is_set_right_costs_no_day(
    look: Callable[..., int], child: Child, settings: BackupConfig, jump: timedelta
) -> None:
    look(days=2)
    child.clock.at += jump
    look(hours=1)
    child.clock.at -= jump
    look(days=3)
    days = days_kept(settings.folder)
    assert {NIGHT.date() + back * DAY for back in range(5)} <= set(days)


def test_after_a_failure_a_clock_put_back_does_not_stop_the_next_try(
    look: Callable[..., int], child: Child
) -> None:
    child.fails = True
    look(minutes=2)
    child.clock.at -= 2 * DAY
    assert look(minutes=1) == 1


def test_a_failure_that_cannot_be_told_either_is_logged_and_tried_again(
    settings: BackupConfig, child: Child, caplog: pytest.LogCaptureFixture
) -> None:
    def full(reason: str, now: datetime) -> None:
        raise StoreError(
            "Nothing was saved.", "The disk that holds the database is full.", "Free some space."
        )

    child.fails = True
    daily = DailyBackup(settings, UTC, child.make, full)
    daily.look(NIGHT, threading.Event())
    daily.look(NIGHT + timedelta(hours=1), threading.Event())
    assert child.runs == 2
    assert "The daily backup failed, and that cannot be told: Nothing was saved. The disk" in caplog.text


def test_the_service_asks_at_every_tick_beside_the_looks(store: Store) -> None:
    asked = threading.Event()
    begun: list[datetime] = []

    def slow(now: datetime, stop: threading.Event) -> None:
        begun.append(now)
        asked.set()
        stop.wait(30)

    sent = threading.Event()
    me = AthleteJobs("me", lambda now: False)
    jobs = Jobs((me,), lambda stop: None, lambda stop: sent.set(), back_up=slow)
    service = Service(StoppedClock(NIGHT), store, jobs, tick_s=0.1)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    assert asked.wait(20)
    with store.session() as session:
        told = Message("x", MessageKind.LOAD, Level.WARN, "Long run", "13.0 km", NIGHT, NIGHT, NIGHT + DAY)
        outbox.enqueue(session, "me", told, ["phone"], NIGHT)
    assert sent.wait(20), "a slow backup holds up no message"
    service.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert begun[0] == NIGHT


@pytest.fixture
def household() -> list[AthleteConfig]:
    """Two runners; only Ben hears of the machine."""
    phone = {"url": "ntfy://ntfy.sh/x"}
    channels = {"anna": {"phone": phone | {"sends": ["warning"]}}, "ben": {"phone": phone}}
    athletes = {name: {"timezone": "UTC", "channels": own} for name, own in channels.items()}
    return list(configuration.build({"athletes": athletes}, "", None, Path("/nowhere")).athletes.values())


def heard(store: Store) -> list[tuple[str, str, str]]:
    with store.reading() as session:
        found = [
            (name, one)
            for name in ("anna", "ben")
            for one in outbox.list_deliveries(session, name, [DeliveryState.QUEUED])
        ]
    return [(name, one.message.title, one.message.text) for name, one in found]


FULL = "The disk that holds /mnt/nas is full. Free some space there and try again."


def test_a_failure_is_told_once_with_the_cure_and_its_end_once(
    store: Store, household: list[AthleteConfig]
) -> None:
    last = MORNING.date() - DAY
    tell_failure(store, household, last, FULL, MORNING)
    tell_failure(store, household, last, FULL, MORNING + timedelta(hours=1))
    assert heard(store) == [
        ("ben", "niggled needs you", f"The daily backup fails. {FULL} The last one is of Monday.")
    ]
    later = MORNING + timedelta(hours=2)
    tell_end(store, household, last, later)
    tell_end(store, household, last, later)
    assert heard(store)[1:] == [("ben", "niggled", "The daily backup works again.")]


def test_the_next_failure_is_told_again(store: Store, household: list[AthleteConfig]) -> None:
    tell_failure(store, household, None, FULL, MORNING)
    tell_end(store, household, None, MORNING + timedelta(hours=1))
    tell_failure(store, household, MORNING.date(), FULL, MORNING + 2 * DAY)
    texts = [text for _, _, text in heard(store)]
    assert texts[0].endswith("There is none yet.")
    assert texts[2].endswith("The last one is of Tuesday.")


def test_a_failure_in_the_night_that_ended_before_the_morning_is_not_told(
    store: Store, household: list[AthleteConfig]
) -> None:
    last = NIGHT.date() - DAY
    tell_failure(store, household, last, FULL, NIGHT)
    tell_end(store, household, last, NIGHT + timedelta(hours=1))
    assert heard(store) == []


def test_where_nothing_failed_nothing_is_said(store: Store, household: list[AthleteConfig]) -> None:
    tell_end(store, household, None, MORNING)
    assert heard(store) == []


def test_the_last_backup_is_the_one_before_the_one_due(settings: BackupConfig) -> None:
    assert last_before(settings, NIGHT, UTC) is None
    settings.folder.mkdir()
    for on in (NIGHT.date() - 3 * DAY, NIGHT.date() - DAY, NIGHT.date(), NIGHT.date() + 300 * DAY):
        daily_file(settings.folder, on).write_bytes(b"")
    assert last_before(settings, NIGHT, UTC) == NIGHT.date() - DAY


def configured(**backup: object) -> BackupConfig:
    return configuration.build({"backup": backup}, "", None, Path("/home/anna/niggled")).backup


def test_it_is_on_beside_the_data_and_off_for_a_server_unless_said_otherwise() -> None:
    usual = configured()
    assert usual == BackupConfig(Path("/home/anna/niggled/backups"), None, HALF_PAST_THREE, 7, 4)
    assert usual.wanted("sqlite:////x.db")
    assert not usual.wanted("postgresql://x")
    assert configured(daily="on").wanted("postgresql://x")
    assert not configured(daily="off").wanted("sqlite:////x.db")


def test_the_configuration_says_where_when_and_how_many() -> None:
    said = configured(folder="/mnt/nas", at=time(23, 5), keep_days=3, keep_weeks=0)
    assert said == BackupConfig(Path("/mnt/nas"), None, time(23, 5), 3, 0)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("at", "half past three", "must be a time of day as HH:MM"),
        ("at", 330, "must be a time of day as HH:MM"),
        ("at", "03:30+01:00", "must be a time of day as HH:MM"),
        ("keep_days", 0, "must be a whole number from 1 to 366"),
        ("daily", "yes", "must be one of on, off"),
        ("foldr", "/x", "did you mean|Did you mean backup.folder"),
    ],
)
def test_a_wrong_value_is_told(name: str, value: object, words: str) -> None:
    with pytest.raises(configuration.ConfigError, match=words):
        configured(**{name: value})
