"""The facts the rules reason about.

Frozen values with SI units in their names. `None` always means "not known", which is never the same as zero
(RULES 2.4). Every instant is an aware datetime; positions never appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.series import Series


class Family(StrEnum):
    """What an activity counts for (RULES 2.2)."""

    RUN = "run"
    WALK = "walk"
    STRENGTH = "strength"
    OTHER = "other"


class TerrainClass(StrEnum):
    """How well the hills of an activity are known; loads compare only within one class (RULES 2.4)."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    NONE = "none"


class Side(StrEnum):
    LEFT = "L"
    RIGHT = "R"


type HistogramKey = tuple[int, int, int, bool]
"""(speed bin of 0.25 m/s, grade bin of 2 %, cadence bin of 5 spm or -1, walking) — RULES 3.1 step 7."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What was covered in one cell of the (speed, grade, cadence, walking) histogram."""

    metres: float
    seconds: float
    steps: float
    rise_m: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What a 1 Hz series says without any personal estimate (RULES 3.1).

    `terrain` is MEASURED, or NONE where there was no altitude. `dh_m` is descent at or below `profile.dh_grade`,
    `steep_min` minutes at or below `profile.steep_grade`; both are 0 and meaningless for class NONE.
    """

    formula_version: int
    terrain: TerrainClass
    histogram: Mapping[HistogramKey, Bin]
    dh_m: float
    steep_min: float
    ascent_m: float | None
    descent_m: float | None
    running: Bin
    level: Bin
    last_third: Bin
    best_20min_mps: float | None
    best_30s_heart_rate_bpm: float | None


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity of one body, however many sources recorded it.

    `sport` is the source's own word, lower case without blanks and underscores. `distance_m` and the times are what the
    better source said; `utc_offset_s` is the offset of the place where it was recorded, `None` where unknown.
    Cadence is steps per minute of both feet. `ascent_m` and `descent_m` are device or service totals. `effort` (0-10) and
    `feel` (0 very weak to 100 very strong) are what the runner told the watch; no rule reads them.
    `first_seen_at` is when niggled first knew of it (`None`: at its end).
    """

    id: str
    family: Family
    sport: str
    start: datetime
    distance_m: float | None
    moving_s: float | None
    elapsed_s: float | None = None
    utc_offset_s: int | None = None
    indoor: bool = False
    manual: bool = False
    race: bool = False
    excluded: bool = False
    planned: bool = False
    ascent_m: float | None = None
    descent_m: float | None = None
    mean_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    mean_cadence_spm: float | None = None
    effort: float | None = None
    feel: int | None = None
    source: str = ""
    device: str | None = None
    title: str = ""
    first_seen_at: datetime | None = None
    profile: Profile | None = None
    series: Series | None = None


class ReplyKind(StrEnum):
    DURING = "D"
    AFTER = "A60"
    MORNING = "M"
    SPOT = "spot"
    WEEKLY = "weekly"
    FLAG = "flag"
    SEEN = "seen"
    CLEARED = "cleared"


class Grade(StrEnum):
    """A verdict in colours: of one reply, of a run, or from a three-button channel."""

    UNKNOWN = "unknown"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class PainReply:
    """One answer of the runner (RULES 6).

    `score` is 0-10; for AFTER it is the number given after "no". `settled` answers AFTER's yes/no. `grade` is set
    instead of a number by three-button channels. `activity_id` is the run of the prompt whose token it carried.
    `flag` is a checklist code for kind FLAG. An answer about both knees is two replies.
    """

    id: str
    at: datetime
    kind: ReplyKind
    score: int | None = None
    settled: bool | None = None
    grade: Grade | None = None
    side: Side | None = None
    limp: bool = False
    painkillers: bool = False
    activity_id: str | None = None
    prompt_id: str | None = None
    flag: str | None = None
    note: str = ""


