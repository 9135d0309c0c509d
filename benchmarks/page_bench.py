"""The phone page on a generated history of eight years: server time and bytes over the wire of every page.

`python benchmarks/page_bench.py [--years 8] [--json FILE]`. The page's own child is served for real on loopback. CPU is read off
`/proc` around a number of requests; bytes are those of a browser's first visit, packed as it takes them, with headers. Figures
only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cost import Cost, Line, report
from import_bench import private_home
from long_store import fill
from sync_bench import middle

from daemon import config as configuration
from daemon.store.engine import open_store

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
REPEATS, STARTS = 40, 5
LOADED = re.compile(
    r'<(?:link rel="(?:stylesheet|icon|apple-touch-icon|manifest)"|script|img)[^>]*?(?:href|src)="([^"]+)"'
)
LINKED = re.compile(r'href="(/(?:runs/\d+|messages/[^"?#]+|findings/\d+))"')
PAGES = {
    "/": "Today",
    "/trends": "Trends",
    "/runs": "Runs",
    "/what-if": "What if",
    "/strength": "Strength",
    "/messages": "Messages",
    "/settings": "Settings",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back for one address: as it went over the wire, headers included, and unpacked."""

    wire_bytes: int
    text: str


class Server:
    """The page's child on a socket of ours, as the daemon starts it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        handle = self._listening.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli.main", "page", "--socket", str(handle)],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment},
            stdin=subprocess.PIPE,
            pass_fds=[handle],
        )

    def get(self, path: str) -> Loaded:
        with socket.create_connection(("127.0.0.1", self.port)) as visitor:
            asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            visitor.sendall(asked.encode())
            answer = b"".join(iter(lambda: visitor.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            sys.exit(f"{path}: {head.decode('latin-1').splitlines()[0]}")
        return Loaded(len(answer), _unpacked(head, body))

    def cpu_s(self) -> float:
        """User and system time of the child so far, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        self._listening.close()


def _unpacked(head: bytes, body: bytes) -> str:
    packed = re.search(rb"(?im)^content-encoding: gzip", head)
    return (gzip.decompress(body) if packed else body).decode("utf-8", "replace")


@contextmanager
def served(environment: dict[str, str]) -> Iterator[Server]:
    server = Server(environment)
    try:
        yield server
    finally:
        server.close()


def cold(environment: dict[str, str]) -> tuple[Cost, Cost]:
    """A child that has just been started: its start until it answers at all, then its first Today; the middle of some."""
    starts, firsts = [], []
    for _ in range(STARTS):
        began_s = time.monotonic()
        with served(environment) as server:
            server.get("/assets/icon.svg")
            up_s, up_cpu_s, up_mb = time.monotonic(), server.cpu_s(), server.peak_mb()
            server.get("/")
            starts.append(Cost(up_cpu_s, up_s - began_s, up_mb))
            firsts.append(Cost(server.cpu_s() - up_cpu_s, time.monotonic() - up_s, server.peak_mb()))
    return middle(starts), middle(firsts)


def warm(server: Server, path: str) -> Cost:
    """One request, the mean of many."""
    for _ in range(3):
        server.get(path)
    before_s, before_cpu_s = time.monotonic(), server.cpu_s()
    for _ in range(REPEATS):
        server.get(path)
    return Cost((server.cpu_s() - before_cpu_s) / REPEATS, (time.monotonic() - before_s) / REPEATS)


def first_visit(server: Server, path: str) -> tuple[int, int]:
    """Bytes over the wire of a browser that has nothing yet: the page alone, and with all it links to."""
    page = server.get(path)
    rest = sum(server.get(asset).wire_bytes for asset in dict.fromkeys(LOADED.findall(page.text)))
    return page.wire_bytes, page.wire_bytes + rest


def pages_of(server: Server) -> dict[str, str]:
    """Address -> name: the pages with an address of their own, and one of each kind that lists lead to."""
    runs = linked(server, "/runs", "/runs/")
    (message, *_) = linked(server, "/messages", "/messages/")
    findings = (link for run in runs for link in linked(server, run, "/findings/"))
    return PAGES | {runs[0]: "a run", message: "a message", next(findings): "a finding"}


def linked(server: Server, path: str, prefix: str) -> list[str]:
    return [link for link in LINKED.findall(server.get(path).text) if link.startswith(prefix)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=8)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="niggled-bench-") as folder:
        environment = private_home(Path(folder))
        home = Path(environment["NIGGLED_HOME"])
        config = configuration.load(None, home)
        store = open_store(config.store_url.value())
        fill(store, config.athletes["me"], arguments.years, datetime.now(UTC))
        store.close()
        start, first = cold(environment)
        lines.append(Line("page: its child starts", start))
        lines.append(Line(f"page: Today, the child's first answer, {arguments.years} years", first))
        with served(environment) as server:
            for path, name in pages_of(server).items():
                alone, all_of_it = first_visit(server, path)
                what = f"page: {name}, {alone / 1000:.1f} kB, first visit {all_of_it / 1000:.1f} kB"
                budget = "50 ms, 60 kB" if path == "/" else ""
                lines.append(Line(what, warm(server, path), budget))
            lines.append(
                Line("page: the child after all of this", Cost(server.cpu_s(), 0.0, server.peak_mb()))
            )
    report(lines, arguments.json)


if __name__ == "__main__":
    main()
