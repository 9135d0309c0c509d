"""An activity's fields as columns, and back: the same names on both sides."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from rules.facts import Activity, Family

FIELDS = (
    "sport",
    "start",
    "distance_m",
    "moving_s",
    "elapsed_s",
    "utc_offset_s",
    "indoor",
    "manual",
    "race",
    "excluded",
    "planned",
    "ascent_m",
    "descent_m",
    "mean_heart_rate_bpm",
    "max_heart_rate_bpm",
    "mean_cadence_spm",
    "effort",
    "feel",
    "source",
    "device",
    "title",
    "first_seen_at",
)
"""Fields of `Activity` that are stored as they are."""

_COLUMNS = ("family", *FIELDS)


def columns_of(table: sa.Table[Any]) -> list[sa.Column[Any]]:
    """The columns that `activity_from` reads, in its order."""
    return [table.c[name] for name in _COLUMNS]


def activity_from(activity_id: str, values: Any) -> Activity:
    """`values`: a row that starts with `columns_of(…)`."""
    fields = dict(zip(FIELDS, values[1 : len(_COLUMNS)], strict=True))
    return Activity(id=activity_id, family=Family(values[0]), **fields)


def values_of(activity: Activity) -> dict[str, Any]:
    """Column name -> value."""
    return {"family": activity.family.value} | {name: getattr(activity, name) for name in FIELDS}
