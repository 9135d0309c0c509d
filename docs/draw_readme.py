"""Draws docs/readme.svg: the last weeks of the demo's runner, and the message that her last run brought.

`python docs/draw_readme.py` writes the file; a test compares it with what is drawn here.
"""

from __future__ import annotations

from datetime import date, timedelta
from html import escape
from pathlib import Path

from connectors.sources.demo import make_season
from connectors.sources.demo_plan import Kind

TODAY = date(2026, 11, 25)
WEEKS = 10
WIDTH, HEIGHT = 900, 300
LEFT, BOTTOM, PLOT_WIDTH, PLOT_HEIGHT = 46, 248, 470, 190
MOST_KM = 14.0
TITLE = "Long run"
MESSAGE = (
    "13.0 km: 24 % beyond your longest",
    "in 30 days (10.5). Unusually long",
    "for you. Next: from Thursday, up to",
    "9.5 km. Worst knee pain during the",
    "run, 0–10?",
)
STYLE = """
  text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
  .small { font-size: 12px; fill: #57606a }
  .title { font-weight: 600 }
  .bar { fill: #8c959f }
  .spike { fill: #cf7a00 }
  .longest { stroke: #0969da; stroke-width: 2; stroke-dasharray: 5 4; fill: none }
  .blue { fill: #0969da }
  .axis { stroke: #d0d7de }
  .card { fill: #f6f8fa; stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .bar { fill: #656c76 } .spike { fill: #f0a030 }
    .longest { stroke: #4493f8 } .blue { fill: #4493f8 } .axis { stroke: #3d444d } .card { fill: #151b23; stroke: #3d444d }
  }
"""


def draw() -> str:
    """The picture as SVG text."""
    runs = _runs()
    newest_day, newest_km = runs[-1]
    longest = max(km for day, km in runs[:-1] if (newest_day - day).days <= 30)
    since = TODAY - timedelta(weeks=WEEKS)
    described = f"Ten weeks of runs; the last, {newest_km:.1f} km, is beyond the longest of 30 days, {longest:.1f} km."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{described}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="30">Runs of ten weeks, km</text>',
    ]
    for km in (0, 5, 10):
        y = _y(km)
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{LEFT + PLOT_WIDTH}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="small" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{km}</text>')
    for day, km in runs:
        x = LEFT + (day - since).days / (7 * WEEKS) * PLOT_WIDTH
        kind = "spike" if day == newest_day else "bar"
        parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{_y(km)}" width="5" height="{BOTTOM - _y(km):.1f}" rx="1.5"/>'
        )
    start = LEFT + ((newest_day - since).days - 30) / (7 * WEEKS) * PLOT_WIDTH
    parts.append(f'<path class="longest" d="M{start:.1f} {_y(longest)} H{LEFT + PLOT_WIDTH}"/>')
    parts.append(
        f'<text class="small blue" x="{start:.1f}" y="{_y(longest) - 8}">longest of 30 days: {longest:.1f}</text>'
    )
    for week in range(0, WEEKS, 3):
        day = since + timedelta(weeks=week)
        x = LEFT + week / WEEKS * PLOT_WIDTH
        parts.append(f'<text class="small" x="{x:.1f}" y="{BOTTOM + 20}">{day:%d %b}</text>')
    parts += _card()
    return "\n".join([*parts, "</svg>"]) + "\n"


def _runs() -> list[tuple[date, float]]:
    season = make_season(TODAY)
    found = []
    for file in season.files:
        day = season.first_day + timedelta(days=file.outing.day)
        if file.outing.kind not in (Kind.HIKE, Kind.STRENGTH) and (TODAY - day).days <= 7 * WEEKS:
            found.append((day, file.outing.km))
    return found


def _card() -> list[str]:
    x, y = 560, 52
    lines = [
        f'<rect class="card" x="{x}" y="{y}" width="304" height="176" rx="14"/>',
        f'<text class="small" x="{x + 20}" y="{y + 28}">niggled · now</text>',
        f'<text class="title" x="{x + 20}" y="{y + 54}">{escape(TITLE)}</text>',
    ]
    lines += [
        f'<text x="{x + 20}" y="{y + 76 + 20 * row}">{escape(text)}</text>'
        for row, text in enumerate(MESSAGE)
    ]
    return lines


def _y(km: float) -> float:
    return round(BOTTOM - km / MOST_KM * PLOT_HEIGHT, 1)


if __name__ == "__main__":
    Path(__file__).with_name("readme.svg").write_text(draw(), encoding="utf-8")
