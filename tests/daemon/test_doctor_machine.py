"""What the doctor says of the machine: modes, room, clock, systemd, the daemon and its memory."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.doctor import clock, parts, place, unit
from daemon.doctor.verdict import Mark, Verdict
from daemon.paths import LAST_LOOK

NOW = datetime(2026, 11, 25, 20, 15, tzinfo=UTC)
ACTIVE = unit.Unit("system", "active", "running", "success", "2min", 0, 812, "", frozenset())


def said(verdict: Verdict) -> str:
    return f"{verdict.mark.value}: {verdict.what} {verdict.cure}".rstrip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "niggled"
    (folder / "keys").mkdir(parents=True)
    for path in (folder, folder / "keys"):
        path.chmod(0o700)
    for name in ("niggled.db", "keys/me-garmin.json"):
        (folder / name).touch(0o600)
    return folder


def modes(home: Path) -> list[str]:
    return [said(one) for one in place.mode_verdicts(home, home / "niggled.db")]


def test_a_home_for_its_owner_only_is_fine(home: Path) -> None:
    (told,) = modes(home)
    assert told.startswith(f"ok: {home} is for ")
    assert told.endswith(" only, and so are keys and database.")


@pytest.mark.parametrize("name", ["niggled.db", "niggled.db-wal", "keys/me-garmin.json", "page.key"])
def test_a_key_or_database_that_others_may_read_is_bad(home: Path, name: str) -> None:
    path = home / name
    path.touch()
    path.chmod(0o640)
    assert modes(home) == [f"bad: Others may read {path} (0640). Run `chmod 600 {path}`."]


def test_an_open_folder_with_closed_files_is_worth_knowing(home: Path) -> None:
    home.chmod(0o755)
    assert modes(home) == [f"warning: Others may look into {home} (0755). Run `chmod 700 {home}`."]


def test_a_home_that_is_not_there_yet_is_no_mistake(tmp_path: Path) -> None:
    assert modes(tmp_path / "new") == [
        f"ok: There is no data in {tmp_path / 'new'} yet; `niggled run` makes the folder."
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_else_is_told_whom_to_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(home, 1, 1)
    monkeypatch.setattr(os, "geteuid", lambda: 99_999)
    (told,) = modes(home)
    assert told.endswith("niggled doctor`.")
    assert "and you are user 99999. Ask as that user: `sudo -u " in told


def disk(
    *, free_mb: int = 50_000, inodes: int = 1_000_000, files: int = 2_000_000, flags: int = 0
) -> os.statvfs_result:
    blocks = free_mb * 1_000_000 // 1000
    return os.statvfs_result((1000, 1000, blocks, blocks, blocks, files, inodes, inodes, flags, 255))


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        (disk(), "ok: 50.0 GB free in /data."),
        (
            disk(free_mb=800),
            "warning: The disk of /data fills up: room for 800 MB. Free some space there soon.",
        ),
        (disk(free_mb=20), "bad: The disk of /data is full: room for 20 MB. Free some space there."),
        (disk(inodes=12), "bad: The disk of /data is full: room for 12 files. Free some space there."),
        (disk(inodes=0, files=0), "ok: 50.0 GB free in /data."),
        (
            disk(flags=os.ST_RDONLY),
            "bad: The disk of /data is mounted read-only. Check it (dmesg), and mount it writable.",
        ),
    ],
)
def test_room_read_only_and_inodes(figures: os.statvfs_result, told: str) -> None:
    assert said(place.room_verdict(Path("/data"), figures)) == told


def test_one_disk_is_told_once(home: Path) -> None:
    assert len(list(place.room_verdicts([home, home / "keys", home / "not/there"]))) == 1


def test_an_inbox_that_is_a_file_is_bad(tmp_path: Path) -> None:
    (tmp_path / "inbox").touch()
    (told,) = place.inbox_verdicts(tmp_path / "inbox", "me")
    assert said(told) == f"bad: {tmp_path / 'inbox'} is no folder. Name a folder as sources.files.folder."


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_that_may_not_be_read_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.fit").touch(0o000)
    (told,) = place.inbox_verdicts(tmp_path, "me")
    assert told.mark is Mark.WARNING
    assert told.what == f"1 file in {tmp_path} may not be read."


@pytest.mark.parametrize(
    ("now", "written", "synchronised", "told"),
    [
        (NOW, NOW, True, "ok: 2026-11-25 20:15 UTC, kept by the network."),
        (NOW, None, None, "ok: 2026-11-25 20:15 UTC."),
        (NOW, NOW + timedelta(seconds=30), None, "ok: 2026-11-25 20:15 UTC."),
        (NOW, None, False, "warning: 2026-11-25 20:15 UTC, and the network does not keep the clock."),
        (
            datetime(1970, 1, 1, 0, 4, tzinfo=UTC),
            None,
            None,
            "bad: The clock says 1970-01-01 00:04 UTC, which cannot be.",
        ),
        (
            NOW - timedelta(days=1),
            NOW,
            None,
            "bad: The clock was put back: something was noted Wednesday 20:15 UTC, and now it is 20:15 UTC.",
        ),
    ],
)
def test_the_clock(now: datetime, written: datetime | None, synchronised: bool | None, told: str) -> None:
    (verdict,) = clock.clock_verdicts(now, written, synchronised)
    assert said(verdict).removesuffix(f" {clock.CURE}") == told
    assert (verdict.mark is Mark.GOOD) == (verdict.cure == "")


def test_a_clock_a_day_ahead_of_a_server_is_bad() -> None:
    verdict = clock.compared(NOW + timedelta(days=1), "www.strava.com", NOW)
    assert said(verdict).startswith("bad: The clock is 1,440 minutes ahead of that of www.strava.com.")
    assert clock.compared(NOW, "www.strava.com", NOW + timedelta(seconds=70)).mark is Mark.GOOD


def test_whether_the_network_keeps_the_clock_is_asked_only_where_systemd_is(tmp_path: Path) -> None:
    assert clock.synchronised(lambda command: "no\n", tmp_path) is False
    assert clock.synchronised(lambda command: "yes\n", tmp_path) is True
    assert clock.synchronised(lambda command: None, tmp_path) is None
    assert clock.synchronised(lambda command: "no\n", tmp_path / "nowhere") is None


SHOWN = """LoadState=loaded
ActiveState=active
SubState=running
Result=success
WatchdogUSec=2min
NRestarts=3
MainPID=812
StatusText=Last look 2026-11-25 20:15 UTC
User=niggled
"""
FILES = """# /etc/systemd/system/niggled.service
[Service]
LoadCredential=garmin-key:/etc/niggled/credentials/garmin-key
# LoadCredential=smtp-url:/etc/niggled/credentials/smtp-url
# /etc/systemd/system/niggled.service.d/override.conf
[Service]
LoadCredentialEncrypted=phone-url:/etc/credstore.encrypted/phone-url
"""


def test_the_unit_is_read_from_systemd_the_machines_first(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    def only_for_the_user(command: Sequence[str]) -> str:
        asked.append(command)
        if "cat" in command:
            return FILES
        return SHOWN if "--user" in command else "LoadState=not-found\n"

    found = unit.unit_facts(only_for_the_user, tmp_path)
    assert [command[1:3] for command in asked] == [
        ["show", "niggled.service"],
        ["--user", "show"],
        ["--user", "cat"],
    ]
    assert found is not None
    assert (found.manager, found.restarts, found.main_pid) == ("user", 3, 812)
    assert found.credentials == {"garmin-key", "phone-url"}
    assert unit.unit_facts(lambda command: SHOWN, tmp_path / "not booted with systemd") is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "ok: niggled.service is active, watchdog 2min, no restarts."),
        (
            {"restarts": 3},
            "warning: niggled.service is active and was restarted 3 times. `journalctl -u niggled -p warning` says why.",
        ),
        (
            {"watchdog": "infinity"},
            "warning: niggled.service is active and not watched. Set WatchdogSec=120s in the unit.",
        ),
        (
            {"active": "failed", "result": "exit-code"},
            "bad: niggled.service is failed (exit-code). See `journalctl -u niggled -n 30`, then "
            "`sudo systemctl start niggled`.",
        ),
        (
            {"active": "inactive", "manager": "user"},
            "bad: niggled.service is inactive. See `journalctl --user -u niggled -n 30`, then "
            "`systemctl --user start niggled`.",
        ),
    ],
)
def test_the_state_of_the_unit(changes: dict[str, object], told: str) -> None:
    from dataclasses import replace

    one = replace(ACTIVE, **changes)  # type: ignore[arg-type]
    (verdict,) = unit.unit_verdicts(one, unit.Running(True, 812), booted=True)
    assert said(verdict) == told


def test_a_step_that_the_service_says_fails_is_told() -> None:
    from dataclasses import replace

    status = "Last look 2026-11-25 20:15 UTC; the inbox of me has failed since 2026-11-25 18:00 UTC"
    *_, verdict = unit.unit_verdicts(replace(ACTIVE, status=status), unit.Running(True, 812), booted=True)
    assert verdict.what == "The inbox of me has failed since 2026-11-25 18:00 UTC."


@contextmanager
def locked(home: Path, process: int) -> Iterator[None]:
    with (home / "daemon.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{process}\n")
        lock.flush()
        yield


def test_a_daemon_is_known_by_its_lock(home: Path) -> None:
    assert unit.running(home, None, embedded=True) == unit.Running(False, None)
    with locked(home, 812):
        assert unit.running(home, None, embedded=True) == unit.Running(True, 812)
    assert unit.running(home, None, embedded=True) == unit.Running(False, None), (
        "a lock file without a holder"
    )


def test_on_a_shared_database_systemd_says_who_runs(home: Path) -> None:
    assert unit.running(home, ACTIVE, embedded=False) == unit.Running(True, 812)
    assert unit.running(home, None, embedded=False) == unit.Running(None, None)


def look(home: Path, at: datetime) -> None:
    (home / LAST_LOOK).touch()
    os.utime(home / LAST_LOOK, (at.timestamp(), at.timestamp()))


def daemon_said(home: Path, held: bool | None, one: unit.Unit | None = None, tick_s: int = 60) -> str:
    (verdict,) = unit.daemon_verdicts(home, unit.Running(held, 812 if held else None), one, NOW, tick_s)
    return said(verdict)


def test_whether_the_daemon_runs_and_looks(home: Path) -> None:
    assert daemon_said(home, False) == "bad: The daemon does not run. Start it: `niggled run`."
    assert daemon_said(home, True).startswith(
        "warning: The daemon (process 812) has not finished a look yet."
    )
    look(home, NOW - timedelta(minutes=2))
    assert daemon_said(home, True) == "ok: The daemon runs (process 812), last look 20:13 UTC."
    look(home, NOW - timedelta(hours=2))
    assert daemon_said(home, True, ACTIVE) == (
        "bad: The daemon (process 812) has not looked since 18:15 UTC. "
        "Read its log, then stop and start it: `sudo systemctl restart niggled`."
    )
    assert daemon_said(home, True, tick_s=3600) == "ok: The daemon runs (process 812), last look 18:15 UTC."
    assert daemon_said(home, False, ACTIVE) == (
        "bad: The daemon does not run; its last look was 18:15 UTC. Start it: `sudo systemctl start niggled`."
    )


@pytest.mark.parametrize(
    ("held_kb", "told"),
    [
        (60_000, "ok: The daemon holds 59 MB of memory."),
        (90_000, "warning: The daemon holds 88 MB, more than the 70"),
    ],
)
def test_the_memory_of_the_daemon_is_held_against_its_limit(tmp_path: Path, held_kb: int, told: str) -> None:
    (tmp_path / "812").mkdir()
    (tmp_path / "812" / "status").write_text(f"Name:\tniggled\nVmRSS:\t   {held_kb} kB\nThreads:\t9\n")
    (verdict,) = unit.memory_verdicts(unit.Running(True, 812), tmp_path)
    assert said(verdict).startswith(told)
    assert list(unit.memory_verdicts(unit.Running(True, 813), tmp_path)) == []


def test_an_old_python_is_told() -> None:
    (verdict,) = parts.program_verdicts((3, 11))
    assert said(verdict) == "bad: Python 3.11 is too old. Install niggled with Python 3.12 or newer."
    assert next(iter(parts.program_verdicts())).mark is Mark.GOOD


def test_nothing_is_changed_by_looking(home: Path) -> None:
    (home / "niggled.db").chmod(0o644)
    before = {path: path.stat().st_mode for path in home.rglob("*")}
    modes(home)
    unit.running(home, None, embedded=True)
    assert {path: path.stat().st_mode for path in home.rglob("*")} == before
    assert stat.S_IMODE((home / "niggled.db").stat().st_mode) == 0o644
