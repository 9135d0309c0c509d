"""What GPX and TCX share: safe XML, times, distance along positions, cadence of unknown kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from statistics import median
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from connectors.formats.leg import Unreadable

LARGEST_XML_BYTES = 50_000_000
EARTH_RADIUS_M = 6_371_008.8
EARLIEST_YEAR = 1970
LARGEST_NUMBER = 1e9
PER_LEG_BELOW_SPM = 120
AGAIN = "Export it again from where it came."

_UTF8_MARK = b"\xef\xbb\xbf"


def elements(data: bytes) -> Iterator[Element]:
    """The elements of an XML file as they end, then the root. Strava puts blanks before the declaration: tolerated.

    Raises Unreadable for what is no XML, too large, or declares entities (no recording needs any, bombs do).
    """
    if len(data) > LARGEST_XML_BYTES:
        raise Unreadable(
            f"larger than {LARGEST_XML_BYTES // 1_000_000} MB", "Split it, or import the FIT original."
        )
    text = data.removeprefix(_UTF8_MARK).lstrip()
    if not text:
        raise Unreadable("the file is empty", AGAIN)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Unreadable("it declares XML entities, which no recording needs", AGAIN)
    try:
        for _, element in ElementTree.iterparse(BytesIO(text), events=("end",)):  # noqa: S314 - entities are refused
            yield element
    except ElementTree.ParseError as error:
        raise Unreadable(f"the XML is broken or ends early (line {error.position[0]})", AGAIN) from None
    except (LookupError, ValueError):
        raise Unreadable("the XML is in an encoding that does not exist", AGAIN) from None


def tag(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def number(text: str | None) -> float | None:
    """A number that a recording can hold, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= LARGEST_NUMBER else None


def moment(text: str | None) -> datetime | None:
    """An ISO time; one without zone is UTC. Raises Unreadable for a year no recording can have."""
    try:
        value = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if value.year < EARLIEST_YEAR:
        raise Unreadable(f"its times lie in the year {value.year}", AGAIN)
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def stated_offset_s(value: datetime) -> int | None:
    """The offset a time was written with; "Z" says nothing of the place."""
    offset = value.utcoffset()
    return int(offset.total_seconds()) if offset else None


def metres_between(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Great-circle distance in metres between two positions in degrees (haversine formula)."""
    phi, to_phi = math.radians(latitude), math.radians(to_latitude)
    rise = math.sin((to_phi - phi) / 2)
    turn = math.sin(math.radians(to_longitude - longitude) / 2)
    part = rise * rise + math.cos(phi) * math.cos(to_phi) * turn * turn
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, part)))


def both_feet(cadence: Sequence[float | None]) -> list[float | None]:
    """Cadence as steps per minute: below 120 in the middle it was counted per leg (RULES 3.1 step 10)."""
    turning = [value for value in cadence if value]
    factor = 2 if turning and median(turning) < PER_LEG_BELOW_SPM else 1
    return [value * factor if value else None for value in cadence]


def measured_altitude(altitude: Sequence[float | None]) -> Sequence[float | None]:
    """Altitudes that are all 0 (or missing) were not measured."""
    return altitude if any(altitude) else ()
