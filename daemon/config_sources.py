"""What the configuration says of the live sources of one athlete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from daemon.credentials import Secret

STRAVA, GARMIN = "strava", "garmin"
LIVE_SOURCES = (GARMIN, STRAVA)
"""Every source that answers over the network, by the name its records carry."""
LOGIN_DOOR_EVERY_MIN = 15
"""Garmin blocks accounts that its unofficial door is used on too often."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One live source. What is None is not in the configuration and may be among the keys that a login has saved.

    `configured`: its table is there. `keep_days`: how long the service's own answers are kept.
    """

    name: str
    configured: bool = False
    every_min: int = 15
    keep_days: int = 7
    base_url: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    door: str | None = None
    key: Secret | None = None
    key_ends: date | None = None


def unconfigured() -> dict[str, SourceConfig]:
    """Every live source as it is without a configuration."""
    return {name: SourceConfig(name) for name in LIVE_SOURCES}


def source_config(name: str, prefix: str, values: Mapping[str, object], *, configured: bool) -> SourceConfig:
    """The checked `values` below `prefix` -> SourceConfig."""
    given = {
        key.removeprefix(f"{prefix}."): value for key, value in values.items() if key.startswith(f"{prefix}.")
    }
    ends = given.get("key_ends")
    return SourceConfig(
        name=name,
        configured=configured,
        every_min=cast("int", given.get("every_min", 15)),
        keep_days=cast("int", given.get("keep_days", 7)),
        base_url=cast("str | None", given.get("base_url")),
        client_id=cast("str | None", given.get("client_id")),
        client_secret=cast("Secret | None", given.get("client_secret")),
        door=cast("str | None", given.get("door")),
        key=cast("Secret | None", given.get("key")),
        key_ends=None if ends is None else date.fromisoformat(str(ends)),
    )


def too_often(source: SourceConfig) -> bool:
    """Whether Garmin's login door would be asked more often than it bears."""
    return source.door == "login" and source.every_min < LOGIN_DOOR_EVERY_MIN
