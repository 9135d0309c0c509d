"""What Today shows, in the words and units of the runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from daemon.jobs.assess import Look
from daemon.web.drawings.budget import DayMark, Ground, Intervals, Part
from rules.facts import Runner, Side
from rules.outcome import Assessment, Finding, LongestRun, PainState
from rules.phrases import WEEKDAYS, allowed_distance, day, distance
from rules.records import Record, around
from rules.run_limits import Limit, Measure, limits_of
from rules.run_words import MEASURE_WORDS, figure
from rules.standing import Spent, WeekSpent
from rules.wording import finding_sentence

STRIP_DAYS = 7
LADDER_SESSIONS = (
    Intervals(1, 30, 0),
    Intervals(6, 4, 1),
    Intervals(6, 3, 2),
    Intervals(6, 2, 3),
    Intervals(6, 1, 4),
    Intervals(1, 0, 30),
)
"""L0 to L5 of RULES 6."""
ALWAYS = (Measure.DISTANCE, Measure.DESCENT, Measure.FAST, Measure.KNEE_LOAD)
"""What is shown of every run; other figures only where a rule spoke."""
BEFORE_WORDS = {
    Measure.DISTANCE: "longest of 30 days",
    Measure.KNEE_LOAD: "most of 30 days",
    Measure.DESCENT: "most of 30 days",
    Measure.ASCENT: "most of 30 days",
    Measure.WEEK: "usual week",
    Measure.FAST: "usual week",
}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One figure of the last run. `share` and `limit_share` place it and its limit on a bar from 0 to 1."""

    name: str
    value: str
    beside: str
    over: bool
    share: float
    limit_share: float | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """`number` opens its page; `said` are the findings that no row tells, `knee` what was answered about it."""

    number: str
    when: str
    title: str
    km: str
    rows: tuple[LimitRow, ...]
    said: tuple[str, ...]
    knee: str


def grounds_of(longest: LongestRun, runner: Runner) -> list[Ground]:
    """The routes that running is fine on; none while it is not, or not known yet."""
    named = (("Flat", longest.flat), ("Rolling hills", longest.rolling), ("Long downhill", longest.downhill))
    return [Ground(name, km, allowed_distance(km, runner)) for name, km in named if km]


def longest_of_month(assessment: Assessment, today: int) -> float | None:
    """The longest counted run of 30 days, in km."""
    month = around(assessment.counted, today).month
    return max((run.km for run in month), default=None)


def days_ahead(not_before: date | None, today: date) -> list[DayMark]:
    """The next days, where there is a rest before them; none where running is fine today, or no day is known."""
    if not_before is None or not_before <= today:
        return []
    length = max(STRIP_DAYS, min((not_before - today).days + 1, 14))
    ahead = [today + timedelta(days=number) for number in range(length)]
    return [
        DayMark(
            "today" if one == today else WEEKDAYS[one.weekday()][: 3 if length <= STRIP_DAYS else 2],
            one >= not_before,
        )
        for one in ahead
    ]


def intervals_of(assessment: Assessment) -> Intervals | None:
    """The walk-run session that is next, on the ladder or where a walk is the advice."""
    budget = assessment.budget
    if assessment.pain.overall in (PainState.RED, PainState.REFERRED):
        return None
    if budget.ladder_step is not None:
        return LADDER_SESSIONS[budget.ladder_step]
    return None if budget.walk_min is None else Intervals(1, budget.walk_min, 0)


def week_parts(week: WeekSpent, runner: Runner) -> list[Part]:
    """Distance, downhill and fast minutes of seven days; what is neither done nor known is left out."""
    parts = [
        _part("Distance", week.km, lambda km: distance(km, runner), lambda km: allowed_distance(km, runner))
    ]
    parts += [
        _part(name, spent, words, words)
        for name, spent, words in (("Downhill", week.descent_m, _metres), ("Fast", week.fast_min, _minutes))
        if spent.done is not None or spent.left is not None
    ]
    return parts


def _part(name: str, spent: Spent, done: Callable[[float], str], left: Callable[[float], str]) -> Part:
    left_words = (
        "not known yet"
        if spent.left is None
        else f"{left(spent.left)} left"
        if spent.left
        else "nothing left"
        if spent.done
        else "none now"
    )
    return Part(name, spent.done or 0.0, f"{done(spent.done or 0.0)} done", spent.left, left_words)


def _metres(metres: float) -> str:
    return f"{metres:.0f} m"


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} min"


def last_run(seen: Look, runner: Runner, today: date) -> LastRun | None:
    """The newest counted run of three months against its limits."""
    counted = seen.assessment.counted
    run = next((one for one in reversed(counted) if not one.walk), None)
    if run is None:
        return None
    own = [one for one in seen.assessment.findings if one.activity_id == run.id]
    limits = _limits(seen, run)
    shown = [one for one in limits if one.value and (one.over or one.measure in ALWAYS)]
    told = {one.rule for one in shown if one.over} | {"P1"}
    activity = next((one for one in seen.history.activities if one.id == run.id), None)
    return LastRun(
        number=run.id,
        when=day(date.fromordinal(run.date), today),
        title=activity.title if activity is not None else "",
        km=distance(run.km, runner),
        rows=tuple(_row(one, own, runner) for one in shown),
        said=tuple(finding_sentence(one, runner) for one in own if one.rule not in told),
        knee=_knee(seen, run.id),
    )


def _limits(seen: Look, run: Record) -> tuple[Limit, ...]:
    counted, experience = seen.assessment.counted, seen.state.core.experience
    earlier = [one for one in counted if (one.start, one.id) < (run.start, run.id)]
    before = replace(experience, runs=experience.runs - 1)
    return limits_of(
        run,
        around(earlier, run.date, run),
        seen.policy,
        learning=before.learning(run.date, seen.policy),
        weeks_known=before.weeks_known(run.date),
    )


def _row(limit: Limit, findings: list[Finding], runner: Runner) -> LimitRow:
    value = limit.value or 0.0
    spoken = [finding_sentence(one, runner) for one in findings if one.rule == limit.rule]
    if limit.before is None or limit.limit is None:
        beside = "nothing to compare with yet"
    elif limit.over and spoken:
        beside = spoken[0]
    else:
        side = "beyond" if limit.over else "inside"
        before = figure(limit, limit.before, runner)
        most_fine = figure(limit, limit.limit, runner)
        beside = f"{side} the limit of {most_fine} ({BEFORE_WORDS[limit.measure]}: {before})"
    most = 1.04 * max(value, limit.limit or 0.0) or 1.0
    return LimitRow(
        name=MEASURE_WORDS[limit.measure],
        value=figure(limit, value, runner),
        beside=beside,
        over=limit.over,
        share=value / most,
        limit_share=None if limit.limit is None else limit.limit / most,
    )


def _knee(seen: Look, run_id: str) -> str:
    """ "2 in the run", "left 2 and right 0 in the run", "no answer yet"."""
    answers = seen.state.core.pain.answers.get(run_id, {})
    scores = {side: one.during for side, one in answers.items() if one.during is not None}
    if not scores:
        verdicts = [one.verdict for one in answers.values()]
        return f"answered: {verdicts[0]}" if verdicts else "no answer"
    if len(scores) == 1:
        return f"{next(iter(scores.values()))} of 10 in the run"
    return f"left {scores[Side.LEFT]}, right {scores[Side.RIGHT]} of 10 in the run"
