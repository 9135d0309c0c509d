"""Mail out by SMTP, with headers of our own: the thread of a question stays together and a repeat is recognisable."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage

from connectors.channels.contract import OutgoingMessage, Receipt
from connectors.channels.email_message import Addresses, compose
from connectors.channels.email_server import MailServer, refused_login, unreachable
from connectors.errors import Broken, Unavailable

STEP_TIMEOUT_S = 20.0
# A server that sends a byte now and then never runs into a step's timeout.
WHOLE_TIMEOUT_S = 90.0
# What smtplib says where it finds no name; the machine's own name is nobody's business.
OUR_NAME = "[127.0.0.1]"
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})


class EmailChannel:
    """Sends to one runner's mailbox. `now` dates the mails."""

    def __init__(
        self,
        name: str,
        server: MailServer,
        addresses: Addresses,
        now: Callable[[], datetime],
        *,
        step_timeout_s: float = STEP_TIMEOUT_S,
        whole_timeout_s: float = WHOLE_TIMEOUT_S,
    ) -> None:
        self.name = name
        self.addresses = addresses
        self._server = server
        self._now = now
        self._step_timeout_s = step_timeout_s
        self._whole_timeout_s = whole_timeout_s

    def __repr__(self) -> str:
        return f"EmailChannel({self.name!r})"

    def check(self) -> None:
        """Raises Broken where the settings cannot be used. Nothing is sent."""
        self._server.check(self.name)
        self._composed(OutgoingMessage(key="check", title="", body=""))

    def send(self, message: OutgoingMessage) -> Receipt:
        """Deliver one message to the mail server, which takes it from there.

        Raises Unavailable (`may_have_arrived` where the answer to the whole mail was missed), NeedsLogin where the login is
        refused, Broken where the server will never take this mail or this address.
        """
        self._server.check(self.name)
        mail = self._composed(message)
        began_s = time.monotonic()
        with self._session() as smtp:
            self._log_in(smtp)
            self._hand_over(smtp, mail)
        return Receipt("E-Mail", time.monotonic() - began_s, reference=str(mail["Message-ID"]))

    def _composed(self, message: OutgoingMessage) -> EmailMessage:
        try:
            return compose(message, self.addresses, self._now())
        except Broken as error:
            raise Broken(f"{self.name}: {error}.") from None

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted as configured, that ends in bearable time whatever the server does."""
        context = None if self._server.security == "plain" else self._server.tls(self.name)
        smtp = self._opened(context)
        end = threading.Timer(self._whole_timeout_s, _cut, (smtp,))
        end.daemon = True
        end.start()
        try:
            smtp.connect(self._server.host, self._server.port)
            if self._server.security == "starttls":
                smtp.starttls(context=context)
            yield smtp
        except smtplib.SMTPNotSupportedError:
            raise Broken(
                f"{self.name}: {self._server.host} offers no encryption or no login here. Correct its port or security."
            ) from None
        except smtplib.SMTPConnectError as error:
            raise Unavailable(
                f"{self.name}: {self._server.host} turns us away ({error.smtp_code})."
            ) from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise unreachable(self.name, self._server, error) from None
        finally:
            _leave(smtp)
            end.cancel()

    def _opened(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        """Not connected yet: the constructor would do that out of the clock's reach."""
        if self._server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=OUR_NAME, timeout=self._step_timeout_s, context=context
            )
        else:
            smtp = smtplib.SMTP(local_hostname=OUR_NAME, timeout=self._step_timeout_s)
        # The name that the certificate is checked against; only the constructor sets it.
        smtp._host = self._server.host  # type: ignore[attr-defined]
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        user, password = self._server.user, self._server.password
        if not user:
            return
        smtp.ehlo_or_helo_if_needed()
        try:
            if (user + password).isascii():
                smtp.login(user, password)
                return
            secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
            code, _ = smtp.docmd("AUTH", f"PLAIN {secret}")
        except smtplib.SMTPAuthenticationError as error:
            code = error.smtp_code
        if code >= 500:
            raise refused_login(self.name, self._server)
        if code >= 300:
            raise Unavailable(f"{self.name}: {self._server.host} takes no logins at the moment ({code}).")

    def _hand_over(self, smtp: smtplib.SMTP, mail: EmailMessage) -> None:
        smtp.ehlo_or_helo_if_needed()
        content = mail.as_bytes()
        size = [f"size={len(content)}"] if smtp.has_extn("size") else []
        self._expect(smtp.mail(self.addresses.ours, size)[0], "mail from our address")
        self._expect(smtp.rcpt(self.addresses.runner)[0], "mail to the runner's address")
        self._expect(smtp.docmd("DATA")[0], "this mail")
        smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        try:
            code = smtp.getreply()[0]
        except (OSError, smtplib.SMTPException) as error:
            raise unreachable(self.name, self._server, error, may_have_arrived=True) from None
        self._expect(code, "this mail")

    def _expect(self, code: int, what: str) -> None:
        """Raises what a refusal means: 4xx is for later, 5xx for good."""
        if 200 <= code < 400:
            return
        host = self._server.host
        if code in _NOT_LOGGED_IN:
            raise refused_login(self.name, self._server)
        if code >= 500:
            raise Broken(
                f"{self.name}: {host} refuses {what} ({code}). See whether the addresses of channel {self.name} are right."
            )
        raise Unavailable(f"{self.name}: {host} does not take {what} now ({code}).")


def _cut(smtp: smtplib.SMTP) -> None:
    """End a connection whatever somebody else waits for in it."""
    if smtp.sock is not None:
        try:
            smtp.sock.shutdown(2)
        except OSError:
            return


def _leave(smtp: smtplib.SMTP) -> None:
    """The mail is taken or refused by now: how the goodbye goes is nobody's worry."""
    try:
        if smtp.sock is not None:
            smtp.quit()
    except (OSError, smtplib.SMTPException):
        pass
    finally:
        smtp.close()
