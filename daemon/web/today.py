"""Today: how the runner stands, what is fine next, what is due, the last run, and how the knee is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from markupsafe import Markup
from werkzeug.wrappers import Response

from daemon.cli.channel_lines import unheard_words
from daemon.cli.source_lines import key_words, source_affairs, source_words
from daemon.store.conversation import hearings
from daemon.store.engine import Session
from daemon.store.history import list_activities
from daemon.web.drawings.budget import draw_days, draw_grounds, draw_intervals, draw_week
from daemon.web.questions import Form, Incomplete, take_form
from daemon.web.today_forms import (
    WHEN,
    can_tell_of_run,
    cleared_form,
    correction,
    form_named,
    knee_form,
    note_asked,
    seen_form,
    waiting_form,
)
from daemon.web.today_view import (
    days_ahead,
    grounds_of,
    intervals_of,
    last_run,
    longest_of_month,
    week_parts,
)
from daemon.web.visit import Visit
from rules.facts import Runner
from rules.headlines import EMERGENCY, LADDER
from rules.messages import lowered
from rules.outcome import Assessment, PainState
from rules.phrases import capital, clock_words, day, distance, local_date
from rules.prompts import CHECKLIST_TEXT
from rules.settling import SETTLED_LATE_TEXT, SETTLED_TEXT
from rules.standing import standing, week_spent
from rules.timing import paused_at
from rules.wording import BINDING_WORDS

GONE = "That question was answered already, or is over. Nothing was stored."
STOPPED = frozenset({PainState.RED, PainState.REFERRED})


@dataclass(frozen=True, slots=True)
class NextRun:
    """The drawings, what sets the longest run, and the numbers as (name, value)."""

    drawings: tuple[Markup, ...]
    binding: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """The drawing, the usual week in words, and the numbers as (name, done, left)."""

    drawing: Markup
    usual: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that needs the runner, or soon will; `path` and `action` lead there. `mark` "✘" or "!" where something is
    wrong."""

    title: str
    text: str
    path: str = ""
    action: str = ""
    mark: str = ""


def show(visit: Visit) -> Response:
    """The page."""
    return _page(visit)


def knee_now(visit: Visit) -> Response:
    """An answer from Today: to the question that waits, a correction, or how the knee is."""
    form = form_named(visit, visit.field("question", 500))
    if form is None:
        return visit.see_other("/", GONE)
    note_asked(visit, form)
    try:
        answer = take_form(visit, form)
    except Incomplete as error:
        return _page(visit, error.form)
    return visit.see_other("/", "" if answer is None else _apart(answer.text))


def _page(visit: Visit, lacking: Form | None = None) -> Response:
    seen, runner = visit.look(), visit.athlete.runner
    assessment, today = seen.assessment, local_date(visit.now, runner)
    with visit.house.store.reading() as session:
        known = bool(assessment.counted) or bool(list_activities(session, visit.athlete.name, limit=1))
        due = list(_due(visit, session, today, known=known))
    waiting, again, knee = waiting_form(visit), correction(visit), knee_form(visit)
    if lacking is not None:
        waiting = lacking if waiting is not None and waiting.id == lacking.id else waiting
        again = replace(again, form=lacking) if again is not None and again.form.id == lacking.id else again
        knee = lacking if knee.id == lacking.id else knee
    return visit.page(
        "today",
        colour=assessment.colour.value,
        standing=standing(assessment, runner, seen_at=seen.state.core.pain.seen),
        known=known,
        waiting=waiting,
        again=again,
        cleared=cleared_form(visit),
        seen=seen_form(),
        knee=knee,
        whens=[name for name in WHEN if name != "run" or can_tell_of_run(visit)],
        next_run=_next_run(assessment, runner, today),
        week=_week(assessment, runner, today),
        due=due,
        run=last_run(seen, runner, today),
    )


