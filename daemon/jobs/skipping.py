"""No reminder of strength work today, said before it came."""

from __future__ import annotations

from datetime import datetime

from daemon.config import AthleteConfig
from daemon.store.engine import Store
from daemon.store.messages import insert_message
from rules.reminders import skipped_today


def skip_reminder(store: Store, athlete: AthleteConfig, now: datetime) -> None:
    """Today's reminder is written down as said, on no channel. Raises StoreError."""
    with store.session() as session:
        insert_message(session, athlete.name, skipped_today(athlete.runner, athlete.policy, now))
