"""A provider's submission server on loopback: logins, TLS, and every way of saying no (aiosmtpd)."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from fakes.smtp import AnyPort, Mail, MailServer

USER, PASSWORD = "robin@example.org", "abcd-efgh-ijkl"


class Submission(MailServer):
    """`answers` replaces the answer to MAIL, RCPT or DATA; `cut_after_data` takes the mail and hangs up; `wait_s` passes
    between the mail and the answer to it.

    `logins`: USER with PASSWORD has to log in; `login_answer` replaces what a login is told.
    """

    def __init__(
        self,
        *,
        logins: bool = False,
        login_answer: str | None = None,
        certificate: tuple[Path, Path] | None = None,
        tls_at_once: bool = False,
    ) -> None:
        self.mails: list[Mail] = []
        self.refuse = False
        self.answers: dict[str, str] = {}
        self.cut_after_data = False
        self.wait_s = 0.0
        self.raw: list[bytes] = []
        self._login_answer = login_answer
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate)
        self._controller = AnyPort(
            self,
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if tls_at_once else None,
            tls_context=None if tls_at_once else context,
            authenticator=self._authenticated if logins else None,
            auth_required=logins,
            auth_require_tls=False,
        )

    def _authenticated(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        if self._login_answer is not None:
            return AuthResult(success=False, handled=False, message=self._login_answer)
        right = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.answers.get("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if answer := self.answers.get("DATA"):
            return answer
        content = envelope.original_content
        assert content is not None
        self.raw.append(content)
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.wait_s)
        if self.cut_after_data:
            server.transport.abort()
        return answer


def certificate_in(folder: Path) -> tuple[Path, Path] | None:
    """A certificate for localhost that signs itself, and its key; None where openssl is not installed."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    try:
        subprocess.run(
            [*command, *subject, "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        return None
    return certificate, key
