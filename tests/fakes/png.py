"""Reading a PNG without a library: its size, and how much there is to see."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator


def size(png: bytes) -> tuple[int, int]:
    """(width, height) in pixels; ValueError where it is no PNG or is damaged."""
    header = dict(_chunks(png))[b"IHDR"]
    width, height = struct.unpack(">II", header[:8])
    return width, height


def variety(png: bytes) -> int:
    """How many rows the packing could not foretell from their neighbours: none in a blank picture."""
    _, height = size(png)
    rows = zlib.decompress(b"".join(data for kind, data in _chunks(png) if kind == b"IDAT"))
    stride = len(rows) // height
    return sum(1 for row in range(1, height) if any(rows[row * stride + 1 : (row + 1) * stride]))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("this is not a PNG")
    position = 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind = png[position + 4 : position + 8]
        data = png[position + 8 : position + 8 + length]
        (told,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        if zlib.crc32(kind + data) != told:
            raise ValueError(f"the chunk {kind!r} is damaged")
        yield kind, data
        position += 12 + length
