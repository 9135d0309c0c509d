"""What set-up asks and says: the knee's past, days for strength work, and what would have been said last year (RULES 5.3, 10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations

from rules.answers import AnswerKind, Question, read
from rules.facts import Activity, Family, Runner
from rules.messages import next_sentence
from rules.outcome import LEVEL_ORDER, Assessment, Level
from rules.phrases import WEEKDAYS, day, local_date
from rules.policy import Policy
from rules.replay import Event

RECENT_TEXT = "In the last three months: an operation, a fall or blow on the knee, or a pregnancy?"
RECENT_FLAGS = {
    "operation": "any",
    "surgery": "any",
    "pregnancy": "any",
    "pregnant": "any",
    "fall": "twist",
    "blow": "twist",
}
"""Each answer and the item of the checklist that it counts as: all of them are a clinician's to clear (RULES 1.15)."""
NONE_WORDS = frozenset({"none", "no", "n", "nothing"})
ADULT, LATE_ONSET = 16, 50
TOO_YOUNG = "Under 16 a sore knee needs a clinician, not an app."
LATE = "After 50, knee pain that began without a cause is worth a clinician's look."
STRENGTH_WEEKS = 8
LEAST_RUNS = 4
LEAST_GAP_DAYS = 2
A_YEAR = timedelta(days=365)


def recent_flags(text: str) -> tuple[str, ...] | None:
    """The checklist items behind an answer to RECENT_TEXT; empty for none of them, None for words it does not know."""
    words = text.lower().replace(",", " ").replace("/", " ").split()
    meant = [word for word in words if word not in ("and", "a", "an", "or")]
    if meant and all(word in NONE_WORDS for word in meant):
        return ()
    if not meant or any(word not in RECENT_FLAGS for word in meant):
        return None
    return tuple(dict.fromkeys(RECENT_FLAGS[word] for word in meant))


def checklist_flags(text: str) -> tuple[str, ...] | None:
    """The items named in an answer to the checklist; empty for none; `any` for a yes without one; None where unclear."""
    answer = read(text, Question.CHECKLIST)
    if answer.kind is AnswerKind.NO:
        return ()
    return (answer.flags or ("any",)) if answer.kind is AnswerKind.YES else None


def word_about_age(birth_year: int, today: date, pain: int) -> str:
    """What age alone makes a clinician's question (RULES 5.3, soon); empty where nothing does."""
    years = today.year - birth_year
    if years < ADULT:
        return TOO_YOUNG
    return LATE if years > LATE_ONSET and pain > 0 else ""


def strength_days(
    activities: Iterable[Activity], runner: Runner, policy: Policy, today: date
) -> tuple[str, ...]:
    """Weekdays for strength work: those with the fewest runs of the last eight weeks, apart from each other and not the day
    before the usual long run. The usual days where there are too few runs to tell."""
    since = today - timedelta(weeks=STRENGTH_WEEKS)
    runs = [
        (local_date(one.start, runner), one.distance_m or 0.0)
        for one in activities
        if one.family is Family.RUN
    ]
    runs = [(when, metres) for when, metres in runs if since <= when <= today]
    usual = policy.strength.days
    if len(runs) < LEAST_RUNS:
        return usual
    held = Counter(when.weekday() for when, _ in runs)
    long = Counter(_longest_by_week(runs))

    def cost(days: tuple[int, ...]) -> tuple[int, int, int]:
        taken = sum(held[one] + long[(one + 1) % 7] for one in days)
        known = sum(_name(one) in usual for one in days)
        return taken, -known, -min(_gaps(days))

    apart = [days for days in combinations(range(7), len(usual)) if min(_gaps(days)) >= LEAST_GAP_DAYS]
    return tuple(_name(one) for one in min(apart, key=cost)) if apart else usual


def _longest_by_week(runs: Sequence[tuple[date, float]]) -> Iterable[int]:
    weeks: dict[tuple[int, int], tuple[float, int]] = {}
    for when, metres in runs:
        week = when.isocalendar()[:2]
        weeks[week] = max(weeks.get(week, (0.0, 0)), (metres, when.weekday()))
    return [weekday for _, weekday in weeks.values()]


def _gaps(days: tuple[int, ...]) -> list[int]:
    """Days from each to the next, around the week."""
    following = (*days[1:], days[0] + 7)
    return [later - earlier for earlier, later in zip(days, following, strict=True)]


def _name(weekday: int) -> str:
    return WEEKDAYS[weekday][:3]


def ready_sentence(
    runs: int, events: Iterable[Event], assessment: Assessment, runner: Runner, now: datetime
) -> str:
    """ "Ready. 214 runs read. Last year I would have written 9 times, for example on 12 October: … Now: up to 9.8 km." """
    if not runs:
        return "Ready. No runs read yet: the first weeks teach me what is usual for you."
    told = [event for event in events if event.at >= now - A_YEAR]
    parts = [f"Ready. {runs:,} {'run' if runs == 1 else 'runs'} read.", _last_year(told, runner, now)]
    following = next_sentence(assessment, runner)
    parts.append(following.replace("Next:", "Now:", 1))
    return " ".join(part for part in parts if part)


def _last_year(events: Sequence[Event], runner: Runner, now: datetime) -> str:
    pushes = [event for event in events if event.kind == "push"]
    if not pushes:
        return "Last year I would have written nothing but the weekly digest."
    times = "once" if len(pushes) == 1 else f"{len(pushes)} times"
    example = max(pushes, key=lambda event: (LEVEL_ORDER.index(Level(event.level)), event.at))
    findings = {event.finding.key: event.text for event in events if event.finding is not None}
    told = example.message.findings if example.message is not None else ()
    text = next((findings[key] for key in told if key in findings), example.text)
    when = day(local_date(example.at, runner), local_date(now, runner))
    on = when if when == "today" else f"on {when}"
    return f"Last year I would have written {times}, for example {on}: {text.replace(': ', ', ', 1)}"
