"""What the doctor says of the configuration file, its secrets and the time zone."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from daemon.config import Config, build
from daemon.doctor import configuration
from daemon.doctor.unit import Unit
from daemon.doctor.verdict import Mark, Verdict

UNIT = Unit("system", "active", "running", "success", "2min", 0, 812, "", frozenset({"phone-url"}))
PLAIN = '[athletes.me.channels.phone]\nurl = "json://user:hunter2@127.0.0.1"\n'


def configured(folder: Path, text: str, mode: int = 0o600) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    return build(tomllib.loads(text), text, path, folder / "home")


def said(verdicts: list[Verdict]) -> list[str]:
    return [f"{one.mark.value}: {one.what} {one.cure}".rstrip() for one in verdicts]


def file_said(config: Config) -> list[str]:
    return said(list(configuration.file_verdicts(config, os.getegid())))


def test_a_closed_file_may_hold_a_secret(tmp_path: Path) -> None:
    assert file_said(configured(tmp_path, PLAIN)) == [f"ok: {tmp_path / 'config.toml'} (0600): fine."]


@pytest.mark.parametrize(
    ("mode", "readers"), [(0o644, "everybody"), (0o604, "everybody"), (0o640, "its group")]
)
def test_a_secret_in_an_open_file_is_bad_and_not_shown(
    tmp_path: Path, mode: int, readers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    config = configured(tmp_path, PLAIN, mode)
    told = said(list(configuration.file_verdicts(config, own_group=99_999)))
    assert told == [
        f"bad: {path} holds a secret (athletes.me.channels.phone.url) and {readers} may read it ({mode:04o}). "
        f"Run `chmod 600 {path}`, or write a reference in its place."
    ]
    assert "hunter2" not in "".join(told)


@pytest.mark.parametrize(
    "text",
    [
        '[athletes.me.channels.phone]\nurl = { env = "PHONE_URL" }\n',
        '[store]\nurl = "postgresql://niggled@/niggled"\n',
        "[service]\ntick_s = 30\n",
    ],
)
def test_an_open_file_without_a_secret_is_fine(tmp_path: Path, text: str) -> None:
    assert file_said(configured(tmp_path, text, 0o644)) == [f"ok: {tmp_path / 'config.toml'} (0644): fine."]


def test_a_database_password_is_a_secret(tmp_path: Path) -> None:
    (told,) = file_said(configured(tmp_path, '[store]\nurl = "postgresql://niggled:pw@/niggled"\n', 0o644))
    assert "holds a secret (store.url) and everybody may read it" in told


def test_a_file_that_everybody_may_change_is_bad(tmp_path: Path) -> None:
    (told,) = file_said(configured(tmp_path, "[service]\ntick_s = 30\n", 0o646))
    assert told.startswith("bad: Everybody may change ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes root's files")
def test_roots_file_in_the_group_of_the_service_is_fine(tmp_path: Path) -> None:
    config = configured(tmp_path, PLAIN, 0o640)
    config.home.mkdir()
    os.chown(tmp_path / "config.toml", 0, 4321)
    os.chown(config.home, 4321, 4321)
    assert file_said(config) == [f"ok: {tmp_path / 'config.toml'} (0640): fine."]


def secrets_said(folder: Path, unit: Unit | None, name: str) -> list[str]:
    config = configured(folder, f'[athletes.me.channels.phone]\nurl = {{ credential = "{name}" }}\n')
    return said(list(configuration.secret_verdicts(config, unit)))


def test_a_reference_that_leads_nowhere_is_bad(tmp_path: Path) -> None:
    (told,) = secrets_said(tmp_path, None, "phone-url")
    assert told.startswith("bad: athletes.me.channels.phone.url: there is no credential phone-url: ")


def test_a_credential_of_the_service_need_not_be_readable_here(tmp_path: Path) -> None:
    assert secrets_said(tmp_path, UNIT, "phone-url") == ["ok: One reference leads to a secret."]


def test_a_credential_that_the_unit_does_not_load_is_bad(tmp_path: Path) -> None:
    assert secrets_said(tmp_path, UNIT, "mail-url") == [
        "bad: athletes.me.channels.phone.url: the unit does not load the credential mail-url. "
        "Add `LoadCredential=mail-url:/etc/niggled/credentials/mail-url` with `sudo systemctl edit niggled`."
    ]


def test_a_file_that_holds_the_secret_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("json://127.0.0.1")
    monkeypatch.setenv("NIGGLED_PHONE_URL_FILE", str(tmp_path / "secret"))
    assert secrets_said(tmp_path, None, "phone-url") == ["ok: One reference leads to a secret."]


@pytest.mark.parametrize(
    ("line", "zone", "mark"),
    [('timezone = "UTC"', "UTC", Mark.GOOD), ("", "UTC", Mark.WARNING), ("", "Europe/Berlin", Mark.GOOD)],
)
def test_a_server_in_utc_is_asked_whether_that_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, zone: str, mark: Mark
) -> None:
    monkeypatch.setattr("daemon.config.machine_zone", lambda: zone)
    config = configured(tmp_path, f"[athletes.me]\n{line}\n")
    (verdict,) = configuration.zone_verdicts(config, config.athletes["me"])
    assert verdict.mark is mark
    assert zone in verdict.what


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "https://hc-ping.com/key/niggled",
            "ok: Life signs are given every few minutes: start, success and failure.",
        ),
        (
            "https://kuma.example.org/api/push/Ab1?status=up",
            "ok: Life signs are given every few minutes: success only.",
        ),
        (
            "kuma.example.org/Ab1",
            "bad: service.ping_url: ping_url is no web address. Example: https://hc-ping.com/ and the number of your "
            "check. Copy the whole address of your check.",
        ),
    ],
)
def test_the_address_of_the_dead_mans_switch_is_looked_at(tmp_path: Path, url: str, told: str) -> None:
    config = configured(tmp_path, f'[service]\nping_url = "{url}"\n')
    assert said(list(configuration.life_sign_verdicts(config, None))) == [told]


def test_without_a_dead_mans_switch_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert list(configuration.life_sign_verdicts(configured(tmp_path, ""), None)) == []
