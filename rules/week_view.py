"""The week that ended and the one that comes, as the digest tells and shows them (RULES 11.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import mean

from rules.core import zone_named
from rules.facts import Grade, History, PainReply, ReplyKind, Runner, Side
from rules.noted import LOAD_RULES
from rules.outcome import Assessment, PainState, Sent
from rules.pain_fold import attributed
from rules.phrases import local_date
from rules.policy import Policy
from rules.records import Record, known
from rules.strength import merged
from rules.strength_log import sessions_of

WEEKS = 8
WEEK_DAYS = 7
WEEK = timedelta(days=WEEK_DAYS)
USUAL_WEEKS = 3
USUAL_KNOWN = timedelta(days=27)
"""RULES 2.5: the usual week is the mean of the three before it, once the first run is so long ago."""
SCORED = frozenset({ReplyKind.DURING, ReplyKind.MORNING, ReplyKind.SPOT, ReplyKind.WEEKLY})
GRADES = (Grade.GREEN, Grade.AMBER, Grade.RED)


@dataclass(frozen=True, slots=True)
class Knee:
    """The worst of some answers: its grade as if it were about a run, and its score of 0-10, None for a button."""

    grade: Grade
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """Seven dates of the runner up to the Sunday `ends`. `None` is not known: before the first run, without terrain, or
    before the first strength session. The `usual` figures are means of the three weeks before."""

    ends: date
    km: float | None = None
    usual_km: float | None = None
    descent_m: float | None = None
    usual_descent_m: float | None = None
    strength: int | None = None

    @property
    def number(self) -> int:
        """The ISO week."""
        return self.ends.isocalendar()[1]


@dataclass(frozen=True, slots=True)
class Day:
    """One date: kilometres run, whether a warning about one of its runs was sent, and the knee (`None`: no answer)."""

    date: date
    km: float = 0.0
    warned: bool = False
    knee: Knee | None = None


@dataclass(frozen=True, slots=True)
class WeekView:
    """Eight weeks and their days, oldest first; the last week is the one that ended.

    `strength_wanted` is None where strength plays no part. `coming_km`: what the coming week may hold, None where that is
    not known or says nothing beside `longest_km`, the longest flat run of the budget.
    """

    runner: Runner
    weeks: tuple[Week, ...]
    days: tuple[Day, ...]
    strength_wanted: int | None = None
    coming_km: float | None = None
    longest_km: float | None = None

    @property
    def week(self) -> Week:
        return self.weeks[-1]

    @property
    def week_days(self) -> tuple[Day, ...]:
        return self.days[-WEEK_DAYS:]


def week_end(on: date) -> date:
    """The last Sunday on or before a date."""
    return on - timedelta(days=on.isoweekday() % WEEK_DAYS)


def week_view(
    assessment: Assessment, history: History, sent: Sequence[Sent], policy: Policy, ends: date
) -> WeekView:
    """The weeks up to the Sunday `ends`; `history` reaches back over them and `sent` over the last."""
    first = ends - WEEKS * WEEK
    days = [first + timedelta(days=ahead) for ahead in range(1, WEEKS * WEEK_DAYS + 1)]
    knees, warned = _knees(knee_answers(assessment, history, policy), policy), _warned(assessment, sent)
    strength = _strength(assessment, history, policy, ends)
    weeks = [
        replace(_week(assessment, ends - back * WEEK, ends), strength=strength.get(ends - back * WEEK))
        for back in reversed(range(WEEKS))
    ]
    runs = _runs(assessment.counted)
    return WeekView(
        runner=history.runner,
        weeks=tuple(weeks),
        days=tuple(
            Day(
                day,
                _km(runs.get(day, ())),
                any(run.id in warned for run in runs.get(day, ())),
                knees.get(day),
            )
            for day in days
        ),
        strength_wanted=assessment.strength.wanted if strength else None,
        coming_km=coming_km(assessment),
        longest_km=assessment.budget.longest_run_km.flat,
    )


def coming_km(assessment: Assessment) -> float | None:
    """Kilometres of the coming week; None while the knee forbids running, and where one longest run is all of it."""
    budget, longest = assessment.budget, assessment.budget.longest_run_km.flat
    if assessment.pain.overall in (PainState.RED, PainState.REFERRED) or not longest:
        return None
    return budget.coming_week_km if (budget.coming_week_km or 0.0) >= longest else None


def knee_answers(assessment: Assessment, history: History, policy: Policy) -> list[tuple[date, PainReply]]:
    """Answers with a number or a button and the date each is about; of two to the same question the last (RULES 6)."""
    zone, runner = zone_named(history.runner.timezone), history.runner
    kept: dict[tuple[ReplyKind, Side, str], tuple[date, PainReply]] = {}
    for reply in sorted(history.replies, key=lambda one: (one.at, one.id)):
        if reply.kind not in SCORED or (reply.score is None and reply.grade not in GRADES):
            continue
        about, on = reply.id, reply.at.astimezone(zone).date()
        if reply.kind is ReplyKind.MORNING:
            about = on.isoformat()
        elif reply.kind is ReplyKind.DURING:
            run = attributed(reply, assessment.counted, policy)
            if run is not None:
                about, on = run.id, date.fromordinal(run.date)
        kept[reply.kind, reply.side or runner.default_side, about] = (on, reply)
    return list(kept.values())


def worst_knee(replies: Iterable[PainReply], policy: Policy) -> Knee | None:
    """The worst of some answers; numbers go before buttons."""
    told = list(replies)
    scores = [reply.score for reply in told if reply.score is not None]
    if scores:
        worst = max(scores)
        green, amber = worst <= policy.p1.green, worst <= policy.p1.amber
        return Knee(Grade.GREEN if green else Grade.AMBER if amber else Grade.RED, worst)
    grades = [reply.grade for reply in told if reply.grade in GRADES]
    return Knee(max(grades, key=GRADES.index)) if grades else None


def _knees(answers: Sequence[tuple[date, PainReply]], policy: Policy) -> dict[date, Knee]:
    by_day: dict[date, list[PainReply]] = {}
    for on, reply in answers:
        if reply.kind is not ReplyKind.WEEKLY:
            by_day.setdefault(on, []).append(reply)
    return {on: knee for on, replies in by_day.items() if (knee := worst_knee(replies, policy)) is not None}


def _runs(counted: Sequence[Record]) -> dict[date, list[Record]]:
    runs: dict[date, list[Record]] = {}
    for record in counted:
        if not record.walk:
            runs.setdefault(date.fromordinal(record.date), []).append(record)
    return runs


def _km(records: Iterable[Record]) -> float:
    return sum(record.km for record in records if not record.walk)


def _week(assessment: Assessment, week_ends: date, view_ends: date) -> Week:
    """Distance and descent of a week, against the three weeks before it."""
    counted = assessment.counted
    own, *before = (_within(counted, week_ends - back * WEEK) for back in range(USUAL_WEEKS + 1))
    first = date.fromordinal(counted[0].date) if counted else None
    if first is None or first > week_ends:
        return Week(week_ends)
    usual_known = first <= week_ends - USUAL_KNOWN
    if week_ends == view_ends:
        usual_known = assessment.usual_week_km is not None
    week = Week(week_ends, km=_km(own), descent_m=_descent_m(own))
    if not usual_known:
        return week
    usual_km = mean(_km(block) for block in before)
    return replace(week, usual_km=usual_km, usual_descent_m=_usual_descent_m(own, before))


def _within(counted: Sequence[Record], week_ends: date) -> list[Record]:
    last = week_ends.toordinal()
    return [record for record in counted if last - WEEK_DAYS < record.date <= last]


def _descent_m(records: Sequence[Record]) -> float | None:
    """Metres down of a week's runs and walks; None where no terrain is known of any."""
    metres = known(record.load.descent_m for record in records)
    return sum(metres) if metres or not records else None


