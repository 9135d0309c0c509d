"""The verdict on a planned run as a picture: what was asked, and how far each thing lets it go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from daemon.web.drawings.time_axis import number

WIDTH = 326
ASKED, TERM, GAP = 16.0, 8.0, 10.0
LABEL = 18.0
BELOW = 20.0
FARTHEST = 1.6
"""Terms farther off than this times what matters run out of the picture."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something that limits the run: how far it lets it go, and whether it is what sets the limit."""

    words: str
    amount: float
    told: str
    sets: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure of the plan against what is fine, in one unit, and both in words; `terms` are what limits it."""

    name: str
    amount: float
    told: str
    fits: float
    fits_told: str
    terms: Sequence[Term] = ()

    @property
    def scale(self) -> float:
        """Units of the picture for each unit of the figure."""
        reach = max(self.amount, self.fits) * FARTHEST
        shown = [term.amount for term in self.terms if term.amount <= reach]
        return (WIDTH - 4) / (max(self.amount, self.fits, *shown) or 1.0)


def draw_asked(figure: Asked) -> Markup:
    """What was asked as a bar from 0, hatched beyond what fits, with a mark where that ends."""
    y, scale = 3.0, figure.scale
    fits = min(max(figure.fits * scale, 1.0), WIDTH - 1.0)
    anchor = "start" if fits < 60 else "end" if fits > WIDTH - 60 else "middle"
    parts = [
        *_measured(figure, y),
        f'<text x="{number(fits)}" y="{number(y + ASKED + 17)}" text-anchor="{anchor}">{escape(figure.fits_told)}</text>',
    ]
    described = f"{figure.name}: {figure.told}. {figure.fits_told}."
    return _picture(y + ASKED + BELOW + 2, described, parts)


def draw_limits(figures: Sequence[Asked], described: str) -> Markup:
    """A thin bar for each term of the distance with the end of the asked one as a dashed line, then the other figures."""
    y = 0.0
    parts: list[str] = []
    for figure in figures:
        if not figure.terms:
            parts += [*_line(y, figure.name, figure.told, kind="bold"), *_measured(figure, y + LABEL)]
            y += LABEL + ASKED + GAP
        for term in figure.terms:
            parts += _term(term, figure, y)
            y += LABEL + TERM + GAP
    return _picture(y - GAP + 4, described, parts)


def _measured(figure: Asked, y: float) -> Iterator[str]:
    within, whole = min(figure.amount, figure.fits) * figure.scale, figure.amount * figure.scale
    yield f'<path class="usual" d="{_bar(0, y, WIDTH, ASKED)}"/>'
    yield f'<path class="accent" d="{_bar(0, y, within, ASKED)}"/>'
    if whole > within:
        yield f'<path class="sore" d="{_bar(within, y, whole - within, ASKED)}"/>'
        yield f'<path class="what-if-beyond" d="M{number(within)} {number(y + ASKED / 2)}H{number(whole)}"/>'
    fits = number(min(max(figure.fits * figure.scale, 1.0), WIDTH - 1.0))
    yield f'<path class="s-ink" stroke-width="2.5" d="M{fits} {number(y - 2)}v{number(ASKED + 4)}"/>'


def _term(term: Term, figure: Asked, top: float) -> Iterator[str]:
    yield from _line(top, term.words, term.told, kind="bold" if term.sets else "quiet")
    y = top + LABEL
    yield f'<path class="usual" d="{_bar(0, y, WIDTH, TERM)}"/>'
    length = min(term.amount * figure.scale, WIDTH)
    yield f'<path class="{"ink" if term.sets else "bar"}" d="{_bar(0, y, length, TERM)}"/>'
    asked = number(figure.amount * figure.scale)
    yield f'<path class="s-accent" stroke-width="2" stroke-dasharray="3 2" d="M{asked} {number(y - 2)}v{number(TERM + 4)}"/>'


def _line(top: float, words: str, told: str, *, kind: str) -> Iterator[str]:
    y = number(top + 13)
    yield f'<text class="{kind}" x="0" y="{y}">{escape(words)}</text>'
    yield f'<text class="{kind}" x="{WIDTH}" y="{y}" text-anchor="end">{escape(told)}</text>'


def _bar(x: float, y: float, width: float, height: float) -> str:
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h-{number(width)}z"


def _picture(height: float, described: str, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg class="drawing" viewBox="0 0 {WIDTH} {number(height)}" role="img" '
        f'aria-label="{escape(described)}">{"".join(parts)}</svg>'
    )
