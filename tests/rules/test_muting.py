"""What is left of a message once the runner has muted a part of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.facts import PromptKind
from rules.muting import may_be_muted, still_wanted
from rules.outcome import Level, Message, MessageKind, PromptWanted
from rules.prompts import AFTER_RUN_TEXT, EVENING_RUN_TEXT

NOW = datetime(2026, 6, 7, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LONG = "13.0 km: 24 % beyond your longest in 30 days (10.5). Next: from Thursday, up to 10.5 km."
ALL_RULES = {f"rule:{rule}" for rule in ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "P7")}
ALL_KINDS = {f"kind:{kind.value}" for kind in MessageKind}
WARNING = Message(
    "load:7:warn", MessageKind.LOAD, Level.WARN, "Long run", LONG, NOW, NOW, NOW + DAY,
    ("R1|7|-|warn", "R2|7|-|note"), alert=True,
)  # fmt: skip


def asking(kind: MessageKind, prompt: PromptKind, text: str) -> Message:
    question = PromptWanted(prompt, NOW, NOW + DAY, text, "7")
    return replace(WARNING, kind=kind, text=f"{LONG} {text}", question=question)


WITH_QUESTION = asking(MessageKind.AFTER_RUN, PromptKind.AFTER_RUN, AFTER_RUN_TEXT)


@pytest.mark.parametrize(
    "kind", [MessageKind.NUDGE, MessageKind.DIGEST, MessageKind.RESOLVE, MessageKind.TIME_OFF]
)
def test_a_muted_kind_is_not_wanted_and_the_others_are(kind: MessageKind) -> None:
    message = replace(WARNING, kind=kind, level=Level.NUDGE, alert=False)
    assert still_wanted(message, {f"kind:{kind}"}) is None
    assert still_wanted(message, ALL_RULES | ALL_KINDS - {f"kind:{kind}"}) == message
    assert still_wanted(message, ()) == message


@pytest.mark.parametrize(
    "kind", [MessageKind.EMERGENCY, MessageKind.REFER, MessageKind.STOP, MessageKind.OPERATIONS]
)
def test_a_stop_is_wanted_whatever_is_muted(kind: MessageKind) -> None:
    message = replace(WARNING, kind=kind, level=Level.STOP, alert=False, findings=("P3|episode:x|left|stop",))
    assert still_wanted(message, ALL_RULES | ALL_KINDS) == message


def test_a_warning_is_wanted_while_one_of_its_rules_is() -> None:
    assert still_wanted(WARNING, {"rule:R1"}) == WARNING
    assert still_wanted(WARNING, {"rule:R1", "rule:R2"}) is None
    assert still_wanted(WARNING, {"kind:load", "kind:after_run"}) == WARNING


def test_a_question_loses_the_warning_that_is_muted() -> None:
    left = still_wanted(WITH_QUESTION, {"rule:R1", "rule:R2"})
    assert left is not None
    assert (left.title, left.text, left.level) == ("Knee?", "Worst knee pain during the run, 0–10?", "ask")
    assert (left.key, left.findings, left.question) == (
        WITH_QUESTION.key,
        WITH_QUESTION.findings,
        WITH_QUESTION.question,
    )
    assert not left.alert


def test_a_morning_question_loses_the_warning_and_the_word_that_its_title_says() -> None:
    message = asking(MessageKind.MORNING, PromptKind.MORNING, EVENING_RUN_TEXT)
    left = still_wanted(message, {"rule:R1", "rule:R2"})
    assert left is not None
    assert (left.title, left.text) == (
        "Knee?",
        "This morning, 0–10? If the run was worse: its worst as a second number.",
    )


def test_a_warning_loses_the_question_that_is_muted() -> None:
    left = still_wanted(WITH_QUESTION, {"kind:after_run"})
    assert left is not None
    assert (left.kind, left.title, left.text) == (MessageKind.LOAD, "Long run", LONG)
    assert left.alert
    assert left.question is None
    assert still_wanted(WITH_QUESTION, {"kind:after_run", "rule:R1", "rule:R2"}) is None


def test_only_what_helps_nobody_in_danger_may_be_muted() -> None:
    allowed = {subject for subject in ALL_KINDS | ALL_RULES if may_be_muted(subject)}
    assert allowed == ALL_RULES | {
        "kind:after_run",
        "kind:morning",
        "kind:nudge",
        "kind:digest",
        "kind:resolve",
        "kind:time_off",
    }
    assert not may_be_muted("rule:P6")
    assert not may_be_muted("R3")
