"""What a runner reads about a run that is only planned, on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rules.facts import Runner
from rules.phrases import allowed_distance, day, distance, local_date
from rules.whatif import Verdict, WhatIf
from rules.wording import BINDING_WORDS, budget_sentence

_WORDS = {
    Verdict.UNKNOWN: "Not known yet",
    Verdict.FITS: "Fits",
    Verdict.TOO_SOON: "Too soon",
    Verdict.STOPPED: "Not now",
}
_OVER_WORDS = {
    "distance": "More than fits",
    "descent": "More downhill than fits",
    "fast": "More speed than fits",
    "week": "More than the week",
}


def verdict_words(found: WhatIf) -> str:
    """The verdict in three words; of several figures that are too much, the first."""
    if found.verdict is Verdict.OVER:
        return next(words for name, words in _OVER_WORDS.items() if name in found.over)
    return _WORDS[found.verdict]


def verdict_sentences(found: WhatIf, runner: Runner, now: datetime) -> tuple[str, ...]:
    """Whether it fits, what it passes by how much and what sets that, then what is fine instead."""
    sentences = list(_figures(found, runner))
    budget, today = found.before.budget, local_date(now, runner)
    if found.over == ("too_soon",) and budget.not_before is not None:
        sentences.append(f"Too soon: not before {day(budget.not_before, today)}.")
    if found.over:
        instead = budget_sentence(budget, runner, now, pain=found.before.pain.overall, load=found.before.load)
        sentences += [instead] if instead else []
    return tuple(sentences)


def _figures(found: WhatIf, runner: Runner) -> Iterator[str]:
    planned, budget, longest_km = found.planned, found.before.budget, found.longest_km
    if longest_km is None:
        yield "What fits is not known yet."
    elif longest_km <= 0:
        yield f"No distance fits now, set by {BINDING_WORDS[found.binding]}."
        return
    elif not found.over:
        fits = allowed_distance(longest_km, runner)
        yield f"Fits: on such a route up to {fits}, set by {BINDING_WORDS[found.binding]}."
    elif "distance" in found.over:
        more = distance(planned.km - longest_km, runner)
        yield (
            f"{distance(planned.km, runner)} is {more} more than fits now: on such a route up to "
            f"{allowed_distance(longest_km, runner)}, set by {BINDING_WORDS[found.binding]}."
        )
    if "descent" in found.over:
        yield f"{planned.descent_m:.0f} m down; {budget.descent_m} m are left this week."
    if "fast" in found.over:
        yield f"{planned.fast_min:.0f} fast minutes; {budget.fast_min} are left this week."
    if "week" in found.over and budget.week_km is not None:
        left = allowed_distance(budget.week_km, runner)
        yield f"Your week has {left} left." if budget.week_km > 0 else "Your week is full."
