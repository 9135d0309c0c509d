"""What every reader of a format hands over, and how it becomes an Activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from rules.facts import Activity, Family
from rules.policy import Policy
from rules.profile import profile_of, series_of
from rules.resample import Samples
from rules.sports import UNTYPED_SPORTS, family_of, is_indoor, normalise

SET_SPORT = "the file does not say which sport it was: `niggled activities set-sport ID run` makes it a run"


class Unreadable(Exception):
    """A file, or a part of one, that holds no activity we can use. `cure` is what the runner can do."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Leg:
    """One activity as a file tells it; a multi-sport file has several.

    `sport` is the file's own word, "" where it names none; `parent` its superior type where the source has one.
    `start` is aware. `None`: not recorded. Cadence is of both feet. `ascent_m` and `descent_m` are totals of the device
    or the service, never sums over points. `effort` (0-10) and `feel` (0-100) are the runner's own words. `warning` is one
    line for the runner.
    """

    sport: str
    start: datetime
    distance_m: float | None = None
    moving_s: float | None = None
    elapsed_s: float | None = None
    utc_offset_s: int | None = None
    indoor: bool = False
    manual: bool = False
    race: bool = False
    ascent_m: float | None = None
    descent_m: float | None = None
    mean_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    mean_cadence_spm: float | None = None
    effort: float | None = None
    feel: int | None = None
    device: str | None = None
    title: str = ""
    parent: str = ""
    samples: Samples | None = None
    warning: str | None = None


def activity_of(leg: Leg, source: str, policy: Policy) -> Activity:
    """Leg -> Activity with family, series and profile. Only what may count on foot keeps a series and a cadence."""
    family = family_of(leg.sport, policy.sport, leg.parent)
    on_foot = family in (Family.RUN, Family.WALK)
    may_count = on_foot or is_untyped(leg.sport)
    indoor = is_indoor(leg.sport, trainer=leg.indoor)
    series = None
    if may_count and leg.samples is not None:
        series = series_of(leg.samples, policy.profile, indoor=indoor and on_foot)
    return Activity(
        id="",
        family=family,
        sport=normalise(leg.sport),
        start=leg.start,
        distance_m=leg.distance_m,
        moving_s=leg.moving_s,
        elapsed_s=leg.elapsed_s,
        utc_offset_s=leg.utc_offset_s,
        indoor=indoor,
        manual=leg.manual,
        race=leg.race,
        ascent_m=None if indoor else leg.ascent_m,
        descent_m=None if indoor else leg.descent_m,
        mean_heart_rate_bpm=leg.mean_heart_rate_bpm,
        max_heart_rate_bpm=leg.max_heart_rate_bpm,
        mean_cadence_spm=leg.mean_cadence_spm if may_count else None,
        effort=leg.effort,
        feel=leg.feel,
        source=source,
        device=leg.device,
        title=leg.title,
        profile=profile_of(series, policy.profile) if series is not None else None,
        series=series,
    )


def is_untyped(sport: str) -> bool:
    """Whether the file leaves open what was done."""
    return normalise(sport) in UNTYPED_SPORTS


def content_hash(activity: Activity) -> str:
    """Equal exactly when nothing that the rules read changed (16 hex digits)."""
    facts: tuple[object, ...] = (
        activity.family,
        activity.sport,
        activity.start.timestamp(),
        activity.distance_m,
        activity.moving_s,
        activity.elapsed_s,
        activity.utc_offset_s,
        activity.indoor,
        activity.manual,
        activity.race,
        activity.ascent_m,
        activity.descent_m,
        activity.mean_heart_rate_bpm,
        activity.max_heart_rate_bpm,
        activity.mean_cadence_spm,
        activity.device,
        activity.title,
    )
    if activity.effort is not None or activity.feel is not None:
        facts = (*facts, activity.effort, activity.feel)
    digest = sha256(repr(facts).encode())
    if activity.series is not None:
        digest.update(activity.series.packed)
    return digest.hexdigest()[:16]


def mean_known(values: Sequence[float | None]) -> float | None:
    """Mean of the entries above zero; `None` without any."""
    known = [value for value in values if value]
    return sum(known) / len(known) if known else None
