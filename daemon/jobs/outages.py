"""A source that fails is told once, with the cure, and its end once; so is one that has gone quiet (DESIGN 4).

Most looks at a source have nothing to tell, so what telling needs is loaded where something is told.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, NeedsLogin
from connectors.sources.garmin_key import KEY_CURE, KeyCountdown
from daemon.config import AthleteConfig
from daemon.jobs.poll_timing import PATIENCE
from daemon.store.engine import Session
from daemon.store.sources import SourceState
from rules.facts import Runner
from rules.phrases import WEEKDAYS, day, local_date

CATCH_UP = "Nothing is lost; I will catch up."
_REFUSALS = {
    "login": "has refused our login",
    "key_expired": "has refused the key",
    "scope": "has not let us read all activities",
    "inactive": "has refused our app",
}
_OTHERWISE = "trouble"


def title_of(source: str) -> str:
    """What people call a source: "Strava"."""
    return source.capitalize()


def tell_source_outage(
    session: Session,
    athlete: AthleteConfig,
    source: str,
    failure: ConnectorError,
    since: datetime,
    now: datetime,
    *,
    new: bool = False,
) -> bool:
    """Told once an outage: a refused login at once, all else after hours, and a login also where something else was told.

    `new`: the source has never answered yet.
    """
    from daemon.jobs.operations import NEEDS_YOU, sentence, tell

    when = _since(since, now, athlete.runner)
    if isinstance(failure, NeedsLogin):
        what = f"{title_of(source)} {_REFUSALS[failure.reason]} since {when}."
        if new and failure.reason == "login":
            what = sentence(str(failure))
        text = f"{what} {sentence(failure.cure)} {CATCH_UP}"
        return tell(session, athlete, _key(source, since, failure.reason), NEEDS_YOU, text, now)
    if now - since < PATIENCE or _told(session, athlete, source, since):
        return False
    text = f"{title_of(source)} cannot be read since {when}. {sentence(str(failure))} {CATCH_UP}"
    return tell(session, athlete, _key(source, since, _OTHERWISE), NEEDS_YOU, text, now)


def tell_source_back(
    session: Session, athlete: AthleteConfig, before: SourceState, runs: int, now: datetime
) -> bool:
    """The end of the outage that `before` was in, if it was told. `runs` came with the first answer.

    Words about the outage that still wait for the morning are not sent any more, and nothing is said of its end.
    """
    since = before.failing_since
    if since is None:
        return False
    from daemon.jobs.operations import tell
    from daemon.store.outbox import withdraw_unsent

    told = _told(session, athlete, before.source, since)
    unsent = [key for key in told if withdraw_unsent(session, athlete.name, key, now)]
    if len(told) == len(unsent):
        return False
    caught_up = f"{runs} {'run' if runs == 1 else 'runs'} caught up." if runs else "Nothing was missed."
    text = f"{title_of(before.source)} is back. {caught_up}"
    return tell(session, athlete, _key(before.source, since, "over"), "niggled", text, now, can_wait=True)


def tell_key_ends(
    session: Session, athlete: AthleteConfig, source: str, key: KeyCountdown, now: datetime
) -> bool:
    """The key to a source ends soon: told once for each of its reminders."""
    if key.reminder is None:
        return False
    from daemon.jobs.operations import NEEDS_YOU, sentence, tell

    today = now.astimezone(ZoneInfo(athlete.runner.timezone)).date()
    ends = day(key.ends, today)
    text = (
        f"The {title_of(source)} key ends {ends if ends == 'today' else f'on {ends}'}. {sentence(KEY_CURE)}"
    )
    return tell(
        session, athlete, f"key|{source}|{key.ends}|{key.reminder}", NEEDS_YOU, text, now, can_wait=True
    )


def _told(session: Session, athlete: AthleteConfig, source: str, since: datetime) -> list[str]:
    """Keys of the messages that have told of this outage."""
    from daemon.store.outbox import deliveries_of

    keys = [_key(source, since, reason) for reason in (*_REFUSALS, _OTHERWISE)]
    return [key for key in keys if deliveries_of(session, athlete.name, key)]


def _key(source: str, since: datetime, reason: str) -> str:
    return f"outage|source {source}|{since.isoformat()}|{reason}"


def _since(since: datetime, now: datetime, runner: Runner) -> str:
    """ "Tuesday 18:00", "12 October 18:00"."""
    local = since.astimezone(ZoneInfo(runner.timezone))
    return f"{_named(local.date(), local_date(now, runner))} {local:%H:%M}"


def _named(when: date, today: date) -> str:
    """A day by its name; never "today", because what waits for the morning is read on another day."""
    return WEEKDAYS[when.weekday()] if when == today else day(when, today)
