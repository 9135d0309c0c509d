"""The numbers of a finding as a person reads them: what each is called, and its value with a unit (DESIGN 7 has their names)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules.choices import CALL_NOW, CLINICIAN
from rules.facts import Runner
from rules.headlines import DIMENSION_WORDS, GROUP_WORDS, LADDER
from rules.outcome import Finding
from rules.phrases import capital, day, distance, listing, local_date

type Written = Callable[[float, Runner], str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: "Longest run of the 30 days before", "10.5 km"."""

    label: str
    value: str


def _km(value: float, runner: Runner) -> str:
    return distance(value, runner)


def _metres(value: float, _runner: Runner) -> str:
    return f"{value:.0f} m"


def _minutes(value: float, _runner: Runner) -> str:
    return f"{value:.0f} min"


def _ratio(value: float, _runner: Runner) -> str:
    if value >= 2:
        return f"{value:.1f} times as much"
    change = round((value - 1) * 100)
    return "the same" if change == 0 else f"{abs(change)} % {'more' if change > 0 else 'less'}"


def _longer_steps(value: float, _runner: Runner) -> str:
    return f"{-100 * value:.1f} % longer"


def _level_km(value: float, runner: Runner) -> str:
    return f"like {distance(value, runner)} flat"


def _score(value: float, _runner: Runner) -> str:
    return f"{value:.0f} of 10"


def _levels(value: float, _runner: Runner) -> str:
    return f"{value:.0f} of the 10 levels"


def _days(value: float, _runner: Runner) -> str:
    return f"{value:.0f} days"


def _hours(value: float, _runner: Runner) -> str:
    return f"{value:.0f} h"


def _plain(value: float, _runner: Runner) -> str:
    return f"{value:.4g}"


NUMBERS: Mapping[str, tuple[str, Written]] = {
    "km": ("This run", _km),
    "longest_30d_km": ("Longest run of the 30 days before", _km),
    "return_km": ("Return size", _km),
    "gap_days": ("Days off before it", _days),
    "ratio": ("In comparison", _ratio),
    "volume_ratio": ("Knee load, against the most", _ratio),
    "knee_load": ("Knee load of this run", _level_km),
    "knee_load_peak": ("The same, hard steps weighted", _level_km),
    "most_knee_load_30d": ("The month's most", _level_km),
    "most_knee_load_peak_30d": ("The month's most, weighted", _level_km),
    "week_km": ("7 days until then", _km),
    "usual_week_km": ("Usual week", _km),
    "highest_week_km": ("Highest of the three weeks before", _km),
    "fast_7d_min": ("Fast minutes in 7 days", _minutes),
    "usual_fast_week_min": ("Fast minutes of a usual week", _minutes),
    "fast_min": ("Fast minutes of this run", _minutes),
    "drift": ("Steps, against your own at that speed", _longer_steps),
    "ascent_m": ("Up", _metres),
    "descent_m": ("Down", _metres),
    "most_ascent_30d_m": ("The month's most up", _metres),
    "most_descent_30d_m": ("The month's most down", _metres),
    "steep_min": ("Steep downhill", _minutes),
    "most_steep_30d_min": ("The month's most steep downhill", _minutes),
    "ascent_7d_m": ("Up in 7 days", _metres),
    "descent_7d_m": ("Down in 7 days", _metres),
    "highest_week_m": ("Most of the recent weeks, or the least that counts", _metres),
    "pain": ("Pain", _score),
    "morning": ("Pain in the morning", _score),
    "above": ("Above your usual morning", _levels),
    "delta": ("Above the level before the run", _levels),
    "rise": ("Above last week's mornings", _levels),
    "hours": ("Sore for", _hours),
    "more_km": ("More than planned", _km),
    "figure_km": ("Planned at most", _km),
    "done": ("Sessions done", _plain),
    "wanted": ("Sessions wanted", _plain),
    "runs": ("Runs", _plain),
    "mornings": ("Morning answers", _plain),
}
"""Name -> what it is called, and how its value is written."""