class PromptKind(StrEnum):
    AFTER_RUN = "after_run"
    MORNING = "morning"
    WEEKLY = "weekly"
    CHECKLIST = "checklist"
    CLARIFY = "clarify"
    SETTLED = "settled"
    OFFER = "offer"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question that was asked. `skipped` is the answer `skip`: closed, unanswered, but no silence."""

    id: str
    kind: PromptKind
    sent_at: datetime
    expires_at: datetime
    activity_id: str | None = None
    skipped: bool = False


class MuscleGroup(StrEnum):
    QUADRICEPS = "q"
    HAMSTRINGS = "h"
    GLUTEALS = "g"
    CALVES = "c"


@dataclass(frozen=True, slots=True)
class StrengthSession:
    """A strength session from a `done` reply; sessions recorded by a watch arrive as activities. Empty `groups`: unknown."""

    id: str
    start: datetime
    minutes: float
    groups: frozenset[MuscleGroup] = frozenset()
    effort: int | None = None
    pain: int | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """Recovery of one night, dated by the morning it ended (local date, ISO)."""

    date: str
    sleep_h: float | None = None
    ln_rmssd: float | None = None
    resting_heart_rate_bpm: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """No pushes but emergency and refer between the two instants; `until` None means until `resume`."""

    start: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Adaptation:
    """The answer to the offer to warn a little later (RULES 11.10)."""

    at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class PlannedRun:
    start: datetime
    distance_m: float | None = None
    hard: bool = False


@dataclass(frozen=True, slots=True)
class RunLoad:
    """One activity in the units the rules compare (RULES 12).

    `descent_m` is DH, `k1`/`k3` knee load in level kilometres (running and walking together), `fast_min` is `None`
    where unknown. `k1_walking`/`k3_walking` is the part that the easy speed does not scale. `basis` says with which
    estimates it was measured; `None`: the numbers are given and never recomputed.
    """

    distance_m: float
    seconds: float
    ascent_m: float | None
    descent_m: float | None
    steep_min: float | None
    k1: float | None
    k3: float | None
    fast_min: float | None
    terrain_class: TerrainClass
    k1_walking: float = 0.0
    k3_walking: float = 0.0
    running_cadence_spm: float | None = None
    running_speed_mps: float | None = None
    last_third_cadence_spm: float | None = None
    last_third_speed_mps: float | None = None
    running_s: float | None = None
    basis: Estimates | None = None


@dataclass(frozen=True, slots=True)
class Estimates:
    """Personal figures as of one date, from earlier runs only (RULES 2.7).

    `fast_heart_rate_bpm` is `fast.hr` x HRmax, `None` where HRmax is unknown. Usual cadence at speed v is
    `cadence_intercept_spm + cadence_slope * v`, unknown while the intercept is `None`.
    """

    easy_speed_mps: float
    threshold_speed_mps: float
    fast_heart_rate_bpm: float | None = None
    cadence_intercept_spm: float | None = None
    cadence_slope: float = 0.0
    formula_version: int = 1


@dataclass(frozen=True, slots=True)
class Runner:
    """Who the history belongs to. `timezone` is an IANA name; `default_side` takes replies that name no side."""

    timezone: str = "UTC"
    default_side: Side = Side.RIGHT
    birth_year: int | None = None
    miles: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Everything known of one athlete, in any order. `loads` are earlier results of `measure`, by activity id:
    a cache that can only save time, never change an answer (a load whose `basis` no longer fits is measured again).
    `first_import_until` is when the athlete's first import ended, or the present while it still runs: an activity first
    seen by then is never pushed (RULES 11.6). `None`: nothing was imported in bulk."""

    runner: Runner = Runner()
    activities: tuple[Activity, ...] = ()
    replies: tuple[PainReply, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    strength: tuple[StrengthSession, ...] = ()
    nights: tuple[Night, ...] = ()
    pauses: tuple[Pause, ...] = ()
    planned: tuple[PlannedRun, ...] = ()
    loads: Mapping[str, RunLoad] = field(default_factory=dict)
    first_import_until: datetime | None = None
