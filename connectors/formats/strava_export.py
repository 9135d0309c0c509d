"""The Strava bulk export: `activities.csv` and the files its rows name.

Columns are found by name, since Strava adds some from time to time. Of the doubled names the first `Distance` is in
kilometres and the second in metres. Dates are UTC with English month names, whatever the locale of this process.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO

from connectors.formats.leg import Leg, Unreadable
from rules.facts import Family
from rules.sports import SportLists, family_of

NEEDED = ("Activity ID", "Activity Date", "Activity Type", "Distance")
IN_ENGLISH = "Set the language to English on strava.com (bottom of the page), ask for the export again and import that."
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

CLOSE_S = 300
"""A leg of a file belongs to a row if their starts are at most this far apart."""

_AMERICAN = re.compile(
    r"([A-Za-z]{3})[a-z]* (\d{1,2}),? (\d{4}),? (\d{1,2}):(\d{2}):(\d{2}) ?([AaPp])\.?[Mm]\.?"
)
_BRITISH = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4}),? (\d{1,2}):(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `activities.csv`; `file_name` is "" where the activity has no file."""

    activity_id: str
    leg: Leg
    file_name: str


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


def rows(stream: IO[bytes], sports: SportLists) -> Iterator[Row | BadRow]:
    """The lines of `activities.csv`. Raises Unreadable where it has not the columns we need."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(text)
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        found = ", ".join(header[:3]) or "none"
        raise Unreadable(
            f"activities.csv has no column {', '.join(f'"{name}"' for name in missing)} (it begins with {found})",
            IN_ENGLISH,
        )
    columns: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        columns.setdefault(name, []).append(index)
    try:
        for cells in reader:
            if any(cells):
                yield _row(_Cells(cells, columns), reader.line_num, sports)
    except csv.Error as error:
        raise Unreadable(
            f"activities.csv is broken at line {reader.line_num} ({error})", "Ask for the export again."
        ) from None


@dataclass(frozen=True, slots=True)
class _Cells:
    cells: list[str]
    columns: dict[str, list[int]]

    def text(self, name: str) -> str:
        """The last filled cell of that name."""
        for index in reversed(self.columns.get(name, [])):
            if index < len(self.cells) and self.cells[index].strip():
                return self.cells[index].strip()
        return ""

    def number(self, name: str) -> float | None:
        text = self.text(name).replace(",", "")
        try:
            return float(text) if text else None
        except ValueError:
            return None

    def metres(self) -> float | None:
        """The second `Distance`; where only the first is filled, that one is in kilometres."""
        indices = self.columns["Distance"]
        for index, unit_m in zip(
            reversed(indices), (1.0, 1000.0) if len(indices) > 1 else (1000.0,), strict=False
        ):
            text = self.cells[index].replace(",", "").strip() if index < len(self.cells) else ""
            try:
                return float(text) * unit_m
            except ValueError:
                continue
        return None

    def is_true(self, name: str) -> bool:
        return self.text(name).lower() in ("1", "1.0", "true")


def _row(cells: _Cells, line: int, sports: SportLists) -> Row | BadRow:
    activity_id = cells.text("Activity ID")
    start = parsed_date(cells.text("Activity Date"))
    if not activity_id:
        return BadRow(line, "no activity id")
    if start is None:
        return BadRow(line, f"the date {cells.text('Activity Date')!r} cannot be read")
    sport = cells.text("Activity Type")
    on_foot = family_of(sport, sports) in (Family.RUN, Family.WALK)
    cadence = cells.number("Average Cadence")
    file_name = cells.text("Filename")
    manual = not file_name and cells.text("From Upload") in ("0", "0.0", "false")
    leg = Leg(
        sport=sport,
        start=start,
        distance_m=cells.metres(),
        moving_s=cells.number("Moving Time"),
        elapsed_s=cells.number("Elapsed Time"),
        manual=manual,
        race=cells.is_true("Competition"),
        ascent_m=None if manual else cells.number("Elevation Gain"),
        descent_m=None if manual else cells.number("Elevation Loss"),
        mean_heart_rate_bpm=cells.number("Average Heart Rate") or None,
        max_heart_rate_bpm=cells.number("Max Heart Rate") or None,
        mean_cadence_spm=cadence * 2 if cadence and on_foot else None,
        title=cells.text("Activity Name"),
    )
    return Row(activity_id, leg, file_name)


def parsed_date(text: str) -> datetime | None:
    """ "Oct 6, 2022, 11:19:20 PM", "6 Oct 2022, 23:19:20" or ISO, all UTC; None for anything else."""
    plain = " ".join(text.split())
    try:
        if match := _AMERICAN.fullmatch(plain):
            month, day, year, hour, minute, second, half = match.groups()
            hours = int(hour) % 12 + (12 if half in "Pp" else 0)
        elif match := _BRITISH.fullmatch(plain):
            day, month, year, hour, minute, second = match.groups()
            hours = int(hour)
        else:
            return datetime.fromisoformat(plain).replace(tzinfo=UTC)
        number = MONTHS.index(month.lower()) + 1
        return datetime(int(year), number, int(day), hours, int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None


def with_recording(row: Leg, legs: list[Leg]) -> Leg:
    """A row with the samples of its file. Names, sport and totals are the row's; what only a device knows is the
    file's: climb, descent, offset from UTC, whether it was indoors. A file of another time adds nothing."""
    near = min(legs, key=lambda leg: abs((leg.start - row.start).total_seconds()), default=None)
    if near is None or abs((near.start - row.start).total_seconds()) > CLOSE_S:
        return row
    return replace(
        row,
        samples=near.samples,
        utc_offset_s=near.utc_offset_s,
        indoor=near.indoor,
        device=near.device,
        distance_m=near.distance_m if row.distance_m is None else row.distance_m,
        moving_s=row.moving_s or near.moving_s,
        elapsed_s=row.elapsed_s or near.elapsed_s,
        ascent_m=row.ascent_m if near.ascent_m is None else near.ascent_m,
        descent_m=row.descent_m if near.descent_m is None else near.descent_m,
        mean_heart_rate_bpm=row.mean_heart_rate_bpm or near.mean_heart_rate_bpm,
        max_heart_rate_bpm=row.max_heart_rate_bpm or near.max_heart_rate_bpm,
        mean_cadence_spm=row.mean_cadence_spm or near.mean_cadence_spm,
    )
