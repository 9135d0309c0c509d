"""The daily backup: when one is due, which are kept, and what is told when it fails."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path

from daemon.config import AthleteConfig
from daemon.config_backup import BackupConfig
from daemon.jobs.child import ChildFailedError
from daemon.jobs.operations import NEEDS_YOU, sentence, tell
from daemon.store import outbox
from daemon.store.backup import write_backup
from daemon.store.contents import Contents
from daemon.store.engine import Session, Store
from daemon.store.errors import StoreError
from daemon.store.unfinished import unfinished
from rules.phrases import day, local_date

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(hours=1)
"""After a failure."""
DEADLINE_S = 3600.0
DAILY = "niggled-*.db"
"""Every backup that `daily_file` may name."""
_NAME = re.compile(r"niggled-(\d{4}-\d{2}-\d{2})\.db")
_SEE_LOG = "The backup program ended badly; the daemon's log says why."


def day_due(now: datetime, at: time, zone: tzinfo) -> date:
    """The day of the latest backup that should be there."""
    local = now.astimezone(zone)
    return local.date() if local.time() >= at else local.date() - timedelta(days=1)


def daily_file(folder: Path, on: date) -> Path:
    return folder / f"niggled-{on.isoformat()}.db"


def days_kept(folder: Path) -> list[date]:
    """The days of which there is a backup, oldest first."""
    names = [path.name for path in folder.glob(DAILY)] if folder.is_dir() else []
    found = [match[1] for name in names if (match := _NAME.fullmatch(name))]
    return sorted(date.fromisoformat(text) for text in found)


def superseded(days: Collection[date], today: date, keep_days: int, keep_weeks: int) -> list[date]:
    """The days whose backups may go: not among the last `keep_days`, nor the last of one of the `keep_weeks` ISO weeks
    before those. It counts backups, not days, so that a clock that is wrong takes none away; days to come stay."""
    past = sorted((on for on in days if on <= today), reverse=True)
    older = past[keep_days:]
    last_of_week: dict[tuple[int, int], date] = {}
    for on in older:
        last_of_week.setdefault(on.isocalendar()[:2], on)
    weekly = set(list(last_of_week.values())[:keep_weeks])
    return sorted(on for on in older if on not in weekly)


def back_up(url: str, settings: BackupConfig, now: datetime, zone: tzinfo) -> tuple[Path, Contents | None]:
    """Make the backup that is due and remove those that are not needed any more; None where it is there already.

    Raises StoreError, and then no earlier backup has been touched.
    """
    due = day_due(now, settings.at, zone)
    target = daily_file(settings.folder, due)
    if target.exists():
        return target, None
    _remove_cut_short(settings.folder, target)
    made = write_backup(url, target)
    for on in superseded(days_kept(settings.folder), due, settings.keep_days, settings.keep_weeks):
        daily_file(settings.folder, on).unlink(missing_ok=True)
    return target, made


def _remove_cut_short(folder: Path, target: Path) -> None:
    """What a power cut has left of an earlier day."""
    for left in folder.glob(f"{unfinished(Path(DAILY)).name}*") if folder.is_dir() else ():
        if not left.name.startswith(unfinished(target).name):
            left.unlink(missing_ok=True)


class DailyBackup:
    """Has the backup made once a day by `make`, a child process; the daemon asks at every tick."""

    def __init__(
        self,
        settings: BackupConfig,
        zone: tzinfo,
        make: Callable[[threading.Event], None],
        told: Callable[[str, datetime], None],
    ) -> None:
        self._settings = settings
        self._zone = zone
        self._make = make
        self._told = told
        self._failed_at: datetime | None = None

    def look(self, now: datetime, stop: threading.Event) -> None:
        """Make the backup if it is due; after a failure again in an hour."""
        if daily_file(self._settings.folder, day_due(now, self._settings.at, self._zone)).exists():
            self._failed_at = None
            return
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < AGAIN_AFTER:
            return
        try:
            self._make(stop)
        except ChildFailedError:
            self._failed_at = now
            self._tell(now)
        else:
            self._failed_at = None

    def _tell(self, now: datetime) -> None:
        # The child has told why, unless it was killed or the full disk holds the database too.
        try:
            self._told(_SEE_LOG, now)
        except StoreError as error:
            log.error("The daily backup failed, and that cannot be told: %s", error)  # noqa: TRY400


def tell_failure(
    store: Store, athletes: Iterable[AthleteConfig], last: date | None, reason: str, now: datetime
) -> None:
    """Told once from one backup to the next, to the first athlete whom operations reach. `last`: of which day the last is."""
    for athlete in athletes:
        known = "There is none yet." if last is None else f"The last one is of {_named(last, now, athlete)}."
        text = f"The daily backup fails. {sentence(reason)} {known}"
        with store.session() as session:
            if _told(session, athlete, last) or tell(session, athlete, _key(last), NEEDS_YOU, text, now):
                return


def tell_end(store: Store, athletes: Iterable[AthleteConfig], last: date | None, now: datetime) -> None:
    """A backup was made; said where a failure was. `last` is the day of the one before it."""
    for athlete in athletes:
        with store.session() as session:
            # Words that still wait for the morning are not sent any more, and nothing is said of the end.
            if _told(session, athlete, last) and not outbox.withdraw_unsent(
                session, athlete.name, _key(last), now
            ):
                text = "The daily backup works again."
                tell(session, athlete, f"{_key(last)}|over", "niggled", text, now, can_wait=True)


def last_before(settings: BackupConfig, now: datetime, zone: tzinfo) -> date | None:
    """The day of the newest backup before the one that is due."""
    due = day_due(now, settings.at, zone)
    return max((on for on in days_kept(settings.folder) if on < due), default=None)


def _told(session: Session, athlete: AthleteConfig, last: date | None) -> bool:
    return bool(outbox.deliveries_of(session, athlete.name, _key(last)))


def _key(last: date | None) -> str:
    """One outage lasts from one backup to the next, so the last one names it."""
    return f"outage|backup|{last.isoformat() if last else 'never'}"


def _named(last: date, now: datetime, athlete: AthleteConfig) -> str:
    return day(last, local_date(now, athlete.runner))
