"""GET /trends: the weeks are what was run, the drawings are what the tables say, and the knee stands under its load."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from fakes.visitor import Visitor

from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.store.answers import load_replies, save_reply, save_strength
from daemon.store.engine import Store
from daemon.store.findings import list_findings
from daemon.store.tables import ACTIVITIES, LOADS, STRENGTH_SESSIONS
from daemon.web.drawings.knee_calendar import ROW, filled, heat_of
from daemon.web.drawings.time_axis import LEFT, RIGHT, WIDTH, TimeAxis
from daemon.web.drawings.weeks import PLOT, Spoken, WeekBars, draw_weeks, tick_of
from daemon.web.trends_view import MEASURE_OF_RULE
from rules.facts import Grade, PainReply, ReplyKind, Side, StrengthSession
from rules.noted import LOAD_RULES
from rules.phrases import KM_PER_MILE

SUNDAY_EVENING = datetime(2026, 11, 15, 21, tzinfo=UTC)
"""The last Sunday of the season, after everything that happened on it."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

type Opens = Callable[[Store, dict[str, AthleteConfig]], Visitor]


def tables(html: str) -> dict[str, list[list[str]]]:
    """Caption -> rows of cells, the head first."""
    found = {}
    for table in re.findall(r"<table>.*?</table>", html, re.S):
        tree = ElementTree.fromstring(table)  # noqa: S314
        caption = tree.findtext("caption") or ""
        found[caption] = [[cell.text or "" for cell in row] for row in tree.iter("tr")]
    return found


def table(html: str, begins: str) -> list[list[str]]:
    return next(rows for caption, rows in tables(html).items() if caption.startswith(begins))


def drawings(html: str) -> dict[str, ElementTree.Element]:
    """What a screen reader hears first of each drawing -> the drawing, in the order of the page."""
    found = re.findall(r'<svg class="drawing".*?</svg>', html, re.S)
    trees = [ElementTree.fromstring(one) for one in found]  # noqa: S314
    return {re.split(r"[,:]| a week", tree.attrib["aria-label"])[0]: tree for tree in trees}


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    base: float
    wide: float
    high: float


def bars(tree: ElementTree.Element) -> list[Bar]:
    """The bars of a chart in order of time, the one of this week last; rounded corners are 2 units."""
    found = []
    for kind in ("bar", "accent"):
        for one in tree.iter("path"):
            if one.get("class") != kind:
                continue
            for part in one.attrib["d"].split("M")[1:]:
                x, base, side, *rest = (float(number) for number in re.findall(r"-?[\d.]+", part))
                is_round = "q" in part
                found.append(
                    Bar(x, base, rest[4] + 4 if is_round else rest[0], -side + (2 if is_round else 0))
                )
    return found


def steps(tree: ElementTree.Element, kind: str) -> list[tuple[float, ...]]:
    """The numbers of each part of a path: "M1 2h3" -> (1, 2, 3)."""
    paths = [one.attrib["d"] for one in tree.iter("path") if one.get("class") == kind]
    parts = [part for path in paths for part in path.split("M")[1:]]
    return [tuple(float(number) for number in re.findall(r"-?[\d.]+", part)) for part in parts]


def words_at(tree: ElementTree.Element) -> dict[tuple[float, float], str]:
    return {(float(one.attrib["x"]), float(one.attrib["y"])): one.text or "" for one in tree.iter("text")}


def day(written: str, today: date) -> date:
    number, month, *year = written.split()
    return date(int(year[0]) if year else today.year, MONTHS.index(month) + 1, int(number))


def ran(visitor: Visitor) -> list[tuple[date, float]]:
    """(local date, km) of every run, counted by hand."""
    zone = ZoneInfo(visitor.athlete.runner.timezone)
    query = sa.select(ACTIVITIES.c.start, ACTIVITIES.c.utc_offset_s, ACTIVITIES.c.distance_m)
    query = query.where(ACTIVITIES.c.athlete == visitor.athlete.name, ACTIVITIES.c.family == "run")
    with visitor.store.reading() as session:
        rows = session.execute(query).all()
    return [
        (
            (start.astimezone(zone) if offset is None else start + timedelta(seconds=offset)).date(),
            metres / 1000,
        )
        for start, offset, metres in rows
    ]


