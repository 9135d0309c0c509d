"""What would have been said about the past: one fold over it, with simulated sending (DESIGN 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as calendar_date
from typing import Any

from rules.assess import advance, judge, start
from rules.core import Core, zone_named
from rules.facts import Activity, History, Prompt, Runner
from rules.fold import Fact, order_key
from rules.gates import end_of
from rules.moments import next_digest_at
from rules.outcome import Finding, Message, MessageKind, Sent
from rules.policy import Policy
from rules.state import State
from rules.timeoff_findings import time_off
from rules.triage import in_time, triage
from rules.wording import finding_sentence

REMEMBERED = timedelta(days=100)
ALERTS_REMEMBERED = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a replay. `kind` is "finding", "push" or "digest"; `finding` or `message` is what it
    tells."""

    at: datetime
    kind: str
    text: str
    finding: Finding | None = None
    message: Message | None = None

    @property
    def rule(self) -> str:
        return self.finding.rule if self.finding else ""

    @property
    def level(self) -> str:
        told = self.finding or self.message
        return told.level.value if told else ""

    @property
    def title(self) -> str:
        return self.message.title if self.message else ""

    def as_json(self, runner: Runner) -> dict[str, Any]:
        """The object of `replay --json`, with instants in the runner's time zone."""
        local = self.at.astimezone(zone_named(runner.timezone)).isoformat(timespec="seconds")
        line: dict[str, Any] = {"at": local, "kind": self.kind, "level": self.level}
        if self.finding is not None:
            line |= {
                "key": self.finding.key,
                "rule": self.finding.rule,
                "subject": self.finding.subject,
                "numbers": dict(self.finding.numbers),
            }
            if self.finding.side is not None:
                line["side"] = self.finding.side.value
        if self.message is not None:
            line |= {"title": self.message.title, "findings": list(self.message.findings)}
            if self.message.question is not None:
                line["question"] = self.message.question.text
        return {**line, "text": self.text}


@dataclass(slots=True)
class Simulation:
    """A fold in the course of time, with what was said so far. `asks` if there are answers, so that
    questions make sense; `trains` if any strength session was ever answered with `done`."""

    state: State
    policy: Policy
    asks: bool
    trains: bool
    sent: list[Sent] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    upcoming: tuple[datetime, ...] = ()

    @property
    def runner(self) -> Runner:
        return self.state.core.runner

    def take(self, fact: Fact, loads: Mapping[str, Any]) -> bool:
        """Fold a fact; True if anything new was noticed."""
        load = loads.get(fact.id) if isinstance(fact, Activity) else None
        self.state = advance(self.state, fact, self.policy, load)
        return self.notice(tuple(one.finding for one in self.state.core.noted))

    def notice(self, findings: Sequence[Finding]) -> bool:
        fresh = [finding for finding in findings if finding.key not in self.seen]
        for finding in fresh:
            self.seen.add(finding.key)
            text = finding_sentence(finding, self.runner)
            self.events.append(Event(finding.at, "finding", text, finding=finding))
        return bool(fresh)

    def decide(self, now: datetime) -> None:
        """Judge and queue what triage wants said at `now`."""
        assessment = judge(self.state, self.policy, now, asks=self.asks, trains=self.trains)
        self.notice(assessment.findings)
        history = replace(self.state.core.recent, planned=self.state.planned)
        self.sent = [
            message
            for message in self.sent
            if now - message.due_at <= (ALERTS_REMEMBERED if message.alert else REMEMBERED)
        ]
        messages, again_at = in_time(triage(assessment, history, self.sent, self.policy, now), now)
        for message in messages:
            kind = "digest" if message.kind is MessageKind.DIGEST else "push"
            self.events.append(Event(message.due_at, kind, message.text, message=message))
            self.sent.append(Sent(message.key, message.kind, message.due_at, message.findings, message.alert))
            if message.question is not None:
                self._ask(message)
        due = [prompt.due_at for prompt in assessment.prompts]
        self.upcoming = tuple(at for at in (*due, again_at) if at is not None and at > now)

    def _ask(self, message: Message) -> None:
        """A question that was sent is a fact of its own."""
        question = message.question
        assert question is not None  # noqa: S101  the caller looked
        prompt = Prompt(message.key, question.kind, message.due_at, question.expires_at, question.activity_id)
        self.state = advance(self.state, prompt, self.policy)


def replay(
    history: History, policy: Policy, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Event]:
    """Findings, pushes and digests of a history in order of time; `since` and `until` (aware) leave out the
    rest.

    An activity is known at its end, whenever it was really seen. Without replies no question is asked.
    """
    facts = _as_known(history, until)
    simulation = Simulation(
        state=replace(start(history.runner, policy), planned=history.planned),
        policy=policy,
        asks=bool(history.replies),
        trains=bool(history.strength),
    )
    clock: datetime | None = None
    for known_at, fact in facts:
        if clock is not None:
            _pass_time(simulation, clock, known_at)
        if simulation.take(fact, history.loads) or simulation.asks:
            simulation.decide(known_at)
        clock = known_at
    if clock is not None:
        _pass_time(simulation, clock, until or clock + timedelta(days=7))
    events = sorted(simulation.events, key=lambda event: (event.at, event.kind != "finding"))
    for event in events:
        if (since is None or event.at >= since) and (until is None or event.at <= until):
            yield event


def _as_known(history: History, until: datetime | None) -> list[tuple[datetime, Fact]]:
    """Facts with the instant at which each became known."""
    core = Core(runner=history.runner)
    activities = [replace(activity, first_seen_at=None) for activity in history.activities]
    known: list[tuple[datetime, Fact]] = [(end_of(activity), activity) for activity in activities]
    others: list[Fact] = [
        *history.replies,
        *(() if history.replies else history.prompts),
        *history.strength,
        *history.nights,
        *history.pauses,
    ]
    known.extend((order_key(fact, core)[0], fact) for fact in others)
    if until is not None:
        known = [one for one in known if one[0] <= until]
    return sorted(known, key=lambda one: (one[0], order_key(one[1], core)))


def _pass_time(simulation: Simulation, after: datetime, until: datetime) -> None:
    """Between two facts: digests, the message about time off, and questions when they become due."""
    now = after
    while True:
        moments = [next_digest_at(simulation.runner, now)]
        away = _time_off_at(simulation, now)
        if away is not None:
            moments.append(away)
        now = min([*moments, *(due for due in simulation.upcoming if due > now)])
        if now >= until:
            return
        if _nothing_left(simulation, now):
            # A silent year has no weeks to tell about; go on shortly before the next fact.
            return
        simulation.decide(now)


def _nothing_left(simulation: Simulation, now: datetime) -> bool:
    """Whether neither runs nor answers of the last weeks could be told of."""
    core = simulation.state.core
    return now - core.clock > timedelta(days=30)


def _time_off_at(simulation: Simulation, now: datetime) -> datetime | None:
    """When two weeks without a run will be worth a word; None if they are over or it is no return."""
    core = simulation.state.core
    last = next((record for record in reversed(core.records) if not record.walk), None)
    if last is None:
        return None
    day = calendar_date.fromordinal(last.date + simulation.policy.return_.gap_days)
    due = datetime.combine(day, time(), core.zone).astimezone(UTC)
    return due if due > now and time_off(core, due, simulation.policy) is not None else None
