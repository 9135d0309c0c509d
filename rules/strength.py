"""When the next strength session fits, at which level and with which exercises (RULES 10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from statistics import median, median_low
from zoneinfo import ZoneInfo

from rules.exercises import HOPS, LEVELS, Exercise, choices, order
from rules.facts import MuscleGroup, Pause, PlannedRun, Runner
from rules.outcome import PainState, PainView, StrengthPlan
from rules.phrases import WEEKDAYS, local_date
from rules.policy import Policy
from rules.progression import Dose
from rules.timing import at_clock_time, paused_at

BLOCK_DAYS = 7
BLOCKS = 8
USUAL_BLOCKS = 4
HARD_FAST_MIN = 10.0
HILLY_RATIO = 1.5
THIRD_SESSION = frozenset({PainState.AMBER, PainState.RETURNING})
LEVEL_A_MORNING = 3
LEVEL_A_CALM_RUNS = 3
LEVEL_C_DAYS = 14
BETTER_FOR_DAYS = 7
HOPS_DAYS = 28
LOOK_AHEAD_DAYS = 21


@dataclass(frozen=True, slots=True)
class Session:
    """One strength session, from a `done` or a watch; empty `groups`: unknown."""

    start: datetime
    end: datetime
    groups: frozenset[MuscleGroup] = frozenset()


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A counted run as the planner sees it. `date` is its own local date; `noticed` if a load rule spoke of it."""

    start: datetime
    end: datetime
    date: date
    km: float
    fast_min: float | None = None
    descent_m: float | None = None
    noticed: bool = False


@dataclass(frozen=True, slots=True)
class KneeDay:
    """How the knee was at the end of one date: state, the last morning score until then, calm runs since the return."""

    date: date
    state: PainState
    last_morning: int | None = None
    calm_runs: int = 0


@dataclass(frozen=True, slots=True)
class Training:
    """What the planner needs: sessions of 60 days, runs of 56, knee days of the last eight, all in order of time.

    `green_since` is the date since which the knee is GREEN without a break; `red_morning` the date of the last morning
    answer that was red. `doses` are the runner's own by exercise name.
    """

    runner: Runner
    sessions: tuple[Session, ...] = ()
    runs: tuple[TrainedRun, ...] = ()
    planned: tuple[PlannedRun, ...] = ()
    pauses: tuple[Pause, ...] = ()
    pain: PainView = field(default_factory=PainView)
    days: tuple[KneeDay, ...] = ()
    green_since: date | None = None
    red_morning: date | None = None
    doses: dict[str, Dose] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.runner.timezone)


def plan(training: Training, policy: Policy, now: datetime) -> StrengthPlan:
    """This ISO week's sessions, the next slot and what it holds; no slot and no exercises in REFERRED."""
    now = now.astimezone(UTC)
    today = local_date(now, training.runner)
    done = sessions_in_week(training, today)
    level = level_on(training, today)
    if training.pain.overall is PainState.REFERRED:
        return StrengthPlan(done=done, wanted=policy.strength.per_week, level=level)
    slot, moved = _next_slot(training, policy, now)
    return StrengthPlan(
        done=done,
        wanted=policy.strength.per_week,
        next_slot=slot,
        moved_because=moved,
        level=level,
        exercises=tuple(described(training, row) for row in session(training, policy, today)),
    )


def sessions_in_week(training: Training, when: date) -> int:
    """Sessions in the ISO week of a date; two entries less than 3 h apart are one."""
    week = when.isocalendar()[:2]
    return sum(
        1
        for each in merged(training.sessions)
        if local_date(each.start, training.runner).isocalendar()[:2] == week
    )


def merged(sessions: tuple[Session, ...]) -> list[Session]:
    """Entries less than 3 h apart are one session with the groups of both (RULES 10)."""
    kept: list[Session] = []
    for each in sorted(sessions, key=lambda one: one.start):
        if kept and each.start - kept[-1].end < timedelta(hours=3):
            last = kept[-1]
            kept[-1] = Session(last.start, max(last.end, each.end), last.groups | each.groups)
        else:
            kept.append(each)
    return kept


