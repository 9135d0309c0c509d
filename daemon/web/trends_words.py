"""The trends in words and figures: headings, what a screen reader hears of a drawing, and the tables behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from daemon.web.trends_view import WEEK, Chart, KneeDays, Mark, Measure, Trends
from rules.facts import Grade, Runner, Side
from rules.past_weeks import WEEK_DAYS
from rules.phrases import KM_PER_MILE, MONTHS, WEEKDAYS, capital, unit
from rules.policy import Policy
from rules.week_view import Knee

BUTTONS = {Grade.GREEN: "fine", Grade.AMBER: "sore", Grade.RED: "bad"}
SIDES = {None: "Knee", Side.LEFT: "Left knee", Side.RIGHT: "Right knee"}
DISTANCES = frozenset({Measure.KM, Measure.KNEE_LOAD})
"""What is converted for who counts in miles."""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a drawing; the first cell of each row is its head."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood out about one run: `words` of all that was found, the sentence of the loudest, and where more is told."""

    when: str
    words: str
    sentence: str
    href: str
    warned: bool


def measure_name(measure: Measure, runner: Runner) -> str:
    names = {Measure.DESCENT: "Metres down", Measure.KNEE_LOAD: "Knee load", Measure.FAST: "Fast minutes"}
    return names.get(measure, "Miles" if runner.miles else "Kilometres")


def shown(value: float, measure: Measure, runner: Runner) -> float:
    """A figure in the unit that is shown."""
    return value / KM_PER_MILE if runner.miles and measure in DISTANCES else value


def figure(value: float | None, measure: Measure, runner: Runner) -> str:
    if value is None:
        return "–"
    return f"{shown(value, measure, runner):.{1 if measure in DISTANCES else 0}f}"


def unit_of(measure: Measure, runner: Runner) -> str:
    """With a space before it; empty where the name says it."""
    return {Measure.KM: f" {unit(runner)}", Measure.DESCENT: " m", Measure.FAST: " min"}.get(measure, "")


def short_day(on: date, today: date) -> str:
    """ "24 Nov", with the year where it is another one."""
    written = f"{on.day} {MONTHS[on.month - 1][:3]}"
    return written if on.year == today.year else f"{written} {on.year}"


def span(trends: Trends) -> str:
    """ "1 September to 25 November 2025"."""
    first, last = trends.monday, trends.today
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {MONTHS[first.month - 1]}{year} to {last.day} {MONTHS[last.month - 1]} {last.year}"


def week_now(chart: Chart, runner: Runner) -> tuple[str, str]:
    """(this week so far, the usual one): "13.0 km", "usual 22.2"."""
    last, measure = chart.figures[-1], chart.measure
    now = (
        "not known"
        if last.value is None
        else f"{figure(last.value, measure, runner)}{unit_of(measure, runner)}"
    )
    return now, "" if last.band is None else f"usual {figure(last.band.usual, measure, runner)}"


def weeks_described(chart: Chart, trends: Trends) -> str:
    """Every figure of a chart, and where a rule spoke."""
    return " ".join(_weeks_sentences(chart, trends))


def _weeks_sentences(chart: Chart, trends: Trends) -> Iterator[str]:
    runner, measure = trends.runner, chart.measure
    yield f"{measure_name(measure, runner)} a week, {span(trends)}."
    now, usual = week_now(chart, runner)
    yield f"This week so far {now}{', ' if usual else ''}{usual}."
    if chart.peaks and chart.peaks[-1] is not None:
        yield f"Peak-weighted {figure(chart.peaks[-1], measure, runner)}."
    earlier = [figure(one.value, measure, runner) for one in chart.figures[:-1] if one.value is not None]
    if earlier:
        yield f"Weeks before, oldest first: {', '.join(earlier)}."
    if chart.marks:
        told = [
            f"{short_day(mark.on, trends.today)} {mark.word}{'' if mark.warned else ' (noted)'}"
            for mark in chart.marks
        ]
        yield f"Marked: {', '.join(told)}."


