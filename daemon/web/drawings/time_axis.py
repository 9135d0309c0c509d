"""The one axis of time that the drawings of trends share: a column a week, in units of a picture 358 wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from rules.phrases import MONTHS

WIDTH = 358
LEFT, RIGHT = 36, 14
"""Left of the columns stand the figures of the scales."""
WEEK_DAYS = 7
EDGE = 10
MONTH_LABEL, GAP = 27, 4
"""Three letters; and between two words."""
LABEL_HEIGHT = 22


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """`weeks` columns from the week of `monday` on; `today` lies in the last one."""

    monday: date
    weeks: int
    today: date

    @property
    def column(self) -> float:
        return (WIDTH - LEFT - RIGHT) / self.weeks

    def left(self, index: int) -> float:
        return LEFT + index * self.column

    def middle(self, index: int) -> float:
        return LEFT + (index + 0.5) * self.column

    def index_of(self, on: date) -> int:
        return (on - self.monday).days // WEEK_DAYS

    def noon(self, on: date) -> float:
        """The middle of a day."""
        return LEFT + ((on - self.monday).days + 0.5) / WEEK_DAYS * self.column

    def month_starts(self) -> Iterator[tuple[float, date]]:
        """Where a month begins inside the columns."""
        end = self.monday + timedelta(weeks=self.weeks)
        first = date(self.monday.year + self.monday.month // 12, self.monday.month % 12 + 1, 1)
        while first < end:
            yield LEFT + (first - self.monday).days / WEEK_DAYS * self.column, first
            first = date(first.year + first.month // 12, first.month % 12 + 1, 1)


def number(value: float) -> str:
    """One decimal, none where it is 0."""
    return f"{value:.1f}".removesuffix(".0")


def month_labels(axis: TimeAxis) -> Markup:
    """Names of the months over their first days; the one that was under way when the columns begin where it fits."""
    labels = list(axis.month_starts())
    if not labels or labels[0][0] - LEFT >= MONTH_LABEL:
        labels.insert(0, (LEFT - 4, axis.monday))
    parts = [
        f'<text class="quiet" x="{number(x + 4)}" y="15">{MONTHS[on.month - 1][:3]}</text>'
        for x, on in labels
        if x + MONTH_LABEL <= WIDTH - EDGE
    ]
    if labels[-1][0] + 4 + 2 * MONTH_LABEL + GAP <= WIDTH - EDGE:
        parts.append(f'<text class="accent bold" x="{WIDTH - EDGE}" y="15" text-anchor="end">now</text>')
    return Markup(
        f'<svg class="trends-months" viewBox="0 0 {WIDTH} {LABEL_HEIGHT}" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def guides(axis: TimeAxis) -> Markup:
    """Lines where months begin and a ground under this week, to lie behind all drawings of the page as high as they are.

    Another ground waits for the week that is touched.
    """
    lines = "".join(f"M{number(x)} 0V100" for x, _ in axis.month_starts())
    return Markup(
        f'<svg class="trends-guides" viewBox="0 0 {WIDTH} 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="raised" x="{number(axis.left(axis.weeks - 1))}" width="{number(axis.column)}" height="100"/>'
        f'<rect class="trends-picked" x="{LEFT}" width="{number(axis.column)}" height="100"/>'
        f'<path class="s-line" d="{lines}" vector-effect="non-scaling-stroke"/></svg>'
    )
