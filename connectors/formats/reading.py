"""Any activity file by its content: FIT, GPX or TCX, plain or gzipped."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import PurePath

from connectors.formats.archive import AGAIN, gunzipped
from connectors.formats.leg import Leg, Unreadable

SUFFIXES = (".fit", ".gpx", ".tcx")
ZIP_MARK = b"PK\x03\x04"
EMPTY_ZIP_MARK = b"PK\x05\x06"

_GZIP_MARK = b"\x1f\x8b"


def is_activity_file(name: str) -> bool:
    """Whether the name is one of an activity file, gzipped or not."""
    return name.lower().removesuffix(".gz").endswith(SUFFIXES)


def is_zip(data: bytes) -> bool:
    return data[:4] in (ZIP_MARK, EMPTY_ZIP_MARK)


def unpacked(data: bytes) -> bytes:
    """The content of a file that may be gzipped. Raises Unreadable."""
    return gunzipped(data) if data[:2] == _GZIP_MARK else data


def legs_of(name: str, data: bytes, zone: tzinfo = UTC) -> list[Leg]:
    """The (unpacked) content of a file -> its legs in order of time. What it is says the content, then the name.

    `zone` is the runner's, for watches that only know their local time. Raises Unreadable.
    """
    try:
        return _legs_of(name, data, zone)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Bytes can be wrong in more ways than readers foresee, and one bad file must not stop the rest.
        raise Unreadable(f"it cannot be made sense of ({type(error).__name__})", AGAIN) from error


def _legs_of(name: str, data: bytes, zone: tzinfo) -> list[Leg]:
    head = data[:1000].lower()
    suffix = PurePath(name.lower().removesuffix(".gz")).suffix
    if suffix == ".fit" or data[8:12] == b".FIT":
        from connectors.formats.fit import read_fit

        if head.lstrip()[:1] == b"<":
            raise Unreadable(
                "it is a web page, not a FIT file",
                "Log in where it came from and download the original again.",
            )
        return read_fit(data, zone)
    if suffix == ".gpx" or b"<gpx" in head:
        from connectors.formats.gpx import read_gpx

        return read_gpx(data)
    if suffix == ".tcx" or b"<trainingcenterdatabase" in head:
        from connectors.formats.tcx import read_tcx

        return read_tcx(data)
    raise Unreadable("neither FIT, GPX nor TCX", "Import the file that the watch or the service gave you.")
