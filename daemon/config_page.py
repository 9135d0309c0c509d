"""What the configuration says of the phone page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LISTEN = "127.0.0.1:8642"


@dataclass(frozen=True, slots=True)
class PageConfig:
    """`host` and `port`: where it listens. `address`: how phones reach it, None where nobody said so. `behind_proxy`: a
    proxy on this machine tells the visitor's own address."""

    on: bool = True
    host: str = "127.0.0.1"
    port: int = 8642
    address: str | None = None
    behind_proxy: bool = False

    @property
    def base_url(self) -> str | None:
        """What a link in a message begins with; None where no phone could open it."""
        if not self.on:
            return None
        if self.address is not None:
            return self.address
        if _is_loopback(self.host) or ip_address(self.host).is_unspecified:
            return None
        return f"http://{self.written_host}:{self.port}"

    @property
    def here(self) -> str:
        """Where a browser on this very machine finds it."""
        host = self.host
        if ip_address(host).is_unspecified:
            host = "127.0.0.1" if ip_address(host).version == 4 else "::1"
        return f"http://{_bracketed(host)}:{self.port}"

    @property
    def written_host(self) -> str:
        return _bracketed(self.host)

    @property
    def is_private(self) -> bool:
        """Only this machine itself can reach it."""
        if not self.on:
            return True
        named = urlsplit(self.address).hostname if self.address else None
        return _is_loopback(self.host) and (named is None or _is_loopback(named))


def page_config(values: Mapping[str, object]) -> PageConfig:
    """The checked `values` -> PageConfig."""
    host, port = split_listen(str(values.get("page.listen", LISTEN)))
    address = values.get("page.address")
    return PageConfig(
        on=values.get("page.on", "on") == "on",
        host=host,
        port=port,
        address=None if address is None else str(address),
        behind_proxy=values.get("page.behind_proxy", "off") == "on",
    )


def split_listen(text: str) -> tuple[str, int]:
    """ "192.168.1.20:8642" or "[::1]:8642" -> (address, port). Raises ValueError with what it should be."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
    except ValueError:
        host = ""
    if not colon or not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("must be a numeric address and a port")
    return host, int(port)


def complain_of_open_door(
    page: PageConfig, closed: Mapping[str, bool], complain: Callable[[str, str], None]
) -> None:
    """`closed` tells of each athlete whether there is a passcode. A page that others can reach needs one; an athlete without
    has no page then, but for the links in messages."""
    if not page.is_private and not any(closed.values()):
        key = f"athletes.{next(iter(closed))}.passcode"
        complain(
            key,
            f"{key}: is missing, and [page] lets other machines in. "
            'Example: passcode = { credential = "passcode" }',
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
