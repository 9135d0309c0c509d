"""What a channel is: a one-way door to the runner's phone or mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """`key` is the same at every attempt, so that a receiver that can tell repeats apart may do so."""

    key: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the service answered: its name as the library shows it, seconds taken, attempts made."""

    service: str
    elapsed_s: float
    detail: str = ""


class Channel(Protocol):
    name: str

    def send(self, message: OutgoingMessage) -> Receipt:
        """Deliver one message. Raises Unavailable (try later), NeedsLogin or Broken (a person must look)."""
        ...
