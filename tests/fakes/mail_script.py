"""An IMAP server that is exact about when it says what: for what a real one does only once in a hundred times."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Self


class ImapScript:
    """`arrives_with_search` comes in while the second search runs, and is told with its answer; `arrives_with_idle` is told
    in one piece with the answer to the first IDLE. `login_answer` replaces "OK"."""

    def __init__(self, *, login_answer: str = "OK logged in") -> None:
        self.mails: list[bytes] = []
        self.arrives_with_search: bytes | None = None
        self.arrives_with_idle: bytes | None = None
        self._login_answer = login_answer
        self._searches = 0
        script = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                script.talk(self.rfile, self.connection)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def talk(self, said: Any, connection: socket.socket) -> None:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n")
        for line in said:
            tag, _, command = line.decode().strip().partition(" ")
            answer = self.answer(tag, command)
            connection.sendall(answer)
            if command == "IDLE":
                said.readline()
                connection.sendall(f"{tag} OK idle ended\r\n".encode())

    def answer(self, tag: str, command: str) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        match command.split()[:2]:
            case ["LOGIN", _]:
                return f"{tag} {self._login_answer}\r\n".encode()
            case ["CAPABILITY"]:
                return b"* CAPABILITY IMAP4rev1 IDLE\r\n" + done
            case ["EXAMINE", _]:
                return (
                    b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %d] x\r\n"
                    % (
                        len(self.mails),
                        len(self.mails) + 1,
                    )
                    + f"{tag} OK [READ-ONLY] done\r\n".encode()
                )
            case ["UID", "SEARCH"]:
                self._searches += 1
                found = self._found(command)
                return found + (self._told("arrives_with_search") if self._searches == 2 else b"") + done
            case ["UID", "FETCH"]:
                numbers = re.findall(r"\d+", command.split()[2])
                return b"".join(self._mail(int(number)) for number in numbers) + done
            case ["IDLE"]:
                return b"+ idling\r\n" + self._told("arrives_with_idle")
        return done

    def _found(self, command: str) -> bytes:
        first = re.search(r"UID (\d+):\*", command)
        uids = range(1, len(self.mails) + 1)
        wanted = [uid for uid in uids if first is None or uid >= int(first[1])] or list(uids)[-1:]
        return b"* SEARCH " + " ".join(map(str, wanted)).encode() + b"\r\n"

    def _told(self, moment: str) -> bytes:
        arrives = getattr(self, moment)
        if arrives is None:
            return b""
        setattr(self, moment, None)
        self.mails.append(arrives)
        return b"* %d EXISTS\r\n" % len(self.mails)

    def _mail(self, uid: int) -> bytes:
        mail = self.mails[uid - 1]
        stamp = b'UID %d INTERNALDATE "09-Jun-2026 10:15:00 +0200"' % uid
        return b"* %d FETCH (%s BODY[]<0> {%d}\r\n%s)\r\n" % (uid, stamp, len(mail), mail)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