RATIOS: Mapping[str, str] = {
    "R1": "This run against it",
    "R2": "Weighted, against the most",
    "R3": "7 days against the usual week",
    "R9": "This run against the return size",
    "R10up": "7 days against them",
    "R10down": "7 days against them",
}
"""What the ratio of a rule compares."""

FLAGS: Mapping[str, str] = {
    "alone": "Far above every recent week",
    "first": "First fast session in a month",
    "late": "Only late in the run",
    "only_steep": "Only the steep minutes stand out",
    "spot": "Told in between, of that moment",
    "stops": "Stops the running",
}
"""Numbers that only say that something is so."""

LEFT_OUT = frozenset({"band"})
"""Only the wording hangs on it, and the ratio says it better."""

_REASONS = {
    "painkillers": "painkillers taken",
    "limp": "a limp",
    "rising": "more than in the sore run before",
    "repeated": "sore again",
    "lasting": "sore for longer",
    "sleep": "short nights",
    "hrv": "low heart rate variability",
    "resting_heart_rate": "a raised resting pulse",
}
_CAUSES = {button.answer.replace(" ", "_"): button.label for button in (*CALL_NOW, *CLINICIAN)} | {
    "deformity": "It looks deformed",
    "red_weeks": "Three red weeks in the last eight",
    "high_mornings": "A whole week of high mornings",
    "lingering": "Sore for a week without a break",
    "second_red": "A second stop within four weeks",
    "physio": "Weeks of sore runs",
}
_TERRAIN = {
    "measured": "measured by the watch",
    "estimated": "estimated from a summary",
    "none": "not known",
}
_GRADES = {"green": "fine", "amber": "sore", "red": "bad"}
WORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "terrain_class": ("Hills", _TERRAIN),
    "reason": ("Because of", _REASONS),
    "cause": ("What was told", _CAUSES),
    "group": ("Muscle group", GROUP_WORDS),
    "pain": ("Pain", _GRADES),
}
"""Name -> what it is called, and what its words mean."""


def figures(finding: Finding, runner: Runner) -> Iterator[Figure]:
    """Every number of a finding in its order, what is compared before the comparison; one without words under its name."""
    ordered = sorted(finding.numbers.items(), key=lambda item: item[0].endswith("ratio"))
    for name, value in ordered:
        if name in LEFT_OUT:
            continue
        if name in FLAGS:
            if value:
                yield Figure(FLAGS[name], "yes")
        elif name == "ladder_step":
            yield Figure("Planned", LADDER[int(value)])
        elif name == "dimensions":
            rose = [DIMENSION_WORDS.get(one, one) for one in str(value).split("+")]
            yield Figure("Rose in 7 days", listing(rose))
        elif isinstance(value, str):
            label, words = WORDS.get(name, (_named(name), {}))
            yield Figure(label, words.get(value, value))
        else:
            label, written = NUMBERS.get(name, (_named(name), _plain))
            label = RATIOS.get(finding.rule, label) if name == "ratio" else label
            yield Figure(label, written(float(value), runner))


def _named(name: str) -> str:
    return capital(name.replace("_", " "))


def subject_words(subject: str, runner: Runner, now: datetime) -> str:
    """What a finding is about: "the run of Sunday, 09:10", "week 19 of 2024"."""
    today = local_date(now, runner)
    kind, _, rest = subject.partition(":")
    if kind == "week":
        year, _, week = rest.partition("-W")
        return f"week {int(week)} of {year}"
    if kind == "date":
        return day(date.fromisoformat(rest.partition(":")[0]), today)
    instant = datetime.fromisoformat(rest)
    if kind == "episode":
        return f"the sore days since {day(local_date(instant, runner), today)}"
    local = instant if instant.tzinfo is None else instant.astimezone(ZoneInfo(runner.timezone))
    return f"the {kind} of {day(local.date(), today)}, {local:%H:%M}"
