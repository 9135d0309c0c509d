"""What is fine next: longest run, day, week, descent and fast minutes (RULES 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime, timedelta
from math import floor

from rules.base import SORE, Base, base_of
from rules.budget_terms import (
    DOWNHILL,
    FLAT,
    ROLLING,
    Hurt,
    Term,
    comfort_terms,
    green_runs_since,
    growth,
    hurt_runs,
    is_hard,
    knee_terms,
    rest_over,
    returning_km,
)
from rules.core import Core
from rules.estimates import easy_speed_at
from rules.facts import Grade
from rules.knee import KneeLoad
from rules.noted import Noted
from rules.outcome import Budget, Level, LoadState, LongestRun, PainState
from rules.pain_state import SideState, deciding_side, verdict_of
from rules.policy import Policy
from rules.records import EPS, Around, Record, around, known, total
from rules.timeoff import gap_before

LOAD_INDEX = {LoadState.GREEN: 0, LoadState.AMBER: 1, LoadState.RED: 2}
CALM_MORNINGS = 2
RETURN_WEEK_DAYS = 27
WALK_MIN = 30


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything the steps of the budget look at, worked out once."""

    core: Core
    policy: Policy
    now: datetime
    today: int
    windows: Around
    pain: PainState
    load: LoadState
    side: SideState | None
    base: Base
    easy_mps: float
    learning: bool
    recovery_holds: bool
    verdicts: Mapping[str, Grade]

    @property
    def cell(self) -> int:
        return LOAD_INDEX[self.load]

    @property
    def cap(self) -> float:
        """Step 2 and 3: the session cap of the cell, held where nothing may grow."""
        policy = self.policy
        match self.pain:
            case PainState.GREEN:
                cap = policy.cap.green[self.cell]
            case PainState.UNKNOWN:
                cap = policy.cap.unknown[self.cell]
            case PainState.AMBER:
                cap = policy.cap.amber[self.cell]
            case PainState.RETURNING:
                return self.stage_cap
            case _:
                return 0.0
        few = len(self.windows.month) < policy.r1.min_runs and self.base.episode is None
        gap = gap_before(self.core.records, self.today) or 0
        held = policy.return_.hold_days <= gap < policy.return_.gap_days
        return min(cap, 1.0) if self.learning or few or held or self.recovery_holds else cap

    @property
    def stage_cap(self) -> float:
        """The cap of RETURNING; 0 on the ladder, and with a red load before two calm mornings."""
        if self.side is None or self.side.ladder_step is not None:
            return 0.0
        if self.load is LoadState.RED and self.side.calm_mornings() < CALM_MORNINGS:
            return 0.0
        return self.side.stage_cap(self.policy)


def budget(
    core: Core, now: datetime, load: LoadState, policy: Policy, *, recovery_holds: bool = False
) -> Budget:
    """The budget at `now`, to which `core` has been brought; `recovery_holds` is H1."""
    setting = _setting(core, now, load, policy, recovery_holds=recovery_holds)
    if setting.pain is PainState.REFERRED:
        return Budget(LongestRun(0.0, 0.0, 0.0), None, 0.0, 0, 0, binding="referred", coming_week_km=0.0)
    terms = _terms(setting)
    flat, binding, walk = _longest(setting, terms, FLAT)
    longest = LongestRun(flat, _longest(setting, terms, ROLLING)[0], _longest(setting, terms, DOWNHILL)[0])
    week = None if setting.learning else _week(setting)
    return Budget(
        longest_run_km=longest,
        not_before=_not_before(setting),
        week_km=week,
        descent_m=None if setting.learning else _descent(setting),
        fast_min=None if setting.learning else _fast(setting, week),
        binding=binding,
        walk_min=WALK_MIN if walk else None,
        ladder_step=setting.side.ladder_step if setting.side else None,
        coming_week_km=None if setting.learning else _coming_week(setting),
    )


def longest_on(
    core: Core,
    now: datetime,
    load: LoadState,
    policy: Policy,
    route: KneeLoad,
    *,
    recovery_holds: bool = False,
) -> tuple[float | None, str]:
    """(kilometres, rounded down, and the binding term) of the longest next run on a route with this knee
    load per km."""
    setting = _setting(core, now, load, policy, recovery_holds=recovery_holds)
    if setting.pain is PainState.REFERRED:
        return 0.0, "referred"
    return _longest(setting, _terms(setting), route)[:2]


def terms_on(
    core: Core,
    now: datetime,
    load: LoadState,
    policy: Policy,
    route: KneeLoad,
    *,
    recovery_holds: bool = False,
) -> tuple[tuple[str, float], ...]:
    """Everything that limits the longest next run on a route: (name as in `binding`, kilometres rounded down), shortest
    first; nothing while there is no base."""
    setting = _setting(core, now, load, policy, recovery_holds=recovery_holds)
    if setting.pain is PainState.REFERRED:
        return (("referred", 0.0),)
    terms = _terms(setting)
    longest, binding, _ = _longest(setting, terms, route)
    if terms.limits is None or longest is None:
        return ()
    if setting.pain is PainState.RETURNING:
        on_route = {terms.limits[0].name: _returning_on(terms.limits[0], route)}
    else:
        on_route = {term.name: term.on(route) for term in terms.limits}
    if terms.hurt:
        on_route["hurt"] = min(hurt.on(route) for hurt in terms.hurt)
    if binding == "floor":
        on_route["floor"] = longest
    return tuple(
        sorted(
            ((name, _rounded_km(km)) for name, km in on_route.items()), key=lambda term: (term[1], term[0])
        )
    )


