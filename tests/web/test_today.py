"""Today: how she stands, what is fine next, what is due, the last run, and the knee now."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.household import run
from fakes.visitor import Seen, Visitor, visitor_of

from daemon.config import AthleteConfig
from daemon.connections import key_file
from daemon.jobs.assess import look
from daemon.jobs.sync import take_in
from daemon.store.answers import load_answers, save_pause, save_prompt, save_reply
from daemon.store.engine import Store
from daemon.store.sources import SourceCondition
from daemon.store.tables import ACTIVITIES, HEARING, METADATA, SOURCE_STATES
from daemon.web.drawings.budget import (
    DayMark,
    Ground,
    Intervals,
    Part,
    draw_days,
    draw_grounds,
    draw_intervals,
    draw_week,
)
from daemon.web.today import GONE
from daemon.web.today_view import days_ahead, week_parts
from rules.facts import PainReply, Pause, Prompt, PromptKind, ReplyKind, Runner, Side
from rules.outcome import PainState
from rules.phrases import KM_PER_MILE, allowed_distance, distance
from rules.policy import Policy
from rules.records import around, total
from rules.standing import Spent, WeekSpent, week_spent

from .conftest import Lived

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GREEN_DAYS_AGO, RED_DAYS_AGO, RETURNING_DAYS_AGO = 40, 109, 103
"""In the season's story."""


def send(visitor: Visitor, *, form: int = 0, **fields: str | list[str]) -> Seen:
    """Press a button of the `form`-th form of the page seen last."""
    assert visitor.last is not None
    names = (
        re.findall(rf'name="{name}" value="([^"]*)"', visitor.last.html) for name in ("question", "once")
    )
    question, once = (found[form] for found in names)
    visitor.clock.sleep(10)
    return visitor.post("/knee", **{"question": question, "once": once} | fields)


def told(visitor: Visitor, **fields: object) -> None:
    """The runner told something an hour ago, on some other channel."""
    at = visitor.clock.at - HOUR
    known: dict[str, object] = {"id": f"test:{fields}", "at": at, "kind": ReplyKind.SPOT}
    with visitor.store.session() as session:
        save_reply(session, visitor.athlete.name, PainReply(**known | fields))  # type: ignore[arg-type]


def newest_reply(visitor: Visitor) -> PainReply:
    with visitor.store.reading() as session:
        return load_answers(session, visitor.athlete.name, None).replies[-1]


def counts(visitor: Visitor) -> dict[str, int]:
    """How many rows each table holds."""
    with visitor.store.reading() as session:
        tables = METADATA.sorted_tables
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables
        }


def test_the_colour_the_state_in_words_and_what_is_fine_next_come_first(visitor: Visitor) -> None:
    page = visitor.get("/")
    assert page.status == 200
    assert (
        "Amber Knee sore, load raised Next: from Thursday, up to 7.3 km, flat. Flat, 10-20 % slower"
        in page.words
    )
    assert re.search(r"<h1>Next: from Thursday, up to 7.3 km, flat.</h1>", page.html)
    assert page.html.count("<h1") == 1


def test_every_figure_is_that_of_the_assessment(visitor: Visitor) -> None:
    visitor.clock.at -= GREEN_DAYS_AGO * DAY
    page, found = visitor.get("/"), look(visitor.store, visitor.athlete, visitor.clock.at).assessment
    runner, budget = visitor.athlete.runner, found.budget
    for name, km in (("Flat", budget.longest_run_km.flat), ("Long downhill", budget.longest_run_km.downhill)):
        assert km is not None
        assert f"{name} {allowed_distance(km, runner)}" in page.words
    assert budget.week_km is not None
    week = f"Distance {distance(found.week_km, runner)} done {allowed_distance(budget.week_km, runner)} left"
    assert week in page.words
    assert f"Downhill 0 m done {budget.descent_m} m left" in page.words
    assert f"Fast 0 min done {budget.fast_min} min left" in page.words
    assert found.usual_week_km is not None
    assert f"Your usual week: {distance(found.usual_week_km, runner)}." in page.words
    assert "Set by the way back after a break." in page.words
    assert "Green Knee calm, load as usual Next: up to 6.6 km. Progress a little." in page.words