def raw_level(training: Training, when: date) -> str:
    """A, B or C by the knee of one date alone."""
    day = next((known for known in reversed(training.days) if known.date == when), None)
    if day is not None:
        sore = day.last_morning is not None and day.last_morning >= LEVEL_A_MORNING
        early = day.state is PainState.RETURNING and day.calm_runs < LEVEL_A_CALM_RUNS
        if sore or early or day.state in (PainState.RED, PainState.REFERRED):
            return "A"
    return "C" if _green_for(training, when, LEVEL_C_DAYS) else "B"


def _green_for(training: Training, when: date, days: int) -> bool:
    """Whether the knee was GREEN on this date and the `days` - 1 before it."""
    return training.green_since is not None and (when - training.green_since).days >= days - 1


def level_on(training: Training, when: date) -> str:
    """The level in force: down at once, up only after seven days in the better one."""
    return min(raw_level(training, when - timedelta(days=back)) for back in range(BETTER_FOR_DAYS + 1))


def session(training: Training, policy: Policy, when: date) -> tuple[Exercise, ...]:
    """One exercise a group, alternating with every session of the week; thighs last and only on calm mornings in level A."""
    level = level_on(training, when)
    turn = sessions_in_week(training, when)
    rows: list[Exercise] = []
    for group in order(level):
        dose = next(
            (training.doses[row.name] for row in choices(group, level) if row.name in training.doses), None
        )
        own = (
            level
            if dose is None or not dose.level_down_until or when >= dose.level_down_until
            else _below(level)
        )
        found = choices(group, own)
        row = found[turn % len(found)]
        if row.name == HOPS and not _hops_allowed(training, when):
            row = found[0]
        if level == "A" and group is MuscleGroup.QUADRICEPS and _sore_morning(training, policy):
            continue
        rows.append(row)
    return tuple(rows)


def described(training: Training, row: Exercise) -> str:
    """ "Split squat 3×9 each", with the runner's own repetitions."""
    dose = training.doses.get(row.name)
    text = f"{row.name} {row.dose(dose.repetitions if dose else None)}"
    return f"{text}, weight up {dose.load_steps}×5-10 %" if dose and dose.load_steps else text


def _below(level: str) -> str:
    return LEVELS[max(0, LEVELS.index(level) - 1)]


def _sore_morning(training: Training, policy: Policy) -> bool:
    last = training.days[-1].last_morning if training.days else None
    return last is not None and last > policy.strength.quad_max


def _hops_allowed(training: Training, when: date) -> bool:
    return _green_for(training, when, LEVEL_C_DAYS + HOPS_DAYS)


def _next_slot(training: Training, policy: Policy, now: datetime) -> tuple[datetime | None, str | None]:
    """The first date that passes every check, and why a preferred day before it did not."""
    today = local_date(now, training.runner)
    for ahead in range(LOOK_AHEAD_DAYS):
        when = today + timedelta(days=ahead)
        start = at_clock_time(when, policy.strength.time, training.runner)
        if start <= now:
            continue
        preferred = WEEKDAYS[when.weekday()][:3] in policy.strength.days
        reason = None if preferred else _moved_from(training, policy, when, now)
        if (preferred or reason is not None) and _obstacle(training, policy, when, now) is None:
            return start, reason
    return None, None


def _moved_from(training: Training, policy: Policy, when: date, now: datetime) -> str | None:
    """Why a preferred day shortly before this date failed; None where none did, or where its session was done."""
    for back in range(1, policy.strength.shift_days + 1):
        earlier = when - timedelta(days=back)
        if WEEKDAYS[earlier.weekday()][:3] in policy.strength.days:
            done = any(local_date(each.start, training.runner) >= earlier for each in training.sessions)
            return None if done else _obstacle(training, policy, earlier, now)
    return None


