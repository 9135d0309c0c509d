"""The daily backup: how old the newest is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

import sqlalchemy as sa

from daemon.config_backup import BackupConfig
from daemon.doctor.verdict import Verdict, counted, good, warning
from daemon.jobs.backup import daily_file, day_due, days_kept
from daemon.store.engine import Session
from daemon.store.tables import ACTIVITIES
from daemon.store.unfinished import megabytes

CHECK = "backup"
LATE_AFTER = timedelta(days=2)
"""One that was missed is made up for as soon as the machine is on."""
CURE = "`niggled backup --daily` makes one now, or says why it cannot."


def backup_verdicts(
    settings: BackupConfig, installed_at: datetime | None, now: datetime, zone: tzinfo
) -> Iterator[Verdict]:
    """Where the daily backup is wanted. `installed_at`: since when there is something to keep, None where that is not known."""
    folder = settings.folder
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        cure = "Give niggled the right to (chmod, chown), or name another as backup.folder."
        yield warning(CHECK, f"The folder of the daily backups, {folder}, may not be looked into.", cure)
        return
    # One of a day to come was made by a clock that was wrong.
    days = [on for on in days_kept(folder) if on <= day_due(now, settings.at, zone)]
    if days:
        made_at = datetime.combine(days[-1], settings.at, zone)
        age, file = now - made_at, daily_file(folder, days[-1])
        told = f"The newest daily backup is {age_words(age)} old"
        if age > LATE_AFTER:
            yield warning(CHECK, f"{told}: {file}.", CURE)
        else:
            yield good(CHECK, f"{told}, {megabytes(file.stat().st_size)}: {file}.")
    elif installed_at is not None and now - installed_at > LATE_AFTER:
        yield warning(CHECK, f"There is no daily backup in {folder}.", CURE)
    else:
        yield good(CHECK, f"No daily backup yet; `niggled run` makes the first one in {folder}.")


def installed_at(session: Session) -> datetime | None:
    """When the first activity came in."""
    return session.execute(sa.select(sa.func.min(ACTIVITIES.c.first_seen_at))).scalar_one()


def age_words(age: timedelta) -> str:
    """ "9 hours", "3 days"."""
    hours = round(age / timedelta(hours=1))
    if hours < 1:
        return "less than an hour"
    return counted(hours, "hour") if hours < 48 else counted(round(hours / 24), "day")
