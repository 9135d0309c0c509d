"""fitdecode with a fast lane: runs of plain `record` messages are unpacked a column at a time.

A watch writes thousands of `record` messages in a row, all of one shape. fitdecode builds objects for each field of
each; here a whole run is read by one precompiled struct that picks the fields we use and skips the rest, positions
first. Whatever is not plain (compressed timestamps, arrays, components) goes fitdecode's own way.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import fitdecode

RECORD = 20

_TIMESTAMP, _ALTITUDE, _HEART_RATE, _CADENCE, _DISTANCE, _SPEED = 253, 2, 3, 4, 5, 6
_FRACTIONAL_CADENCE, _ENHANCED_SPEED, _ENHANCED_ALTITUDE = 53, 73, 78
_COMPRESSED_SPEED_DISTANCE = 8

_INVALID = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
_PLAIN_TYPES = {
    _TIMESTAMP: "uint32",
    _ALTITUDE: "uint16",
    _HEART_RATE: "uint8",
    _CADENCE: "uint8",
    _DISTANCE: "uint32",
    _SPEED: "uint16",
    _FRACTIONAL_CADENCE: "uint8",
    _ENHANCED_SPEED: "uint32",
    _ENHANCED_ALTITUDE: "uint32",
}
_LONGEST_RUN = 4096

type Column = list[float | None]


@dataclass(slots=True)
class Records:
    """The `record` messages of one FIT file, one entry a message; `time_s` in FIT seconds, cadence per leg."""

    time_s: list[int] = field(default_factory=list)
    distance_m: Column = field(default_factory=list)
    altitude_m: Column = field(default_factory=list)
    speed_mps: Column = field(default_factory=list)
    heart_rate_bpm: Column = field(default_factory=list)
    cadence_rpm: Column = field(default_factory=list)

    def append(self, message: Any) -> None:
        """One message decoded by fitdecode; without a time it is no sample."""
        values = native_values(message)
        time = values.get("timestamp")
        if not isinstance(time, int):
            return
        self.time_s.append(time)
        self.distance_m.append(_number(values, "distance"))
        self.altitude_m.append(_number(values, "enhanced_altitude", "altitude"))
        self.speed_mps.append(_number(values, "enhanced_speed", "speed"))
        self.heart_rate_bpm.append(_number(values, "heart_rate"))
        cadence = _number(values, "cadence")
        fraction = _number(values, "fractional_cadence")
        self.cadence_rpm.append(cadence if cadence is None or fraction is None else cadence + fraction)


def native_values(message: Any) -> dict[str, Any]:
    """Field name -> value, of the profile's own fields only: a developer field never stands in for one of them.
    Of several fields of one name (a component and its own field) the first known value wins."""
    values: dict[str, Any] = {}
    for item in message.fields:
        if item.field_def is not None and item.field_def.is_dev:
            continue
        if item.value is not None and item.field is not None:
            values.setdefault(item.field.name, item.value)
    return values


def _number(values: dict[str, Any], *names: str) -> float | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, (int, float)):
            return value
    return None


@dataclass(frozen=True, slots=True)
class _Lane:
    """How one local definition of `record` is read: a struct over header byte and body, and which column is what."""

    unpacker: struct.Struct
    positions: dict[int, int]


class FastReader(fitdecode.FitReader):  # type: ignore[misc]
    """Iterates like FitReader over everything but plain `record` messages, which are found in `records`.

    `records` starts anew with each FIT file of a chained stream. Times stay FIT seconds (no data processor).
    """

    def __init__(self, data: bytes, *, fast: bool = True) -> None:
        super().__init__(
            io.BytesIO(data),
            processor=None,
            check_crc=fitdecode.CrcCheck.DISABLED,
            error_handling=fitdecode.ErrorHandling.IGNORE,
        )
        self.records = Records()
        self._data = data
        self._fast = fast
        self._lanes: dict[int, _Lane | None] = {}

    def __iter__(self) -> Iterator[Any]:
        for frame in super().__iter__():
            if frame.frame_type == fitdecode.FIT_FRAME_HEADER:
                self.records = Records()
                self._lanes = {}
            elif frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.def_mesg.global_mesg_num == RECORD:
                self.records.append(frame)
                continue
            yield frame

    def skip_part(self) -> None:
        """Go on after the FIT file (of a chained stream) that is being read: its kind holds nothing for us."""
        self._skip(self._body_bytes_left)

    def _skip(self, count: int) -> None:
        self._read_offset += count
        self._read_size += count
        self._chunk_offset += count
        self._body_bytes_left -= count
        self._fd.seek(self._read_offset)

    def _read_definition_message(self, header_chunk: bytes, record_header: Any) -> Any:
        definition = super()._read_definition_message(header_chunk, record_header)
        self._lanes[definition.local_mesg_num] = _lane(definition) if self._fast else None
        return definition

    def _read_record(self) -> Any:
        while self._take_run():
            pass
        return super()._read_record()

    def _take_run(self) -> bool:
        """Take the plain `record` messages that come next, all but the last of the file: a message must remain for
        the caller to return."""
        here = self._read_offset
        left = self._body_bytes_left
        header = self._data[here : here + 1]
        if not header or header[0] >= 0x40:
            return False
        lane = self._lanes.get(header[0] & 0x0F)
        if lane is None:
            return False
        size = lane.unpacker.size
        most = min((left - 1) // size, (len(self._data) - here) // size)
        count = 0
        window = 16
        # Only the first messages of a run are looked at before more: definitions may take turns.
        while count < most:
            window = min(window * 4, _LONGEST_RUN, most - count)
            start = here + count * size
            headers = self._data[start : start + window * size : size]
            alike = len(headers) - len(headers.lstrip(header))
            count += alike
            if alike < window:
                break
        if not count:
            return False
        taken = count * size
        self._unpack(lane, memoryview(self._data)[here : here + taken])
        self._skip(taken)
        return True

    def _unpack(self, lane: _Lane, run: memoryview) -> None:
        columns = tuple(zip(*lane.unpacker.iter_unpack(run), strict=True))
        count = len(run) // lane.unpacker.size

        def column(number: int, scale: float = 1, offset: float = 0) -> Column:
            position = lane.positions.get(number)
            if position is None:
                return [None] * count
            invalid = _INVALID[_code(number)]
            return [None if raw == invalid else raw / scale - offset for raw in columns[position]]

        records = self.records
        times = columns[lane.positions[_TIMESTAMP]]
        speed = _first_known(column(_ENHANCED_SPEED, 1000), column(_SPEED, 1000))
        altitude = _first_known(column(_ENHANCED_ALTITUDE, 5, 500), column(_ALTITUDE, 5, 500))
        new = (
            (records.distance_m, column(_DISTANCE, 100)),
            (records.altitude_m, altitude),
            (records.speed_mps, speed),
            (records.heart_rate_bpm, column(_HEART_RATE)),
            (records.cadence_rpm, _with_fraction(column(_CADENCE), column(_FRACTIONAL_CADENCE, 128))),
        )
        last = next((time for time in reversed(times) if time != _INVALID["I"]), None)
        if last is not None:
            self._last_timestamp = self._compressed_ts_accumulator = last
        if _INVALID["I"] in times:
            timed = [i for i, time in enumerate(times) if time != _INVALID["I"]]
            times = tuple(times[i] for i in timed)
            new = tuple((old, [more[i] for i in timed]) for old, more in new)  # type: ignore[assignment]
        records.time_s.extend(times)
        for old, more in new:
            old.extend(more)


def _code(number: int) -> str:
    code: str = {"uint8": "B", "uint16": "H", "uint32": "I"}[_PLAIN_TYPES[number]]
    return code


def _first_known(first: Column, second: Column) -> Column:
    if None not in first:
        return first
    return [other if value is None else value for value, other in zip(first, second, strict=True)]


def _with_fraction(whole: Column, fraction: Column) -> Column:
    if not any(fraction):
        return whole
    return [
        value if value is None or part is None else value + part
        for value, part in zip(whole, fraction, strict=True)
    ]


def _lane(definition: Any) -> _Lane | None:
    """The fast lane of a local definition, `None` where it is not plain."""
    if definition.global_mesg_num != RECORD:
        return None
    layout = [definition.endian, "x"]
    positions: dict[int, int] = {}
    for item in definition.all_field_defs:
        base = item.base_type
        if item.size % base.size:
            return None
        wanted = None if item.is_dev else _PLAIN_TYPES.get(item.def_num)
        if wanted is None:
            if not item.is_dev and item.def_num == _COMPRESSED_SPEED_DISTANCE:
                return None
            layout.append(f"{item.size}x")
        elif base.name != wanted or item.size != base.size or item.def_num in positions:
            return None
        else:
            positions[item.def_num] = len(positions)
            layout.append(base.fmt)
    if _TIMESTAMP not in positions:
        return None
    return _Lane(struct.Struct("".join(layout)), positions)
