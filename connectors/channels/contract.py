"""What a channel is: a door to the runner's phone or mailbox, and for some channels the way back.

Sending is the same for all. A channel that hears answers also has a `Listener`, which reads them in order and tells, with
each, how far it has read: whoever stores the answer stores that position in the same transaction, so that nothing is
lost and nothing is heard twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says, and the answer that pressing it gives, in the words of `rules.answers`."""

    label: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """What makes a message answerable. `token` is short and unguessable, and says which question an answer is to.

    `choices` are at most three buttons for channels that have no more; `scale` if a number from 0 to 10 is the answer;
    `link` opens the page for the exact number, where there is one.
    """

    token: str
    choices: tuple[Choice, ...] = ()
    scale: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that belongs to a message; `alternative` says its numbers in words."""

    name: str
    png: bytes
    alternative: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """`key` is the same at every attempt, so that a receiver that can tell repeats apart may do so.

    `html` is the same as `body` for mailboxes, and may show `picture` as `cid:` and its name. `quiet`: it must not make a
    sound (the confirmation of an answer that is fine). `urgent`: it tells to stop, or to see somebody; it may be louder than
    the others. `reply_to` is the reference of the incoming message that it answers.
    """

    key: str
    title: str
    body: str
    question: Question | None = None
    html: str | None = None
    picture: Picture | None = None
    quiet: bool = False
    urgent: bool = False
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the service answered: its name as the library shows it, seconds taken, attempts made.

    `reference` is the channel's own name of the message, by which it can be changed later.
    """

    service: str
    elapsed_s: float
    detail: str = ""
    reference: str = ""


class Channel(Protocol):
    name: str

    def send(self, message: OutgoingMessage) -> Receipt:
        """Deliver one message. Raises Unavailable (try later), NeedsLogin or Broken (a person must look)."""
        ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that somebody sent to a channel.

    `id` is unique within the channel for ever. `text` is the bare answer, without quote or signature. `token` is the one it
    carried, None for a message that is no answer to one question. `reference` is what a confirmation needs to find its
    place. `position`: once this one is stored, reading goes on behind it. `allowed` is False for a stranger's: counted,
    never answered. `at` is when it was sent, by the service's clock.
    """

    id: str
    at: datetime
    text: str
    position: str
    token: str | None = None
    reference: str = ""
    allowed: bool = True


class Listener(Protocol):
    """The way back of one channel."""

    name: str

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        """What came in behind `position` (None: from now on, and what still waits), oldest first, then what comes.

        Yields None whenever a wait ended without news, at least every few minutes, so that the caller can look around.
        Ends when `stop` says so. Raises Unavailable (the caller waits and begins again), NeedsLogin or Broken.
        """
        ...

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        """Tell the runner what was understood, where they answered. Raises as `Channel.send` does."""
        ...
