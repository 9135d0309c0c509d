"""One body, one run: which records are the same activity, and what the activity says (RULES 2.1, DESIGN 4).

Pure, and the same for any order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.facts import Activity, Family, TerrainClass
from rules.policy import Policy

type Identity = tuple[str, str]
"""Source and external id."""

LONGEST = timedelta(hours=Policy().gate.time_max_h)
"""A record that claims more than `gate.time_max_h` is a clock gone wrong: it is nobody's second recording."""

_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Span:
    """When a record took place. `seconds` is its elapsed time, else its moving time; 0 where unknown.

    `split`: the runner said that it is an activity of its own.
    """

    identity: Identity
    start: datetime
    seconds: float
    family: Family
    split: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Recording:
    """One record as told (profile and series left out), with what the runner set laid over it.

    `terrain` is the class of its samples, None where it is only a summary; `doubtful` if it was read with a warning.
    """

    identity: Identity
    activity: Activity
    terrain: TerrainClass | None = None
    sport_set: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """An activity without an id, which record gave each of its fields, and which one its samples."""

    activity: Activity
    provenance: Mapping[str, Identity]
    samples: Identity | None


def span_seconds(elapsed_s: float | None, moving_s: float | None) -> float:
    """How long a record lasted for merging; 0 where unknown or beyond belief, and then it merges with nothing."""
    seconds = elapsed_s or moving_s or 0.0
    return seconds if 0 < seconds <= LONGEST.total_seconds() else 0.0


def group(spans: Sequence[Span], least_overlap: float) -> list[list[Span]]:
    """Spans of one athlete -> the activities they make, each in order of start and identity.

    Two records of one family belong together where they share at least `least_overlap` of the shorter; belonging is
    transitive. A split record starts an activity of its own, and what overlaps only split records joins the one it
    shares most time with.
    """
    ordered = sorted(spans, key=_order)
    parent = list(range(len(ordered)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    beside_split: list[tuple[float, int, int]] = []
    for first, second, shared_s in _overlapping(ordered, least_overlap):
        split = ordered[first].split, ordered[second].split
        if not any(split):
            parent[root(second)] = root(first)
        elif not all(split):
            kept, joining = (first, second) if split[0] else (second, first)
            beside_split.append((-shared_s, kept, joining))
    # The longest shared time first; a group that has joined one split record stays with it.
    joined: set[int] = set()
    for _, kept, joining in sorted(beside_split):
        if root(joining) not in joined:
            joined.add(root(kept))
            parent[root(joining)] = root(kept)
    groups: dict[int, list[Span]] = {}
    for index, span in enumerate(ordered):
        groups.setdefault(root(index), []).append(span)
    return list(groups.values())


def _order(span: Span) -> tuple[datetime, Identity]:
    return span.start, span.identity


def _overlapping(ordered: Sequence[Span], least: float) -> list[tuple[int, int, float]]:
    """Pairs of indices that share enough time, with the seconds shared; `ordered` by start."""
    pairs = []
    active: list[int] = []
    for index, span in enumerate(ordered):
        active = [other for other in active if ordered[other].end > span.start]
        if span.seconds <= 0:
            continue
        for other in active:
            earlier = ordered[other]
            if earlier.family != span.family:
                continue
            shared_s = (min(earlier.end, span.end) - span.start).total_seconds()
            if shared_s - least * min(earlier.seconds, span.seconds) > -_EPS:
                pairs.append((other, index, shared_s))
        active.append(index)
    return pairs


def merge(recordings: Sequence[Recording]) -> Merged:
    """The records of one activity -> the activity, field by field from the record that knows it best.

    Samples beat summaries, measured terrain beats none, a device beats a service that recomputes. Distance and moving
    time come together, so that speed is true; so do ascent and descent. `first_seen_at` is the earliest.
    """
    best = sorted(recordings, key=_by_samples)
    hills = sorted(recordings, key=_by_terrain)
    first = best[0]
    values: dict[str, object] = {}
    provenance: dict[str, Identity] = {}

    def take(field: str, giver: Recording) -> None:
        values[field] = getattr(giver.activity, field)
        provenance[field] = giver.identity

    def first_with(candidates: Sequence[Recording], *fields: str) -> Recording | None:
        return next(
            (
                one
                for one in candidates
                if all(getattr(one.activity, field) not in (None, "") for field in fields)
            ),
            None,
        )

    for field in ("start", "indoor", "manual", "source"):
        take(field, first)
    for candidates, pair in ((best, ("distance_m", "moving_s")), (hills, ("ascent_m", "descent_m"))):
        together = first_with(candidates, *pair)
        for field in pair:
            if giver := together or first_with(candidates, field):
                take(field, giver)
    for field in _SINGLY:
        if giver := first_with(best, field):
            take(field, giver)
    samples = first.identity if first.terrain is not None else None
    if samples is not None:
        provenance["profile"] = samples
    named = next((one for one in best if one.sport_set is not None), first)
    provenance["sport"] = named.identity
    activities = [one.activity for one in recordings]
    seen = [one.first_seen_at for one in activities if one.first_seen_at is not None]
    activity = Activity(
        id="",
        family=first.activity.family,
        sport=named.sport_set or named.activity.sport,
        start=first.activity.start,
        distance_m=None,
        moving_s=None,
        race=any(one.race for one in activities),
        excluded=any(one.excluded for one in activities),
        planned=any(one.planned for one in activities),
        first_seen_at=min(seen, default=None),
    )
    return Merged(
        activity=replace(activity, **values),  # type: ignore[arg-type]
        provenance=provenance,
        samples=samples,
    )


_SINGLY = (
    "elapsed_s",
    "utc_offset_s",
    "mean_heart_rate_bpm",
    "max_heart_rate_bpm",
    "mean_cadence_spm",
    "effort",
    "feel",
    "device",
    "title",
)


def _door(source: str) -> int:
    """Garmin and original files speak for the device (only they know descent); Strava recomputes."""
    for place, name in enumerate(("garmin", "files")):
        if source.startswith(name):
            return place
    return 3 if source.startswith("strava") else 2


def _by_samples(one: Recording) -> tuple[object, ...]:
    activity = one.activity
    return (
        one.terrain is None,
        one.terrain is not TerrainClass.MEASURED,
        activity.manual,
        one.doubtful,
        activity.ascent_m is None,
        activity.device is None,
        _door(activity.source),
        -(activity.elapsed_s or activity.moving_s or 0.0),
        one.identity,
    )


def _by_terrain(one: Recording) -> tuple[object, ...]:
    activity = one.activity
    return activity.manual, _door(activity.source), activity.device is None, *_by_samples(one)
