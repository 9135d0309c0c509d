"""GET /runs and /runs/<number>: the list leafs, the parts add up, the limits agree with what was found, nobody else's run is here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from fakes.visitor import Visitor

from connectors.sources.contract import SourceRecord
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete, look
from daemon.store import marks
from daemon.store.answers import save_reply
from daemon.store.engine import Store
from daemon.store.findings import list_findings
from daemon.store.history import list_activities, show_activity
from daemon.store.records import save_records
from daemon.store.tables import ACTIVITIES, SOURCE_RECORDS
from daemon.web.run_facts import RunFacts, run_facts
from rules.facts import Activity, Family, PainReply, ReplyKind, Side
from rules.outcome import Level
from rules.records import Record
from rules.run_limits import Measure
from rules.wording import finding_sentence

type Opens = Callable[[Store, dict[str, AthleteConfig]], Visitor]

START = datetime(2026, 11, 10, 17, tzinfo=UTC)


def counted(visitor: Visitor) -> list[Record]:
    """The runs and walks of the last three months."""
    return list(look(visitor.store, visitor.athlete, visitor.clock.now()).assessment.counted)


def facts(visitor: Visitor, number: str) -> RunFacts:
    with visitor.store.reading() as session:
        detail = show_activity(session, visitor.athlete.name, number)
        return run_facts(session, visitor.athlete, detail, visitor.clock.now())


def spiked(visitor: Visitor) -> str:
    """The newest run that was warned about as a long one."""
    with visitor.store.reading() as session:
        found = list_findings(session, visitor.athlete.name)
    return next(one.finding.activity_id or "" for one in reversed(found) if one.finding.rule == "R1")


def tables(html: str) -> dict[str, list[list[str]]]:
    """Caption -> rows of what is to be read, the head first."""
    found: dict[str, list[list[str]]] = {}
    for text in re.findall(r"<table.*?</table>", html, re.S):
        tree = ElementTree.fromstring(text)  # noqa: S314
        caption = (tree.findtext("caption") or "").strip()
        found[caption] = [["".join(cell.itertext()).strip() for cell in row] for row in tree.iter("tr")]
    return found


def add(
    store: Store, athlete: AthleteConfig, activity: Activity, source: str = "files", origin: str = ""
) -> str:
    record = SourceRecord(source, f"{source} {activity.start} {origin}", "h", activity, origin=origin)
    with store.session() as session:
        return save_records(session, athlete.name, [record], activity.start)[0].activity_id


def summary(**changed: object) -> Activity:
    values: dict[str, object] = {
        "id": "",
        "family": Family.RUN,
        "sport": "run",
        "start": START,
        "distance_m": 10_000.0,
        "moving_s": 3600.0,
        "elapsed_s": 3600.0,
        "ascent_m": 100.0,
        "descent_m": 100.0,
        "source": "files",
    }
    return Activity(**values | changed)  # type: ignore[arg-type]


def test_the_list_has_the_newest_runs_by_month_with_knee_and_warnings(visitor: Visitor) -> None:
    seen = visitor.get("/runs")
    assert seen.status == 200
    newest = [record for record in counted(visitor) if not record.walk][-1]
    numbers = re.findall(r'href="/runs/(\d+)"', seen.html)
    assert len(numbers) == 30
    assert newest.id in numbers[:2]
    assert "November 2026" in seen.words
    assert f"{newest.km:.1f} km" in seen.words
    number = spiked(visitor)
    row = next(
        line
        for line in visitor.get(f"/runs?before={int(number) + 1}").html.split("<li>")
        if f"/runs/{number}" in line
    )
    assert "long run" in row
    assert re.search(r"knee \d", row)


def test_leafing_back_and_forth_shows_every_run_and_walk_once(visitor: Visitor) -> None:
    shown, path = [], "/runs"
    while path:
        page = visitor.get(path).html
        shown += re.findall(r'<a href="/runs/(\d+)">', page)
        older = re.search(r'href="(/runs\?before=\d+)"', page)
        path = older[1] if older else ""
    with visitor.store.reading() as session:
        known = [
            one.id
            for one in list_activities(session, visitor.athlete.name)
            if one.family in (Family.RUN, Family.WALK)
        ]
    assert shown == known
    newer = re.search(r'href="(/runs\?after=\d+)"', visitor.last.html if visitor.last else "")
    assert newer is not None
    last = (len(known) - 1) // 30 * 30
    assert re.findall(r'<a href="/runs/(\d+)">', visitor.get(newer[1]).html) == known[last - 30 : last]


@pytest.mark.parametrize(
    "query",
    ["before=0", "before=99999999999999999999", "after=x", "before=-1", "year=0", "year=99999", "before=²"],
)
def test_an_odd_address_shows_the_newest_runs(visitor: Visitor, query: str) -> None:
    seen = visitor.get(f"/runs?{query}")
    assert seen.status == 200
    assert "November 2026" in seen.words


def test_before_the_first_run_the_way_back_is_offered(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        first = list_activities(session, visitor.athlete.name)[-1].id
    words = visitor.get(f"/runs?before={first}").words
    assert "There are no runs here. To the newest" in words


def test_an_empty_history_says_so(beginner: Visitor) -> None:
    assert "No runs here yet." in beginner.get("/runs").words
    assert beginner.get("/runs/1").status == 404


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999"])
def test_a_number_that_is_no_run_is_not_here(visitor: Visitor, number: str) -> None:
    assert visitor.get(f"/runs/{number}").status == 404


def test_nobody_elses_run_is_to_be_seen(opens: Opens, empty_store: Store, lived: object) -> None:
    own = lived.athlete  # type: ignore[attr-defined]
    other = replace(own, name="anna", inbox=own.inbox / "anna")
    first = add(empty_store, other, summary(title="Secret lap", start=START - timedelta(days=1)))
    second = add(empty_store, other, summary(title="Secret lap"))
    assert (first, second) == ("1", "2")
    add(empty_store, own, summary(title="My lap"))
    visitor = opens(empty_store, {"demo": own})
    assert "My lap" in visitor.get("/runs/1").words
    assert visitor.get("/runs/2").status == 404
    for path in ("/runs", "/runs/1", "/runs?before=2", "/runs?after=1"):
        assert "Secret" not in visitor.get(path).html


def test_the_parts_of_a_run_add_up_to_what_the_rules_compare(visitor: Visitor) -> None:
    record = next(one for one in counted(visitor) if one.id == spiked(visitor))
    seen = visitor.get(f"/runs/{record.id}")
    volume, peaks = f"{record.load.k1:.1f}", f"{record.load.k3:.1f}"
    assert (
        f"For the kneecap as much as {volume} km of your easy flat running, or {peaks} if hard steps weigh more."
        in seen.words
    )
    found = tables(seen.html)
    assert {"By slope", "By pace", "Along the way"} <= set(found)
    for caption in ("By slope", "By pace", "By steps"):
        if caption not in found:
            continue
        *lines, whole = found[caption][1:]
        assert whole[0] == "Whole run"
        assert whole[2:] == [volume, peaks]
        for column in (1, 2, 3):
            assert sum(float(line[column]) for line in lines) == pytest.approx(float(whole[column]), abs=0.25)


def test_the_drawing_says_its_numbers_and_stands_on_the_same_stretches_as_the_table(visitor: Visitor) -> None:
    number = spiked(visitor)
    seen = visitor.get(f"/runs/{number}")
    shape = facts(visitor, number).shape
    assert shape is not None
    drawing = re.search(r'<svg class="drawing".*?</svg>', seen.html, re.S)
    assert drawing is not None
    tree = ElementTree.fromstring(drawing[0])  # noqa: S314
    label = tree.attrib["aria-label"]
    km = re.match(
        r"Ground, knee load and pace along ([\d.]+) km\. Heaviest from ([\d.]+) km to ([\d.]+) km: ([\d.]+) times",
        label,
    )
    assert km is not None, label
    assert float(km[1]) == pytest.approx(shape.stretches[-1].to_m / 1000, abs=0.06)
    heaviest = max(float(row[4]) for row in tables(seen.html)["Along the way"][1:])
    assert float(km[4]) == heaviest
    assert tree.attrib["role"] == "img"
    assert "".join(tree.itertext()).count("The ground") == 1


def test_beyond_a_limit_is_where_the_rule_spoke(visitor: Visitor) -> None:
    """Every run of three months: its comparisons and the findings of the rules agree."""
    with visitor.store.reading() as session:
        found = [one.finding for one in list_findings(session, visitor.athlete.name)]
    spoke = {(finding.rule, finding.activity_id) for finding in found}
    agreed = 0
    for record in counted(visitor)[20:]:
        limits = {limit.measure: limit for limit in facts(visitor, record.id).limits}
        for measure, rule in ((Measure.DISTANCE, "R1"), (Measure.KNEE_LOAD, "R2"), (Measure.ASCENT, "R5")):
            if measure in limits:
                assert limits[measure].over == ((rule, record.id) in spoke), (record.id, rule)
                agreed += limits[measure].over
    assert agreed >= 2


def test_what_was_found_is_told_in_the_words_of_the_message_and_leads_to_why(visitor: Visitor) -> None:
    number = spiked(visitor)
    seen = visitor.get(f"/runs/{number}")
    with visitor.store.reading() as session:
        stored = [
            one for one in list_findings(session, visitor.athlete.name) if one.finding.activity_id == number
        ]
    assert stored
    for one in stored:
        assert finding_sentence(one.finding, visitor.athlete.runner) in seen.words
        assert f'href="/findings/{one.id}"' in seen.html
    assert "things were noticed." in seen.words or "One thing was noticed." in seen.words


def test_a_run_inside_the_usual_says_so_with_the_figures_it_was_compared_with(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        told = {one.finding.activity_id for one in list_findings(session, visitor.athlete.name)}
    record = [one for one in counted(visitor) if not one.walk and one.id not in told][-1]
    seen = visitor.get(f"/runs/{record.id}")
    assert "Inside your usual." in seen.words
    distance = next(limit for limit in facts(visitor, record.id).limits if limit.measure is Measure.DISTANCE)
    assert (
        f"Your longest in the 30 days before: {distance.before:.1f} km. Noticed beyond {distance.limit:.1f} km."
        in seen.words
    )
    longest = max(
        one.km
        for one in counted(visitor)
        if not one.walk and one.start < record.start and record.date - one.date <= 30
    )
    assert distance.before == longest


def test_the_answers_that_followed_stand_with_their_run(visitor: Visitor) -> None:
    record = [one for one in counted(visitor) if not one.walk][-1]
    replies = [
        PainReply(
            "d", record.end + timedelta(hours=5), ReplyKind.DURING, score=4, activity_id=record.id, limp=True
        ),
        PainReply(
            "a",
            record.end + timedelta(hours=6),
            ReplyKind.AFTER,
            score=2,
            settled=False,
            activity_id=record.id,
        ),
        PainReply(
            "s", record.end + timedelta(hours=7), ReplyKind.SPOT, score=1, note='<script>alert("x")</script>'
        ),
    ]
    with visitor.store.session() as session:
        for reply in replies:
            save_reply(session, visitor.athlete.name, reply)
    seen = visitor.get(f"/runs/{record.id}")
    knee = seen.words[seen.words.index("What the knee said") :]
    assert re.search(
        r"During the run .*? 4, with a limp After it .*? Not settled, now 2 In between .*? 1 ", knee
    )
    assert '<script>alert("x")</script>' in seen.words
    assert "<script>alert" not in seen.html


def test_of_two_answers_to_one_question_the_last_is_shown_and_each_knee_is_named(visitor: Visitor) -> None:
    record = [one for one in counted(visitor) if not one.walk][-1]
    at = record.end + timedelta(hours=5)
    replies = [
        PainReply("1", at, ReplyKind.DURING, score=7, side=Side.LEFT, activity_id=record.id),
        PainReply(
            "2", at + timedelta(minutes=1), ReplyKind.DURING, score=5, side=Side.LEFT, activity_id=record.id
        ),
        PainReply(
            "3", at + timedelta(minutes=2), ReplyKind.DURING, score=1, side=Side.RIGHT, activity_id=record.id
        ),
    ]
    with visitor.store.session() as session:
        for reply in replies:
            save_reply(session, visitor.athlete.name, reply)
    knee = visitor.get(f"/runs/{record.id}").words.split("What the knee said")[1]
    assert "Left 5" in knee
    assert "Right 1" in knee
    assert "7" not in re.findall(r"Left (\d+)", knee)


def test_an_answer_without_a_run_goes_to_the_run_before_it_and_to_no_earlier_one(visitor: Visitor) -> None:
    first, second = [one for one in counted(visitor) if not one.walk][-2:]
    reply = PainReply("late", second.end + timedelta(hours=5), ReplyKind.DURING, score=9)
    with visitor.store.session() as session:
        save_reply(session, visitor.athlete.name, reply)
    assert (
        "9"
        in visitor.get(f"/runs/{second.id}")
        .words.split("What the knee said")[1]
        .split("Where it comes from")[0]
        .split()
    )
    earlier = (
        visitor.get(f"/runs/{first.id}")
        .words.partition("What the knee said")[2]
        .partition("Where it comes from")[0]
    )
    assert "9" not in earlier.split()


def test_a_run_left_out_says_why_and_how_to_bring_it_back(visitor: Visitor) -> None:
    record = [one for one in counted(visitor) if not one.walk][-1]
    with visitor.store.session() as session:
        marks.exclude(session, visitor.athlete.name, record.id)
    assess_athlete(visitor.store, visitor.athlete, visitor.clock.now())
    seen = visitor.get(f"/runs/{record.id}")
    assert "It does not count: you took it out." in seen.words
    assert f"niggled activities include {record.id} brings it back." in seen.words
    assert "Against your usual" not in seen.words
    assert "Where the knee load came from" in seen.words
    assert "does not count" in visitor.get("/runs").words


def test_a_recording_error_says_why_it_does_not_count(
    opens: Opens, empty_store: Store, lived: object
) -> None:
    athlete = lived.athlete  # type: ignore[attr-defined]
    number = add(empty_store, athlete, summary(moving_s=900.0, elapsed_s=900.0))
    words = opens(empty_store, {"demo": athlete}).get(f"/runs/{number}").words
    assert "It does not count: it is faster than anybody runs, so a recording error." in words


def test_a_summary_tells_what_is_known_without_samples(
    opens: Opens, empty_store: Store, lived: object
) -> None:
    athlete = lived.athlete  # type: ignore[attr-defined]
    number = add(empty_store, athlete, summary(start=START - timedelta(days=9), title="Evening <b>lap</b>"))
    visitor = opens(empty_store, {"demo": athlete})
    assess_athlete(empty_store, athlete, visitor.clock.now())
    seen = visitor.get(f"/runs/{number}")
    # The easy speed is not known yet, so the standard one: 10 km in an hour, 100 m up and down.
    assert (
        "For the kneecap about as much as 10.1 km of your easy flat running, or 10.1 if hard steps weigh more."
        in seen.words
    )
    assert "From the summary: climb and descent are put on slopes of 6 %" in seen.words
    assert [row[0] for row in tables(seen.html)["By slope"][1:]] == [
        "Climbing",
        "Flat",
        "Downhill, gentle",
        "Whole run",
    ]
    assert '<svg class="drawing"' not in seen.html
    assert "Evening <b>lap</b>" in seen.words
    assert "Distance: not compared: fewer than 4 runs in the 30 days before." in seen.words
    assert "what is usual for you was still being learned." in seen.words
    assert "Nothing was noticed." in seen.words


def test_a_merged_run_tells_both_recordings_and_what_each_gave_without_paths(
    opens: Opens, empty_store: Store, lived: object
) -> None:
    athlete = lived.athlete  # type: ignore[attr-defined]
    add(
        empty_store,
        athlete,
        summary(ascent_m=None, descent_m=None, device="watch"),
        origin="/home/me/box/lap.fit",
    )
    number = add(empty_store, athlete, summary(source="strava", ascent_m=90.0), "strava", "Strava activity 1")
    seen = opens(empty_store, {"demo": athlete}).get(f"/runs/{number}")
    where = seen.words[seen.words.index("Where it comes from") :]
    assert "A file: 10.0 km lap.fit Gives" in where
    gives = where.partition("Strava: 10.0 km, 90 m up, 100 m down Strava activity 1 Gives ")[2]
    assert "metres down, metres up" in gives
    assert "/home" not in seen.html


def test_strength_and_other_sports_have_a_page_and_count_for_no_load(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        strength = next(
            one for one in list_activities(session, visitor.athlete.name) if one.family is Family.STRENGTH
        )
    seen = visitor.get(f"/runs/{strength.id}")
    assert seen.status == 200
    assert "Neither a run nor a walk: it counts for no load." in seen.words
    assert "knee load" not in seen.words


def test_a_walk_has_its_descent_and_no_pace(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        walks = [one for one in list_activities(session, visitor.athlete.name) if one.family is Family.WALK]
    walk = walks[0]
    seen = visitor.get(f"/runs/{walk.id}")
    assert "Hike at" in seen.words
    assert "Where the knee load came from" not in seen.words
    assert "Metres down" in seen.words


def test_the_page_is_in_miles_where_the_runner_counts_in_miles(
    opens: Opens, season_store: Store, visitor: Visitor, lived: object
) -> None:
    athlete = lived.athlete  # type: ignore[attr-defined]
    number = spiked(visitor)
    record = next(one for one in counted(visitor) if one.id == number)
    miles = replace(athlete, runner=replace(athlete.runner, miles=True))
    assess_athlete(season_store, miles, visitor.clock.now())
    seen = opens(season_store, {"demo": miles}).get(f"/runs/{number}")
    assert f"{record.km / 1.609344:.1f} mi" in seen.words
    assert f"as much as {(record.load.k1 or 0) / 1.609344:.1f} mi of your easy flat running" in seen.words
    assert " km" not in seen.words.replace("km/h", "")
    assert re.search(r"\d:\d\d /mi", seen.words)


def test_samples_that_cannot_be_read_leave_the_rest_of_the_page(visitor: Visitor) -> None:
    number = spiked(visitor)
    with visitor.store.session() as session:
        session.execute(
            sa.update(SOURCE_RECORDS)
            .where(SOURCE_RECORDS.c.activity_id == int(number))
            .values(series=b"damaged")
        )
    seen = visitor.get(f"/runs/{number}")
    assert seen.status == 200
    assert "Against your usual" in seen.words
    assert "Where the knee load came from" not in seen.words


def test_a_run_whose_load_is_not_measured_yet_is_measured_for_the_page(visitor: Visitor) -> None:
    record = [one for one in counted(visitor) if not one.walk][-1]
    new = summary(start=record.start + timedelta(days=1), distance_m=9000.0)
    number = add(visitor.store, visitor.athlete, new)
    seen = visitor.get(f"/runs/{number}")
    assert seen.status == 200
    assert re.search(r"For the kneecap about as much as [\d.]+ km", seen.words)


def test_the_list_and_the_page_write_nothing(visitor: Visitor) -> None:
    def stored() -> list[object]:
        with visitor.store.reading() as session:
            return [
                session.execute(sa.select(sa.func.count()).select_from(table)).scalar()
                for table in (ACTIVITIES, SOURCE_RECORDS)
            ]

    before = stored()
    visitor.get("/runs")
    visitor.get(f"/runs/{spiked(visitor)}")
    assert stored() == before


def test_neighbours_lead_along_the_season(visitor: Visitor) -> None:
    runs = [one.id for one in counted(visitor)]
    seen = visitor.get(f"/runs/{runs[-2]}")
    assert f'<a class="button second" rel="prev" href="/runs/{runs[-1]}">Later run</a>' in seen.html
    assert f'<a class="button second" rel="next" href="/runs/{runs[-3]}">Earlier run</a>' in seen.html


def test_a_page_stays_small(visitor: Visitor) -> None:
    assert len(visitor.get(f"/runs/{spiked(visitor)}").html.encode()) < 40_000
    assert len(visitor.get("/runs").html.encode()) < 40_000


def test_levels_have_a_word_beside_their_mark(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        stored = list_findings(session, visitor.athlete.name)
    for level, word in ((Level.NOTE, "Noted"), (Level.WARN, "Warning")):
        number = next(
            one.finding.activity_id
            for one in reversed(stored)
            if one.finding.level is level and one.finding.activity_id
        )
        assert word in visitor.get(f"/runs/{number}").words
