"""Write a GPX 1.1 track with heart rate and cadence in Garmin's TrackPointExtension v1, as phone apps export it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta
from xml.sax.saxutils import escape, quoteattr

from connectors.formats.recording import Recording

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator={creator} xmlns="http://www.topografix.com/GPX/1/1" \
xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">
 <metadata><time>{time}</time></metadata>
 <trk>
  <name>{name}</name>{kind}
  <trkseg>
"""
_TAIL = "  </trkseg>\n </trk>\n</gpx>\n"


def encode_gpx(recording: Recording, *, name: str = "Activity", kind: str | None = "running") -> bytes:
    """Recording -> the bytes of a GPX file; `kind` is the `type` element, left out if `None`.

    GPX has no distance: readers measure it along the positions, so these are needed (ValueError without).
    """
    samples = recording.samples
    if samples is None or samples.latitude_deg is None or samples.longitude_deg is None:
        raise ValueError("a GPX track needs positions")
    start = recording.start.astimezone(UTC).replace(microsecond=0)
    count = len(samples.at_s)
    altitudes: Sequence[float | None] = samples.altitude_m or (None,) * count
    heart_rates: Sequence[float | None] = samples.heart_rate_bpm or (None,) * count
    cadences: Sequence[float | None] = samples.cadence_spm or (None,) * count
    points = [
        _point(
            f"{(start + timedelta(seconds=second)).isoformat()[:19]}Z",
            latitude,
            longitude,
            altitude,
            heart_rate,
            cadence,
        )
        for second, latitude, longitude, altitude, heart_rate, cadence in zip(
            samples.at_s,
            samples.latitude_deg,
            samples.longitude_deg,
            altitudes,
            heart_rates,
            cadences,
            strict=True,
        )
    ]
    head = _HEAD.format(
        creator=quoteattr(recording.device.name),
        time=f"{start.isoformat()[:19]}Z",
        name=escape(name),
        kind="" if kind is None else f"<type>{escape(kind)}</type>",
    )
    return (head + "".join(points) + _TAIL).encode()


def _point(
    time: str,
    latitude: float,
    longitude: float,
    altitude: float | None,
    heart_rate: float | None,
    cadence_spm: float | None,
) -> str:
    elevation = "" if altitude is None else f"<ele>{altitude:.1f}</ele>"
    measured = ("" if heart_rate is None else f"<gpxtpx:hr>{heart_rate:.0f}</gpxtpx:hr>") + (
        "" if cadence_spm is None else f"<gpxtpx:cad>{cadence_spm / 2:.0f}</gpxtpx:cad>"
    )
    extension = (
        f"<extensions><gpxtpx:TrackPointExtension>{measured}</gpxtpx:TrackPointExtension></extensions>"
        if measured
        else ""
    )
    return f'   <trkpt lat="{latitude:.7f}" lon="{longitude:.7f}">{elevation}<time>{time}</time>{extension}</trkpt>\n'
