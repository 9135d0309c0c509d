"""Where mail goes out or comes in: host, encryption, login. Shared by sending (SMTP) and reading (IMAP)."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal

from connectors.errors import Broken, NeedsLogin, Unavailable

type Security = Literal["tls", "starttls", "plain"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """`security`: `tls` from the first byte, `starttls`, or `plain`, which is for this machine only. No `user`: no login.

    `ca_file` holds the certificate of a server that signs its own.
    """

    host: str
    port: int
    security: Security = "tls"
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: str | None = None

    def check(self, name: str) -> None:
        """Raises Broken where a password would cross the network in the clear."""
        if self.security == "plain" and not _is_this_machine(self.host):
            raise Broken(
                f'{name}: without encryption mail goes to this machine only. Set the security to "tls" or "starttls".'
            )

    def tls(self, name: str) -> ssl.SSLContext:
        """Certificates are checked, always. Raises Broken where `ca_file` cannot be read."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            raise Broken(f"{name}: the certificate file {self.ca_file} cannot be read.") from None


def unreachable(
    name: str, server: MailServer, error: Exception, *, may_have_arrived: bool = False
) -> Unavailable:
    """What a network fault means, in words without a server's own."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unavailable(
            f"{name}: the certificate of {server.host} does not hold. "
            "Correct the host name, or name the server's own certificate file."
        )
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        what = "did not answer in time"
    elif isinstance(error, ssl.SSLError):
        what = "does not speak TLS here: see whether port and security go together"
    elif isinstance(error, ConnectionRefusedError):
        what = "refuses the connection: see whether it is up and the port is right"
    elif isinstance(error, socket.gaierror):
        what = "is not found: see whether the name is right and the network is up"
    else:
        what = "could not be reached, or the connection was cut"
    return Unavailable(f"{name}: {server.host} {what}.", may_have_arrived=may_have_arrived)


def refused_login(name: str, server: MailServer) -> NeedsLogin:
    """The cure that fits nearly everybody: providers with two-step sign-in take app passwords only."""
    cure = (
        f"Put an app password for {server.host} into the password of channel {name} "
        f"(made in the security settings of the mail account), then run `niggled test-alert {name}`."
    )
    return NeedsLogin("login", f"{name}: {server.host} refuses our login. {cure}")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
