"""A home whose services are connected already, as a login left it; each service is a fake on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, json_lines, niggled
from fakes.garmin_server import GarminServer
from fakes.logging_in import at, configure
from fakes.strava_server import StravaServer
from fakes.strava_tokens import FULL_SCOPE

GARMIN_KEY = "example-garmin-key"


def strava_keys(server: StravaServer) -> dict[str, Any]:
    """What `niggled login strava` leaves."""
    told = server.tokens.sign_in()
    kept = {name: told[name] for name in ("access_token", "refresh_token", "expires_at")}
    app = {"client_id": server.tokens.client_id, "client_secret": server.tokens.client_secret}
    return kept | app | {"scope": FULL_SCOPE, "athlete_created_at": server.account.created_at.isoformat()}


def save_keys(home: Path, source: str, content: dict[str, Any]) -> None:
    """For the athlete `me`; `home` is NIGGLED_HOME."""
    path = home / "keys" / f"me-{source}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o600)


@contextmanager
def served(
    kind: str, account: Account, home: Path, now: Callable[[], datetime] = time_now
) -> Iterator[StravaServer | GarminServer]:
    """The service at work, its keys saved; `kind` is "strava", "garmin by key" or "garmin by login"."""
    if kind == "strava":
        with StravaServer(now, account) as strava:
            save_keys(home, "strava", strava_keys(strava))
            yield strava
        return
    with GarminServer(now, account) as garmin:
        by_key = kind == "garmin by key"
        save_keys(home, "garmin", {"api_key": GARMIN_KEY} if by_key else {"tokens": garmin.tokens.sign_in()})
        yield garmin


def reached_by(
    environment: Environment, timezone: str, *servers: StravaServer | GarminServer, more: str = ""
) -> None:
    """Write a configuration in which the services are where the fakes are; `more` stands in front of their tables."""
    tables = [
        at("strava" if isinstance(one, StravaServer) else "garmin", one.base_url, more) for one in servers
    ]
    configure(environment, f'[athletes.me]\ntimezone = "{timezone}"\n' + "".join(tables))


def sync_to_the_end(environment: Environment, *arguments: str) -> list[dict[str, Any]]:
    """`niggled sync` again and again until nothing is left to wait for; what every look told."""
    told: list[dict[str, Any]] = []
    while True:
        result = niggled(environment, "sync", "--json", *arguments)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        looks = json_lines(result)
        told += looks
        if not any(look["failure"] for look in looks):
            return told
        assert any(look["new"] or look["recordings"] for look in looks), f"no progress: {looks}"
