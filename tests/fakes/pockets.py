"""What a runner carries: a phone with the ntfy app, one with Telegram, a mail program; each shows and answers."""

from __future__ import annotations

import imaplib
import re
from contextlib import ExitStack
from datetime import datetime
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

from fakes import dovecot
from fakes.dovecot import PASSWORD, Dovecot
from fakes.mail_ear import answered
from fakes.mail_submission import Submission
from fakes.ntfy import KEEPALIVE_S, NtfyServer
from fakes.receiver import Received
from fakes.telegram import RUNNER, TOKEN, TelegramServer

from connectors.channels.telegram_listener import RECORDED

TOPIC, REPLY_TOPIC = "knee-abcdefghijklmnopqrstuv", "answers-abcdefghijklmnopqrs"
SENDS = '["warning", "prompt", "reminder", "digest", "operations"]'


class Pocket(Protocol):
    """One channel as the runner has it. `settings` are the lines of its table in the configuration."""

    name: str

    @property
    def settings(self) -> str: ...

    def shown(self) -> list[str]:
        """Everything that has appeared so far, in order, with the buttons under it."""
        ...

    def answer(self, words: str) -> None:
        """The newest message that has such a button is tapped, or replied to."""
        ...

    def write(self, words: str) -> None:
        """Words of the runner's own, to no message."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class NtfyPhone:
    """The ntfy app with the alert topic, and the reply topic to type into."""

    name = "phone"

    def __init__(self, now: Any, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self.server = NtfyServer(now=now, keepalive_s=keepalive_s)

    @property
    def settings(self) -> str:
        return (
            f'kind = "ntfy"\ntopic = "{TOPIC}"\nreply_topic = "{REPLY_TOPIC}"\n'
            f'server = "{self.server.base_url}"\n'
        )

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [one for one in self.server.messages if one["topic"] == TOPIC]

    def shown(self) -> list[str]:
        return [self._shown(one) for one in self.alerts]

    def answer(self, words: str) -> None:
        for alert in reversed(self.alerts):
            if any(button["label"] == words for button in alert.get("actions", [])):
                assert self.server.press(alert, words) == 200
                return
        raise AssertionError(f"no button {words}")

    def write(self, words: str) -> None:
        assert self.server.write(REPLY_TOPIC, words) == 200

    @staticmethod
    def _shown(alert: dict[str, Any]) -> str:
        labels = [button["label"] for button in alert.get("actions", [])]
        return _told(f"{alert['title']}: {alert['message']}", labels, silent=alert["priority"] < 3)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)


class TelegramPhone:
    """The chat with the bot: messages, and what was recorded below them."""

    name = "chat"

    def __init__(self, now: Any) -> None:
        self.server = TelegramServer(now=now)

    @property
    def settings(self) -> str:
        return f'kind = "telegram"\ntoken = "{TOKEN}"\nchat = {RUNNER}\nserver = "{self.server.base_url}"\n'

    def shown(self) -> list[str]:
        return [
            self._shown(one)
            for one in list(self.server.received)
            if one.path.rpartition("/")[2] in ("sendMessage", "editMessageText")
        ]

    def answer(self, words: str) -> None:
        for message in reversed(self.server.runner.messages):
            if any(words in row for row in self.server.runner.labels(message)):
                self.server.runner.tap(message, words)
                return
        raise AssertionError(f"no button {words}")

    def write(self, words: str) -> None:
        self.server.runner.write(words)

    @staticmethod
    def _shown(received: Received) -> str:
        content = received.json()
        text = str(content["text"])
        if received.path.endswith("editMessageText"):
            return f"(below) → {text.partition(RECORDED)[2]}"
        rows = content.get("reply_markup", {}).get("inline_keyboard", [])
        labels = [button["text"] for row in rows for button in row]
        return _told(text.replace("\n", ": ", 1), labels, silent=content["disable_notification"])

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)


class MailProgram:
    """A mail program: what niggled sends goes straight into it, and replies to niggled's own mailbox (dovecot)."""

    name = "mail"

    def __init__(self, now: Any) -> None:
        self._open = ExitStack()
        self.outbox = Submission()
        self.box: Dovecot
        self.runner = self.ours = ""

    @property
    def settings(self) -> str:
        return (
            f'kind = "email"\nto = "{self.runner}"\nfrom = "{self.ours}"\n'
            f'smtp = "smtp://localhost:{self.outbox.port}"\n'
            f'imap = "imap://{quote(self.ours, safe="")}:{PASSWORD}@localhost:{self.box.imap_port}"\n'
        )

    def shown(self) -> list[str]:
        return [self._shown(mail.message) for mail in list(self.outbox.mails)]

    def answer(self, words: str) -> None:
        self.deliver(answered(self.newest(), words))

    def write(self, words: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.runner, self.ours, "knee"
        mail["Message-ID"] = f"<{abs(hash((words, len(self.outbox.mails))))}@phone.example.org>"
        mail.set_content(words)
        self.deliver(mail)

    def deliver(self, mail: EmailMessage) -> None:
        """What mail servers do with it."""
        (to,) = mail["To"].addresses
        self.box.deliver(mail, to.addr_spec, self.runner)

    def delivered_late(self, mail: EmailMessage, at: datetime) -> None:
        """As if a mail server had held it up until `at`."""
        with self.box.mailbox(self.ours) as client:
            client.append("INBOX", "", imaplib.Time2Internaldate(at), mail.as_bytes())

    def newest(self) -> bytes:
        """The newest mail that can be answered."""
        return next(raw for raw in reversed(self.outbox.raw) if b"\nReply-To:" in raw)

    @staticmethod
    def _shown(mail: EmailMessage) -> str:
        body = mail.get_body(("plain",))
        assert body is not None
        text = re.sub(r"\s*\n\s*", " / ", str(body.get_content()).strip())
        extra = "".join(f" [{kind}]" for kind in ("text/html", "image/png") if _has(mail, kind))
        return f"{mail['Subject']}: {text}{extra}"

    def __enter__(self) -> Self:
        self.outbox.__enter__()
        self._open.push(self.outbox.__exit__)
        self.box = self._open.enter_context(dovecot.running())
        self.runner, self.ours = self.box.address("runner"), self.box.address("niggled")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)


def _told(text: str, labels: list[str], *, silent: bool) -> str:
    buttons = f" [{' · '.join(labels)}]" if labels else ""
    return f"{text}{buttons}{' (silent)' if silent else ''}"


def _has(mail: EmailMessage, kind: str) -> bool:
    return any(part.get_content_type() == kind for part in mail.walk())
