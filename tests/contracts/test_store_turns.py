"""Writers of one athlete take turns: an assessment that is under way keeps nothing that lacks a fact saved meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from daemon.store.answers import save_reply
from daemon.store.checkpoints import Checkpoint, save_checkpoint, stored_states
from daemon.store.engine import Store
from daemon.store.turns import lock
from rules.facts import PainReply, ReplyKind

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_a_checkpoint_made_while_an_answer_came_goes_with_the_answer(store: Store) -> None:
    reply = PainReply(id="r", at=NOON - timedelta(hours=1), kind=ReplyKind.MORNING, score=3)
    begun, saved = Event(), Event()

    def answer() -> None:
        begun.set()
        with store.session() as session:
            save_reply(session, "me", reply)
        saved.set()

    thread = Thread(target=answer)
    with store.session() as session:
        lock(session, "me")
        thread.start()
        assert begun.wait(10)
        assert not saved.wait(0.5), "the answer waits for the assessment"
        save_checkpoint(session, "me", Checkpoint(NOON, 1, "policy", {}))
    thread.join(20)
    assert saved.is_set()
    with store.reading() as session:
        assert list(stored_states(session, "me", 1, "policy")) == []
