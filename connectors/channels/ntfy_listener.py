"""Answers from an ntfy reply topic: first what the server has kept (12 hours by default), then its stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.channels.contract import Incoming, OutgoingMessage
from connectors.channels.instants import instant
from connectors.channels.ntfy import SIGN, NtfyOptions, check, content_of, is_secret
from connectors.channels.ntfy_server import WHOLE_ANSWER_S, NtfyServer
from connectors.channels.tokens import parted
from connectors.errors import Broken, Unavailable

# Two missed signs of life, one comes every 45 s.
LONGEST_SILENCE_S = 95.0
# A stream may lose a message without anybody noticing; what the server keeps is looked through again.
REOPENED_AFTER = timedelta(hours=6)
DEAD_STREAMS_BEFORE_POLLING = 3
POLLED_EVERY = timedelta(minutes=1)
POLLED_FOR = timedelta(hours=1)
CONFIRMATION_TITLE = "Your answer"
_MESSAGE_ID = re.compile(r"[A-Za-z0-9]{12}")


class NtfyListener:
    """Reads the reply topic; keep the object over reconnections, it remembers whether streams come through.

    Words without a button's token count as the runner's own where the topic's name is a secret, as those of `new_topic`
    are: then only who was told it can write there. On a topic that can be guessed they are a stranger's.
    """

    def __init__(
        self,
        name: str,
        options: NtfyOptions,
        now: Callable[[], datetime],
        *,
        silence_s: float = LONGEST_SILENCE_S,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self.name = name
        self._options = options
        self._now = now
        self._silence_s = silence_s
        self._server = NtfyServer(name, options.server, options.login, now, whole_s=whole_s)
        self._dead_streams = 0
        self._polls_until: datetime | None = None

    def __repr__(self) -> str:
        return f"NtfyListener({self.name!r})"

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        """As `Listener.listen`; the position is the id of a message.

        Where streams do not come through (a proxy that holds them back) every call asks once and ends with a paced
        Unavailable that says when to ask again.
        """
        topic = self._topic()
        while not stop():
            for event in self._server.waiting(topic, _since(position)):
                if (incoming := self._incoming(event)) is not None:
                    position = incoming.position
                    yield incoming
                    if stop():
                        return
            now = self._now()
            if self._polls_until is not None and now < self._polls_until:
                detail = f"{self.name} (ntfy): the stream does not come through, so answers are looked for every minute"
                raise Unavailable(detail, now + POLLED_EVERY, paced=True)
            yield None
            for incoming in self._streamed(topic, position, stop):
                position = incoming.position if incoming is not None else position
                yield incoming

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        """Publish `text` to the alert topic; a stranger gets nothing."""
        if incoming.allowed:
            message = OutgoingMessage(incoming.id, CONFIRMATION_TITLE, text, quiet=quiet)
            self._server.publish(content_of(message, self._options))

    def _topic(self) -> str:
        check(self.name, self._options)
        if self._options.reply_topic is None:
            raise Broken(f"{self.name} (ntfy): answers need a `reply_topic`. Add one to channel {self.name}.")
        return self._options.reply_topic

    def _streamed(
        self, topic: str, position: str | None, stop: Callable[[], bool]
    ) -> Iterator[Incoming | None]:
        """One stream, until it is time for another. Raises Unavailable where it breaks."""
        opened_at, alive, heard = self._now(), False, set[str]()
        try:
            for event in self._server.stream(topic, _since(position), self._silence_s):
                if not alive and event["event"] != "open":
                    alive, self._dead_streams = True, 0
                if stop():
                    return
                incoming = self._incoming(event)
                # What arrives while the stream is being opened, the server may tell twice.
                if incoming is None or incoming.id not in heard:
                    yield incoming
                if incoming is not None:
                    heard.add(incoming.id)
                if stop() or self._now() - opened_at > REOPENED_AFTER:
                    return
        except Unavailable:
            self._count_dead(alive=alive)
            raise
        self._count_dead(alive=alive)
        if not alive:
            raise Unavailable(f"{self.name} (ntfy) ended the stream before anything came through")

    def _count_dead(self, *, alive: bool) -> None:
        self._dead_streams = 0 if alive else self._dead_streams + 1
        if self._dead_streams >= DEAD_STREAMS_BEFORE_POLLING:
            self._polls_until = self._now() + POLLED_FOR

    def _incoming(self, event: dict[str, Any]) -> Incoming | None:
        if event["event"] != "message":
            return None
        number, at, text = event.get("id"), instant(event.get("time")), event.get("message", "")
        if not isinstance(number, str) or at is None or not isinstance(text, str):
            raise Broken(f"{self.name} (ntfy) sent a message that makes no sense")
        answer = parted(text, SIGN)
        return Incoming(
            id=number,
            at=at,
            text=text if answer is None else answer[1],
            position=number,
            token=None if answer is None else answer[0],
            allowed=answer is not None or is_secret(self._options.reply_topic or ""),
        )


def _since(position: str | None) -> str:
    """A position of another kind of channel, kept under the same name, would be taken for a time."""
    return position if position is not None and _MESSAGE_ID.fullmatch(position) else "all"
