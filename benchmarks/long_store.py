"""A made-up runner's many years in a store, as a daemon would have left it: runs with their samples, answers, strength,
nights, findings, and every message that would have been sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from long_history import UNTIL, long_history

from connectors.sources.contract import SourceRecord
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.store import outbox
from daemon.store.answers import save_night, save_prompt, save_reply, save_strength
from daemon.store.engine import Store
from daemon.store.findings import record_findings
from daemon.store.history import load_history
from daemon.store.records import save_records
from rules.facts import Night, PainReply, Prompt, ReplyKind, StrengthSession
from rules.outcome import Message
from rules.replay import replay

CHANNEL = "phone"
BATCH = 200
LEASE = timedelta(minutes=5)


def fill(store: Store, athlete: AthleteConfig, years: int, now: datetime) -> None:
    """The `years` that end shortly before `now`."""
    shift = timedelta(days=(now - UNTIL).days)
    told = long_history(years, replies=True, series=True)
    records = [
        SourceRecord("files", run.id, run.id, replace(run, start=run.start + shift, title="Morning run"))
        for run in told.activities
    ]
    number_of = {}
    for begin in range(0, len(records), BATCH):
        with store.session() as session:
            for saved in save_records(session, athlete.name, records[begin : begin + BATCH], now):
                number_of[saved.external_id] = saved.activity_id
    replies = [
        replace(reply, at=reply.at + shift, activity_id=number_of[reply.id.partition(" ")[2]])
        for reply in told.replies
    ]
    with store.session() as session:
        for session_of_strength in _strength(years, now):
            save_strength(session, athlete.name, session_of_strength)
        for night in _nights(years, now):
            save_night(session, athlete.name, night)
    _say_everything(store, athlete, replies, now)
    assess_athlete(store, athlete, now)


def _say_everything(store: Store, athlete: AthleteConfig, replies: list[PainReply], now: datetime) -> None:
    """What a replay of the years finds and says is stored as found and sent, and the answers as answers to it."""
    with store.reading() as session:
        history = load_history(session, athlete.name, athlete.runner, series="none")
    # Planning the strength work at every moment of the years would take longer than all the rest.
    history = replace(history, replies=tuple(replies), strength=())
    # Today's are the last assessment's own.
    events = [event for event in replay(history, athlete.policy) if event.at < now - timedelta(days=1)]
    messages = [event.message for event in events if event.message is not None]
    with store.session() as session:
        found = [event.finding for event in events if event.finding is not None]
        record_findings(session, athlete.name, found, now)
        for message in messages:
            outbox.enqueue(session, athlete.name, message, [CHANNEL], message.due_at)
            if question := message.question:
                asked = (question.kind, message.due_at, question.expires_at, question.activity_id)
                save_prompt(session, athlete.name, Prompt(message.key, *asked))
            for claim in outbox.claim_due(session, "here", message.due_at, LEASE):
                outbox.mark_sent(session, claim, message.due_at, "ntfy")
        for reply in replies:
            save_reply(session, athlete.name, replace(reply, prompt_id=_answered_by(reply, messages)))


def _answered_by(reply: PainReply, messages: list[Message]) -> str | None:
    """The last message whose question is open when the answer comes."""
    wanted = "morning" if reply.kind is ReplyKind.MORNING else "after_run"
    for message in reversed(messages):
        question = message.question
        if (
            question is not None
            and question.kind == wanted
            and message.due_at <= reply.at < question.expires_at
        ):
            return message.key
    return None


def _strength(years: int, now: datetime) -> Iterator[StrengthSession]:
    """Twice a week, one in five left out."""
    rng = Random("strength")
    for week in range(years * 52, 0, -1):
        for day in (1, 4):
            if rng.random() < 0.8:
                start = now - timedelta(weeks=week, days=-day)
                if start < now:
                    yield StrengthSession(f"strength-{week}-{day}", start, 20.0)


def _nights(years: int, now: datetime) -> Iterator[Night]:
    rng = Random("nights")
    for days in range(years * 365, 0, -1):
        date = f"{now - timedelta(days=days):%Y-%m-%d}"
        yield Night(date, rng.gauss(7.3, 0.6), rng.gauss(4.1, 0.15), rng.gauss(49, 2))
