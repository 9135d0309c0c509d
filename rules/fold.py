"""One fact after another over the remembered core: what `advance` does inside (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as calendar_date

from rules.base import base_of
from rules.budget import longest_on
from rules.budget_terms import FLAT
from rules.core import Core
from rules.estimates import HEART_DAYS, drift_of, easy_speed_of, estimates_for
from rules.facts import (
    Activity,
    Family,
    History,
    Night,
    PainReply,
    Pause,
    Prompt,
    RunLoad,
    StrengthSession,
    TerrainClass,
)
from rules.gates import gate_reason
from rules.load import measure
from rules.load_rules import load_findings
from rules.load_state import load_state
from rules.noted import Noted
from rules.open_questions import counts_until
from rules.outcome import LEVEL_ORDER, Finding, Level, LoadState, Number, PainState
from rules.pain_fold import Surroundings, asked, replied, ticked
from rules.pain_state import RunAnswers, deciding_side
from rules.policy import Policy
from rules.records import EPS, KEPT_DAYS, Record, around, record_of
from rules.recovery import recovery_days
from rules.spikes import PAINFUL_STATES, Case
from rules.strength_log import counts_as_strength
from rules.timeoff import Episode, Experience, opened, return_km

type Fact = Activity | PainReply | Prompt | StrengthSession | Night | Pause
type OrderKey = tuple[datetime, int, str]

RECENT_DAYS = 100
NOTED_DAYS = 62
REFERRALS_KEPT_DAYS = 366
SILENT_SOURCE_DAYS = 90
SHORTLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Measured:
    """What only the samples of an activity can tell, once and for all against one set of estimates."""

    load: RunLoad
    easy_mps: float | None
    best_20min_mps: float | None
    best_30s_heart_rate_bpm: float | None


class OutOfOrder(Exception):
    """A fact lies before what the state still remembers in detail; fold again from scratch."""


def order_key(fact: Fact, core: Core) -> OrderKey:
    """The one order of facts: by instant, then kind, then id."""
    match fact:
        case Activity():
            return fact.start, 0, fact.id
        case Prompt():
            return fact.sent_at, 1, fact.id
        case PainReply():
            return fact.at, 2, fact.id
        case StrengthSession():
            return fact.start, 3, fact.id
        case Pause():
            return fact.start, 4, fact.until.isoformat() if fact.until else ""
        case Night():
            day = calendar_date.fromisoformat(fact.date)
            return datetime.combine(day, time(), core.zone).astimezone(UTC), 5, fact.date


def surroundings(core: Core, now: datetime, policy: Policy) -> Surroundings:
    def base_km(answers: RunAnswers) -> float | None:
        return base_of(core, answers, around(core.records, core.date(now)), now, policy).base_km

    return Surroundings(core.records, core.noted, core.zone, core.runner.default_side, base_km)


def ticked_core(core: Core, to: datetime, policy: Policy) -> Core:
    """The core once time has reached `to`; unchanged if it already had."""
    if to <= core.clock:
        return core
    pain, found = ticked(core.pain, to, surroundings(core, to, policy), policy)
    core = _noting(replace(core, clock=to, pain=pain), found)
    if not core.recent.nights:
        return core
    yesterday = core.date(to) - 1
    if core.recovery_checked is not None and yesterday <= core.recovery_checked:
        return core
    held = recovery_days(core.recent.nights, core.recovery_days, core.recovery_checked, yesterday, policy)
    return replace(core, recovery_days=held, recovery_checked=yesterday)


def stepped(
    core: Core, fact: Fact, policy: Policy, measured: Measured | RunLoad | None, hurt_at: datetime | None
) -> tuple[Core, Measured | None]:
    """The core after one fact. `measured` is an earlier measurement of an activity or its cached load;
    `hurt_at` is when the runner said that this run hurt. Raises OutOfOrder where an activity would have to
    be measured again without its samples."""
    instant, _, _ = order_key(fact, core)
    if isinstance(fact, Activity):
        return _activity(core, fact, policy, measured, hurt_at)
    core = ticked_core(core, instant, policy)
    recent = core.recent
    match fact:
        case PainReply():
            core = replace(core, recent=_keeping(recent, instant, replies=(*recent.replies, fact)))
            if _too_late(fact, recent, policy):
                return core, None
            pain, found = replied(core.pain, fact, surroundings(core, fact.at, policy), policy)
            core = _noting(replace(core, pain=pain), found)
        case Prompt():
            pain = asked(core.pain, fact, surroundings(core, fact.sent_at, policy), policy)
            core = replace(core, pain=pain, recent=_keeping(recent, instant, prompts=(*recent.prompts, fact)))
        case StrengthSession():
            core = replace(core, recent=_keeping(recent, instant, strength=(*recent.strength, fact)))
        case Pause():
            core = replace(core, recent=_keeping(recent, instant, pauses=(*recent.pauses, fact)))
        case Night():
            nights = tuple(night for night in recent.nights if night.date != fact.date)
            core = replace(core, recent=_keeping(recent, instant, nights=(*nights, fact)))
    return core, None


def _too_late(reply: PainReply, recent: History, policy: Policy) -> bool:
    """Whether an answer carries the token of a question that is too old: then it is a note only (RULES 6)."""
    if reply.prompt_id is None:
        return False
    return any(
        prompt.id == reply.prompt_id and reply.at > counts_until(prompt, policy) for prompt in recent.prompts
    )


def _keeping(recent: History, instant: datetime, **changed: tuple[object, ...]) -> History:
    """Recent facts with one more; those older than the longest window go."""
    limit = instant - timedelta(days=RECENT_DAYS)
    for name, facts in changed.items():
        first = 0
        while first < len(facts) - 1 and _instant(facts[first]) < limit:
            first += 1
        changed[name] = facts[first:]
    return replace(recent, **changed)  # type: ignore[arg-type]


def _instant(fact: object) -> datetime:
    match fact:
        case Activity() | StrengthSession():
            return fact.start
        case PainReply():
            return fact.at
        case Prompt():
            return fact.sent_at
        case Pause():
            # An open pause never grows old.
            return fact.until or datetime.max.replace(tzinfo=UTC)
        case Night():
            return datetime.combine(calendar_date.fromisoformat(fact.date), time(), UTC)
    raise TypeError(f"not a fact: {fact!r}")


def _noting(core: Core, found: Sequence[Noted]) -> Core:
    """The core with more findings; the same thing is not remembered twice, and of P1 only the highest level
    (RULES 5.3)."""
    if not found:
        return core
    newest = max(one.date for one in found)
    kept = [
        one
        for one in core.noted
        if one.date > newest - (REFERRALS_KEPT_DAYS if one.rule == "P6" else NOTED_DAYS)
    ]
    for one in found:
        same = [other for other in kept if _same_thing(one.finding, other.finding)]
        if any(not _louder(one.finding, other.finding) for other in same):
            continue
        kept = [other for other in kept if other not in same]
        kept.append(one)
    return replace(core, noted=tuple(kept))


def _same_thing(one: Finding, other: Finding) -> bool:
    if one.rule != other.rule or one.subject != other.subject or one.side is not other.side:
        return False
    return one.rule == "P1" or one.level is other.level


def _louder(one: Finding, other: Finding) -> bool:
    return LEVEL_ORDER.index(one.level) > LEVEL_ORDER.index(other.level)


def _activity(
    core: Core,
    activity: Activity,
    policy: Policy,
    measured: Measured | RunLoad | None,
    hurt_at: datetime | None,
) -> tuple[Core, Measured | None]:
    strength = counts_as_strength(activity, policy)
    if activity.family not in (Family.RUN, Family.WALK) and not strength:
        return core, None
    core = ticked_core(core, activity.start, policy)
    slim = replace(activity, profile=None, series=None)
    recent = _keeping(core.recent, activity.start, activities=(*core.recent.activities, slim))
    core = replace(core, recent=recent)
    if strength:
        return core, None
    reason = gate_reason(activity, policy)
    if reason is not None:
        kept = tuple(one for one in core.excluded if one[1] > core.date(activity.start) - RECENT_DAYS)
        return replace(core, excluded=(*kept, (activity.id, core.date(activity.start), reason))), None
    measured = _measured(core, activity, policy, measured)
    record = record_of(activity, measured.load, core.zone)
    if record.walk:
        return _walked(core, record, policy), measured
    return _ran(core, record, measured, policy, hurt_at), measured


def _measured(core: Core, activity: Activity, policy: Policy, known: Measured | RunLoad | None) -> Measured:
    """The load of an activity: known already, given, or measured now."""
    load = known.load if isinstance(known, Measured) else known
    activity = _without_silent_ascent(core, activity)
    if load is None or load.basis is not None:
        date = record_of(activity, _NOTHING, core.zone).date
        estimates = estimates_for(core.records, core.hearts, core.runner, date, policy)
        if load is None or load.basis != estimates or _terrain_was_silent(load, activity):
            if isinstance(known, Measured) and load is not None and _needs_samples(load, activity):
                raise OutOfOrder(f"activity {activity.id} would have to be measured again")
            load = measure(activity, estimates, policy)
    if isinstance(known, Measured):
        return replace(known, load=load)
    profile = None if activity.manual else activity.profile
    return Measured(
        load=load,
        easy_mps=easy_speed_of(activity, load),
        best_20min_mps=profile.best_20min_mps if profile else None,
        best_30s_heart_rate_bpm=profile.best_30s_heart_rate_bpm if profile else None,
    )


def _terrain_was_silent(load: RunLoad, activity: Activity) -> bool:
    """Whether a cached load holds a climb that has turned out to be a source's way of saying nothing."""
    return load.terrain_class is TerrainClass.ESTIMATED and activity.ascent_m is None


