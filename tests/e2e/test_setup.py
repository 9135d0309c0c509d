"""`niggled setup` from nothing to the first status: by options, and by hand at a terminal, against services on loopback."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from fakes.account import Account
from fakes.command import Environment, database_of, environment_in, niggled, rows
from fakes.garmin_server import GarminServer
from fakes.logging_in import answering, at, configure, wall_clock
from fakes.ntfy import NtfyServer
from fakes.pockets import MailProgram
from fakes.strava_server import StravaServer
from fakes.telegram import TOKEN, TelegramServer
from fakes.terminal import Terminal

from daemon.lock import only_daemon_of

KEY = "example-garmin-key"
ABOUT = ("--timezone", "Europe/Berlin", "--units", "km", "--birth-year", "1984", "--knee", "left")
KNEE = (
    "--pain",
    "1",
    "--usual",
    "no",
    "--recent",
    "none",
    "--red-flags",
    "none",
    "--strength-days",
    "Tue,Fri",
)
SILENT = ("--channel", "none")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_in(tmp_path)


def year_of_runs() -> Account:
    """Monday, Wednesday and Saturday (the long one) for a year, with one run far beyond the others."""
    account = Account()
    noon = wall_clock().replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for back in range(360):
        when = noon - timedelta(days=back)
        if (km := {0: 6.0, 2: 7.0, 5: 11.0}.get(when.weekday())) is not None:
            account.run(when, 16.0 if 150 <= back < 157 and km == 11.0 else km)
    return account


@pytest.fixture
def garmin(environment: Environment) -> Iterator[GarminServer]:
    with GarminServer(wall_clock, year_of_runs()) as server:
        configure(environment, f"# mine\n{at('garmin', server.base_url, 'every_min = 30  # kept')}")
        yield server


def config_of(environment: Environment) -> Path:
    return Path(environment["HOME"]) / ".config/niggled/config.toml"


def key_file(folder: Path) -> tuple[str, ...]:
    (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
    return ("--source", "garmin", "--key-file", str(folder / "key"), "--ends", "90")


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Somebody with a phone in the hand, while the command works."""
    failures: list[BaseException] = []

    def acted() -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=acted, daemon=True)
    thread.start()
    yield
    thread.join(60)
    assert failures == []


def until[T](found: Callable[[], T]) -> T:
    for _ in range(1200):
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("it never came")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settled(environment: Environment) -> dict[str, bytes]:
    """Every file that setup may write, but for the database."""
    folders = (config_of(environment).parent, Path(environment["NIGGLED_HOME"]) / "keys")
    return {
        str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()
    }


def answers(environment: Environment) -> list[tuple[object, ...]]:
    return rows(database_of(environment), "SELECT kind, score, side, flag FROM replies ORDER BY id")


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


def test_by_hand_with_every_wrong_answer(environment: Environment, garmin: GarminServer) -> None:
    with NtfyServer() as ntfy, Terminal(environment, "setup") as terminal:
        terminal.answer("Source?", "polar")
        assert "'polar' is none of garmin, strava, files" in terminal.answer("Source?", "garmin")
        terminal.answer("Key (not shown)", "short")
        assert "A key is longer than that." in terminal.answer("Source?", "garmin")
        terminal.answer("Key (not shown)", "example-old-key")
        assert "Garmin does not accept this key." in terminal.answer("Source?", "g")
        terminal.answer("Key (not shown)", KEY)
        terminal.answer("How many days is the key valid", "soon", "90")
        terminal.until("activities read.")
        terminal.answer("Time zone, like Europe/Berlin?", "Berlin", "Europe/Berlin")
        terminal.answer("km or miles?", "furlongs", "")
        terminal.answer("Year of birth?", "84", "1984")
        terminal.answer("Which knee, left or right?", "both", "right")
        terminal.answer("Pain today on stairs down, 0–10?", "11", "", "two", "2")
        terminal.answer("Is it like that on most days, yes or no?", "sometimes", "yes")
        terminal.answer("or a pregnancy? none, or which?", "maybe", "none")
        terminal.answer("bone, night or hip pain. none, or which?", "perhaps", "none")
        assert "2 noted" in terminal.until("On which days?")
        terminal.type("Noday, Fri")
        terminal.answer("On which days?", "")
        terminal.answer("Channel?", "pigeon", "ntfy")
        terminal.answer("ntfy server?", "ntfy.example.org", ntfy.base_url)
        terminal.answer("Access token of the server; Enter where it needs none? (not shown)", "")
        terminal.answer("Subscribed? Enter goes on.", "")
        terminal.until("Waiting for your answer")
        question = until(lambda: [one for one in ntfy.messages if "actions" in one])[0]
        assert ntfy.press(question, "It works") == 200
        terminal.until('Your answer "yes" came back.')
        assert terminal.finish() == 0
    print(terminal.screen)
    assert KEY not in terminal.transcript
    assert "Ready." in terminal.transcript
    assert "b_start = 2 " in config_of(environment).read_text(encoding="utf-8")
    for wrong in (
        "'11' is no whole number",
        "'84' is no whole number from 1920",
        "'Berlin' is not a time zone",
    ):
        assert wrong in terminal.transcript, wrong
    assert mode(config_of(environment)) == 0o644, "the runner's own file keeps its mode"