def _next_run(assessment: Assessment, runner: Runner, today: date) -> NextRun | None:
    """What is fine next as a picture; None while nothing is."""
    budget = assessment.budget
    grounds, session = grounds_of(budget.longest_run_km, runner), intervals_of(assessment)
    days = days_ahead(budget.not_before, today)
    rows = [("Not before", capital(day(budget.not_before, today)))] if budget.not_before and days else []
    drawings = [draw_days(days)] if days else []
    if session is not None:
        said = LADDER[budget.ladder_step] if budget.ladder_step is not None else f"{budget.walk_min} min walk"
        drawings.append(draw_intervals(session, f"Next: {said}."))
        rows.append(("Session", said))
    elif grounds:
        longest = longest_of_month(assessment, today.toordinal())
        words = "" if longest is None else distance(longest, runner)
        drawings.append(draw_grounds(grounds, longest, words))
        rows += [(ground.name, ground.words) for ground in grounds]
        rows += [("Longest run of 30 days", words)] if words else []
    else:
        return None
    return NextRun(tuple(drawings), BINDING_WORDS[budget.binding], tuple(rows))


def _week(assessment: Assessment, runner: Runner, today: date) -> Week | None:
    """The seven days as done and left; None while nothing is known to be left."""
    spent = week_spent(assessment, today.toordinal())
    parts = week_parts(spent, runner)
    if assessment.pain.overall in STOPPED or all(part.left is None for part in parts):
        return None
    usual = distance(spent.usual_km, runner) if spent.usual_km else ""
    return Week(
        draw_week(parts), usual, tuple((part.name, part.done_words, part.left_words) for part in parts)
    )


def _due(visit: Visit, session: Session, today: date, *, known: bool) -> Iterator[Due]:
    """What needs the runner, the urgent first; how the sources are doing as long as nothing has come."""
    runner, now, seen = visit.athlete.runner, visit.now, visit.look()
    for source in source_affairs(session, visit.athlete, visit.house.home, now):
        for words in (source_words(source, runner, now), key_words(source, runner, now)):
            if words is not None and (words.mark or not known):
                yield Due(words.title, capital(words.text), "/settings", "See to it", mark=words.mark)
    for hearing in hearings(session, visit.athlete.name):
        if unheard := unheard_words(hearing, runner, now):
            yield Due(f"Answers on {hearing.channel}", capital(unheard), "/settings", "See to it", mark="✘")
    if paused_at(now, seen.history.pauses):
        yield Due("Paused", "No questions and no reminders until it ends.", "/settings", "Change")
    yield from _strength(seen.assessment, runner, today)
    upcoming = next((one for one in seen.assessment.prompts if one.due_at > now), None)
    if upcoming is not None:
        yield Due("Next question", f"{capital(when_due(upcoming.due_at, runner, today))}.")


def _strength(assessment: Assessment, runner: Runner, today: date) -> Iterator[Due]:
    plan = assessment.strength
    if assessment.pain.overall is PainState.REFERRED or plan.wanted == 0:
        return
    count = f"{plan.done} of {plan.wanted} this week"
    if plan.next_slot is None:
        yield Due("Strength", f"{count}.", "/strength", "See the exercises")
    elif local_date(plan.next_slot, runner) == today:
        at = clock_words(plan.next_slot, runner)
        exercises = "; ".join(lowered(one) for one in plan.exercises)
        yield Due(
            "Strength today", f"{at}, 20 min: {exercises}. {capital(count)}.", "/strength", "Open the session"
        )
    else:
        yield Due(
            "Strength",
            f"{count}, next {when_due(plan.next_slot, runner, today)}.",
            "/strength",
            "See the exercises",
        )


def when_due(instant: datetime, runner: Runner, today: date) -> str:
    """ "today at 18:00", "Tuesday at 07:30"."""
    return f"{day(local_date(instant, runner), today)} at {clock_words(instant, runner)}"


def _apart(text: str) -> str:
    """A direct answer without what the page shows by itself: a question as a form, an emergency as its headline."""
    if EMERGENCY in text:
        return ""
    for question in (CHECKLIST_TEXT, SETTLED_TEXT, SETTLED_LATE_TEXT):
        text = text.removesuffix(question).strip()
    return text
