"""What people really feed a program: each bad file gets one clear line, the rest is imported, nothing is harmed."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from fakes.command import (
    Environment,
    database_of,
    environment_in,
    everything,
    json_lines,
    niggled,
    rows,
)
from fakes.recordings import level_run, strava_export

from connectors.formats.fit_encode import encode_activity
from connectors.formats.gpx_write import encode_gpx
from connectors.formats.recording import Recording

FIRST_DAY = datetime(2025, 5, 1, 7, tzinfo=UTC)


def fit(day: int, km: float = 3.0) -> bytes:
    return encode_activity(level_run(FIRST_DAY + timedelta(days=day), km))


def gpx(day: int, *, altitude: bool = True, kind: str | None = "running") -> bytes:
    return encode_gpx(level_run(FIRST_DAY + timedelta(days=day), altitude=altitude), kind=kind)


def write_zip(path: Path, **members: bytes) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def write_good(folder: Path) -> None:
    """Files of which every activity is taken in without a word: seven runs."""
    (folder / "good.fit").write_bytes(fit(0))
    (folder / "good.gpx").write_bytes(gpx(1))
    (folder / "chained.fit").write_bytes(fit(2) + fit(3))
    (folder / "no_elevation.gpx").write_bytes(gpx(4, altitude=False))
    (folder / "zipped.fit.gz").write_bytes(gzip.compress(fit(5)))
    (folder / "duplicate_of_good.fit").write_bytes(fit(0))
    write_zip(folder / "traversal.zip", **{"../../outside.fit": fit(20), "inside.fit": fit(6)})


def write_bad(folder: Path) -> None:
    flipped = bytearray(fit(7))
    flipped[-1] ^= 0xFF
    (folder / "wrong_crc.fit").write_bytes(bytes(flipped))
    (folder / "truncated.fit").write_bytes(fit(8)[:-500])
    (folder / "untyped.gpx").write_bytes(gpx(9, kind=None))
    (folder / "not_a_fit.fit").write_bytes(b"a shopping list that someone renamed\n")
    (folder / "login.fit").write_bytes(b"<!DOCTYPE html><html><body>Please log in</body></html>")
    (folder / "empty.fit").write_bytes(b"")
    (folder / "no_time.gpx").write_bytes(re.sub(rb"<time>[^<]*</time>", b"", gpx(10)))
    (folder / "broken.fit.gz").write_bytes(gzip.compress(fit(11))[:-30])
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    write_zip(folder / "empty.zip")
    write_zip(folder / "bomb.zip", **{"run.fit": bytes(300_000_000)})
    write_zip(folder / "other_columns.zip", **{"activities.csv": b"id,when,how far\n1,2025-05-01,5\n"})
    long = Recording(start=FIRST_DAY - timedelta(days=60), elapsed_s=1168 * 3600, distance_m=2_000_000)
    (folder / "hours_1168.fit").write_bytes(encode_activity(long))
    for year in (1970, 2038):
        start = datetime(year, 1, 19, 3, 14, 8, tzinfo=UTC)
        (folder / f"date_{year}.gpx").write_bytes(encode_gpx(level_run(start)))


REFUSED = {
    "not_a_fit.fit": ("it is not a FIT file", "Download the original again"),
    "login.fit": ("it is a web page, not a FIT file", "Log in where it came from"),
    "empty.fit": ("the file is empty (0 bytes)", "Download the original again"),
    "no_time.gpx": ("only 0 of 1081 points carry a time", "Export it again with times"),
    "broken.fit.gz": ("the gzip is broken or ends early", "Download it again"),
    "broken.zip": ("the zip is broken", "Download it again"),
    "empty.zip": ("the zip is empty", "Download it again"),
    "bomb.zip": ("the zip would unpack to 0.3 GB", "Do not open it"),
    "traversal.zip:../../outside.fit": ("its name points outside the zip", "Do not trust this zip"),
    "other_columns.zip": ('activities.csv has no column "Activity ID"', "Set the language to English"),
}
DOUBTED = {
    "no_elevation.gpx": "no elevation in it, so its hills are unknown; import the FIT original if there is one",
    "wrong_crc.fit": "the checksum is wrong, so some numbers may be damaged",
    "truncated.fit": "the file breaks off: kept what was complete",
    "untyped.gpx": "`niggled activities set-sport",
    "hours_1168.fit": "kept, but it counts for nothing: 1,168 hours is longer than 72",
    "date_1970.gpx": "kept, but it counts for nothing: its date is 1970-01-19",
    "date_2038.gpx": "kept, but it counts for nothing: its date is 2038-01-19",
}


@dataclass(frozen=True, slots=True)
class Imported:
    environment: Environment
    folder: Path
    result: subprocess.CompletedProcess[str]

    @property
    def database(self) -> Path:
        return database_of(self.environment)

    def lines_of(self, origin: str) -> list[str]:
        return [line for line in self.result.stderr.splitlines() if line[2:].startswith(f"{origin}: ")]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    base = tmp_path_factory.mktemp("bad")
    folder = base / "a" / "b" / "files"
    folder.mkdir(parents=True)
    write_good(folder)
    write_bad(folder)
    environment = environment_in(base / "child")
    return Imported(environment, folder, niggled(environment, "import", folder))


def test_the_exit_code_and_the_count_say_that_something_was_not_read(imported: Imported) -> None:
    assert imported.result.returncode == 1
    first, *_ = imported.result.stdout.splitlines()
    assert first == f"13 new activities, 1 known already, {len(REFUSED)} could not be read."
    assert "Traceback" not in imported.result.stderr


@pytest.mark.parametrize("origin", REFUSED)
def test_what_cannot_be_read_gets_one_line_with_the_reason_and_what_to_do(
    imported: Imported, origin: str
) -> None:
    (line,) = imported.lines_of(origin)
    assert line.startswith("✘ ")
    reason, cure = REFUSED[origin]
    assert reason in line
    assert cure in line.partition(reason)[2]


@pytest.mark.parametrize("origin", DOUBTED)
def test_what_is_read_with_a_doubt_gets_one_line_too(imported: Imported, origin: str) -> None:
    (line,) = imported.lines_of(origin)
    assert line.startswith("! ")
    assert DOUBTED[origin] in line


def test_nothing_else_is_said(imported: Imported) -> None:
    assert len(imported.result.stderr.splitlines()) == len(REFUSED) + len(DOUBTED)


def test_the_rest_is_imported_and_what_is_impossible_counts_for_nothing(imported: Imported) -> None:
    lines = json_lines(niggled(imported.environment, "activities", "list", "--limit", "0", "--json"))
    by_day = {line["start"][:10]: line for line in lines}
    for day in range(7):
        line = by_day[f"2025-05-{day + 1:02}"]
        assert (line["family"], line["km"]) == ("run", pytest.approx(3.0, abs=0.01))
    assert by_day["2025-05-10"]["family"] == "other", "the file without a sport"
    status = json_lines(niggled(imported.environment, "status", "--json"))[0]
    assert status["week_km"] == 0
    assert status["set_aside"] == len(REFUSED)


def test_nothing_is_written_outside(imported: Imported) -> None:
    base = imported.folder.parents[2]
    assert not list(base.rglob("outside.fit"))
    home = Path(imported.environment["NIGGLED_HOME"])
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in home.iterdir()} == {"niggled.db"}


def test_a_second_import_changes_nothing_and_says_the_same(imported: Imported) -> None:
    before = everything(imported.database, without=("set_aside",))
    again = niggled(imported.environment, "import", imported.folder)
    assert again.returncode == 1
    assert again.stdout.startswith("0 new activities, ")
    refusals = [line for line in imported.result.stderr.splitlines() if line.startswith("✘")]
    assert again.stderr.splitlines() == refusals
    assert everything(imported.database, without=("set_aside",)) == before


def test_the_sport_of_an_untyped_file_can_be_told(imported: Imported) -> None:
    lines = json_lines(niggled(imported.environment, "activities", "list", "--limit", "0", "--json"))
    (number,) = [line["id"] for line in lines if line["start"].startswith("2025-05-10")]
    told = niggled(imported.environment, "activities", "set-sport", number, "run")
    assert told.stdout == f"Activity {number} is now run, which counts as run.\n"


def test_a_table_with_other_columns_is_told_when_it_is_named(
    tmp_path: Path, clean_environment: Environment
) -> None:
    (tmp_path / "runs.csv").write_text("id,when,how far\n1,2025-05-01,5\n")
    result = niggled(clean_environment, "import", tmp_path / "runs.csv")
    assert result.returncode == 1
    assert 'runs.csv: activities.csv has no column "Activity ID"' in result.stderr


def test_a_folder_without_anything_to_read_is_said(tmp_path: Path, clean_environment: Environment) -> None:
    (tmp_path / "photos").mkdir()
    result = niggled(clean_environment, "import", tmp_path / "photos")
    assert result.stdout == "Nothing to read there: no FIT, GPX or TCX file, no Strava or Garmin export.\n"


def test_a_typo_in_the_configuration_names_the_file_the_line_and_the_word_meant(
    tmp_path: Path, clean_environment: Environment
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[athletes.me]\ntimezon = "Europe/Berlin"\n\n[policy.r1]\nratioo = 1.2\n\n[polici.r1]\nratio = 1.2\n'
    )
    result = niggled(clean_environment, "import", "--config", config, tmp_path)
    assert (result.returncode, result.stdout) == (78, "")
    first, second, third = result.stderr.splitlines()
    assert first == f"{config}:2: athletes.me.timezon is not an option. Did you mean athletes.me.timezone?"
    assert second.startswith(f"{config}:5: policy.r1.ratioo: ")
    assert "r1.ratio" in second.partition("Did you mean")[2]
    assert third.startswith(f"{config}:8: polici.r1.ratio is not an option.")
    assert not Path(clean_environment["NIGGLED_HOME"]).exists()


def test_a_verb_that_is_not_there_suggests_the_one_meant(clean_environment: Environment) -> None:
    result = niggled(clean_environment, "imoprt", "runs.zip")
    assert (result.returncode, result.stdout) == (2, "")
    assert "there is no verb imoprt. Did you mean import?" in result.stderr


def test_a_path_that_is_not_there_is_a_mistake_in_the_command(clean_environment: Environment) -> None:
    result = niggled(clean_environment, "import", "/no/such/file.fit")
    assert result.returncode == 2
    assert "there is no /no/such/file.fit" in result.stderr


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"a letter to my aunt\n" * 500, "The file is not a SQLite database."),
        (lambda data: data[:20_000], "The file is damaged."),
    ],
)
def test_a_damaged_database_is_told_with_a_cure_and_left_alone(
    tmp_path: Path,
    clean_environment: Environment,
    damage: Callable[[bytes], bytes],
    words: str,
) -> None:
    (tmp_path / "run.fit").write_bytes(fit(0))
    assert niggled(clean_environment, "import", tmp_path / "run.fit").returncode == 0
    database = database_of(clean_environment)
    database.write_bytes(damage(database.read_bytes()))
    before = database.read_bytes()
    for arguments in (["status"], ["import", tmp_path / "run.fit"]):
        result = niggled(clean_environment, *arguments)
        assert (result.returncode, result.stdout) == (1, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"The database cannot be read. {words} ")
    assert database.read_bytes() == before


def test_a_home_that_cannot_be_made_is_told_with_a_cure(
    tmp_path: Path, clean_environment: Environment
) -> None:
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "niggled"
    result = niggled(clean_environment | {"NIGGLED_HOME": str(home)}, "status")
    assert (result.returncode, result.stdout) == (1, "")
    assert str(home) in result.stderr
    assert "Name one that you may write in NIGGLED_HOME." in result.stderr


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small disk of its own with the options given, or changes it; skips where that is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        again = "remount," if mounted else ""
        command = ["mount", "-t", "tmpfs", "-o", again + options, "niggled-test", str(place)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no disk can be mounted here")
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_stops_the_import_between_two_batches_and_the_same_again_goes_on(
    tmp_path: Path, clean_environment: Environment, disk: Callable[[str], Path]
) -> None:
    (tmp_path / "export.zip").write_bytes(strava_export(1500))
    home = disk("size=1m") / "niggled"
    environment = clean_environment | {"NIGGLED_HOME": str(home)}
    stopped = niggled(environment, "import", tmp_path / "export.zip")
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == (
        "The import stopped half-way. The disk that holds the database is full. Free some space there and try again. "
        "What was stored before is kept: import the same again to go on.\n"
    )
    kept = len(json_lines(niggled(environment, "activities", "list", "--limit", "0", "--json")))
    assert 0 < kept < 1500
    assert kept % 100 == 0, "whole batches only"
    disk("size=30m")
    again = niggled(environment, "import", tmp_path / "export.zip")
    assert again.returncode == 0
    assert again.stdout == f"{1500 - kept} new activities, {kept} known already.\n"
    assert rows(database_of(environment), "PRAGMA integrity_check") == [("ok",)]


def test_a_disk_that_may_not_be_written_is_told_with_a_cure(
    tmp_path: Path, clean_environment: Environment, disk: Callable[[str], Path]
) -> None:
    (tmp_path / "run.fit").write_bytes(fit(0))
    home = disk("size=5m") / "niggled"
    environment = clean_environment | {"NIGGLED_HOME": str(home)}
    assert niggled(environment, "import", tmp_path / "run.fit").returncode == 0
    disk("ro,size=5m")
    (tmp_path / "next.fit").write_bytes(fit(1))
    refused = niggled(environment, "import", tmp_path / "next.fit")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Check [store] url and the rights of the folder." in refused.stderr
    elsewhere = niggled(environment | {"NIGGLED_HOME": str(home.parent / "new")}, "status")
    assert elsewhere.stderr.endswith("Read-only file system. Name one that you may write in NIGGLED_HOME.\n")


def test_a_folder_of_another_user_is_told_with_a_cure(tmp_path: Path, clean_environment: Environment) -> None:
    if os.geteuid() == 0:
        pytest.skip("everything is open to root")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    result = niggled(clean_environment | {"NIGGLED_HOME": str(closed / "niggled")}, "status")
    assert result.returncode == 1
    assert "Permission denied. Name one that you may write in NIGGLED_HOME." in result.stderr


# Somebody presses Ctrl-C when the first records have been stored.
INTERRUPTED = """
import signal, sys
import sqlalchemy as sa
from daemon.cli.main import main
began = stored = False
def note(connection, cursor, statement, *rest):
    global began
    if stored:
        signal.raise_signal(signal.SIGINT)
    began = began or statement.startswith("INSERT INTO source_records")
def commit(connection):
    global stored
    stored = began
sa.event.listen(sa.Engine, "before_cursor_execute", note)
sa.event.listen(sa.Engine, "commit", commit)
# A shell's background jobs, and so tests run in one, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["niggled", *sys.argv[1:]]
main()
"""


def test_ctrl_c_stops_an_import_and_the_same_again_goes_on(
    tmp_path: Path, clean_environment: Environment
) -> None:
    (tmp_path / "export.zip").write_bytes(strava_export(3000))
    command = [sys.executable, "-c", INTERRUPTED, "import", str(tmp_path / "export.zip")]
    stopped = subprocess.run(command, env=clean_environment, capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stdout) == (130, ""), stopped.stderr
    assert "What was stored before is kept: import the same again to go on." in stopped.stderr
    assert "Traceback" not in stopped.stderr
    again = niggled(clean_environment, "import", tmp_path / "export.zip")
    assert again.returncode == 0
    found = re.fullmatch(r"(\d+) new activities, (\d+) known already\.\n", again.stdout)
    assert found
    assert int(found[1]) + int(found[2]) == 3000
    assert int(found[2]) > 0
