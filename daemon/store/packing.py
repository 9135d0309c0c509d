"""Profiles, loads and the fold's states as bytes: compact JSON, deflated, led by a version number."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from sys import byteorder
from typing import Any

from rules.facts import Bin, Estimates, HistogramKey, Profile, RunLoad, TerrainClass

_VERSION = 1
_LEVEL = 6


def pack(value: object) -> bytes:
    """JSON-able value -> bytes."""
    return zlib.compress(json.dumps([_VERSION, value], separators=(",", ":")).encode(), _LEVEL)


def unpack(packed: bytes) -> Any:
    """What `pack` was given. Raises ValueError for damaged bytes or another version."""
    return _versioned(_inflated(packed))


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(f"a stored value is damaged: {error}") from None


def _versioned(text: bytes) -> Any:
    try:
        version, value = json.loads(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a stored value is damaged: {error}") from None
    if version != _VERSION:
        raise ValueError(f"a stored value has version {version}, this program reads {_VERSION}")
    return value


class PackedHistogram(Mapping[HistogramKey, Bin]):
    """The histogram of a stored profile, unpacked when first looked into: most loads come from the cache.

    `packed` is four columns of 16-bit integers (speed, grade, cadence, walking) and four of doubles (the fields of Bin),
    little-endian.
    """

    __slots__ = ("_bins", "_packed")

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._bins: dict[HistogramKey, Bin] | None = None

    def _unpacked(self) -> dict[HistogramKey, Bin]:
        if self._bins is None:
            count = len(self)
            keys = _column("h", self._packed[: count * 8])
            covered = _column("d", self._packed[count * 8 :])
            speed, grade, cadence, walking = (keys[part * count : (part + 1) * count] for part in range(4))
            amounts = (covered[part * count : (part + 1) * count] for part in range(4))
            self._bins = dict(
                zip(
                    zip(speed, grade, cadence, map(bool, walking), strict=True),
                    map(Bin, *amounts),
                    strict=True,
                )
            )
        return self._bins

    def __getitem__(self, key: HistogramKey) -> Bin:
        return self._unpacked()[key]

    def __iter__(self) -> Iterator[HistogramKey]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._packed) // _CELL_BYTES

    def __repr__(self) -> str:
        return repr(self._unpacked())


_CELL_BYTES = 4 * 2 + 4 * 8
_BIN = ("metres", "seconds", "steps", "rise_m")
_PARTS = ("running", "level", "last_third")
_PLAIN = (
    "formula_version",
    "dh_m",
    "steep_min",
    "ascent_m",
    "descent_m",
    "best_20min_mps",
    "best_30s_heart_rate_bpm",
)


def _column(code: str, content: bytes) -> array[Any]:
    column: array[Any] = array(code, content)
    if byteorder == "big":
        column.byteswap()
    return column


def _bytes(code: str, values: Iterable[float]) -> bytes:
    column: array[Any] = array(code, values)
    if byteorder == "big":
        column.byteswap()
    return column.tobytes()


def pack_profile(profile: Profile) -> bytes:
    """Profile -> some kB: a line of JSON, and the histogram in binary because it is by far the largest part."""
    keys = list(profile.histogram)
    bins = list(profile.histogram.values())
    plain = {name: getattr(profile, name) for name in _PLAIN} | {"terrain": profile.terrain}
    parts = {name: [getattr(getattr(profile, name), part) for part in _BIN] for name in _PARTS}
    head = json.dumps([_VERSION, plain | parts], separators=(",", ":")).encode()
    histogram = _bytes("h", (int(key[part]) for part in range(4) for key in keys))
    histogram += _bytes("d", (getattr(covered, name) for name in _BIN for covered in bins))
    return zlib.compress(head + b"\n" + histogram, _LEVEL)


def unpack_profile(packed: bytes) -> Profile:
    """The profile `pack_profile` was given, equal to the last digit. Raises ValueError as `unpack` does."""
    head, _, histogram = _inflated(packed).partition(b"\n")
    told = _versioned(head)
    return Profile(
        terrain=TerrainClass(told["terrain"]),
        histogram=PackedHistogram(histogram),
        running=Bin(*told["running"]),
        level=Bin(*told["level"]),
        last_third=Bin(*told["last_third"]),
        **{name: told[name] for name in _PLAIN},
    )


def pack_load(load: RunLoad) -> bytes:
    """RunLoad with its basis -> some hundred bytes."""
    return pack(asdict(load))


def unpack_load(packed: bytes) -> RunLoad:
    """The load `pack_load` was given."""
    told = unpack(packed)
    basis = told.pop("basis")
    terrain = TerrainClass(told.pop("terrain_class"))
    return RunLoad(**told, terrain_class=terrain, basis=None if basis is None else Estimates(**basis))
