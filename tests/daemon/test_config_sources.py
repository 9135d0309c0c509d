"""The live sources in the configuration: what may be set, what is refused with a cure, and what is never shown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from daemon import config as configuration
from daemon.config import AthleteConfig, ConfigError
from daemon.config_sources import LIVE_SOURCES
from daemon.credentials import Secret

HOME = Path("/nowhere/niggled")


def me(tmp_path: Path, text: str) -> AthleteConfig:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return configuration.load(path, HOME).athletes["me"]


def problem(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        me(tmp_path, text)
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.problems[0]


def test_without_a_configuration_both_services_are_known_and_neither_is_configured() -> None:
    sources = configuration.load(None, HOME).athletes["me"].sources
    assert set(sources) == set(LIVE_SOURCES) == {"garmin", "strava"}
    for source in sources.values():
        assert not source.configured
        assert (source.every_min, source.keep_days, source.base_url) == (15, 7, None)


def test_every_option_of_a_source_is_read(tmp_path: Path) -> None:
    sources = me(
        tmp_path,
        """
[athletes.me.sources.strava]
client_id = "12345"
client_secret = { file = "/run/secrets/strava" }
every_min = 30
keep_days = 0
base_url = "https://api-v3.strava.com/"
[athletes.me.sources.garmin]
door = "personal"
key = { credential = "garmin-key" }
key_ends = "2027-06-30"
base_url = "http://127.0.0.1:8080"
""",
    ).sources
    strava, garmin = sources["strava"], sources["garmin"]
    assert strava.configured
    assert garmin.configured
    assert (strava.client_id, strava.client_secret) == ("12345", Secret("file", "/run/secrets/strava"))
    assert (strava.every_min, strava.keep_days, strava.base_url) == (30, 0, "https://api-v3.strava.com")
    assert (garmin.door, garmin.key) == ("personal", Secret("credential", "garmin-key"))
    assert (garmin.key_ends, garmin.base_url) == (date(2027, 6, 30), "http://127.0.0.1:8080")


def test_an_empty_table_is_enough_to_want_a_source(tmp_path: Path) -> None:
    sources = me(tmp_path, "[athletes.me.sources.garmin]\n").sources
    assert sources["garmin"].configured
    assert not sources["strava"].configured


def test_a_day_may_also_be_written_the_way_toml_has_for_it(tmp_path: Path) -> None:
    assert me(tmp_path, "[athletes.me.sources.garmin]\nkey_ends = 2027-06-30\n").sources[
        "garmin"
    ].key_ends == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("every_min = 4", "whole number from 5 to 1440. Example: every_min = 15"),
        ("keep_days = 8", "whole number from 0 to 7"),
        ('base_url = "strava.com"', "must be a web address that begins with https://. Example: base_url ="),
        ('base_url = "ftp://strava.com"', "must be a web address that begins with https://"),
        ('base_url = "http://strava.com"', "plain http is for this machine only"),
        ('base_url = "http://192.168.1.4"', "plain http is for this machine only"),
        ('base_url = "https://me:pw@strava.com"', "must not hold a name or a password"),
        ('base_url = "https://strava.com:port"', "must be a web address"),
        ('base_url = "https://strava.com/api/v3"', "must end with the name of the machine, or its port"),
        ("base_url = 4", "must be a web address"),
        ("client_id = 12345", 'must be a text. Example: client_id = "12345"'),
        ("client_secrt = 'x'", "Did you mean athletes.me.sources.strava.client_secret?"),
        ("client_secret = { vault = 'x' }", "a secret is a text or one of"),
    ],
)
def test_a_mistake_about_strava_names_its_cure(tmp_path: Path, line: str, sentence: str) -> None:
    assert sentence in problem(tmp_path, f"[athletes.me.sources.strava]\n{line}\n")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('door = "persnal"', "must be one of personal, login (did you mean personal?)"),
        ('key_ends = "30.6.2027"', 'must be a day as YYYY-MM-DD. Example: key_ends = "2027-06-30"'),
        ("key_ends = 2027", "must be a day as YYYY-MM-DD"),
        ('door = "login"\nevery_min = 10', "is asked at most every 15 minutes. Example: every_min = 15"),
    ],
)
def test_a_mistake_about_garmin_names_its_cure(tmp_path: Path, line: str, sentence: str) -> None:
    told = problem(tmp_path, f"[athletes.me.sources.garmin]\n{line}\n")
    assert sentence in told
    assert told.startswith(
        f"{tmp_path / 'config.toml'}:{2 + line.count(chr(10))}: athletes.me.sources.garmin."
    )


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:8", "[::1]:8", "127.9.9.9"])
def test_plain_http_is_fine_on_this_machine(tmp_path: Path, host: str) -> None:
    text = f'[athletes.me.sources.strava]\nbase_url = "http://{host}"\n'
    assert me(tmp_path, text).sources["strava"].base_url == f"http://{host}"
