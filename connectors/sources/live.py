"""The one way every service is read, whatever door it has: list, compare, confirm what is missing, then fetch samples.

Summaries come first, for all of the window: a warning must not wait for a recording. Nothing is believed gone because a
listing left it out; the service is asked about that very activity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from connectors.errors import Broken, Unavailable
from connectors.formats.leg import Leg
from connectors.sources.contract import (
    NO_SAMPLES,
    Deleted,
    Known,
    Reached,
    SetAside,
    SourceItem,
    SourceRecord,
)
from connectors.sources.door import Door, Listed, Unread
from connectors.sources.file_records import Desk
from rules.facts import Activity, Family, Night
from rules.profile import profile_of, series_of

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a window without `since` begins."""
SAMPLES_WITHIN = timedelta(days=90)
"""Samples of older runs would cost a request each and be in no baseline."""
CONFIRMED_AT_ONCE = 10
"""Missing activities that are asked about in one pass; the rest in the next."""
STRANGE_FROM = 3
"""Where so many are known and none of them is listed, it is another account or an empty answer: nothing was deleted."""
SAMPLES_TRIED_FOR = timedelta(days=3)
"""A recording that cannot be had for so long after its activity was told is taken for none. Counted from the run itself,
the first recordings of a history would be given up for good in a service's bad quarter of an hour."""
STUMBLES_BORNE = 2
SAME_RECORDING_S = 2.0
"""An edit that moves neither start nor length by more leaves the samples as they are."""
PARSE_MISS_ROWS = 3
UPDATE_CURE = "Update niggled, or report it with this line: the service has probably changed its answers."


class LiveSource:
    """A service as a source; see `connectors.sources.contract.Source`."""

    def __init__(self, door: Door, desk: Desk) -> None:
        self.name = door.source
        self._door = door
        self._desk = desk

    def fetch(
        self, since: datetime | None, known: Mapping[str, Known], until: datetime | None = None
    ) -> Iterator[SourceItem]:
        """See the contract. Ends with the samples of recent activities on foot, the newest first."""
        listed: set[str] = set()
        wanted = {external_id: one.activity for external_id, one in known.items() if one.wants_samples}
        hashes = {external_id: known[external_id].listing_hash for external_id in wanted}
        told_at = {external_id: known[external_id].stored_at or self._desk.now for external_id in wanted}
        for page in self._door.pages(since, until):
            fresh = [row for row in page.rows if not row.external_id or row.external_id not in listed]
            listed.update(row.external_id for row in fresh)
            self._complain_if_nothing_is_understood(fresh, known)
            for row in fresh:
                if isinstance(row, Unread):
                    yield self._aside(row)
                    continue
                record = self._told(row, known.get(row.external_id))
                if record is None:
                    continue
                yield record
                if "+" not in record.content_hash:
                    wanted[row.external_id] = record.activity
                    hashes[row.external_id] = record.content_hash
                    told_at[row.external_id] = self._desk.now
                else:
                    wanted.pop(row.external_id, None)
            if page.back_to is not None:
                yield Reached(page.back_to)
        yield from self._gone(since or BEGINNING, until, known, listed)
        yield Reached(since or BEGINNING)
        yield from self._samples(wanted, hashes, told_at)

    def nights(self, first: date, last: date) -> Sequence[Night]:
        """Recovery of the nights that ended on these local dates, both included."""
        return self._door.nights(first, last)

    def _told(self, row: Listed, known: Known | None) -> SourceRecord | None:
        """A row as a record; None where it says nothing new."""
        origin = f"{self._door.title} activity {row.external_id}"
        record = replace(self._desk.record(row.leg, self.name, row.external_id, origin), raw=row.raw)
        if known is None:
            return record
        if known.listing_hash == record.content_hash:
            return None
        if known.wants_samples or not _same_recording(known.activity, record.activity):
            return record
        marked = f"{record.content_hash}+{known.content_hash.partition('+')[2] or 'kept'}"
        return replace(
            record, content_hash=marked, adds=True, activity=_completed(record.activity, known.activity)
        )

    def _gone(
        self, since: datetime, until: datetime | None, known: Mapping[str, Known], listed: set[str]
    ) -> Iterator[Deleted]:
        expected = [
            external_id
            for external_id, one in known.items()
            if since <= one.activity.start and (until is None or one.activity.start < until)
        ]
        missing = [external_id for external_id in expected if external_id not in listed]
        if len(missing) == len(expected) >= STRANGE_FROM:
            return
        stumbles = Stumbles()
        for external_id in missing[:CONFIRMED_AT_ONCE]:
            try:
                there = self._door.exists(external_id)
            except (Unavailable, Broken) as failure:
                stumbles.bear(failure)
                continue
            if not there:
                yield Deleted(self.name, external_id)

    def _samples(
        self, wanted: Mapping[str, Activity], hashes: Mapping[str, str], told_at: Mapping[str, datetime]
    ) -> Iterator[SourceRecord]:
        oldest = self._desk.now - SAMPLES_WITHIN
        newest_first = sorted(wanted.items(), key=lambda item: item[1].start, reverse=True)
        stumbles = Stumbles()
        for external_id, activity in newest_first:
            if activity.family not in (Family.RUN, Family.WALK) or activity.manual or activity.start < oldest:
                continue
            try:
                recorded = self._door.recording(external_id, activity)
            except (Unavailable, Broken) as failure:
                stumbles.bear(failure)
                if self._desk.now - told_at[external_id] < SAMPLES_TRIED_FOR:
                    continue
                recorded = None
            sampled = None if recorded is None else self._sampled(activity, recorded)
            if sampled is None or sampled.series is None:
                mark, told = NO_SAMPLES, activity
            else:
                mark, told = sha256(sampled.series.packed).hexdigest()[:8], sampled
            yield SourceRecord(
                source=self.name,
                external_id=external_id,
                content_hash=f"{hashes[external_id]}+{mark}",
                activity=told,
                origin=f"{self._door.title} activity {external_id}",
                adds=True,
            )

    def _sampled(self, activity: Activity, recorded: Leg) -> Activity | None:
        """The activity with its series and what only the recording knows; the service's own totals stay."""
        if recorded.samples is None:
            return None
        filled = _completed(activity, recorded)
        settings = self._desk.policy.profile
        series = series_of(recorded.samples, settings, indoor=filled.indoor)
        return replace(
            filled,
            series=series,
            profile=None if series is None else profile_of(series, settings),
            distance_m=_first(activity.distance_m, recorded.distance_m),
        )

    def _complain_if_nothing_is_understood(
        self, rows: Sequence[Listed | Unread], known: Mapping[str, Known]
    ) -> None:
        """The service sent something and we understood nothing of it: no single bad record, so the door is Broken."""
        unread = [row for row in rows if isinstance(row, Unread)]
        if len(unread) < len(rows) or not unread:
            return
        if len(unread) >= PARSE_MISS_ROWS or any(row.external_id in known for row in unread):
            count = f"{len(unread)} activities" if len(unread) > 1 else "an activity"
            raise Broken(
                f"{self._door.title} sent {count} and nothing of it could be understood "
                f"({unread[0].reason}). {UPDATE_CURE}"
            )

    def _aside(self, row: Unread) -> SetAside:
        origin = f"{self._door.title} activity {row.external_id}".rstrip()
        cure = f"Look at it on {self._door.title}; it is tried again at every look."
        return SetAside(self.name, origin, f"{row.reason[:1].upper()}{row.reason[1:]}.", cure)