def answered(visitor: Visitor, kind: ReplyKind) -> dict[date, PainReply]:
    zone = ZoneInfo(visitor.athlete.runner.timezone)
    with visitor.store.reading() as session:
        replies = load_replies(session, visitor.athlete.name, None)
    return {one.at.astimezone(zone).date(): one for one in replies if one.kind is kind}


def say(visitor: Visitor, **values: object) -> None:
    plain: dict[str, object] = {"id": f"said-{values}", "at": visitor.clock.now(), "kind": ReplyKind.MORNING}
    with visitor.store.session() as session:
        save_reply(session, visitor.athlete.name, PainReply(**plain | values))  # type: ignore[arg-type]


def as_miles(visitor: Visitor, opens: Opens) -> Visitor:
    athlete = replace(visitor.athlete, runner=replace(visitor.athlete.runner, miles=True))
    return opens(visitor.store, {"demo": athlete})


# Figures


@pytest.mark.parametrize("weeks", [13, 26, 52])
def test_the_weeks_are_what_was_run(visitor: Visitor, weeks: int) -> None:
    today = visitor.clock.now().date()
    rows = table(visitor.get(f"/trends?weeks={weeks}").html, "Kilometres a week")[1:]
    assert len(rows) == min(weeks, 34 + 1), "weeks before the first run have no row"
    for head, km, *_ in rows:
        monday = day(head, today)
        assert monday.isoweekday() == 1
        by_hand = sum(run for on, run in ran(visitor) if monday <= on < monday + timedelta(days=7))
        assert km == f"{by_hand:.1f}", head


def test_on_a_sunday_evening_the_week_is_the_one_of_the_rules(visitor: Visitor) -> None:
    visitor.clock.at = SUNDAY_EVENING
    seen = look(visitor.store, visitor.athlete, SUNDAY_EVENING).assessment
    assert seen.usual_week_km is not None
    _, km, usual, speaks, _ = table(visitor.get("/trends").html, "Kilometres a week")[1]
    assert (km, usual) == (f"{seen.week_km:.1f}", f"{seen.usual_week_km:.1f}")
    assert float(speaks) == pytest.approx(max(1.2 * seen.usual_week_km, seen.usual_week_km + 5), abs=0.06)
    assert f"Kilometres {km} km usual {usual}" in visitor.get("/trends").words


def test_knee_load_hills_and_fast_minutes_are_the_sums_of_the_measured_runs(visitor: Visitor) -> None:
    seen = look(visitor.store, visitor.athlete, visitor.clock.now())
    html = visitor.get("/trends").html
    monday = day(table(html, "Knee load")[2][0], visitor.clock.now().date())
    week = [one for one in seen.assessment.counted if monday.toordinal() <= one.date < monday.toordinal() + 7]
    assert week
    easy = seen.assessment.counted[-1].load.basis
    assert easy is not None
    loads = [one.knee_load(easy.easy_speed_mps) for one in week]
    assert table(html, "Knee load")[2][1:3] == [
        f"{sum(load.k1 for load in loads):.1f}",
        f"{sum(load.k3 for load in loads):.1f}",
    ]
    assert table(html, "Metres down")[2][1] == f"{sum(one.load.descent_m or 0 for one in week):.0f}"
    assert table(html, "Fast minutes")[2][1] == f"{sum(one.load.fast_min or 0 for one in week):.0f}"


def test_every_load_rule_has_its_chart() -> None:
    assert set(MEASURE_OF_RULE) == set(LOAD_RULES)


