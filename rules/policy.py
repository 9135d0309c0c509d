# ruff: noqa: RUF009  the groups are frozen, so sharing their defaults is safe
"""Every threshold once: name, default, unit, what it means and where it comes from (RULES 2 to 11).

A policy is a value: `Policy()` is the specification's, `with_overrides` makes a runner's own. Group and
setting names are those of RULES; a name that is a Python keyword ends in an underscore here and nowhere else
(`return.gap_days`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.policy_load import (
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
    EstimateSettings,
    FastSettings,
    GateSettings,
    KneeLoadSettings,
    LearnSettings,
    LoadStateSettings,
    MergeSettings,
    ProfileSettings,
    ReturnSettings,
    SportSettings,
    SummarySettings,
    TerrainSettings,
)
from rules.policy_next import (
    BaseSettings,
    BudgetSettings,
    CapSettings,
    ComfortSettings,
    DescentSettings,
    FreshSettings,
    GrowSettings,
    HurtSettings,
    RaceSettings,
    ReturningSettings,
    ThresholdSettings,
    WeekSettings,
)
from rules.policy_pain import (
    H1,
    O1,
    P1,
    P2,
    P3,
    P4,
    P5,
    P6,
    P7,
    ChecklistSettings,
    PainSettings,
    ReferSettings,
)
from rules.policy_talk import (
    S1,
    S2,
    AdaptSettings,
    AlertSettings,
    AnswerSettings,
    MessageSettings,
    PromptSettings,
    SourcesSettings,
    StrengthSettings,
)
from rules.settings import PolicyError, Setting, listed, overridden

__all__ = ["Policy", "PolicyError", "Setting", "settings", "with_overrides"]


@dataclass(frozen=True, slots=True)
class Policy:
    """All settings of RULES, by group."""

    merge: MergeSettings = MergeSettings()
    sport: SportSettings = SportSettings()
    gate: GateSettings = GateSettings()
    terrain: TerrainSettings = TerrainSettings()
    learn: LearnSettings = LearnSettings()
    return_: ReturnSettings = ReturnSettings()
    estimate: EstimateSettings = EstimateSettings()
    profile: ProfileSettings = ProfileSettings()
    fast: FastSettings = FastSettings()
    summary: SummarySettings = SummarySettings()
    klu: KneeLoadSettings = KneeLoadSettings()
    r1: R1 = R1()
    r2: R2 = R2()
    r3: R3 = R3()
    r4: R4 = R4()
    r5: R5 = R5()
    r6: R6 = R6()
    r7: R7 = R7()
    r8: R8 = R8()
    r9: R9 = R9()
    r10: R10 = R10()
    load: LoadStateSettings = LoadStateSettings()
    pain: PainSettings = PainSettings()
    p1: P1 = P1()
    p2: P2 = P2()
    p3: P3 = P3()
    p4: P4 = P4()
    p5: P5 = P5()
    p6: P6 = P6()
    p7: P7 = P7()
    refer: ReferSettings = ReferSettings()
    checklist: ChecklistSettings = ChecklistSettings()
    h1: H1 = H1()
    o1: O1 = O1()
    ret: ReturningSettings = ReturningSettings()
    cap: CapSettings = CapSettings()
    week: WeekSettings = WeekSettings()
    desc: DescentSettings = DescentSettings()
    base: BaseSettings = BaseSettings()
    fresh: FreshSettings = FreshSettings()
    grow: GrowSettings = GrowSettings()
    t: ThresholdSettings = ThresholdSettings()
    race: RaceSettings = RaceSettings()
    budget: BudgetSettings = BudgetSettings()
    hurt: HurtSettings = HurtSettings()
    comfort: ComfortSettings = ComfortSettings()
    answer: AnswerSettings = AnswerSettings()
    prompt: PromptSettings = PromptSettings()
    s1: S1 = S1()
    s2: S2 = S2()
    strength: StrengthSettings = StrengthSettings()
    msg: MessageSettings = MessageSettings()
    alert: AlertSettings = AlertSettings()
    adapt: AdaptSettings = AdaptSettings()
    sources: SourcesSettings = SourcesSettings()


def settings() -> tuple[Setting, ...]:
    """Every setting with its default, in the order of RULES."""
    return tuple(listed(Policy()))


def with_overrides(policy: Policy, overrides: Mapping[str, Any]) -> Policy:
    """`policy` with {"r1": {"ratio": 1.12}} in place. PolicyError lists every unknown name, wrong type and
    bad range."""
    return overridden(policy, overrides)
