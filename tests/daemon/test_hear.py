"""`niggled hear`, the child in which an answer is understood: what it is told, what it says, and its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import WEDNESDAY_NOON
from fakes.command import Environment, database_of, environment_in, niggled, rows
from hypothesis import given
from hypothesis import strategies as some

from connectors.channels.contract import Incoming
from daemon.jobs.incoming import DirectAnswer
from daemon.jobs.wire import answer_as_json, answer_of, incoming_as_json, incoming_of

SENT = WEDNESDAY_NOON - timedelta(minutes=1)
TEXTS = some.text(some.characters(exclude_categories=["Cs"]))


@pytest.fixture
def home(tmp_path: Path) -> Environment:
    config = tmp_path / "config.toml"
    config.write_text(
        '[athletes.me]\ntimezone = "UTC"\n[athletes.me.channels.phone]\nurl = "json://127.0.0.1:9"\n'
    )
    return environment_in(tmp_path) | {"NIGGLED_CONFIG": str(config)}


def hear(home: Environment, incoming: Incoming, *options: str) -> DirectAnswer | None:
    done = niggled(
        home, "hear", "--athlete", "me", "--channel", "phone", *options, said=incoming_as_json(incoming)
    )
    assert (done.returncode, done.stderr) == (0, "")
    return answer_of(done.stdout)


def test_an_answer_is_kept_and_what_it_means_is_said(home: Environment) -> None:
    answer = hear(home, Incoming("m1", SENT, "3", position="17"))
    assert answer is not None
    assert answer.text == "3 above your normal now. No running yet; walk or bike if it stays at 2 or less."
    assert rows(database_of(home), "SELECT score FROM replies") == [(3,)]
    assert rows(database_of(home), "SELECT position FROM hearing") == [("17",)]


def test_the_same_thing_is_heard_once(home: Environment) -> None:
    one = Incoming("m1", SENT, "3", position="17")
    assert hear(home, one) is not None
    assert hear(home, one) is None
    assert rows(database_of(home), "SELECT count(*) FROM replies") == [(1,)]


def test_a_direct_answer_that_a_kill_has_swallowed_is_made_up_for(home: Environment) -> None:
    one = Incoming("m1", SENT, "3", position="17")
    hear(home, one)
    answer = hear(home, one, "--again")
    assert answer is not None
    assert answer.text.startswith('"3" noted.')
    assert rows(database_of(home), "SELECT count(*) FROM replies") == [(1,)]


def test_a_channel_of_nobody_is_a_usage_error(home: Environment) -> None:
    done = niggled(home, "hear", "--athlete", "zoe", "--channel", "phone", said="null")
    assert done.returncode == 2
    assert "there is no athlete zoe" in done.stderr


@given(text=TEXTS, reference=TEXTS, token=some.none() | TEXTS, allowed=some.booleans())
def test_what_came_in_passes_unchanged(text: str, reference: str, token: str | None, allowed: bool) -> None:
    sent = Incoming("id", datetime(2026, 6, 8, 9, 0, 1, 5, tzinfo=UTC), text, "p", token, reference, allowed)
    assert incoming_of(incoming_as_json(sent)) == sent


@given(answer=some.none() | some.builds(DirectAnswer, text=TEXTS, quiet=some.booleans()))
def test_what_is_answered_passes_unchanged(answer: DirectAnswer | None) -> None:
    assert answer_of(answer_as_json(answer) + "\n") == answer


def test_a_child_that_broke_off_has_not_answered() -> None:
    with pytest.raises(json.JSONDecodeError):
        answer_of("")
