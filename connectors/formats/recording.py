"""An activity as a watch holds it before it becomes a file: what the FIT and GPX writers are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Samples:
    """Columns of equal length, one entry a sample; `None` in place of a column: the device has no such sensor.

    `at_s` whole seconds since the start, ascending; `distance_m` since the start; `cadence_spm` steps per minute of both
    feet. A missing heart rate or cadence of a single sample is `None`. Positions in degrees (WGS 84).
    Raises ValueError where columns differ in length.
    """

    at_s: Sequence[int]
    distance_m: Sequence[float] | None = None
    speed_mps: Sequence[float] | None = None
    altitude_m: Sequence[float] | None = None
    heart_rate_bpm: Sequence[float | None] | None = None
    cadence_spm: Sequence[float | None] | None = None
    latitude_deg: Sequence[float] | None = None
    longitude_deg: Sequence[float] | None = None

    def __post_init__(self) -> None:
        columns = (
            self.distance_m,
            self.speed_mps,
            self.altitude_m,
            self.heart_rate_bpm,
            self.cadence_spm,
            self.latitude_deg,
            self.longitude_deg,
        )
        if any(column is not None and len(column) != len(self.at_s) for column in columns):
            raise ValueError("the columns of a recording differ in length")
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            raise ValueError("a position needs both latitude and longitude")


@dataclass(frozen=True, slots=True)
class Device:
    """Who recorded: numbers of the FIT profile (255 is "development") and the name a GPX file carries."""

    manufacturer: int = 255
    product: int = 1
    serial_number: int = 1
    name: str = "niggled"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded activity.

    `sport` and `sub_sport` are FIT words ("running", "treadmill"). `start` is aware; `utc_offset_s` is the offset of
    the place, `None` if the watch did not know it. `timer_s` is without pauses. Totals that are `None` are left out of
    the file, as watches without the sensor do. `effort` is 0-10 and `feel` 0-100. `lap_every_m` adds automatic laps.
    """

    start: datetime
    elapsed_s: float
    sport: str = "running"
    sub_sport: str = "generic"
    utc_offset_s: int | None = 0
    timer_s: float | None = None
    distance_m: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    mean_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    mean_cadence_spm: float | None = None
    effort: float | None = None
    feel: int | None = None
    samples: Samples | None = None
    lap_every_m: float | None = None
    device: Device = field(default_factory=Device)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed_s)