def weeks_table(chart: Chart, trends: Trends) -> Table:
    runner, measure = trends.runner, chart.measure
    own = unit_of(measure, runner).strip() or "Load"
    head = [
        "Week of",
        own,
        *(["Peak-weighted"] if chart.peaks else []),
        "Usual",
        "Rule speaks above",
        "Marked",
    ]
    marked: dict[int, list[str]] = {}
    for mark in chart.marks:
        marked.setdefault(trends.week_of(mark.on), []).append(mark.word)
    rows = []
    for index, monday in reversed(list(enumerate(trends.mondays))):
        week = chart.figures[index]
        if week.value is None and not any(one.value is not None for one in chart.figures[:index]):
            break
        band = week.band
        rows.append(
            (
                short_day(monday, trends.today),
                figure(week.value, measure, runner),
                *([figure(chart.peaks[index], measure, runner)] if chart.peaks else []),
                figure(band.usual if band else None, measure, runner),
                figure(band.spoken_from if band else None, measure, runner),
                ", ".join(_unique(marked.get(index, ()))) or "–",
            )
        )
    return Table(f"{measure_name(measure, runner)} a week, newest first", tuple(head), tuple(rows))


def knee_words(knee: Knee | None) -> str:
    if knee is None:
        return "–"
    return BUTTONS[knee.grade] if knee.score is None else str(knee.score)


def knee_now(knee: KneeDays, today: date) -> str:
    """ "2 this morning", or when the last one was."""
    if not knee.mornings:
        return "no morning answered"
    last = max(knee.mornings)
    when = "this morning" if last == today else f"on {WEEKDAYS[last.weekday()]}"
    if (today - last).days >= 7:
        when = f"on {short_day(last, today)}"
    return f"{knee_words(knee.mornings[last])} {when}"


def knee_described(knee: KneeDays, trends: Trends) -> str:
    return " ".join(_knee_sentences(knee, trends))


def _knee_sentences(knee: KneeDays, trends: Trends) -> Iterator[str]:
    yield f"{SIDES[knee.side]}, {span(trends)}: {knee_now(knee, trends.today)}."
    for days, name in ((knee.mornings, "mornings"), (knee.runs, "runs")):
        if not days:
            continue
        scores = [one.score for one in days.values() if one.score is not None]
        most = f", at most {max(scores)} of 10" if scores else ""
        yield f"{len(days)} {name} answered{most}."
        sore = [on for on in sorted(days) if days[on].grade is not Grade.GREEN or (days[on].score or 0) >= 2]
        if sore:
            told = [f"{short_day(on, trends.today)} {knee_words(days[on])}" for on in sore]
            yield f"{capital(name)} at 2 or more: {', '.join(told)}."


def knee_tables(knee: KneeDays, trends: Trends) -> tuple[Table, ...]:
    """A calendar of every kind of answer that there is: a row a week, a column a day."""
    kinds = ((knee.mornings, "mornings"), (knee.runs, "during runs"), (knee.others, "at other times"))
    return tuple(
        Table(
            f"{SIDES[knee.side]} {name}, 0 to 10, newest week first",
            ("Week of", *(day[:3] for day in WEEKDAYS)),
            tuple(_calendar_rows(days, trends)),
        )
        for days, name in kinds
        if days
    )


def _calendar_rows(days: Mapping[date, Knee], trends: Trends) -> Iterator[tuple[str, ...]]:
    first = min(days)
    for monday in reversed(trends.mondays):
        if monday + WEEK <= first:
            return
        cells = (knee_words(days.get(monday + timedelta(days=ahead))) for ahead in range(WEEK_DAYS))
        yield short_day(monday, trends.today), *cells


def strength_described(trends: Trends) -> str:
    done = [count for count in trends.strength[:-1] if count is not None]
    earlier = f" Weeks before, oldest first: {', '.join(map(str, done))}." if done else ""
    return f"Strength sessions a week, {trends.wanted} wanted: {strength_now(trends)}.{earlier}"


def strength_now(trends: Trends) -> str:
    return f"{trends.strength[-1] or 0} of {trends.wanted} this week"


