"""Accounts that hold something: the rows of an export, FIT files, or a made-up life."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import pi, sin
from pathlib import Path
from random import Random
from zipfile import ZipFile
from zoneinfo import ZoneInfo

from fakes.account import FIRST_ID, Account, Held, HeldNight
from fakes.recordings import LONGITUDE, METRES_PER_DEGREE, START_LATITUDE

from connectors.formats.fit import read_fit
from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Recording, Samples
from connectors.formats.strava_export import parsed_date

PLAIN_WORDS = {
    "running": "run",
    "trail_running": "trail run",
    "treadmill_running": "treadmill run",
    "walking": "walk",
    "hiking": "hike",
    "cycling": "ride",
    "strength_training": "weight training",
    "training": "weight training",
}
HILL_M, HILL_EVERY_M = 25.0, 900.0


def from_strava_export(export: Path, timezone: str) -> Account:
    """The rows of `activities.csv` in a bulk export: ids, times and metres as they stand there, empty cells unmeasured.
    `timezone` (IANA) stands in for the offsets that the table leaves out."""
    with ZipFile(export) as archive:
        table = csv.reader(io.StringIO(archive.read("activities.csv").decode("utf-8-sig")))
    header = next(table)
    columns = {
        name: index for index, name in enumerate(header)
    }  # of doubled names the last, as DictReader does
    zone = ZoneInfo(timezone)
    account = Account()
    for cells in table:
        row = {name: cells[index] for name, index in columns.items()}
        start = parsed_date(row["Activity Date"])
        assert start is not None, row["Activity Date"]
        offset = start.astimezone(zone).utcoffset() or timedelta()
        account.add(
            Held(
                id=int(row["Activity ID"]),
                sport=row["Activity Type"].lower(),
                start=start,
                utc_offset_s=round(offset.total_seconds()),
                distance_m=_number(row["Distance"]),
                moving_s=_number(row["Moving Time"]),
                elapsed_s=_number(row["Elapsed Time"]),
                ascent_m=_number(row["Elevation Gain"]),
                mean_heart_rate_bpm=_number(row["Average Heart Rate"]),
                max_heart_rate_bpm=_number(row["Max Heart Rate"]),
                cadence_per_leg=_number(row["Average Cadence"]),
                manual=row["From Upload"] == "0.0" and not row["Filename"],
                title=row["Activity Name"],
            )
        )
    return account


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def from_fit(files: Iterable[bytes], first_id: int = FIRST_ID) -> Account:
    """One activity a file, with the totals that the file tells and the file itself. Files with one leg only."""
    return Account(held_of_fit(data, first_id + number) for number, data in enumerate(files))


def held_of_fit(data: bytes, held_id: int) -> Held:
    (leg,) = read_fit(data)
    return Held(
        id=held_id,
        sport=PLAIN_WORDS[leg.sport],
        start=leg.start,
        utc_offset_s=leg.utc_offset_s or 0,
        distance_m=leg.distance_m,
        moving_s=leg.moving_s,
        elapsed_s=leg.elapsed_s,
        ascent_m=leg.ascent_m,
        descent_m=leg.descent_m,
        mean_heart_rate_bpm=leg.mean_heart_rate_bpm,
        max_heart_rate_bpm=leg.max_heart_rate_bpm,
        cadence_per_leg=None if leg.mean_cadence_spm is None else leg.mean_cadence_spm / 2,
        trainer=leg.indoor,
        title="Recorded",
        device=leg.device,
        fit=data,
    )


def recorded(
    start: datetime,
    km: float = 6.0,
    sport: str = "running",
    sub_sport: str = "generic",
    utc_offset_s: int = 0,
) -> bytes:
    """A FIT file of 6 min per km (12 for walks) at 1 Hz over hills of 25 m, with heart rate, cadence and positions; no
    positions and no hills on a treadmill, no way at all at strength."""
    still = sub_sport in ("strength_training", "treadmill")
    mps = 1000 / (720 if sport in ("walking", "hiking") else 360)
    seconds = range(round(km * 1000 / mps) + 1)
    metres = [round(mps * second, 2) for second in seconds]
    moves = sub_sport != "strength_training"
    samples = Samples(
        at_s=seconds,
        distance_m=metres if moves else None,
        speed_mps=[mps] * len(seconds) if moves else None,
        altitude_m=None if still else [80 + HILL_M * sin(2 * pi * one / HILL_EVERY_M) for one in metres],
        heart_rate_bpm=[120 + second % 40 for second in seconds],
        cadence_spm=[168] * len(seconds) if moves else None,
        latitude_deg=None if still else [START_LATITUDE + one / METRES_PER_DEGREE for one in metres],
        longitude_deg=None if still else [LONGITUDE] * len(seconds),
    )
    climb_m = round(2 * HILL_M * km * 1000 / HILL_EVERY_M)
    recording = Recording(
        start=start,
        elapsed_s=seconds[-1],
        timer_s=seconds[-1],
        sport=sport,
        sub_sport=sub_sport,
        utc_offset_s=utc_offset_s,
        distance_m=metres[-1] if moves else None,
        ascent_m=None if still else climb_m,
        descent_m=None if still else climb_m,
        mean_heart_rate_bpm=139,
        max_heart_rate_bpm=159,
        mean_cadence_spm=168 if moves else None,
        samples=samples,
    )
    return encode_activity(recording)


def made_up(count: int, until: datetime, hours_apart: float = 36.0, seed: int = 1) -> Account:
    """So many activities without files, the last just before `until` (aware): three of four are runs of 4 to 16 km, the
    others walks, rides and strength sessions."""
    random = Random(seed)
    account = Account()
    for number in range(count):
        start = (
            until - timedelta(hours=hours_apart * (count - number)) + timedelta(minutes=random.randrange(120))
        )
        start = start.replace(second=random.randrange(60), microsecond=0)
        km = round(random.uniform(4, 16), 2)
        if number % 4 != 3:
            account.run(start, km, ascent_m=float(random.randrange(150)))
        elif number % 12 == 3:
            account.run(start, km / 2, sport="walk", moving_s=km * 360, elapsed_s=km * 360, title="Walk")
        elif number % 12 == 7:
            account.run(start, km * 3, sport="ride", cadence_per_leg=None, title="Ride")
        else:
            strength = {"distance_m": None, "ascent_m": None, "descent_m": None, "cadence_per_leg": None}
            account.run(start, 8, sport="weight training", title="Strength", **strength)
    return account


def add_nights(account: Account, first: date, last: date, seed: int = 1) -> None:
    """Plausible nights on all those mornings, both included."""
    random = Random(seed)
    for number in range((last - first).days + 1):
        account.nights[first + timedelta(days=number)] = HeldNight(
            sleep_s=random.randrange(6 * 3600, 9 * 3600, 60),
            hrv_ms=random.randrange(35, 70),
            resting_heart_rate_bpm=random.randrange(44, 56),
        )
