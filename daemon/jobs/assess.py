"""Assessing one athlete: fold what is new, store what was found, queue what is to be said (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from daemon.config import AthleteConfig
from daemon.jobs.adapt import in_force, offers
from daemon.store.answers import save_prompt
from daemon.store.checkpoints import Checkpoint, save_checkpoint, stored_states
from daemon.store.engine import Session, Store
from daemon.store.findings import Recorded, record_findings
from daemon.store.history import first_import_until, load_history
from daemon.store.loads import save_loads
from daemon.store.messages import sent_messages
from daemon.store.outbox import enqueue
from daemon.store.packing import unpack
from daemon.store.preferences import mutes
from daemon.store.turns import lock, note_assessed
from rules import checkpoint as saved
from rules.assess import OutOfOrder, State, advance, facts_until, judge, start
from rules.facts import Activity, History, Prompt, RunLoad
from rules.fold import Fact, order_key
from rules.moments import next_moment
from rules.muting import still_wanted
from rules.outcome import Assessment, Message, MessageKind
from rules.policy import Policy
from rules.policy_talk import MessageSettings
from rules.triage import in_time, triage

ANSWERED_FOR = timedelta(days=58)
"""An assessment lists the findings of 60 days; nearer its edge a finding may be missing because it aged, not because its
cause has gone."""
REMEMBERED, ALERTS_REMEMBERED = timedelta(days=100), timedelta(days=730)
"""How far back triage wants to know what was said."""
LOADS_EVERY = timedelta(days=60)
CHECKPOINT_EVERY = timedelta(days=1)
"""Facts of a day are folded again in a millisecond or two; storing the state takes longer than that."""

SENDS_OF_KIND = {
    MessageKind.EMERGENCY: {"warning", "prompt", "reminder", "digest", "operations"},
    MessageKind.REFER: {"warning", "prompt"},
    MessageKind.STOP: {"warning", "prompt"},
    MessageKind.AFTER_RUN: {"prompt"},
    MessageKind.MORNING: {"prompt"},
    MessageKind.LOAD: {"warning"},
    MessageKind.TIME_OFF: {"warning"},
    MessageKind.NUDGE: {"reminder"},
    MessageKind.RESOLVE: {"warning"},
    MessageKind.DIGEST: {"digest"},
    MessageKind.OPERATIONS: {"operations"},
}
"""Which words of a channel's `sends` let a message pass; one that is enough."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is true of an athlete now, under the `policy` in force. `loads` is what was measured on the way; `since` is the
    checkpoint that was gone on from and `at` the last fact folded, both None where there was none."""

    assessment: Assessment
    state: State
    policy: Policy
    since: datetime | None
    at: datetime | None
    loads: dict[str, RunLoad]

    @property
    def worth_keeping(self) -> bool:
        return self.at is not None and (self.since is None or self.at - self.since >= CHECKPOINT_EVERY)

    @property
    def history(self) -> History:
        """The recent facts, as triage wants them."""
        return replace(self.state.core.recent, planned=self.state.planned)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment changed: `messages` were queued. `again_at` the clock may have made more of them due."""

    assessment: Assessment
    recorded: Recorded
    messages: tuple[Message, ...]
    again_at: datetime


def look(store: Store, athlete: AthleteConfig, now: datetime) -> Look:
    """Assess without storing anything."""
    with store.reading() as session:
        return _look(session, in_force(session, athlete, now), now)


