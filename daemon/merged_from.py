"""Which recordings an activity was merged from, and which of its figures each of them gave."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.store.history import ActivityDetail
from rules.facts import Activity

FIELD_WORDS = {
    "ascent_m": "metres up",
    "descent_m": "metres down",
    "distance_m": "distance",
    "effort": "effort",
    "elapsed_s": "whole time",
    "feel": "how it felt",
    "manual": "typed in or recorded",
    "max_heart_rate_bpm": "highest heart rate",
    "mean_cadence_spm": "cadence",
    "mean_heart_rate_bpm": "mean heart rate",
    "moving_s": "moving time",
    "profile": "samples",
    "utc_offset_s": "time zone",
}
"""What a runner calls the fields of an activity."""


@dataclass(frozen=True, slots=True)
class Giver:
    """One recording as it was told. `origin` is the file or the service's number; `gives` names figures where there are
    several recordings to choose from."""

    source: str
    origin: str
    told: Activity
    gives: tuple[str, ...] = ()


def givers(detail: ActivityDetail) -> tuple[Giver, ...]:
    """The recordings of an activity."""
    several = len(detail.records) > 1
    found = []
    for stored in detail.records:
        identity = stored.recording.identity
        gives = [
            FIELD_WORDS.get(name, name) for name, giver in detail.provenance.items() if giver == identity
        ]
        told = stored.recording.activity
        found.append(
            Giver(identity[0], stored.origin or identity[0], told, tuple(sorted(gives)) if several else ())
        )
    return tuple(found)
