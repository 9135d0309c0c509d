"""GET /runs: the runs and walks, newest first. GET /runs/<number>: one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from daemon.jobs.adapt import in_force
from daemon.store.engine import Session
from daemon.store.errors import StoreError
from daemon.store.findings import findings_about
from daemon.store.history import show_activity
from daemon.store.runs import first_and_last, leaf
from daemon.web import runs_words as words
from daemon.web.errors import NOT_HERE
from daemon.web.run_answers import answers_about
from daemon.web.run_facts import FOUND_WITHIN, NEXT, run_facts
from daemon.web.run_view import run_view
from daemon.web.visit import Visit
from rules.core import zone_named
from rules.facts import Activity, PainReply
from rules.gates import end_of, gate_reason
from rules.noted import LOAD_RULES
from rules.outcome import Level
from rules.phrases import distance
from rules.policy import Policy
from rules.records import local_start
from rules.week_view import worst_knee
from rules.wording import title

A_LEAF = 30
HILLY_M = 50.0
"""Fewer metres are not told in the list."""
LARGEST_NUMBER = 2**31 - 1
FIRST_YEAR, LAST_YEAR = 1990, 2990


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `knee` is the worst that was said about it and `grade` its colour; `spoke` are the titles of the
    warnings about its load, `aside` why it stands apart."""

    number: str
    day: str
    sport: str
    distance: str
    beside: tuple[str, ...]
    knee: str
    grade: str
    spoke: tuple[str, ...]
    aside: str


def listing(visit: Visit) -> Response:
    name, zone = visit.athlete.name, zone_named(visit.athlete.runner.timezone)
    before, after, year = (_asked(visit, key) for key in ("before", "after", "year"))
    with visit.house.store.reading() as session:
        until = None if year is None else _year_end(year, zone)
        shown = leaf(session, name, limit=A_LEAF, before=before, after=after, until=until)
        ends = first_and_last(session, name)
        rows = _rows(session, visit, shown.activities)
    months = [words.month_words(local_start(one, zone)) for one in shown.activities]
    return visit.page(
        "runs",
        months=[
            (month, [row for _, row in group])
            for month, group in groupby(zip(months, rows, strict=True), lambda one: one[0])
        ],
        newer=shown.activities[0].id if shown.newer and rows else None,
        older=shown.activities[-1].id if shown.older and rows else None,
        years=_years(ends, zone),
    )


def show(visit: Visit, number: int) -> Response:
    if number > LARGEST_NUMBER:
        raise NOT_HERE
    with visit.house.store.reading() as session:
        try:
            detail = show_activity(session, visit.athlete.name, str(number))
        except StoreError:
            raise NOT_HERE from None
        athlete = in_force(session, visit.athlete, visit.now)
        facts = run_facts(session, athlete, detail, visit.now)
    return visit.page("run", **run_view(facts, athlete.runner, athlete.policy, visit.now))


def _asked(visit: Visit, key: str) -> int | None:
    """A number of the address; None where it is none."""
    text = visit.request.args.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _year_end(year: int, zone: ZoneInfo) -> datetime | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    return datetime(year + 1, 1, 1, tzinfo=zone).astimezone(UTC)


def _years(ends: tuple[datetime, datetime] | None, zone: ZoneInfo) -> list[int]:
    """The newest first."""
    if ends is None:
        return []
    first, last = (instant.astimezone(zone).year for instant in ends)
    return list(range(last, max(first, FIRST_YEAR) - 1, -1))


def _rows(session: Session, visit: Visit, activities: Sequence[Activity]) -> list[Row]:
    if not activities:
        return []
    athlete, policy = visit.athlete, visit.athlete.policy
    in_order = activities[::-1]
    later = leaf(session, athlete.name, limit=NEXT, after=int(in_order[-1].id)).activities[::-1]
    answers = answers_about(session, athlete.name, in_order, later, athlete.runner, policy)
    spoke: dict[str, list[str]] = {}
    since, until = in_order[0].start, max(end_of(one) for one in in_order) + FOUND_WITHIN
    for stored in findings_about(session, athlete.name, answers, since, until):
        finding = stored.finding
        if finding.rule in LOAD_RULES and finding.level is not Level.NOTE and finding.activity_id:
            spoke.setdefault(finding.activity_id, []).append(title(finding))
    return [_row(one, answers[one.id], spoke.get(one.id, []), visit, policy) for one in activities]


def _row(
    activity: Activity, answers: Sequence[PainReply], spoke: Sequence[str], visit: Visit, policy: Policy
) -> Row:
    runner = visit.athlete.runner
    on: date = local_start(activity, zone_named(runner.timezone)).date()
    knee = worst_knee(answers, policy)
    hilly = max(activity.ascent_m or 0.0, activity.descent_m or 0.0) >= HILLY_M
    hills = words.hill_words(activity.ascent_m, activity.descent_m) if hilly else ""
    beside = (" · ".join(filter(None, (words.lasted(activity), words.pace_words(activity, runner)))), hills)
    aside = "does not count" if gate_reason(activity, policy, visit.now) else "race" if activity.race else ""
    return Row(
        number=activity.id,
        day=words.short_day(on),
        sport=words.sport_words(activity),
        distance="–" if activity.distance_m is None else distance(activity.distance_m / 1000, runner),
        beside=tuple(part for part in beside if part),
        knee="" if knee is None else words.knee_words(knee),
        grade="" if knee is None else words.grade_word(knee.grade),
        spoke=tuple(dict.fromkeys(spoke)),
        aside=aside,
    )
