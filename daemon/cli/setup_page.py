"""The wizard's part about the page: whether the phone may open it at home, where, and with which passcode."""

from __future__ import annotations

import fcntl
import secrets
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

import click

from daemon.cli.setup_asking import answered, one_of
from daemon.cli.setup_desk import Desk
from daemon.config_page import LISTEN, split_listen
from daemon.config_values import checked
from daemon.options import OPTIONS
from daemon.setup_config import Kept

DIGITS = 8
"""Quick to type on a phone; wrong tries are slowed to a few a day."""
WHAT_FOR = """\
A page for your phone, at home or by VPN: the exact number for an answer, trends, what if. Not reachable from the internet."""
PASSCODE = """\
✔ The page will be at {address}; it opens with the passcode {passcode}
  Write it down now: it is kept in a file of its own and not shown again."""
AS_CONFIGURED = "It stays as [page] of the configuration says; `niggled doctor` looks at it."
HERE_ONLY = f"It opens on this machine only: http://{LISTEN} while `niggled run` runs. `niggled setup --page yes` opens it to the phone."
OWN_PASSCODE = "✔ {name}'s page opens with the passcode {passcode}. Write it down now: it is not shown again."
ANSWERS = ("yes", "no")
OF_CONTAINERS = ("br-", "docker", "lxc", "podman", "veth", "virbr")
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class PageAnswers:
    """What was said about the page by options; None is asked where nobody has said it yet."""

    page: str | None = None
    page_address: str | None = None


def set_up_page(desk: Desk, said: PageAnswers) -> None:
    """Open the page to the home network if that is wanted; for one more athlete of an open page, a passcode."""
    config = desk.config
    if any(key.startswith("page.") for key in config.values):
        if not config.page.is_private and config.athletes[desk.name].passcode is None:
            passcode = new_passcode()
            desk.add({desk.table: {"passcode": Kept(passcode)}})
            click.echo(OWN_PASSCODE.format(name=desk.name, passcode=_grouped(passcode)))
        else:
            click.echo(AS_CONFIGURED)
        return
    if said.page is None:
        click.echo(WHAT_FOR)
    if answered("Shall there be one?", one_of(ANSWERS), "--page", said.page, proposal="no") == "no":
        click.echo(HERE_ONLY)
        return
    port = split_listen(LISTEN)[1]
    here = own_address()
    address = answered(
        "How does the phone reach this machine?",
        _address,
        "--page-address",
        said.page_address,
        proposal=None if here is None else f"http://{here}:{port}",
    )
    passcode = new_passcode()
    settings = {"listen": f"0.0.0.0:{port}", "address": address}
    desk.add({desk.table: {"passcode": Kept(passcode)}, "page": settings})
    click.echo(PASSCODE.format(address=address, passcode=_grouped(passcode)))


def new_passcode() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(DIGITS))


def own_address() -> str | None:
    """This machine's address in the home network, as its interfaces tell it; nobody is asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            if name.startswith(OF_CONTAINERS):
                continue
            try:
                told = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # it has none
            address = socket.inet_ntoa(told[20:24])
            if ip_address(address).is_private and not ip_address(address).is_loopback:
                return address
    return None


def _address(text: str) -> str:
    option = next(one for one in OPTIONS if one.key == "page.address")
    return str(checked(option, text))


def _grouped(passcode: str) -> str:
    """ "48271934" -> "4827 1934": spaces do not count when it is typed."""
    return f"{passcode[:4]} {passcode[4:]}"
