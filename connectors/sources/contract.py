"""What a source is: it yields records, and one bad record never stops the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rules.facts import Activity


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One activity as one source tells it.

    `external_id` is stable within `source`; `content_hash` is equal exactly when nothing that matters changed.
    `activity.id` is empty: the store gives our own. `origin` is what a person would call it (a file's name, a line).
    `raw` is the vendor's payload, kept only as long as `keep_days` says.
    """

    source: str
    external_id: str
    content_hash: str
    activity: Activity
    origin: str = ""
    raw: bytes | None = None
    warning: str | None = None


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


type SourceItem = SourceRecord | SetAside | Deleted


class Source(Protocol):
    """A door that activities come in by."""

    name: str

    def fetch(self, since: datetime | None, known: frozenset[str]) -> Iterator[SourceItem]:
        """Yield what is new or changed since `since`, newest first where the door allows it.

        `known` are the external ids already stored, so that an unchanged file need not be decoded again.
        Raises Unavailable, NeedsLogin or Broken for the door as a whole; a single bad record is a SetAside.
        """
        ...
