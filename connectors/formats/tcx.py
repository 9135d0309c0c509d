"""TCX activities: lap totals of the device first, trackpoints for the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from connectors.formats.leg import Leg, Unreadable, mean_known
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
from rules.resample import Samples


@dataclass(slots=True)
class _Activity:
    """An activity while it is read: one entry a timed trackpoint, one a lap."""

    at: list[datetime] = field(default_factory=list)
    distance_m: list[float | None] = field(default_factory=list)
    along_m: list[float | None] = field(default_factory=list)
    altitude_m: list[float | None] = field(default_factory=list)
    speed_mps: list[float | None] = field(default_factory=list)
    heart_rate_bpm: list[float | None] = field(default_factory=list)
    cadence: list[float | None] = field(default_factory=list)
    lap_at: list[datetime] = field(default_factory=list)
    lap_s: list[float] = field(default_factory=list)
    lap_m: list[float] = field(default_factory=list)
    lap_max_bpm: list[float] = field(default_factory=list)
    covered_m: float = 0.0
    last: tuple[float, float] | None = None

    def add_point(self, point: Element) -> None:
        values: dict[str, str | None] = {}
        for item in point.iter():
            name = tag(item)
            values["HeartRate" if name == "Value" else name] = item.text
        at = moment(values.get("Time"))
        if at is None:
            return
        latitude, longitude = number(values.get("LatitudeDegrees")), number(values.get("LongitudeDegrees"))
        along = None
        if latitude is not None and longitude is not None:
            if self.last is not None:
                self.covered_m += metres_between(*self.last, latitude, longitude)
            self.last, along = (latitude, longitude), self.covered_m
        self.at.append(at)
        self.distance_m.append(number(values.get("DistanceMeters")))
        self.along_m.append(along)
        self.altitude_m.append(number(values.get("AltitudeMeters")))
        self.speed_mps.append(number(values.get("Speed")))
        self.heart_rate_bpm.append(number(values.get("HeartRate")) or None)
        self.cadence.append(number(values.get("RunCadence") or values.get("Cadence")))

    def add_lap(self, lap: Element) -> None:
        at = moment(lap.get("StartTime"))
        if at is not None:
            self.lap_at.append(at)
        for item in lap:
            value = number(item.text)
            name = tag(item)
            if name == "TotalTimeSeconds" and value is not None:
                self.lap_s.append(value)
            elif name == "DistanceMeters" and value is not None:
                self.lap_m.append(value)
            elif name == "MaximumHeartRateBpm":
                self.lap_max_bpm += [bpm for part in item if (bpm := number(part.text))]


def read_tcx(data: bytes) -> list[Leg]:
    """The bytes of a TCX file -> its legs in order of time. Raises Unreadable."""
    legs: list[Leg] = []
    activity, names = _Activity(), set[str]()
    for element in elements(data):
        name = tag(element)
        names.add(name)
        if name == "Trackpoint":
            activity.add_point(element)
            element.clear()
        elif name == "Lap":
            activity.add_lap(element)
            element.clear()
        elif name == "Activity":
            legs += _legs(activity, element)
            activity = _Activity()
            element.clear()
    if "TrainingCenterDatabase" not in names:
        raise Unreadable("it is not a TCX file", "Rename it to what it is, or export it again.")
    if not legs:
        planned = "Course" in names or "Workout" in names
        raise Unreadable(
            "a planned course or workout, not a recording" if planned else "no activity with a time in it",
            "Nothing to do: it holds no run.",
        )
    return sorted(legs, key=lambda leg: leg.start)


def _legs(activity: _Activity, element: Element) -> list[Leg]:
    times = [*activity.lap_at, *activity.at]
    if not times:
        return []
    start = min(times)
    samples = _samples(activity)
    heart_rates = [rate for rate in activity.heart_rate_bpm if rate]
    distances = [metres for metres in samples.distance_m if metres is not None]
    return [
        Leg(
            sport=(element.get("Sport") or "").strip(),
            start=start.astimezone(UTC),
            distance_m=sum(activity.lap_m) if activity.lap_m else max(distances, default=None),
            moving_s=sum(activity.lap_s) if activity.lap_s else None,
            elapsed_s=(max(times) - start).total_seconds() if activity.at else None,
            utc_offset_s=stated_offset_s(start),
            mean_heart_rate_bpm=mean_known(activity.heart_rate_bpm),
            max_heart_rate_bpm=max([*activity.lap_max_bpm, *heart_rates], default=None),
            mean_cadence_spm=mean_known(samples.cadence_spm),
            device=_device(element),
            samples=samples,
        )
    ]


def _samples(activity: _Activity) -> Samples:
    measured = any(metres is not None for metres in activity.distance_m)
    return Samples(
        time_s=[(at - activity.at[0]).total_seconds() for at in activity.at],
        distance_m=activity.distance_m if measured else activity.along_m,
        altitude_m=measured_altitude(activity.altitude_m),
        speed_mps=activity.speed_mps,
        heart_rate_bpm=activity.heart_rate_bpm,
        cadence_spm=both_feet(activity.cadence),
    )


def _device(element: Element) -> str | None:
    for item in element:
        if tag(item) == "Creator":
            for part in item:
                if tag(part) == "Name":
                    return (part.text or "").strip() or None
    return None
