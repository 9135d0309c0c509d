"""What a source is: it yields what one service or folder knows, and one bad record never stops the rest.

A *listing* is a record's summary as the source lists it. *Samples* are its recording second by second, which a live
source gives only one activity at a time. A *window* is the time between `since` (included) and `until` (excluded).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rules.facts import Activity

NO_SAMPLES = "none"
"""The mark of a record whose source was asked for samples and has none."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One activity as one source tells it.

    `external_id` is stable within `source`; `content_hash` is equal exactly when nothing that matters changed.
    `activity.id` is empty: the store gives our own. `origin` is what a person would call it (a file's name, a line).
    `raw` is the vendor's payload without positions, kept only as long as `keep_days` says.
    `adds`: samples and payload that this record leaves out stay as they were told before.
    """

    source: str
    external_id: str
    content_hash: str
    activity: Activity
    origin: str = ""
    raw: bytes | None = None
    warning: str | None = None
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of one record: the activity as its source told it (without samples), and how far.

    `sampled`: its samples are stored. The part of `content_hash` behind a "+" says which samples, or `NO_SAMPLES`.
    `stored_at`: when it was told last; None where that is not known.
    """

    activity: Activity
    content_hash: str
    sampled: bool
    stored_at: datetime | None = None

    @property
    def listing_hash(self) -> str:
        return self.content_hash.partition("+")[0]

    @property
    def wants_samples(self) -> bool:
        """Whether its source was not yet asked for samples."""
        return not self.sampled and "+" not in self.content_hash


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that could not be read: which, why, and what to do about it."""

    source: str
    origin: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The source says that this record is gone."""

    source: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Everything of the window that started at `back_to` or later has been told; a later pass may go on from there."""

    back_to: datetime


type SourceItem = SourceRecord | SetAside | Deleted | Reached


class Source(Protocol):
    """A door that activities come in by."""

    name: str

    def fetch(
        self, since: datetime | None, known: Mapping[str, Known], until: datetime | None = None
    ) -> Iterator[SourceItem]:
        """Yield what is new, changed or gone in the window, newest first where the door allows it.

        `known` are the records already stored, by external id: at least all of the window. What is stored and did not
        change is not told again. Raises Unavailable, NeedsLogin or Broken for the door as a whole, after whatever was
        told before; a single bad record is a SetAside.
        """
        ...
