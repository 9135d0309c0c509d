"""Which files of secrets are niggled's to delete, and how the others are named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from daemon.config import Config, build
from daemon.kept_secrets import kept_secrets


def configured(folder: Path, text: str = "") -> Config:
    """A configuration in `etc`, beside data in `data`."""
    for name in ("data/secrets", "etc/secrets"):
        (folder / name).mkdir(parents=True)
    path = folder / "etc/config.toml"
    path.write_text(text)
    return build(tomllib.loads(text), text, path, folder / "data")


def put(*paths: Path) -> None:
    for path in paths:
        path.write_text("secret")


def test_beside_the_configuration_only_what_the_wizard_made_is_ours(tmp_path: Path) -> None:
    config = configured(tmp_path, "[athletes.anna]\n[athletes.anna-b]\n")
    beside = tmp_path / "etc/secrets"
    ours = [beside / name for name in (".anna.phone.token.new", "anna.anna.passcode", "anna.phone.token")]
    others = [beside / name for name in ("anna-b.phone.token", "anna.holiday.list", "bank.my.token")]
    put(*ours, *others)
    assert kept_secrets(config, "anna").files == tuple(ours)
    assert set(kept_secrets(config, None).files) == {*ours, others[0]}


def test_within_the_data_everything_is_ours_when_everybody_is_forgotten(tmp_path: Path) -> None:
    config = configured(
        tmp_path, f'[athletes.anna.channels.chat]\nurl = {{ file = "{tmp_path}/data/url" }}\n'
    )
    put(tmp_path / "data/secrets/whatever", tmp_path / "data/url")
    assert kept_secrets(config, None).files == (tmp_path / "data/secrets/whatever", tmp_path / "data/url")
    assert kept_secrets(config, "anna").files == (tmp_path / "data/url",)
    assert kept_secrets(config, None).elsewhere == ()


def test_a_link_out_of_the_data_is_a_secret_elsewhere(tmp_path: Path) -> None:
    link = tmp_path / "data/url"
    config = configured(tmp_path, f'[athletes.anna.channels.chat]\nurl = {{ file = "{link}" }}\n')
    put(tmp_path / "mine")
    link.symlink_to(tmp_path / "mine")
    kept = kept_secrets(config, None)
    assert (kept.files, kept.elsewhere) == ((), (f"{link} (athletes.anna.channels.chat.url)",))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ('{ env = "URL" }', "the environment variable URL"),
        ('{ command = ["pass", "url"] }', "what `pass url` tells"),
        ('{ credential = "a-url" }', "the file behind the credential a-url: LoadCredential= of the unit names it"),
        ('{ credential = "b-url" }', "/dev/null"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_ours_is_named(tmp_path: Path, reference: str, words: str) -> None:
    config = configured(tmp_path, f"[athletes.anna.channels.chat]\nurl = {reference}\n")
    environ = {"NIGGLED_B_URL_FILE": "/dev/null"}
    assert kept_secrets(config, None, environ).elsewhere == (f"{words} (athletes.anna.channels.chat.url)",)


def test_a_secret_in_the_configuration_itself_is_known_of(tmp_path: Path) -> None:
    config = configured(tmp_path, '[athletes.anna.channels.chat]\nurl = "json://x"\n[athletes.ben]\n')
    assert kept_secrets(config, "anna").plain
    assert not kept_secrets(config, "ben").plain


def test_the_address_of_a_database_without_a_password_is_no_secret(tmp_path: Path) -> None:
    assert not kept_secrets(configured(tmp_path, '[store]\nurl = "sqlite:////srv/n.db"\n'), None).plain
