"""Whole messages, put together from sentences: at most 240 characters, the question last (VOICE 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.facts import Activity, Runner
from rules.headlines import EMERGENCY
from rules.outcome import Assessment, Finding, Level, PainState, StrengthPlan
from rules.phrases import distance
from rules.wording import HILL_RULES, aside, budget_sentence, finding_sentence

PUSH_CHARACTERS = 240
SHOWN_WITH_WARNING = 2

READ_AND_CLEARED = "Reply `seen` when you have read this, `cleared` when they agree you may run."
READ = "Reply `seen` when you have read this."
NOT_AN_APP = "What you describe needs a clinician, not an app."
EXPORT_PAGE = "A physio can help more than this log; `niggled export` makes a page to take along."


def next_sentence(assessment: Assessment, runner: Runner, lead: Finding | None = None) -> str:
    """What is fine next, in the state of this assessment; flat after a hilly run."""
    return budget_sentence(
        assessment.budget,
        runner,
        assessment.now,
        pain=assessment.pain.overall,
        load=assessment.load,
        flat=lead is not None and lead.rule in HILL_RULES,
    )


def sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def fitted(first: str, optional: Sequence[str], closing: str) -> tuple[str, int]:
    """`first`, as many whole optional lines as fit into one push, then `closing`: the text and how many fitted."""
    taken: list[str] = []
    for line in optional:
        if len("\n".join([first, *taken, line, closing])) > PUSH_CHARACTERS:
            break
        taken.append(line)
    if taken:
        return "\n".join(part for part in (first, *taken, closing) if part), len(taken)
    return sentences(first, closing), 0


def run_text(
    findings: Sequence[Finding], assessment: Assessment, runner: Runner, question: str = ""
) -> tuple[str, tuple[Finding, ...]]:
    """Findings of one run, worst first, with what is next and the question: the text and the findings it tells."""
    lead, others = findings[0], findings[1 : 1 + SHOWN_WITH_WARNING]
    headline = finding_sentence(lead, runner)
    closing = sentences(next_sentence(assessment, runner, lead), question)
    text, fitting = fitted(headline, [finding_sentence(finding, runner) for finding in others], closing)
    if fitting == 0:
        whole = sentences(headline, aside(lead), closing)
        text = whole if len(whole) <= PUSH_CHARACTERS else text
    return text, (lead, *others[:fitting])


def subject_text(activity: Activity, runner: Runner, *, calm: bool) -> str:
    """How a question about a run begins: "6.1 km, inside your usual."."""
    if not activity.distance_m:
        return ""
    ran = distance(activity.distance_m / 1000, runner)
    return f"{ran}, inside your usual." if calm else f"{ran}."


def question_text(
    subject: str, notes: Sequence[Finding], runner: Runner, question: str
) -> tuple[str, tuple[Finding, ...]]:
    """A question about a run with its notes, one line each: the text and the notes it tells."""
    lines = [sentences(finding_sentence(note, runner), aside(note)) for note in notes[:SHOWN_WITH_WARNING]]
    text, fitting = fitted(subject, lines, question)
    return text, tuple(notes[:fitting])


def race_text(activity: Activity, assessment: Assessment, runner: Runner, question: str) -> str:
    """A race keeps its findings for the digest (RULES 2.2)."""
    ran = subject_text(activity, runner, calm=False)
    return sentences(ran, "Findings are in the digest.", next_sentence(assessment, runner), question)


def stop_text(findings: Sequence[Finding], runner: Runner, question: str) -> str:
    """A stop: what was answered, what is still fine, and the checklist."""
    return sentences(finding_sentence(findings[0], runner), "Walk or bike at 2 or less.", question)


def refer_text(finding: Finding, assessment: Assessment, runner: Runner) -> str:
    """An emergency or a word about a clinician or physio."""
    if finding.level is Level.EMERGENCY:
        return EMERGENCY
    if finding.numbers.get("cause") == "physio":
        return sentences(finding_sentence(finding, runner), EXPORT_PAGE)
    if assessment.pain.overall is PainState.REFERRED:
        return sentences(NOT_AN_APP, READ_AND_CLEARED)
    sentence = finding_sentence(finding, runner)
    return sentences(sentence, "" if sentence == NOT_AN_APP else "This needs a clinician, not an app.", READ)


def time_off_text(finding: Finding, assessment: Assessment, runner: Runner, now: datetime) -> str:
    """Two weeks without a run: no run, or no data (RULES 5.3 D1)."""
    figure = budget_sentence(assessment.budget, runner, now).removeprefix("Next: ")
    back = f"If not: first run back {figure}" if figure else ""
    return sentences(finding_sentence(finding, runner), "If you ran: check the watch sync.", back)


def strength_text(plan: StrengthPlan, week: str = "") -> str:
    """Today's session in one line; where the week needs it, with the week's sentence."""
    session = f"20 min: {'; '.join(lowered(exercise) for exercise in plan.exercises)}."
    return fitted(session, [week] if week else [], "")[0]


def lowered(text: str) -> str:
    """For the middle of a sentence; names of countries keep their capital."""
    return text if text.startswith("Romanian") else text[:1].lower() + text[1:]
