"""A word of the answer grammar that is said by pressing a button of a page."""

from __future__ import annotations

import secrets

from connectors.channels.contract import Incoming
from daemon.jobs.answering import take_incoming
from daemon.store.conversation import mark_confirmed
from daemon.web.questions import PAGE, TOO_MANY
from daemon.web.visit import Visit

TAKEN_BEFORE = "That was taken in already."


def once() -> str:
    """A name for one sending of a form, so that pressing twice says it once."""
    return secrets.token_urlsafe(9)


def say(visit: Visit, words: str) -> str:
    """What the runner reads in answer to `words`; they count once for each form, however often it is sent.

    Raises Refused, StoreError.
    """
    name = visit.field("once", 40) or once()
    said = Incoming(id=name, at=visit.now, text=words, position="")
    answer = take_incoming(visit.house.store, visit.athlete, PAGE, said, visit.now)
    if answer is None:
        return TAKEN_BEFORE
    with visit.house.store.session() as session:
        mark_confirmed(session, visit.athlete.name, PAGE, name, visit.now)
    if not answer.text:
        raise TOO_MANY
    return answer.text