def _needs_samples(load: RunLoad, activity: Activity) -> bool:
    """Whether an activity was measured from samples that are no longer at hand."""
    return load.running_s is not None and activity.profile is None


_NOTHING = RunLoad(0.0, 0.0, None, None, None, None, None, None, TerrainClass.NONE)


def _without_silent_ascent(core: Core, activity: Activity) -> Activity:
    """A literal 0 of a source that has reported no climb for 90 days is missing (RULES 2.4)."""
    if activity.ascent_m != 0 or activity.profile is not None:
        return activity
    date = core.date(activity.start)
    speaks = any(
        record.source == activity.source and (record.reported_ascent_m or 0) > 0
        for record in core.records
        if record.date >= date - SILENT_SOURCE_DAYS
    )
    return activity if speaks else replace(activity, ascent_m=None, descent_m=activity.descent_m or None)


def _case(
    core: Core,
    record: Record,
    episode: Episode | None,
    policy: Policy,
    hurt_at: datetime | None,
) -> Case:
    since = core.terrain_since.get(record.terrain_source)
    return Case(
        record=record,
        windows=around(core.records, record.date, record),
        earlier=core.noted,
        policy=policy,
        pain_before=core.pain.overall,
        hurt_at=hurt_at,
        learning=core.experience.learning(record.date, policy),
        weeks_known=core.experience.weeks_known(record.date),
        terrain_weeks_known=since is not None and since <= record.date - 27,
        return_km=return_km(episode, core.records) if episode else None,
        gap_days=episode.gap_days if episode else None,
    )


