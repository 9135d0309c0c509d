"""The original file of an activity, as Garmin hands it out -> the leg that belongs to it."""

from __future__ import annotations

import re
from io import BytesIO

from connectors.errors import Unavailable
from connectors.formats.archive import opened_zip
from connectors.formats.leg import Leg, Unreadable
from connectors.formats.reading import is_activity_file, is_zip, legs_of, unpacked
from rules.facts import Activity
from rules.sports import SportLists, family_of

CLOSE_S = 60.0
"""A leg that starts so near is the activity, whatever it is called."""

_WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)", re.IGNORECASE)


def recording_in(data: bytes, activity: Activity, sports: SportLists) -> Leg | None:
    """The leg that started when the activity did, else the nearest of its family; None where there is none.

    Raises Unavailable for a web page: that says nothing about the file.
    """
    if _WEB_PAGE.match(data):
        raise Unavailable("Garmin answered with a web page instead of a file")
    legs = _legs_in(data)
    near = [leg for leg in legs if _apart_s(leg, activity) <= CLOSE_S]
    alike = [leg for leg in legs if family_of(leg.sport, sports, leg.parent) == activity.family]
    return min(near or alike, key=lambda leg: _apart_s(leg, activity), default=None)


def _legs_in(data: bytes) -> list[Leg]:
    try:
        if not is_zip(data):
            return legs_of("activity", unpacked(data))
        with opened_zip(BytesIO(data)) as archive:
            return [
                leg
                for name in archive.names()
                if is_activity_file(name)
                for leg in legs_of(name, unpacked(archive.read(name)))
            ]
    except Unreadable:
        return []


def _apart_s(leg: Leg, activity: Activity) -> float:
    return abs((leg.start - activity.start).total_seconds())