def strength_table(trends: Trends) -> Table:
    rows = tuple(
        (short_day(monday, trends.today), str(count), str(trends.wanted))
        for monday, count in reversed(list(zip(trends.mondays, trends.strength, strict=True)))
        if count is not None
    )
    return Table("Strength sessions a week, newest first", ("Week of", "Done", "Wanted"), rows)


def stood_out(trends: Trends) -> list[Stood]:
    """A row for each run of which a rule spoke, newest first; its page where several did."""
    runs: dict[str, list[Mark]] = {}
    for mark in trends.marks:
        runs.setdefault(mark.activity_id or mark.number, []).append(mark)
    rows = []
    for marks in sorted(runs.values(), key=lambda own: own[0].on, reverse=True):
        own = sorted(marks, key=lambda mark: not mark.warned)
        first = own[0]
        several = len(own) > 1 and first.activity_id is not None
        rows.append(
            Stood(
                when=f"{WEEKDAYS[first.on.weekday()][:3]} {short_day(first.on, trends.today)}",
                words=", ".join(_unique(mark.word for mark in own)),
                sentence=first.sentence,
                href=f"/runs/{first.activity_id}" if several else f"/findings/{first.number}",
                warned=first.warned,
            )
        )
    return rows


def band_ends(policy: Policy, runner: Runner) -> list[tuple[str, str]]:
    """(name, where its band ends), from the policy in force."""
    r3, r10, r6 = policy.r3, policy.r10, policy.r6
    extra = figure(r3.min_extra_km, Measure.KM, runner).removesuffix(".0")
    name = measure_name(Measure.KM, runner)
    distance = f"{_percent(r3.note)} and {extra} {unit(runner)} above the usual"
    return [
        (name, distance),
        ("Knee load", f"as {name.lower()}; no rule of its own counts a week of it"),
        (
            "Metres down",
            f"{_percent(r10.note)} and {r10.note_extra_m:.0f} m above the highest of the three, "
            f"which counts as {r10.floor_m:.0f} m at least",
        ),
        ("Fast minutes", f"{_percent(r6.ratio)} and {r6.min_extra:.0f} min above the usual"),
    ]


def weeks_in_words(trends: Trends) -> list[str]:
    """Each week through all charts, for who touches it: "Week of 3 Nov: 20.6 km, 100 m down, …"."""
    scores = [_scores_by_week(knee, trends) for knee in trends.knees]
    marked: dict[int, list[str]] = {}
    for mark in trends.marks:
        marked.setdefault(trends.week_of(mark.on), []).append(mark.word)
    told = []
    for index, monday in enumerate(trends.mondays):
        parts = [*_figures_of(index, trends)]
        for knee, by_week in zip(trends.knees, scores, strict=True):
            if own := by_week.get(index):
                low, high = min(own), max(own)
                parts.append(f"{SIDES[knee.side].lower()} {low if low == high else f'{low}–{high}'}")
        if trends.strength and trends.strength[index] is not None:
            parts.append(f"strength {trends.strength[index]} of {trends.wanted}")
        words = f" Marked: {', '.join(_unique(marked[index]))}." if index in marked else ""
        week = ", ".join(parts) or "nothing known"
        told.append(f"Week of {short_day(monday, trends.today)}: {week}.{words}")
    return told


def _figures_of(index: int, trends: Trends) -> Iterator[str]:
    for chart in trends.charts:
        value = chart.figures[index].value
        if value is None:
            continue
        told = figure(value, chart.measure, trends.runner)
        match chart.measure:
            case Measure.KM:
                yield f"{told} {unit(trends.runner)}"
            case Measure.DESCENT:
                yield f"{told} m down"
            case Measure.KNEE_LOAD:
                yield f"knee load {told}"
            case Measure.FAST:
                yield f"{told} min fast"


def _scores_by_week(knee: KneeDays, trends: Trends) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for days in (knee.mornings, knee.runs, knee.others):
        for on, one in days.items():
            if one.score is not None:
                found.setdefault(trends.week_of(on), []).append(one.score)
    return found


def _percent(ratio: float) -> str:
    return f"{round((ratio - 1) * 100)} %"


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
