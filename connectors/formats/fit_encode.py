"""Write a FIT activity file: what a watch would have recorded, byte for byte decodable.

After the FIT protocol (Garmin FIT SDK, "Flexible & Interoperable Data Transfer Protocol"): 14-byte header, definition
and data messages, CRC-16/ARC. Only what an activity needs is written. Cadence goes out per leg, as watches do.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat, starmap

from connectors.formats.recording import Recording, Samples

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
PROTOCOL_VERSION = 0x10
PROFILE_VERSION = 2132
SEMICIRCLES_PER_DEGREE = 2**31 / 180

SPORTS = {
    "generic": 0,
    "running": 1,
    "cycling": 2,
    "transition": 3,
    "fitness_equipment": 4,
    "swimming": 5,
    "training": 10,
    "walking": 11,
    "mountaineering": 16,
    "hiking": 17,
    "multisport": 18,
}
SUB_SPORTS = {
    "generic": 0,
    "treadmill": 1,
    "street": 2,
    "trail": 3,
    "track": 4,
    "strength_training": 20,
    "cardio_training": 26,
    "indoor_running": 45,
    "virtual_activity": 58,
}

_FILE_ID, _SESSION, _LAP, _RECORD, _EVENT, _ACTIVITY = 0, 18, 19, 20, 21, 34
_EVENT_TIMER, _EVENT_SESSION, _EVENT_LAP, _EVENT_ACTIVITY = 0, 8, 9, 26
_START, _STOP, _STOP_ALL = 0, 1, 4


@dataclass(frozen=True, slots=True)
class _Type:
    number: int
    code: str
    invalid: int


_ENUM = _Type(0x00, "B", 0xFF)
_UINT8 = _Type(0x02, "B", 0xFF)
_UINT16 = _Type(0x84, "H", 0xFFFF)
_UINT32 = _Type(0x86, "I", 0xFFFFFFFF)
_UINT32Z = _Type(0x8C, "I", 0)
_SINT32 = _Type(0x85, "i", 0x7FFFFFFF)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of the FIT profile: stored value = (value + offset) x scale."""

    number: int
    kind: _Type
    scale: float = 1
    offset: float = 0

    def stored(self, value: float | None) -> int:
        """The integer in the file; the type's "invalid" for `None` and for what does not fit the type."""
        if value is None:
            return self.kind.invalid
        number = round((value + self.offset) * self.scale)
        lowest, highest = (-0x7FFFFFFF, 0x7FFFFFFE) if self.kind is _SINT32 else (0, _HIGHEST[self.kind.code])
        return number if lowest <= number <= highest else self.kind.invalid


_HIGHEST = {"B": 0xFE, "H": 0xFFFE, "I": 0xFFFFFFFE}
_TIMESTAMP = _Field(253, _UINT32)


def encode_activity(recording: Recording, *, enhanced: bool = True) -> bytes:
    """Recording -> the bytes of a FIT file.

    `enhanced` writes speed and altitude in the 32-bit fields of today's watches, else in the 16-bit ones of old ones.
    Raises ValueError for a sport that the table does not know and for a naive start.
    """
    if recording.start.tzinfo is None:
        raise ValueError("a recording starts at an aware instant")
    first, last = _fit_time(recording.start), _fit_time(recording.end)
    samples = recording.samples
    laps = _laps(recording, first)
    timer_s = recording.elapsed_s if recording.timer_s is None else recording.timer_s
    body = b"".join(
        (
            _file_id(recording, first),
            _event(first, _START),
            b"" if samples is None else _records(samples, first, enhanced=enhanced),
            _event(last, _STOP_ALL),
            laps,
            _session(recording, first, last, timer_s),
            _activity(recording, last, timer_s),
        )
    )
    head = struct.pack("<BBHI4s", 14, PROTOCOL_VERSION, PROFILE_VERSION, len(body), b".FIT")
    whole = head + struct.pack("<H", crc16(head)) + body
    return whole + struct.pack("<H", crc16(whole))


def crc16(data: bytes) -> int:
    """CRC-16/ARC, the checksum of FIT headers and files."""
    crc = 0
    table = _CRC_TABLE
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc


def _crc_entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRC_TABLE = tuple(_crc_entry(byte) for byte in range(256))


def _fit_time(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds())


def _definition(local: int, message: int, fields: Sequence[_Field]) -> bytes:
    described = b"".join(
        struct.pack("<BBB", field.number, struct.calcsize(field.kind.code), field.kind.number)
        for field in fields
    )
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields)) + described


def _message(local: int, message: int, values: Sequence[tuple[_Field, float | None]]) -> bytes:
    """One definition and its one data message; fields without a value are left out."""
    present = [(field, value) for field, value in values if value is not None]
    fields = [field for field, _ in present]
    packed = struct.pack(
        "<B" + "".join(field.kind.code for field in fields),
        local,
        *(field.stored(value) for field, value in present),
    )
    return _definition(local, message, fields) + packed


def _file_id(recording: Recording, first: int) -> bytes:
    device = recording.device
    return _message(
        0,
        _FILE_ID,
        (
            (_Field(0, _ENUM), 4),
            (_Field(1, _UINT16), device.manufacturer),
            (_Field(2, _UINT16), device.product),
            (_Field(3, _UINT32Z), device.serial_number),
            (_Field(4, _UINT32), first),
        ),
    )