@pytest.mark.parametrize("weeks", [13, 52])
def test_every_load_finding_of_the_time_stands_out_and_leads_to_its_page(
    visitor: Visitor, weeks: int
) -> None:
    page = visitor.get(f"/trends?weeks={weeks}")
    first = visitor.clock.now().date() - timedelta(days=2 + 7 * (weeks - 1))
    with visitor.store.reading() as session:
        stored = list_findings(session, "demo")
    shown = [
        one
        for one in stored
        if one.finding.rule in LOAD_RULES
        and date.fromisoformat(one.finding.subject.partition(":")[2][:10]) >= first
    ]
    assert len(shown) >= 5
    by_run: dict[str | None, list[str]] = {}
    for one in shown:
        by_run.setdefault(one.finding.activity_id, []).append(one.id)
    links = set(re.findall(r'href="(/(?:findings|runs)/\d+)"', page.html))
    assert links == {
        f"/findings/{ids[0]}" if len(ids) == 1 else f"/runs/{run}" for run, ids in by_run.items()
    }
    assert "24 % beyond your longest in 30 days" in page.words


def test_a_finding_that_was_withdrawn_is_marked_no_more(visitor: Visitor) -> None:
    visitor.get("/trends")
    with visitor.store.session() as session:
        session.execute(sa.text("UPDATE findings SET withdrawn_at = '2026-11-17 12:00:00'"))
    page = visitor.get("/trends")
    assert "Nothing in these weeks." in page.words
    assert "Marked" not in " ".join(one.attrib["aria-label"] for one in drawings(page.html).values())


# Drawings


@pytest.mark.parametrize("weeks", [13, 26, 52])
@pytest.mark.parametrize("name", ["Kilometres", "Metres down", "Knee load", "Fast minutes"])
def test_bars_are_as_high_as_their_figures(visitor: Visitor, name: str, weeks: int) -> None:
    html = visitor.get(f"/trends?weeks={weeks}").html
    figures = [float(row[1]) for row in reversed(table(html, name)[1:]) if row[1] != "–" and float(row[1])]
    drawn = [one for one in bars(drawings(html)[name]) if one.high > 0.3]
    highest, longest = max(figures), max(one.high for one in drawn)
    assert len(drawn) == len(figures)
    for value, bar in zip(figures, drawn, strict=True):
        assert bar.high / longest == pytest.approx(value / highest, abs=0.02)
    assert len({one.base for one in drawn}) == 1, "on one ground"
    assert longest <= PLOT + 0.01


def test_the_band_is_drawn_from_the_usual_to_where_the_rule_speaks(visitor: Visitor) -> None:
    html = visitor.get("/trends").html
    tree, rows = drawings(html)["Kilometres"], list(reversed(table(html, "Kilometres a week")[1:]))
    bar = bars(tree)[0]
    ground, scale = bar.base, bar.high / float(rows[0][1])
    bands = [(index, float(row[2]), float(row[3])) for index, row in enumerate(rows) if row[2] != "–"]
    drawn = steps(tree, "usual")
    assert len(drawn) == len(bands) >= 8
    axis = TimeAxis(date(2026, 8, 24), 13, date(2026, 11, 18))
    for (index, usual, speaks), (x, top, wide, high, _) in zip(bands, drawn, strict=True):
        assert x == pytest.approx(axis.left(index), abs=0.06)
        assert wide == pytest.approx(axis.column, abs=0.06)
        assert top == pytest.approx(ground - speaks * scale, abs=0.5)
        assert top + high == pytest.approx(ground - usual * scale, abs=0.5)


@pytest.mark.parametrize("weeks", [13, 26, 52])
def test_all_drawings_share_one_axis_of_time(visitor: Visitor, weeks: int) -> None:
    found = drawings(visitor.get(f"/trends?weeks={weeks}").html)
    assert list(found) == [
        "Kilometres",
        "Metres down",
        "Knee load",
        "Fast minutes",
        "Knee",
        "Strength sessions",
    ]
    assert {tree.attrib["viewBox"].split()[2] for tree in found.values()} == {"358"}
    column = (WIDTH - LEFT - RIGHT) / weeks
    last = bars(found["Kilometres"])[-1]
    middle = last.x + last.wide / 2
    assert middle == pytest.approx(WIDTH - RIGHT - column / 2, abs=0.1)
    cells = [
        step
        for heat in range(6)
        for step in steps(found["Knee"], f"trends-heat{heat}{' narrow' if weeks == 52 else ''}")
    ]
    this_week = max(x + wide / 2 for x, _, wide in cells)
    assert this_week == pytest.approx(middle, abs=0.2)
    sessions = [x for x, *_ in steps(found["Strength sessions"], "s-quiet")]
    assert max(sessions) < middle < max(sessions) + column, "the circle around the middle of this week"


