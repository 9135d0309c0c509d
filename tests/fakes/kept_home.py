"""A store with something of every kind in it, for whatever copies, exports or deletes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fakes.source_records import MONDAY, profile, record, run, series

from daemon.store import outbox
from daemon.store.answers import (
    save_adaptation,
    save_night,
    save_pause,
    save_prompt,
    save_reply,
    save_strength,
)
from daemon.store.engine import Store
from daemon.store.findings import record_findings
from daemon.store.preferences import mute, set_quiet_hours
from daemon.store.records import save_records
from daemon.store.tables import METADATA
from rules.facts import (
    Adaptation,
    MuscleGroup,
    Night,
    PainReply,
    Pause,
    Prompt,
    PromptKind,
    ReplyKind,
    Side,
    StrengthSession,
)
from rules.outcome import Finding, Level, Message, MessageKind

LATER = MONDAY + timedelta(days=2)


def fill(store: Store, athlete: str = "me", *, runs: int = 1) -> None:
    """A run with samples for each day, and one of everything else; a warning that was sent, and one that waits."""
    records = [
        record(
            "garmin",
            str(day),
            run(MONDAY - timedelta(days=day), series=series(), profile=profile(), title="Früh"),
        )
        for day in range(runs)
    ]
    with store.session() as session:
        save_records(session, athlete, records, MONDAY)
        save_reply(
            session, athlete, PainReply("r1", LATER, ReplyKind.DURING, 4, side=Side.LEFT, note="hill; long")
        )
        save_prompt(session, athlete, Prompt("p1", PromptKind.AFTER_RUN, MONDAY, LATER, "1"))
        save_strength(
            session, athlete, StrengthSession("s1", MONDAY, 20.0, frozenset({MuscleGroup.CALVES}), 6)
        )
        save_night(session, athlete, Night("2024-05-06", 7.5, 4.1, 48.0))
        save_pause(session, athlete, Pause(MONDAY, LATER))
        save_adaptation(session, athlete, Adaptation(LATER, True))
        set_quiet_hours(session, athlete, "21:30-06:30", MONDAY)
        mute(session, athlete, "kind:nudge", LATER, MONDAY)
        found = Finding("R1", Level.WARN, "run:2024-05-06", MONDAY, {"km": 13.0, "ratio": 1.24}, "1")
        record_findings(session, athlete, [found], MONDAY)
        outbox.enqueue(session, athlete, _message("load|1", (found.key,)), ["phone"], MONDAY)
        for claim in outbox.claim_due(session, "here", MONDAY, timedelta(minutes=5)):
            outbox.mark_sent(session, claim, MONDAY, "ntfy")
        outbox.enqueue(session, athlete, _message("load|2"), ["phone"], MONDAY)


def _message(key: str, findings: tuple[str, ...] = ()) -> Message:
    told = ("Long run", "13.0 km: 24 % beyond your longest in 30 days (10.5).")
    return Message(key, MessageKind.LOAD, Level.WARN, *told, MONDAY, MONDAY, LATER, findings=findings)


def everything_in(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, by table."""
    with store.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(sa.select(table))), key=repr)
            for table in METADATA.sorted_tables
        }
