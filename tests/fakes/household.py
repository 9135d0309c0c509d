"""One runner and her runs, as a source tells them: six minutes a kilometre, flat, a summary only."""

from __future__ import annotations

from datetime import datetime

from connectors.sources.contract import SourceRecord
from rules.facts import Activity, Family


def run(start: datetime, km: float) -> SourceRecord:
    activity = Activity(
        id="",
        family=Family.RUN,
        sport="run",
        start=start,
        distance_m=km * 1000,
        moving_s=km * 360,
        elapsed_s=km * 360,
    )
    return SourceRecord("files", f"{start:%Y%m%d%H%M}", f"{km}", activity, origin=f"{start:%Y-%m-%d}.fit")
