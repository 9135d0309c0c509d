"""Where someone runs stays with them: no position is stored, the files are theirs alone, the log keeps secrets."""

from __future__ import annotations

import os
import re
import stat
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.clock import WEDNESDAY_NOON, time_now
from fakes.command import NIGGLED, Environment, database_of, everything, niggled, rows
from fakes.ntfy import NtfyServer
from fakes.ports import own_page
from fakes.recordings import LONGITUDE, START_LATITUDE, level_run

from connectors.formats.fit_encode import SEMICIRCLES_PER_DEGREE, encode_activity
from connectors.formats.gpx_write import encode_gpx
from daemon.store.packing import unpack_profile
from rules.series import Series

YESTERDAY = WEDNESDAY_NOON - timedelta(days=1)


def spellings() -> Iterator[bytes]:
    """The two positions that every recording here holds, in every way that programs write them down."""
    for degrees in (START_LATITUDE, LONGITUDE):
        yield f"{degrees:.4f}".encode()
        for order in "<>":
            yield struct.pack(f"{order}d", degrees)
            yield struct.pack(f"{order}f", degrees)
            yield struct.pack(f"{order}i", round(degrees * SEMICIRCLES_PER_DEGREE))


def opened(value: object) -> Iterator[bytes]:
    """A stored value as bytes, also unpacked where it is deflated."""
    if isinstance(value, bytes):
        yield value
        try:
            yield zlib.decompress(value)
        except zlib.error:
            return
    else:
        yield repr(value).encode()


def betrayals(*contents: bytes) -> list[bytes]:
    return [word for word in spellings() for content in contents if word in content]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The same two runs as FIT and GPX, with positions."""
    folder = tmp_path / "files"
    folder.mkdir()
    for day in (0, 2):
        run = level_run(YESTERDAY - timedelta(days=day))
        (folder / f"{day}.fit").write_bytes(encode_activity(run))
        (folder / f"{day}.gpx").write_bytes(encode_gpx(run, name="Somewhere"))
    return folder


def test_no_position_is_stored(files: Path, clean_environment: Environment) -> None:
    for path in files.iterdir():
        assert betrayals(path.read_bytes()), f"the search finds what is in {path.name}"
    assert niggled(clean_environment, "import", files).returncode == 0
    database = database_of(clean_environment)
    for name, row in everything(database):
        for value in row:
            assert not betrayals(*opened(value)), name
    for path in database.parent.iterdir():
        assert not betrayals(path.read_bytes()), path.name
    schema = " ".join(sql for (sql,) in rows(database, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert not re.search(r"\b(lat|lon|lng|coordinate|polyline|place|position_)", schema, re.IGNORECASE)


def test_series_and_profiles_hold_movement_only(files: Path, clean_environment: Environment) -> None:
    assert niggled(clean_environment, "import", files).returncode == 0
    stored = rows(
        database_of(clean_environment),
        "SELECT series_seconds, series, profile, raw FROM source_records WHERE series IS NOT NULL",
    )
    assert stored
    for seconds, series, profile, raw in stored:
        columns = Series(seconds, has_altitude=True, packed=series).columns()
        assert max(columns.step_cm) < 300
        assert max(columns.speed_mmps) < 3000
        assert {abs(grade) for grade in columns.grade_cpct} == {0}
        assert set(columns.heart_rate_bpm) <= {0, 140}
        assert sum(cell.metres for cell in unpack_profile(profile).histogram.values()) > 2900
        assert raw is None


def test_the_store_is_the_owners_alone_whatever_the_umask(
    files: Path, clean_environment: Environment
) -> None:
    subprocess.run(
        [*NIGGLED, "import", str(files)], env=clean_environment, umask=0, capture_output=True, check=True
    )
    home = Path(clean_environment["NIGGLED_HOME"])
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_the_log_of_the_daemon_tells_no_address_position_or_health_number(
    tmp_path: Path, clean_environment: Environment
) -> None:
    now = time_now().replace(microsecond=0)
    past, inbox = tmp_path / "past", tmp_path / "inbox"
    past.mkdir()
    inbox.mkdir()
    for day in (3, 6, 9, 12, 15):
        (past / f"{day}.fit").write_bytes(encode_activity(level_run(now - timedelta(days=day), 5.0)))
    with NtfyServer() as ntfy:
        config = tmp_path / "config.toml"
        config.write_text(
            f'{own_page()}[athletes.me]\ntimezone = "UTC"\nsources.files.folder = "{inbox}"\n'
            f'[athletes.me.channels.phone]\nurl = "ntfy://127.0.0.1:{ntfy.port}/topic-as-password"\n'
            '[athletes.me.channels.closed]\nurl = "json://me:hunter2@127.0.0.1:9/hidden-path?token=t0ken"\n'
        )
        environment = clean_environment | {"NIGGLED_CONFIG": str(config)}
        assert niggled(environment, "import", past).returncode == 0
        spike = inbox / "spike.fit"
        spike.write_bytes(encode_activity(level_run(now - timedelta(hours=3), 9.0)))
        os.utime(spike, (now.timestamp() - 60, now.timestamp() - 60))  # written a while ago
        process = subprocess.Popen([*NIGGLED, "run"], env=environment, stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 60
            while not told_and_failed(environment, ntfy) and time.monotonic() < deadline:
                time.sleep(0.1)
            process.terminate()
            log = process.communicate(timeout=90)[1]
        finally:
            process.kill()
    print(log)
    assert process.returncode == 0
    assert any("9.0 km" in message["message"] for message in ntfy.messages)
    assert "Sent to phone" in log
    assert "Not sent, attempt 1: closed" in log
    for secret in ("topic-as-password", "hunter2", "hidden-path", "t0ken"):
        assert secret not in log
    assert not betrayals(log.encode())
    assert not re.search(r"\d (km|bpm|m up|m down)\b|80 %|140", log)


def told_and_failed(environment: Environment, ntfy: NtfyServer) -> bool:
    """Whether the phone has the warning and the closed channel has refused it once."""
    tried = rows(
        database_of(environment), "SELECT 1 FROM deliveries WHERE channel = 'closed' AND reasons != '[]'"
    )
    return bool(tried) and any("9.0 km" in message["message"] for message in ntfy.messages)
