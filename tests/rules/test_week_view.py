"""What the digest shows of the last weeks, from scripted runners and from made-up weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fakes.scripted_runner import DISOBEYING_YEAR, OBEYING_YEAR, RUNNER, Ran, Script, Year, year_of
from fakes.talk import POLICY, assessed, at, recorded, run

from rules.assess import judge
from rules.digest import ahead_sentence
from rules.facts import Grade, History, PainReply, ReplyKind, Runner, StrengthSession
from rules.outcome import Assessment, Budget, LongestRun, PainState, PainView, Sent, StrengthPlan
from rules.records import Record
from rules.week_view import Knee, WeekView, week_end, week_view

SUNDAY = date(2026, 6, 14)
ASSESSED = assessed(at("18:00", 6))
FIGURES = Budget(LongestRun(flat=11.5), descent_m=80, coming_week_km=33.9)


def seen_before(year: Year, ran: Ran) -> tuple[Assessment, WeekView]:
    """The week that ended on the Sunday before a run, as looked at just before that run."""
    now = ran.look.at
    told = judge(ran.before, POLICY, now)
    sent = [Sent(one.key, one.kind, one.due_at, one.findings, one.alert) for one in year.messages]
    return told, week_view(told, ran.before.core.recent, sent, POLICY, week_end(ran.look.day))


def first_run_of_week(script: Script, week: int) -> tuple[Assessment, WeekView]:
    year = year_of(script)
    return seen_before(year, next(ran for ran in year.runs if ran.week == week))


def ran_in(year: Year, week: int) -> list[Ran]:
    return [ran for ran in year.runs if ran.week == week]


def test_the_weeks_are_what_the_runner_ran() -> None:
    year = year_of(OBEYING_YEAR)
    _, view = first_run_of_week(OBEYING_YEAR, 9)
    for back, week in enumerate(reversed(view.weeks)):
        runs = ran_in(year, 8 - back)
        assert week.km == pytest.approx(sum(ran.km for ran in runs))
        assert week.descent_m == pytest.approx(sum(ran.descent_m for ran in runs))
        before = [sum(ran.km for ran in ran_in(year, 8 - back - older)) for older in (1, 2, 3)]
        assert week.usual_km == pytest.approx(sum(before) / 3)


def test_the_days_are_monday_to_sunday_with_the_worst_answer_of_each() -> None:
    year = year_of(OBEYING_YEAR)
    week = next(ran.week for ran in year.runs if ran.week > 8 and ran.pain >= 6)
    later = next(ran for ran in year.runs if ran.week > week)
    _, view = seen_before(year, later)
    days = view.days[-7 * (later.week - week) :][:7]
    assert [day.date.isoweekday() for day in days] == [1, 2, 3, 4, 5, 6, 7]
    worst = {reply.activity_id: reply.score for reply in year.replies if reply.kind is ReplyKind.DURING}
    flare = next(ran for ran in ran_in(year, week) if ran.pain >= 6)
    (day,) = (day for day in days if day.date == flare.look.day)
    assert day.km == pytest.approx(flare.km)
    assert day.knee == Knee(Grade.RED, worst[flare.id])
    assert None in [one.knee for one in view.days], "a day without an answer is a gap, not a zero"


def test_a_run_is_marked_where_a_warning_about_it_was_sent() -> None:
    year = year_of(DISOBEYING_YEAR)
    alerts = [message for message in year.messages if message.alert]
    warned = {key.split("|")[1] for message in alerts for key in message.findings}
    later = next(ran for ran in year.runs if ran.week == 4)
    _, view = seen_before(year, later)
    marked = {day.date.isoformat() for day in view.days if day.warned}
    assert marked
    shown = {day.date.isoformat() for day in view.days}
    assert marked == warned & shown
    without = week_view(
        judge(later.before, POLICY, later.look.at), later.before.core.recent, (), POLICY, view.week.ends
    )
    assert not any(day.warned for day in without.days), "a finding nobody was told of is no warning"


def test_what_the_coming_week_may_hold_follows_the_last_three_weeks() -> None:
    told, view = first_run_of_week(OBEYING_YEAR, 5)
    weeks = [week.km or 0.0 for week in view.weeks[-3:]]
    # Looked at on Tuesday before the first run: the last seven days are still those of the last week but its Tuesday's.
    assert told.budget.coming_week_km is not None
    assert view.coming_km == told.budget.coming_week_km
    assert told.budget.coming_week_km <= 1.2 * sum(weeks) / 3
    assert told.budget.coming_week_km >= 0.9 * sum(weeks) / 3
    assert view.longest_km == told.budget.longest_run_km.flat


def test_a_red_knee_has_no_week_to_look_forward_to() -> None:
    year = year_of(DISOBEYING_YEAR)
    red = next(ran for ran in year.runs if ran.look.pain is PainState.RED)
    told, view = seen_before(year, red)
    assert told.budget.coming_week_km == 0.0
    assert view.coming_km is None
    assert ahead_sentence(told, RUNNER) == "No running yet; walk or bike if it stays at 2 or less."


def weeks_of(*kilometres: float, descents: tuple[float | None, ...] | None = None) -> tuple[Record, ...]:
    """One run on the Wednesday of each week, the last in the week that ends on SUNDAY."""
    first = 2 - 7 * (len(kilometres) - 1)
    metres = descents or (None,) * len(kilometres)
    return tuple(
        recorded(run(f"w{index}", at("10:00", first + 7 * index), km=km), down)
        for index, (km, down) in enumerate(zip(kilometres, metres, strict=True))
    )


def shown(history: History | None = None, **told: Any) -> WeekView:
    return week_view(replace(ASSESSED, **told), history or History(), (), POLICY, SUNDAY)


def test_before_the_first_run_nothing_is_known_and_after_it_a_week_off_is_zero() -> None:
    view = shown(counted=weeks_of(6.0, 0.0, 8.0)[::2])
    assert [week.km for week in view.weeks] == [None] * 5 + [6.0, 0.0, 8.0]
    assert [week.usual_km for week in view.weeks] == [None] * 8


def test_hills_of_two_watches_have_no_usual() -> None:
    runs = weeks_of(8, 8, 8, 8, descents=(200.0, 250.0, 300.0, 340.0))
    assert shown(counted=runs, usual_week_km=8.0).week.usual_descent_m == 250.0
    other = (*runs[:3], replace(runs[3], device="new"))
    assert shown(counted=other, usual_week_km=8.0).week.usual_descent_m is None
    assert shown(counted=other, usual_week_km=8.0).week.descent_m == 340.0


def test_a_week_without_terrain_is_not_a_flat_one() -> None:
    assert shown(counted=weeks_of(8, 8, descents=(200.0, None))).week.descent_m is None


def test_strength_is_counted_from_the_first_session_on() -> None:
    sessions = tuple(StrengthSession(f"s{day}", at("18:00", day), 20.0) for day in (-13, -6, -3, 1, 4))
    view = shown(History(strength=sessions), strength=StrengthPlan(wanted=2))
    assert [week.strength for week in view.weeks] == [None] * 5 + [1, 2, 2]
    assert view.strength_wanted == 2


def test_strength_plays_no_part_where_none_was_ever_done_or_planned() -> None:
    assert shown().strength_wanted is None
    assert shown(strength=StrengthPlan(next_slot=at("18:00", 8))).week.strength == 0


def test_a_corrected_answer_counts_and_the_one_before_it_does_not() -> None:
    runs = weeks_of(8.0)
    told = History(
        replies=(
            PainReply("r1", at("12:00", 2), ReplyKind.DURING, 7, activity_id="w0"),
            PainReply("r2", at("12:05", 2), ReplyKind.DURING, 2, activity_id="w0"),
            PainReply("r3", at("07:40", 3), ReplyKind.MORNING, 1),
            PainReply("r4", at("07:50", 3), ReplyKind.SPOT, 3),
            PainReply("r5", at("18:30", 5), ReplyKind.WEEKLY, 9),
        )
    )
    knees = [day.knee for day in shown(told, counted=runs).week_days]
    assert knees == [None, None, Knee(Grade.GREEN, 2), Knee(Grade.AMBER, 3), None, None, None]


def test_the_answer_of_the_next_morning_belongs_to_the_day_of_its_run() -> None:
    late = PainReply("r1", at("07:40", 3), ReplyKind.DURING, 4, activity_id="w0")
    view = shown(History(replies=(late,)), counted=weeks_of(8.0))
    assert [day.knee is not None for day in view.week_days] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]


def test_a_button_is_an_answer_without_a_number() -> None:
    told = tuple(
        PainReply(f"r{day}", at("07:40", day), ReplyKind.MORNING, grade=grade)
        for day, grade in enumerate((Grade.GREEN, Grade.AMBER, Grade.RED))
    )
    knees = [day.knee for day in shown(History(replies=told)).week_days][:3]
    assert knees == [Knee(Grade.GREEN), Knee(Grade.AMBER), Knee(Grade.RED)]


def test_the_last_sunday_is_today_on_a_sunday() -> None:
    assert week_end(SUNDAY) == SUNDAY
    assert week_end(SUNDAY + timedelta(days=1)) == SUNDAY
    assert week_end(SUNDAY - timedelta(days=1)) == SUNDAY - timedelta(days=7)


def ahead(budget: Budget, pain: PainState = PainState.GREEN, *, miles: bool = False) -> str:
    now = datetime(2026, 6, 14, 18, tzinfo=UTC)
    told = Assessment(now=now, budget=budget, pain=PainView(pain))
    return ahead_sentence(told, Runner(miles=miles))


def test_the_coming_week_reads_in_the_runners_unit_and_never_rounds_up() -> None:
    assert ahead(FIGURES) == "This week: 33 km, longest 11.5."
    assert ahead(FIGURES, miles=True) == "This week: 21 mi, longest 7.1."


def test_from_tomorrow_goes_without_saying_on_sunday_evening_but_not_from_tuesday() -> None:
    monday, tuesday = SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=2)
    assert ahead(replace(FIGURES, not_before=monday)) == "This week: 33 km, longest 11.5."
    assert (
        ahead(replace(FIGURES, not_before=tuesday)) == "This week: 33 km. Next: from Tuesday, up to 11.5 km."
    )


def test_what_the_next_run_must_be_is_said_whole() -> None:
    assert ahead(FIGURES, PainState.AMBER) == "This week: 33 km. Next: up to 11.5 km, flat."


def test_a_week_no_longer_than_its_longest_run_is_not_told() -> None:
    assert ahead(replace(FIGURES, coming_week_km=9.0)) == "Next: up to 11.5 km."
    assert ahead(replace(FIGURES, coming_week_km=None)) == "Next: up to 11.5 km."
