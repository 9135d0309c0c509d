"""Importing what has arrived in an inbox. Runs in a short-lived child of the daemon: decoders are heavy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.jobs.operations import tell_unreadable
from daemon.jobs.sync import Report, import_paths
from daemon.store.engine import Store

log = logging.getLogger(__name__)


def take_in_arrivals(store: Store, athlete: AthleteConfig, paths: Sequence[Path], now: datetime) -> Report:
    """Import files; one that cannot be read is told to the runner once and never stops the rest. Raises StoreError."""
    report = import_paths(store, athlete, paths, now)
    for item in report.aside:
        log.warning("Not read: %s: %s %s", item.origin, item.reason, item.cure)
    # First what the runs mean: a word about a file must not hold up a warning.
    assess_athlete(store, athlete, now)
    with store.session() as session:
        tell_unreadable(session, athlete, report.aside, now)
    log.info("Imported for %s: %d records, %d not read", athlete.name, len(report.saved), len(report.aside))
    return report
