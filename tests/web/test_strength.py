"""The strength page: what is to be done now, drawn; ticked off, done, skipped."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from fakes.visitor import Seen, Visitor

from daemon.jobs.assess import look
from daemon.store.answers import load_strength, save_pause, save_reply, save_strength
from daemon.store.messages import load_messages
from daemon.web.drawings.exercises import DRAWINGS, drawing
from daemon.web.drawings.sessions import dots
from daemon.web.drawings.stick_figure import SHIN, THIGH, Limb, Pose, figure, joint
from rules.exercises import EXERCISES, planned_set, tempo_words
from rules.facts import MuscleGroup, PainReply, Pause, ReplyKind, StrengthSession
from rules.outcome import StrengthPlan
from rules.phrases import local_date

BOXES = re.compile(r'name="group" value="(\w)"')
HOUR = timedelta(hours=1)


def plan(visitor: Visitor) -> StrengthPlan:
    return look(visitor.store, visitor.athlete, visitor.clock.now()).assessment.strength


def told(visitor: Visitor) -> list[StrengthSession]:
    """The sessions of the last hour."""
    with visitor.store.reading() as session:
        return list(load_strength(session, visitor.athlete.name, visitor.clock.now() - HOUR))


def send(visitor: Visitor, **fields: str | list[str]) -> Seen:
    page = visitor.get("/strength")
    once = re.search(r'name="once" value="([^"]+)"', page.html)
    assert once is not None
    return visitor.post("/strength/done", **({"once": once[1]} | fields))


def morning(visitor: Visitor, score: int) -> None:
    now = visitor.clock.now()
    with visitor.store.session() as session:
        save_reply(session, visitor.athlete.name, PainReply("m", now, ReplyKind.MORNING, score))


def test_every_exercise_is_drawn_and_nothing_else_is() -> None:
    assert set(DRAWINGS) == {row.name for row in EXERCISES}


@pytest.mark.parametrize("row", EXERCISES, ids=lambda row: row.name)
def test_a_drawing_says_what_is_seen_and_shows_where_it_goes(row: object) -> None:
    name = row.name  # type: ignore[attr-defined]
    svg = str(drawing(name))
    words = re.search(r'aria-label="([^"]+)"', svg)
    assert 'role="img"' in svg
    assert words is not None
    assert len(words[1]) > 20
    assert svg.count("<g ") == 2
    assert svg.count("strength-head") == 2
    assert "s-accent" in svg
    assert "style=" not in svg
    assert len(svg) < 2600


def test_no_two_exercises_look_the_same() -> None:
    assert len({str(drawing(row.name)) for row in EXERCISES}) == len(EXERCISES)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_stays_within_its_frame(name: str) -> None:
    drawn = DRAWINGS[name]
    for frame in drawn.frames:
        for data in re.findall(r' d="([^"]+)"', frame):
            numbers = [float(one) for one in re.findall(r"-?\d+\.?\d*", data.replace("H", " 136 "))]
            assert all(-1 <= x <= 161 for x in numbers[::2])
        ys = [float(y) for y in re.findall(r'cy="([^"]+)"', frame)]
        radii = [float(radius) for radius in re.findall(r' r="([^"]+)"', frame)]
        assert all(y - radius - 1.75 >= drawn.top for y, radius in zip(ys, radii, strict=True))


def test_a_leg_bends_and_never_grows() -> None:
    knee = joint((0, 0), Limb((10, 40)), THIGH, SHIN)
    assert (knee[0] ** 2 + knee[1] ** 2) ** 0.5 == pytest.approx(THIGH)
    assert ((knee[0] - 10) ** 2 + (knee[1] - 40) ** 2) ** 0.5 == pytest.approx(SHIN)
    assert knee[0] > 10
    with pytest.raises(ValueError, match=r"the limb is 56\.0 long"):
        figure(Pose((0, 0), 0, (Limb((0, 57)),)))


def test_dots_say_their_number_in_words() -> None:
    svg = str(dots(1, 2))
    assert 'aria-label="1 of 2 sessions this week done."' in svg
    assert (svg.count('class="good"'), svg.count('class="s-quiet"')) == (1, 1)
    assert str(dots(3, 2)).count('class="good"') == 3


def test_a_dose_is_read_as_the_plan_writes_it() -> None:
    held = planned_set("Wall sit, shallow 4×35 s")
    assert held is not None
    assert (held.sets, held.hold_s, held.dose) == (4, 35, "4×35 s")
    heavy = planned_set("Split squat 3×9 each, weight up 2×5-10 %")
    assert heavy is not None
    assert (heavy.sets, heavy.amount, heavy.hold_s) == (3, 9, None)
    assert tempo_words(heavy.row) == "3 s down, 2 s up"
    assert planned_set("Handstand 3×1") is None


def test_the_page_shows_the_session_that_is_planned(visitor: Visitor) -> None:
    expected = plan(visitor)
    page = visitor.get("/strength")
    assert page.status == 200
    assert f"{expected.done} of {expected.wanted} this week" in page.words
    assert expected.next_slot is not None
    assert "Next Friday 18:00" in page.words
    assert "Level B, the usual one" in page.words
    assert len(expected.exercises) == 4
    for exercise in expected.exercises:
        own = planned_set(exercise)
        assert own is not None
        assert f"{own.row.name} " in page.words
        assert f"{own.dose} {own.row.instruction}" in page.words
        assert str(drawing(own.row.name)) in page.html
    assert BOXES.findall(page.html) == ["q", "h", "g", "c"]
    assert len(page.html) < 30_000


def test_what_was_ticked_is_what_was_done(visitor: Visitor) -> None:
    page = send(visitor, group=["q", "c"], effort="hard", pain="3")
    assert "Done: 1 of 2 this week." in page.words
    (session,) = told(visitor)
    assert session.groups == {MuscleGroup.QUADRICEPS, MuscleGroup.CALVES}
    assert (session.effort, session.pain) == (8, 3)
    assert "1 of 2 this week" in page.words
    assert "Done today at 07:42." in page.words
    assert "Next session" in page.words


def test_nothing_ticked_is_the_whole_session_and_right_is_no_word(visitor: Visitor) -> None:
    send(visitor, effort="right", pain="")
    (session,) = told(visitor)
    assert session.groups == set(MuscleGroup)
    assert (session.effort, session.pain) == (None, None)


def test_what_the_session_left_out_was_not_done(visitor: Visitor) -> None:
    morning(visitor, 4)
    page = visitor.get("/strength")
    assert BOXES.findall(page.html) == ["g", "h", "c"]
    assert "Level A, gentle" in page.words
    send(visitor, effort="easy")
    (session,) = told(visitor)
    assert session.groups == {MuscleGroup.GLUTEALS, MuscleGroup.HAMSTRINGS, MuscleGroup.CALVES}
    assert session.effort == 5


def test_pressing_twice_is_one_session(visitor: Visitor) -> None:
    send(visitor, once="the-same", group=["q"])
    page = send(visitor, once="the-same", group=["q"])
    assert "taken in already" in page.words
    assert len(told(visitor)) == 1


@pytest.mark.parametrize(
    "fields", [{"group": ["x"]}, {"effort": "brutal"}, {"pain": "11"}, {"pain": "-1"}, {"group": ["q", "qq"]}]
)
def test_what_makes_no_sense_is_refused_and_stores_nothing(
    visitor: Visitor, fields: dict[str, str | list[str]]
) -> None:
    page = send(visitor, **fields)
    assert page.status == 400
    assert "Nothing was stored." in page.words
    assert told(visitor) == []


def test_a_hold_has_a_clock_and_its_seconds_as_text(visitor: Visitor) -> None:
    visitor.clock.at -= timedelta(days=92)
    assert any("Wall sit, shallow 4×30 s" in one for one in plan(visitor).exercises)
    page = visitor.get("/strength")
    assert 'data-sets="4" data-hold="30"' in page.html
    assert "4×30 s Back on the wall" in page.words
    assert 'aria-live="off"' in page.html
    assert "Moved: 48 h since the last session." in page.words


def test_a_red_knee_gets_the_gentle_session(visitor: Visitor) -> None:
    morning(visitor, 8)
    page = visitor.get("/strength")
    assert "The knee is red, so the gentle exercises only, and none that hurts." in page.words


def test_no_exercises_before_a_clinician_has_seen_the_knee(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        at = visitor.clock.now() - HOUR
        save_reply(session, visitor.athlete.name, PainReply("f", at, ReplyKind.FLAG, flag="locked"))
    page = visitor.get("/strength")
    assert "No exercises until a clinician has seen the knee." in page.words
    assert BOXES.findall(page.html) == []
    assert "/strength/done" not in page.html


def test_a_pause_is_said(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        save_pause(session, visitor.athlete.name, Pause(visitor.clock.now() - HOUR, None))
    page = visitor.get("/strength")
    assert "Paused, so no reminder comes. The exercises are here all the same." in page.words
    assert "Moved" not in page.words


def test_the_reminder_of_today_can_be_skipped_once_and_then_not_any_more(visitor: Visitor) -> None:
    assert "/strength/skip" not in visitor.get("/strength").html
    slot = plan(visitor).next_slot
    assert slot is not None
    visitor.clock.at = slot - timedelta(hours=8)
    assert "Skip today’s reminder" in visitor.get("/strength").words
    page = visitor.post("/strength/skip")
    assert "Skipped: no reminder today." in page.words
    assert "Skip today’s reminder" not in page.words
    key = f"strength:{local_date(slot, visitor.athlete.runner)}"
    with visitor.store.reading() as session:
        (message,) = load_messages(session, [(visitor.athlete.name, key)]).values()
    assert message.text == "Skipped."
    assert visitor.post("/strength/skip").status == 200


def test_somebody_new_has_a_session_too(beginner: Visitor) -> None:
    page = beginner.get("/strength")
    assert "0 of 2 this week" in page.words
    assert BOXES.findall(page.html) == ["q", "h", "g", "c"]


def test_a_session_of_yesterday_is_not_of_today(beginner: Visitor) -> None:
    yesterday = StrengthSession("s", beginner.clock.now() - timedelta(days=1), 20.0)
    with beginner.store.session() as session:
        save_strength(session, beginner.athlete.name, yesterday)
    page = beginner.get("/strength")
    assert "Done today" not in page.words
    assert "This session" in page.words


def test_looking_writes_nothing(visitor: Visitor) -> None:
    before = visitor.get("/strength").words
    visitor.clock.at += timedelta(minutes=1)
    assert visitor.get("/strength").words == before
    assert told(visitor) == []
    assert visitor.clock.at > datetime(2026, 1, 1, tzinfo=UTC)
