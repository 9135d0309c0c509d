"""Years of runners who obey every figure, and of runners who do as they like: the advice stays sane."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from math import isfinite

import pytest
from fakes.scripted_knee import load_of
from fakes.scripted_runner import (
    DISOBEYING_YEAR,
    EAGER,
    OBEYING_YEAR,
    POLICY,
    ZONE,
    Look,
    Ran,
    Script,
    Year,
    activity_of,
    asks_both,
    week_of,
    year_of,
)

from rules.assess import advance, judge
from rules.facts import PromptKind, ReplyKind
from rules.outcome import Finding, Level, LoadState, Message, MessageKind, PainState

HEALTHY = Script("healthy")
WEEK_TOO = Script("healthy, keeps to the figure of the week", minds_week=True)
EAGERLY = Script("eager", habit=EAGER, goal_km=42.2)
FLARE = Script("a flare in month 3", flares=(63,))
TWO_FLARES = Script("two flares in 14 days", flares=(63, 75))
AWAY = Script("18 days off", away_from=63, away_days=18)
STEADY = Script("a steady 3/10", always=3)
QUIET = Script("obeys and never answers", answers=False)
QUIET_DISOBEYING = Script("disobeys and never answers", obeys=False, answers=False)

UNBROKEN = (HEALTHY, WEEK_TOO, EAGERLY, FLARE, STEADY, QUIET)
INTERRUPTED = (TWO_FLARES, AWAY, OBEYING_YEAR)
OBEYING = (*UNBROKEN, *INTERRUPTED)
DISOBEYING = (DISOBEYING_YEAR, QUIET_DISOBEYING)
EVERYONE = (*OBEYING, *DISOBEYING)
LOAD_RULES = frozenset({"R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10up", "R10down"})
SORE_STATES = frozenset({PainState.AMBER, PainState.RED, PainState.RETURNING, PainState.REFERRED})
EPS = 1e-6

obeying = pytest.mark.parametrize("script", OBEYING, ids=lambda script: script.name)
disobeying = pytest.mark.parametrize("script", DISOBEYING, ids=lambda script: script.name)
everyone = pytest.mark.parametrize("script", EVERYONE, ids=lambda script: script.name)


def advised(year: Year) -> list[Look]:
    """The looks since advice was followed, or not."""
    return [look for look in year.looks if look.week >= 1]


def own_runs(year: Year) -> list[Ran]:
    return [run for run in year.runs if run.week >= 1 and not run.walk]


def before(year: Year, look: Look, *, least: int = 0, most: int = 30) -> list[Ran]:
    """Runs so many days before a look."""
    return [
        run
        for run in year.runs
        if not run.walk and run.start < look.at and least <= (look.day - run.look.day).days <= most
    ]


def longest(runs: list[Ran]) -> float:
    return max((run.km for run in runs), default=0.0)


def told(year: Year, run: Ran) -> int | None:
    """The pain she told for a run."""
    scores = [
        reply.score
        for reply in year.replies
        if reply.kind is ReplyKind.DURING and reply.activity_id == run.id
    ]
    return scores[-1] if scores else None


def look_after(year: Year, run: Ran) -> Look | None:
    return next((look for look in year.looks if look.at > run.end), None)


def asked_on(year: Year, kind: PromptKind) -> Iterator[Message]:
    return (
        message for message in year.messages if message.question is not None and message.question.kind is kind
    )


@everyone
def test_every_figure_is_a_number_and_none_is_negative(script: Script) -> None:
    for look in advised(year_of(script)):
        budget, where = look.budget, f"week {look.week}, {look.day}"
        figures = budget.longest_run_km
        assert figures.flat is not None, where
        assert figures.rolling is not None, where
        assert figures.downhill is not None, where
        assert 0 <= figures.downhill <= figures.rolling <= figures.flat, where
        for figure in (figures.flat, budget.week_km, budget.descent_m, budget.fast_min):
            assert figure is None or (isfinite(figure) and figure >= 0), where


def load_warnings(year: Year) -> list[Finding]:
    start = advised(year)[0].at
    return [
        finding
        for finding in year.findings
        if finding.rule in LOAD_RULES and finding.level is Level.WARN and finding.at >= start
    ]


def in_words(finding: Finding) -> str:
    return f"{finding.rule} in week {week_of(finding.at.date())}: {dict(finding.numbers)}"


@pytest.mark.parametrize("script", UNBROKEN, ids=lambda script: script.name)
def test_obeying_never_raises_a_load_warning(script: Script) -> None:
    assert [in_words(finding) for finding in load_warnings(year_of(script))] == []


@pytest.mark.parametrize("script", INTERRUPTED, ids=lambda script: script.name)
def test_obeying_raises_a_load_warning_only_in_the_weeks_of_coming_back(script: Script) -> None:
    """A break empties the windows: half of the old long run is far beyond the last 30 days (R1, R2), and the ten fast
    minutes that the budget begins with are the first in a month (R6, and R7 with the week)."""
    year = year_of(script)
    for finding in load_warnings(year):
        on = finding.at.astimezone(ZONE).date()
        look = next(run.look for run in year.runs if run.id == finding.activity_id)
        if finding.rule in ("R1", "R2"):
            assert look.pain is PainState.RETURNING, in_words(finding)
        else:
            assert finding.rule in ("R6", "R7"), in_words(finding)
            assert any(
                other.figure_km == 0 or returning_lately(year, other)
                for other in year.looks
                if timedelta() <= on - other.day <= timedelta(days=35)
            ), in_words(finding)


@obeying
def test_obeying_grows_the_longest_run_by_at_most_a_tenth_a_week(script: Script) -> None:
    year = year_of(script)
    for run in own_runs(year):
        reached = max(1.10 * longest(before(year, run.look, least=7)), longest(before(year, run.look)))
        gone = not before(year, run.look, most=13) or run.look.pain is PainState.RETURNING
        where = f"week {run.week}: {run.km} km after {reached:.1f}"
        if gone or returning_lately(year, run.look):
            assert run.km <= longest(before(year, run.look, most=92)) + EPS, where
        else:
            assert run.km <= reached + EPS, where


def returning_lately(year: Year, look: Look) -> bool:
    """Whether this is one of the first four runs after two weeks without any."""
    runs = [run for run in year.runs if not run.walk and run.start < look.at][-4:]
    days = [run.look.day for run in runs] + [look.day]
    return any((later - earlier).days >= 14 for earlier, later in pairwise(days))


@everyone
def test_the_figure_of_a_return_never_falls_while_the_runs_are_calm(script: Script) -> None:
    year = year_of(script)
    for earlier, later in pairwise(advised(year)):
        spell = {earlier.pain, later.pain} == {PainState.RETURNING}
        if not spell or later.load is LoadState.RED or earlier.budget.ladder_step is not None:
            continue
        if later.calm_runs < earlier.calm_runs or sore_between(year, earlier, later):
            continue
        assert earlier.figure_km is not None
        assert later.figure_km is not None
        assert later.figure_km >= earlier.figure_km - EPS, f"week {later.week}, {later.day}"


def sore_between(year: Year, earlier: Look, later: Look) -> bool:
    return any((told(year, run) or 0) > 2 for run in year.runs if earlier.at < run.start < later.at)


@pytest.mark.parametrize(("script", "weeks"), [(FLARE, 12), (TWO_FLARES, 17), (AWAY, 13)])
def test_a_return_comes_back_to_what_was_before(script: Script, weeks: int) -> None:
    year = year_of(script)
    looks = advised(year)
    day_zero = looks[0].day - timedelta(days=looks[0].day.weekday())
    since = day_zero + timedelta(days=63)
    old = max(look.figure_km or 0 for look in looks if look.day < since)
    back = next(
        (look for look in looks if look.day > since + timedelta(14) and (look.figure_km or 0) >= old), None
    )
    assert back is not None, f"never back to {old} km"
    took = (back.day - since).days / 7
    assert took <= weeks, f"back to {old} km only after {took:.1f} weeks"


def test_nothing_compounds_within_a_week() -> None:
    """Taking the whole figure on every run grows as slowly as taking it on Sundays."""
    year = year_of(EAGERLY)
    for run in own_runs(year):
        most = 10.0 * 1.10**run.week
        assert run.km <= most + EPS, f"week {run.week}: {run.km} km, at most {most:.1f}"


def test_a_year_of_obeying_ends_where_she_wanted_to_be() -> None:
    year = year_of(HEALTHY)
    assert max(run.km for run in own_runs(year)) == HEALTHY.goal_km
    assert {look.pain for look in advised(year)} == {PainState.GREEN}


@everyone
def test_a_run_that_hurt_is_followed_by_less_and_by_a_question(script: Script) -> None:
    year = year_of(script)
    mornings = {message.due_at.astimezone(ZONE).date() for message in asked_on(year, PromptKind.MORNING)}
    for run in own_runs(year):
        pain, after = told(year, run), look_after(year, run)
        if pain is None or pain < 3 or after is None:
            continue
        where = f"week {run.week}: {run.km} km at {pain}/10"
        assert after.figure_km is not None, where
        assert after.figure_km <= max(0.8 * run.km, POLICY.budget.floor_km) + EPS, where
        assert after.pain in SORE_STATES, where
        assert run.look.day + timedelta(days=1) in mornings, f"{where}, and no question the next morning"


@pytest.mark.parametrize(
    "script", [script for script in EVERYONE if script.answers], ids=lambda script: script.name
)
def test_no_more_than_two_runs_in_a_row_go_without_a_question(script: Script) -> None:
    year = year_of(script)
    questions = [message.question for message in year.messages if message.question is not None]
    asked = {
        question.activity_id
        for question in questions
        if question.kind is PromptKind.AFTER_RUN or asks_both(question)
    }
    unasked = 0
    for run in own_runs(year):
        unasked = 0 if run.id in asked else unasked + 1
        assert unasked < POLICY.prompt.sample, f"week {run.week}: three runs without a question"


@everyone
def test_messages_stay_within_their_budget(script: Script) -> None:
    year = year_of(script)
    alerts = [message.due_at for message in year.messages if message.alert]
    for first, third in zip(alerts, alerts[POLICY.msg.alerts_7d :], strict=False):
        assert third - first > timedelta(days=7), f"three alerts from {first} to {third}"
    dates = [alert.astimezone(ZONE).date() for alert in alerts]
    assert len(set(dates)) == len(dates)
    asked: dict[object, int] = {}
    for kind in (PromptKind.AFTER_RUN, PromptKind.MORNING):
        for message in asked_on(year, kind):
            on = message.due_at.astimezone(ZONE).date()
            asked[on] = asked.get(on, 0) + 1
    assert max(asked.values()) <= POLICY.msg.questions_day


@disobeying
def test_disobeying_is_told(script: Script) -> None:
    year = year_of(script)
    warned = [finding for finding in load_warnings(year) if finding.rule == "R1"]
    assert len(warned) >= 4
    pushed = {key for message in year.messages if message.alert for key in message.findings}
    for finding in warned:
        assert finding.key in pushed, f"R1 of week {week_of(finding.at.date())} was not pushed"


def test_more_than_planned_is_noticed_every_time_it_matters() -> None:
    year = year_of(DISOBEYING_YEAR)
    noticed = {finding.activity_id for finding in year.findings if finding.rule == "P7"}
    for run in own_runs(year):
        look, figure = run.look, run.look.figure_km or 0.0
        matters = look.pain in SORE_STATES or look.load is LoadState.RED
        beyond = run.km > POLICY.p7.ratio * figure + EPS and run.km - figure >= POLICY.p7.min_extra_km
        assert (run.id in noticed) == (matters and beyond), f"week {run.week}: {run.km} km of {figure}"
    assert noticed


@disobeying
def test_no_figure_goes_beyond_a_tenth_more_than_a_run_that_did_not_hurt(script: Script) -> None:
    year = year_of(script)
    for look in advised(year):
        fine = [run for run in before(year, look) if (told(year, run) or 0) <= 2]
        if look.pain is PainState.RETURNING:
            fine = before(year, look, most=92)
        most = 1.10 * longest(fine)
        assert (look.figure_km or 0) <= most + EPS, f"week {look.week}: {look.figure_km} km of {most:.1f}"


@disobeying
def test_a_run_beyond_the_figure_never_raises_the_figures_of_the_next_days(script: Script) -> None:
    """Against a twin who ran the figure on that day, or stayed at home where it was too small to run. What is within a tenth
    of the longest run of 30 days, be it one that hurt, is no spike and counts at once (RULES 5.1, 8.4)."""
    year = year_of(script)
    compared = 0
    for run in own_runs(year):
        figure = run.look.figure_km or 0.0
        if run.km <= 1.10 * figure or run.km - figure < 1:
            continue
        if run.look.pain not in SORE_STATES and run.km <= 1.10 * longest(before(year, run.look)):
            continue
        compared += 1
        mine = twin = run.before
        mine = advance(
            mine, activity_of(run.start, run.km, run.descent_m), POLICY, load_of(run.km, run.descent_m, 0)
        )
        if figure >= POLICY.hurt.walk_km:
            down = run.descent_m * figure / run.km
            twin = advance(twin, activity_of(run.start, figure, down), POLICY, load_of(figure, down, 0))
        for days in range(1, 6):
            then = run.end + timedelta(days=days)
            raised, offered = (
                judge(state, POLICY, then, asks=False, trains=False).budget.longest_run_km.flat or 0.0
                for state in (mine, twin)
            )
            assert raised <= offered + EPS, (
                f"week {run.week}, {days} days on: {raised} km instead of {offered}"
            )
    assert compared >= 4


def test_the_twin_who_obeys_is_offered_more_in_the_end() -> None:
    def last_half(script: Script) -> float:
        figures = [look.figure_km or 0.0 for look in advised(year_of(script)) if look.week > 13]
        return sum(figures) / len(figures)

    assert last_half(OBEYING_YEAR) > 1.5 * last_half(DISOBEYING_YEAR)


def test_a_steady_three_of_ten_ends_at_the_floor_and_hears_of_a_physio() -> None:
    year = year_of(STEADY)
    ran = own_runs(year)
    assert {look.figure_km for look in advised(year) if look.week >= 3} == {POLICY.budget.floor_km}
    assert {run.km for run in ran if run.week >= 3} == {POLICY.budget.floor_km}
    referred = [message for message in year.messages if message.kind is MessageKind.REFER]
    assert referred
    assert all("physio" in message.text.lower() for message in referred)
    for earlier, later in pairwise(referred):
        assert later.due_at - earlier.due_at >= timedelta(days=POLICY.refer.physio_days - 1)


@pytest.mark.parametrize("script", [QUIET, QUIET_DISOBEYING], ids=lambda script: script.name)
def test_who_never_answers_is_asked_less_and_nothing_is_claimed(script: Script) -> None:
    year = year_of(script)
    assert {look.pain for look in advised(year)} == {PainState.UNKNOWN}
    later = [
        message
        for message in year.messages
        if message.question is not None and week_of(message.due_at.astimezone(ZONE).date()) > 0
    ]
    assert len(later) <= 2 * script.weeks, "weekly mode asks at most about the week"


def test_silence_is_no_licence_to_grow() -> None:
    figures = [look.figure_km or 0.0 for look in advised(year_of(QUIET))]
    assert max(figures) <= 10.0
    assert min(figures) >= 8.5
