"""How each live source is doing: its state, since when and why, the cure, how far it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon.config import AthleteConfig
from daemon.connections import TITLES, connected, key_countdown
from daemon.store.engine import Session
from daemon.store.sources import SourceCondition, SourceState, source_states
from rules.facts import Runner
from rules.phrases import day

if TYPE_CHECKING:
    from connectors.sources.garmin_key import KeyCountdown
    from daemon.jobs.poll_cursor import Cursor

KEY_SHOWN_DAYS = 30
KEY_SOON_DAYS = 14


@dataclass(frozen=True, slots=True)
class SourceAffairs:
    """One connected source: how it is doing, how far it was read, how long its key works."""

    state: SourceState
    cursor: Cursor
    key: KeyCountdown | None


def source_affairs(
    session: Session, athlete: AthleteConfig, home: Path, moment: datetime
) -> list[SourceAffairs]:
    """Every source that is connected now, by name."""
    names = connected(athlete, home)
    if not names:
        return []
    from daemon.jobs.poll_cursor import read_cursor

    today = moment.astimezone(ZoneInfo(athlete.runner.timezone)).date()
    known = {state.source: state for state in source_states(session, athlete.name)}
    found = []
    for name in names:
        state = known.get(name) or SourceState(name, SourceCondition.OK, due_at=moment)
        cursor, key = read_cursor(state.cursor), key_countdown(athlete, name, home, today)
        found.append(SourceAffairs(state, cursor, key))
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of something. `mark` is "✘" where the runner is needed, "!" where it is worth a look, else empty."""

    mark: str
    title: str
    text: str

    @property
    def line(self) -> str:
        return f"{self.mark} {self.title}: {self.text}".lstrip()


def source_lines(one: SourceAffairs, runner: Runner, moment: datetime) -> list[str]:
    """One source in one line; a second one where its key ends soon."""
    lines = [source_words(one, runner, moment).line]
    key = key_words(one, runner, moment)
    if one.key is not None and one.key.days_left <= KEY_SHOWN_DAYS and key is not None:
        lines.append(key.line)
    return lines


def source_words(one: SourceAffairs, runner: Runner, moment: datetime) -> Words:
    """How one source is doing, with the cure where it needs one."""
    state, mark = one.state, ""
    since = "" if state.failing_since is None else f" since {when(state.failing_since, runner, moment)}"
    reason = sentence(state.reason or "")
    match state.state:
        case SourceCondition.NEEDS_LOGIN:
            mark, text = "✘", f"needs you{since}. {reason} {sentence(state.cure or '')}"
        case SourceCondition.BROKEN:
            mark, text = "✘", f"broken{since}. {reason} Next try {when(state.due_at, runner, moment)}."
        case SourceCondition.WAITING:
            mark = "!" if since else ""
            text = f"waiting{since}, next try {when(state.due_at, runner, moment)}. {reason}"
        case SourceCondition.OK:
            text = _looked(one, runner, moment)
    return Words(mark, TITLES[state.source], f"{text.rstrip()}{_history(one, moment)}")


def key_words(one: SourceAffairs, runner: Runner, moment: datetime) -> Words | None:
    """How long the key to a source still works; None where there is none, or nobody said."""
    key, title = one.key, f"{TITLES[one.state.source]} key"
    if key is None:
        return None
    today = moment.astimezone(ZoneInfo(runner.timezone)).date()
    if key.days_left < 0:
        return Words("!", title, f"it was to end on {day(key.ends, today)}.")
    mark = "!" if key.days_left <= KEY_SOON_DAYS else ""
    days = f"in {key.days_left} days" if key.days_left > 1 else "tomorrow" if key.days_left else "today"
    return Words(mark, title, f"ends {days} ({key.ends:%Y-%m-%d}).")


def source_json(one: SourceAffairs) -> dict[str, object]:
    """The contract of `status --json` (DESIGN 7) for one source."""
    state, cursor = one.state, one.cursor
    instants = ("retry_at", "last_success_at", "last_new_activity_at", "failing_since", "due_at")
    return {
        "state": state.state.value,
        "reason": state.reason,
        "cure": state.cure,
        **{name: None if (at := getattr(state, name)) is None else at.isoformat() for name in instants},
        "read": cursor.read,
        "back_to": None if cursor.back_to is None else cursor.back_to.isoformat(),
        "complete": cursor.complete,
        "key_ends": None if one.key is None else one.key.ends.isoformat(),
    }


def _looked(one: SourceAffairs, runner: Runner, moment: datetime) -> str:
    state = one.state
    if state.last_success_at is None:
        return "connected, not read yet; `niggled run` does so."
    text = f"fine, read {when(state.last_success_at, runner, moment)}"
    newest = state.last_new_activity_at
    return f"{text}, last new activity {when(newest, runner, moment)}." if newest else f"{text}."


def _history(one: SourceAffairs, moment: datetime) -> str:
    """What of the past is still to come."""
    cursor = one.cursor
    if cursor.complete or cursor.back_to is None:
        return ""
    from daemon.cli.progress import progress_words
    from daemon.jobs.poll_progress import progress_of

    return f" History: {progress_words(progress_of(cursor, moment))}."


def when(instant: datetime, runner: Runner, moment: datetime) -> str:
    """ "20:15" today, "Tuesday 18:00", "12 October 18:00"."""
    zone = ZoneInfo(runner.timezone)
    local, today = instant.astimezone(zone), moment.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{day(local.date(), today)} {local:%H:%M}"


def sentence(words: str) -> str:
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."
