"""What the rules answer: findings, states, advice, budget, and the messages they become.

Plain frozen values. Distances in text units (km) only where the name says so; instants are aware datetimes; `date` is a
local date of the runner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from rules.facts import PromptKind, Side
from rules.records import Record


class Level(StrEnum):
    """How loud a finding is (RULES 5). `NUDGE` and `ASK` only occur in messages."""

    NOTE = "note"
    WARN = "warn"
    STOP = "stop"
    REFER = "refer"
    EMERGENCY = "emergency"
    NUDGE = "nudge"
    ASK = "ask"


LEVEL_ORDER = (Level.NOTE, Level.NUDGE, Level.ASK, Level.WARN, Level.STOP, Level.REFER, Level.EMERGENCY)

type Number = float | int | str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule noticed.

    `subject` names what it is about: `run:<local start>`, `walk:<local start>`, `date:<day>`, `week:<ISO week>` or
    `episode:<onset>`. `at` is when it became true (a run is known at its end). `numbers` holds every figure that the
    text and `explain` show, under the names of DESIGN 7.
    """

    rule: str
    level: Level
    subject: str
    at: datetime
    numbers: Mapping[str, Number] = field(default_factory=dict)
    activity_id: str | None = None
    side: Side | None = None

    @property
    def key(self) -> str:
        """Stable across re-assessment: the same thing is never said twice (DESIGN 5)."""
        return "|".join((self.rule, self.activity_id or self.subject, self.side or "-", self.level))


class PainState(StrEnum):
    UNKNOWN = "UNKNOWN"
    GREEN = "GREEN"
    AMBER = "AMBER"
    RETURNING = "RETURNING"
    RED = "RED"
    REFERRED = "REFERRED"


class LoadState(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Colour(StrEnum):
    GREY = "grey"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class LongestRun:
    """Kilometres that are fine next, by route; `None`: not known yet. Rounded down to 0.1 km."""

    flat: float | None = None
    rolling: float | None = None
    downhill: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What is fine next (RULES 8), already rounded down; `None` means "not known yet".

    `binding` names the term that set the flat figure. `walk_min` is set where the figure is 0 and a walk is the advice.
    `ladder_step` is set on the walk-run ladder (L0-L5). `week_km` is what is left of the seven days until now,
    `coming_week_km` what the seven days from now may hold.
    """

    longest_run_km: LongestRun = LongestRun()
    not_before: date | None = None
    week_km: float | None = None
    descent_m: int | None = None
    fast_min: int | None = None
    binding: str = "learning"
    walk_min: int | None = None
    ladder_step: int | None = None
    coming_week_km: float | None = None


@dataclass(frozen=True, slots=True)
class PainView:
    """The overall pain state and each tracked side's own."""

    overall: PainState = PainState.UNKNOWN
    sides: Mapping[Side, PainState] = field(default_factory=dict)
    baseline: Mapping[Side, int] = field(default_factory=dict)
    calm_runs: int = 0
    stage_cap: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The cell of the pain x load matrix (RULES 7) and the sentences a runner reads."""

    cell: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptWanted:
    """A question that should be asked at `due_at` and is worth nothing after `expires_at`."""

    kind: PromptKind
    due_at: datetime
    expires_at: datetime
    text: str
    activity_id: str | None = None


@dataclass(frozen=True, slots=True)
class StrengthPlan:
    """This ISO week's strength: how many are done, when the next slot is and what it holds."""

    done: int = 0
    wanted: int = 2
    next_slot: datetime | None = None
    moved_because: str | None = None
    level: str = "B"
    exercises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The one answer of `assess`. `excluded` tells, by activity id, why an activity is in no baseline (RULES 2.3);
    `counted` are the runs and walks of the last three months that are, in order of start."""

    now: datetime
    findings: tuple[Finding, ...] = ()
    pain: PainView = PainView()
    load: LoadState = LoadState.GREEN
    colour: Colour = Colour.GREY
    learning: bool = True
    advice: Advice = Advice(cell="unknown/green")
    budget: Budget = Budget()
    prompts: tuple[PromptWanted, ...] = ()
    strength: StrengthPlan = StrengthPlan()
    excluded: Mapping[str, str] = field(default_factory=dict)
    week_km: float = 0.0
    usual_week_km: float | None = None
    counted: tuple[Record, ...] = ()


class MessageKind(StrEnum):
    """Classes of messages, most important first (RULES 11)."""

    EMERGENCY = "emergency"
    REFER = "refer"
    STOP = "stop"
    AFTER_RUN = "after_run"
    MORNING = "morning"
    LOAD = "load"
    TIME_OFF = "time_off"
    NUDGE = "nudge"
    RESOLVE = "resolve"
    DIGEST = "digest"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one runner. `key` is its identity for ever; `due_at` is when it may go, `expires_at` when it is
    worth nothing any more. `findings` are the keys of the findings it tells; `alert` if it counts as a load alert."""

    key: str
    kind: MessageKind
    level: Level
    title: str
    text: str
    decided_at: datetime
    due_at: datetime
    expires_at: datetime
    findings: tuple[str, ...] = ()
    alert: bool = False
    question: PromptWanted | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What triage must remember of an earlier message: enough to keep the message budget (RULES 11)."""

    key: str
    kind: MessageKind
    due_at: datetime
    findings: tuple[str, ...] = ()
    alert: bool = False
