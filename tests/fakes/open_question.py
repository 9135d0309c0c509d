"""A question that has just gone out to somebody's phone."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from daemon.store.engine import Store
from daemon.store.outbox import enqueue
from daemon.store.tables import MESSAGES
from rules.facts import PromptKind
from rules.outcome import Level, Message, MessageKind, PromptWanted

ASKED = "Worst knee pain during the run, 0–10?"


def ask(store: Store, athlete: str, now: datetime) -> str:
    """Its token; it is worth something for twelve hours."""
    until = now + timedelta(hours=12)
    question = PromptWanted(PromptKind.AFTER_RUN, now, until, ASKED)
    text = f"6.0 km, inside your usual. {ASKED}"
    message = Message(
        "ask:open", MessageKind.AFTER_RUN, Level.ASK, "Knee?", text, now, now, until, question=question
    )
    with store.session() as session:
        enqueue(session, athlete, message, ["terminal"], now)
        key = MESSAGES.c.key == message.key
        return str(session.scalars(sa.select(MESSAGES.c.token).where(key)).one())
