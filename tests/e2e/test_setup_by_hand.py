"""`niggled setup` by hand at a terminal: every wrong answer, Ctrl-C at any question, a pasted address, a pipe."""

from __future__ import annotations

import re
from pathlib import Path

import requests
from fakes.clock import time_now
from fakes.command import Environment, niggled
from fakes.garmin_server import GarminServer
from fakes.logging_in import answering, at, configure
from fakes.ntfy import NtfyServer
from fakes.setting_up import (
    ABOUT,
    KEY,
    KNEE,
    SILENT,
    answers,
    config_of,
    environment,
    garmin,
    mode,
    settled,
    until,
    year_of_runs,
)
from fakes.strava_server import StravaServer
from fakes.terminal import Terminal

__all__ = ["environment", "garmin"]


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
        terminal.answer("Shall there be one?", "perhaps", "yes")
        terminal.answer("How does the phone reach this machine?", "niggled", "http://192.168.7.7:8642")
        terminal.until("The page will be at http://192.168.7.7:8642; it opens with the passcode ")
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
    assert 'address = "http://192.168.7.7:8642"' in config_of(environment).read_text(encoding="utf-8")
    assert re.search(r"the passcode \d{4} \d{4}", terminal.transcript)


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


def test_strava_by_a_pasted_address(environment: Environment, tmp_path: Path) -> None:
    with StravaServer(time_now, year_of_runs()) as strava:
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
