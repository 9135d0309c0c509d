"""A mailbox over IMAP, opened for reading only: no mark is set, nothing is moved or deleted, whatever we do."""

from __future__ import annotations

import imaplib
import re
import select
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from connectors.channels.email_head import LARGEST_HEAD_BYTES, READ_HEADERS
from connectors.channels.email_server import MailServer, refused_login, unreachable
from connectors.channels.email_text import LARGEST_MAIL_BYTES
from connectors.errors import Broken, Unavailable

if TYPE_CHECKING:
    from imap_tools.mailbox import BaseMailBox

COMMAND_TIMEOUT_S = 30.0
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AT_ONCE = 50
"""Heads asked for in one command."""
MOST_SEARCHES = 5
# RFC 5530: the server has a bad moment, the login may be right.
_LATER = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in the box, by its number there; `content` is its head, or its beginning."""

    uid: int
    received: datetime | None
    content: bytes


class Mailbox:
    """One open folder. `validity` changes where the server has numbered its mails anew; `next_uid` is the next number."""

    def __init__(self, box: BaseMailBox, folder: str) -> None:
        self._box = box
        box.folder.set(folder, readonly=True)
        self.validity = self._number("UIDVALIDITY")
        self.next_uid = self._number("UIDNEXT") or max(self.behind(0), default=0) + 1
        # Asked again: many servers tell all they can only after the login.
        _, words = box.client.capability()
        self.can_idle = b"IDLE" in b" ".join(word for word in words if word).upper().split()

    def behind(self, uid: int) -> list[int]:
        """Numbers of the mails behind `uid`, in order. "n:*" always holds the newest one, however low."""
        return self._matching(f"UID {uid + 1}:*", least=uid + 1)

    def since(self, day: date) -> list[int]:
        """Numbers of the mails that came in on `day` or later, in order."""
        return self._matching(f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}", least=1)

    def heads(self, uids: Iterable[int]) -> Iterator[Found]:
        """The headers that matter, in the order of `uids`, a few dozen at a time."""
        fields = f"BODY.PEEK[HEADER.FIELDS ({' '.join(READ_HEADERS)})]<0.{LARGEST_HEAD_BYTES}>"
        waiting = list(uids)
        while waiting:
            asked, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            found = {one.uid: one for one in self._fetch(asked, fields)}
            yield from (found[uid] for uid in asked if uid in found)

    def beginning(self, uid: int) -> bytes | None:
        """The first part of a mail, large enough for any answer; None for one that is gone."""
        fields = f"BODY.PEEK[]<0.{LARGEST_MAIL_BYTES}>"
        return next((one.content for one in self._fetch([uid], fields) if one.uid == uid), None)

    def wait(self, timeout_s: float, slice_s: float, stop: Callable[[], bool]) -> None:
        """Until something happens in the box, `timeout_s` is over, or `stop` says so (asked every `slice_s`)."""
        end_s = time.monotonic() + timeout_s
        if self.can_idle:
            self._box.idle.start()  # type: ignore[no-untyped-call]
        try:
            if self.can_idle and _is_news(_said_already(self._box.client)):
                return
            while not stop() and (left_s := end_s - time.monotonic()) > 0:
                if self._heard(min(slice_s, left_s)):
                    return
        finally:
            if self.can_idle:
                self._box.idle.stop()  # type: ignore[no-untyped-call]
        if not self.can_idle and not stop():
            self._box.client.noop()

    def _heard(self, timeout_s: float) -> bool:
        if self.can_idle:
            began_s = time.monotonic()
            lines = self._box.idle.poll(timeout=timeout_s)
            # Woken by nothing: the connection is gone, and only the next command says so.
            woken_by_nothing = not lines and time.monotonic() - began_s < timeout_s / 2
            return woken_by_nothing or _is_news(lines)
        poller = select.poll()
        poller.register(self._box.client.socket(), select.POLLIN)
        # Without IDLE a server only speaks unasked to say goodbye: the next command finds out.
        return bool(poller.poll(timeout_s * 1000))

    def _number(self, name: str) -> int:
        _, values = self._box.client.response(name)
        return int(values[0]) if values and values[0] else 0

    def _matching(self, criteria: str, least: int) -> list[int]:
        found: list[str] = []
        for _ in range(MOST_SEARCHES):
            self._box.client.response("EXISTS")
            found = self._box.uids(criteria, charset=None)
            # What came in while we searched is told with the answer, and not again by IDLE.
            if self._box.client.response("EXISTS")[1] in ([None], []):
                break
        return sorted(uid for uid in map(int, found) if uid >= least)

    def _fetch(self, uids: list[int], fields: str) -> Iterator[Found]:
        wanted = ",".join(map(str, uids))
        kind, answer = self._box.client.uid("FETCH", wanted, f"(UID INTERNALDATE {fields})")
        if kind != "OK":
            raise imaplib.IMAP4.abort("FETCH refused")
        described = b""
        content: bytes | None = None
        for piece in [*answer, b")"]:
            if isinstance(piece, tuple):
                described, content = piece[0], piece[1]
                continue
            if content is not None:
                described += piece or b""
                if found := _found(described, content):
                    yield found
                content = None


def _is_news(lines: list[bytes]) -> bool:
    """Whether there is more among them than "* OK Still here"."""
    return any(not line.upper().startswith(b"* OK") for line in lines)


def _said_already(client: imaplib.IMAP4) -> list[bytes]:
    """What came in one piece with the answer to IDLE: it is read, and the socket shows nothing of it any more."""
    lines: list[bytes] = []
    connection = client.socket()
    timeout_s = connection.gettimeout()
    connection.settimeout(0)
    try:
        while True:
            lines.append(client._get_line())
    except (OSError, imaplib.IMAP4.abort):
        return lines
    finally:
        connection.settimeout(timeout_s)


@contextmanager
def opened(name: str, server: MailServer, folder: str) -> Iterator[Mailbox]:
    """Log in and open `folder`, and leave in the end.

    Raises, then and inside the block: Unavailable, NeedsLogin with the cure, Broken for a folder that is not there.
    """
    from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

    server.check(name)
    box: BaseMailBox | None = None
    try:
        box = _connected(name, server)
        _log_in(box, server)
        yield Mailbox(box, folder)
    except MailboxLoginError as error:
        if _LATER.search(_words_of(error.command_result)):
            raise Unavailable(f"{name}: {server.host} takes no logins at the moment.") from None
        raise refused_login(name, server) from None
    except MailboxFolderSelectError:
        raise Broken(f"{name}: {server.host} has no mail folder {folder}. Correct its name.") from None
    except imaplib.IMAP4.abort:
        raise Unavailable(f"{name}: {server.host} cut the connection.") from None
    except (imaplib.IMAP4.error, ImapToolsError):
        raise Unavailable(
            f"{name}: {server.host} does not do what we ask. It is asked again later."
        ) from None
    except (OSError, UnicodeError) as error:
        raise unreachable(name, server, error) from None
    finally:
        if box is not None:
            _leave(box)


def _connected(name: str, server: MailServer) -> BaseMailBox:
    from imap_tools.mailbox import MailBox, MailBoxStartTls, MailBoxUnencrypted

    if server.security == "plain":
        return MailBoxUnencrypted(server.host, server.port, timeout=COMMAND_TIMEOUT_S)
    kind = MailBox if server.security == "tls" else MailBoxStartTls
    return kind(server.host, server.port, timeout=COMMAND_TIMEOUT_S, ssl_context=server.tls(name))


def _log_in(box: BaseMailBox, server: MailServer) -> None:
    from imap_tools.errors import MailboxLoginError

    try:
        if (server.user + server.password).isascii():
            box.login(server.user, server.password, initial_folder=None)
        else:
            box.login_utf8(server.user, server.password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxLoginError(("NO", list(error.args)), "OK") from None


def _words_of(result: tuple[object, ...]) -> bytes:
    """What the server said to a command, without believing its shape."""
    words = result[1] if len(result) > 1 else b""
    pieces = words if isinstance(words, list) else [words]
    return b" ".join(piece if isinstance(piece, bytes) else str(piece).encode() for piece in pieces)


def _leave(box: BaseMailBox) -> None:
    try:
        box.client.logout()
    except (imaplib.IMAP4.error, OSError):
        return


def _found(described: bytes, content: bytes) -> Found | None:
    number = re.search(rb"\bUID (\d+)", described)
    if number is None:
        return None
    stamp = re.search(rb'\bINTERNALDATE "([^"]{1,40})"', described)
    return Found(int(number[1]), _instant(stamp[1]) if stamp else None, content)


def _instant(stamp: bytes) -> datetime | None:
    try:
        return parsedate_to_datetime(stamp.decode("ascii").strip().replace("-", " ", 2)).astimezone(UTC)
    except (ValueError, TypeError):
        return None
