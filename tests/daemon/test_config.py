"""The configuration: every problem at once, each with its line and its cure."""

from __future__ import annotations

from pathlib import Path

import pytest
import tzlocal

from daemon import config as configuration
from daemon import config_example, credentials, paths
from daemon.config import Config, ConfigError
from daemon.credentials import Secret, SecretError
from daemon.options import OPTIONS
from rules.facts import Side
from rules.policy import Policy, settings

HOME = Path("/nowhere/niggled")


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return configuration.load(path, HOME)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return [problem.removeprefix(f"{tmp_path / 'config.toml'}:") for problem in caught.value.problems]


def test_without_a_file_there_is_one_athlete_called_me(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    tzlocal.reload_localzone()  # whoever asked before in this process
    config = configuration.load(None, HOME)
    assert list(config.athletes) == ["me"]
    me = config.athletes["me"]
    assert me.runner.timezone == "Asia/Tokyo"
    assert me.inbox == HOME / "inbox" / "me"
    assert me.policy == Policy()
    assert config.store_url.value() == "sqlite:////nowhere/niggled/niggled.db"


def test_a_household_has_its_own_sources_channels_and_thresholds(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
[policy.r1]
ratio = 1.12
[athletes.anna]
timezone = "Europe/Berlin"
knee = "left"
units = "miles"
[athletes.anna.channels.phone]
url = { env = "PHONE_URL" }
sends = ["warning", "prompt"]
[athletes.anna.policy.r3]
note = 1.25
[athletes.ben]
birth_year = 1980
""",
    )
    anna, ben = config.athletes["anna"], config.athletes["ben"]
    assert (anna.runner.timezone, anna.runner.default_side, anna.runner.miles) == (
        "Europe/Berlin",
        Side.LEFT,
        True,
    )
    assert anna.channels[0].sends == ("warning", "prompt")
    assert (anna.policy.r1.ratio, anna.policy.r3.note) == (1.12, 1.25)
    assert (ben.policy.r1.ratio, ben.policy.r3.note) == (1.12, 1.20)
    assert ben.runner.birth_year == 1980


def test_every_problem_is_told_at_once_from_the_top_with_its_line(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """[athletes.me]
timezone = "Europe/Berln"
birthyear = 1984
[athletes.me.channels.phone]
sends = ["warnings"]
[policy.r1]
ratoi = 1.2
ratio = "big"
[service]
tick_s = 0
""",
    )
    assert [line.partition(":")[0] for line in told] == ["2", "3", "4", "5", "7", "8", "10"]
    assert "'Europe/Berln' is not a time zone (did you mean Europe/Berlin?)" in told[0]
    assert "athletes.me.birthyear is not an option. Did you mean athletes.me.birth_year?" in told[1]
    assert 'Example: url = "ntfys://' in told[2]
    assert "did you mean warning?" in told[3]
    assert "Did you mean policy.r1.ratio?" in told[4]
    assert "a number is expected" in told[5]
    assert "whole number from 1 to 3600" in told[6]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[athletes.me\n", "this is not TOML"),
        ('[athletes."Anna B"]\nknee = "left"\n', "cannot be an athlete's name"),
        ("[athletes.me]\nknee = 4\n", "must be one of left, right"),
        ("[athletes.me.channels.phone]\nurl = { vault = 'x' }\n", "a secret is a text or one of"),
        ("[policy]\nr99 = { ratio = 1 }\n", "r99: there is no such group"),
        ("[athletes.me]\nbirth_year = true\n", "whole number from 1900"),
        (
            '[athletes.anna.sources.files]\nfolder = "/srv/runs"\n[athletes.ben.sources.files]\nfolder = "/srv/runs/ben"\n',
            "4: athletes.ben.sources.files.folder: /srv/runs/ben and anna's /srv/runs are not apart",
        ),
    ],
)
def test_a_mistake_says_what_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in "\n".join(problems(tmp_path, text))


def test_a_missing_file_names_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="niggled config example"):
        configuration.load(tmp_path / "none.toml", HOME)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        configuration.load(path, HOME)


def test_the_example_names_every_option_and_every_threshold_and_changes_nothing(tmp_path: Path) -> None:
    example = config_example.example()
    for option in OPTIONS:
        assert f"# {option.name} = " in example
    for setting in settings():
        assert f"# {setting.name.rpartition('.')[2]} = " in example
    assert load(tmp_path, example).athletes["me"].policy == Policy()


def test_the_example_is_valid_once_uncommented(tmp_path: Path) -> None:
    _, _, body = config_example.example().partition("\n# [")
    lines = []
    for line in f"# [{body}".splitlines():
        text = line.removeprefix("# ")
        is_setting = text.startswith("[") or (
            " = " in text and not text.startswith("#") and "unset" not in text
        )
        lines.append(text if is_setting else "")
    config = load(tmp_path, "\n".join(lines))
    assert config.athletes["me"].policy == Policy()
    assert [channel.name for channel in config.athletes["me"].channels] == ["phone", "chat", "mail", "other"]


def test_the_example_file_in_the_repository_is_in_step() -> None:
    path = Path(__file__).resolve().parents[2] / "config.example.toml"
    assert path.read_text(encoding="utf-8") == config_example.example()


def test_a_secret_comes_from_where_its_reference_says(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "phone-url").write_text("ntfy://one\n", encoding="utf-8")
    assert Secret("credential", "phone-url").value({"CREDENTIALS_DIRECTORY": str(folder)}) == "ntfy://one"
    by_file = {"NIGGLED_PHONE_URL_FILE": str(folder / "phone-url")}
    assert Secret("credential", "phone-url").value(by_file) == "ntfy://one"
    assert Secret("env", "URL").value({"URL": "ntfy://two"}) == "ntfy://two"
    assert Secret("file", str(folder / "phone-url")).value({}) == "ntfy://one"
    assert Secret("command", ("printf", "ntfy://three")).value({"PATH": "/usr/bin:/bin"}) == "ntfy://three"


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        (Secret("credential", "phone-url"), "NIGGLED_PHONE_URL_FILE"),
        (Secret("env", "URL"), "environment variable URL is not set"),
        (Secret("file", "/nowhere/at/all"), "/nowhere/at/all cannot be read"),
        (Secret("command", ("false",)), "the command false gave no secret"),
    ],
)
def test_a_secret_that_cannot_be_had_says_which_and_why(secret: Secret, sentence: str) -> None:
    with pytest.raises(SecretError, match=sentence):
        secret.value({"PATH": "/usr/bin:/bin"})


def test_a_secret_never_shows_its_value() -> None:
    secret = credentials.parse("ntfy://secret-topic")
    assert "secret-topic" not in repr(secret)
    assert "secret-topic" not in secret.shown()


def test_the_configuration_is_found_in_the_usual_places(tmp_path: Path) -> None:
    (tmp_path / "niggled").mkdir()
    usual = tmp_path / "niggled" / "config.toml"
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    assert paths.config_file(None, environ) is None
    usual.write_text("", encoding="utf-8")
    assert paths.config_file(None, environ) == usual
    assert paths.config_file(None, environ | {"NIGGLED_CONFIG": "/named"}) == Path("/named")
    assert paths.config_file("/given", environ | {"NIGGLED_CONFIG": "/named"}) == Path("/given")


def test_data_lives_where_the_environment_says() -> None:
    assert paths.home_folder({"NIGGLED_HOME": "/data", "STATE_DIRECTORY": "/var/lib/niggled"}) == Path(
        "/data"
    )
    assert paths.home_folder({"STATE_DIRECTORY": "/var/lib/niggled:/other"}) == Path("/var/lib/niggled")
    assert paths.home_folder({"XDG_DATA_HOME": "/x"}) == Path("/x/niggled")
