"""What the page has set for each athlete, looked at without making or mending a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from daemon.config import Config
from daemon.credentials import SecretError
from daemon.doctor.database import database_file, opened_to_look, usable
from daemon.store.errors import StoreError
from daemon.store.preferences import Mute, mutes, quiet_hours

UNREAD = "What was set on the page (quiet hours, mutes) cannot be read: `niggled doctor` says why."


@dataclass(frozen=True, slots=True)
class Chosen:
    """`quiet` None: the configuration's hours hold."""

    quiet: str | None
    muted: tuple[Mute, ...]


def chosen_on_page(config: Config, moment: datetime) -> tuple[dict[str, Chosen], str]:
    """By athlete, and a sentence where it cannot be told."""
    try:
        url = config.store_url.value()
        file = database_file(url)
        if file is not None and not file.exists():
            return {}, ""
        if not usable(url):
            return {}, UNREAD
        with opened_to_look(url) as store, store.reading() as session:
            return {
                name: Chosen(quiet_hours(session, name), mutes(session, name, moment))
                for name in config.athletes
            }, ""
    except (StoreError, SecretError, OSError):
        return {}, UNREAD
