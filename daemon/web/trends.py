"""GET /trends: weeks of load over days of the knee, on one axis of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup
from werkzeug.wrappers import Response

from daemon.jobs.assess import estimates_key
from daemon.store.answers import load_replies, load_strength
from daemon.store.findings import numbered_findings
from daemon.store.history import list_activities
from daemon.store.loads import load_loads
from daemon.web import trends_words as words
from daemon.web.drawings.adherence import draw_strength
from daemon.web.drawings.knee_calendar import LEAST_FOR_DIGITS, KneeChart, draw_knee, heat_key
from daemon.web.drawings.time_axis import LEFT, TimeAxis, guides, month_labels
from daemon.web.drawings.weeks import Spoken, WeekBars, draw_weeks
from daemon.web.trends_view import Chart, Measure, Told, Trends, told_since, trends
from daemon.web.visit import Visit
from rules.facts import History
from rules.noted import LOAD_RULES

SPANS = {13: "3 months", 26: "6 months", 52: "1 year"}
"""Weeks that can be chosen, and what they are called."""
LEAST = {Measure.KM: 5.0, Measure.DESCENT: 50.0, Measure.KNEE_LOAD: 5.0, Measure.FAST: 10.0}
"""A scale reaches at least so far, so that a very quiet time looks quiet."""
MISSING = {
    Measure.DESCENT: "No hills are known of these weeks: your runs came without altitude.",
    Measure.KNEE_LOAD: "Not measured yet; it is with the next look at your runs.",
    Measure.FAST: "Not known of these weeks: it takes a recording of every second, or a whole run that was fast.",
}
KNEE_MISSING = "What you answer about the knee appears here, morning by morning."
STRENGTH_MISSING = "Your strength sessions appear here, week by week."


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing under its name: `now` is this week or the last word, `beside` what it compares with. Without a drawing
    `missing` says why."""

    name: str
    now: str
    beside: str
    drawing: Markup | None
    tables: tuple[words.Table, ...] = ()
    missing: str = ""


def show(visit: Visit) -> Response:
    weeks = _span(visit.request.args.get("weeks", ""))
    seen = _read(visit, weeks)
    axis = TimeAxis(seen.monday, weeks, seen.today)
    policy = visit.look().policy
    limits = (policy.p1.green, policy.p1.amber)
    return visit.page(
        "trends",
        trends=seen,
        spans=SPANS,
        chosen=weeks,
        time=words.span(seen),
        guides=guides(axis),
        columns_left=LEFT,
        column=axis.column,
        months=month_labels(axis),
        limits=limits,
        panels=list(_panels(seen, axis, limits)) if seen.first_run is not None else [],
        stood_out=words.stood_out(seen),
        band_ends=words.band_ends(policy, seen.runner),
        unit="mile" if seen.runner.miles else "kilometre",
        heat=heat_key(),
        fills_up=axis.column < LEAST_FOR_DIGITS,
        learning_runs=policy.learn.runs,
        weeks_told=words.weeks_in_words(seen),
    )


def _span(asked: str) -> int:
    return next((weeks for weeks in SPANS if asked == str(weeks)), min(SPANS))


def _read(visit: Visit, weeks: int) -> Trends:
    look, name, runner = visit.look(), visit.athlete.name, visit.athlete.runner
    since = told_since(visit.now, weeks, runner)
    key = estimates_key(replace(visit.athlete, policy=look.policy))
    with visit.house.store.reading() as session:
        history = History(
            runner=runner,
            activities=tuple(list_activities(session, name, since=since)),
            replies=load_replies(session, name, since),
            strength=load_strength(session, name, since),
            loads=load_loads(session, name, key, since=since),
        )
        findings = numbered_findings(session, name, LOAD_RULES, since)
    return trends(look, Told(history, findings), weeks)


def _panels(seen: Trends, axis: TimeAxis, limits: tuple[int, int]) -> Iterator[Panel]:
    for chart in seen.charts:
        name = words.measure_name(chart.measure, seen.runner)
        if not chart.is_known:
            yield Panel(name, "not known", "", None, (), MISSING.get(chart.measure, "No run in these weeks."))
            continue
        now, usual = words.week_now(chart, seen.runner)
        drawing = draw_weeks(_bars(chart, seen, axis), axis)
        yield Panel(name, now, usual, drawing, (words.weeks_table(chart, seen),))
    told = [knee for knee in seen.knees if knee.days]
    for knee in told:
        since = min(knee.days[0], seen.first_run or seen.today)
        described = words.knee_described(knee, seen)
        drawing = draw_knee(KneeChart(knee.mornings, knee.runs, knee.others, since, limits, described), axis)
        name, now = words.SIDES[knee.side], words.knee_now(knee, seen.today)
        yield Panel(name, now, "", drawing, words.knee_tables(knee, seen))
    if not told:
        yield Panel("Knee", "", "", None, (), KNEE_MISSING)
    if any(count is not None for count in seen.strength):
        drawing = draw_strength(seen.strength, seen.wanted, axis, words.strength_described(seen))
        yield Panel("Strength", words.strength_now(seen), "", drawing, (words.strength_table(seen),))
    else:
        yield Panel("Strength", "", "", None, (), STRENGTH_MISSING)


def _bars(chart: Chart, seen: Trends, axis: TimeAxis) -> WeekBars:
    """A chart in the runner's units; of several marks in a week the loudest."""

    def shown(value: float | None) -> float | None:
        return None if value is None else words.shown(value, chart.measure, seen.runner)

    def edge(value: float) -> float:
        return words.shown(value, chart.measure, seen.runner)

    loudest: dict[int, Spoken] = {}
    for mark in sorted(chart.marks, key=lambda one: not one.warned):
        index = axis.index_of(mark.on)
        loudest.setdefault(index, Spoken(index, mark.word, mark.warned))
    bands = [one.band for one in chart.figures]
    return WeekBars(
        values=[shown(one.value) for one in chart.figures],
        bands=[None if band is None else (edge(band.usual), edge(band.spoken_from)) for band in bands],
        least=LEAST[chart.measure],
        described=words.weeks_described(chart, seen),
        peaks=[shown(peak) for peak in chart.peaks],
        spoken=[loudest[index] for index in sorted(loudest)],
    )
