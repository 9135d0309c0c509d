"""What the columns of several tables share: instants in UTC, the names of constraints, the fields of an activity."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Column, Named, TypedColumns

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime in, an aware UTC datetime out; naive UTC in the database."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Measured(TypedColumns):
    """The fields of `rules.facts.Activity` that a source tells and an activity keeps, under the same names."""

    family: Named[str]
    sport: Named[str]
    start: Named[datetime] = Column(UTCDateTime)
    distance_m: Named[float | None]
    moving_s: Named[float | None]
    elapsed_s: Named[float | None]
    utc_offset_s: Named[int | None]
    indoor: Named[bool]
    manual: Named[bool]
    race: Named[bool]
    excluded: Named[bool]
    planned: Named[bool]
    ascent_m: Named[float | None]
    descent_m: Named[float | None]
    mean_heart_rate_bpm: Named[float | None]
    max_heart_rate_bpm: Named[float | None]
    mean_cadence_spm: Named[float | None]
    device: Named[str | None]
    title: Named[str]
    first_seen_at: Named[datetime] = Column(UTCDateTime)
    effort: Named[float | None]
    feel: Named[int | None]
