"""Trying a channel both ways: a message out, a question out, and its answer back in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread

from connectors.channels.contract import Channel, Choice, Incoming, Listener, OutgoingMessage, Question
from connectors.errors import ConnectorError, Unavailable
from daemon.credentials import SecretError
from daemon.store.messages import new_token

TITLE = "niggled test"
BODY = "This is where warnings will arrive. Nothing to do."
QUESTION_TITLE = "Test question"
QUESTION = "Turn the phone's Wi-Fi off, then answer this: does it work from anywhere?"
YES = (Choice("It works", "yes"),)
HEARD = "Heard. Your answers come back."
SLICE_S = 0.2
AGAIN_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Echo:
    """How the test question ended: `heard` what came back, else `failure` why it cannot come; neither: nobody answered."""

    heard: Incoming | None = None
    failure: ConnectorError | SecretError | None = None


def send_message(channel: Channel, now: Callable[[], datetime]) -> str:
    """Send the test message; the service that took it. Raises as `Channel.send`."""
    return channel.send(OutgoingMessage(f"test:{now().isoformat()}", TITLE, BODY)).service


class Echoes:
    """Listens to one channel in the background and asks test questions on it; an answer to any of them will do."""

    def __init__(self, channel: Channel, listener: Listener, now: Callable[[], datetime]) -> None:
        self._channel = channel
        self._listener = listener
        self._now = now
        self._tokens: set[str] = set()
        self._asked_at: datetime | None = None
        self._came: SimpleQueue[Incoming | ConnectorError | SecretError] = SimpleQueue()
        self._stop = Event()
        Thread(target=self._listen, name=f"echo-{channel.name}", daemon=True).start()

    def ask(self) -> None:
        """Send one more test question. Raises as `Channel.send`."""
        token = new_token()
        self._tokens.add(token.upper())
        key = f"test-question:{self._now().isoformat()}"
        self._channel.send(OutgoingMessage(key, QUESTION_TITLE, QUESTION, Question(token, YES)))
        self._asked_at = self._asked_at or self._now()

    def wait(self, within_s: float, given_up: Callable[[], bool]) -> Echo:
        """Until an answer comes, `within_s` has passed or `given_up` says so; an answer is confirmed where it was given."""
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s and not given_up():
            try:
                came = self._came.get(timeout=SLICE_S)
            except Empty:
                continue
            if not isinstance(came, Incoming):
                return Echo(failure=came)
            if not self._is_answer(came):
                continue
            try:
                self._listener.confirm(came, HEARD, quiet=True)
            except ConnectorError as failure:
                return Echo(came, failure)
            return Echo(came)
        return Echo()

    def _is_answer(self, came: Incoming) -> bool:
        """Words of the runner's own count too, unless they were there before the question."""
        if came.token is not None:
            return came.allowed and came.token.upper() in self._tokens
        # Services tell whole seconds: what came in the second of the question may have been there before it.
        since = came.at.replace(microsecond=0)
        return came.allowed and self._asked_at is not None and since > self._asked_at

    def close(self) -> None:
        self._stop.set()

    def _listen(self) -> None:
        position: str | None = None
        while not self._stop.is_set():
            try:
                for incoming in self._listener.listen(position, self._stop.is_set):
                    if incoming is not None:
                        position = incoming.position
                        self._came.put(incoming)
            except Unavailable:
                self._stop.wait(AGAIN_AFTER_S)
            except (ConnectorError, SecretError) as failure:
                self._came.put(failure)
                return
