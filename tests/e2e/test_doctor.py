"""`niggled doctor` as installed: its lines, its exit codes, `--json`, and that looking changes nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from fakes.account import Account
from fakes.command import NIGGLED, Environment, json_lines, niggled
from fakes.connected_home import reached_by, served
from fakes.logging_in import configure
from fakes.ports import own_page
from fakes.receiver import Received, Receiver, Trouble

CHECK = "0b6f1c2e-9d1f-4f57-8f0a-6f0d6d3c5a11"


def marks(environment: Environment, *arguments: str) -> tuple[int, dict[str, str]]:
    """Exit code, and by check the gravest mark."""
    result = niggled(environment, "doctor", "--json", *arguments)
    assert result.stderr == ""
    found: dict[str, str] = {}
    for line in json_lines(result):
        assert set(line) == {"check", "athlete", "mark", "what", "cure"}
        assert (line["cure"] is None) == (line["mark"] == "ok"), line
        found[line["check"]] = max(
            found.get(line["check"], ""), line["mark"], key=["", "ok", "warning", "bad"].index
        )
    return result.returncode, found


def real_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def real_time(clean_environment: Environment) -> Environment:
    """The machine's own clock: for what compares it with the dates of files and of other machines."""
    return {name: value for name, value in clean_environment.items() if name != "TESTS_SAY_IT_IS"}


@contextmanager
def daemon(environment: Environment) -> Iterator[None]:
    """A running daemon that has finished a look."""
    home = Path(environment["NIGGLED_HOME"])
    process = subprocess.Popen([*NIGGLED, "run"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = monotonic() + 90
        while not (home / "last-look").exists():
            assert process.poll() is None
            assert monotonic() < until
            sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


def test_a_new_home_says_what_to_begin_with_and_is_left_alone(clean_environment: Environment) -> None:
    told = niggled(clean_environment, "doctor")
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert any(line.startswith("✔ niggled ") for line in lines)
    assert "✘ The daemon does not run. Start it: `niggled run`." in lines
    assert any(
        line.startswith("! There is no channel: warnings reach nobody. Choose one: ") for line in lines
    )
    assert lines[-1].startswith("1 thing to mend, ")
    assert not Path(clean_environment["NIGGLED_HOME"]).exists()


def test_a_running_household_is_well_and_a_message_gets_through(real_time: Environment) -> None:
    with (
        Receiver() as phone,
        served("strava", Account(), Path(real_time["NIGGLED_HOME"]), real_now) as strava,
    ):
        channel = f'[athletes.me.channels.phone]\nurl = "{phone.url}"\n'
        reached_by(real_time, "Europe/Berlin", strava)
        path = Path(real_time["HOME"]) / ".config/niggled/config.toml"
        path.write_text(path.read_text() + channel + own_page())
        path.chmod(0o600)
        Path(real_time["NIGGLED_HOME"]).chmod(0o700)
        assert niggled(real_time, "sync").returncode == 0
        with daemon(real_time):
            asked, sent = len(strava.log), len(phone.received)
            code, found = marks(real_time)
            assert {check for check, mark in found.items() if mark == "bad"} == set()
            assert code == 0
            assert found["daemon"] == found["integrity"] == found["schema"] == found["key strava"] == "ok"
            assert (len(strava.log), len(phone.received)) == (asked, sent), (
                "nothing leaves without being asked for"
            )
            code, found = marks(real_time, "--send", "--online")
            assert (code, found["sent phone"], found["reach 127.0.0.1"]) == (0, "ok", "ok")
            assert phone.received[-1].json()["title"] == "niggled test"


def test_a_channel_that_refuses_is_bad(clean_environment: Environment) -> None:
    with Receiver() as phone:
        phone.fail_always(Trouble(status=403))
        config = configure(clean_environment, f'[athletes.me.channels.phone]\nurl = "{phone.url}"\n')
        config.chmod(0o600)
        code, found = marks(clean_environment, "--send")
    assert (code, found["sent phone"]) == (1, "bad")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[servce]\ntick_s = 1\n", "servce.tick_s is not an option"),
        ('[athletes.me.channels.phone]\nurl = { env = "NOT_SET" }\n', "NOT_SET is not set"),
    ],
)
def test_a_wrong_configuration_is_told_with_78(clean_environment: Environment, text: str, told: str) -> None:
    configure(clean_environment, text)
    result = niggled(clean_environment, "doctor")
    assert result.returncode == 78
    assert any(line.startswith("✘ ") and told in line for line in result.stdout.splitlines())


def test_an_open_file_with_a_secret_is_bad_and_the_secret_stays_in_it(clean_environment: Environment) -> None:
    config = configure(
        clean_environment, '[athletes.me.channels.phone]\nurl = "json://user:hunter2@127.0.0.1"\n'
    )
    config.chmod(0o644)
    result = niggled(clean_environment, "doctor")
    assert result.returncode == 1
    assert "and everybody may read it (0644)." in result.stdout
    assert "hunter2" not in result.stdout + result.stderr


def test_one_athlete_of_several(clean_environment: Environment) -> None:
    configure(clean_environment, '[athletes.anna]\ntimezone = "UTC"\n[athletes.ben]\ntimezone = "UTC"\n')
    both = niggled(clean_environment, "doctor").stdout
    assert "✔ anna: Time zone UTC." in both
    assert "✔ ben: Time zone UTC." in both
    assert "ben: " not in niggled(clean_environment, "doctor", "--athlete", "anna").stdout
    assert niggled(clean_environment, "doctor", "--athlete", "cleo").returncode == 2


def test_looking_mends_nothing_in_a_database(clean_environment: Environment) -> None:
    assert niggled(clean_environment, "status").returncode == 0
    database = Path(clean_environment["NIGGLED_HOME"]) / "niggled.db"
    database.chmod(0o644)
    before = database.read_bytes()
    _, found = marks(clean_environment)
    assert found["modes"] == "bad"
    assert (database.read_bytes(), database.stat().st_mode & 0o777) == (before, 0o644)


class Switch(Receiver):
    """A dead-man switch that counts signs by what they are."""

    def signs(self) -> list[str]:
        paths = [
            one.path.partition("?")[0].rpartition("/")[2]
            for one in self.received
            if isinstance(one, Received)
        ]
        return ["success" if word == CHECK else word for word in paths]


def test_a_dead_mans_switch_hears_of_a_useful_look(real_time: Environment) -> None:
    with Switch() as switch:
        text = f'{own_page()}[service]\nping_url = "{switch.base_url}/ping/{CHECK}"\n'
        configure(real_time, text).chmod(0o600)
        with daemon(real_time):
            until = monotonic() + 90
            while len(switch.received) < 2 and monotonic() < until:
                sleep(0.05)
        assert switch.signs() == ["start", "success"]
        assert niggled(real_time, "config", "show").stdout.count(CHECK) == 0
