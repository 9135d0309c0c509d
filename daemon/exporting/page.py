"""The page for a physio: eight weeks of load, what the knee said, and what was warned of. One file, ready to print."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.pictures.week_svg import draw
from daemon.pictures.week_words import BUTTONS, described, knee_words
from daemon.store.answers import load_answers
from daemon.store.engine import Session, Store
from daemon.store.messages import sent_messages
from daemon.store.tables import DELIVERIES, MESSAGES
from rules.facts import Grade, PainReply, ReplyKind, Runner, Side
from rules.outcome import Level
from rules.phrases import MONTHS, local_date, unit, whole_distance
from rules.policy import Policy
from rules.week_view import WEEK, WEEK_DAYS, WEEKS, Week, WeekView, week_end, week_view, worst_knee
from rules.wording import NOT_MEDICAL_ADVICE

WARNED = (Level.WARN, Level.STOP, Level.REFER, Level.EMERGENCY)
KINDS = {
    ReplyKind.DURING: "during a run",
    ReplyKind.AFTER: "an hour after a run",
    ReplyKind.MORNING: "in the morning",
    ReplyKind.SPOT: "in between",
    ReplyKind.WEEKLY: "of the whole week",
    ReplyKind.FLAG: "checklist",
}
SIDES = {Side.LEFT: "left", Side.RIGHT: "right"}
STYLE = """
  body { font: 15px/1.45 Verdana, 'DejaVu Sans', sans-serif; color: #1f2328; max-width: 46em; margin: 2em auto;
         padding: 0 1em }
  h1 { font-size: 1.5em; margin-bottom: 0 } h2 { font-size: 1.15em; margin: 1.6em 0 .4em }
  p.quiet, td.quiet { color: #57606a }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .2em .7em .2em 0;
  border-bottom: 1px solid #d8dce0; vertical-align: top } td.number, th.number { text-align: right }
  img { width: 100%; max-width: 30em; height: auto; display: block }
  tr, img { break-inside: avoid }
  @media print { body { font-size: 10pt; margin: 0; max-width: none } img { max-width: 12cm } }
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A warning that reached the runner."""

    at: datetime
    title: str
    text: str


def summary_page(store: Store, athlete: AthleteConfig, now: datetime) -> str:
    """The page as HTML: the seven weeks before this one, and this one as far as it has come."""
    seen = look(store, athlete, now)
    runner = athlete.runner
    today = local_date(now, runner)
    ends = week_end(today + timedelta(days=WEEK_DAYS - 1))
    first = ends - WEEKS * WEEK + timedelta(days=1)
    since = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(runner.timezone))
    with store.reading() as session:
        sent = sent_messages(session, athlete.name, since, alerts_since=since)
        told = _told(session, athlete.name, since)
        replies = [one for one in load_answers(session, athlete.name, since).replies if one.kind in KINDS]
    # A coming week is the business of the runner, and this one is not over.
    view = replace(week_view(seen.assessment, seen.history, sent, seen.policy, ends), coming_km=None)
    state = f"Knee {seen.assessment.pain.overall.value.lower()}, load {seen.assessment.load.value}."
    parts = [
        f"<h1>Running load and knee, {escape(athlete.name)}</h1>",
        f'<p class="quiet">{_day(first)} to {_day(today)}. {escape(state)}</p>',
        f'<img alt="{escape(described(view))}" src="{_inline(draw(view))}">',
        "<h2>Weeks</h2>",
        *_weeks(view, seen.policy, replies),
        "<h2>What the knee said</h2>",
        *_replies(replies, runner),
        "<h2>What was warned of</h2>",
        *_warnings(told, runner),
        f'<p class="quiet">{escape(NOT_MEDICAL_ADVICE)} Scores are 0 (nothing) to 10 (worst), as the runner gave them.</p>',
    ]
    return _page(f"Running load and knee, {athlete.name}", parts)


def _told(session: Session, athlete: str, since: datetime) -> list[Told]:
    got_through = sa.exists().where(
        DELIVERIES.c.athlete == athlete,
        DELIVERIES.c.message_key == MESSAGES.c.key,
        DELIVERIES.c.sent_at.is_not(None),
    )
    query = sa.select(MESSAGES).where(
        MESSAGES.c.athlete == athlete,
        MESSAGES.c.due_at >= since,
        MESSAGES.c.level.in_([level.value for level in WARNED]),
        got_through,
    )
    return [
        Told(row.due_at, row.title, row.text) for row in session.execute(query.order_by(MESSAGES.c.due_at))
    ]


def _weeks(view: WeekView, policy: Policy, replies: Sequence[PainReply]) -> Iterator[str]:
    runner = view.runner
    heads = ["Week to", unit(runner), "usual", "m down", "usual"]
    strength = view.strength_wanted is not None
    heads += ["strength", "worst knee"] if strength else ["worst knee"]
    yield f"<table>{_row(heads, head=True)}"
    for index, week in enumerate(view.weeks):
        knees = [day.knee for day in view.days[index * WEEK_DAYS : (index + 1) * WEEK_DAYS] if day.knee]
        worst = worst_knee(_in_week(replies, week, runner), policy)
        cells = [_day(week.ends), *_figures(week, runner)]
        if strength:
            cells.append("–" if week.strength is None else f"{week.strength} of {view.strength_wanted}")
        cells.append("–" if not knees or worst is None else knee_words(worst))
        yield _row(cells)
    yield "</table>"


def _in_week(replies: Sequence[PainReply], week: Week, runner: Runner) -> list[PainReply]:
    first = week.ends - WEEK
    scored = (ReplyKind.DURING, ReplyKind.MORNING, ReplyKind.SPOT)
    return [one for one in replies if one.kind in scored and first < local_date(one.at, runner) <= week.ends]


def _figures(week: Week, runner: Runner) -> list[str]:
    distances = [week.km, week.usual_km]
    metres = [week.descent_m, week.usual_descent_m]
    return [
        *("–" if km is None else whole_distance(km, runner) for km in distances),
        *("–" if value is None else f"{value:.0f}" for value in metres),
    ]


def _replies(replies: Sequence[PainReply], runner: Runner) -> Iterator[str]:
    if not replies:
        yield "<p>No answer in these weeks.</p>"
        return
    remarkable = [reply for reply in replies if _remarkable(reply)]
    rest = len(replies) - len(remarkable)
    if rest:
        yield f"<p>{len(replies)} answers, {rest} of them nothing but a good knee{'; the others:' if remarkable else '.'}</p>"
    if not remarkable:
        return
    yield f"<table>{_row(['', 'about', 'knee', 'answer', 'note'], head=True, numbers=False)}"
    for reply in remarkable:
        side = SIDES[reply.side or runner.default_side]
        cells = [_instant(reply.at, runner), KINDS[reply.kind], side, _answer(reply), reply.note]
        yield _row(cells, numbers=False)
    yield "</table>"


def _remarkable(reply: PainReply) -> bool:
    """Whether it says more than that all is well."""
    plain = not reply.score and reply.grade in (None, Grade.GREEN) and reply.settled is not False
    return not plain or bool(reply.note or reply.flag or reply.limp or reply.painkillers)


def _answer(reply: PainReply) -> str:
    words = []
    if reply.score is not None:
        words.append(str(reply.score))
    if reply.grade in BUTTONS:
        words.append(BUTTONS[reply.grade])
    if reply.settled is not None:
        words.append("settled" if reply.settled else "not settled")
    if reply.flag is not None:
        words.append(reply.flag.replace("_", " "))
    words += ["limping"] if reply.limp else []
    words += ["with painkillers"] if reply.painkillers else []
    return ", ".join(words)


def _warnings(told: Sequence[Told], runner: Runner) -> Iterator[str]:
    if not told:
        yield "<p>Nothing in these weeks.</p>"
        return
    yield "<table>"
    for one in told:
        yield _row([_instant(one.at, runner), one.title, one.text], numbers=False)
    yield "</table>"


def _row(cells: Sequence[str], *, head: bool = False, numbers: bool = True) -> str:
    tag = "th" if head else "td"
    kind = ' class="number"' if numbers else ""
    shown = [f"<{tag}{kind if index else ''}>{escape(cell)}</{tag}>" for index, cell in enumerate(cells)]
    return f"<tr>{''.join(shown)}</tr>"


def _inline(svg: str) -> str:
    """The picture as an address of its own, so that its style is not the page's; Verdana is as wide as DejaVu."""
    widely = svg.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    return f"data:image/svg+xml;base64,{b64encode(widely.encode()).decode()}"


def _instant(at: datetime, runner: Runner) -> str:
    local = at.astimezone(ZoneInfo(runner.timezone))
    return f"{local:%a} {local.day} {MONTHS[local.month - 1][:3]} {local:%H:%M}"


def _day(on: date) -> str:
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def _page(title: str, parts: list[str]) -> str:
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style></head>",
            "<body>",
            *parts,
            "</body>",
            "</html>\n",
        ]
    )
