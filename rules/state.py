"""The state of the fold and how facts enter it, in any order as long as they are recent (DESIGN 5).

A few days of facts are kept together with the core before each of them. So a late fact, a corrected answer,
or an answer that makes an earlier run a painful one goes on from before it, and the result is the one of a
fold from scratch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.core import Core
from rules.facts import Activity, Grade, PainReply, PlannedRun, ReplyKind, RunLoad, Side
from rules.fold import Fact, Measured, OrderKey, OutOfOrder, order_key, stepped
from rules.pain_fold import attributed
from rules.policy import Policy
from rules.records import Record

REACH = timedelta(days=4)
"""How far back an answer can correct another one or say that a run hurt: the question of the next morning,
and the two days in which it may be answered."""

JOURNAL = 2 * REACH
"""What is kept, so that a fact late by up to REACH still finds everything that it can reach."""

SORE = frozenset({Grade.AMBER, Grade.RED})


@dataclass(frozen=True, slots=True)
class Entry:
    """A recent fact and the core before it; for an activity its measurement and when the runner said that it
    hurt, for an answer when a later one took its place."""

    key: OrderKey
    fact: Fact
    before: Core
    measured: Measured | None = None
    hurt_at: datetime | None = None
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What `advance` returns: the core, the journal of recent facts, the key of the last fact that left the
    journal, and planned runs, which lie ahead of every order."""

    core: Core
    journal: tuple[Entry, ...] = ()
    settled: OrderKey | None = None
    planned: tuple[PlannedRun, ...] = ()

    @property
    def loads(self) -> Mapping[str, RunLoad]:
        """Loads of the runs and walks in the windows by activity id, as `History.loads` takes them."""
        return {record.id: record.load for record in self.core.records}


def with_fact(state: State, fact: Fact | PlannedRun, policy: Policy, load: RunLoad | None = None) -> State:
    """The state with one more fact; `load` is a cached measurement of an activity.

    Raises OutOfOrder where the fact is too old, or would change how an earlier activity was measured.
    """
    if isinstance(fact, PlannedRun):
        return replace(state, planned=(*state.planned, fact))
    key = order_key(fact, state.core)
    if state.settled is not None and key <= state.settled:
        raise OutOfOrder("older than what the state remembers in detail")
    if not state.journal or state.journal[-1].key < key:
        return _trimmed(_appended(state, key, fact, policy, load, None))
    if state.settled is not None and key[0] - REACH <= state.settled[0]:
        raise OutOfOrder("older than what the state remembers in detail")
    if any(entry.key == key for entry in state.journal):
        raise OutOfOrder("the state already holds a fact with this key")
    # What an answer was about may change, and with it what it replaced or which run it made a painful one.
    first = next(
        index for index, entry in enumerate(state.journal) if entry.key > key or _marked_at(entry) is not None
    )
    rest = _unmarked(state.journal[first:])
    before = [entry for entry in rest if entry.key < key]
    state = _again(_back_to(state, first), before, policy)
    state = _appended(state, key, fact, policy, load, None)
    return _trimmed(_again(state, rest[len(before) :], policy))


def refolded(state: State, facts: Sequence[tuple[Fact, Measured | None]], policy: Policy) -> State:
    """The state after facts that are in order and, where they are activities, already measured."""
    for fact, measured in facts:
        state = _appended(state, order_key(fact, state.core), fact, policy, measured, None)
    return state


def _back_to(state: State, index: int) -> State:
    return replace(state, core=state.journal[index].before, journal=state.journal[:index])


def _again(state: State, entries: Sequence[Entry], policy: Policy) -> State:
    """The entries once more, in order, as they are marked: replaced answers stay silent, runs that hurt
    still hurt."""
    for entry in entries:
        if entry.replaced_at is not None:
            state = replace(state, journal=(*state.journal, replace(entry, before=state.core)))
        else:
            state = _appended(state, entry.key, entry.fact, policy, entry.measured, entry.hurt_at)
    return state


def _unmarked(entries: Sequence[Entry]) -> list[Entry]:
    return [replace(entry, hurt_at=None, replaced_at=None) for entry in entries]


def _appended(
    state: State,
    key: OrderKey,
    fact: Fact,
    policy: Policy,
    measured: Measured | RunLoad | None,
    hurt_at: datetime | None,
) -> State:
    if isinstance(fact, PainReply):
        state = _without_replaced(state, fact, policy)
    before = state.core
    core, known = stepped(before, fact, policy, measured, hurt_at)
    entry = Entry(key, fact, before, known, hurt_at)
    state = replace(state, core=core, journal=(*state.journal, entry))
    return _with_hurt_run(state, fact, policy) if isinstance(fact, PainReply) else state


def _subject(reply: PainReply, core: Core, policy: Policy) -> Record | None:
    return attributed(reply, core.records, policy)


def _identity(reply: PainReply, core: Core, policy: Policy) -> tuple[ReplyKind, Side, str] | None:
    """What an answer answers: two with the same identity are one, and the last one counts (RULES 6)."""
    side = reply.side or core.runner.default_side
    if reply.kind in (ReplyKind.DURING, ReplyKind.AFTER):
        record = _subject(reply, core, policy)
        return (reply.kind, side, record.id) if record else None
    if reply.kind is ReplyKind.MORNING:
        return reply.kind, side, str(core.date(reply.at))
    return None


def _without_replaced(state: State, reply: PainReply, policy: Policy) -> State:
    """The state without an earlier answer to the same question."""
    identity = _identity(reply, state.core, policy)
    if identity is None:
        return state
    for index, entry in enumerate(state.journal):
        if entry.replaced_at is not None or not isinstance(entry.fact, PainReply):
            continue
        if reply.at - entry.fact.at > REACH:
            continue
        if _identity(entry.fact, entry.before, policy) == identity:
            run = _index_of(state, identity[2]) if reply.kind is ReplyKind.DURING else None
            first = index if run is None else min(run, index)
            rest = list(state.journal[first:])
            rest[index - first] = replace(entry, replaced_at=reply.at)
            if run is not None:
                rest[run - first] = replace(rest[run - first], hurt_at=None)
            return _again(_back_to(state, first), rest, policy)
    return state


def _with_hurt_run(state: State, reply: PainReply, policy: Policy) -> State:
    """An answer that a run hurt can raise what was found about it, so the fold goes on from before that
    run."""
    sore = reply.score >= policy.pain.hurts if reply.score is not None else reply.grade in SORE
    if reply.kind is not ReplyKind.DURING or not sore:
        return state
    record = _subject(reply, state.core, policy)
    index = _index_of(state, record.id) if record else None
    if index is None or record is None or state.journal[index].hurt_at is not None:
        return state
    if reply.at - record.start > REACH:
        return state
    rest = list(state.journal[index:])
    rest[0] = replace(rest[0], hurt_at=reply.at)
    return _again(_back_to(state, index), rest, policy)


def _marked_at(entry: Entry) -> datetime | None:
    """When a later answer changed what this entry means."""
    return entry.replaced_at or entry.hurt_at


def _index_of(state: State, activity_id: str) -> int | None:
    for index, entry in enumerate(state.journal):
        if isinstance(entry.fact, Activity) and entry.fact.id == activity_id:
            return index
    return None


def _trimmed(state: State) -> State:
    """The state without journal entries that no correction can reach any more."""
    if not state.journal:
        return state
    limit = state.journal[-1].key[0] - JOURNAL
    old = sum(1 for entry in state.journal if entry.key[0] < limit)
    if not old:
        return state
    return replace(state, journal=state.journal[old:], settled=state.journal[old - 1].key)
