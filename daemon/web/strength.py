"""GET /strength: what a session holds now, to be ticked off; done, and no reminder today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from werkzeug.wrappers import Response

from daemon.jobs.assess import Look
from daemon.jobs.skipping import skip_reminder
from daemon.store.messages import load_messages
from daemon.web.drawings.exercises import drawing
from daemon.web.drawings.sessions import dots
from daemon.web.errors import Refused
from daemon.web.saying import once, say
from daemon.web.visit import Visit
from rules.exercises import EFFORT_AND_REST, REST_S, Set, planned_set, tempo_words
from rules.facts import MuscleGroup, Runner
from rules.headlines import GROUP_WORDS
from rules.outcome import PainState, StrengthPlan
from rules.phrases import capital, clock_words, day, local_date
from rules.reminders import skipped_today
from rules.strength_log import sessions_of
from rules.timing import at_clock_time, paused_at

EFFORTS = {"easy": "Easy", "right": "Right", "hard": "Hard"}
"""`right` is what a session aims at, and no word of the grammar: without a word it is that."""
LEVELS = {
    "A": "gentle, for a sore knee or the first runs back",
    "B": "the usual one",
    "C": "full, after two calm weeks",
}
SCORES = range(11)
PAUSED = "Paused, so no reminder comes. The exercises are here all the same."
NO_STRENGTH = "No exercises until a clinician has seen the knee."


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise as its card shows it. `hold_s` None: repetitions are counted."""

    name: str
    group: str
    part: str
    dose: str
    sets: int
    hold_s: int | None
    tempo: str
    instruction: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class Week:
    """The session's head. `today`: its reminder is still to come and can be skipped. `note` is what else is to be known."""

    plan: StrengthPlan
    picture: Markup
    level: str
    next: str
    moved: str
    note: str
    done_at: str
    today: bool


def show(visit: Visit) -> Response:
    seen = visit.look()
    exercises = [_exercise(one) for one in map(planned_set, seen.assessment.strength.exercises) if one]
    return visit.page(
        "strength",
        week=_week(visit, seen),
        exercises=exercises,
        efforts=EFFORTS,
        scores=SCORES,
        effort_and_rest=EFFORT_AND_REST,
        rest_s=REST_S,
        no_strength=NO_STRENGTH,
        date=local_date(visit.now, visit.athlete.runner).isoformat(),
        once=once(),
    )


def done(visit: Visit) -> Response:
    """What was ticked, in the words of the grammar; nothing ticked is the whole session."""
    groups = visit.chosen("group", 2)
    effort, pain = visit.field("effort", 10), visit.field("pain", 2)
    known = set(groups) <= set(MuscleGroup)
    if not known or effort not in ("", *EFFORTS) or (pain and pain not in map(str, SCORES)):
        raise Refused(400, "Not understood", "This makes no sense to niggled. Nothing was stored.")
    planned = [planned_set(one) for one in visit.look().assessment.strength.exercises]
    chosen = set(groups) or {one.row.group for one in planned if one}
    words = ["done"]
    if chosen != set(MuscleGroup):
        words += [group for group in MuscleGroup if group in chosen]
    words += [effort] if effort in ("easy", "hard") else []
    words += [pain] if pain else []
    return visit.see_other("/strength", told=say(visit, " ".join(words)))


def skip(visit: Visit) -> Response:
    skip_reminder(visit.house.store, visit.athlete, visit.now)
    return visit.see_other("/strength", told="Skipped: no reminder today.")


def _exercise(planned: Set) -> Exercise:
    row = planned.row
    return Exercise(
        name=row.name,
        group=row.group.value,
        part=capital(GROUP_WORDS[row.group]),
        dose=planned.dose,
        sets=planned.sets,
        hold_s=planned.hold_s,
        tempo="" if planned.hold_s else capital(tempo_words(row)),
        instruction=row.instruction,
        picture=drawing(row.name),
    )


def _week(visit: Visit, seen: Look) -> Week:
    plan, runner, now = seen.assessment.strength, visit.athlete.runner, visit.now
    paused = paused_at(now, seen.history.pauses)
    return Week(
        plan,
        dots(plan.done, plan.wanted),
        f"{plan.level}, {LEVELS[plan.level]}",
        _next(plan, runner, now),
        f"Moved: {plan.moved_because}." if plan.moved_because and not paused else "",
        PAUSED if paused else _note(seen),
        _done_today(seen, runner, now),
        _can_be_skipped(visit, plan),
    )


def _next(plan: StrengthPlan, runner: Runner, now: datetime) -> str:
    if plan.next_slot is None:
        return ""
    on = day(local_date(plan.next_slot, runner), local_date(now, runner))
    return f"{capital(on)} {clock_words(plan.next_slot, runner)}"


def _note(seen: Look) -> str:
    red = seen.assessment.pain.overall is PainState.RED
    return "The knee is red, so the gentle exercises only, and none that hurts." if red else ""


def _done_today(seen: Look, runner: Runner, now: datetime) -> str:
    """When the last session of today ended; empty where there was none."""
    midnight = at_clock_time(local_date(now, runner), "00:00", runner)
    ends = [one.end for one in sessions_of(seen.history, midnight, seen.policy) if one.end <= now]
    return clock_words(max(ends), runner) if ends else ""


def _can_be_skipped(visit: Visit, plan: StrengthPlan) -> bool:
    """Whether today's reminder is planned and was neither sent nor skipped."""
    athlete, now = visit.athlete, visit.now
    today = local_date(now, athlete.runner)
    if plan.next_slot is None or local_date(plan.next_slot, athlete.runner) != today:
        return False
    key = athlete.name, skipped_today(athlete.runner, athlete.policy, now).key
    with visit.house.store.reading() as session:
        return key not in load_messages(session, [key])
