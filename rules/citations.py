"""Where every rule comes from: what it compares, which settings it uses, how good the evidence is, and the
paper.

Grades and papers are those of RULES 5.2, 5.3 and 13; "[mem]" and "[2nd]" mark numbers that were not read in
the paper itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GRADES = {
    "A": "trial or guideline in this kind of knee pain",
    "B": "large cohort of runners, or a trial in another group",
    "C": "laboratory study or small cohort",
    "D": "expert opinion or our own number",
}
"""What the first letter of a grade means."""


@dataclass(frozen=True, slots=True)
class RuleSource:
    """One rule. `name` and `formula` are for people; `settings` are dotted names of the policy; `grade`
    begins with a letter of GRADES; `cite` names papers with their doi where it is recorded."""

    name: str
    formula: str
    settings: tuple[str, ...]
    grade: str
    cite: str


_FRANDSEN = "Frandsen et al. 2025, Br J Sports Med, doi:10.1136/bjsports-2024-109380"
_VAN_HOOREN = "Van Hooren et al. 2024, Scand J Med Sci Sports, doi:10.1111/sms.14570 [2nd]"
_ESCULIER_2016 = "Esculier et al. 2016, BMC Musculoskelet Disord, doi:10.1186/s12891-015-0859-9"
_ESCULIER_2018 = "Esculier et al. 2018, Br J Sports Med, doi:10.1136/bjsports-2016-096988"
_OURS = "no paper; the limits are our own"

RULES: Mapping[str, RuleSource] = {
    "R1": RuleSource(
        "single run",
        "distance of the run / longest run of the 30 days before it",
        ("r1.ratio", "r1.bands", "r1.min_km", "r1.min_extra_km", "r1.min_runs"),
        "B",
        _FRANDSEN,
    ),
    "R2": RuleSource(
        "knee load of a run",
        "peak-weighted knee load of the run / the most of the 30 days before it, on terrain known equally well",
        (
            "r2.note",
            "r2.warn_k3",
            "r2.warn_k1",
            "r1.min_km",
            "terrain.min_runs",
            "klu.lambda",
            "summary.grade",
        ),
        "C/D",
        f"{_VAN_HOOREN}; Frandsen 2025 by analogy",
    ),
    "R3": RuleSource(
        "week",
        "kilometres of 7 days / mean of the three weeks before",
        ("r3.note", "r3.warn", "r3.alone", "r3.alone_extra_km", "r3.min_extra_km", "pain.hurts"),
        "C",
        "Damsted et al. 2019, J Orthop Sports Phys Ther; Nielsen et al. 2014, doi:10.2519/jospt.2014.5164 [mem]",
    ),
    "R4": RuleSource(
        "descent",
        "descent of the run, or its steep minutes, against the most of the 30 days before it",
        (
            "r4.note",
            "r4.min_extra_m",
            "r4.warn",
            "r4.warn_min_m",
            "r4.steep_min",
            "r4.steep_ratio",
            "terrain.min_runs",
            "profile.dh_grade",
            "profile.steep_grade",
        ),
        "C/D",
        f"{_VAN_HOOREN}; {_ESCULIER_2018}; no cohort gives a limit in metres",
    ),
    "R5": RuleSource(
        "ascent",
        "climb of the run against the most of the 30 days before it",
        ("r5.note", "r5.min_extra_m", "r5.warn", "r5.warn_extra_m", "terrain.min_runs", "pain.hurts"),
        "D",
        _OURS,
    ),
    "R6": RuleSource(
        "fast minutes",
        "fast minutes of 7 days against the mean of the three weeks before, or the first fast session of a month",
        (
            "r6.ratio",
            "r6.min_extra",
            "r6.session_min",
            "r6.fresh_days",
            "fast.hr",
            "fast.min_bout_s",
            "pain.hurts",
        ),
        "D",
        "Ramskov et al. 2018 (trial found no difference); Doyle et al. 2023, doi:10.1080/14763141.2023.2226111",
    ),
    "R7": RuleSource(
        "stacked change",
        "volume, intensity and terrain with a finding within 7 days",
        ("r7.dims",),
        "D",
        f"{_ESCULIER_2018}; clinical advice [2nd]",
    ),
    "R8": RuleSource(
        "cadence drift",
        "cadence against your own at that speed, over the run and its last third",
        ("r8.drift", "estimate.c0", "pain.hurts"),
        "C",
        "Willson et al. 2014, Clin Biomech; Hagen et al. 2023, doi:10.1249/MSS.0000000000003194",
    ),
    "R9": RuleSource(
        "return",
        "distance of the run / return size: part of the old longest run, or the longest run since the break",
        (
            "r9.ratio",
            "return.gap_days",
            "return.factor",
            "return.factor_long",
            "return.long_days",
            "return.runs",
            "return.habit_gaps",
            "r1.min_km",
            "r1.min_extra_km",
        ),
        "D",
        "return-to-run guideline (clinic, no trial) [2nd]; Frandsen 2025 by analogy",
    ),
    "R10up": RuleSource(
        "hill week, up",
        "climb of 7 days / the most of the three weeks before",
        ("r10.note", "r10.note_extra_m", "r10.warn", "r10.warn_extra_m", "r10.floor_m", "terrain.min_runs"),
        "D",
        f"{_VAN_HOOREN}; the limits are our own",
    ),
    "R10down": RuleSource(
        "hill week, down",
        "descent of 7 days / the most of the three weeks before",
        ("r10.note", "r10.note_extra_m", "r10.warn", "r10.warn_extra_m", "r10.floor_m", "terrain.min_runs"),
        "D",
        f"{_VAN_HOOREN}; the limits are our own",
    ),
    "P1": RuleSource(
        "pain in a run",
        "worst pain during the run, a limp, or more pain than in the sore run before",
        ("p1.green", "p1.amber"),
        "A for 2, D for 5",
        f"{_ESCULIER_2018}; Thomee 1997, doi:10.1093/ptj/77.12.1690 [mem]",
    ),
    "P2": RuleSource(
        "an hour later",
        "level 60 to 90 minutes after the run minus the level before it",
        ("p2.warn", "p2.stop"),
        "A",
        _ESCULIER_2016,
    ),
    "P3": RuleSource(
        "morning",
        "morning level minus your usual morning",
        ("p3.warn", "p3.amber_abs", "p3.stop", "p3.stop_abs", "pain.b_n", "pain.b_min", "pain.b_start"),
        "A/D",
        "patient education for runners with this knee pain (TREK); Crossley et al. 2004 [mem]",
    ),
    "P4": RuleSource(
        "lingering",
        "hours from the onset to an answer that is still two above the usual",
        ("p4.note_h", "p4.warn_h", "p4.stop_h", "p4.refer_h"),
        "D",
        _OURS,
    ),
    "P5": RuleSource(
        "trend",
        "median morning of 7 days minus that of the 7 days before",
        ("p5.replies", "p5.note", "p5.warn"),
        "D",
        "after Silbernagel et al. 2007, doi:10.1177/0363546506298279 [2nd]",
    ),
    "P6": RuleSource(
        "see a clinician",
        "an item of the checklist, red or sore for weeks, or a second red within four weeks",
        (
            "p6.red_weeks",
            "p6.high",
            "p6.second_red_days",
            "p6.amber_days",
            "p6.amber_runs",
            "refer.repeat_days",
            "refer.physio_days",
        ),
        "A (safety)",
        "public health-service lists for the knee; Ottawa knee rule",
    ),
    "P7": RuleSource(
        "more than planned",
        "distance of the run against the figure in force just before it, while sore or with a red load",
        ("p7.ratio", "p7.min_extra_km"),
        "D",
        _OURS,
    ),
    "S1": RuleSource(
        "strength",
        "strength sessions of the week",
        ("s1.day", "strength.per_week", "strength.min_minutes"),
        "A for symptoms",
        "Neal et al. 2024, Br J Sports Med, doi:10.1136/bjsports-2024-108110",
    ),
    "S2": RuleSource("balance", "muscle groups without work for two weeks", ("s2.days",), "D", _OURS),
    "S3": RuleSource(
        "spacing",
        "leg session shortly before a long, hard or hilly run",
        ("strength.before_h",),
        "C",
        "Doma et al. 2017, Sports Med, doi:10.1007/s40279-017-0758-3",
    ),
    "H1": RuleSource(
        "recovery",
        "short nights, low heart rate variability or a raised resting pulse; only holds growth",
        ("h1.sleep_h", "h1.short_min", "h1.nights", "h1.rhr", "h1.max_days"),
        "B for sleep",
        "Johnston et al. 2020, J Sci Med Sport, doi:10.1016/j.jsams.2019.10.013; the limits are our own",
    ),
    "D1": RuleSource(
        "time off",
        "days since the last run",
        ("return.gap_days", "return.factor", "return.factor_long", "return.habit_gaps"),
        "D",
        "return-to-run guideline (clinic) [2nd]",
    ),
    "O1": RuleSource("calm weeks", "four weeks without a sore day", ("o1.runs", "o1.mornings"), "D", _OURS),
}
