"""Somebody who listens to a channel in a thread of their own, and a runner with a mail client."""

from __future__ import annotations

import queue
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from connectors.channels.contract import Incoming, Listener

PATIENCE_S = 60.0


class Ear:
    """Listens from `position` on. Use as a context manager; what the listener raised ends the listening and is `error`."""

    def __init__(self, listener: Listener, position: str | None = None) -> None:
        self.error: BaseException | None = None
        self._listener = listener
        self._position = position
        self._heard: queue.Queue[Incoming | None] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        try:
            for incoming in self._listener.listen(self._position, self._stop.is_set):
                self._heard.put(incoming)
        except Exception as error:
            self.error = error

    def until_quiet(self) -> list[Incoming]:
        """What comes in until the listener has nothing more to say."""
        found = []
        while (incoming := self._heard.get(timeout=PATIENCE_S)) is not None:
            found.append(incoming)
        return found

    def next(self) -> Incoming:
        """The next thing that comes in."""
        while True:
            incoming = self._heard.get(timeout=PATIENCE_S)
            if incoming is not None:
                return incoming

    def until_it_fails(self) -> BaseException:
        self._thread.join(PATIENCE_S)
        assert self.error is not None
        return self.error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the listener does not stop"


def answered(raw: bytes, text: str) -> EmailMessage:
    """The runner's answer to a mail, as a mail client makes it: above the quote, to Reply-To, in the thread."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    quote = "\n".join(f"> {line}" for line in str(body.get_content()).splitlines())
    answer = EmailMessage()
    answer["From"] = f"Robin Example <{mail['To'].addresses[0].addr_spec}>"
    answer["To"] = str(mail["Reply-To"] or mail["From"])
    answer["Subject"] = f"Re: {mail['Subject'].removeprefix('Re: ')}"
    answer["Message-ID"] = f"<answer-to-{abs(hash(mail['Message-ID'] + text))}@phone.example.org>"
    answer["In-Reply-To"] = str(mail["Message-ID"])
    answer["References"] = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
    answer.set_content(
        f"{text}\n\nOn {mail['Date']}, niggled <{mail['From'].addresses[0].addr_spec}> wrote:\n{quote}\n"
    )
    return answer
