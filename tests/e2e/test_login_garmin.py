"""Connecting Garmin with the installed command: by a key, by mail and password with a code, and every way it can fail."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, niggled, rows
from fakes.garmin_server import GarminServer
from fakes.logging_in import answering, at, configure
from fakes.vendor_faults import PAGE, too_many

KEY = "example-garmin-key"
TODAY = time_now().date()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_in(tmp_path)


@pytest.fixture
def garmin(environment: Environment) -> Iterator[GarminServer]:
    account = Account()
    for days_ago in (1, 3, 40):
        account.run(time_now() - timedelta(days=days_ago))
    with GarminServer(time_now, account) as server:
        configure(environment, at("garmin", server.base_url))
        yield server


def keys_of(environment: Environment) -> Path:
    return Path(environment["NIGGLED_HOME"]) / "keys/me-garmin.json"


def kept(environment: Environment) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(keys_of(environment).read_text(encoding="utf-8"))
    return content


def test_a_key_is_tried_before_it_is_kept(environment: Environment, garmin: GarminServer) -> None:
    told = answering(environment, "login", "garmin", said=f"{KEY}\n90\n")
    assert told.returncode == 0, told.stderr
    assert "Garmin Connect on the web" in told.stdout
    assert "Garmin answers: the newest activity is of " in told.stdout
    assert "Garmin is connected." in told.stdout
    assert KEY not in told.stdout + told.stderr
    assert [one.status for one in garmin.log] == [200, 200]
    assert kept(environment)["api_key"] == KEY
    assert kept(environment)["key_ends"] == (TODAY + timedelta(days=90)).isoformat()
    assert stat.S_IMODE(keys_of(environment).stat().st_mode) == 0o600
    assert rows(database_of(environment), "SELECT source FROM source_states") == [("garmin",)]


def test_the_key_may_come_from_a_file_and_its_end_as_a_day(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    ends = (TODAY + timedelta(days=5)).isoformat()
    told = answering(
        environment, "login", "garmin", "--key-file", str(tmp_path / "key"), "--ends", ends, said=""
    )
    assert told.returncode == 0, told.stderr
    status = niggled(environment, "status")
    assert f"! Garmin key: ends in 5 days ({ends})." in status.stdout


def test_a_key_whose_end_nobody_tells_works_without_a_reminder(
    environment: Environment, garmin: GarminServer
) -> None:
    told = answering(environment, "login", "garmin", said=f"{KEY}\n")
    assert told.returncode == 0
    assert "niggled cannot remind you in time" in told.stderr
    assert "key_ends" not in kept(environment)


@pytest.mark.parametrize("ends", ["soon", "0", "900", "2020-01-01"])
def test_an_end_that_cannot_be_is_refused_before_anything_is_asked(
    environment: Environment, garmin: GarminServer, ends: str
) -> None:
    told = answering(environment, "login", "garmin", "--ends", ends, said=f"{KEY}\n")
    assert told.returncode == 2
    assert "90" in told.stderr or "last day" in told.stderr
    assert garmin.log == []


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("example-old-key", "Garmin does not accept this key. Make a new key in Garmin Connect on the web"),
        ("short", "A key is longer than that. Make a new key"),
    ],
)
def test_a_key_that_is_refused_is_not_kept(
    environment: Environment, garmin: GarminServer, key: str, sentence: str
) -> None:
    told = answering(environment, "login", "garmin", said=f"{key}\n90\n")
    assert (told.returncode, keys_of(environment).exists()) == (1, False)
    assert sentence in told.stderr
    assert key not in told.stderr


def test_a_refused_key_leaves_the_one_before_it_in_use(
    environment: Environment, garmin: GarminServer
) -> None:
    answering(environment, "login", "garmin", said=f"{KEY}\n90\n")
    before = keys_of(environment).read_bytes()
    told = answering(environment, "login", "garmin", said="example-old-key\n90\n")
    assert told.returncode == 1
    assert keys_of(environment).read_bytes() == before


def test_an_expired_key_needs_the_runner_until_a_new_one_is_given(
    environment: Environment, garmin: GarminServer
) -> None:
    answering(environment, "login", "garmin", said=f"{KEY}\n90\n")
    garmin.tokens.delete_key(KEY)
    refused = niggled(environment, "sync")
    assert refused.returncode == 1
    assert "✘ Garmin no longer accepts the key. Make a new key in Garmin Connect" in refused.stderr
    shown = niggled(environment, "status").stdout
    assert "✘ Garmin: needs you since " in shown
    garmin.tokens.keys.add("example-new-key")
    assert answering(environment, "login", "garmin", said="example-new-key\n365\n").returncode == 0
    assert niggled(environment, "sync").stdout == "Garmin: 3 new.\n"
    assert "Garmin: fine, read " in niggled(environment, "status").stdout


def test_a_key_in_the_configuration_is_tried_and_not_written_down_again(
    environment: Environment, garmin: GarminServer, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    more = f'key = {{ file = "{tmp_path / "key"}" }}\nkey_ends = "2099-01-01"'
    configure(environment, at("garmin", garmin.base_url, more))
    told = answering(environment, "login", "garmin", said="")
    assert told.returncode == 0, told.stderr
    assert "api_key" not in kept(environment)
    assert KEY not in keys_of(environment).read_text(encoding="utf-8")
    garmin.tokens.delete_key(KEY)
    garmin.tokens.keys.add("example-new-key")
    renewed = answering(environment, "login", "garmin", said="example-new-key\n")
    assert renewed.returncode == 0, renewed.stderr
    assert "The key in the configuration: Garmin does not accept this key." in renewed.stderr
    assert niggled(environment, "sync").stdout == "Garmin: 3 new.\n"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [(PAGE, "Garmin answered with a web page instead of a pass."), (too_many(60), " Not before ")],
)
def test_a_garmin_that_cannot_answer_changes_nothing(
    environment: Environment, garmin: GarminServer, fault: Any, sentence: str
) -> None:
    garmin.fail(fault, times=None)
    told = answering(environment, "login", "garmin", said=f"{KEY}\n90\n")
    assert (told.returncode, keys_of(environment).exists()) == (1, False)
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def test_mail_password_and_code_are_used_once_and_kept_nowhere(
    environment: Environment, garmin: GarminServer
) -> None:
    garmin.sso.wants_code = True
    said = f"{garmin.sso.mail}\n{garmin.sso.password}\n{garmin.sso.code}\n"
    told = answering(environment, "login", "garmin", "--door", "login", said=said)
    assert told.returncode == 0, told.stderr
    assert "Garmin does not support this way" in told.stdout
    assert "Garmin is connected." in told.stdout
    assert garmin.sso.logins == 1
    assert niggled(environment, "sync").stdout == "Garmin: 3 new.\n"
    assert garmin.sso.logins == 1
    everything = b"".join(
        path.read_bytes() for path in Path(environment["NIGGLED_HOME"]).rglob("*") if path.is_file()
    )
    for secret in (garmin.sso.mail, garmin.sso.password, garmin.sso.code):
        assert secret.encode() not in everything
        assert secret not in told.stdout + told.stderr


def test_a_wrong_code_may_be_corrected(environment: Environment, garmin: GarminServer) -> None:
    garmin.sso.wants_code = True
    said = f"{garmin.sso.mail}\n{garmin.sso.password}\n000000\n{garmin.sso.code}\n"
    told = answering(environment, "login", "garmin", "--door", "login", said=said)
    assert told.returncode == 0, told.stderr
    assert "Garmin does not accept this code." in told.stderr


def test_a_wrong_password_is_told_and_nothing_is_kept(environment: Environment, garmin: GarminServer) -> None:
    said = f"{garmin.sso.mail}\nnot-the-password\n"
    told = answering(environment, "login", "garmin", "--door", "login", said=said)
    assert (told.returncode, keys_of(environment).exists()) == (1, False)
    assert "Garmin does not accept this mail address and password. Check both" in told.stderr
    assert "not-the-password" not in told.stdout + told.stderr


def test_a_dead_login_is_told_with_its_cure_and_not_tried_again(
    environment: Environment, garmin: GarminServer
) -> None:
    said = f"{garmin.sso.mail}\n{garmin.sso.password}\n"
    assert answering(environment, "login", "garmin", "--door", "login", said=said).returncode == 0
    garmin.tokens.forget_login()
    first = niggled(environment, "sync")
    assert first.returncode == 1
    assert "✘ Garmin no longer accepts the login. Run `niggled login garmin`." in first.stderr
    asked = len(garmin.log)
    assert niggled(environment, "sync").returncode == 1
    assert len(garmin.log) == asked
    # The same way as before, without being told again.
    assert answering(environment, "login", "garmin", said=said).returncode == 0
    assert niggled(environment, "sync").returncode == 0


def test_the_configuration_decides_about_the_door(environment: Environment, garmin: GarminServer) -> None:
    configure(environment, at("garmin", garmin.base_url, 'door = "personal"'))
    told = niggled(environment, "login", "garmin", "--door", "login")
    assert told.returncode == 2
    assert "door is personal in the configuration: change it there" in told.stderr


def test_logging_out_of_garmin_forgets_the_key_and_says_where_it_ends(
    environment: Environment, garmin: GarminServer
) -> None:
    answering(environment, "login", "garmin", said=f"{KEY}\n90\n")
    told = niggled(environment, "logout", "garmin")
    assert told.returncode == 0
    assert "Garmin is disconnected and its keys are forgotten. Your activities stay." in told.stdout
    assert "Settings → Personal API" in told.stdout
    assert not keys_of(environment).exists()