def test_a_morning_stands_in_the_column_of_its_week_and_the_row_of_its_day(visitor: Visitor) -> None:
    found = words_at(drawings(visitor.get("/trends").html)["Knee"])
    mornings = {
        on: one for on, one in answered(visitor, ReplyKind.MORNING).items() if on >= date(2026, 8, 24)
    }
    digits = {place: word for place, word in found.items() if word.isdigit() and place[0] > LEFT}
    assert len(digits) == len(mornings) >= 20
    axis = TimeAxis(date(2026, 8, 24), 13, date(2026, 11, 18))
    monday = next(y for (_, y), word in found.items() if word == "Mon")
    for on, reply in mornings.items():
        x, y = axis.middle(axis.index_of(on)), monday + 0.5 + on.weekday() * ROW
        near = [word for (left, top), word in digits.items() if abs(left - x) < 0.1 and abs(top - y) < 0.6]
        assert near == [str(reply.score)], on


def test_the_tables_of_the_knee_are_its_answers(visitor: Visitor) -> None:
    today = visitor.clock.now().date()
    html = visitor.get("/trends?weeks=52").html
    for name, kind in (("Knee mornings", ReplyKind.MORNING), ("Knee during runs", ReplyKind.DURING)):
        head, *rows = table(html, name)
        assert head == ["Week of", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        told = {
            day(row[0], today) + timedelta(days=ahead): cell
            for row in rows
            for ahead, cell in enumerate(row[1:])
            if cell != "–"
        }
        assert told == {on: str(one.score) for on, one in answered(visitor, kind).items()}


def test_what_a_run_was_like_stands_at_its_day_and_its_score(visitor: Visitor) -> None:
    tree = drawings(visitor.get("/trends").html)["Knee"]
    sore = {
        on: one.score
        for on, one in answered(visitor, ReplyKind.DURING).items()
        if (one.score or 0) in (3, 4, 5)
    }
    drawn = steps(tree, "sore")
    axis = TimeAxis(date(2026, 8, 24), 13, date(2026, 11, 18))
    shown = {on: score for on, score in sore.items() if on >= axis.monday}
    assert len(drawn) == len(shown) >= 1
    ten, five = (next(y for (_, y), word in words_at(tree).items() if word == label) for label in ("10", "5"))
    per_point = (five - ten) / 5
    for (on, score), (x, top, reach, *_) in zip(sorted(shown.items()), drawn, strict=True):
        assert x == pytest.approx(axis.noon(on), abs=0.06)
        assert top + reach == pytest.approx(ten - 4.5 + (10 - (score or 0)) * per_point, abs=0.2)


def test_a_narrow_cell_fills_up_with_the_score() -> None:
    heights = [filled(score) for score in range(11)]
    assert heights == sorted(heights)
    assert len(set(heights[:6])) == 6
    assert heights[5] == heights[10] < ROW
    assert [heat_of(score) for score in (0, 1, 2, 3, 4, 5, 10)] == [0, 1, 2, 3, 4, 5, 5]


def test_a_year_has_no_digits_that_nobody_could_read(visitor: Visitor) -> None:
    for html, readable in (
        (visitor.get("/trends?weeks=26").html, True),
        (visitor.get("/trends?weeks=52").html, False),
    ):
        knee = drawings(html)["Knee"]
        inside = [word for (x, _), word in words_at(knee).items() if x > LEFT and word.isdigit()]
        assert bool(inside) is readable


def test_warned_and_noted_differ_in_shape_and_words_never_cover_a_mark() -> None:
    axis = TimeAxis(date(2026, 8, 24), 13, date(2026, 11, 18))
    spoken = [
        Spoken(2, "Long run", warned=True),
        Spoken(3, "Week", warned=False),
        Spoken(12, "Hills", warned=True),
    ]
    tree = ElementTree.fromstring(  # noqa: S314
        draw_weeks(WeekBars([9.0] * 13, [None] * 13, 5.0, "x", spoken=spoken), axis)
    )
    assert len(steps(tree, "sore")) == 2
    assert len(steps(tree, "s-sore")) == 1
    marks = sorted((axis.middle(one.index) - 5.5, axis.middle(one.index) + 5.5) for one in spoken)
    placed = [one for one in tree.iter("text") if not (one.text or "").isdigit()]
    assert [one.text for one in placed] == ["Hills", "Week"], "the third has no room; the list below says it"
    for one in placed:
        x, wide = float(one.attrib["x"]), len(one.text or "") * 6.5
        begins, ends = (x, x + wide) if one.attrib["text-anchor"] == "start" else (x - wide, x)
        assert begins >= 0
        assert ends <= WIDTH
        assert all(ends < left or right < begins for left, right in marks)


@pytest.mark.parametrize(
    ("most", "tick"), [(5.0, 5), (9.9, 5), (27.2, 20), (294.0, 200), (1240.0, 1000), (0.7, 0.5)]
)
def test_the_scale_is_told_by_a_round_number(most: float, tick: float) -> None:
    assert tick_of(most) == pytest.approx(tick)


# For everybody


@pytest.mark.parametrize("weeks", [13, 52])
def test_every_drawing_is_told_in_a_sentence_and_has_a_table(visitor: Visitor, weeks: int) -> None:
    html = visitor.get(f"/trends?weeks={weeks}").html
    found, told = drawings(html), tables(html)
    assert len(found) == 6
    assert html.count("<details>\n<summary><h2>") == 6
    assert len(told) == 7, "the knee has a table of mornings and one of runs"
    for tree in found.values():
        assert tree.attrib["role"] == "img"
        assert re.search(r"\d", tree.attrib["aria-label"])
        assert tree.attrib["aria-label"].endswith(".")
    assert all(len(rows) > 1 and len({len(row) for row in rows}) == 1 for rows in told.values())
    assert html.count('<th scope="col">') == sum(len(rows[0]) for rows in told.values())
    assert html.count('<th scope="row">') == sum(len(rows) - 1 for rows in told.values())
    assert len(re.findall(r"<svg(?![^>]*(?:role=\"img\"|aria-hidden=\"true\"|class=\"icon\"))", html)) == 0


def test_the_sentence_of_a_drawing_holds_its_figures(visitor: Visitor) -> None:
    html = visitor.get("/trends").html
    label = drawings(html)["Kilometres"].attrib["aria-label"]
    rows = table(html, "Kilometres a week")[1:]
    assert label.startswith("Kilometres a week, 24 August to 18 November 2026. This week so far ")
    for row in rows:
        assert row[1] in label
    assert "Long run" in label


def test_half_a_year_and_a_year_are_plain_links(visitor: Visitor) -> None:
    html = visitor.get("/trends").html
    spans = re.search(r'<nav class="trends-spans".*?</nav>', html, re.S)
    assert spans is not None
    assert re.findall(r'href="/trends\?weeks=(\d+)"( aria-current="true")?', spans[0]) == [
        ("13", ' aria-current="true"'), ("26", ""), ("52", ""),
    ]  # fmt: skip
    assert "21 November 2025" not in html
    assert "24 November 2025 to 18 November 2026" in visitor.get("/trends?weeks=52").words


@pytest.mark.parametrize("asked", ["", "0", "-1", "14", "1e9", "１３", "13 ", "<b>", "52;52", "9" * 4000])
def test_any_other_span_is_three_months(visitor: Visitor, asked: str) -> None:
    answer = visitor.client.get("/trends", query_string={"weeks": asked}, base_url="http://localhost")
    assert answer.status_code == 200
    assert 'weeks=13" aria-current="true"' in answer.get_data(as_text=True)


def test_miles_are_miles_and_hills_stay_metres(visitor: Visitor, opens: Opens) -> None:
    in_km = visitor.get("/trends").html
    in_miles = as_miles(visitor, opens).get("/trends")
    km, miles = table(in_km, "Kilometres a week"), table(in_miles.html, "Miles a week")
    assert miles[0][1] == "mi"
    for of_km, of_miles in zip(km[1:], miles[1:], strict=True):
        assert float(of_miles[1]) == pytest.approx(float(of_km[1]) / KM_PER_MILE, abs=0.09)
    assert table(in_km, "Metres down") == table(in_miles.html, "Metres down")
    assert "3.1 mi above the usual" in in_miles.words
    assert "level miles" in in_miles.words
    assert not re.search(r"\d km", in_miles.words)


def test_titles_and_notes_are_never_shown(visitor: Visitor) -> None:
    hostile = "<script>alert(1)</script>"
    with visitor.store.session() as session:
        session.execute(sa.update(ACTIVITIES).values(title=hostile))
    say(visitor, score=3, note=hostile)
    for weeks in (13, 52):
        html = visitor.get(f"/trends?weeks={weeks}").html
        assert "alert(1)" not in html
        assert 'style="' not in html
        assert not re.search(r"<[^>]* on[a-z]+=", html)


def test_nobody_sees_the_weeks_of_somebody_else(visitor: Visitor, opens: Opens) -> None:
    other = replace(visitor.athlete, name="anna")
    with visitor.store.session() as session:
        save_reply(session, "anna", PainReply("1", visitor.clock.now(), ReplyKind.MORNING, score=9))
        save_strength(session, "anna", StrengthSession("1", visitor.clock.now(), 20.0))
    before = visitor.get("/trends?weeks=52").html
    assert "9 this morning" not in before
    page = opens(visitor.store, {"anna": other}).get("/trends?weeks=52")
    assert "Your weeks appear here" in page.words
    assert not drawings(page.html)
    assert "findings/" not in page.html


# The knee


def test_two_knees_have_a_calendar_each(visitor: Visitor) -> None:
    say(visitor, score=6, side=Side.LEFT)
    page = visitor.get("/trends")
    assert [name for name in drawings(page.html) if "nee" in name] == ["Knee load", "Left knee", "Right knee"]
    assert "Left knee 6 this morning" in page.words
    assert table(page.html, "Left knee mornings")[1:] == [["16 Nov", "–", "–", "6", "–", "–", "–", "–"]]
    right = table(page.html, "Right knee mornings")[1:]
    assert all("6" not in row[1:] for row in right)
    assert len(right) == 13


def test_of_two_answers_to_one_question_the_last_counts(visitor: Visitor) -> None:
    now = visitor.clock.now()
    say(visitor, score=9, at=now - timedelta(seconds=1))
    say(visitor, score=3, at=now)
    assert "Knee 3 this morning" in visitor.get("/trends").words


def test_a_button_is_told_in_its_word_and_drawn_hollow(visitor: Visitor) -> None:
    before = len(steps(drawings(visitor.get("/trends").html)["Knee"], "s-bad"))
    say(visitor, grade=Grade.RED, score=None)
    page = visitor.get("/trends")
    assert "Knee bad this morning" in page.words
    assert len(steps(drawings(page.html)["Knee"], "s-bad")) == before + 1
    assert table(page.html, "Knee mornings")[1][3] == "bad"


def test_an_answer_at_another_time_is_no_morning(visitor: Visitor) -> None:
    was = visitor.get("/trends")
    assert "at other times" not in was.words
    say(visitor, kind=ReplyKind.SPOT, score=7)
    page = visitor.get("/trends")
    assert table(page.html, "Knee at other times")[1:] == [["16 Nov", "–", "–", "7", "–", "–", "–", "–"]]
    assert table(page.html, "Knee mornings") == table(was.html, "Knee mornings")
    assert len(steps(drawings(page.html)["Knee"], "s-bad")) == 1
    assert re.search(r"Knee \d this morning", page.words)


@pytest.mark.parametrize("said", [{"kind": ReplyKind.FLAG, "flag": "locked"}, {"score": 9}])
def test_a_knee_that_forbids_running_still_has_its_weeks(visitor: Visitor, said: dict[str, object]) -> None:
    before = table(visitor.get("/trends").html, "Kilometres a week")
    say(visitor, **said)
    page = visitor.get("/trends")
    assert page.status == 200
    assert table(page.html, "Kilometres a week") == before
    assert "Strength" in page.words


# Strength


def test_strength_is_done_of_wanted_a_week(visitor: Visitor) -> None:
    plan = look(visitor.store, visitor.athlete, visitor.clock.now()).assessment.strength
    page = visitor.get("/trends")
    assert f"Strength {plan.done} of {plan.wanted} this week" in page.words
    rows = table(page.html, "Strength sessions")
    assert rows[1] == ["16 Nov", str(plan.done), str(plan.wanted)]
    with visitor.store.session() as session:
        save_strength(
            session, "demo", StrengthSession("new", visitor.clock.now() - timedelta(minutes=25), 20.0)
        )
    again = visitor.get("/trends").html
    assert table(again, "Strength sessions")[1] == ["16 Nov", str(plan.done + 1), str(plan.wanted)]
    full = steps(drawings(again)["Strength sessions"], "s-good")
    assert len(full) == sum(int(row[1]) for row in table(again, "Strength sessions")[1:])


# Little is known


def test_before_the_first_run_it_says_what_will_be_here(beginner: Visitor) -> None:
    page = beginner.get("/trends")
    assert page.status == 200
    assert "Your weeks appear here" in page.words
    assert '<svg class="drawing"' not in page.html


def test_a_young_history_has_bars_and_no_band(visitor: Visitor) -> None:
    first = min(on for on, _ in ran(visitor))
    visitor.clock.at = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) + timedelta(days=9)
    page = visitor.get("/trends")
    found = drawings(page.html)
    assert len(bars(found["Kilometres"])) == 2
    assert not steps(found["Kilometres"], "usual")
    assert {row[2] for row in table(page.html, "Kilometres a week")[1:]} == {"–"}
    assert "Nothing in these weeks." in page.words


