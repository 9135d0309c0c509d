"""The verbs that answer and ask, as installed: what they print, what they exit with, what `--json` promises."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import WEDNESDAY_NOON, ToldClock
from fakes.command import Environment, environment_in, niggled
from fakes.recordings import level_run

from connectors.formats.fit_encode import encode_activity

ENDED_AGO = timedelta(minutes=85)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A runner of five kilometres three times a week, on a Wednesday at noon, who ran this morning. Two athletes share the
    home; the runs are Anna's. No test changes it."""
    folder = tmp_path_factory.mktemp("imported")
    config = folder / "config.toml"
    config.write_text('[athletes.anna]\ntimezone = "UTC"\n[athletes.ben]\ntimezone = "UTC"\n')
    past = folder / "past"
    past.mkdir()
    last = WEDNESDAY_NOON - ENDED_AGO - timedelta(minutes=30)
    for day in (0, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 31, 33, 35, 38, 40):
        start = last - timedelta(days=day)
        (past / f"{start:%Y%m%dT%H%M}.fit").write_bytes(encode_activity(level_run(start, 5.0)))
    earlier = ToldClock(WEDNESDAY_NOON - timedelta(minutes=10))
    environment = environment_in(folder) | earlier.environment | {"NIGGLED_CONFIG": str(config)}
    done = niggled(environment, "import", past, "--athlete", "anna")
    assert done.returncode == 0, done.stderr
    return environment


@pytest.fixture
def home(imported: Environment, tmp_path: Path) -> Environment:
    """Such a home for one test, at noon."""
    copied = shutil.copytree(imported["NIGGLED_HOME"], tmp_path / "niggled")
    return imported | ToldClock().environment | {"NIGGLED_HOME": str(copied)}


@pytest.fixture
def anna(home: Environment) -> Callable[..., tuple[int, str]]:
    """A verb for Anna: its exit code, and what it printed on whichever stream."""

    def run(verb: str, *words: str) -> tuple[int, str]:
        told = niggled(home, verb, *words, "--athlete", "anna")
        return told.returncode, (told.stdout + told.stderr).strip()

    return run


def status(anna: Callable[..., tuple[int, str]]) -> dict[str, Any]:
    code, text = anna("status", "--json")
    assert code == 0, text
    found: dict[str, Any] = json.loads(text)
    return found


def test_pain_is_told_settled_and_corrected(anna: Callable[..., tuple[int, str]]) -> None:
    code, text = anna("pain", "4")
    assert code == 0
    assert text.startswith("4 noted. Next: from ")
    assert text.endswith("walk home. Settled to before-run level? y / n")
    assert anna("pain", "y")[1].startswith("Settled. Next: from ")
    assert status(anna)["pain"] == "AMBER"
    code, text = anna("pain", "2", "y", "--when", "during")
    assert (code, text.split(" Next:")[0]) == (0, "2 noted, settled.")
    assert status(anna)["pain"] == "GREEN"


def test_still_sore_an_hour_later_is_a_stop_and_the_checklist_is_asked_here(
    anna: Callable[..., tuple[int, str]],
) -> None:
    anna("pain", "3")
    code, text = anna("pain", "n", "5")
    assert (code, text[:51]) == (0, "Still 5 up an hour later: past your limit. No runni")
    assert "Any of these?" in text, "there is no channel that could ask it"
    assert anna("pain", "none")[1].startswith("None of these noted.")
    assert status(anna)["colour"] == "red"
    assert anna("pain", "gave way")[0] == 0, "a word of alarm brings the checklist again"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-1",), 'I read "-1". Which number, 0–10?'),
        (("11",), 'I read "11". Which number, 0–10?'),
        (("4", "or", "5"), 'I read "4 or 5". Which one: 4 or 5?'),
        (("hmm",), 'I read "hmm". Which number, 0–10?'),
        (("skip",), "No question is waiting."),
    ],
)
def test_what_is_not_understood_is_asked_back_with_exit_code_1(
    anna: Callable[..., tuple[int, str]], words: tuple[str, ...], told: str
) -> None:
    assert anna("pain", *words) == (1, told)
    assert status(anna)["pain"] == "UNKNOWN"


def test_a_number_after_an_answered_run_is_asked_back(anna: Callable[..., tuple[int, str]]) -> None:
    anna("pain", "0")
    assert anna("pain", "4") == (
        0,
        "During the run, or now? Answer: niggled pain run, or niggled pain now.",
    )
    assert anna("pain", "run")[1].startswith("4 noted. Next: ")


def test_a_time_a_side_and_a_note_may_be_given(anna: Callable[..., tuple[int, str]]) -> None:
    code, text = anna("pain", "1", "--when", "morning", "--at", "07:10", "--side", "left", "--note", "stairs")
    assert (code, text.split(".")[0]) == (0, "1 noted")
    for wrong in ("25:00", "yesterday", "2999-01-01T10:00"):
        assert anna("pain", "1", "--when", "morning", "--at", wrong)[0] == 2
    assert anna("pain", "1", "--when", "later")[0] == 2
    assert anna("pain")[0] == 2


