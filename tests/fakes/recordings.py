"""Runs as a watch would have recorded them (level, steady, along a meridian) and as an export lists them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from connectors.formats.recording import Recording, Samples

START_LATITUDE, LONGITUDE = -33.123456, 18.654321
METRES_PER_DEGREE = 111_195.0
SPEED_MPS = 1000 / 360


def level_run(start: datetime, km: float = 3.0, *, altitude: bool = True) -> Recording:
    """6 min per km at 1 Hz, with positions and heart rate."""
    seconds = round(km * 1000 / SPEED_MPS)
    at_s = range(seconds + 1)
    metres = [SPEED_MPS * second for second in at_s]
    samples = Samples(
        at_s=at_s,
        distance_m=metres,
        altitude_m=[50.0] * len(at_s) if altitude else None,
        heart_rate_bpm=[140] * len(at_s),
        latitude_deg=[START_LATITUDE + one / METRES_PER_DEGREE for one in metres],
        longitude_deg=[LONGITUDE] * len(at_s),
    )
    return Recording(start=start, elapsed_s=seconds, timer_s=seconds, distance_m=km * 1000, samples=samples)


def strava_export(count: int) -> bytes:
    """A Strava export of so many runs of 5 km, one a day from 2005 on, without files."""
    lines = ["Activity ID,Activity Date,Activity Name,Activity Type,Distance,Moving Time,Distance"]
    for number in range(count):
        day = datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=number)
        lines.append(
            f'{number + 1},"{day:%b} {day.day}, {day.year}, 7:00:00 AM",Morning Run,Run,5.00,1800,5000.0'
        )
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("activities.csv", "\n".join(lines))
    return packed.getvalue()
