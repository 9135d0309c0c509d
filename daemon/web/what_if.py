"""GET /what-if: what the rules would say about a run that is only planned.

With the header `X-Part: verdict` only the verdict comes back, for a page that asks again while a slider moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from werkzeug.wrappers import Response

from daemon.web.drawings.what_if import Asked, Term, draw_asked, draw_limits
from daemon.web.visit import Visit
from daemon.web.what_if_fields import fields_of, planned_of
from rules.facts import Runner
from rules.outcome import Level
from rules.phrases import allowed_distance, capital, distance
from rules.whatif import Verdict, WhatIf, what_if
from rules.whatif_words import verdict_sentences, verdict_words
from rules.wording import BINDING_WORDS, LEARNING, finding_sentence

MARKS = {
    Verdict.FITS: ("good", "good"),
    Verdict.OVER: ("sore", "sore"),
    Verdict.TOO_SOON: ("warn", "sore"),
    Verdict.STOPPED: ("stop", "bad"),
    Verdict.UNKNOWN: ("none", "quiet"),
}
"""The shape of a verdict, and its colour."""


def show(visit: Visit) -> Response:
    runner, seen = visit.athlete.runner, visit.look()
    fields = fields_of(visit.request.args, seen.assessment.budget, runner)
    wrong = any(field.problem for field in fields)
    values: dict[str, Any] = {"fields": fields, "wrong": wrong}
    if not wrong:
        found = what_if(seen.state, seen.policy, visit.now, planned_of(fields, runner), seen.assessment)
        values |= _verdict(found, visit)
    status = 400 if wrong else 200
    if visit.request.headers.get("X-Part") == "verdict":
        return Response(visit.part("what_if_parts", **values), status=status, mimetype="text/html")
    return visit.page("what_if", status=status, **values)


def _verdict(found: WhatIf, visit: Visit) -> dict[str, Any]:
    runner = visit.athlete.runner
    figures = list(_figures(found, runner))
    mark, colour = MARKS[found.verdict]
    first, *others = verdict_sentences(found, runner, visit.now)
    return {
        "word": verdict_words(found),
        "mark": mark,
        "colour": colour,
        # What is fine instead stands last; between the two, the other figures.
        "lead": [first, *others[-1:]],
        "others": others[:-1],
        "asked": distance(found.planned.km, runner),
        "learning": LEARNING if found.before.learning else "",
        "bar": draw_asked(figures[0]) if found.longest_km is not None else None,
        "picture": draw_limits(figures, _described(figures)) if figures else None,
        "rows": [row for figure in figures for row in _rows(figure)],
        "findings": [
            ("note" if finding.level is Level.NOTE else "warn", finding_sentence(finding, runner))
            for finding in found.findings
        ],
    }


def _figures(found: WhatIf, runner: Runner) -> Iterator[Asked]:
    """What was asked against what is fine: the distance with everything that limits it, then hills and speed."""
    planned, budget = found.planned, found.before.budget
    if found.longest_km is not None:
        fits = f"{allowed_distance(found.longest_km, runner)} fits"
        asked = distance(planned.km, runner)
        yield Asked("Asked", planned.km, asked, found.longest_km, fits, list(_terms(found, runner)))
    for name, amount, left, unit in (
        ("Metres down", planned.descent_m, budget.descent_m, "m"),
        ("Fast minutes", planned.fast_min, budget.fast_min, "min"),
    ):
        if amount > 0 and left is not None:
            told = f"{amount:.0f} {unit}, {left} left this week"
            yield Asked(name, amount, told, left, f"{left} {unit}")


def _terms(found: WhatIf, runner: Runner) -> Iterator[Term]:
    """Once for each wording, the shortest first; then the rest of the week."""
    binding = BINDING_WORDS[found.binding]
    seen: set[str] = set()
    for name, km in found.terms:
        words = BINDING_WORDS[name]
        if words not in seen:
            seen.add(words)
            yield Term(capital(words), km, allowed_distance(km, runner), words == binding)
    week_km = found.before.budget.week_km
    if week_km is not None:
        yield Term("What your week has left", week_km, allowed_distance(week_km, runner))


def _rows(figure: Asked) -> Iterator[tuple[str, str]]:
    yield figure.name, figure.told
    for term in figure.terms:
        yield f"{term.words}{' (sets it)' if term.sets else ''}", term.told


def _described(figures: Sequence[Asked]) -> str:
    return f"{'; '.join(f'{name}: {told}' for figure in figures for name, told in _rows(figure))}."
