"""`niggled sync files`: one look into the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from daemon.cli.context import now, opened_store, print_json
from daemon.cli.import_files import as_json_object, tell
from daemon.config import AthleteConfig, Config


def look_into_inbox(config: Config, athlete: AthleteConfig, *, as_json: bool) -> int:
    """Import what lies in the inbox, as the daemon does; the exit status."""
    from daemon.jobs.arrivals import take_in_arrivals
    from daemon.jobs.inbox import Inbox

    found: list[Path] = []

    def note(paths: Sequence[Path], _now: datetime) -> bool:
        found.extend(paths)
        return True

    Inbox(athlete.inbox, note).look(now())
    with opened_store(config) as store:
        report = take_in_arrivals(store, athlete, found, now())
    if as_json:
        print_json({"source": "files"} | as_json_object(report))
    elif found:
        tell(report)
    else:
        click.echo(f"Nothing to read in {athlete.inbox}.")
    return 1 if report.aside else 0
