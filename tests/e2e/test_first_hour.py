"""What a newcomer meets: an empty home, help that fits the screen, a pipe that closes, a terminal or none."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.clock import WEDNESDAY_NOON
from fakes.command import NIGGLED, Environment, environment_in, niggled
from fakes.recordings import level_run, strava_export

from connectors.formats.fit_encode import encode_activity

VERBS = (
    "demo", "setup", "run", "login", "logout", "sync", "import", "status", "pain", "strength", "check", "pause", "resume",
    "activities", "replay", "explain", "doctor", "test-alert", "backup", "restore", "export", "forget", "config",
)  # fmt: skip


def write_runs(folder: Path) -> Path:
    """A folder of runs of 5 km and, at the end, one of 9."""
    folder.mkdir()
    today = WEDNESDAY_NOON.replace(hour=6)
    for day in range(1, 22, 2):
        km = 9.0 if day == 1 else 5.0
        (folder / f"{day:02}.fit").write_bytes(encode_activity(level_run(today - timedelta(days=day), km)))
    return folder


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A home that holds such a folder; no test changes it."""
    folder = tmp_path_factory.mktemp("filled")
    environment = environment_in(folder)
    imported = niggled(environment, "import", write_runs(folder / "runs"))
    assert (imported.returncode, imported.stdout, imported.stderr) == (0, "11 new activities.\n", "")
    return environment


def on_a_terminal(environment: Environment, *arguments: str) -> str:
    """What a verb writes where a person looks on."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*NIGGLED, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        pass  # Linux ends a terminal whose other side has closed with an error.
    finally:
        os.close(ours)
    assert process.wait(60) == 0
    return written.decode()


def test_help_lists_the_verbs_each_in_one_line(clean_environment: Environment) -> None:
    result = niggled(clean_environment | {"COLUMNS": "100"}, "--help")
    assert result.returncode == 0
    told = result.stdout.partition("Verbs:\n")[2]
    assert tuple(line.split()[0] for line in told.splitlines()) == VERBS


@pytest.mark.parametrize("verb", ["activities", "config", "login"])
def test_help_of_a_group_is_not_cut_off(clean_environment: Environment, verb: str) -> None:
    result = niggled(clean_environment | {"COLUMNS": "80"}, verb, "--help")
    assert result.returncode == 0
    assert "..." not in result.stdout.partition("Commands:")[2]


def test_an_empty_home_says_what_to_do_first(clean_environment: Environment) -> None:
    for verb in ("status", "activities", "replay"):
        result = niggled(clean_environment, verb)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("No activities yet. ")
        assert "`niggled import PATH…`" in result.stdout
    assert niggled(clean_environment, "explain").stdout == "Nothing was noticed in the last 90 days.\n"
    assert niggled(clean_environment, "replay", "--json").stdout == ""


def test_a_test_without_a_channel_says_how_to_write_one(clean_environment: Environment) -> None:
    result = niggled(clean_environment, "test-alert")
    assert (result.returncode, result.stdout) == (78, "")
    assert "[athletes.me.channels.phone]" in result.stderr
    assert "Usage" not in result.stderr


def test_numbers_that_lead_nowhere_are_a_problem_and_no_mistake_in_the_command(
    clean_environment: Environment,
) -> None:
    for arguments in (("explain", "99"), ("activities", "show", "99"), ("activities", "split", "99")):
        result = niggled(clean_environment, *arguments)
        assert result.returncode == 1
        assert "here is no " in result.stderr
        assert "99" in result.stderr


def test_a_replay_backwards_is_a_mistake_in_the_command(clean_environment: Environment) -> None:
    result = niggled(clean_environment, "replay", "--from", "2025-02-01", "--to", "2025-01-01")
    assert result.returncode == 2
    assert "--from is after --to" in result.stderr


def test_an_import_is_followed_by_a_finding_and_its_explanation(filled: Environment) -> None:
    found = niggled(filled, "explain").stdout
    line = next(line for line in found.splitlines() if "9.0 km: 80 % beyond your longest in 30 days" in line)
    told = niggled(filled, "explain", line.split()[0]).stdout
    for words in ("Rule R1", "ratio = 1.8", "r1.ratio = 1.1", "Evidence: grade B", "Frandsen"):
        assert words in told


def test_a_replay_of_what_cannot_be_read_ends_with_1(tmp_path: Path, clean_environment: Environment) -> None:
    runs = write_runs(tmp_path / "runs")
    (runs / "broken.fit").write_text("no recording")
    result = niggled(clean_environment, "replay", runs)
    assert result.returncode == 1
    assert "✘ broken.fit: it is not a FIT file." in result.stderr
    assert "9.0 km: 80 % beyond your longest in 30 days" in result.stdout
    assert not Path(clean_environment["NIGGLED_HOME"]).exists()


def test_an_import_shows_a_bar_with_the_time_left_to_a_person_only(
    tmp_path: Path, clean_environment: Environment
) -> None:
    count = 6000  # enough for some seconds: the time left is told after the first of them
    export = tmp_path / "export.zip"
    export.write_bytes(strava_export(count))
    shown = on_a_terminal(clean_environment | {"TERM": "xterm"}, "import", str(export))
    assert re.search(rf"Reading +\[#+-*\] +\d+/{count + 1}", shown)
    assert re.search(rf"\d+/{count + 1} +\d\d:\d\d:\d\d", shown)
    assert shown.endswith(f"{count} new activities.\r\n")
    again = niggled(clean_environment, "import", export)
    assert (again.stdout, again.stderr) == (f"0 new activities, {count} known already.\n", "")


def test_colours_are_for_terminals_that_want_them(filled: Environment) -> None:
    assert "\x1b[" not in niggled(filled, "status").stdout
    environment = filled | {"TERM": "xterm"}
    assert "\x1b[" in on_a_terminal(environment, "status")
    assert "\x1b[" not in on_a_terminal(environment | {"NO_COLOR": "1"}, "status")
    assert "\x1b[" not in on_a_terminal(environment | {"NO_COLOR": "1"}, "replay")


@pytest.mark.parametrize("arguments", [("replay",), ("activities", "list", "--json"), ("config", "show")])
def test_a_reader_that_has_seen_enough_is_no_error(filled: Environment, arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [*NIGGLED, *arguments], env=filled, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    process.stderr.close()


def test_a_plain_locale_is_enough(filled: Environment) -> None:
    environment = filled | {"LANG": "C", "LC_ALL": "C"}
    for verb in ("status", "activities", "replay"):
        result = niggled(environment, verb)
        assert (result.returncode, result.stderr) == (0, "")
        assert "km" in result.stdout
