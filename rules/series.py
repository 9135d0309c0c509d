"""The 1 Hz series of a run as it is kept: no positions, packed small (DESIGN 4).

One row a second: metres covered in it, speed, grade, heart rate, cadence. About 10 kB an hour once compressed.
"""

from __future__ import annotations

import zlib
from array import array
from dataclasses import dataclass
from sys import byteorder

UNKNOWN = 0
"""Heart rate and cadence of a second in which nothing was measured."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A series unpacked, one entry a second.

    `step_cm` metres of the second x 100, `speed_mmps` smoothed speed in mm/s, `grade_cpct` grade in hundredths of a
    percent (0 where there is no altitude), `heart_rate_bpm` and `cadence_spm` 0 where not known.
    """

    step_cm: array[int]
    speed_mmps: array[int]
    grade_cpct: array[int]
    heart_rate_bpm: array[int]
    cadence_spm: array[int]


@dataclass(frozen=True, slots=True)
class Series:
    """`packed` is zlib of five little-endian columns (H, H, h, B, B) of `seconds` entries each."""

    seconds: int
    has_altitude: bool
    packed: bytes

    @staticmethod
    def pack(columns: Columns, *, has_altitude: bool) -> Series:
        """Columns of equal length -> Series."""
        ordered = (
            columns.step_cm,
            columns.speed_mmps,
            columns.grade_cpct,
            columns.heart_rate_bpm,
            columns.cadence_spm,
        )
        if len({len(column) for column in ordered}) != 1:
            raise ValueError("the columns of a series differ in length")
        if byteorder == "big":
            ordered = tuple(_swapped(column) for column in ordered)  # type: ignore[assignment]
        raw = b"".join(column.tobytes() for column in ordered)
        return Series(len(columns.step_cm), has_altitude, zlib.compress(raw, 6))

    def columns(self) -> Columns:
        """Series -> Columns. Raises ValueError where the bytes are not what `pack` made."""
        try:
            raw = zlib.decompress(self.packed)
        except zlib.error as error:
            raise ValueError(f"a stored series is damaged: {error}") from None
        if len(raw) != self.seconds * 8:
            raise ValueError("a stored series is damaged: wrong length")
        parts: list[array[int]] = []
        offset = 0
        for code, width in (("H", 2), ("H", 2), ("h", 2), ("B", 1), ("B", 1)):
            column: array[int] = array(code)
            column.frombytes(raw[offset : offset + width * self.seconds])
            if byteorder == "big":
                column.byteswap()
            parts.append(column)
            offset += width * self.seconds
        return Columns(*parts)


def _swapped(column: array[int]) -> array[int]:
    copy = column[:]
    if copy.itemsize > 1:
        copy.byteswap()
    return copy
