"""Loaded by every Python child of a test (through PYTHONPATH): no connection and no look-up leaves this machine, and
niggled's clock shows what the test says."""

import ipaddress
import os
import socket
import time
from datetime import datetime, timedelta

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class InternetForbiddenError(RuntimeError):
    """A test tried to reach the internet."""


def _is_local(host):
    if host in (None, "", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _check(sock, address):
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise InternetForbiddenError(f"a test tried to reach {address[0]}")


def connect(self, address):
    _check(self, address)
    return _connect(self, address)


def connect_ex(self, address):
    _check(self, address)
    return _connect_ex(self, address)


def getaddrinfo(host, *args, **kwargs):
    if not _is_local(host):
        raise InternetForbiddenError(f"a test tried to look up {host}")
    return _getaddrinfo(host, *args, **kwargs)


def install():
    socket.socket.connect = connect
    socket.socket.connect_ex = connect_ex
    socket.getaddrinfo = getaddrinfo


def set_clock():
    """`TESTS_SAY_IT_IS` is an instant and the second of the machine's monotonic clock that it belongs to; the time goes on
    from there, in every process alike."""
    if said := os.environ.get("TESTS_SAY_IT_IS"):
        from daemon.clock import SystemClock

        instant, origin_s = said.split()
        start = datetime.fromisoformat(instant) - timedelta(seconds=float(origin_s))
        SystemClock.now = lambda self: start + timedelta(seconds=time.monotonic())


install()
set_clock()