def test_done_is_what_the_budget_subtracts(visitor: Visitor) -> None:
    for days in range(0, 140, 7):
        found = look(visitor.store, visitor.athlete, visitor.clock.at - days * DAY)
        today = found.state.core.date(visitor.clock.at - days * DAY)
        week = around(found.assessment.counted, today).week
        spent = week_spent(found.assessment, today)
        assert spent.km.done == pytest.approx(sum(one.km for one in week if not one.walk))
        assert (spent.descent_m.done or 0.0) == pytest.approx(total(one.load.descent_m for one in week))
        assert spent.km.left == found.assessment.budget.week_km


def test_days_of_rest_are_drawn_until_running_is_fine(visitor: Visitor) -> None:
    page = visitor.get("/")
    assert 'aria-label="Rest until Thu; from Thu running is fine."' in page.html
    assert "Not before Thursday" in page.words
    visitor.clock.at -= GREEN_DAYS_AGO * DAY
    assert "Rest until" not in visitor.get("/").html


def test_the_last_run_stands_beside_its_limits(visitor: Visitor) -> None:
    words = visitor.get("/").words
    assert "Last run, Tuesday 13.0 km" in words
    assert "Distance 13.0 km ▲ 13.0 km: 24 % beyond your longest in 30 days (10.5)." in words
    assert "Metres down 103 m ✓ inside the limit of 187 m (most of 30 days: 87 m)" in words
    assert "Knee: 4 of 10 in the run." in words
    number = max(
        look(visitor.store, visitor.athlete, visitor.clock.at).assessment.counted, key=lambda one: one.start
    )
    assert f'href="/runs/{number.id}"' in visitor.get("/").html


def test_strength_and_the_next_question_are_due(visitor: Visitor) -> None:
    assert "Strength 0 of 2 this week, next Friday at 18:00. See the exercises" in visitor.get("/").words
    assert "Next question Thursday at 07:30." in visitor.get("/").words
    visitor.clock.at -= GREEN_DAYS_AGO * DAY
    words = visitor.get("/").words
    assert (
        "Strength today 18:00, 20 min: low step-up (15-20 cm) 3×8 each; Romanian deadlift, light 3×8" in words
    )
    assert "Open the session" in words


def test_looking_writes_nothing(visitor: Visitor) -> None:
    before = counts(visitor)
    for _ in range(3):
        visitor.get("/")
    assert counts(visitor) == before


def test_a_page_is_small(visitor: Visitor) -> None:
    assert len(visitor.get("/").html.encode()) < 60_000


def test_red_has_no_budget_and_says_what_is_fine_instead(visitor: Visitor) -> None:
    visitor.clock.at -= RED_DAYS_AGO * DAY
    page = visitor.get("/")
    assert "Red Knee at rest, load high No running yet; walk or bike if it stays at 2 or less." in page.words
    assert "Next run" not in page.words
    assert "Last 7 days" not in page.words
    assert "No running for now 6 during the run. Walk or bike at 2 or less." in page.words
    assert "With one of these call your emergency number now" in page.words


def test_the_way_back_says_its_stage(visitor: Visitor) -> None:
    visitor.clock.at -= RETURNING_DAYS_AGO * DAY
    words = visitor.get("/").words
    assert (
        "Amber Knee on its way back, load as usual Next: from Saturday, up to 3.9 km, flat. Flat for now."
        in words
    )
    assert "Set by the run that hurt." in words


def test_referred_stops_everything_until_a_clinician_has_cleared(visitor: Visitor) -> None:
    told(visitor, kind=ReplyKind.FLAG, flag="locked")
    page = visitor.get("/")
    assert (
        "Red Running stopped, load raised Stopped until a clinician has seen it. A clinician has seen it"
        in page.words
    )
    assert "Next run" not in page.words
    assert "Strength" not in page.words.partition("Due")[2].partition("Last run")[0]
    done = send(visitor, answer="cleared")
    assert "Cleared, noted." in done.words
    assert (
        look(visitor.store, visitor.athlete, visitor.clock.at).assessment.pain.overall is PainState.RETURNING
    )


