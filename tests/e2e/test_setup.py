"""`niggled setup` from nothing to the first status by options alone, again, and with what cannot be."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from fakes.command import Environment, niggled
from fakes.garmin_server import GarminServer
from fakes.logging_in import at, configure
from fakes.ntfy import NtfyServer
from fakes.setting_up import (
    ABOUT,
    KNEE,
    SILENT,
    answers,
    config_of,
    environment,
    files_only,
    garmin,
    key_file,
    meanwhile,
    mode,
    settled,
    until,
)

from daemon.lock import only_daemon_of

__all__ = ["environment", "garmin"]


def test_options_alone_lead_from_nothing_to_the_first_status(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    with NtfyServer() as ntfy:

        def on_the_phone() -> None:
            question = until(lambda: [one for one in ntfy.messages if "actions" in one])[0]
            assert ntfy.press(question, "It works") == 200

        (tmp_path / "token").write_text("tk_secret\n", encoding="utf-8")
        said = ("--channel", "ntfy", "--server", ntfy.base_url, "--token-file", str(tmp_path / "token"))
        with meanwhile(on_the_phone):
            told = niggled(environment, "setup", *key_file(tmp_path), *ABOUT, *KNEE, *said)
            print(told.stdout, told.stderr)
    assert (told.returncode, told.stderr) == (0, "")
    assert "Garmin answers: the newest activity is of " in told.stdout
    assert "✔ ntfy took the test message." in told.stdout
    assert '✔ Your answer "yes" came back.' in told.stdout
    assert "It opens on this machine only: http://127.0.0.1:8642 while `niggled run` runs." in told.stdout
    assert re.search(
        r"Ready\. 1\d\d runs read\. Last year I would have written (once|\d+ times), for example on",
        told.stdout,
    )
    assert re.search(r"Now: .*up to \d+\.\d km", told.stdout)
    assert [one["title"] for one in ntfy.messages if one["title"]] == [
        "niggled test",
        "Test question",
        "Your answer",
    ]
    assert answers(environment) == [("flag", None, None, "none"), ("spot", 1, "L", None)]
    text = config_of(environment).read_text(encoding="utf-8")
    assert text.startswith(f"# mine\n{at('garmin', garmin.base_url, 'every_min = 30  # kept')}".rstrip())
    assert "tk_secret" not in text
    assert "secrets/me.phone.token" in text
    checked = niggled(environment, "config", "check")
    assert checked.returncode == 0, checked.stderr
    secrets = list((config_of(environment).parent / "secrets").iterdir())
    assert sorted(one.name for one in secrets) == ["me.phone.reply_topic", "me.phone.token", "me.phone.topic"]
    assert {mode(one) for one in secrets} == {0o600}
    status = niggled(environment, "status")
    assert "Garmin: fine, read" in status.stdout
    assert "stranger" not in status.stdout


def test_a_page_that_was_opened_stays_as_it_is(environment: Environment, tmp_path: Path) -> None:
    said = ("--source", "files", "--inbox", tmp_path / "in", *ABOUT, *KNEE, *SILENT)
    first = niggled(environment, "setup", *said, "--page", "yes", "--page-address", "http://192.168.7.7:8642")
    assert "it opens with the passcode " in first.stdout, first.stderr
    before = config_of(environment).read_text(encoding="utf-8")
    again = niggled(environment, "setup", *SILENT, "--page", "no")
    assert "It stays as [page] of the configuration says" in again.stdout, again.stderr
    assert config_of(environment).read_text(encoding="utf-8") == before


def test_a_second_run_asks_nothing_and_changes_nothing(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    first = niggled(environment, "setup", *key_file(tmp_path), *ABOUT, *KNEE, *SILENT)
    assert first.returncode == 0, first.stderr
    before, asked = (settled(environment), answers(environment)), len(garmin.log)
    again = niggled(environment, "setup", *SILENT)
    print(again.stdout)
    assert (again.returncode, again.stderr) == (0, "")
    assert "Garmin: connected already." in again.stdout
    assert "?" not in again.stdout.partition("3. Messages")[0]
    assert (settled(environment), answers(environment)) == before
    assert len(garmin.log) == asked


def test_an_option_does_not_overrule_what_is_written(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    niggled(environment, "setup", *key_file(tmp_path), *ABOUT, *KNEE, *SILENT)
    before = settled(environment)
    again = niggled(environment, "setup", "--units", "miles", *SILENT)
    assert again.returncode == 0
    assert "! units stands in " in again.stderr
    assert settled(environment) == before


def test_a_red_flag_stops_the_coaching(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    said = (*ABOUT, "--pain", "3", "--recent", "none", "--red-flags", "locked")
    told = niggled(environment, "setup", *key_file(tmp_path), *said, *SILENT)
    print(told.stdout)
    assert told.returncode == 0, told.stderr
    assert "What you describe needs a clinician, not an app." in told.stdout
    # Nobody listens at a terminal.
    assert (
        "Say `niggled pain seen` when you have read this, `niggled pain cleared` when they agree you may run."
        in told.stdout
    )
    assert "Reply `" not in told.stdout
    assert "Nothing is sent for now: `niggled status` tells how things are, " in told.stdout
    assert "up to" not in told.stdout.partition("2. You and your knee")[2]
    assert "Strength work" not in told.stdout


@pytest.mark.parametrize(
    ("recent", "red", "sentence"),
    [
        ("operation", "none", "needs a clinician, not an app"),
        ("none", "chest", "Call your emergency number now."),
        ("fall, pregnancy", "none", "needs a clinician, not an app"),
    ],
)
def test_what_is_a_clinicians_is_said_at_once(
    environment: Environment, recent: str, red: str, sentence: str
) -> None:
    said = (
        "--source",
        "files",
        "--inbox",
        str(Path(environment["HOME"]) / "in"),
        "--export",
        environment["HOME"],
    )
    told = niggled(
        environment, "setup", *said, *ABOUT, "--pain", "0", "--recent", recent, "--red-flags", red, *SILENT
    )
    assert told.returncode == 0, told.stderr
    assert sentence in told.stdout
    assert "clinician" in niggled(environment, "pain", "1").stdout.lower()


def test_a_second_runner_joins_the_household(environment: Environment, tmp_path: Path) -> None:
    assert niggled(environment, "setup", *files_only(tmp_path), *SILENT).returncode == 0
    first = config_of(environment).read_text(encoding="utf-8")
    assert mode(config_of(environment)) == 0o600
    joined = niggled(environment, "setup", "--athlete", "anna", *files_only(tmp_path, "anna"), *SILENT)
    assert joined.returncode == 0, joined.stderr
    text = config_of(environment).read_text(encoding="utf-8")
    assert text.startswith(first)
    assert "[athletes.anna]" in text
    unclear = niggled(environment, "setup")
    assert unclear.returncode == 2
    assert "there are several athletes: add --athlete with one of anna, me, or a new name" in unclear.stderr


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--timezone", "Berlin", "--timezone: 'Berlin' is not a time zone"),
        ("--birth-year", "84", "--birth-year: '84' is no whole number from 1920"),
        ("--knee", "both", "--knee: 'both' is none of left, right"),
        ("--pain", "eleven", "--pain: 'eleven' is no whole number from 0 to 10"),
        ("--strength-days", "Tue", "--strength-days: 'Tue' are not two weekdays"),
        ("--channel", "pigeon", "--channel: 'pigeon' is none of apprise, ntfy, telegram, email, none"),
    ],
)
def test_a_wrong_option_is_named(
    environment: Environment, tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    arguments = list(files_only(tmp_path)) + list(SILENT)
    arguments[arguments.index(option) + 1] = value
    told = niggled(environment, "setup", *arguments)
    assert told.returncode == 2
    assert sentence in told.stderr


@pytest.mark.parametrize(
    ("unit", "command"), [(True, "systemctl --user reload-or-restart"), (False, "niggled run")]
)
def test_the_next_command_is_told(environment: Environment, tmp_path: Path, unit: bool, command: str) -> None:
    if unit:
        place = Path(environment["HOME"]) / ".config/systemd/user/niggled.service"
        place.parent.mkdir(parents=True)
        place.touch()
    told = niggled(environment, "setup", *files_only(tmp_path), *SILENT)
    assert command in told.stdout.splitlines()[-1 if unit else -2]


def test_the_example_that_an_installation_leaves_is_added_to(
    environment: Environment, tmp_path: Path
) -> None:
    path = configure(environment, niggled(environment, "config", "example").stdout)
    before = path.read_text(encoding="utf-8")
    assert niggled(environment, "setup", *files_only(tmp_path), *SILENT).returncode == 0
    assert path.read_text(encoding="utf-8").startswith(before)
    shown = niggled(environment, "config", "show").stdout
    assert "athletes.me.birth_year = 1984\n" in shown


def test_a_configuration_that_cannot_be_written_is_told_with_the_cure(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file/config.toml")
    told = niggled(environment, "setup", "--config", place, *files_only(tmp_path), *SILENT)
    assert told.returncode in (1, 78)
    assert place in told.stderr
    assert "Traceback" not in told.stderr


def test_a_configuration_that_is_wrong_is_left_alone(environment: Environment) -> None:
    path = configure(environment, "[athletes.me]\nknee = 'middle'\n")
    told = niggled(environment, "setup")
    assert told.returncode == 78
    assert "knee: must be one of left, right" in told.stderr
    assert path.read_text(encoding="utf-8") == "[athletes.me]\nknee = 'middle'\n"


def test_an_inbox_that_somebody_else_reads_is_refused(environment: Environment, tmp_path: Path) -> None:
    shared = ("--source", "files", "--inbox", tmp_path / "runs", "--athlete")
    assert niggled(environment, "setup", *shared, "anna", *ABOUT, *KNEE, *SILENT).returncode == 0
    refused = niggled(environment, "setup", *shared, "ben", *ABOUT, *KNEE, *SILENT)
    assert refused.returncode == 2
    assert "--inbox: " in refused.stderr
    assert "are not apart, so runs would count for both" in refused.stderr
    assert "[athletes.ben" not in config_of(environment).read_text(encoding="utf-8")
    other = ("--source", "files", "--inbox", tmp_path / "other", "--athlete", "anna")
    assert "! sources.files.folder stands in " in niggled(environment, "setup", *other, *SILENT).stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("given", [("--export", "export.zip"), ("--inbox", "in")])
def test_a_closed_folder_says_who_may_not_read_it(
    environment: Environment, tmp_path: Path, given: tuple[str, str]
) -> None:
    closed, (option, name) = tmp_path / "closed", given
    closed.mkdir(mode=0)
    refused = niggled(
        environment, "setup", "--source", "files", option, closed / name, *ABOUT, *KNEE, *SILENT
    )
    assert refused.returncode == 2
    assert "may not be read by the user that niggled runs as" in refused.stderr


def test_a_daemon_that_runs_is_not_begun_a_second_time(environment: Environment) -> None:
    with only_daemon_of(Path(environment["NIGGLED_HOME"])):
        done = niggled(environment, "setup", "--source", "files", *ABOUT, *KNEE, *SILENT)
    assert done.returncode == 0, done.stderr
    assert f"kill -HUP {os.getpid()}" in done.stdout
    assert "Let it run:  niggled run" not in done.stdout
