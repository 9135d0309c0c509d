"""Make the files that the import benchmark reads: `python benchmarks/fit_files.py FOLDER [--count 100] [--minutes 45]`.

Each is a run at 1 Hz with time, position, distance, speed, altitude, heart rate and cadence, three days after the one
before, in the middle of an ocean. The same arguments make the same bytes. Named as Garmin Connect names them.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from random import Random

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Device, Recording, Samples

FIRST_START = datetime(2025, 1, 5, 8, 0, tzinfo=UTC)
METRES_PER_DEGREE = 111_194.93


def run_file(index: int, minutes: int) -> bytes:
    """One run of `minutes` at 1 Hz over rolling ground."""
    rng = Random(index)
    at_s = range(minutes * 60 + 1)
    pace_mps, hill_m, wave_m = rng.uniform(2.6, 3.0), rng.uniform(4, 25), rng.uniform(250, 700)
    distance, distances, speeds, altitudes, hearts, cadences = 0.0, [], [], [], [], []
    for second in at_s:
        height = hill_m * sin(distance / wave_m)
        speed = pace_mps * (1 - 0.1 * sin(distance / wave_m + 1.5)) * rng.uniform(0.97, 1.03)
        distances.append(distance)
        speeds.append(speed)
        altitudes.append(120 + height + rng.uniform(-0.2, 0.2))
        hearts.append(round(95 + 48 * min(1.0, second / 240) + 4 * sin(second / 90)))
        cadences.append(round(166 + 6 * (speed - pace_mps) + rng.uniform(-2, 2)))
        distance += speed
    climbed_m = (
        sum(max(0.0, after - before) for before, after in zip(altitudes, altitudes[60:], strict=False)) / 60
    )
    return encode_activity(
        Recording(
            start=FIRST_START + timedelta(days=3 * index, minutes=rng.randrange(90)),
            elapsed_s=at_s[-1],
            utc_offset_s=0,
            distance_m=distances[-1],
            ascent_m=climbed_m,
            descent_m=climbed_m,
            mean_heart_rate_bpm=sum(hearts) / len(hearts),
            max_heart_rate_bpm=max(hearts),
            mean_cadence_spm=sum(cadences) / len(cadences),
            samples=Samples(
                at_s=at_s,
                distance_m=distances,
                speed_mps=speeds,
                altitude_m=altitudes,
                heart_rate_bpm=hearts,
                cadence_spm=cadences,
                latitude_deg=[36.5 + metres / METRES_PER_DEGREE for metres in distances],
                longitude_deg=[-33.0] * len(distances),
            ),
            lap_every_m=1000,
            device=Device(manufacturer=1, product=3113, serial_number=3_900_000_001),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=45)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for index in range(arguments.count):
        (arguments.folder / f"{10_000_000_000 + index}_ACTIVITY.fit").write_bytes(
            run_file(index, arguments.minutes)
        )


if __name__ == "__main__":
    main()