def test_strength_is_shown_done_and_counted(anna: Callable[..., tuple[int, str]]) -> None:
    code, text = anna("strength", "today")
    assert (code, text.split(",")[0]) == (0, "Strength 0 of 2 this week")
    assert text.endswith("Effort 6 to 7 of 10, 60 to 90 s rest; pain at most 2. Then: niggled strength done")
    assert text.count("tempo") == 4
    assert anna("strength", "plan")[1].startswith("Strength 0 of 2 this week, level B.")
    shown = json.loads(anna("strength", "today", "--json")[1])
    assert set(shown) == {"done", "wanted", "level", "next", "moved_because", "exercises"}
    assert anna("strength", "skip") == (0, "Skipped: no reminder today.")
    assert anna("strength", "done", "q", "c", "easy", "1") == (0, "Done: 1 of 2 this week.")
    code, text = anna("strength", "done", "legs")
    assert (code, "is not understood. Examples: done, done q c" in text) == (2, True)
    assert status(anna)["strength"]["done"] == 1


def test_check_says_what_a_run_would_pass_and_raise(anna: Callable[..., tuple[int, str]]) -> None:
    code, text = anna("check", "--km", "4")
    assert (code, text.startswith("Too soon: not before "), text.endswith("up to 5.0 km, flat.")) == (
        0,
        True,
        True,
    )
    code, text = anna("check", "--km", "9", "--descent", "300")
    assert code == 0
    assert text.startswith("9.0 km is 4.6 km more than fits now: on such a route up to 4.4 km, ")
    assert "warn  9.0 km: 80 % beyond your longest in 30 days (5.0)." in text
    found = json.loads(anna("check", "--km", "9", "--json")[1])
    assert set(found) == {
        "km",
        "descent_m",
        "climb_m",
        "fast_min",
        "longest_km",
        "binding",
        "over",
        "load_after",
        "findings",
    }
    assert "distance" in found["over"]
    assert {"rule": "R1", "level": "warn"}.items() <= found["findings"][0].items()
    assert anna("check", "--km", "0")[0] == 2
    assert anna("check", "--km", "-3")[0] == 2
    assert anna("check")[0] == 2
    assert status(anna)["week_km"] == pytest.approx(10.0, abs=0.1), "nothing of it was stored"


def test_pause_and_resume(anna: Callable[..., tuple[int, str]]) -> None:
    code, text = anna("pause", "7d")
    assert (code, text.startswith("Paused until "), text.endswith("`resume` ends it.")) == (0, True, True)
    assert anna("pause") == (0, "Paused until you send `resume`.")
    assert anna("resume") == (0, "Back again.")
    code, text = anna("pause", "soon")
    assert (code, "Examples: niggled pause 7d" in text) == (2, True)


def test_status_keeps_its_contract(anna: Callable[..., tuple[int, str]]) -> None:
    found = status(anna)
    assert {"colour", "pain", "load", "advice", "budget", "strength", "sources", "due"} <= found.keys()
    assert set(found["budget"]) == {
        "longest_run_km",
        "not_before",
        "week_km",
        "descent_m",
        "fast_min",
        "binding",
    }
    assert set(found["budget"]["longest_run_km"]) == {"flat", "rolling", "downhill"}
    assert (found["athlete"], found["colour"], found["load"]) == ("anna", "grey", "green")
    assert anna("status")[1].startswith("anna\n○ grey: knee unknown, load green\n")


def test_explain_shows_the_numbers_the_rule_the_setting_and_the_paper(
    anna: Callable[..., tuple[int, str]],
) -> None:
    anna("pain", "7")
    listed = [json.loads(line) for line in anna("explain", "--json")[1].splitlines()]
    (stop,) = [one for one in listed if one["rule"] == "P1"]
    assert (stop["level"], stop["text"], stop["numbers"]) == ("stop", "7 during the run.", {"pain": 7})
    code, text = anna("explain", stop["id"])
    assert code == 0
    for part in ("7 during the run.", "Rule P1", "pain = 7", "p1.amber = 5", "Esculier 2018"):
        assert part in text
    assert anna("explain", "9999")[0] == 1


def test_exit_codes_are_0_1_2_and_78(home: Environment, tmp_path: Path) -> None:
    assert niggled(home, "status", "--athlete", "ben").returncode == 0
    unknown = niggled(home, "pain", "3", "--athlete", "carla")
    assert (unknown.returncode, "there is no athlete carla; there is anna, ben" in unknown.stderr) == (
        2,
        True,
    )
    unsaid = niggled(home, "pain", "3")
    assert (unsaid.returncode, "add --athlete with one of anna, ben" in unsaid.stderr) == (2, True)
    unreadable = niggled(home, "pain", "x", "--athlete", "ben")
    assert unreadable.returncode == 1
    broken = tmp_path / "broken.toml"
    broken.write_text('[athletes.anna]\ntimezone = "Nowhere/Land"\n')
    for verb in (("status",), ("pain", "3"), ("check", "--km", "5"), ("strength", "plan"), ("pause",)):
        told = niggled(home | {"NIGGLED_CONFIG": str(broken)}, *verb)
        assert (told.returncode, "broken.toml" in told.stderr) == (78, True), verb