def test_an_emergency_is_the_headline_until_it_is_seen(visitor: Visitor) -> None:
    told(visitor, kind=ReplyKind.FLAG, flag="calf")
    page = visitor.get("/")
    assert "<h1>Call your emergency number now</h1>" in page.html
    assert "a newly swollen calf is not a running question. Seen" in page.words
    seen = send(visitor, answer="seen")
    assert "Seen. I will not repeat it." in seen.words
    assert "<h1>Stopped until a clinician has seen it.</h1>" in seen.html


def test_nobody_is_cleared_who_was_not_stopped(visitor: Visitor) -> None:
    visitor.get("/")
    assert GONE in visitor.post("/knee", question="cleared", answer="cleared", once="1").words
    assert newest_reply(visitor).kind is not ReplyKind.CLEARED


def test_a_waiting_question_is_answered_right_there(visitor: Visitor) -> None:
    """She told this morning's number on another channel; the question asked after that still waits."""
    asked = Prompt("ask:test", PromptKind.AFTER_RUN, visitor.clock.at, visitor.clock.at + 12 * HOUR, "169")
    with visitor.store.session() as session:
        save_prompt(session, visitor.athlete.name, asked)
    page = visitor.get("/")
    assert "Knee? Worst knee pain during the run, 0–10?" in page.words
    done = send(visitor, value="3")
    assert "3 noted" in done.words
    assert "Worst knee pain during the run" not in done.words
    reply = newest_reply(visitor)
    assert (reply.score, reply.kind, reply.prompt_id, reply.activity_id) == (
        3,
        ReplyKind.DURING,
        "ask:test",
        "169",
    )
    assert "You said 3 today at 07:42." in done.words
    again = visitor.post("/knee", question="ask:test", value="7", once="late")
    assert GONE in again.words


def test_the_numbers_settling_is_asked_with_two_buttons(visitor: Visitor) -> None:
    at = visitor.clock.at
    with visitor.store.session() as session:
        save_prompt(
            session, visitor.athlete.name, Prompt("settled:169", PromptKind.SETTLED, at, at + HOUR, "169")
        )
    page = visitor.get("/")
    assert "Knee? Settled to before-run level an hour after? Yes No" in page.words
    assert "Settled. Next:" in send(visitor, answer="yes").words
    assert newest_reply(visitor).settled is True


def test_a_yes_is_not_taken_for_an_answer_to_what_was_asked_since(visitor: Visitor) -> None:
    at, name = visitor.clock.at, visitor.athlete.name
    with visitor.store.session() as session:
        save_prompt(session, name, Prompt("settled:169", PromptKind.SETTLED, at, at + HOUR, "169"))
    visitor.get("/")
    checklist = Prompt(f"checklist:{at}", PromptKind.CHECKLIST, at + MINUTE / 30, at + 7 * DAY)
    with visitor.store.session() as session:
        save_prompt(session, name, checklist)
    assert GONE in send(visitor, answer="yes").words
    assert newest_reply(visitor).kind is not ReplyKind.FLAG


def test_a_question_that_no_channel_asks_is_asked_here(opens_alone: Visitor) -> None:
    page = opens_alone.get("/")
    assert "Knee? Worst knee pain during the run, 0–10?" in page.words
    assert "4 noted" in send(opens_alone, value="4").words
    reply = newest_reply(opens_alone)
    assert (reply.score, reply.kind, reply.activity_id) == (4, ReplyKind.DURING, "13")
    assert "Worst knee pain" not in opens_alone.get("/").words


def test_a_checklist_that_no_channel_asks_is_asked_here_once(opens_alone: Visitor) -> None:
    opens_alone.get("/")
    told_high = send(opens_alone, value="8")
    assert "8 noted. No running yet" in told_high.words
    assert "Any of these?" not in told_high.words
    assert "Does any of these apply?" in told_high.words
    none = send(opens_alone, answer="none")
    assert "None of these noted." in none.words
    assert "Does any of these apply?" not in none.words


