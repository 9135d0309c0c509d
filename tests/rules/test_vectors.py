"""Whole histories against the findings, states and figures they must give: our own, and those of RULES 12."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rules.assess import assess
from rules.facts import (
    Activity,
    Family,
    History,
    Night,
    PainReply,
    Prompt,
    PromptKind,
    ReplyKind,
    RunLoad,
    Side,
    TerrainClass,
)
from rules.outcome import Assessment, Finding, PainState
from rules.policy import Policy

SPECIFICATION = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "RULES.md"
OWN = Path(__file__).parent / "vectors.json"
DAY_0 = datetime(2026, 6, 7, tzinfo=UTC)
COVERED_PAIN_RULES = {"P1", "P2", "P3", "P4", "P6"}
UNCOVERED_CAUSES = ("physio", "lingering", "red_weeks", "high_mornings")
MAIN_NUMBER = {
    "R1": "ratio",
    "R9": "ratio",
    "R3": "ratio",
    "R2": "ratio",
    "R4": "descent_m",
    "R5": "ascent_m",
    "R6": "fast_7d_min",
    "R7": "dimensions",
    "R10up": "ratio",
    "R10down": "ratio",
    "P2": "delta",
    "P3": "above",
    "P4": "hours",
}

type Vector = dict[str, Any]


def specified() -> list[Vector]:
    if not SPECIFICATION.is_file():
        return []
    fence = re.search(r"```json\n(\[.*?\])\n```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL)
    assert fence is not None
    vectors: list[Vector] = json.loads(fence.group(1))
    return vectors


def own() -> list[Vector]:
    vectors: list[Vector] = json.loads(OWN.read_text(encoding="utf-8"))
    return vectors


def at(day: int, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return DAY_0 + timedelta(days=day, hours=int(hours), minutes=int(minutes))


BASES = {
    "-": ("18:00", (), None),
    "A": ("18:00", ((0, 10), (2, 6), (4, 6)), 10),
    "B": ("18:00", ((0, 5), (2, 5), (4, 5)), None),
    "C": ("06:30", ((1, 7), (3, 7), (5, 12)), 5),
}
"""Five weeks of runs: start, (day of the week, km), metres of climb and descent per km."""


def base_runs(base: str) -> list[list[Any]]:
    clock, week, metres = BASES[base]
    runs: list[list[Any]] = []
    for back in range(5, 0, -1):
        for offset, km in week:
            hills = {} if metres is None else {"dh": km * metres, "asc": km * metres}
            runs.append([-7 * back + offset, clock, km, {"asked": False, **hills}])
    return runs


def run_id(day: int, clock: str) -> str:
    return f"{day}@{clock}"


def history_of(vector: Vector) -> History:
    activities, loads, prompts = [], {}, []
    for prefix, (day, clock, km, *rest) in [
        *(("base ", run) for run in base_runs(vector["base"])),
        *(("", run) for run in vector["runs"]),
    ]:
        options = rest[0] if rest else {}
        identity, start = prefix + run_id(day, clock), at(day, clock)
        seconds = 60 * options.get("min", 6 * km)
        walk = options.get("kind") == "hike"
        activities.append(
            Activity(
                id=identity,
                family=Family.WALK if walk else Family.RUN,
                sport="hike" if walk else "run",
                start=start,
                distance_m=km * 1000,
                moving_s=seconds,
                elapsed_s=seconds,
                utc_offset_s=0,
                indoor=options.get("treadmill", False),
                race=options.get("race", False),
            )
        )
        measured = "dh" in options
        loads[identity] = RunLoad(
            distance_m=km * 1000,
            seconds=seconds,
            ascent_m=options.get("asc"),
            descent_m=options.get("dh"),
            steep_min=0.0 if measured else None,
            k1=options.get("k1", km),
            k3=options.get("k3", km),
            fast_min=options.get("fast", 0.0),
            terrain_class=TerrainClass.MEASURED if measured else TerrainClass.NONE,
        )
        if options.get("asked", True) and not walk:
            sent = start + timedelta(seconds=seconds, minutes=75)
            prompts.append(
                Prompt(f"ask {identity}", PromptKind.AFTER_RUN, sent, sent + timedelta(hours=12), identity)
            )
    return History(
        activities=tuple(activities),
        loads=loads,
        prompts=tuple(prompts),
        replies=tuple(reply_of(index, *reply) for index, reply in enumerate(vector.get("replies", []))),
        nights=short_nights(vector) if vector.get("h1") else (),
    )


def short_nights(vector: Vector) -> tuple[Night, ...]:
    today = vector["now"][0]
    return tuple(
        Night((DAY_0 + timedelta(days=day)).date().isoformat(), sleep_h=5.0)
        for day in range(today - 3, today + 1)
    )


def reply_of(
    index: int, day: int, clock: str, kind: str, value: Any, flags: dict[str, Any] | None = None
) -> PainReply:
    flags = flags or {}
    number = isinstance(value, int)
    return PainReply(
        id=f"{index:03}",
        at=at(day, clock),
        kind=ReplyKind(kind),
        score=value if number else flags.get("v"),
        settled=value == "yes" if kind == "A60" else None,
        side=Side(flags["side"]) if "side" in flags else None,
        limp=flags.get("limp", False),
        painkillers=flags.get("pills", False),
        activity_id=run_id(*flags["on"]) if "on" in flags else None,
        flag=value if kind == "flag" else None,
    )


def day_of(instant: datetime) -> int:
    return (instant - DAY_0).days


def main_number(finding: Finding) -> Any:
    if finding.rule == "P1":
        reason = finding.numbers.get("reason")
        return reason if reason in ("painkillers", "rising", "limp") else finding.numbers["pain"]
    if finding.rule == "P6":
        cause = finding.numbers["cause"]
        return None if cause == "second_red" else cause
    value = finding.numbers[MAIN_NUMBER[finding.rule]]
    return round(value, 4) if isinstance(value, float) else value


def load_findings(assessment: Assessment, vector: Vector) -> list[list[Any]]:
    listed = {run_id(run[0], run[1]) for run in vector["runs"]}
    return [
        [finding.rule, int(str(finding.activity_id).split("@")[0]), finding.level.value, main_number(finding)]
        for finding in assessment.findings
        if finding.activity_id in listed and finding.rule.startswith("R")
    ]


def pain_findings(assessment: Assessment) -> list[list[Any]]:
    return [
        [finding.rule, day_of(finding.at), finding.level.value, main_number(finding)]
        for finding in assessment.findings
        if finding.rule in COVERED_PAIN_RULES and finding.numbers.get("cause") not in UNCOVERED_CAUSES
    ]


def budget_of(assessment: Assessment) -> list[Any]:
    budget = assessment.budget
    return [budget.longest_run_km.flat, budget.week_km, budget.descent_m, budget.fast_min]


def more_than_planned(assessment: Assessment, today: int) -> list[list[Any]]:
    found = [
        [day_of(finding.at), round(float(finding.numbers["more_km"]), 4)]
        for finding in assessment.findings
        if finding.rule == "P7"
    ]
    return [one for one in found if one[0] > today - 7]


def is_physio(assessment: Assessment) -> bool:
    return any(finding.numbers.get("cause") == "physio" for finding in assessment.findings)


@pytest.mark.parametrize(
    "vector", [*own(), *specified()], ids=lambda vector: f"{vector['id']} {vector['why']}"
)
def test_a_history_gives_the_expected_findings_states_and_figures(vector: Vector) -> None:
    expected, now = vector["expect"], at(*vector["now"])
    assessment = assess(history_of(vector), Policy(), now)
    by_text = {"key": str}
    assert sorted(load_findings(assessment, vector), **by_text) == sorted(expected["find"], **by_text)
    assert sorted(pain_findings(assessment), **by_text) == sorted(expected.get("pain_find", []), **by_text)
    assert assessment.pain.overall is PainState(expected["pain"])
    assert assessment.load.value == expected["load"]
    assert budget_of(assessment) == expected["budget"]
    earliest = assessment.budget.not_before
    assert (None if earliest is None else (earliest - DAY_0.date()).days) == expected["next"]
    sides = expected.get("sides", {})
    assert {side: assessment.pain.sides[Side(side)].value for side in sides} == sides
    step = assessment.budget.ladder_step
    assert (None if step is None else f"L{step}") == expected.get("ladder")
    assert (assessment.budget.walk_min is not None) is expected.get("walk", False)
    assert is_physio(assessment) is expected.get("p6f", False)
    assert more_than_planned(assessment, vector["now"][0]) == expected.get("p7", [])