def _walked(core: Core, record: Record, policy: Policy) -> Core:
    found = load_findings(_case(core, record, None, policy, None))
    return _noting(_remembering(core, record), found)


def _ran(core: Core, record: Record, measured: Measured, policy: Policy, hurt_at: datetime | None) -> Core:
    fresh = opened(core.records, record.start, record.date, policy)
    last = next((one for one in reversed(core.records) if not one.walk), None)
    load = measured.load
    record = replace(
        record,
        gap_days=None if last is None else record.date - last.date,
        easy_mps=measured.easy_mps,
        best_20min_mps=measured.best_20min_mps,
        drift=drift_of(load, load.basis) if load.basis else (None, None),
    )
    covering = fresh
    if covering is None and core.episode is not None and core.episode.covers_next(policy):
        covering = core.episode
    found = [
        *load_findings(_case(core, record, covering, policy, hurt_at)),
        *_more_than_planned(core, record, policy),
    ]
    episode = core.episode
    if covering is not None:
        episode = replace(covering, runs=covering.runs + 1)
    hearts = tuple(mark for mark in core.hearts if mark[0] >= record.date - HEART_DAYS)
    if measured.best_30s_heart_rate_bpm is not None:
        hearts = (*hearts, (record.date, measured.best_30s_heart_rate_bpm))
    first = core.experience.first_date
    core = replace(
        _remembering(core, record),
        episode=episode,
        hearts=hearts,
        experience=Experience(record.date if first is None else first, core.experience.runs + 1),
    )
    return _noting(core, found)


def _remembering(core: Core, record: Record) -> Core:
    """The core with one more record, without those that no window can reach any more."""
    newest_run = record.date
    if record.walk:
        newest_run = next((one.date for one in reversed(core.records) if not one.walk), record.date)
    # However long a break lasts, the run after it looks at the 90 days up to the run before it.
    kept = tuple(one for one in core.records if one.date >= newest_run - KEPT_DAYS)
    since = core.terrain_since
    if record.load.terrain_class is not TerrainClass.NONE and record.terrain_source not in since:
        since = {**since, record.terrain_source: record.date}
    return replace(core, records=(*kept, record), terrain_since=since)


def _more_than_planned(core: Core, record: Record, policy: Policy) -> list[Noted]:
    """P7: a run well beyond the figure in force just before it, while sore or with a red load."""
    before = record.start - SHORTLY
    windows = around(core.records, core.date(before))
    load = load_state(core, windows, policy)
    if core.pain.overall not in PAINFUL_STATES and load is not LoadState.RED:
        return []
    figure = longest_on(core, before, load, policy, FLAT)[0]
    if figure is None or record.km <= policy.p7.ratio * figure + EPS:
        return []
    if record.km - figure < policy.p7.min_extra_km - EPS:
        return []
    numbers: dict[str, Number] = {"more_km": record.km - figure, "km": record.km, "figure_km": figure}
    side = deciding_side(core.pain.sides, policy)
    if side is not None and side.ladder_step is not None and core.pain.overall is PainState.RETURNING:
        numbers["ladder_step"] = side.ladder_step
    finding = Finding("P7", Level.NOTE, record.subject, record.end, numbers, activity_id=record.id)
    return [Noted(finding, record.date)]
