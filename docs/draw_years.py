"""Draws docs/years-obeying.svg and docs/years-disobeying.svg: two scripted years of runs, figures, pain and pushes.

`python docs/draw_years.py` writes the files; a test compares them with what is drawn here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fakes.scripted_runner import (  # noqa: E402
    DISOBEYING_YEAR,
    OBEYING_YEAR,
    WEEK_ONE,
    ZONE,
    Script,
    Year,
    year_of,
)

from rules.facts import PainReply, ReplyKind  # noqa: E402
from rules.outcome import MessageKind  # noqa: E402

WIDTH, HEIGHT = 900, 452
LEFT, RIGHT, TOP, BOTTOM = 106, 884, 100, 300
MOST_KM = 25.0
ROWS = {ReplyKind.DURING: 340, ReplyKind.MORNING: 362}
ALERTS_Y, STOPS_Y = 384, 406
LOUD = {MessageKind.STOP, MessageKind.REFER}
STYLE = """
  text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
  .small { font-size: 12px; fill: #57606a }
  .title { font-weight: 600 }
  .run { fill: #6e7781 }
  .beyond { fill: #cf7a00 }
  .figure { stroke: #0969da; stroke-width: 1.5; fill: none; stroke-linejoin: round }
  .blue { fill: #0969da }
  .axis { stroke: #d0d7de }
  .green { fill: #4ac26b } .amber { fill: #e0a100 } .red { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .run { fill: #9198a1 } .beyond { fill: #f0a030 }
    .figure { stroke: #4493f8 } .blue { fill: #4493f8 } .axis { stroke: #3d444d }
    .green { fill: #2ea043 } .amber { fill: #d29922 } .red { fill: #f85149 }
  }
"""


def draw_obeying() -> str:
    """The year of the runner who obeys every figure, as SVG text."""
    return _draw(
        OBEYING_YEAR,
        "A year of obeying every figure",
        "The knee goes bad in week 10 by itself; she is away for 18 days in autumn. Her goal is 21.1 km.",
        {63: "a flare", 240: "18 days away"},
    )


def draw_disobeying() -> str:
    """The year of the runner who does as she likes, as SVG text."""
    return _draw(
        DISOBEYING_YEAR,
        "A year of doing as she likes",
        "Every third Sunday is 30 to 100 % longer than her usual 10 km, the next one is hilly. At figure 0 she is told to rest or to walk.",
        {},
    )


def _draw(script: Script, title: str, caption: str, marks: dict[int, str]) -> str:
    year = year_of(script)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"{title}. {caption}")}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="20" y="28">{escape(title)}</text>',
        *_legend(),
        *_axes(script),
        *_marks(marks, script),
        f'<path class="figure" d="{_steps(year)}"/>',
        *_runs(year),
        *_pain(year),
        *_pushes(year),
        f'<text class="small" x="20" y="{HEIGHT - 12}">{escape(caption)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    yield f'<circle class="run" cx="24" cy="50" r="3"/>{_small(34, 54, "a run")}'
    yield f'<circle class="beyond" cx="92" cy="50" r="3"/>{_small(102, 54, "a run beyond the figure")}'
    yield f'<path class="figure" d="M262 50 h20"/>{_small(290, 54, "the figure before each planned run")}'
    yield _small(20, 74, "Knee answers:")
    yield f'<rect class="green" x="116" y="65" width="4" height="10"/>{_small(126, 74, "fine")}'
    yield f'<rect class="amber" x="170" y="65" width="4" height="10"/>{_small(180, 74, "3–5 in the run, 2 next morning")}'
    yield f'<rect class="red" x="380" y="65" width="4" height="10"/>{_small(390, 74, "worse")}'


def _axes(script: Script) -> Iterator[str]:
    for km in range(0, int(MOST_KM) + 1, 5):
        y = _y(km)
        yield f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        yield _small(LEFT - 8, y + 4, f"{km} km" if km == MOST_KM else str(km), "end")
    for week in range(0, script.weeks, 8):
        day = WEEK_ONE + timedelta(weeks=week)
        x = _x(day, script)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{BOTTOM}" y2="{BOTTOM + 5}"/>'
        yield _small(x, BOTTOM + 18, f"week {week + 1}")
    rows = {
        "in the run": ROWS[ReplyKind.DURING],
        "next morning": ROWS[ReplyKind.MORNING],
        "load alerts": ALERTS_Y,
        "stop, clinician": STOPS_Y,
    }
    for name, y in rows.items():
        yield _small(LEFT - 8, y + 9, name, "end")


def _marks(marks: dict[int, str], script: Script) -> Iterator[str]:
    for day, words in marks.items():
        yield _small(_x(WEEK_ONE + timedelta(days=day), script), TOP - 6, words, "middle")


def _steps(year: Year) -> str:
    """The figure of each look holds until the next one."""
    looks = [look for look in year.looks if look.week >= 1]
    first, *later = looks
    path = [f"M{_x(first.day, year.script)} {_y(first.figure_km or 0)}"]
    for look in later:
        path.append(f"H{_x(look.day, year.script)}V{_y(look.figure_km or 0)}")
    return "".join(path)


def _runs(year: Year) -> Iterator[str]:
    for run in year.runs:
        if run.week >= 1 and not run.walk:
            ladder = year.script.obeys and run.look.budget.ladder_step is not None
            beyond = run.km > (run.look.figure_km or 0) + 0.05 and not ladder
            kind = "beyond" if beyond else "run"
            yield f'<circle class="{kind}" cx="{_x(run.look.day, year.script)}" cy="{_y(run.km)}" r="2.4"/>'


def _pain(year: Year) -> Iterator[str]:
    for reply in year.replies:
        day = _day(reply.at)
        if reply.kind in ROWS and reply.score is not None and day >= WEEK_ONE:
            x, y = _x(day, year.script), ROWS[reply.kind]
            yield f'<rect class="{_colour(reply)}" x="{x}" y="{y}" width="2" height="10"/>'


def _colour(reply: PainReply) -> str:
    green, amber = (2, 5) if reply.kind is ReplyKind.DURING else (1, 2)
    score = reply.score or 0
    return "green" if score <= green else "amber" if score <= amber else "red"


def _pushes(year: Year) -> Iterator[str]:
    """The pushes that are no questions; the digest and the ends of bad spells are left out too."""
    for message in year.messages:
        day = _day(message.due_at)
        if day >= WEEK_ONE and (message.alert or message.kind in LOUD):
            kind, y = ("beyond", ALERTS_Y) if message.alert else ("red", STOPS_Y)
            yield f'<rect class="{kind}" x="{_x(day, year.script)}" y="{y}" width="2.5" height="10"/>'


def _small(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text class="small" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _day(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


def _x(day: date, script: Script) -> float:
    return round(LEFT + (day - WEEK_ONE).days / (7 * script.weeks) * (RIGHT - LEFT), 1)


def _y(km: float) -> float:
    return round(BOTTOM - km / MOST_KM * (BOTTOM - TOP), 1)


PICTURES = {"years-obeying.svg": draw_obeying, "years-disobeying.svg": draw_disobeying}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        Path(__file__).with_name(name).write_text(draw(), encoding="utf-8")