def _obstacle(training: Training, policy: Policy, when: date, now: datetime) -> str | None:
    """Why no session fits on a date; None where it does (RULES 10, checks 2 to 6)."""
    settings = policy.strength
    start = at_clock_time(when, settings.time, training.runner)
    last = max((each.end for each in training.sessions if each.start <= start), default=None)
    limit = settings.per_week + (1 if training.pain.overall in THIRD_SESSION else 0)
    if sessions_in_week(training, when) >= min(limit, 3):
        return "the week has its sessions"
    if last is not None and start - last < timedelta(hours=settings.gap_h):
        return f"{settings.gap_h:.0f} h since the last session"
    coming = next(demanding_runs(training, policy, start), None)
    if coming is not None:
        return f"{coming} within a day"
    same_day = [run for run in training.runs if run.date == when and run.start < start and not _easy(run)]
    if any(start - run.end < timedelta(hours=settings.after_run_h) for run in same_day):
        return "a hard run the same day"
    if when == local_date(now, training.runner) and training.red_morning == when:
        return "the knee this morning"
    return "paused" if paused_at(start, training.pauses) else None


def _easy(run: TrainedRun) -> bool:
    return not run.noticed and (run.fast_min or 0.0) < HARD_FAST_MIN


def demanding_runs(
    training: Training, policy: Policy, start: datetime, *, hilly: bool = False
) -> Iterator[str]:
    """Planned or usual long and hard runs (and hilly ones) that begin within `strength.before_h` after `start`."""
    until = start + timedelta(hours=policy.strength.before_h)
    usual_long_km = _usual_long_km(training, start)
    for run in training.planned:
        long = run.distance_m is not None and run.distance_m / 1000 >= usual_long_km > 0
        if start <= run.start < until and (run.hard or long):
            yield "a planned run"
    for kind in ("long", "hard", "hilly") if hilly else ("long", "hard"):
        usual = _usual_day(training, start, kind)
        if usual is None:
            continue
        weekday, clock = usual
        for ahead in (0, 1):
            when = local_date(start, training.runner) + timedelta(days=ahead)
            begins = datetime.combine(when, clock, training.zone).astimezone(UTC)
            if when.weekday() == weekday and start <= begins < until:
                yield f"the usual {kind} run"


def _blocks(training: Training, now: datetime) -> list[list[TrainedRun]]:
    """The runs of the last 8 seven-day blocks, newest block first."""
    # What is known ends today: a slot in the future must not push the past out of the blocks.
    last_known = training.days[-1].date if training.days else local_date(now, training.runner)
    today = min(local_date(now, training.runner), last_known)
    blocks: list[list[TrainedRun]] = [[] for _ in range(BLOCKS)]
    for run in training.runs:
        index = (today - run.date).days // BLOCK_DAYS
        if 0 <= index < BLOCKS:
            blocks[index].append(run)
    return blocks


def _usual_long_km(training: Training, now: datetime) -> float:
    """Median of the longest run of each block that has one; 0 without runs."""
    longest = [max(run.km for run in block) for block in _blocks(training, now) if block]
    return median(longest) if longest else 0.0


def _usual_day(training: Training, now: datetime, kind: str) -> tuple[int, time] | None:
    """(weekday, median start) of the usual long, hard or hilly run: in at least 4 of the last 8 seven-day blocks."""
    blocks = _blocks(training, now)
    descents = [run.descent_m for block in blocks[:4] for run in block if run.descent_m is not None]
    hilly_m = HILLY_RATIO * median(descents) if descents else 0.0
    held: Counter[int] = Counter()
    for runs in blocks:
        if kind == "long":
            chosen = [max(runs, key=lambda run: run.km)] if runs else []
        elif kind == "hard":
            chosen = [run for run in runs if (run.fast_min or 0.0) >= HARD_FAST_MIN]
        else:
            chosen = [run for run in runs if hilly_m and (run.descent_m or 0.0) > hilly_m]
        held.update({run.date.weekday() for run in chosen})
    weekday, times = max(held.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    if times < USUAL_BLOCKS:
        return None
    starts = [
        run.start.astimezone(training.zone).time() for run in training.runs if run.date.weekday() == weekday
    ]
    return weekday, median_low(starts)
