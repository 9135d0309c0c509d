"""Each connected source: its state, what came of it, its keys, which host answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import Broken
from daemon.cli.source_lines import KEY_SOON_DAYS, SourceAffairs
from daemon.config import AthleteConfig
from daemon.config_sources import GARMIN, STRAVA
from daemon.connections import TITLES, garmin_door, key_file
from daemon.doctor.verdict import Verdict, as_sentence, bad, from_stamp, good, warning, when
from daemon.store.sources import SourceCondition

NEEDED_SCOPE = "activity:read_all"
QUIET = timedelta(days=14)
LOOK_OVERDUE = timedelta(hours=1)
PARSE_MISS = "could be understood"


def source_verdicts(
    one: SourceAffairs, athlete: AthleteConfig, aside: int, now: datetime
) -> Iterator[Verdict]:
    """How a source is doing. `aside` is how many of its records could not be read.

    EMPTY: it answers and has nothing; PARSE_MISS: it sends something and we understand nothing of it.
    """
    state, title, name = one.state, TITLES[one.state.source], athlete.name
    check, zone = f"source {one.state.source}", athlete.runner.timezone
    since = "" if state.failing_since is None else f" since {when(state.failing_since, now, zone)}"
    reason = as_sentence(state.reason or "")
    again = f"It is asked again {when(state.due_at, now, zone)}."
    if state.state is SourceCondition.NEEDS_LOGIN:
        cure = as_sentence(state.cure or f"Run `niggled login {state.source}`")
        yield bad(check, f"{title} needs you{since}. {reason}".rstrip(), cure, name)
    elif state.state is SourceCondition.BROKEN:
        miss = " (PARSE_MISS)" if PARSE_MISS in reason else ""
        yield bad(
            check, f"{title} is broken{since}{miss}. {reason}".rstrip(), f"{again} Else update niggled.", name
        )
    elif state.state is SourceCondition.WAITING and since:
        yield warning(
            check, f"{title} cannot be read{since}. {reason}".rstrip(), f"Nothing to do. {again}", name
        )
    elif state.last_success_at is None:
        yield warning(
            check,
            f"{title} is connected and was not read yet.",
            f"`niggled sync {state.source}` does so now.",
            name,
        )
    elif state.due_at < now - LOOK_OVERDUE:
        yield warning(
            check,
            f"{title} was to be read {when(state.due_at, now, zone)}, and nobody has.",
            "See whether the daemon runs.",
            name,
        )
    else:
        yield _answering(one, athlete, aside, now)


def _answering(one: SourceAffairs, athlete: AthleteConfig, aside: int, now: datetime) -> Verdict:
    state, title, name = one.state, TITLES[one.state.source], athlete.name
    check, zone = f"source {one.state.source}", athlete.runner.timezone
    read = "not yet" if state.last_success_at is None else when(state.last_success_at, now, zone)
    newest = state.last_new_activity_at
    if newest is None and aside and not one.cursor.read:
        return bad(
            check,
            f"{title} answers, and nothing that it sends can be read (PARSE_MISS).",
            "Update niggled; if it stays so, report a line of `niggled status`.",
            name,
        )
    if newest is None:
        return warning(
            check,
            f"{title}: read {read}, and there is nothing in the account (EMPTY).",
            "If there should be: see whether the watch syncs to this account.",
            name,
        )
    if now - newest > QUIET:
        return warning(
            check,
            f"{title}: read {read}, and nothing new for {(now - newest).days} days (EMPTY).",
            "If you ran: check the watch's sync.",
            name,
        )
    return good(check, f"{title}: read {read}, last new activity {when(newest, now, zone)}.", name)


def key_verdicts(
    athlete: AthleteConfig, source: str, home: Path, one: SourceAffairs, now: datetime
) -> Iterator[Verdict]:
    """The keys and tokens of a source: there, of what age, for what, for how long. Their values are never told."""
    file, title, name = key_file(home, athlete.name, source), TITLES[source], athlete.name
    check, settings = f"key {source}", athlete.sources[source]
    try:
        saved = file.load()
    except Broken as error:
        yield bad(check, as_sentence(str(error)), f"Run `niggled login {source}`.", name)
        return
    stored = (
        f", saved {when(from_stamp(file.path.stat().st_mtime), now, athlete.runner.timezone)}"
        if saved
        else ""
    )
    if source == STRAVA:
        yield _strava_tokens(saved, stored, athlete, now)
        return
    if garmin_door(settings, saved) == "login":
        if saved.get("tokens"):
            yield good(check, f"{title}: logged in by mail and password{stored}.", name)
        else:
            yield bad(check, f"{title}: there is no login.", "Run `niggled login garmin --door login`.", name)
        return
    if settings.key is None and not saved.get("api_key"):
        yield bad(check, f"{title}: there is no key.", "Run `niggled login garmin`.", name)
        return
    if one.key is None:
        yield warning(
            check,
            f"{title}: nobody has told when the key ends{stored}.",
            "Set key_ends, or run `niggled login garmin`: you are then reminded in time.",
            name,
        )
    elif one.key.days_left < 0:
        yield bad(
            check,
            f"{title}: the key was to end on {one.key.ends}.",
            "Make a new one, `niggled login garmin`.",
            name,
        )
    elif one.key.days_left <= KEY_SOON_DAYS:
        yield warning(
            check,
            f"{title}: the key ends on {one.key.ends}, in {one.key.days_left} days.",
            "Make a new one, `niggled login garmin`.",
            name,
        )
    else:
        yield good(check, f"{title}: the key is good until {one.key.ends}{stored}.", name)


def host(athlete: AthleteConfig, source: str, home: Path) -> str:
    """The base address that a source is asked at, as far as is known without asking."""
    from connectors.sources.garmin_personal import BASE_URL

    settings = athlete.sources[source]
    if settings.base_url is not None:
        return settings.base_url
    try:
        saved = key_file(home, athlete.name, source).load()
    except Broken:
        saved = {}
    if source == GARMIN:
        return BASE_URL if garmin_door(settings, saved) == "personal" else "https://connectapi.garmin.com"
    return str(saved.get("api_base") or "https://www.strava.com")


def _strava_tokens(saved: dict[str, Any], stored: str, athlete: AthleteConfig, now: datetime) -> Verdict:
    check, name = "key strava", athlete.name
    if not saved.get("refresh_token"):
        return bad(check, "Strava: there is no login.", "Run `niggled login strava`.", name)
    scopes = str(saved.get("scope") or "").replace(" ", ",").split(",")
    if NEEDED_SCOPE not in scopes:
        return bad(
            check,
            "Strava: private activities were not allowed, so they are missing.",
            "Run `niggled login strava`, with every box ticked.",
            name,
        )
    expires = saved.get("expires_at")
    until = ""
    if isinstance(expires, int | float):
        instant = datetime.fromtimestamp(expires, UTC)
        shown = when(instant, now, athlete.runner.timezone)
        until = f", token good until {shown}" if instant > now else ", token renewed at the next look"
    base = urlsplit(str(saved.get("api_base") or "")).hostname
    answered = f", {base} answers" if base else ""
    return good(check, f"Strava: all activities allowed{until}{answered}{stored}.", name)
