"""What the configuration says of the daily backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import cast


@dataclass(frozen=True, slots=True)
class BackupConfig:
    """`daily` None: on for an SQLite file, off for a PostgreSQL server. `at` is the machine's local time."""

    folder: Path
    daily: bool | None = None
    at: time = time(3, 30)
    keep_days: int = 7
    keep_weeks: int = 4

    def wanted(self, url: str) -> bool:
        """Whether the daemon makes backups of the store at `url` by itself."""
        return url.startswith("sqlite") if self.daily is None else self.daily


def backup_config(values: Mapping[str, object], home: Path) -> BackupConfig:
    """The checked `values` -> BackupConfig."""
    folder, daily = values.get("backup.folder"), values.get("backup.daily")
    return BackupConfig(
        folder=Path(str(folder)).expanduser() if folder else home / "backups",
        daily=None if daily is None else daily == "on",
        at=time.fromisoformat(str(values.get("backup.at", "03:30"))),
        keep_days=cast("int", values.get("backup.keep_days", 7)),
        keep_weeks=cast("int", values.get("backup.keep_weeks", 4)),
    )