def _setting(core: Core, now: datetime, load: LoadState, policy: Policy, *, recovery_holds: bool) -> Setting:
    today = core.date(now)
    windows = around(core.records, today)
    pain = core.pain.overall
    return Setting(
        core=core,
        policy=policy,
        now=now,
        today=today,
        windows=windows,
        pain=pain,
        load=load,
        side=deciding_side(core.pain.sides, policy) if pain is PainState.RETURNING else None,
        base=base_of(core, core.pain.answers, windows, now, policy),
        easy_mps=easy_speed_at(core.records, today, policy),
        learning=core.experience.learning(today, policy),
        recovery_holds=recovery_holds and pain is PainState.GREEN and load is LoadState.GREEN,
        verdicts={run_id: verdict_of(core.pain.answers, run_id) for run_id in core.pain.answers},
    )


def _rounded_km(km: float) -> float:
    return floor(km * 10 + EPS) / 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What limits the longest run, whatever the route: `limits` is None while there is no base."""

    limits: tuple[Term, ...] | None
    hurt: tuple[Hurt, ...]
    floor_km: float


def _terms(setting: Setting) -> Terms:
    """Steps 5 and 7 to 9."""
    policy, side = setting.policy, setting.side
    returning = setting.pain is PainState.RETURNING and side is not None
    red_factor = side.first_cap(policy) if returning and side is not None else policy.hurt.red
    hurt = hurt_runs(setting.core, setting.verdicts, setting.easy_mps, setting.today, red_factor, policy)
    if setting.pain is PainState.RED:
        return Terms((Term("red", 0.0),), (), 0.0)
    if returning and side is not None:
        return Terms(_returning(setting, side), hurt, 0.0)
    floored = setting.pain in (PainState.GREEN, PainState.AMBER) and not setting.learning
    return Terms(_growing(setting), hurt, policy.budget.floor_km if floored else 0.0)


def _longest(setting: Setting, terms: Terms, route: KneeLoad) -> tuple[float | None, str, bool]:
    """(kilometres or None, the binding term, whether a walk is the advice instead) on a route."""
    if terms.limits is None:
        return None, "learning", False
    km, name = min(((term.on(route), term.name) for term in terms.limits), key=lambda limit: limit[0])
    if setting.pain is PainState.RETURNING:
        km = _returning_on(terms.limits[0], route)
    if km < terms.floor_km:
        km, name = terms.floor_km, "floor"
    ceiling = min((hurt.on(route) for hurt in terms.hurt), default=None)
    if ceiling is not None and ceiling < km - EPS:
        if ceiling < setting.policy.hurt.walk_km - EPS:
            return 0.0, "hurt", True
        km, name = ceiling, "hurt"
    return _rounded_km(km), name, False


def _returning_on(term: Term, route: KneeLoad) -> float:
    """One reduction for the route: an easier one than flat earns nothing."""
    return term.km / max(1.0, route.k1, route.k3)


def _returning(setting: Setting, side: SideState) -> tuple[Term, ...] | None:
    if side.ladder_step is not None:
        return (Term("ladder", 0.0),)
    if setting.stage_cap <= 0:
        return (Term("calm_mornings", 0.0),)
    km = returning_km(setting.core, side, setting.base, setting.policy)
    return None if km is None else (Term("stage", km),)


def _growing(setting: Setting) -> tuple[Term, ...] | None:
    """The terms of step 7; None while there is no base."""
    base, policy, cap = setting.base, setting.policy, setting.cap
    if base.base_km is None:
        return None
    by_distance = "distance" if base.return_km is None else "return"
    terms = [Term(by_distance, growth(cap, base.base_km, base.old_km))]
    if not setting.learning:
        easy, today = setting.easy_mps, setting.today
        terms.extend(knee_terms(base, cap, easy, today, policy))
        terms.extend(comfort_terms(setting.core.records, setting.verdicts, cap, easy, today, policy))
    newest = _newest_run(setting)
    if newest is not None and is_hard(setting.core, newest, setting.today, policy):
        terms.append(Term("race", policy.race.factor * base.base_km))
    return tuple(terms)


def _newest_run(setting: Setting) -> Record | None:
    return next((record for record in reversed(setting.core.records) if not record.walk), None)


def _not_before(setting: Setting) -> calendar_date | None:
    """Step 10."""
    if setting.pain is PainState.RED:
        return None
    core, policy, today = setting.core, setting.policy, setting.today
    dates = [today]
    newest = _newest_run(setting)
    if newest is not None:
        sore = setting.verdicts.get(newest.id) in SORE
        ladder = setting.side is not None and (setting.side.ladder_step or 0) > 0
        rest = (
            sore or ladder or any(one.finding.activity_id == newest.id and _warns(one) for one in core.noted)
        )
        dates.append(newest.date + (2 if rest else 1))
        if setting.pain is PainState.AMBER and setting.load is LoadState.RED:
            dates.append(rest_over(core, newest.end, policy.pain.rest_h))
    dates.extend(
        rest_over(core, run.end, policy.race.rest_h)
        for run in setting.windows.month
        if is_hard(core, run, today, policy)
    )
    if any(one.rule == "P3" and one.date == today and _warns(one) for one in core.noted):
        dates.append(today + 1)
    return calendar_date.fromordinal(max(dates))


def _warns(one: Noted) -> bool:
    return one.finding.level in (Level.WARN, Level.STOP)


def _week(setting: Setting) -> float:
    """Step 11: what is left of the week, advisory."""
    fine = _week_factor(setting) * _usual_week(setting, setting.windows.block_km, setting.today)
    return _rounded_km(max(0.0, fine - setting.windows.week_km))


def _coming_week(setting: Setting) -> float:
    """Step 11 a week on: the last seven days are then the newest of the three blocks, and nothing is run yet."""
    first, second, _ = setting.windows.block_km
    usual = _usual_week(setting, (setting.windows.week_km, first, second), setting.today + 7)
    return _rounded_km(_week_factor(setting) * usual)


def _week_factor(setting: Setting) -> float:
    policy = setting.policy
    match setting.pain:
        case PainState.GREEN:
            return policy.week.green[setting.cell]
        case PainState.UNKNOWN:
            return policy.week.unknown[setting.cell]
        case PainState.AMBER:
            return policy.week.amber[setting.cell]
    return setting.cap


def _usual_week(setting: Setting, blocks_km: tuple[float, float, float], date: int) -> float:
    policy, episode = setting.policy, setting.base.last_episode
    usual = max(sum(blocks_km) / 3, policy.week.floor_km)
    if episode is not None and date <= episode.date + RETURN_WEEK_DAYS:
        usual = max(usual, episode.factor * episode.usual_week_km)
    return usual


def _descent(setting: Setting) -> int | None:
    """Step 12: metres of descent left; None without terrain data."""
    runs = setting.base.descent_runs
    if setting.pain is PainState.RED:
        return 0
    if len(runs) < setting.policy.terrain.min_runs:
        return None
    factor, desc = _descent_factor(setting), setting.policy.desc
    if factor <= 0 or (setting.pain is not PainState.RETURNING and _sore_lately(setting)):
        return 0
    most = factor * max(known(run.load.descent_m for run in runs))
    if setting.pain is PainState.GREEN:
        most = max(most, desc.floor_m)
    recent, *blocks = (
        total(record.load.descent_m for record in window)
        for window in (setting.windows.week, *setting.windows.blocks)
    )
    left = min(most, desc.week * sum(blocks) / 3 + desc.extra_m - recent)
    return floor(max(0.0, left) / 10 + EPS) * 10


def _descent_factor(setting: Setting) -> float:
    policy = setting.policy
    match setting.pain:
        case PainState.GREEN:
            factor = policy.desc.green[setting.cell]
            return min(factor, 1.0) if setting.recovery_holds else factor
        case PainState.UNKNOWN:
            return policy.desc.unknown[setting.cell]
        case PainState.RETURNING:
            open_again = setting.cap >= policy.ret.hills - EPS and setting.load is not LoadState.RED
            return setting.cap if open_again else 0.0
    return 0.0


def _sore_lately(setting: Setting) -> bool:
    """Whether hills are still closed after an amber or red grade."""
    last, desc = setting.core.pain.last_sore, setting.policy.desc
    if last is None or setting.now - last > timedelta(days=desc.memory_days):
        return False
    return green_runs_since(setting.core, last, setting.core.records) < desc.green_runs


def _fast(setting: Setting, week_km: float | None) -> int | None:
    """Step 13: fast minutes left; None where no run of the month says how fast it was."""
    policy, windows = setting.policy, setting.windows
    if setting.pain is PainState.RED:
        return 0
    if windows.month and not known(run.load.fast_min for run in windows.month):
        return None
    usual = sum(total(record.load.fast_min for record in block) for block in windows.blocks) / 3
    match setting.pain:
        case PainState.GREEN if setting.load is LoadState.GREEN:
            allowed = max(policy.fast.week * usual, policy.fast.floor)
        case PainState.GREEN | PainState.UNKNOWN if setting.load is not LoadState.RED:
            allowed = usual
        case PainState.RETURNING if (
            setting.cap >= policy.ret.speed - EPS and setting.load is not LoadState.RED
        ):
            allowed = usual
        case _:
            return 0
    last = setting.core.pain.last_sore
    resting = last is not None and setting.now - last < timedelta(days=policy.fast.rest_days)
    if (resting and setting.pain is not PainState.RETURNING) or not week_km:
        return 0
    return floor(max(0.0, allowed - total(record.load.fast_min for record in windows.week)) + EPS)
