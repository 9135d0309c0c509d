"""The one sentence of each rule, with its numbers (RULES 5.2 and 5.3, VOICE)."""

from __future__ import annotations

from collections.abc import Callable

from rules.facts import Runner
from rules.outcome import Finding, Level
from rules.phrases import bare_distance, capital, count, distance, listing, percent_above, whole_distance

CALL_NOW_TITLE = "Call your emergency number now"
NO_RUNNING_QUESTION = "Chest pain, breathlessness or a newly swollen calf is not a running question."
EMERGENCY = f"{NO_RUNNING_QUESTION} {CALL_NOW_TITLE}."
GROUP_WORDS = {"q": "thigh", "h": "hamstring", "g": "hip", "c": "calf"}
LADDER = (
    "30 min walk without pain",
    "6×(4 min walk, 1 min run)",
    "6×(3 min walk, 2 min run)",
    "6×(2 min walk, 3 min run)",
    "6×(1 min walk, 4 min run)",
    "30 min easy running",
)
DIMENSION_WORDS = {"volume": "distance", "intensity": "speed", "terrain": "hills"}


def _number(finding: Finding, name: str) -> float:
    return float(finding.numbers[name])


def band(finding: Finding) -> str:
    return str(finding.numbers["band"])


def dimensions(finding: Finding) -> list[str]:
    named = str(finding.numbers["dimensions"]).split("+")
    return [DIMENSION_WORDS[name] for name in ("volume", "intensity", "terrain") if name in named]


def _r1(finding: Finding, runner: Runner) -> str:
    ran = distance(_number(finding, "km"), runner)
    longest = bare_distance(_number(finding, "longest_30d_km"), runner)
    if band(finding) == ">100":
        return f"{ran}: more than double your longest in a month ({longest})."
    return f"{ran}: {percent_above(_number(finding, 'ratio'))} beyond your longest in 30 days ({longest})."


def _r2(finding: Finding, _runner: Runner) -> str:
    return f"{_about(finding)}{percent_above(_number(finding, 'ratio'))} more for the kneecap than any run of your last 30 days."


def _r3(finding: Finding, runner: Runner) -> str:
    week = f"{whole_distance(_number(finding, 'week_km'), runner)} {'mi' if runner.miles else 'km'} in 7 days"
    if finding.numbers.get("alone"):
        return f"{week}; your highest recent week was {whole_distance(_number(finding, 'highest_week_km'), runner)}."
    usual = whole_distance(_number(finding, "usual_week_km"), runner)
    return f"{week}, {percent_above(_number(finding, 'ratio'))} above your usual week ({usual})."


def _both_ways(finding: Finding, up: str, down: str, *, up_first: bool) -> str:
    """ "420 m down and 380 m up"; one way only where the other is not known."""
    parts = []
    for name, word in ((up, "up"), (down, "down")) if up_first else ((down, "down"), (up, "up")):
        metres = finding.numbers.get(name)
        if metres is not None:
            parts.append(f"{float(metres):.0f} m {word}")
    return _about(finding) + " and ".join(parts)


def _about(finding: Finding) -> str:
    """VOICE 5: hills of a summary are estimates."""
    return "About " if finding.numbers.get("terrain_class") == "estimated" else ""


def _times(value: float, most: float) -> str:
    """How far above the month's most: "double", "more than double" or "24 % beyond"."""
    ratio = value / most if most > 0 else float("inf")
    if ratio < 1.95:
        return f"{percent_above(ratio)} beyond"
    return "double" if ratio < 2.05 else "more than double"


def _r4(finding: Finding, _runner: Runner) -> str:
    metres = _both_ways(finding, "ascent_m", "descent_m", up_first=False)
    descent, most = _number(finding, "descent_m"), _number(finding, "most_descent_30d_m")
    by_metres = descent > most * 1.05 and not finding.numbers.get("only_steep")
    if by_metres or "steep_min" not in finding.numbers:
        return f"{metres}: {_times(descent, most)} your month's most downhill ({most:.0f} m)."
    steep, most_steep = _number(finding, "steep_min"), _number(finding, "most_steep_30d_min")
    return f"{metres}, {steep:.0f} min of it steep downhill: your month's most was {most_steep:.0f} min."


def _r5(finding: Finding, _runner: Runner) -> str:
    metres = _both_ways(finding, "ascent_m", "descent_m", up_first=True)
    return f"{metres}: your most climbing in a month (before: {_number(finding, 'most_ascent_30d_m'):.0f} m)."


def _r6(finding: Finding, _runner: Runner) -> str:
    if finding.numbers.get("first"):
        return f"First fast session in a month: {_number(finding, 'fast_min'):.0f} min."
    week, usual = _number(finding, "fast_7d_min"), _number(finding, "usual_fast_week_min")
    return f"{week:.0f} fast minutes in 7 days; your usual week has {usual:.0f}."


def _r7(finding: Finding, _runner: Runner) -> str:
    words = dimensions(finding)
    return f"{capital(listing(words))} {'both' if len(words) == 2 else 'all'} rose this week."


def _r8(finding: Finding, _runner: Runner) -> str:
    late = " late in the run" if finding.numbers.get("late") else ""
    return f"Steps {-100 * _number(finding, 'drift'):.0f} % longer than usual{late}."


def _r9(finding: Finding, runner: Runner) -> str:
    ran, base = distance(_number(finding, "km"), runner), distance(_number(finding, "return_km"), runner)
    return (
        f"{ran}, back after {_number(finding, 'gap_days'):.0f} days off: more than your return size ({base})."
    )


