"""[page]: where it listens, how phones reach it, and when a passcode is a must."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import Config, ConfigError, load
from daemon.config_page import PageConfig, split_listen


def read(folder: Path, text: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load(path, folder)


def test_without_a_word_there_is_a_page_for_this_machine_alone(tmp_path: Path) -> None:
    page = read(tmp_path, "").page
    assert (page.on, page.here, page.base_url, page.is_private) == (True, "http://127.0.0.1:8642", None, True)
    assert not read(tmp_path, '[page]\non = "off"\n').page.on


@pytest.mark.parametrize(
    ("listen", "base_url", "here"),
    [
        ("192.168.1.20:8642", "http://192.168.1.20:8642", "http://192.168.1.20:8642"),
        ("[fd00::20]:80", "http://[fd00::20]:80", "http://[fd00::20]:80"),
        ("0.0.0.0:9000", None, "http://127.0.0.1:9000"),
        ("[::]:9000", None, "http://[::1]:9000"),
        ("[::1]:9000", None, "http://[::1]:9000"),
    ],
)
def test_links_begin_with_what_a_phone_can_open(listen: str, base_url: str | None, here: str) -> None:
    host, port = split_listen(listen)
    page = PageConfig(host=host, port=port)
    assert (page.base_url, page.here) == (base_url, here)
    assert page.is_private == (listen == "[::1]:9000")
    assert (
        PageConfig(host=host, port=port, address="https://n.example.org").base_url == "https://n.example.org"
    )
    assert PageConfig(on=False, host=host, port=port).base_url is None


@pytest.mark.parametrize(
    "page", ['listen = "192.168.1.20:8642"', 'listen = "0.0.0.0:8642"', 'address = "https://n.example.org"']
)
def test_a_page_that_others_reach_wants_a_passcode(tmp_path: Path, page: str) -> None:
    household = '[athletes.anna]\nunits = "km"\n[athletes.ben]\nunits = "km"\n[page]\n'
    with pytest.raises(ConfigError) as told:
        read(tmp_path, f"{household}{page}\n")
    assert told.value.problems == [
        f"{tmp_path / 'config.toml'}:1: athletes.anna.passcode: is missing, and [page] lets other machines in. "
        'Example: passcode = { credential = "passcode" }'
    ]
    config = read(
        tmp_path, f'[athletes.anna]\npasscode = {{ file = "/run/p" }}\n[athletes.ben]\n[page]\n{page}\n'
    )
    assert "/run/p" in repr(config.athletes["anna"].passcode)
    assert config.athletes["ben"].passcode is None
    assert read(tmp_path, f'[page]\n{page}\non = "off"\n').page.is_private


@pytest.mark.parametrize(
    "listen",
    [
        "localhost:8642",
        "8642",
        ":8642",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "[::1]",
    ],
)
def test_where_it_cannot_listen_is_told_with_an_example(tmp_path: Path, listen: str) -> None:
    with pytest.raises(
        ConfigError, match=r"page\.listen: must be a numeric address and a port\. Example: listen = "
    ):
        read(tmp_path, f'[page]\nlisten = "{listen}"\n')


def test_an_address_outside_the_house_is_encrypted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must begin with https://"):
        read(tmp_path, '[page]\naddress = "http://niggled.example.org"\n')


def test_a_passcode_written_into_the_file_is_not_shown(tmp_path: Path) -> None:
    config = read(tmp_path, '[athletes.me]\npasscode = "open sesame"\n')
    assert "sesame" not in repr(config)
