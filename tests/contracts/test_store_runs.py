"""Leafing through runs: neighbours by number, newest first, nobody else's, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sources.contract import SourceRecord
from daemon.store.answers import prompts_about, replies_between, save_prompt, save_reply
from daemon.store.engine import Store
from daemon.store.findings import findings_about, record_findings
from daemon.store.loads import save_loads
from daemon.store.records import save_records
from daemon.store.runs import estimates_before, first_activities, first_and_last, leaf, measured_between
from rules.facts import (
    Activity,
    Estimates,
    Family,
    PainReply,
    Prompt,
    PromptKind,
    ReplyKind,
    RunLoad,
    TerrainClass,
)
from rules.outcome import Finding, Level

FIRST = datetime(2023, 12, 20, 7, tzinfo=UTC)
DAY = timedelta(days=1)
LOAD = RunLoad(5000.0, 1800.0, None, None, None, 5.0, 5.0, None, TerrainClass.NONE, basis=Estimates(2.9, 3.4))


def save(store: Store, athlete: str, *days: int, family: Family = Family.RUN) -> list[str]:
    """One activity on each of these days; the ids they were given."""
    told = [
        Activity("", family, family.value, FIRST + day * DAY, 5000.0, 1800.0, 1800.0, source="files")
        for day in days
    ]
    records = [SourceRecord("files", f"{athlete} {one.family} {one.start}", "h", one) for one in told]
    with store.session() as session:
        return [saved.activity_id for saved in save_records(session, athlete, records, FIRST)]


def ids(store: Store, **where: object) -> tuple[list[str], bool, bool]:
    with store.reading() as session:
        found = leaf(session, "me", limit=3, **where)  # type: ignore[arg-type]
    return [one.id for one in found.activities], found.newer, found.older


def test_the_newest_come_first_and_one_can_leaf_back_and_forth(store: Store) -> None:
    runs = save(store, "me", *range(7))
    assert ids(store) == ([runs[6], runs[5], runs[4]], False, True)
    assert ids(store, before=int(runs[4])) == ([runs[3], runs[2], runs[1]], True, True)
    assert ids(store, before=int(runs[1])) == ([runs[0]], True, False)
    assert ids(store, after=int(runs[1])) == ([runs[4], runs[3], runs[2]], True, True)
    assert ids(store, after=int(runs[4])) == ([runs[6], runs[5]], False, True)


def test_a_year_begins_with_its_last_run(store: Store) -> None:
    runs = save(store, "me", *range(0, 28, 4))
    new_year = datetime(2024, 1, 1, tzinfo=UTC)
    assert ids(store, until=new_year) == ([runs[2], runs[1], runs[0]], True, False)
    assert ids(store, until=FIRST + 99 * DAY) == ([runs[6], runs[5], runs[4]], False, True)


def test_walks_are_leafed_through_and_other_things_and_other_people_are_not(store: Store) -> None:
    mine = save(store, "me", 0, 2)
    walk = save(store, "me", 1, family=Family.WALK)
    save(store, "me", 3, family=Family.STRENGTH)
    save(store, "anna", 4, 5)
    assert ids(store)[0] == [mine[1], walk[0], mine[0]]
    with store.reading() as session:
        assert first_and_last(session, "me") == (FIRST, FIRST + 2 * DAY)
        assert first_and_last(session, "nobody") is None
        assert [one.id for one in first_activities(session, "me", 5)] == mine


def test_an_unknown_number_is_as_if_none_was_given(store: Store) -> None:
    runs = save(store, "me", *range(4))
    assert ids(store, before=999) == ids(store, after=999) == ids(store) == (runs[:0:-1], False, True)


def test_runs_come_back_with_what_was_measured_under_that_policy(store: Store) -> None:
    runs = save(store, "me", *range(4))
    with store.session() as session:
        save_loads(session, "me", dict.fromkeys(runs[:3], LOAD), "now")
        save_loads(session, "me", {runs[3]: LOAD}, "before")
    with store.reading() as session:
        found = measured_between(session, "me", "now", FIRST + DAY, FIRST + 3 * DAY)
        assert [(one.id, load) for one, load in found] == [(runs[1], LOAD), (runs[2], LOAD)]
        assert estimates_before(session, "me", "now", FIRST + 9 * DAY) == LOAD.basis
        assert estimates_before(session, "me", "now", FIRST - DAY) is None
        assert estimates_before(session, "anna", "now", FIRST + 9 * DAY) is None


def test_answers_questions_and_findings_about_a_run_are_found_within_their_time(store: Store) -> None:
    replies = [PainReply(f"{day}", FIRST + day * DAY, ReplyKind.MORNING, score=day) for day in range(3)]
    asked = Prompt("p", PromptKind.MORNING, FIRST + DAY, FIRST + 2 * DAY, activity_id="7")
    found = [
        Finding("R1", Level.WARN, "run:a", FIRST, {"km": 9.0}, activity_id="7"),
        Finding("R4", Level.NOTE, "run:a", FIRST + 40 * DAY, {"descent_m": 9.0}, activity_id="7"),
        Finding("R5", Level.NOTE, "run:b", FIRST, {"ascent_m": 9.0}, activity_id="8"),
    ]
    with store.session() as session:
        for reply in replies:
            save_reply(session, "me", reply)
        save_prompt(session, "me", asked)
        record_findings(session, "me", found, FIRST)
    with store.reading() as session:
        assert replies_between(session, "me", FIRST + DAY, FIRST + 2 * DAY) == replies[1:]
        assert replies_between(session, "anna", FIRST, FIRST + 9 * DAY) == []
        assert prompts_about(session, "me", "7", FIRST) == [asked]
        assert prompts_about(session, "me", "8", FIRST) == prompts_about(session, "anna", "7", FIRST) == []
        about = findings_about(session, "me", ["7"], FIRST, FIRST + 10 * DAY)
        assert [one.finding.rule for one in about] == ["R1"]
        assert findings_about(session, "anna", ["7"], FIRST, FIRST + 10 * DAY) == []


@pytest.mark.parametrize("ids_asked", [[], ["9"]])
def test_about_nothing_nothing_was_found(store: Store, ids_asked: list[str]) -> None:
    with store.reading() as session:
        assert findings_about(session, "me", ids_asked, FIRST, FIRST + DAY) == []
