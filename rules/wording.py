"""What a runner reads: titles, sentences about findings, and what is fine next (RULES 5, 7, 8; VOICE).

`rules.headlines` holds the one sentence of each rule, `rules.messages` puts whole messages together.
"""

from __future__ import annotations

from datetime import datetime

from rules.facts import Runner
from rules.headlines import CALL_NOW_TITLE, HEADLINES, LADDER, band, dimensions
from rules.outcome import Budget, Finding, Level, LoadState, PainState
from rules.phrases import allowed_distance, day, local_date

NOT_MEDICAL_ADVICE = (
    "niggled is a training log, not medical advice: see a clinician if the knee swells, locks, gives way, "
    "hurts at night or does not get better."
)
STOPPED = "Stopped until a clinician has seen it."
CLINICIAN_FIRST = f"{STOPPED} Reply `cleared` after that."
LEARNING = "Still learning what is usual for you: at least 8 runs over 4 weeks."
NEXT_NOT_KNOWN = "Next run: not known yet."
NEW_WATCH = "New watch: hill rules wait for 4 runs with it."
WALK_OR_BIKE = "walk or bike if it stays at 2 or less"

TITLES = {
    "R1": "Long run",
    "R9": "Long run",
    "R2": "Heavy run",
    "R3": "Week",
    "R4": "Hills",
    "R5": "Hills",
    "R6": "Fast run",
    "R7": "Week",
    "R8": "Steps",
    "R10up": "Hills",
    "R10down": "Hills",
    "S1": "Strength",
    "S2": "Strength",
    "S3": "Strength",
    "H1": "Recovery",
    "D1": "Time off",
    "O1": "Calm",
}
HILL_RULES = frozenset({"R4", "R5", "R10up", "R10down"})

_R1_ASIDES = {
    "10-30": "Unusually long for you.",
    "30-100": "Far longer than you are used to.",
    ">100": "Very unusual for you.",
}
_ASIDES = {
    "R3": "Hold here.",
    "R4": "Downhill loads the kneecap more per km than flat.",
    "R5": "Flatter for 2-3 days.",
    "R10up": "Flatter for 2-3 days.",
    "R10down": "Flatter for 2-3 days.",
    "R6": "One change at a time.",
    "R8": "Shorter, quicker steps ease the kneecap a little.",
}
BINDING_WORDS = {
    "distance": "the longest run you are used to",
    "return": "the way back after a break",
    "knee_load": "the load on the kneecap",
    "knee_load_peak": "the load on the kneecap",
    "comfort": "the size that hurt",
    "comfort_peak": "the size that hurt",
    "race": "rest after the hard run",
    "floor": "the least that is always offered",
    "hurt": "the run that hurt",
    "stage": "the stage of the return",
    "ladder": "the walk-run steps",
    "calm_mornings": "two calm mornings to come",
    "red": "the knee's rest",
    "referred": "a clinician's word to come",
    "learning": "too few runs to know",
}
"""What sets the longest run, in words."""


def title(finding: Finding) -> str:
    """The title of a message led by this finding (VOICE 8)."""
    if finding.rule == "P6":
        if finding.level is Level.EMERGENCY:
            return CALL_NOW_TITLE
        return "Weeks of sore runs" if finding.numbers.get("cause") == "physio" else "See a clinician"
    return TITLES.get(finding.rule, "Knee")


def finding_sentence(finding: Finding, runner: Runner) -> str:
    """One sentence with the numbers of the finding; KeyError where it lacks a number its rule must give."""
    return HEADLINES[finding.rule](finding, runner)


def aside(finding: Finding) -> str:
    """The short sentence that may follow the headline; empty where there is none. Notes have one for R6 only."""
    if finding.level is Level.NOTE and finding.rule != "R6":
        return ""
    if finding.rule == "R1":
        return _R1_ASIDES[band(finding)]
    if finding.rule == "R7":
        return "Keep one, not both." if len(dimensions(finding)) == 2 else "Keep one."
    return _ASIDES.get(finding.rule, "")


def budget_sentence(
    budget: Budget,
    runner: Runner,
    now: datetime,
    *,
    pain: PainState = PainState.UNKNOWN,
    load: LoadState = LoadState.GREEN,
    flat: bool = False,
) -> str:
    """What is fine next, as an offer with a day and a number (VOICE 4); empty where it is not known yet.

    `flat` asks for flat ground even where descent is left, after a hilly run.
    """
    figure = budget.longest_run_km.flat
    if pain is PainState.REFERRED:
        return CLINICIAN_FIRST
    if pain is PainState.RED:
        return f"No running yet; {WALK_OR_BIKE}."
    today = local_date(now, runner)
    start = (
        ""
        if budget.not_before is None or budget.not_before <= today
        else f"from {day(budget.not_before, today)}, "
    )
    if budget.ladder_step is not None:
        return f"Next: {start}{LADDER[budget.ladder_step]}."
    if budget.walk_min is not None:
        return f"Next: {start}{budget.walk_min} min walk."
    if figure is None:
        return ""
    if figure <= 0:
        return "No running before two calm mornings."
    upto = f"up to {allowed_distance(figure, runner)}"
    if load is LoadState.RED and pain in (PainState.GREEN, PainState.UNKNOWN):
        return f"Next two runs: {start}easy, flat, {upto}."
    level = flat or budget.descent_m == 0 or pain is PainState.AMBER
    return f"Next: {start}{upto}{', flat' if level else ''}."