def test_ctrl_c_at_any_question_leaves_nothing_half_done(
    environment: Environment, garmin: GarminServer
) -> None:
    before = settled(environment)
    with Terminal(environment, "setup") as terminal:
        terminal.until("Source?")
        assert terminal.interrupt() == 130
    assert "nothing is half-done: `niggled setup` goes on from here" in terminal.transcript
    assert settled(environment) == before
    with Terminal(environment, "setup") as terminal:
        terminal.answer("Source?", "garmin")
        terminal.answer("Key (not shown)", KEY)
        terminal.answer("How many days", "90")
        terminal.answer("Time zone", "Europe/Berlin")
        terminal.answer("km or miles?", "km")
        terminal.until("Year of birth?")
        assert terminal.interrupt() == 130
    text = config_of(environment).read_bytes()
    assert before[str(config_of(environment))] == text, "the four facts are written together or not at all"
    with Terminal(environment, "setup") as terminal:
        terminal.until("Garmin: connected already.")
        terminal.answer("Time zone", "Europe/Berlin")
        terminal.answer("km or miles?", "km")
        terminal.answer("Year of birth?", "1984")
        terminal.answer("Which knee", "left")
        terminal.answer("Pain today", "0")
        terminal.until("or a pregnancy?")
        assert terminal.interrupt() == 130
    assert answers(environment) == []
    with Terminal(environment, "setup", *KNEE) as terminal:
        terminal.answer("Channel?", "ntfy")
        terminal.until("ntfy server?")
        assert terminal.interrupt() == 130
    text = config_of(environment).read_text(encoding="utf-8")
    assert "channels" not in text
    assert not (config_of(environment).parent / "secrets").exists()
    assert niggled(environment, "config", "check").returncode == 0


