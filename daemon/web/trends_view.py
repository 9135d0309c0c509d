"""What the page of trends shows: weeks of load, days of the knee, weeks of strength, and where a rule spoke."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from daemon.jobs.assess import Look
from rules.core import zone_named
from rules.facts import Activity, Family, History, PainReply, ReplyKind, RunLoad, Runner, Side, TerrainClass
from rules.gates import gate_reason, moving_seconds
from rules.noted import LOAD_RULES
from rules.outcome import Finding, Level
from rules.pain_fold import attributed
from rules.past_weeks import USUAL_WEEKS, WEEK_DAYS, Figure, PastWeek, past_weeks
from rules.phrases import local_date
from rules.policy import Policy
from rules.records import Record, record_of
from rules.strength import merged
from rules.strength_log import sessions_of
from rules.week_view import GRADES, Knee, worst_knee
from rules.wording import finding_sentence, title

WEEK = timedelta(days=WEEK_DAYS)
LATEST_RECORDS = 12
"""An answer that names no run belongs to one of the last that had ended."""


class Measure(StrEnum):
    """What a chart of weeks counts."""

    KM = "km"
    DESCENT = "descent"
    KNEE_LOAD = "knee_load"
    FAST = "fast"


MEASURE_OF_RULE = {
    "R1": Measure.KM,
    "R9": Measure.KM,
    "R3": Measure.KM,
    "R7": Measure.KM,
    "R4": Measure.DESCENT,
    "R5": Measure.DESCENT,
    "R10up": Measure.DESCENT,
    "R10down": Measure.DESCENT,
    "R2": Measure.KNEE_LOAD,
    "R8": Measure.KNEE_LOAD,
    "R6": Measure.FAST,
}
"""The chart on which a load rule has its mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A load rule that spoke: `number` is the finding's own for its page, `warned` is false for a note."""

    number: str
    measure: Measure
    on: date
    word: str
    warned: bool
    sentence: str
    activity_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure, a figure a week; `peaks` are the peak-weighted figures of knee load, empty elsewhere."""

    measure: Measure
    figures: tuple[Figure, ...]
    marks: tuple[Mark, ...] = ()
    peaks: tuple[float | None, ...] = ()

    @property
    def is_known(self) -> bool:
        return any(figure.value is not None for figure in self.figures)


@dataclass(frozen=True, slots=True)
class KneeDays:
    """What one knee said, by date; `side` None where only one is tracked. `others` are answers at no fixed time."""

    side: Side | None
    mornings: Mapping[date, Knee]
    runs: Mapping[date, Knee]
    others: Mapping[date, Knee]

    @property
    def days(self) -> list[date]:
        return sorted({*self.mornings, *self.runs, *self.others})


@dataclass(frozen=True, slots=True)
class Trends:
    """`weeks` Monday to Sunday, the last of them under way. `first_run` None: no run ever. `strength` has None for weeks
    before the first session and is empty where strength plays no part."""

    runner: Runner
    today: date
    monday: date
    weeks: int
    first_run: date | None
    charts: tuple[Chart, ...]
    knees: tuple[KneeDays, ...]
    strength: tuple[int | None, ...]
    wanted: int

    @property
    def mondays(self) -> list[date]:
        return [self.monday + ahead * WEEK for ahead in range(self.weeks)]

    def week_of(self, on: date) -> int:
        """The number of the week that a date lies in, from 0."""
        return (on - self.monday).days // WEEK_DAYS

    @property
    def marks(self) -> list[Mark]:
        return [mark for chart in self.charts for mark in chart.marks]


@dataclass(frozen=True, slots=True)
class Told:
    """What the store holds of the time since `told_since`; the load findings by their numbers."""

    history: History
    findings: Mapping[str, Finding]


def first_monday(now: datetime, weeks: int, runner: Runner) -> date:
    """The Monday on which the first of `weeks` weeks began, the week of `now` being the last."""
    today = local_date(now, runner)
    return today - timedelta(days=today.weekday()) - (weeks - 1) * WEEK


def told_since(now: datetime, weeks: int, runner: Runner) -> datetime:
    """From when on facts are needed: three weeks more for the usual, and a day for other clocks."""
    monday = first_monday(now, weeks, runner) - USUAL_WEEKS * WEEK
    return datetime.combine(monday, datetime.min.time(), zone_named(runner.timezone)) - timedelta(days=1)


def trends(look: Look, told: Told, weeks: int) -> Trends:
    """The page as facts. `told.history` holds activities, their cached loads, replies and strength sessions."""
    history, policy, core = known_by(look, told.history), look.policy, look.state.core
    runner, now = history.runner, look.assessment.now
    today, monday = local_date(now, runner), first_monday(now, weeks, runner)
    records = _counted(history, policy)
    first = core.experience.first_date
    past = past_weeks(records, monday, weeks, today, core.experience, core.terrain_since, policy)
    marks = [mark for mark in _marks(told.findings, runner) if monday <= mark.on <= today]
    return Trends(
        runner=runner,
        today=today,
        monday=monday,
        weeks=weeks,
        first_run=None if first is None else date.fromordinal(first),
        charts=tuple(_chart(measure, past, marks) for measure in Measure),
        knees=_knees(history, records, policy, set(look.assessment.pain.sides), monday),
        strength=_strength(look, history, monday, weeks, today),
        wanted=look.assessment.strength.wanted,
    )


def _counted(history: History, policy: Policy) -> list[Record]:
    """Counted runs and walks in order of start; one that was never measured has its distance only."""
    zone = zone_named(history.runner.timezone)
    return [
        record_of(activity, history.loads.get(activity.id) or _unmeasured(activity), zone)
        for activity in sorted(history.activities, key=lambda one: (one.start, one.id))
        if activity.family in (Family.RUN, Family.WALK) and gate_reason(activity, policy) is None
    ]


def _unmeasured(activity: Activity) -> RunLoad:
    metres, seconds = activity.distance_m or 0.0, moving_seconds(activity)
    return RunLoad(metres, seconds, None, None, None, None, None, None, TerrainClass.NONE)


def _chart(measure: Measure, past: Sequence[PastWeek], marks: Sequence[Mark]) -> Chart:
    own = tuple(mark for mark in marks if mark.measure is measure)
    match measure:
        case Measure.KM:
            return Chart(measure, tuple(week.km for week in past), own)
        case Measure.DESCENT:
            return Chart(measure, tuple(week.descent_m for week in past), own)
        case Measure.KNEE_LOAD:
            peaks = tuple(week.knee_load_peak for week in past)
            return Chart(measure, tuple(week.knee_load for week in past), own, peaks)
        case Measure.FAST:
            return Chart(measure, tuple(week.fast_min for week in past), own)


def _marks(findings: Mapping[str, Finding], runner: Runner) -> Iterator[Mark]:
    """In order of their dates, the loudest first within one."""
    rank = {rule: place for place, rule in enumerate(LOAD_RULES)}

    def order(numbered: tuple[str, Finding]) -> tuple[date, bool, int]:
        finding = numbered[1]
        return _date_of(finding, runner), finding.level is Level.NOTE, rank[finding.rule]

    for number, finding in sorted(findings.items(), key=order):
        yield Mark(
            number=number,
            measure=MEASURE_OF_RULE[finding.rule],
            on=_date_of(finding, runner),
            word=title(finding),
            warned=finding.level is not Level.NOTE,
            sentence=finding_sentence(finding, runner),
            activity_id=finding.activity_id,
        )


def _date_of(finding: Finding, runner: Runner) -> date:
    """The local date of its run, which the subject names; else that of the instant."""
    _, _, start = finding.subject.partition(":")
    try:
        return datetime.fromisoformat(start).date()
    except ValueError:
        return local_date(finding.at, runner)


def _knees(
    history: History, records: Sequence[Record], policy: Policy, tracked: set[Side], monday: date
) -> tuple[KneeDays, ...]:
    """One for each knee that is tracked or was asked about; of two answers to the same question the last (RULES 6)."""
    own = history.runner.default_side
    kept: dict[tuple[Side, str], dict[date, dict[str, PainReply]]] = {}
    by_id = {record.id: record for record in records}
    starts = [record.start for record in records]
    for reply in sorted(history.replies, key=lambda one: (one.at, one.id)):
        asked = ASKED.get(reply.kind)
        if asked is None or (reply.score is None and reply.grade not in GRADES):
            continue
        on, about = local_date(reply.at, history.runner), reply.id
        if reply.kind is ReplyKind.MORNING:
            about = ""
        elif reply.kind is ReplyKind.DURING:
            near = records[
                max(0, bisect_right(starts, reply.at) - LATEST_RECORDS) : bisect_right(starts, reply.at)
            ]
            prompted = by_id.get(reply.activity_id or "")
            run = attributed(reply, near if prompted is None else (prompted,), policy)
            if run is not None:
                on, about = date.fromordinal(run.date), run.id
        if on >= monday:
            kept.setdefault((reply.side or own, asked), {}).setdefault(on, {})[about] = reply
    sides = sorted({*tracked, *(side for side, _ in kept)}, key=list(Side).index)

    def worst(side: Side, asked: str) -> dict[date, Knee]:
        days = kept.get((side, asked), {})
        knees = {on: worst_knee(replies.values(), policy) for on, replies in days.items()}
        return {on: knee for on, knee in knees.items() if knee is not None}

    return tuple(
        KneeDays(
            side if len(sides) > 1 else None, *(worst(side, asked) for asked in ("morning", "run", "other"))
        )
        for side in sides
    )


ASKED = {
    ReplyKind.MORNING: "morning",
    ReplyKind.DURING: "run",
    ReplyKind.SPOT: "other",
    ReplyKind.WEEKLY: "other",
}


def _strength(look: Look, history: History, monday: date, weeks: int, today: date) -> tuple[int | None, ...]:
    """Sessions a week, from the first one that is known of on."""
    since = (
        datetime.combine(monday, datetime.min.time(), zone_named(history.runner.timezone))
        - USUAL_WEEKS * WEEK
    )
    sessions = merged(tuple(sessions_of(history, since, look.policy)))
    dates = [local_date(session.start, history.runner) for session in sessions]
    if not dates and look.assessment.strength.next_slot is None:
        return ()
    first = min([*dates, today])
    counts: list[int | None] = []
    for index in range(weeks):
        begins = monday + index * WEEK
        known = first < begins + WEEK
        counts.append(sum(1 for on in dates if begins <= on < begins + WEEK) if known else None)
    return tuple(counts)


def known_by(look: Look, history: History) -> History:
    """The part of a history that is past, with what this look measured itself before what was cached."""
    now = look.assessment.now
    return replace(
        history,
        activities=tuple(one for one in history.activities if one.start <= now),
        replies=tuple(one for one in history.replies if one.at <= now),
        strength=tuple(one for one in history.strength if one.start <= now),
        loads={**history.loads, **look.state.loads, **look.loads},
    )
