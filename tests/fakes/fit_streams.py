"""The records of a FIT file as Strava's streams."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

import fitdecode

FIELDS = {
    "distance": ("distance",),
    "altitude": ("enhanced_altitude", "altitude"),
    "velocity_smooth": ("enhanced_speed", "speed"),
    "heartrate": ("heart_rate",),
    "cadence": ("cadence",),
}
DECIMALS = {"distance": 1, "altitude": 1, "velocity_smooth": 3}


@lru_cache(maxsize=256)
def streams_of(data: bytes) -> dict[str, list[Any]]:
    """Stream name -> one value a record, as Strava rounds it (metres to the decimetre); a stream that no record has is
    left out. `time` is in whole seconds since the first record; cadence is per leg."""
    columns: dict[str, list[Any]] = {name: [] for name in ("time", *FIELDS)}
    first = None
    with fitdecode.FitReader(BytesIO(data)) as reader:
        for frame in reader:
            if frame.frame_type != fitdecode.FIT_FRAME_DATA or frame.name != "record":
                continue
            at = frame.get_value("timestamp")
            first = first or at
            columns["time"].append(round((at - first).total_seconds()))
            for name, fields in FIELDS.items():
                known = (frame.get_value(field, fallback=None) for field in fields)
                value = next((one for one in known if one is not None), None)
                rounded = value if value is None or name not in DECIMALS else round(value, DECIMALS[name])
                columns[name].append(rounded)
    return {name: column for name, column in columns.items() if any(one is not None for one in column)}