def test_without_a_word_about_the_knee_or_strength_it_says_what_appears_there(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        session.execute(sa.text("DELETE FROM replies"))
        session.execute(sa.delete(STRENGTH_SESSIONS))
        session.execute(
            sa.delete(LOADS).where(
                LOADS.c.activity_id.in_(sa.select(ACTIVITIES.c.id).where(ACTIVITIES.c.family == "strength"))
            )
        )
        session.execute(sa.update(ACTIVITIES).where(ACTIVITIES.c.family == "strength").values(family="other"))
        session.execute(sa.text("DELETE FROM checkpoints"))
    page = visitor.get("/trends")
    assert "Knee What you answer about the knee appears here, morning by morning." in page.words
    assert "Kilometres" in drawings(page.html)


def test_loads_that_nobody_measured_are_not_known_and_not_zero(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        session.execute(sa.delete(LOADS))
    page = visitor.get("/trends?weeks=52")
    oldest, newest = table(page.html, "Knee load")[-1], table(page.html, "Knee load")[1]
    assert newest[1] != "–"
    assert table(page.html, "Kilometres a week")[-1][1] != "–"
    assert oldest[1] == "–" or len(table(page.html, "Knee load")) < len(table(page.html, "Kilometres a week"))


def test_a_page_of_a_year_stays_small(visitor: Visitor) -> None:
    assert len(visitor.get("/trends").html.encode()) < 60_000
    assert len(visitor.get("/trends?weeks=52").html.encode()) < 100_000
