"""GPX 1.0 and 1.1 tracks. Positions give the distance and are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree.ElementTree import Element

from connectors.formats.leg import SET_SPORT, Leg, Unreadable, is_untyped, mean_known
from connectors.formats.track import (
    both_feet,
    elements,
    measured_altitude,
    metres_between,
    moment,
    number,
    stated_offset_s,
    tag,
)
from rules.resample import LONGEST_GAP_S, Samples

NO_ELEVATION = "no elevation in it, so its hills are unknown; import the FIT original if there is one"

STRAVA_NUMBERS = {"1": "ride", "4": "hike", "9": "run", "10": "walk"}
"""Strava writes the type as a number."""

LONGEST_PAUSE = timedelta(hours=3)
"""Tracks of one sport with a longer pause between them are activities of their own."""

LEAST_TIMED_SHARE = 0.9
FINISHED = frozenset({"wpt", "rtept", "trkseg"})


@dataclass(slots=True)
class _Track:
    """A track while it is read: one entry a timed point, `distance_m` cumulative over its segments."""

    sport: str = ""
    title: str = ""
    points: int = 0
    at: list[datetime] = field(default_factory=list)
    distance_m: list[float] = field(default_factory=list)
    altitude_m: list[float | None] = field(default_factory=list)
    heart_rate_bpm: list[float | None] = field(default_factory=list)
    cadence: list[float | None] = field(default_factory=list)
    paused_s: float = 0.0
    totals: dict[str, float] = field(default_factory=dict)
    covered_m: float = 0.0
    last: tuple[float, float] | None = None

    def add(self, point: Element) -> None:
        latitude, longitude = number(point.get("lat")), number(point.get("lon"))
        if latitude is None or longitude is None:
            return
        self.points += 1
        if self.last is not None:
            self.covered_m += metres_between(*self.last, latitude, longitude)
        values = {tag(item): item.text for item in point.iter()}
        at = moment(values.get("time"))
        if at is not None:
            if self.at and (self.last is None or (at - self.at[-1]).total_seconds() > LONGEST_GAP_S):
                self.paused_s += max(0.0, (at - self.at[-1]).total_seconds())
            self.at.append(at)
            self.distance_m.append(self.covered_m)
            self.altitude_m.append(number(values.get("ele")))
            self.heart_rate_bpm.append(number(values.get("hr") or values.get("heartrate")) or None)
            self.cadence.append(number(values.get("cad") or values.get("cadence")))
        self.last = (latitude, longitude)

    def finish(self, track: Element) -> None:
        """Take what stands beside the points."""
        for item in track:
            name = tag(item)
            if name == "type":
                word = (item.text or "").strip()
                self.sport = STRAVA_NUMBERS.get(word, word)
            elif name == "name":
                self.title = (item.text or "").strip()
            elif name == "extensions":
                self.totals = {
                    tag(total): value for total in item.iter() if (value := number(total.text)) is not None
                }


def read_gpx(data: bytes) -> list[Leg]:
    """The bytes of a GPX file -> its legs in order of time. Raises Unreadable."""
    tracks: list[_Track] = []
    track, names = _Track(), set[str]()
    creator = None
    for element in elements(data):
        name = tag(element)
        names.add(name)
        if name == "trkpt":
            track.add(element)
            element.clear()
        elif name == "trkseg":
            track.last = None
            element.clear()
        elif name == "trk":
            track.finish(element)
            tracks.append(track)
            track = _Track()
            element.clear()
        elif name in FINISHED:
            element.clear()
        elif name == "gpx":
            creator = element.get("creator")
    _refuse_what_is_no_recording(tracks, names)
    timed = sorted((track for track in tracks if track.at), key=lambda track: track.at[0])
    legs = [_leg(group, creator) for group in _together(timed)]
    if not legs:
        raise Unreadable("a single point is no activity", "Nothing to do: it holds no run.")
    return legs


def _refuse_what_is_no_recording(tracks: list[_Track], names: set[str]) -> None:
    points = sum(track.points for track in tracks)
    timed = sum(len(track.at) for track in tracks)
    if "gpx" not in names:
        raise Unreadable("it is not a GPX file", "Rename it to what it is, or export it again.")
    if not points and "rtept" in names:
        raise Unreadable("a planned route, not a recording", "Nothing to do: it holds no run.")
    if not points:
        raise Unreadable("no recorded points in it", "Nothing to do: it holds no run.")
    if timed < LEAST_TIMED_SHARE * points:
        raise Unreadable(
            f"only {timed} of {points} points carry a time, so it cannot be placed on a day",
            "Export it again with times, or import the FIT original.",
        )
    if points > 1 and len({at for track in tracks for at in track.at}) == 1:
        raise Unreadable("all its points carry the same time", "Import the original of the recording.")
    if points < 2:
        raise Unreadable("a single point is no activity", "Nothing to do: it holds no run.")


def _together(tracks: list[_Track]) -> list[list[_Track]]:
    groups: list[list[_Track]] = []
    for track in tracks:
        last = groups[-1][-1] if groups else None
        if last and last.sport == track.sport and timedelta(0) <= track.at[0] - last.at[-1] <= LONGEST_PAUSE:
            groups[-1].append(track)
        else:
            groups.append([track])
    return groups


def _leg(tracks: list[_Track], creator: str | None) -> Leg:
    first, last = tracks[0], tracks[-1]
    start, elapsed = first.at[0], (max(last.at) - first.at[0]).total_seconds()
    between = sum((later.at[0] - earlier.at[-1]).total_seconds() for earlier, later in pairwise(tracks))
    moving = elapsed - between - sum(track.paused_s for track in tracks)
    heart_rate = [rate for track in tracks for rate in track.heart_rate_bpm]
    cadence = both_feet([steps for track in tracks for steps in track.cadence])
    samples = Samples(
        time_s=[(at - start).total_seconds() for track in tracks for at in track.at],
        distance_m=_joined(tracks),
        altitude_m=measured_altitude([metres for track in tracks for metres in track.altitude_m]),
        heart_rate_bpm=heart_rate,
        cadence_spm=cadence,
    )
    totals = first.totals if len(tracks) == 1 else {}
    known = [rate for rate in heart_rate if rate]
    return Leg(
        sport=first.sport,
        start=start.astimezone(UTC),
        distance_m=totals.get("Distance") or sum(track.covered_m for track in tracks),
        moving_s=totals.get("TimerTime") or (moving if moving > 0 else None),
        elapsed_s=elapsed,
        utc_offset_s=stated_offset_s(start),
        ascent_m=totals.get("Ascent"),
        descent_m=totals.get("Descent"),
        mean_heart_rate_bpm=mean_known(heart_rate),
        max_heart_rate_bpm=max(known) if known else None,
        mean_cadence_spm=mean_known(cadence),
        device=creator,
        title=first.title,
        samples=samples,
        warning="; ".join(_doubts(first.sport, samples)) or None,
    )


def _doubts(sport: str, samples: Samples) -> Iterator[str]:
    if is_untyped(sport):
        yield SET_SPORT
    if all(metres is None for metres in samples.altitude_m or ()):
        yield NO_ELEVATION


def _joined(tracks: list[_Track]) -> list[float]:
    """One running distance over all tracks; what lies between two of them was not recorded."""
    distance: list[float] = []
    before = 0.0
    for track in tracks:
        distance += [before + metres for metres in track.distance_m]
        before += track.covered_m
    return distance
