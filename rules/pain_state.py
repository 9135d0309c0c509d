"""What is remembered of a knee: one state per side, the answers about each run, and what follows from them
(RULES 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.facts import Grade, ReplyKind, Side
from rules.outcome import PainState
from rules.policy import Policy

SEVERITY = (
    PainState.GREEN,
    PainState.UNKNOWN,
    PainState.AMBER,
    PainState.RETURNING,
    PainState.RED,
    PainState.REFERRED,
)
GRADE_ORDER = {Grade.UNKNOWN: 0, Grade.GREEN: 1, Grade.AMBER: 2, Grade.RED: 3}
EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Morning:
    """A morning answer as it was understood: `above` is x, `score` None where a button was pressed."""

    at: datetime
    date: int
    score: int | None
    above: int
    grade: Grade


@dataclass(frozen=True, slots=True)
class Flare:
    """An open episode: sore since `onset`. `told` are the levels of P4 already given."""

    onset: datetime
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SideState:
    """One side of the machine. All instants are None while nothing of the kind has happened.

    `entered` the present state; `calm_runs` is n of RETURNING and `counted` the runs in it; `ladder_step` is
    set on the ladder, with `ladder_calm` sessions done in the step, and survives a new red as the step to
    come back to; `base_pre_km` is frozen at the start of a flare, whose instant is `flare_from`.
    """

    state: PainState = PainState.UNKNOWN
    entered: datetime | None = None
    last_reply: datetime | None = None
    last_amber: datetime | None = None
    last_red: datetime | None = None
    red_entries: tuple[datetime, ...] = ()
    severe: bool = False
    settled: datetime | None = None
    from_referral: bool = False
    calm_runs: int = 0
    counted: frozenset[str] = frozenset()
    ladder_step: int | None = None
    ladder_calm: int = 0
    base_pre_km: float | None = None
    flare_from: datetime | None = None
    flare: Flare | None = None
    usual: tuple[tuple[int, int], ...] = ()
    mornings: tuple[Morning, ...] = ()

    @property
    def last_sore(self) -> datetime | None:
        """The last amber or red grade."""
        return max((at for at in (self.last_amber, self.last_red) if at is not None), default=None)

    def baseline(self, date: int, policy: Policy) -> int:
        """B: the usual morning level before `date`, from non-flare mornings (lower median, 0 to 3)."""
        earlier = [score for day, score in self.usual if day < date][-policy.pain.b_n :]
        if len(earlier) < policy.pain.b_min:
            return policy.pain.b_start
        return min(max(lower_median(earlier), 0), 3)

    def short_flare(self, policy: Policy) -> bool:
        """Whether the flare behind this return was a short one."""
        if self.severe or self.from_referral or self.settled is None or self.last_red is None:
            return False
        return self.settled - self.last_red <= timedelta(hours=policy.ret.short_h)

    def first_cap(self, policy: Policy) -> float:
        return policy.ret.first_short if self.short_flare(policy) else policy.ret.first

    def stage_cap(self, policy: Policy) -> float:
        """The cap of RETURNING in mode caps."""
        first, done = self.first_cap(policy), self.calm_runs
        if done < policy.ret.runs:
            return first
        return min(1.0, first + policy.ret.step * (done - policy.ret.runs + 1))

    def calm_mornings(self) -> int:
        """Dates with a green morning since the last red grade."""
        return len(
            {
                morning.date
                for morning in self.mornings
                if morning.grade is Grade.GREEN and (self.last_red is None or morning.at > self.last_red)
            }
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """What one side answered about one run; `verdict` is the worst of the grades."""

    during: int | None = None
    grades: Mapping[ReplyKind, Grade] = field(default_factory=dict)
    verdict: Grade = Grade.UNKNOWN

    @property
    def calm(self) -> bool:
        return self.verdict is Grade.GREEN and ReplyKind.MORNING in self.grades


type RunAnswers = Mapping[str, Mapping[Side, Answers]]
"""By run id and side."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A run whose questions are open until `deadline`; `skipped` if one of them was answered `skip`."""

    deadline: datetime
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Pain:
    """The whole machine. `days` are the ends of recent dates (ordinal, overall state, calm runs of
    RETURNING), `reds` the spans of dates with a RED instant (the last one open while RED lasts), `today` the
    last date whose beginning was reached, `said` the date at which each standing trigger of P6 last spoke,
    `seen` the last time a referral was acknowledged."""

    sides: Mapping[Side, SideState] = field(default_factory=dict)
    answers: RunAnswers = field(default_factory=dict)
    asked: Mapping[str, Asked] = field(default_factory=dict)
    days: tuple[tuple[int, PainState, int], ...] = ()
    reds: tuple[tuple[int, int | None], ...] = ()
    today: int | None = None
    said: Mapping[str, int] = field(default_factory=dict)
    seen: datetime | None = None

    @property
    def overall(self) -> PainState:
        return overall(self.sides)

    @property
    def calm_runs(self) -> int:
        """n of the side that has the fewest while RETURNING, else 0."""
        return min(
            (side.calm_runs for side in self.sides.values() if side.state is PainState.RETURNING), default=0
        )

    @property
    def last_sore(self) -> datetime | None:
        """The last amber or red grade on any side."""
        return max(
            (side.last_sore for side in self.sides.values() if side.last_sore is not None), default=None
        )


def lower_median(values: Iterable[int]) -> int:
    """The lower middle value: stays a whole number."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def worst(grades: Iterable[Grade]) -> Grade:
    return max(grades, key=GRADE_ORDER.__getitem__, default=Grade.UNKNOWN)


def verdict_of(answers: RunAnswers, run_id: str) -> Grade:
    """The verdict of a run: the worst over sides."""
    sides = answers.get(run_id)
    return worst(side.verdict for side in sides.values()) if sides else Grade.UNKNOWN


def calm_run(answers: RunAnswers, run_id: str) -> bool:
    """Whether the verdict of a run is green and its morning was answered."""
    sides = answers.get(run_id, {}).values()
    return verdict_of(answers, run_id) is Grade.GREEN and any(
        ReplyKind.MORNING in side.grades for side in sides
    )


def overall(sides: Mapping[Side, SideState]) -> PainState:
    """The worst state of the tracked sides; UNKNOWN while none is tracked."""
    return max((side.state for side in sides.values()), key=SEVERITY.index, default=PainState.UNKNOWN)


def deciding_side(sides: Mapping[Side, SideState], policy: Policy) -> SideState | None:
    """Of the sides that are RETURNING the one whose figures count; None if there is none."""
    returning = [side for side in sides.values() if side.state is PainState.RETURNING]
    if not returning:
        return None

    def order(side: SideState) -> tuple[float, ...]:
        entered = side.entered.timestamp() if side.entered else 0.0
        if side.ladder_step is not None:
            return (0.0, side.ladder_step, -entered)
        return (1.0, side.stage_cap(policy), -entered)

    return min(returning, key=order)
