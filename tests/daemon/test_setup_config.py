"""Set-up adds to a configuration and leaves what stands in it as it is."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from daemon.config import ConfigError
from daemon.credentials import Secret
from daemon.setup_config import HEAD, Kept, added_to, config_with, keep_secrets, write_config

PATH = Path("config.toml")
MINE = """\
# my own words
[athletes.me]
knee = "left"   # the bad one

# about the source
[athletes.me.sources.garmin]
every_min = 30

[policy.r1]
ratio = 1.15
"""


def test_a_new_configuration_is_commented() -> None:
    text = added_to("", {"athletes.me": {"birth_year": 1984, "units": "km"}}, PATH)
    assert text.startswith(HEAD)
    assert "[athletes.me]\n" in text
    assert "birth_year = 1984   # For an estimate of the maximum heart rate.\n" in text
    assert tomllib.loads(text) == {"athletes": {"me": {"birth_year": 1984, "units": "km"}}}


def test_what_is_new_goes_into_its_table_and_the_rest_stays_letter_by_letter() -> None:
    text = added_to(MINE, {"athletes.me": {"units": "miles"}}, PATH)
    new = 'units = "miles"   # Kilometres or miles in messages.\n'
    assert text == MINE.replace("# the bad one\n", f"# the bad one\n{new}")


def test_a_new_table_goes_to_the_end() -> None:
    text = added_to(MINE, {"athletes.me.policy.strength": {"days": ("Tue", "Sun")}}, PATH)
    assert text.startswith(MINE)
    assert text.endswith('\n[athletes.me.policy.strength]\ndays = ["Tue", "Sun"]   # Preferred weekdays.\n')


@pytest.mark.parametrize(
    "written",
    [
        'athletes = { me = { knee = "left" } }\n',
        '[athletes]\nme.knee = "left"\n',
        '[athletes.me]\nknee = "left"\nunits = "km"\n',
    ],
)
def test_where_there_is_no_safe_place_the_lines_are_told_and_nothing_is_changed(written: str) -> None:
    with pytest.raises(ConfigError) as told:
        added_to(written, {"athletes.me": {"units": "miles"}}, PATH)
    assert 'Write these yourself:\n[athletes.me]\nunits = "miles"' in str(told.value)


def test_a_header_inside_a_text_does_not_mislead() -> None:
    written = 'store.url = """\n[athletes.me]\n"""\n'
    with pytest.raises(ConfigError):
        added_to(written, {"athletes.me": {"units": "km"}}, PATH)


def test_secrets_go_into_files_of_their_owner_and_never_into_the_text(tmp_path: Path) -> None:
    tables = {"athletes.me.channels.phone": {"kind": "ntfy", "topic": Kept("a-very-secret-topic")}}
    assert "a-very-secret-topic" not in repr(tables) + added_to("", tables, PATH)
    kept = keep_secrets(tables, tmp_path / "secrets", "me")
    file = tmp_path / "secrets/me.phone.topic"
    assert kept["athletes.me.channels.phone"]["topic"] == Secret("file", str(file))
    assert file.read_text(encoding="utf-8") == "a-very-secret-topic\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    text = added_to("", kept, PATH)
    assert f'topic = {{ file = "{file}" }}' in text
    assert "a-very-secret-topic" not in text


def test_a_draft_opens_its_channels_before_anything_is_written(tmp_path: Path) -> None:
    tables = {"athletes.me.channels.phone": {"kind": "ntfy", "topic": Kept("secret-topic")}}
    config = config_with(MINE, tmp_path / "config.toml", tmp_path, "me", tables)
    (channel,) = config.athletes["me"].channels
    assert channel.topic is not None
    assert channel.topic.value() == "secret-topic"
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_is_private_and_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "niggled/config.toml"
    write_config(path, "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    write_config(path, "two")
    assert (path.read_text(encoding="utf-8"), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o640)
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_a_link_to_the_configuration_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("one", encoding="utf-8")
    link = tmp_path / "config.toml"
    link.symlink_to("real.toml")
    write_config(link, "two")
    assert link.is_symlink()
    assert (tmp_path / "real.toml").read_text(encoding="utf-8") == "two"


def test_an_athlete_joins_without_touching_the_others(tmp_path: Path) -> None:
    text = added_to(MINE, {"athletes.anna": {"knee": "right"}}, PATH)
    assert text.startswith(MINE)
    assert list(config_with(text, tmp_path / "c.toml", tmp_path, "anna").athletes) == ["anna", "me"]


def test_a_name_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be an athlete's name"):
        config_with("", tmp_path / "c.toml", tmp_path, "Anna Maria")