def _usual_descent_m(own: Sequence[Record], before: Sequence[Sequence[Record]]) -> float | None:
    """Hills compare only within one class and one device (RULES 2.4)."""
    records = [record for block in (own, *before) for record in block]
    compared = {record.terrain_source for record in records if record.load.descent_m is not None}
    metres = known(_descent_m(block) for block in before)
    return mean(metres) if len(compared) == 1 and len(metres) == USUAL_WEEKS else None


def _strength(assessment: Assessment, history: History, policy: Policy, ends: date) -> Mapping[date, int]:
    """Sessions by the Sunday that ends their week, from the first known session on; empty where strength plays no part."""
    since = assessment.now - (WEEKS + USUAL_WEEKS) * WEEK
    sessions = merged(tuple(sessions_of(history, since, policy)))
    dates = [local_date(session.start, history.runner) for session in sessions]
    if not dates and assessment.strength.next_slot is None:
        return {}
    first = min([*dates, ends])
    weeks = [ends - back * WEEK for back in range(WEEKS) if ends - back * WEEK >= first]
    return {week: sum(1 for day in dates if week - WEEK < day <= week) for week in weeks}


def _warned(assessment: Assessment, sent: Sequence[Sent]) -> frozenset[str]:
    """Ids of the runs about which a warning of their load was sent."""
    told = {key for message in sent if message.alert for key in message.findings}
    return frozenset(
        finding.activity_id
        for finding in assessment.findings
        if finding.rule in LOAD_RULES and finding.activity_id is not None and finding.key in told
    )