def test_a_red_flag_stops_the_coaching(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    said = (*ABOUT, "--pain", "3", "--recent", "none", "--red-flags", "locked")
    told = niggled(environment, "setup", *key_file(tmp_path), *said, *SILENT)
    print(told.stdout)
    assert told.returncode == 0, told.stderr
    assert "What you describe needs a clinician, not an app." in told.stdout
    assert "`cleared` when they agree you may run" in told.stdout
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


def test_strava_by_a_pasted_address(environment: Environment, tmp_path: Path) -> None:
    with StravaServer(wall_clock, year_of_runs()) as strava:
        configure(environment, at("strava", strava.base_url))
        with Terminal(environment, "setup", *ABOUT, *KNEE, *SILENT) as terminal:
            terminal.answer("Source?", "strava")
            terminal.answer("Client ID", strava.tokens.client_id)
            terminal.answer("Client secret (not shown)", strava.tokens.client_secret)
            terminal.until("press Authorize:")
            address = terminal.until("The browser then goes").split()[0]
            failed = requests.get(address, timeout=30, allow_redirects=False).headers["Location"]
            terminal.answer("Address", failed)
            terminal.until("Ready. ")
            assert terminal.finish() == 0
        print(terminal.screen)
        assert strava.tokens.client_secret not in terminal.transcript
    assert "Strava answers: " in terminal.transcript
    assert "subscription" in terminal.transcript
    assert niggled(environment, "status").returncode == 0


def test_telegram_is_paired_and_answers(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with TelegramServer() as telegram, Terminal(
        environment, "setup", *files_only(tmp_path), "--channel", "telegram",
        "--token-file", str(tmp_path / "token"), "--server", telegram.base_url,
    ) as terminal:  # fmt: skip
        code = terminal.until("Or send your bot:  /start ") + terminal.until("\n")
        code = code.rpartition("/start ")[2].strip()
        telegram.wait_for_poller()
        telegram.runner.write("hello?")
        telegram.runner.write(f"/start {code}")
        terminal.until("✔ Paired.")
        terminal.until("Waiting for your answer")
        question = until(lambda: [one for one in telegram.runner.messages if "reply_markup" in one])[0]
        telegram.runner.tap(question, "It works")
        terminal.until('Your answer "yes" came back.')
        assert terminal.finish() == 0
    text = config_of(environment).read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "chat = 4711" in text
    assert niggled(environment, "config", "check").returncode == 0


def test_mail_goes_out_and_the_reply_comes_back(environment: Environment, tmp_path: Path) -> None:
    with MailProgram(wall_clock) as mail:
        servers = dict(re.findall(r'^(smtp|imap) = "(.+)"$', mail.settings, re.MULTILINE))
        for name, url in servers.items():
            (tmp_path / name).write_text(url, encoding="utf-8")
        said = (
            "--channel", "email", "--to", mail.runner, "--from", mail.ours,
            "--smtp-file", str(tmp_path / "smtp"), "--imap-file", str(tmp_path / "imap"),
        )  # fmt: skip

        def reply() -> None:
            until(lambda: [one for one in mail.shown() if "Test question" in one])
            mail.answer("yes")

        with meanwhile(reply):
            told = niggled(environment, "setup", *files_only(tmp_path), *said)
    print(told.stdout)
    assert (told.returncode, told.stderr) == (0, "")
    assert '✔ Your answer "yes" came back.' in told.stdout
    assert servers["imap"] not in config_of(environment).read_text(encoding="utf-8")


def test_no_answer_says_what_to_check(environment: Environment, tmp_path: Path) -> None:
    with NtfyServer() as ntfy:
        said = ("--channel", "ntfy", "--server", ntfy.base_url, "--token-file", str(tmp_path / "none"))
        (tmp_path / "none").write_text("tk_x", encoding="utf-8")
        told = niggled(environment, "setup", *files_only(tmp_path), *said, "--answer-within", "1")
    assert told.returncode == 1
    assert "! No answer came in. Is the app subscribed to the topic" in told.stderr
    assert "channels.phone" in config_of(environment).read_text(encoding="utf-8"), "it sends, so it stays"


def test_a_channel_that_refuses_is_not_written_down(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("tk_wrong", encoding="utf-8")
    with NtfyServer() as ntfy:
        ntfy.allow_only({"tk_right": "rw"})
        said = ("--channel", "ntfy", "--server", ntfy.base_url, "--token-file", str(tmp_path / "token"))
        told = niggled(environment, "setup", *files_only(tmp_path), *said)
    assert told.returncode == 1
    assert "channels" not in config_of(environment).read_text(encoding="utf-8")
    assert "tk_wrong" not in told.stdout + told.stderr


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


def test_in_a_pipe_a_wrong_line_gets_another_and_silence_names_the_option(
    environment: Environment, tmp_path: Path
) -> None:
    inbox = ("--source", "files", "--inbox", str(tmp_path / "in"), "--export", str(tmp_path))
    told = answering(environment, "setup", *inbox, said="Europe/Berlin\nkm\n84\n1984\n")
    assert told.returncode == 2
    assert "! '84' is no whole number" in told.stderr
    assert (
        "Which knee, left or right? If both, the worse one. Nobody answers here: say it with --knee."
        in told.stderr
    )


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


def files_only(folder: Path, name: str = "me") -> tuple[str, ...]:
    """A whole set of answers for somebody without an account."""
    inbox = folder / f"inbox-{name}"
    inbox.mkdir(exist_ok=True)
    return ("--source", "files", "--inbox", str(inbox), "--export", str(inbox), *ABOUT, *KNEE)


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
def test_a_closed_folder_says_who_may_not_read_it(environment: Environment, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    for given in (["--export", closed / "export.zip"], ["--inbox", closed / "in"]):
        refused = niggled(environment, "setup", "--source", "files", *given, *ABOUT, *KNEE, *SILENT)
        assert refused.returncode == 2
        assert "may not be read by the user that niggled runs as" in refused.stderr


def test_a_daemon_that_runs_is_not_begun_a_second_time(environment: Environment) -> None:
    with only_daemon_of(Path(environment["NIGGLED_HOME"])):
        done = niggled(environment, "setup", "--source", "files", *ABOUT, *KNEE, *SILENT)
    assert done.returncode == 0, done.stderr
    assert f"kill -HUP {os.getpid()}" in done.stdout
    assert "Let it run:  niggled run" not in done.stdout
