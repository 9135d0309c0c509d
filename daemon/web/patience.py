"""Wrong passcodes and forged links are slowed: a few tries are free, then every further one waits twice as long."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

FREE = 5
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
ADDRESSES = 1000
"""So many are remembered; the one not heard of for longest makes room."""
EVERYBODY_WITHIN, EVERYBODY_FREE, EVERYBODY_WAIT = timedelta(hours=1), 100, timedelta(minutes=1)
"""Tries from ever new addresses together have a limit as well."""


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: datetime


class Patience:
    """Counts failures by address (an IPv6 household is one), within this process."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()
        self._recent: deque[datetime] = deque(maxlen=EVERYBODY_FREE)

    def wait(self, address: str, now: datetime) -> timedelta:
        """How long this address has to wait before its next try; zero where it need not."""
        own = self._by_address.get(_household(address))
        until = now
        if own is not None and own.count >= FREE and now - own.last_at < FORGOTTEN_AFTER:
            steps = min(own.count - FREE, 16)
            until = max(until, own.last_at + min(FIRST_WAIT * 2**steps, LONGEST_WAIT))
        if len(self._recent) == EVERYBODY_FREE and now - self._recent[0] < EVERYBODY_WITHIN:
            until = max(until, self._recent[-1] + EVERYBODY_WAIT)
        return until - now

    def failed(self, address: str, now: datetime) -> int:
        """Note a failure; how many there have been in a row."""
        household = _household(address)
        own = self._by_address.pop(household, None)
        count = 1 if own is None or now - own.last_at >= FORGOTTEN_AFTER else own.count + 1
        self._by_address[household] = _Failures(count, now)
        if len(self._by_address) > ADDRESSES:
            self._by_address.popitem(last=False)
        self._recent.append(now)
        return count

    def succeeded(self, address: str) -> None:
        """The right one: what came before from there is forgotten."""
        self._by_address.pop(_household(address), None)


def _household(address: str) -> str:
    """An IPv4 address as it is; the first 64 bits of an IPv6 one, of which a guest has the rest to choose from."""
    try:
        found = ip_address(address.partition("%")[0])  # a link-local one names its interface
    except ValueError:
        return "?"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return found.exploded[:19]
    return str(found)
