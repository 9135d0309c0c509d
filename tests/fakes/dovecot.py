"""A dovecot of our own on loopback: IMAP to read, LMTP to deliver, mailboxes in a temporary folder."""

from __future__ import annotations

import contextlib
import grp
import imaplib
import itertools
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes.ports import free_port

PASSWORD = "kneecap-4711"
START_TIMEOUT_S = 60.0

# 2.4 has another language for what 2.3 says here.
OLD_MAILS = "mail_location = maildir:{mails}/%u"
OLD_USERS = f"""
passdb {{{{
  driver = static
  args = password={PASSWORD}
}}}}
userdb {{{{
  driver = static
  args = uid={{uid}} gid={{gid}} home={{mails}}/%u allow_all_users=yes
}}}}
"""
NEW_HEAD = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0"
NEW_MAILS = "mail_driver = maildir\nmail_path = {mails}/%{{user}}"
NEW_USERS = f"""
passdb static {{{{
  password = {PASSWORD}
}}}}
userdb static {{{{
  allow_all_users = yes
  fields {{{{
    uid = {{uid}}
    gid = {{gid}}
    home = {{mails}}/%{{{{user}}}}
  }}}}
}}}}
"""


def program() -> str | None:
    """Where dovecot is; system folders are not on every user's path."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@cache
def version() -> tuple[int, ...]:
    """(2, 3), (2, 4), …"""
    executable = program()
    assert executable is not None
    told = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in told.split(".")[:2])


class Dovecot:
    """The server. Every address has a mailbox that PASSWORD opens. `start` and `stop` may be called again and again."""

    def __init__(self, folder: Path, *, idle: bool, certificate: tuple[Path, Path] | None) -> None:
        self.folder = folder
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = folder / "dovecot.conf"
        self._addresses = itertools.count(1)
        self._prepare(idle=idle, certificate=certificate)

    def address(self, name: str) -> str:
        """One whose mailbox is still empty."""
        return f"{name}{next(self._addresses)}@example.org"

    def _prepare(self, *, idle: bool, certificate: tuple[Path, Path] | None) -> None:
        # As root dovecot insists on users of its own without rights; as anybody else it can only be that one.
        as_root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid()).pw_name
        internal, login = ("dovecot", "dovenull") if as_root else (me, me)
        mail_user = pwd.getpwnam(internal)
        mails = self.folder / "mails"
        mails.mkdir()
        new = version() >= (2, 4)
        encryption = "ssl = no"
        if certificate is not None:
            names = (
                ("ssl_server_cert_file = ", "ssl_server_key_file = ")
                if new
                else ("ssl_cert = <", "ssl_key = <")
            )
            encryption = "\n".join(
                ["ssl = yes", *(f"{name}{path}" for name, path in zip(names, certificate, strict=True))]
            )
        if as_root:
            self.folder.chmod(0o755)
            os.chown(mails, mail_user.pw_uid, mail_user.pw_gid)
        self._configuration.write_text(
            f"""{NEW_HEAD if new else ""}
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
protocols = imap lmtp
listen = 127.0.0.1
{encryption}
{"auth_allow_cleartext = yes" if new else "disable_plaintext_auth = no"}
auth_failure_delay = {"0 secs" if new else "0"}
default_internal_user = {internal}
default_internal_group = {grp.getgrgid(mail_user.pw_gid).gr_name}
default_login_user = {login}
mail_uid = {mail_user.pw_uid}
mail_gid = {mail_user.pw_gid}
first_valid_uid = 1
first_valid_gid = 1
{(NEW_MAILS if new else OLD_MAILS).format(mails=mails)}
mail_fsync = never
mailbox_idle_check_interval = 1s
recipient_delimiter = +
{"" if idle else "imap_capability = IMAP4rev1 UNSELECT UIDPLUS"}
{(NEW_USERS if new else OLD_USERS).format(mails=mails, uid=mail_user.pw_uid, gid=mail_user.pw_gid)}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = {self.imaps_port if certificate else 0}
  }}
}}
service anvil {{
  chroot =
  # Else every wrong password makes all later logins slower.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {self.lmtp_port}
  }}
}}
"""
        )

    def start(self) -> None:
        executable = program()
        assert executable is not None
        self._process = subprocess.Popen(
            [executable, "-F", "-c", str(self._configuration)],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end_s = time.monotonic() + START_TIMEOUT_S
        while not (_answers(self.imap_port, b"* OK") and _answers(self.lmtp_port, b"220")):
            assert self._process.poll() is None, self.why()
            assert time.monotonic() < end_s, self.why()
            time.sleep(0.05)

    def why(self) -> str:
        """What the server itself says, for a test that failed."""
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else "dovecot wrote no log"

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=START_TIMEOUT_S)
        # What serves a client that is still there outlives the master.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process = None

    def deliver(self, mail: EmailMessage | bytes, to: str, sender: str = "runner@example.org") -> None:
        """By LMTP, as a mail server would, to `to` or `to` with a plus-address."""
        content = mail if isinstance(mail, bytes) else mail.as_bytes()
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=START_TIMEOUT_S) as lmtp:
            lmtp.sendmail(sender, [to], content)

    @contextlib.contextmanager
    def mailbox(self, user: str) -> Iterator[imaplib.IMAP4]:
        """The mailbox as its owner's mail client opens it."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=START_TIMEOUT_S) as client:
            client.login(user, PASSWORD)
            client.select()
            yield client

    def mails(self, user: str) -> list[bytes]:
        """Everything in a mailbox, the oldest first."""
        with self.mailbox(user) as client:
            _, (numbers,) = client.search(None, "ALL")
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers.split()]

    def flags(self, user: str) -> bytes:
        """The marks of every mail, as the server writes them."""
        with self.mailbox(user) as client:
            return b" ".join(line for line in client.fetch("1:*", "(FLAGS)")[1] if isinstance(line, bytes))

    def number_anew(self, user: str) -> None:
        """The mails stay, their numbers and the UIDVALIDITY change: what a restored or moved mailbox looks like."""
        for path in (self.folder / "mails" / user).glob("dovecot*"):
            if "uidvalidity" not in path.name:
                path.unlink()


def _answers(port: int, greeting: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            return probe.recv(100).startswith(greeting)
    except OSError:
        return False


@contextlib.contextmanager
def running(*, idle: bool = True, certificate: tuple[Path, Path] | None = None) -> Iterator[Dovecot]:
    """A started server, gone in the end. Skips the test where dovecot is not installed."""
    if program() is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS") == "1":
            pytest.fail("no dovecot here (install the packages dovecot-imapd and dovecot-lmtpd)")
        pytest.skip("no dovecot here")
    # Not under pytest's own folder: root's is closed to dovecot's users, and a socket's path must be short.
    with TemporaryDirectory(prefix="niggled-imap-", dir="/tmp") as folder:
        server = Dovecot(Path(folder), idle=idle, certificate=certificate)
        server.start()
        try:
            yield server
        finally:
            server.stop()
