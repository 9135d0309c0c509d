"""`niggled page` under a clock that the test sets: `steered_page.py CONFIG CLOCK DESCRIPTOR`, and how a test starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.clock import SteeredClock
from fakes.command import Environment

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class SteeredPage:
    """The page at work. What it has logged so far is in `log`."""

    url: str
    clock: SteeredClock
    log: Path


@contextmanager
def steered_page(
    config: Path, clock: SteeredClock, clock_file: Path, environment: Environment, listening: socket.socket
) -> Iterator[SteeredPage]:
    """The page of a configuration, in a process of its own, on a socket that is open already."""
    log = config.with_name("page.log")
    number, port = listening.fileno(), listening.getsockname()[1]
    places = os.pathsep.join([environment["PYTHONPATH"], str(ROOT), str(ROOT / "tests")])
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, __file__, str(config), str(clock_file), str(number)],
            env=environment | {"PYTHONPATH": places},
            stdin=subprocess.PIPE,
            stderr=written,
            pass_fds=[number],
        )
    listening.close()  # so that a visitor of a page that failed is refused at once
    try:
        yield SteeredPage(f"http://127.0.0.1:{port}", clock, log)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
        print(log.read_text(errors="replace")[-5000:], file=sys.stderr)


def main() -> None:
    from daemon import config as configuration
    from daemon import logs
    from daemon.store.engine import open_store
    from daemon.web.serving import end_with_parent, house_of, serve

    config_path, clock_file, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    logs.configure()
    config = configuration.load(config_path, Path(os.environ["NIGGLED_HOME"]))
    end_with_parent()
    store = open_store(config.store_url.value())
    with socket.socket(fileno=number) as listening:
        serve(house_of(config, store, SteeredClock(clock_file)), listening)


if __name__ == "__main__":
    main()