@pytest.fixture
def opens_alone(empty_store: Store, tmp_path: Path) -> Visitor:
    """A runner without any channel, an hour and a half after a run."""
    end = datetime(2026, 6, 7, 9, 30, tzinfo=UTC)
    athlete = AthleteConfig("anna", Runner(timezone="UTC"), Policy(), tmp_path / "inbox")
    take_in(empty_store, athlete, [run(end - days * DAY, 5.0) for days in range(60, 2, -5)], end - DAY)
    take_in(empty_store, athlete, [run(end - 30 * MINUTE, 5.0)], end)
    return visitor_of(empty_store, tmp_path, {"anna": athlete}, end + 90 * MINUTE)


def test_the_knee_now_is_told_with_one_tap(visitor: Visitor) -> None:
    page = visitor.get("/")
    last_form = page.html.count('name="question"') - 1
    done = send(visitor, form=last_form, value="3", when="now", note="after <b>stairs</b>", limp="1")
    reply = newest_reply(visitor)
    assert (reply.kind, reply.score, reply.limp, reply.note) == (
        ReplyKind.SPOT,
        3,
        True,
        "after <b>stairs</b>",
    )
    assert reply.at == visitor.clock.at
    assert "3 noted" in done.words or "above your normal" in done.words
    assert "You said 3 today at 07:42." in done.words
    assert "<b>stairs" not in done.html


@pytest.mark.parametrize(("when", "kind"), [("morning", ReplyKind.MORNING), ("run", ReplyKind.DURING)])
def test_the_morning_and_the_last_run_can_be_told_unasked(
    visitor: Visitor, when: str, kind: ReplyKind
) -> None:
    page = visitor.get("/")
    send(visitor, form=page.html.count('name="question"') - 1, value="1", when=when)
    assert (newest_reply(visitor).kind, newest_reply(visitor).score) == (kind, 1)


def test_a_slip_of_the_thumb_is_corrected_and_leaves_no_trace(visitor: Visitor) -> None:
    page = visitor.get("/")
    last = page.html.count('name="question"') - 1
    slipped = send(visitor, form=last, value="8", when="now")
    assert "Red" in slipped.words
    with visitor.store.reading() as session:
        before = len(load_answers(session, visitor.athlete.name, None).replies)
    again = next(
        index
        for index, name in enumerate(re.findall(r'name="question" value="([^"]*)"', slipped.html))
        if name.startswith("again:")
    )
    visitor.clock.at += 5 * MINUTE
    done = send(visitor, form=again, value="1")
    assert "You said 1 today at 07:42." in done.words
    with visitor.store.reading() as session:
        assert len(load_answers(session, visitor.athlete.name, None).replies) == before
    assert look(visitor.store, visitor.athlete, visitor.clock.at).assessment.pain.overall is PainState.AMBER


def test_after_twelve_hours_there_is_nothing_to_correct(visitor: Visitor) -> None:
    page = visitor.get("/")
    send(visitor, form=page.html.count('name="question"') - 1, value="1", when="now")
    assert "Correct it" in visitor.get("/").words
    visitor.clock.at += 12 * HOUR + MINUTE
    assert "Correct it" not in visitor.get("/").words


@pytest.mark.parametrize(
    "fields", [{"value": "11"}, {"value": "x"}, {"value": "3", "run": "12", "when": "now"}]
)
def test_what_no_form_sends_is_refused_or_read_as_it_stands(visitor: Visitor, fields: dict[str, str]) -> None:
    visitor.get("/")
    before = counts(visitor)["replies"]
    answer = visitor.post("/knee", question="", once="1", **fields)
    if fields.get("value") == "3":
        assert counts(visitor)["replies"] == before + 1
    else:
        assert answer.status == 400
        assert counts(visitor)["replies"] == before


