"""Answers by mail: the runner's mailbox of ours, watched by IDLE, or looked into now and then where there is none."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.channels.contract import Incoming, OutgoingMessage
from connectors.channels.email import EmailChannel
from connectors.channels.email_head import MailHead, head_of
from connectors.channels.email_mailbox import Found, Mailbox, opened
from connectors.channels.email_replies import Reply, reply_of
from connectors.channels.email_server import MailServer
from connectors.channels.email_thread import is_ours, thread_of

log = logging.getLogger(__name__)

LOOK_AROUND_S = 180.0
"""How long a wait lasts at most. Far below the 29 minutes of RFC 2177, so that a dead connection is found out."""
SLICE_S = 2.0
STILL_COUNTS = timedelta(hours=48)
"""Older mail is not read where we do not know what was read before."""


@dataclass(frozen=True, slots=True)
class _Position:
    """Everything up to `uid` is read, in the numbering of `validity`."""

    validity: int
    uid: int

    def __str__(self) -> str:
        return json.dumps({"validity": self.validity, "uid": self.uid})


class EmailListener:
    """Hears what `runners` (all mail addresses of one runner) answer to the address that `channel` sends from.

    `neighbours` are the other people of the household who share the mailbox: their mail is theirs. `ignored` counts what was
    no answer, by reason: automatic answers, bounces, mailing lists, our own, unreadable ones.
    """

    def __init__(
        self,
        channel: EmailChannel,
        server: MailServer,
        runners: Iterable[str],
        now: Callable[[], datetime],
        *,
        folder: str = "INBOX",
        neighbours: Iterable[str] = (),
        look_around_s: float = LOOK_AROUND_S,
        slice_s: float = SLICE_S,
    ) -> None:
        self.name = channel.name
        self.ignored: Counter[str] = Counter()
        self._channel = channel
        self._server = server
        self._runners = frozenset(address.lower() for address in runners)
        self._neighbours = frozenset(address.lower() for address in neighbours)
        self._now = now
        self._folder = folder
        self._look_around_s = look_around_s
        self._slice_s = slice_s

    def __repr__(self) -> str:
        return f"EmailListener({self.name!r})"

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        """As `Listener.listen`. A mailbox that was numbered anew is read like one never seen: answers of the last 48 hours
        that carry a token, and from now on."""
        with opened(self.name, self._server, self._folder) as box:
            here = _position_of(position)
            if here is None or here.validity != box.validity:
                yield from self._what_still_waits(box, stop)
                here = _Position(box.validity, box.next_uid - 1)
            looked_around = False
            while not stop():
                before = here
                here = yield from self._behind(box, here, stop)
                if here != before:
                    looked_around = False
                elif not looked_around:
                    # Looked into once more afterwards: whoever looked around may have taken their time.
                    yield None
                    looked_around = True
                else:
                    box.wait(self._look_around_s, self._slice_s, stop)
                    looked_around = False

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        """Answer the runner's mail, in its thread. Raises as `EmailChannel.send` does."""
        key = f"confirm|{incoming.id}|{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
        thread = thread_of(incoming.reference)
        title = "" if thread is not None and thread.subject else "niggled"
        self._channel.send(
            OutgoingMessage(key=key, title=title, body=text, quiet=quiet, reply_to=incoming.reference)
        )

    def _what_still_waits(self, box: Mailbox, stop: Callable[[], bool]) -> Iterator[Incoming]:
        oldest = self._now() - STILL_COUNTS
        for found in box.heads(box.since((oldest - timedelta(days=1)).date())):
            if stop():
                return
            head = head_of(found.content, self._ours)
            if head.token is None or self._sent_at(head, found) < oldest or found.uid >= box.next_uid:
                continue
            if incoming := self._judged(box, found, head):
                yield incoming

    def _behind(
        self, box: Mailbox, here: _Position, stop: Callable[[], bool]
    ) -> Generator[Incoming, None, _Position]:
        """Yields what came in behind `here`; returns how far that is."""
        for found in box.heads(box.behind(here.uid)):
            if stop():
                break
            here = _Position(here.validity, found.uid)
            if incoming := self._judged(box, found, head_of(found.content, self._ours)):
                yield incoming
        return here

    def _judged(self, box: Mailbox, found: Found, head: MailHead) -> Incoming | None:
        """What a mail is to us. Of a stranger's nothing but the headers is ever asked for."""
        reason = self._no_answer(head)
        position = str(_Position(box.validity, found.uid))
        at = self._sent_at(head, found)
        if not reason and head.sender not in self._runners:
            return Incoming(f"stranger|{position}", at, "", position, allowed=False)
        content = None if reason else box.beginning(found.uid)
        reply = None if content is None else reply_of(content, self._ours)
        if content is None or reply is None or reply.ignored:
            reason = reason or (reply.ignored if reply is not None else "gone")
            self.ignored[reason] += 1
            log.debug("%s: a mail was ignored (%s)", self.name, reason)
            return None
        return Incoming(
            id=_identity(reply, content),
            at=at,
            text=reply.text,
            position=position,
            token=reply.token,
            reference=reply.head.thread.as_reference(),
        )

    def _no_answer(self, head: MailHead) -> str:
        """Why a mail is nothing for us to answer or to count as a stranger's; empty where it is."""
        if head.not_a_person:
            return head.not_a_person
        if head.sender in self._neighbours - self._runners:
            return "a neighbour's"
        to_a_mail_of_ours = head.token is not None or any(map(is_ours, head.thread.references))
        # The runner's own mailbox holds the mail of a whole life.
        if self._ours in self._runners and not to_a_mail_of_ours:
            return "not for us"
        return ""

    @property
    def _ours(self) -> str:
        return self._channel.addresses.ours.lower()

    def _sent_at(self, head: MailHead, found: Found) -> datetime:
        """When the runner sent it: by their own clock, where the server's does not contradict it."""
        received = found.received or self._now()
        if head.dated is not None and received - STILL_COUNTS <= head.dated <= received:
            return head.dated
        return received


def _position_of(text: str | None) -> _Position | None:
    """What was stored; None where nothing was, or something else."""
    try:
        content = json.loads(text or "")
        return _Position(int(content["validity"]), int(content["uid"]))
    except (ValueError, TypeError, KeyError):
        return None


def _identity(reply: Reply, content: bytes) -> str:
    """The same for a mail that is delivered twice, also where the mailbox has been numbered anew in between."""
    message_id = reply.head.thread.message_id
    words = "\0".join((message_id, reply.sender, reply.token or "", reply.text)).encode("utf-8", "replace")
    return hashlib.sha256(words if message_id else content).hexdigest()[:32]
