"""Which live sources an athlete has, and opening one: configuration and saved keys meet here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from connectors.errors import Broken, NeedsLogin
from connectors.keyfile import KeyFile
from daemon.config import AthleteConfig
from daemon.config_sources import GARMIN, LIVE_SOURCES, LOGIN_DOOR_EVERY_MIN, STRAVA, SourceConfig
from daemon.credentials import Secret, SecretError

if TYPE_CHECKING:
    from connectors.sources.door import Door
    from connectors.sources.garmin_key import KeyCountdown
    from connectors.sources.live import LiveSource
    from connectors.sources.strava_tokens import StravaApp

TITLES = {GARMIN: "Garmin", STRAVA: "Strava"}
"""What people call the live sources."""

type GarminDoorName = Literal["personal", "login"]


def key_file(home: Path, athlete_name: str, source: str) -> KeyFile:
    """Where the keys and tokens of one source are saved."""
    return KeyFile(home / "keys" / f"{athlete_name}-{source}.json")


def connected(athlete: AthleteConfig, home: Path) -> list[str]:
    """The live sources that are asked: those in the configuration, and those that a login has saved keys for."""
    return [
        name
        for name in LIVE_SOURCES
        if athlete.sources[name].configured or key_file(home, athlete.name, name).path.exists()
    ]


def askable(athlete: AthleteConfig, home: Path) -> list[str]:
    """Those of the connected sources whose keys are here. On a shared database the others are asked by the daemon that has
    them, and must not be told as refused logins by one that has not."""
    return [name for name in connected(athlete, home) if _has_keys(athlete, name, home)]


def _has_keys(athlete: AthleteConfig, source: str, home: Path) -> bool:
    if key_file(home, athlete.name, source).path.exists():
        return True
    try:
        return source == GARMIN and secret_value(athlete.sources[source].key) is not None
    except Broken:
        return False


def open_source(athlete: AthleteConfig, source: str, home: Path, now: Callable[[], datetime]) -> LiveSource:
    """A live source, ready to be asked; nothing is asked yet. Raises as `open_door`."""
    from connectors.sources.file_records import Desk
    from connectors.sources.live import LiveSource

    return LiveSource(open_door(athlete, source, home, now), Desk(athlete.policy, now()))


def open_door(athlete: AthleteConfig, source: str, home: Path, now: Callable[[], datetime]) -> Door:
    """What a live source is read through.

    Raises NeedsLogin where it was never set up, Broken where its keys or the references to them cannot be read.
    """
    keys = key_file(home, athlete.name, source)
    return (_strava_door if source == STRAVA else _garmin_door)(athlete, keys, now)


def every(athlete: AthleteConfig, source: str, home: Path) -> timedelta:
    """The time between two looks at a live source."""
    settings = athlete.sources[source]
    least_min = 0
    if source == GARMIN and garmin_door(settings, _saved(athlete, source, home)) == "login":
        least_min = LOGIN_DOOR_EVERY_MIN
    return timedelta(minutes=max(settings.every_min, least_min))


def garmin_door(settings: SourceConfig, saved: dict[str, Any]) -> GarminDoorName:
    """By which door Garmin is asked: the configuration's, else that of the last login."""
    if settings.door is not None:
        return "login" if settings.door == "login" else "personal"
    return "login" if "tokens" in saved and settings.key is None else "personal"


def garmin_door_in_use(athlete: AthleteConfig, home: Path) -> GarminDoorName:
    """By which door Garmin is asked now."""
    return garmin_door(athlete.sources[GARMIN], _saved(athlete, GARMIN, home))


def key_countdown(athlete: AthleteConfig, source: str, home: Path, today: date) -> KeyCountdown | None:
    """How long the key to a source still works; None where there is no key, or nobody said when it ends."""
    from connectors.sources.garmin_key import key_countdown as countdown

    settings = athlete.sources[source]
    saved = _saved(athlete, source, home) if source == GARMIN else {}
    ends = settings.key_ends or _day(saved.get("key_ends"))
    if source != GARMIN or ends is None or garmin_door(settings, saved) == "login":
        return None
    days = saved.get("key_days") if settings.key_ends is None else None
    return countdown(ends, days if isinstance(days, int) else None, today)


def account_since(athlete: AthleteConfig, source: str, home: Path) -> datetime | None:
    """When the account at the service began, where it told so at the login."""
    told = _saved(athlete, source, home).get("athlete_created_at")
    try:
        began = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return began if began.tzinfo else began.replace(tzinfo=UTC)


def strava_app(settings: SourceConfig, saved: dict[str, Any]) -> StravaApp | None:
    """The API application at Strava; None where its number or its secret was never told. Raises Broken."""
    from connectors.sources.strava_tokens import StravaApp

    client_id = settings.client_id or saved.get("client_id")
    secret = secret_value(settings.client_secret)
    if secret is None and client_id == saved.get("client_id"):
        secret = saved.get("client_secret")
    return StravaApp(str(client_id), str(secret)) if client_id and secret else None


def secret_value(secret: Secret | None) -> str | None:
    """What a reference leads to. Raises Broken with the cure where it leads nowhere."""
    try:
        return None if secret is None else secret.value()
    except SecretError as error:
        raise Broken(f"The configuration cannot be used: {error}. Mend it, then try again.") from None


def _saved(athlete: AthleteConfig, source: str, home: Path) -> dict[str, Any]:
    """What the key file holds; nothing where it cannot be read, which opening the source then tells."""
    try:
        return key_file(home, athlete.name, source).load()
    except Broken:
        return {}


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _strava_door(athlete: AthleteConfig, keys: KeyFile, now: Callable[[], datetime]) -> Door:
    settings, saved = athlete.sources[STRAVA], keys.load()
    app = strava_app(settings, saved)
    if app is None or "refresh_token" not in saved:
        raise NeedsLogin("login", login_cure(STRAVA), "Strava is not connected yet.")
    from connectors.sources.strava import StravaDoor

    return StravaDoor(keys, athlete.policy.sport, now, app=app, base_url=settings.base_url)


def _garmin_door(athlete: AthleteConfig, keys: KeyFile, now: Callable[[], datetime]) -> Door:
    settings, saved = athlete.sources[GARMIN], keys.load()
    by_login = garmin_door(settings, saved) == "login"
    key = None if by_login else secret_value(settings.key)
    if not (saved.get("tokens") if by_login else key or saved.get("api_key")):
        raise NeedsLogin("login", login_cure(GARMIN), "Garmin is not connected yet.")
    from connectors.sources.garmin import GarminDoor

    if by_login:
        from connectors.sources.garmin_login_client import LoginClient

        return GarminDoor(LoginClient(keys, now, base_url=settings.base_url), athlete.policy.sport, now)
    from connectors.sources.garmin_personal import PersonalClient

    client = PersonalClient(keys, now, api_key=key, base_url=settings.base_url)
    return GarminDoor(client, athlete.policy.sport, now)


def login_cure(source: str) -> str:
    """The one sentence that mends a refused login."""
    return f"Run `niggled login {source}`."
