"""What was set on the page, as `status` and `config show` tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.command import Environment, database_of, niggled

from daemon.cli.preference_lines import preference_line
from daemon.config import AthleteConfig
from daemon.store.engine import open_store
from daemon.store.preferences import Mute, mute, set_quiet_hours

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BEYOND = datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture
def in_utc(athlete: AthleteConfig) -> AthleteConfig:
    return replace(athlete, runner=replace(athlete.runner, timezone="UTC"))


@pytest.mark.parametrize("quiet", [None, "22:00-07:00"])
def test_nothing_is_said_where_the_configuration_holds(in_utc: AthleteConfig, quiet: str | None) -> None:
    assert preference_line(quiet, (), in_utc, NOW) == ""


def test_quiet_hours_and_mutes_are_one_line(in_utc: AthleteConfig) -> None:
    muted = [Mute("kind:nudge", NOW + timedelta(days=1, hours=6)), Mute("rule:R3")]
    assert preference_line("21:00-06:30", muted, in_utc, NOW) == (
        "Set on the page: quiet 21:00–06:30 (the configuration says 22:00–07:00); "
        "muted strength reminders until Thursday 18:00, warnings about the week for good."
    )


def test_of_many_mutes_three_are_named(in_utc: AthleteConfig) -> None:
    muted = [Mute(f"rule:R{number}") for number in range(1, 6)]
    assert preference_line(None, muted, in_utc, NOW).endswith(" for good, and 2 more.")


@pytest.fixture
def set_on_the_page(clean_environment: Environment, tmp_path: Path) -> Environment:
    """anna has set both, ben nothing."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[athletes.anna]\ntimezone = "UTC"\n[athletes.anna.policy.msg]\nquiet = "21:30-07:00"\n[athletes.ben]\n'
    )
    store = open_store(f"sqlite:///{database_of(clean_environment)}")
    with store.session() as session:
        set_quiet_hours(session, "anna", "20:00-06:30", NOW)
        mute(session, "anna", "kind:nudge", BEYOND, NOW)
    store.close()
    return clean_environment | {"NIGGLED_CONFIG": str(config)}


def test_status_tells_it_and_programs_read_it(set_on_the_page: Environment) -> None:
    shown = niggled(set_on_the_page, "status").stdout
    assert shown.count("Set on the page: quiet 20:00–06:30 (the configuration says 21:30–07:00); muted ") == 1
    anna, ben = map(json.loads, niggled(set_on_the_page, "status", "--json").stdout.splitlines())
    assert (anna["quiet_hours"], anna["muted"]) == (
        "20:00-06:30",
        {"kind:nudge": "2040-01-01T00:00:00+00:00"},
    )
    assert (ben["quiet_hours"], ben["muted"]) == ("22:00-07:00", {})


def test_config_show_names_what_is_in_force_and_whence(set_on_the_page: Environment) -> None:
    lines = niggled(set_on_the_page, "config", "show").stdout.splitlines()
    quiet = 'athletes.anna.policy.msg.quiet = "20:00-06:30"   # set on the page, over "21:30-07:00"'
    assert quiet in lines
    assert 'athletes.ben.policy.msg.quiet = "22:00-07:00"   # default' in lines
    assert "# anna: muted on the page: strength reminders until 1 January 2040 00:00" in lines
    told = json.loads(niggled(set_on_the_page, "config", "show", "--json").stdout)
    assert told["athletes.anna.policy.msg.quiet"] == {"value": '"20:00-06:30"', "set": True, "from": "page"}
    assert told["athletes.anna.timezone"] == {"value": '"UTC"', "set": True, "from": "configuration"}
    assert told["athletes.ben.policy.msg.quiet"]["from"] == "default"
    assert told["athletes.anna.muted.kind:nudge"]["value"] == "until 2040-01-01T00:00:00+00:00"


def test_config_show_makes_no_database_and_says_where_it_cannot_read_one(
    set_on_the_page: Environment,
) -> None:
    database = database_of(set_on_the_page)
    database.write_text("a letter to my aunt\n" * 500)
    shown = niggled(set_on_the_page, "config", "show")
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[-1] == (
        "# What was set on the page (quiet hours, mutes) cannot be read: `niggled doctor` says why."
    )
    database.unlink()
    assert "# What" not in niggled(set_on_the_page, "config", "show").stdout
    assert not database.exists()