def _r10(finding: Finding, _runner: Runner) -> str:
    up_first = finding.rule == "R10up"
    metres = _both_ways(finding, "ascent_7d_m", "descent_7d_m", up_first=up_first)
    # The floor of the rule may stand above every recent week, so "at most".
    most = f"{_number(finding, 'highest_week_m'):.0f} m {'up' if up_first else 'down'}"
    return f"{metres} in 7 days; your recent weeks had at most {most}."


def _p1(finding: Finding, _runner: Runner) -> str:
    reason = finding.numbers.get("reason")
    if reason == "painkillers":
        return "Painkillers taken: the answer counts as sore."
    told = _BUTTONS.get(str(finding.numbers["pain"]), str(finding.numbers["pain"]))
    pain = f"{told} {'during the run' if finding.activity_id else 'at worst'}"
    if reason == "limp":
        return f"{pain}, with a limp."
    if reason == "rising":
        return f"{pain}, more than last time."
    return f"{pain}."


_BUTTONS = {"green": "Fine", "amber": "Sore", "red": "Bad"}


def _p2(finding: Finding, _runner: Runner) -> str:
    return f"Still {_number(finding, 'delta'):.0f} up an hour later: past your limit."


def _p3(finding: Finding, _runner: Runner) -> str:
    above = f"{_number(finding, 'above'):.0f} above your normal"
    when = "now" if finding.numbers.get("spot") else "this morning"
    if "morning" not in finding.numbers:
        # A button was pressed: its colour has a number in the rules, but the runner never said it.
        return f"Bad {when}." if finding.level is Level.STOP else f"Sore {when}."
    if _number(finding, "above") < 1 or (finding.level is Level.WARN and _number(finding, "above") < 2):
        return f"{finding.numbers['morning']} {when}."
    if finding.level is Level.NOTE:
        return f"{above} two mornings in a row."
    return f"{above} {when}."


def _p4(finding: Finding, _runner: Runner) -> str:
    days = int(_number(finding, "hours") // 24)
    if days < 2:
        return "More than a day sore."
    return f"{capital(count(days))} days sore: that was too much."


def _p5(finding: Finding, _runner: Runner) -> str:
    cut = " Cut 20 %." if finding.level is Level.WARN else ""
    return f"Mornings are {_number(finding, 'rise'):.0f} up on last week.{cut}"


_P6_SENTENCES = {
    "red_weeks": "Three red weeks in the last eight.",
    "high_mornings": "A whole week of mornings at 5 or more.",
    "lingering": "Sore for a week without a break.",
    "second_red": "The second stop in four weeks.",
    "physio": "Weeks of sore runs: time for a physio.",
    "chest": EMERGENCY,
    "breath": EMERGENCY,
    "calf": EMERGENCY,
}


def _p6(finding: Finding, _runner: Runner) -> str:
    if finding.level is Level.EMERGENCY:
        return EMERGENCY
    return _P6_SENTENCES.get(
        str(finding.numbers.get("cause", "")), "What you describe needs a clinician, not an app."
    )


def _p7(finding: Finding, runner: Runner) -> str:
    step = finding.numbers.get("ladder_step")
    if step is not None:
        return f"Planned was: {LADDER[int(step)]}."
    if finding.numbers.get("figure_km") == 0:
        return "No running was planned yet."
    return f"{distance(_number(finding, 'more_km'), runner)} more than planned."


def _s1(finding: Finding, _runner: Runner) -> str:
    if finding.level is Level.NOTE:
        return "No strength in two weeks."
    missing = int(_number(finding, "wanted") - _number(finding, "done"))
    if missing == 1:
        return f"One 20-minute session by Sunday keeps your {count(int(_number(finding, 'wanted')))}."
    return "No strength yet this week: one 20-minute session by Sunday still counts."


def _s2(finding: Finding, _runner: Runner) -> str:
    return f"No {GROUP_WORDS[str(finding.numbers['group'])]} work in two weeks."


def _s3(_finding: Finding, _runner: Runner) -> str:
    return "Leg work the day before a long, hard or hilly run: run first, or leave a day between."


def _h1(finding: Finding, _runner: Runner) -> str:
    reason = finding.numbers.get("reason", "sleep")
    words = {
        "sleep": "Short nights",
        "hrv": "Low recovery figures",
        "resting_heart_rate": "A raised resting pulse",
    }
    return f"{words[str(reason)]}: no growth this week."


def _d1(finding: Finding, _runner: Runner) -> str:
    return f"{_number(finding, 'gap_days'):.0f} days without a run here."


def _o1(_finding: Finding, _runner: Runner) -> str:
    return "Four calm weeks."


HEADLINES: dict[str, Callable[[Finding, Runner], str]] = {
    "R1": _r1,
    "R2": _r2,
    "R3": _r3,
    "R4": _r4,
    "R5": _r5,
    "R6": _r6,
    "R7": _r7,
    "R8": _r8,
    "R9": _r9,
    "R10up": _r10,
    "R10down": _r10,
    "P1": _p1,
    "P2": _p2,
    "P3": _p3,
    "P4": _p4,
    "P5": _p5,
    "P6": _p6,
    "P7": _p7,
    "S1": _s1,
    "S2": _s2,
    "S3": _s3,
    "H1": _h1,
    "D1": _d1,
    "O1": _o1,
}