def _event(at: int, event_type: int) -> bytes:
    return _message(
        1, _EVENT, ((_TIMESTAMP, at), (_Field(0, _ENUM), _EVENT_TIMER), (_Field(1, _ENUM), event_type))
    )


def _records(samples: Samples, first: int, *, enhanced: bool) -> bytes:
    speed = _Field(73, _UINT32, 1000) if enhanced else _Field(6, _UINT16, 1000)
    altitude = _Field(78, _UINT32, 5, 500) if enhanced else _Field(2, _UINT16, 5, 500)
    optional: tuple[tuple[_Field, Sequence[float | None] | None], ...] = (
        (_Field(0, _SINT32, SEMICIRCLES_PER_DEGREE), samples.latitude_deg),
        (_Field(1, _SINT32, SEMICIRCLES_PER_DEGREE), samples.longitude_deg),
        (_Field(5, _UINT32, 100), samples.distance_m),
        (speed, samples.speed_mps),
        (altitude, samples.altitude_m),
        (_Field(3, _UINT8), samples.heart_rate_bpm),
        (_Field(4, _UINT8, 0.5), samples.cadence_spm),
    )
    present = [(field, column) for field, column in optional if column is not None]
    fields = [_TIMESTAMP, *(field for field, _ in present)]
    row = struct.Struct("<B" + "".join(field.kind.code for field in fields))
    columns = [[field.stored(value) for value in column] for field, column in present]
    rows = zip(repeat(2), (first + second for second in samples.at_s), *columns, strict=False)
    return _definition(2, _RECORD, fields) + b"".join(starmap(row.pack, rows))


def _laps(recording: Recording, first: int) -> bytes:
    """Automatic laps by distance, the rest of the way as the last one; no samples: the whole activity is one lap."""
    marks = _lap_marks(recording)
    return b"".join(
        _message(
            3,
            _LAP,
            (
                (_Field(254, _UINT16), index),
                (_TIMESTAMP, first + end_s),
                (_Field(0, _ENUM), _EVENT_LAP),
                (_Field(1, _ENUM), _STOP),
                (_Field(2, _UINT32), first + start_s),
                (_Field(7, _UINT32, 1000), end_s - start_s),
                (_Field(8, _UINT32, 1000), end_s - start_s),
                (_Field(9, _UINT32, 100), metres),
            ),
        )
        for index, (start_s, end_s, metres) in enumerate(marks)
    )


def _lap_marks(recording: Recording) -> list[tuple[int, int, float | None]]:
    whole = [(0, round(recording.elapsed_s), recording.distance_m)]
    samples = recording.samples
    if recording.lap_every_m is None or samples is None or samples.distance_m is None:
        return whole
    marks: list[tuple[int, int, float | None]] = []
    start_s, start_m = 0, 0.0
    for second, metres in zip(samples.at_s, samples.distance_m, strict=True):
        if metres - start_m >= recording.lap_every_m:
            marks.append((start_s, second, metres - start_m))
            start_s, start_m = second, metres
    rest_m = (samples.distance_m[-1] if samples.distance_m else 0.0) - start_m
    if rest_m > 0:
        marks.append((start_s, round(recording.elapsed_s), rest_m))
    return marks or whole


def _session(recording: Recording, first: int, last: int, timer_s: float) -> bytes:
    return _message(
        4,
        _SESSION,
        (
            (_Field(254, _UINT16), 0),
            (_TIMESTAMP, last),
            (_Field(0, _ENUM), _EVENT_SESSION),
            (_Field(1, _ENUM), _STOP),
            (_Field(2, _UINT32), first),
            (_Field(5, _ENUM), _number("sport", recording.sport, SPORTS)),
            (_Field(6, _ENUM), _number("sub-sport", recording.sub_sport, SUB_SPORTS)),
            (_Field(7, _UINT32, 1000), recording.elapsed_s),
            (_Field(8, _UINT32, 1000), timer_s),
            (_Field(9, _UINT32, 100), recording.distance_m),
            (_Field(22, _UINT16), recording.ascent_m),
            (_Field(23, _UINT16), recording.descent_m),
            (_Field(16, _UINT8), recording.mean_heart_rate_bpm),
            (_Field(17, _UINT8), recording.max_heart_rate_bpm),
            (_Field(18, _UINT8, 0.5), recording.mean_cadence_spm),
            (_Field(25, _UINT16), 0),
            (_Field(26, _UINT16), len(_lap_marks(recording))),
            (_Field(192, _UINT8), recording.feel),
            (_Field(193, _UINT8, 10), recording.effort),
        ),
    )


def _activity(recording: Recording, last: int, timer_s: float) -> bytes:
    offset_s = recording.utc_offset_s
    return _message(
        5,
        _ACTIVITY,
        (
            (_TIMESTAMP, last),
            (_Field(5, _UINT32), None if offset_s is None else last + offset_s),
            (_Field(0, _UINT32, 1000), timer_s),
            (_Field(1, _UINT16), 1),
            (_Field(2, _ENUM), 0),
            (_Field(3, _ENUM), _EVENT_ACTIVITY),
            (_Field(4, _ENUM), _STOP),
        ),
    )


def _number(what: str, word: str, table: dict[str, int]) -> int:
    if word not in table:
        raise ValueError(f"{what} {word!r} is not one of {', '.join(table)}")
    return table[word]
