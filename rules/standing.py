"""How a runner stands, for who would rather look than read: the colour in words, one sentence, and the week as done and
left (RULES 7, 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.facts import Runner
from rules.headlines import CALL_NOW_TITLE, NO_RUNNING_QUESTION
from rules.messages import next_sentence
from rules.outcome import Assessment, Level, LoadState, PainState
from rules.phrases import capital
from rules.records import around, known, total
from rules.wording import LEARNING, NEXT_NOT_KNOWN, STOPPED

PAIN_WORDS = {
    PainState.UNKNOWN: "no answer about the knee lately",
    PainState.GREEN: "knee calm",
    PainState.AMBER: "knee sore",
    PainState.RETURNING: "knee on its way back",
    PainState.RED: "knee at rest",
    PainState.REFERRED: "running stopped",
}
LOAD_WORDS = {
    LoadState.GREEN: "load as usual",
    LoadState.AMBER: "load raised",
    LoadState.RED: "load high",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`states` names knee and load, `headline` is what is fine next, `advice` the sentences that go with it."""

    states: str
    headline: str
    advice: tuple[str, ...]
    is_emergency: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What the last seven dates held, and what is left of them; None where it is not known yet."""

    done: float | None
    left: float | None


@dataclass(frozen=True, slots=True)
class WeekSpent:
    """Kilometres, metres down and fast minutes of the last seven dates, and the usual week's kilometres."""

    km: Spent
    usual_km: float | None
    descent_m: Spent
    fast_min: Spent


def standing(assessment: Assessment, runner: Runner, *, seen_at: datetime | None = None) -> Standing:
    """The state in words; the headline is never empty. `seen_at` is when the runner last said `seen`."""
    states = f"{capital(PAIN_WORDS[assessment.pain.overall])}, {LOAD_WORDS[assessment.load]}"
    advice = assessment.advice.sentences
    if any(
        one.level is Level.EMERGENCY and (seen_at is None or seen_at < one.at) for one in assessment.findings
    ):
        return Standing(states, CALL_NOW_TITLE, (NO_RUNNING_QUESTION,), is_emergency=True)
    if assessment.pain.overall is PainState.REFERRED:
        return Standing(states, STOPPED, ())
    headline = next_sentence(assessment, runner)
    if not headline:
        return Standing(states, LEARNING if assessment.learning else NEXT_NOT_KNOWN, advice)
    if assessment.learning:
        advice = (LEARNING, *advice)
    return Standing(states, headline, tuple(one for one in advice if one != headline))


def week_spent(assessment: Assessment, today: int) -> WeekSpent:
    """The sums that the budget subtracts, beside what it leaves; `today` is the runner's date (ordinal)."""
    budget, week = assessment.budget, around(assessment.counted, today).week
    descents = known(record.load.descent_m for record in week)
    fast = known(record.load.fast_min for record in week if not record.walk)
    runs = [record for record in week if not record.walk]
    return WeekSpent(
        km=Spent(assessment.week_km, budget.week_km),
        usual_km=assessment.usual_week_km,
        descent_m=Spent(total(descents) if descents or not week else None, budget.descent_m),
        fast_min=Spent(total(fast) if fast or not runs else None, budget.fast_min),
    )
