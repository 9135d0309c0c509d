"""One channel through Apprise: ntfy, mail, Telegram, Pushover and a hundred other services behind one URL.

The URL is a secret (on ntfy.sh the topic is the password), and Apprise writes topics and addresses into its own log.
So its log goes nowhere, and what we tell is only the service's name, the kind of refusal and the cure.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from connectors.channels.contract import OutgoingMessage, Receipt
from connectors.errors import Broken, NeedsLogin, Unavailable

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult, NotifyBase
    from apprise.result import NotifyResult

SERVICE_TIMEOUT_S = 60.0
# Apprise gives up after 4 s; a slow home server has the message by then, and trying again would repeat it.
CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 45.0
KEY_HEADER = "X-Niggled-Key"


class AppriseChannel:
    """Sends to the one service behind `url`; `name` is what the configuration calls it."""

    def __init__(self, name: str, url: str, *, service_timeout_s: float = SERVICE_TIMEOUT_S) -> None:
        self.name = name
        self._url = url
        self._service_timeout_s = service_timeout_s

    def __repr__(self) -> str:
        return f"AppriseChannel({self.name!r})"

    def check(self) -> None:
        """Raises Broken where Apprise cannot read the URL. Nothing is sent."""
        _silence_apprise()
        self._sender(OutgoingMessage(key="check", title="", body=""))

    def send(self, message: OutgoingMessage) -> Receipt:
        """Deliver one message; only Apprise's SUCCESS counts as sent.

        Raises Broken where no service was asked or only some were reached, NeedsLogin where the service refuses our
        token, Unavailable for the rest (`may_have_arrived` where we stopped waiting).
        """
        _silence_apprise()  # before the import: that logs, too
        from apprise.result import AppriseResultStatus

        sender = self._sender(message)
        result = sender.notify(body=body_of(message), title=message.title)
        if result.status == AppriseResultStatus.SUCCESS:
            return Receipt(service=_names(result), elapsed_s=result.elapsed)
        if result.status == AppriseResultStatus.NOMATCH:
            raise Broken(f"{self.name}: nobody was told, the URL names no service. {self._url_cure()}")
        if result.status == AppriseResultStatus.PARTIAL:
            raise Broken(self._partly(result))
        if result.status == AppriseResultStatus.TIMEOUT:
            raise Unavailable(
                f"{self.name} ({_names(result)}): no answer within {self._service_timeout_s:.0f} s; "
                "it may still arrive. See whether the server is up and reachable.",
                may_have_arrived=True,
            )
        raise self._refusal(result)

    def _sender(self, message: OutgoingMessage) -> Apprise:
        """A new object for every message: Apprise makes a used one sleep 5.5 s before it sends again."""
        from apprise import Apprise, AppriseAsset

        asset = AppriseAsset(
            app_id="niggled",
            app_desc="niggled",
            app_url="",
            # Else the phone would fetch an icon from a server that the runner did not name.
            image_url_mask="",
            image_url_logo="",
            storage_mode="memory",
            service_timeout=self._service_timeout_s,
        )
        sender = Apprise(asset=asset)
        if not sender.add(self._url):
            raise Broken(f"{self.name}: nobody was told, Apprise cannot read the URL. {self._url_cure()}")
        for service in sender:
            _prepare(service, message.key)
        return sender

    def _url_cure(self) -> str:
        return f"Correct `url` of channel {self.name}, then run `niggled test-alert {self.name}`."

    def _partly(self, result: AppriseResult) -> str:
        reached = ", ".join(part.name for part in result if part)
        missed = ", ".join(f"{part.name} ({_reason(part)[0]})" for part in result if not part)
        return (
            f"{self.name}: {reached} took the message, {missed} did not. "
            "Give each service a channel of its own, so that only the one that failed is tried again."
        )

    def _refusal(self, result: AppriseResult) -> Unavailable | NeedsLogin:
        reason, status = next(
            (_reason(part) for part in result if not part), ("did not take the message", None)
        )
        if status in {401, 403}:
            return NeedsLogin(
                "login",
                f"{self.name} ({_names(result)}) {reason}. Renew the token or password in `url` of channel "
                f"{self.name}, then run `niggled test-alert {self.name}`.",
            )
        cure = "" if status == 429 else " See whether the server is up and the address is right."
        return Unavailable(f"{self.name} ({_names(result)}): {reason}.{cure}")


def body_of(message: OutgoingMessage) -> str:
    """The text; these services have no way back, so the link to answer at stands below it."""
    # Without a body Apprise refuses to send at all.
    text = message.body or message.title
    link = None if message.question is None else message.question.link
    return text if link is None else f"{text}\nAnswer: {link}"


def load() -> None:
    """Load Apprise and its services (half a second, 50 MB) now, not inside the first call to a channel."""
    _silence_apprise()
    from apprise import Apprise

    Apprise.instantiate("json://localhost", suppress_exceptions=True)


def _prepare(service: NotifyBase, key: str) -> None:
    """Longer waits than Apprise's own, and our key as a header where the service can carry one."""
    service.socket_connect_timeout = max(service.socket_connect_timeout, CONNECT_TIMEOUT_S)
    service.socket_read_timeout = max(service.socket_read_timeout, READ_TIMEOUT_S)
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        headers[KEY_HEADER] = key
        if service.service_name == "E-Mail":
            headers["Auto-Submitted"] = "auto-generated"


def _names(result: AppriseResult) -> str:
    return ", ".join(dict.fromkeys(str(part.name) for part in result)) or "no service"


def _reason(part: NotifyResult) -> tuple[str, int | None]:
    """What went wrong in words without an address, and the HTTP status if there was one.

    Apprise keeps neither; both are read from the text it logged ("error=503", ntfy's own "error=42901").
    """
    text = " ".join(entry.message for entry in part.logs())
    if found := re.search(r"error=(\d{3})", text):
        status = int(found[1])
        if status in {401, 403}:
            return f"refuses our login (HTTP {status})", status
        if status == 429:
            return "too many messages (HTTP 429)", status
        if status >= 500:
            return f"trouble at the server (HTTP {status})", status
        return f"did not take the message (HTTP {status})", status
    if "onnection error" in text:
        return "no connection, or it was cut", None
    return "did not take the message", None


def _silence_apprise() -> None:
    log = logging.getLogger("apprise")
    if log.propagate:
        log.addHandler(logging.NullHandler())
        log.propagate = False