def assess_athlete(store: Store, athlete: AthleteConfig, now: datetime) -> Assessed:
    """Assess, keep the findings under their stable keys, and queue the messages that triage wants said.

    One transaction: killed anywhere, all of it happened or nothing did. Several daemons take turns. It also notes when the
    next assessment is due, should nothing come in before.
    """
    with store.session() as session:
        lock(session, athlete.name)
        athlete = in_force(session, athlete, now)
        seen = _look(session, athlete, now)
        name = athlete.name
        key = estimates_key(athlete)
        if seen.worth_keeping and seen.at is not None:
            state = saved.dump(seen.state)
            save_checkpoint(session, name, Checkpoint(seen.at, saved.FORMULA_VERSION, key, state))
        save_loads(session, name, seen.loads, key)
        found = seen.assessment.findings
        recorded = record_findings(session, name, found, now, window_from=now - ANSWERED_FOR)
        history = replace(seen.history, first_import_until=first_import_until(session, name))
        sent = sent_messages(session, name, now - REMEMBERED, alerts_since=now - ALERTS_REMEMBERED)
        offer = offers(session, athlete, history.prompts, now)
        wanted = triage(seen.assessment, history, sent, athlete.policy, now, offer=offer)
        messages, decided_at = in_time(wanted, now)
        moment = next_moment(seen.assessment, athlete.policy, athlete.runner, now)
        again_at = moment if decided_at is None else min(decided_at, moment)
        muted = {one.subject for one in mutes(session, name, now)}
        for message in messages:
            _queue(session, athlete, message, muted, now)
        note_assessed(session, name, now, again_at)
    return Assessed(seen.assessment, recorded, messages, again_at)


def estimates_key(athlete: AthleteConfig) -> str:
    """A name for everything but the facts that a state and the measured loads depend on: the policy and who the runner is.

    When messages may go changes neither, so that other quiet hours leave everything measured.
    """
    policy = replace(athlete.policy, msg=MessageSettings())
    return sha256(f"{saved.policy_hash(policy)} {athlete.runner!r}".encode()).hexdigest()[:16]


def _look(session: Session, athlete: AthleteConfig, now: datetime) -> Look:
    key = estimates_key(athlete)
    for at, packed in stored_states(session, athlete.name, saved.FORMULA_VERSION, key, until=now):
        try:
            state = saved.load(unpack(packed), athlete.policy)
            later = load_history(session, athlete.name, athlete.runner, since=at)
            return _folded(state, later, athlete, now, after=at)
        except (OutOfOrder, ValueError):
            continue  # A checkpoint only ever saves time.
    state = start(athlete.runner, athlete.policy)
    try:
        cached = load_history(session, athlete.name, athlete.runner, policy_hash=key, series="unmeasured")
        return _folded(state, cached, athlete, now)
    except OutOfOrder:
        return _folded(state, load_history(session, athlete.name, athlete.runner), athlete, now)


def _folded(
    state: State, history: History, athlete: AthleteConfig, now: datetime, after: datetime | None = None
) -> Look:
    at, gathered_at = after, after
    measured: set[str] = set()
    loads: dict[str, RunLoad] = {}
    for fact in _newer(facts_until(history, now), state, after):
        load = None
        if isinstance(fact, Activity):
            load = history.loads.get(fact.id)
            measured.add(fact.id)
        state = advance(state, fact, athlete.policy, load)
        instant = order_key(fact, state.core)[0]
        at = instant if at is None else max(at, instant)
        if gathered_at is None or instant - gathered_at > LOADS_EVERY:
            loads.update(state.loads)
            gathered_at = instant
    loads.update(state.loads)
    fresh = {key: loads[key] for key in measured & loads.keys() if history.loads.get(key) != loads[key]}
    return Look(judge(state, athlete.policy, now), state, athlete.policy, after, at, fresh)


def _newer(facts: Iterable[Fact], state: State, after: datetime | None) -> Iterable[Fact]:
    return (fact for fact in facts if after is None or order_key(fact, state.core)[0] > after)


def channels_of(athlete: AthleteConfig, message: Message) -> list[str]:
    """Names of the channels that take a message."""
    wanted = SENDS_OF_KIND[message.kind] | ({"warning"} if message.alert else set())
    return [channel.name for channel in athlete.channels if wanted & set(channel.sends)]


def _queue(
    session: Session, athlete: AthleteConfig, message: Message, muted: Collection[str], now: datetime
) -> None:
    """Into the outbox of every channel that takes it. A question that goes out is a fact from then on.

    What is muted goes nowhere, counts as said so that it is not said later, and leaves its place in the message budget.
    """
    wanted = still_wanted(message, muted)
    channels = [] if wanted is None else channels_of(athlete, wanted)
    kept = replace(message, alert=False) if wanted is None else wanted
    enqueue(session, athlete.name, kept, channels, now)
    question = kept.question
    if question is not None and channels:
        prompt = Prompt(message.key, question.kind, message.due_at, question.expires_at, question.activity_id)
        save_prompt(session, athlete.name, prompt)
