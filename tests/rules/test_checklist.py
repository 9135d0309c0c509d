"""What an answer to the checklist does, and an hour after a run the number alone."""

from __future__ import annotations

import pytest
from fakes.talk import POLICY, at, run

from rules.assess import assess
from rules.facts import History, PainReply, ReplyKind
from rules.outcome import Assessment, Level, PainState

STOP = PainReply("d", at("13:20"), ReplyKind.DURING, 7)


def after(*replies: PainReply) -> Assessment:
    history = History(activities=(run("a", at("12:00")),), replies=replies)
    return assess(history, POLICY, at("15:00"))


def item(flag: str) -> PainReply:
    return PainReply("f", at("13:25"), ReplyKind.FLAG, flag=flag)


def test_none_of_the_checklist_refers_nobody_and_counts_as_an_answer() -> None:
    found = after(STOP, item("none"))
    assert found.pain.overall is PainState.RED
    assert [one.rule for one in found.findings if one.rule.startswith("P")] == ["P1"]


@pytest.mark.parametrize(("flag", "level"), [("any", Level.REFER), ("chest", Level.EMERGENCY)])
def test_a_yes_stops_everything_even_where_it_names_no_item(flag: str, level: Level) -> None:
    found = after(STOP, item(flag))
    assert found.pain.overall is PainState.REFERRED
    assert [one.level for one in found.findings if one.rule == "P6"] == [level]


@pytest.mark.parametrize(
    ("settled", "score", "delta"),
    [(None, 2, None), (None, 3, 1), (None, 4, 2), (False, 2, 1), (False, None, 1), (True, None, None)],
)
def test_a_number_alone_an_hour_later_is_the_level_now(
    settled: bool | None, score: int | None, delta: int | None
) -> None:
    morning = PainReply("m", at("07:30"), ReplyKind.MORNING, 2)
    during = PainReply("d", at("13:20"), ReplyKind.DURING, 2)
    told = PainReply("s", at("13:21"), ReplyKind.AFTER, score, settled)
    found = after(morning, during, told)
    assert [one.numbers["delta"] for one in found.findings if one.rule == "P2"] == (
        [] if delta is None else [delta]
    )