def test_a_form_without_a_number_says_what_lacks(visitor: Visitor) -> None:
    visitor.get("/")
    before = counts(visitor)["replies"]
    page = visitor.post("/knee", question="", once="1", when="now", note="<i>stairs</i>")
    assert page.status == 200
    assert "Tap a number." in page.words
    assert "&lt;i&gt;stairs&lt;/i&gt;</textarea>" in page.html
    assert counts(visitor)["replies"] == before


def test_only_where_both_knees_are_tracked_the_side_is_asked(visitor: Visitor) -> None:
    assert "Which knee" not in visitor.get("/").words
    visitor.clock.at += 2 * HOUR
    told(visitor, score=1, side=Side.LEFT)
    told(visitor, score=2, side=Side.RIGHT)
    page = visitor.get("/")
    assert "Which knee Left Right Both" in page.words
    assert "You said Left 1 and right 2 today at 08:42." in page.words
    last = page.html.count('name="question"') - 1
    send(visitor, form=last, value="4", when="now", side="left")
    assert (newest_reply(visitor).score, newest_reply(visitor).side) == (4, Side.LEFT)


def test_nothing_known_yet_says_how_to_begin(beginner: Visitor) -> None:
    page = beginner.get("/")
    assert page.status == 200
    assert "No runs here yet" in page.words
    assert "niggled setup" in page.words
    assert "My knee" in page.words
    assert "0 noted" in send(beginner, value="0", when="now").words


def test_after_a_season_without_a_run_nothing_is_claimed(visitor: Visitor) -> None:
    visitor.clock.at += 150 * DAY
    words = visitor.get("/").words
    assert "Grey No answer about the knee lately, load as usual Next" in words
    assert "Last run, 17 November 2026 13.0 km" in words
    assert "learning" not in words


def test_while_learning_only_the_longest_run_is_shown(empty_store: Store, tmp_path: Path) -> None:
    end = datetime(2026, 6, 7, 9, 30, tzinfo=UTC)
    athlete = AthleteConfig("anna", Runner(timezone="UTC"), Policy(), tmp_path / "inbox")
    take_in(empty_store, athlete, [run(end - days * DAY, 4.0 + days / 10) for days in (9, 7, 5, 3)], end)
    words = visitor_of(empty_store, tmp_path, {"anna": athlete}, end).get("/").words
    assert "Still learning what is usual for you: at least 8 runs over 4 weeks." in words
    assert "Flat 4.9 km" in words
    assert "Last 7 days" not in words


def test_miles_are_miles_everywhere(lived: Lived, season_store: Store, tmp_path: Path) -> None:
    athlete = replace(lived.athlete, runner=replace(lived.athlete.runner, miles=True))
    words = visitor_of(season_store, tmp_path, {"demo": athlete}, lived.until).get("/").words
    assert "Next: from Thursday, up to 4.5 mi, flat." in words
    assert f"Last run, Tuesday {13.0 / KM_PER_MILE:.1f} mi" in words
    assert " km" not in words.replace("km/h", "")


def test_a_source_that_needs_the_runner_says_so_with_its_cure(visitor: Visitor) -> None:
    key_file(visitor.athlete.inbox.parent, "demo", "garmin")
    with visitor.store.session() as session:
        session.execute(
            SOURCE_STATES.insert().values(
                athlete="demo",
                source="garmin",
                state=SourceCondition.NEEDS_LOGIN.value,
                due_at=visitor.clock.at,
                reason="Garmin no longer accepts the key",
                cure="Make a new one, then run `niggled login garmin`",
                failing_since=visitor.clock.at - DAY,
            )
        )
        session.execute(
            HEARING.insert().values(
                athlete="demo",
                channel="mail",
                strangers=0,
                failing_since=visitor.clock.at - HOUR,
                failure="The mailbox could not be reached",
            )
        )
    sources = replace(visitor.athlete.sources["garmin"], configured=True)
    athlete = replace(visitor.athlete, sources={**visitor.athlete.sources, "garmin": sources})
    page = visitor_of(visitor.store, visitor.athlete.inbox.parent, {"demo": athlete}, visitor.clock.at).get(
        "/"
    )
    assert "✘ Garmin Needs you since Tuesday" in page.words
    assert "<code>niggled login garmin</code>" in page.html
    assert "✘ Answers on mail Cannot be read since 06:42. The mailbox could not be reached." in page.words