class Stumbles:
    """Requests about single activities that failed where the listing had just worked: one odd activity must not stop the
    rest, but a service that fails at everything must not be asked on and on."""

    def __init__(self) -> None:
        self._count = 0

    def bear(self, failure: Unavailable | Broken) -> None:
        """Go on, or raise `failure` where it is one too many, or where the service said when to come back."""
        self._count += 1
        said_when = isinstance(failure, Unavailable) and (failure.paced or failure.retry_at is not None)
        if said_when or self._count > STUMBLES_BORNE:
            raise failure


def _same_recording(one: Activity, other: Activity) -> bool:
    lengths = [activity.elapsed_s or activity.moving_s or 0.0 for activity in (one, other)]
    return (
        abs((one.start - other.start).total_seconds()) <= SAME_RECORDING_S
        and abs(lengths[0] - lengths[1]) <= SAME_RECORDING_S
    )


def _completed(told: Activity, recorded: Activity | Leg) -> Activity:
    """A listing with what only a recording tells, or had told before; the service's own totals stay."""
    indoor = told.indoor or recorded.indoor
    return replace(
        told,
        indoor=indoor,
        device=told.device or recorded.device,
        utc_offset_s=recorded.utc_offset_s if told.utc_offset_s is None else told.utc_offset_s,
        ascent_m=None if indoor else _first(told.ascent_m, recorded.ascent_m),
        descent_m=None if indoor else _first(told.descent_m, recorded.descent_m),
        mean_heart_rate_bpm=_first(told.mean_heart_rate_bpm, recorded.mean_heart_rate_bpm),
        max_heart_rate_bpm=_first(told.max_heart_rate_bpm, recorded.max_heart_rate_bpm),
        mean_cadence_spm=_first(told.mean_cadence_spm, recorded.mean_cadence_spm),
        effort=_first(told.effort, recorded.effort),
        feel=recorded.feel if told.feel is None else told.feel,
    )


def _first(told: float | None, otherwise: float | None) -> float | None:
    return otherwise if told is None else told
