"""What the runner sets while niggled runs, over the configuration: quiet hours, and what is not to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from daemon.store.engine import Session
from daemon.store.tables import PREFERENCES
from daemon.store.turns import want_assessment
from daemon.store.upsert import upsert
from rules.muting import may_be_muted

QUIET_HOURS = "quiet_hours"
_MUTE = "mute:"


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not to be sent: "kind:nudge", "rule:R3" (`rules.muting`). `until` None: until it is taken back."""

    subject: str
    until: datetime | None = None


def quiet_hours(session: Session, athlete: str) -> str | None:
    """The quiet hours set here, as `policy.msg.quiet` has them; None where the configuration's hold."""
    query = sa.select(PREFERENCES.c.value).where(
        PREFERENCES.c.athlete == athlete, PREFERENCES.c.name == QUIET_HOURS
    )
    value = session.execute(query).scalar_one_or_none()
    return None if value is None else str(value["window"])


def set_quiet_hours(session: Session, athlete: str, value: str | None, now: datetime) -> None:
    """Set a checked window ("22:00-07:00"); None goes back to the configuration's."""
    if value is None:
        _forget(session, athlete, QUIET_HOURS)
    else:
        _set(session, athlete, QUIET_HOURS, {"window": value}, now)


def mutes(session: Session, athlete: str, now: datetime) -> tuple[Mute, ...]:
    """What is muted now, by subject."""
    query = (
        sa.select(PREFERENCES.c.name, PREFERENCES.c.value)
        .where(PREFERENCES.c.athlete == athlete, PREFERENCES.c.name.startswith(_MUTE, autoescape=True))
        .order_by(PREFERENCES.c.name)
    )
    found = []
    for name, value in session.execute(query):
        until = None if value["until"] is None else datetime.fromisoformat(value["until"])
        if until is None or now < until:
            found.append(Mute(name.removeprefix(_MUTE), until))
    return tuple(found)


def mute(session: Session, athlete: str, subject: str, until: datetime | None, now: datetime) -> None:
    """Send nothing of this until then. Raises ValueError for what may not be muted."""
    if not may_be_muted(subject):
        raise ValueError(f"{subject!r} cannot be muted")
    ends = None if until is None else until.isoformat()
    _set(session, athlete, f"{_MUTE}{subject}", {"until": ends}, now)


def unmute(session: Session, athlete: str, subject: str) -> None:
    """Send it again."""
    _forget(session, athlete, f"{_MUTE}{subject}")


def _set(session: Session, athlete: str, name: str, value: dict[str, str | None], now: datetime) -> None:
    upsert(session, PREFERENCES, [{"athlete": athlete, "name": name, "value": value, "set_at": now}])
    want_assessment(session, [athlete])


def _forget(session: Session, athlete: str, name: str) -> None:
    session.execute(
        sa.delete(PREFERENCES).where(PREFERENCES.c.athlete == athlete, PREFERENCES.c.name == name)
    )
    want_assessment(session, [athlete])