def test_a_pause_is_said(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        save_pause(session, "demo", Pause(visitor.clock.at - HOUR, visitor.clock.at + DAY))
    assert "Paused No questions and no reminders until it ends." in visitor.get("/").words


def test_a_title_is_shown_as_text(visitor: Visitor) -> None:
    evil = "<script>alert(1)</script>" + "x" * 300
    with visitor.store.session() as session:
        session.execute(sa.update(ACTIVITIES).values(title=evil))
    visitor.clock.at += HOUR
    html = visitor.get("/").html
    assert "<script>alert" not in html


def test_another_runner_sees_nothing_of_it(lived: Lived, season_store: Store, tmp_path: Path) -> None:
    ben = replace(lived.athlete, name="ben")
    page = visitor_of(season_store, tmp_path, {"demo": lived.athlete, "ben": ben}, lived.until, name="ben")
    assert page.get("/").status == 303, "two runners without a passcode: nobody is let in unasked"
    alone = visitor_of(season_store, tmp_path, {"ben": ben}, lived.until).get("/")
    assert "No runs here yet" in alone.words
    assert "13.0" not in alone.words


def test_the_days_ahead_begin_today_and_reach_beyond_the_rest() -> None:
    wednesday = date(2026, 11, 18)
    assert days_ahead(None, wednesday) == []
    assert days_ahead(wednesday, wednesday) == []
    days = days_ahead(date(2026, 11, 20), wednesday)
    assert [day.name for day in days] == ["today", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"]
    assert [day.open for day in days] == [False, False, True, True, True, True, True]
    long = days_ahead(date(2026, 11, 27), wednesday)
    assert (len(long), long[-1]) == (10, DayMark("Fr", open=True))
    assert len(days_ahead(date(2027, 1, 1), wednesday)) == 14


def test_what_is_not_known_is_left_out_of_the_week() -> None:
    week = WeekSpent(Spent(12.0, None), None, Spent(None, None), Spent(7.0, 0))
    parts = week_parts(week, Runner())
    assert [(part.name, part.done_words, part.left_words) for part in parts] == [
        ("Distance", "12.0 km done", "not known yet"),
        ("Fast", "7 min done", "nothing left"),
    ]


def test_drawings_say_their_numbers_and_stay_inside_their_picture() -> None:
    drawn = [
        draw_grounds(
            [Ground("Flat", 400.0, "400.0 km"), Ground("Long downhill", 0.1, "0.1 km")], 400.0, "400.0 km"
        ),
        draw_grounds([Ground("Flat", 5.0, "5.0 km")], None, ""),
        draw_week(
            [
                Part("Distance", 0.0, "0.0 km done", 0.0, "nothing left"),
                Part("Fast", 3, "3 min done", 1e-3, "x"),
            ]
        ),
        draw_week([Part("Distance", 1e-3, "0.0 km done", 50.0, "50.0 km left")]),
        draw_intervals(Intervals(6, 4, 1), "Next: 6×(4 min walk, 1 min run)."),
        draw_intervals(Intervals(1, 30, 0), "Next: 30 min walk."),
        draw_days([DayMark("today", open=False), DayMark("<b>", open=True)]),
    ]
    for svg in drawn:
        height = float(re.search(r'viewBox="0 0 326 (\d+)"', svg)[1])  # type: ignore[index]
        for x, y, width, tall in re.findall(
            r'x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" height="([\d.-]+)"', svg
        ):
            assert float(x) >= 0
            assert 0 < float(width) <= 326.5 - float(x)
            assert 0 <= float(y) <= height - float(tall)
        assert 'role="img"' in svg
    assert "Flat up to 400.0 km" in drawn[0]
    assert "Distance: 0.0 km done, nothing left" in drawn[2].replace("distance:", "Distance:")
    assert "&lt;b&gt;" in drawn[-1]
    assert "<b>" not in drawn[-1]
